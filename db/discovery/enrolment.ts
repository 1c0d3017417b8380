import { sql } from 'drizzle-orm'
import type { EnrolRequest } from '@/lib/fields/agent-report'
import { type Actor, mayIn, systemActor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { databaseFault, getPool, inTransaction, notify, type Tx } from '../pg/client'
import { enrolmentKeys } from '../schema'
import { writeAudit } from '../trail/audit'

export type { EnrolRequest }

export interface NewEnrolmentKey {
  name: string
  environmentId: string
  expiresAt: Date
  /** null: any number of hosts until it expires. */
  usesLeft: number | null
}

/** Throws `access.denied`, `input.invalid`. */
export const addEnrolmentKey = async (
  actor: Actor,
  wanted: NewEnrolmentKey,
  secret: { prefix: string; hash: string },
): Promise<{ id: string }> => {
  if (!mayIn(actor, 'enrolment-key.add', wanted.environmentId)) throw new Fault('access.denied')
  if (wanted.expiresAt.getTime() <= Date.now())
    throw new Fault('input.invalid', { fields: [{ path: 'expiresAt', message: 'must lie in the future' }] })
  return inTransaction(async (tx) => {
    const found = await tx.execute(sql`select 1 from environments where id = ${wanted.environmentId}`)
    if (found.rows.length === 0) throw new Fault('input.invalid', { fields: [{ path: 'environmentId', message: 'is no environment' }] })
    const [row] = await tx
      .insert(enrolmentKeys)
      .values({ ...wanted, prefix: secret.prefix, hash: secret.hash, createdBy: actor.personId })
      .returning({ id: enrolmentKeys.id })
    await notify(tx, 'records', 'enrolment-key')
    const detail = { prefix: secret.prefix, expiresAt: wanted.expiresAt.toISOString(), usesLeft: wanted.usesLeft }
    await writeAudit(tx, actor, {
      act: 'enrolment-key.create',
      resource: 'enrolment-key',
      objectId: row!.id,
      title: wanted.name,
      environmentId: wanted.environmentId,
      detail,
    })
    return row!
  })
}

/** Throws `record.missing`, `access.denied`. Hosts that enrolled with it keep their tokens. */
export const revokeEnrolmentKey = (actor: Actor, id: string): Promise<void> =>
  inTransaction(async (tx) => {
    const [row] = await tx.select().from(enrolmentKeys).where(sql`${enrolmentKeys.id}::text = ${id.toLowerCase()}`)
    if (!row || !mayIn(actor, 'enrolment-key.view', row.environmentId)) throw new Fault('record.missing')
    if (!mayIn(actor, 'enrolment-key.delete', row.environmentId)) throw new Fault('access.denied')
    await tx.execute(
      sql`update enrolment_keys set revoked_at = coalesce(revoked_at, now()), changed_at = now(), revision = revision + 1 where id = ${row.id}`,
    )
    await notify(tx, 'records', 'enrolment-key')
    await writeAudit(tx, actor, {
      act: 'enrolment-key.revoke',
      resource: 'enrolment-key',
      objectId: row.id,
      title: row.name,
      environmentId: row.environmentId,
    })
  })

interface KeyRow extends Record<string, unknown> {
  id: string
  name: string
  environment_id: string
  environment_name: string
}

interface HostRow extends Record<string, unknown> {
  id: string
  /** Of its server, or as suggested at its first enrolment. */
  environment_id: string | null
  /** Whoever speaks for it may not be replaced without a person. */
  is_kept: boolean
}

/** A host that reported within this time has somebody who speaks for it. */
const keptFor = '7 days'

const takeKey = async (tx: Tx, keyHash: string): Promise<KeyRow> => {
  const { rows } = await tx.execute<KeyRow>(
    sql`update enrolment_keys k set uses_left = uses_left - 1 from environments e
        where k.hash = ${keyHash} and e.id = k.environment_id and k.revoked_at is null and k.expires_at > now() and (k.uses_left is null or k.uses_left > 0)
        returning k.id, k.name, k.environment_id, e.name as environment_name`,
  )
  if (!rows[0]) throw new Fault('auth.required', { because: 'This enrolment key is not valid: unknown, expired, revoked or used up.' })
  return rows[0]
}

/** Whether a host holds a token of this hash that was not revoked. Throws `database.down`. */
export const isHostToken = async (hash: string): Promise<boolean> => {
  const { rows } = await getPool()
    .query({
      name: 'host-token',
      // One that waits for a person is known too: storing the report says that it waits.
      text: 'select 1 from discovered_hosts where (token_hash = $1 and token_revoked_at is null) or next_token_hash = $1',
      values: [hash],
    })
    .catch((error: unknown) => {
      throw databaseFault(error)
    })
  return rows.length > 0
}

/**
 * Gives a host its own token. A host that is known already, or a registered server of that name, is only taken over with a key of its own environment:
 * a key of dev never speaks for a host of prod. The key alone does not take over a host that reported within a week, or whose token was revoked: its new token
 * waits for a person (`waits`), and the former goes on. An address is a claim: it suggests a server and links none. Throws `auth.required`, `record.conflict`.
 */
export const enrolHost = (
  keyHash: string,
  request: EnrolRequest,
  tokenHash: string,
  from: string | null,
): Promise<{ hostId: string; waits: boolean }> =>
  inTransaction(async (tx) => {
    const key = await takeKey(tx, keyHash)
    const hostname = request.hostname.toLowerCase()
    const [known] = (
      await tx.execute<HostRow>(
        sql`select h.id, coalesce(s.environment_id, h.suggested_environment_id) as environment_id,
              h.token_revoked_at is not null or coalesce(h.seen_at > now() - ${keptFor}::interval, false) as is_kept
            from discovered_hosts h left join servers s on s.id = h.server_id where lower(h.hostname) = ${hostname} for update of h`,
      )
    ).rows
    if (known?.environment_id && known.environment_id !== key.environment_id)
      throw new Fault('record.conflict', { because: `The host ${hostname} belongs to another environment than this key.` })
    const hostId = known?.is_kept
      ? await keepWaiting(tx, known.id, tokenHash, from)
      : await giveToken(tx, key, hostname, request, tokenHash)
    await notify(tx, 'records', 'discovered-host')
    await writeAudit(
      tx,
      { ...systemActor, name: `host ${hostname}`, from: from ?? undefined },
      {
        act: known?.is_kept ? 'host.ask-token' : 'host.enrol',
        resource: 'discovered-host',
        objectId: hostId,
        title: hostname,
        environmentId: key.environment_id,
        detail: { key: key.name, isAgain: known !== undefined },
      },
    )
    return { hostId, waits: known?.is_kept === true }
  })

/** The last one that asked is the one that waits. */
const keepWaiting = async (tx: Tx, id: string, tokenHash: string, from: string | null): Promise<string> => {
  await tx.execute(
    sql`update discovered_hosts set next_token_hash = ${tokenHash}, next_token_at = now(), next_token_from = ${from}, changed_at = now(),
          revision = revision + 1 where id = ${id}`,
  )
  return id
}

const giveToken = async (tx: Tx, key: KeyRow, hostname: string, request: EnrolRequest, tokenHash: string): Promise<string> => {
  const servers = await tx.execute<{ id: string; hostname: string; is_named: boolean }>(
    sql`select id, hostname, lower(hostname) = ${hostname} as is_named from servers where environment_id = ${key.environment_id}
          and (lower(hostname) = ${hostname} or address = any(${sql.param(request.addresses)}::text[]))
        order by lower(hostname) = ${hostname} desc limit 2`,
  )
  const named = servers.rows.find(({ is_named }) => is_named)
  // Exactly one by address: with two, nobody knows which is meant.
  const claimed = named === undefined && servers.rows.length === 1 ? servers.rows[0]! : null
  const claim = claimed === null ? '' : ` It claims the address of the server ${claimed.hostname}.`
  const suggestion = `Enrolled with the key ${key.name} of ${key.environment_name}.${claim}`
  const serverId = named?.id ?? null
  const { rows } = await tx.execute<{ id: string }>(
    sql`insert into discovered_hosts as h (hostname, addresses, suggested_environment_id, suggestion, server_id, suggested_server_id, state, token_hash,
          agent_version)
        values (${hostname}, ${sql.param(request.addresses)}::text[], ${key.environment_id}, ${suggestion}, ${serverId}, ${claimed?.id ?? null},
          ${serverId ? 'accepted' : 'new'}, ${tokenHash}, ${request.agent})
        on conflict (lower(hostname)) do update set token_hash = excluded.token_hash, token_revoked_at = null, addresses = excluded.addresses,
          suggested_environment_id = excluded.suggested_environment_id, suggestion = excluded.suggestion, agent_version = excluded.agent_version,
          server_id = coalesce(h.server_id, excluded.server_id), suggested_server_id = excluded.suggested_server_id, last_sequence = 0,
          next_token_hash = null, next_token_at = null, next_token_from = null,
          state = case when coalesce(h.server_id, excluded.server_id) is not null then 'accepted' else h.state end,
          changed_at = now(), revision = h.revision + 1
        returning id`,
  )
  return rows[0]!.id
}
