import { sql } from 'drizzle-orm'
import { iso } from '@/lib/domain/values/iso'
import { type Actor, type Grant, mayIn, type Role } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { getPool, inTransaction, notify } from '../pg/client'
import { tokens } from '../schema'
import { writeAudit } from '../trail/audit'

/** A token's row with what its owner holds at this moment. */
export interface TokenHolder {
  id: string
  hash: string
  name: string
  personId: string
  userName: string
  scope: Grant
  ownerGrants: Grant[]
}

/**
 * A directory person's groups are those the directory gave when last asked, at a login or by `refreshGroups`: a token outlives the session.
 * Not found: revoked, expired, or the owner is disabled or gone from the directory.
 */
const findByPrefix = {
  name: 'token-of-request',
  text: `select t.id, t.hash, t.name, t.person_id, p.user_name, t.role, t.environment_id,
      t.last_used_at is null or t.last_used_at < now() - interval '1 minute' as is_due,
      coalesce((select json_agg(json_build_object('role', g.role, 'environmentId', g.environment_id)) from grants g
        where g.person_id = p.id or (p.source <> 'local' and lower(g.group_name) = any(p.groups))), '[]') as grants
    from tokens t join people p on p.id = t.person_id
    where t.prefix = $1 and t.revoked_at is null and (t.expires_at is null or t.expires_at > now()) and not p.is_disabled and p.absent_at is null`,
}

export const tokenByPrefix = async (prefix: string): Promise<TokenHolder | null> => {
  const { rows } = await getPool().query({ ...findByPrefix, values: [prefix] })
  const row = rows[0]
  if (!row) return null
  if (row.is_due) await getPool().query('update tokens set last_used_at = now() where id = $1', [row.id])
  return {
    id: row.id,
    hash: row.hash,
    name: row.name,
    personId: row.person_id,
    userName: row.user_name,
    scope: { role: row.role, environmentId: row.environment_id },
    ownerGrants: row.grants,
  }
}

export interface NewToken {
  name: string
  role: Role
  environmentId: string | null
  expiresAt: Date | null
}

/** One's own token. A token cannot make further tokens: it would outlive its own end. Throws `access.denied`, `input.invalid`. */
export const addToken = async (actor: Actor, wanted: NewToken, secret: { prefix: string; hash: string }): Promise<{ id: string }> => {
  if (actor.kind !== 'person' || actor.personId === null)
    throw new Fault('access.denied', { because: 'Only a person who is signed in makes tokens.' })
  if (wanted.expiresAt !== null && wanted.expiresAt.getTime() <= Date.now())
    throw new Fault('input.invalid', { fields: [{ path: 'expiresAt', message: 'must lie in the future' }] })
  const personId = actor.personId
  return inTransaction(async (tx) => {
    if (wanted.environmentId !== null) {
      const { rows } = await tx.execute(sql`select 1 from environments where id = ${wanted.environmentId}`)
      if (rows.length === 0 || !mayIn(actor, 'environment.view', wanted.environmentId))
        throw new Fault('input.invalid', {
          fields: [{ path: 'environmentId', message: 'There is no such environment, or you may not see it.' }],
        })
    }
    const [row] = await tx
      .insert(tokens)
      .values({ ...wanted, personId, prefix: secret.prefix, hash: secret.hash })
      .returning({ id: tokens.id })
    await notify(tx, 'records', 'token')
    await writeAudit(tx, actor, {
      act: 'token.create',
      resource: 'token',
      objectId: row!.id,
      title: wanted.name,
      environmentId: wanted.environmentId,
      detail: { role: wanted.role, prefix: secret.prefix, expiresAt: iso(wanted.expiresAt) },
    })
    return row!
  })
}

/** One's own, or anybody's for an administrator of every environment; a token ends itself and no other of its owner's. Holds from the next request on. Throws `record.missing`. */
export const revokeToken = (actor: Actor, id: string): Promise<void> =>
  inTransaction(async (tx) => {
    const own = actor.kind === 'token' ? sql`${tokens.id} = ${actor.tokenId}` : sql`${tokens.personId} = ${actor.personId}`
    const isIt = sql`${tokens.id}::text = ${id.toLowerCase()}`
    const [row] = await tx
      .update(tokens)
      .set({ revokedAt: sql`coalesce(${tokens.revokedAt}, now())`, changedAt: sql`now()`, revision: sql`${tokens.revision} + 1` })
      .where(mayIn(actor, 'token.delete', null) ? isIt : sql`${isIt} and ${own}`)
      .returning({ id: tokens.id, name: tokens.name })
    if (!row) throw new Fault('record.missing')
    await notify(tx, 'records', 'token')
    await writeAudit(tx, actor, { act: 'token.revoke', resource: 'token', objectId: row.id, title: row.name })
  })
