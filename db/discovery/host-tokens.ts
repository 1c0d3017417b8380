import { sql } from 'drizzle-orm'
import { iso } from '@/lib/domain/values/iso'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { uuidPattern } from '@/lib/kernel/resource/terms'
import type { HostTokenDecision, InboxToken } from '@/lib/shapes/inbox'
import { getPool, inTransaction, notify } from '../pg/client'
import { writeAudit } from '../trail/audit'

interface TokenRow extends Record<string, unknown> {
  hostname: string
  environment_id: string | null
  next_token_hash: string | null
}

const acts: Record<HostTokenDecision, string> = { accept: 'host.accept-token', refuse: 'host.refuse-token', revoke: 'host.revoke-token' }

/**
 * accept: the token that a host asked for anew speaks for it, and the former no longer. refuse: it does not. revoke: no token speaks for the host until
 * it enrols again and a person accepts that. Throws `record.missing` (also for a host that the actor may not see), `access.denied`, `record.in-use` where no
 * new token waits.
 */
export const decideHostToken = (actor: Actor, id: string, decision: HostTokenDecision): Promise<void> =>
  inTransaction(async (tx) => {
    if (!uuidPattern.test(id)) throw new Fault('record.missing')
    const { rows } = await tx.execute<TokenRow>(
      sql`select h.hostname, coalesce(s.environment_id, h.suggested_environment_id) as environment_id, h.next_token_hash
        from discovered_hosts h left join servers s on s.id = h.server_id where h.id = ${id} for update of h`,
    )
    const host = rows[0]
    if (!host || !mayIn(actor, 'discovered-host.view', host.environment_id)) throw new Fault('record.missing')
    if (!mayIn(actor, 'discovered-host.change', host.environment_id)) throw new Fault('access.denied')
    if (decision !== 'revoke' && host.next_token_hash === null)
      throw new Fault('record.in-use', { because: `${host.hostname} has not asked for a new token, or somebody has answered it.` })
    const changed =
      decision === 'accept'
        ? sql`token_hash = next_token_hash, token_revoked_at = null, last_sequence = 0, next_token_hash = null, next_token_at = null, next_token_from = null`
        : decision === 'refuse'
          ? sql`next_token_hash = null, next_token_at = null, next_token_from = null`
          : sql`token_revoked_at = coalesce(token_revoked_at, now()), next_token_hash = null, next_token_at = null, next_token_from = null`
    await tx.execute(sql`update discovered_hosts set ${changed}, changed_at = now(), revision = revision + 1 where id = ${id}`)
    await notify(tx, 'records', 'discovered-host')
    await writeAudit(tx, actor, {
      act: acts[decision],
      resource: 'discovered-host',
      objectId: id,
      title: host.hostname,
      environmentId: host.environment_id,
    })
  })

/** New tokens that wait, the longest first. `environmentIds`: those that the reader sees; null: all. */
export const waitingTokens = async (environmentIds: readonly string[] | null): Promise<InboxToken[]> => {
  const { rows } = await getPool().query<Omit<InboxToken, 'askedAt' | 'seenAt'> & { askedAt: Date; seenAt: Date | null }>(
    `select h.id, h.hostname, e.name as "environmentName", h.next_token_at as "askedAt", h.next_token_from as "from",
        h.token_revoked_at is not null as "isRevoked", h.seen_at as "seenAt"
      from discovered_hosts h left join servers s on s.id = h.server_id
        left join environments e on e.id = coalesce(s.environment_id, h.suggested_environment_id)
      where h.next_token_hash is not null and ($1::uuid[] is null or coalesce(s.environment_id, h.suggested_environment_id) = any($1))
      order by h.next_token_at, h.hostname limit 1000`,
    [environmentIds],
  )
  return rows.map((row) => ({ ...row, askedAt: row.askedAt.toISOString(), seenAt: iso(row.seenAt) }))
}

export interface HostToken {
  isRevoked: boolean
  /** A new one that waits for a person; null: none. `from`: the address that asked for it. */
  waiting: { askedAt: string; from: string | null } | null
  /** ISO time of the last report under the former one. */
  seenAt: string | null
}

/** How a host that the caller may see stands with its tokens. */
export const readHostToken = async (id: string): Promise<HostToken | null> => {
  const { rows } = await getPool().query<{
    token_revoked_at: Date | null
    next_token_at: Date | null
    next_token_from: string | null
    seen_at: Date | null
  }>('select token_revoked_at, next_token_at, next_token_from, seen_at from discovered_hosts where id = $1', [id])
  const row = rows[0]
  if (!row) return null
  return {
    isRevoked: row.token_revoked_at !== null,
    waiting: row.next_token_at === null ? null : { askedAt: row.next_token_at.toISOString(), from: row.next_token_from },
    seenAt: iso(row.seen_at),
  }
}
