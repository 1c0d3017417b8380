import { sql } from 'drizzle-orm'
import { type Actor, isOwn, mayIn, ownId } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { getPool, inTransaction, notify, type Tx } from '../pg/client'
import { writeAudit } from '../trail/audit'

/** As its owner and those who look after people see it. */
export interface FactorRow {
  id: string
  kind: 'totp' | 'passkey'
  name: string
  createdAt: Date
  lastUsedAt: Date | null
}

export interface FactorsView {
  factors: FactorRow[]
  /** Recovery codes that have not been used. */
  codesLeft: number
}

export const factorsMax = 10
const codeTryMinutes = 15

/** Confirmed ones. Throws `access.denied` to whoever looks at somebody else's and may not look after people. */
export const listFactors = async (actor: Actor, personId: string): Promise<FactorsView> => {
  if (!isOwn(actor, personId) && !mayIn(actor, 'person.view', null)) throw new Fault('access.denied')
  const { rows } = await getPool().query(
    `select coalesce((select json_agg(json_build_object('id', id, 'kind', kind, 'name', name, 'createdAt', created_at, 'lastUsedAt', last_used_at) order by created_at)
        from second_factors where person_id::text = $1 and confirmed_at is not null), '[]') as factors,
      (select count(*)::int from recovery_codes where person_id::text = $1 and used_at is null) as left`,
    [personId.toLowerCase()],
  )
  type Raw = Omit<FactorRow, 'createdAt' | 'lastUsedAt'> & { createdAt: string; lastUsedAt: string | null }
  const factors = (rows[0].factors as Raw[]).map((one) => ({
    ...one,
    createdAt: new Date(one.createdAt),
    lastUsedAt: one.lastUsedAt === null ? null : new Date(one.lastUsedAt),
  }))
  return { factors, codesLeft: rows[0].left }
}

/** Sealed seeds of the authenticator apps that count; the only reader of them. */
export const seedsOf = async (personId: string): Promise<{ id: string; secret: string }[]> =>
  (
    await getPool().query("select id, secret from second_factors where person_id = $1 and kind = 'totp' and confirmed_at is not null", [
      personId,
    ])
  ).rows

export const hasFactor = async (personId: string): Promise<boolean> =>
  (await getPool().query('select from second_factors where person_id = $1 and confirmed_at is not null limit 1', [personId])).rowCount === 1

/** The person of a login in a browser; a token, or nobody, has no factors. */
export const mustBeOneself = (actor: Actor): string => {
  const personId = actor.kind === 'person' ? ownId(actor) : null
  if (personId === null) throw new Fault('access.denied', { because: 'Only a person signed in on the console has second factors.' })
  return personId
}

/** Holds the person's factors until the transaction ends. One that was begun and not confirmed makes room. Throws `input.invalid`. */
export const mustHaveRoom = async (tx: Tx, personId: string): Promise<void> => {
  await tx.execute(sql`select from people where id = ${personId} for update`)
  await tx.execute(sql`delete from second_factors where person_id = ${personId} and confirmed_at is null`)
  const { rows } = await tx.execute<{ n: number }>(sql`select count(*)::int as n from second_factors where person_id = ${personId}`)
  if (rows[0]!.n >= factorsMax) throw new Fault('input.invalid', { because: `At most ${factorsMax} second factors. Remove one first.` })
}

/** One that counts for nothing until a first code has shown that it works; one begun before and left is forgotten. */
export const beginFactor = (actor: Actor, { id, name, secret }: { id: string; name: string; secret: string }): Promise<void> =>
  inTransaction(async (tx) => {
    const personId = mustBeOneself(actor)
    await mustHaveRoom(tx, personId)
    await tx.execute(
      sql`insert into second_factors (id, person_id, kind, name, secret) values (${id}, ${personId}, 'totp', ${name}, ${secret})`,
    )
  })

/** The sealed seed of one that was begun a short while ago. Throws `record.missing`. */
export const begunFactor = async (actor: Actor, id: string): Promise<string> => {
  const { rows } = await getPool().query(
    `select secret from second_factors where id::text = $1 and person_id = $2 and confirmed_at is null
       and created_at > now() - make_interval(mins => ${codeTryMinutes})`,
    [id.toLowerCase(), mustBeOneself(actor)],
  )
  if (!rows[0]) throw new Fault('record.missing', { because: 'This was begun too long ago. Begin again.' })
  return rows[0].secret
}

/**
 * From now on it is asked for. With the first one come recovery codes, and logins that had none end. `step`: of the code that showed it.
 * True where `codes`, hashes, were kept.
 */
export const confirmFactor = (actor: Actor, id: string, step: number, codes: readonly string[]): Promise<boolean> =>
  inTransaction(async (tx) => {
    const personId = mustBeOneself(actor)
    await tx.execute(sql`select from people where id = ${personId} for update`)
    const { rows } = await tx.execute<{ name: string }>(
      sql`update second_factors set confirmed_at = now(), last_step = ${step}
          where id::text = ${id.toLowerCase()} and person_id = ${personId} and kind = 'totp' and confirmed_at is null returning name`,
    )
    if (!rows[0]) throw new Fault('record.missing', { because: 'This was begun too long ago. Begin again.' })
    return beginsToCount(tx, actor, { id: id.toLowerCase(), name: rows[0].name, kind: 'totp' }, codes)
  })

/** What comes with a factor that counts from now on, in its transaction. True where it is the first, and `codes` were kept. */
export const beginsToCount = async (
  tx: Tx,
  actor: Actor,
  { id, name, kind }: Pick<FactorRow, 'id' | 'name' | 'kind'>,
  codes: readonly string[],
): Promise<boolean> => {
  const personId = mustBeOneself(actor)
  const { rowCount } = await tx.execute(
    sql`select from second_factors where person_id = ${personId} and confirmed_at is not null and id <> ${id} limit 1`,
  )
  const isFirst = rowCount === 0
  if (isFirst) {
    await keepCodes(tx, personId, codes)
    await tx.execute(
      sql`update sessions set revoked_at = now() where person_id = ${personId} and revoked_at is null and id is distinct from ${actor.sessionId ?? null}::uuid`,
    )
    await notify(tx, 'records', 'session')
  }
  await writeAudit(tx, actor, { act: 'second-factor.add', resource: 'person', objectId: personId, title: name, detail: { kind } })
  return isFirst
}

const keepCodes = async (tx: Tx, personId: string, codes: readonly string[]): Promise<void> => {
  await tx.execute(sql`delete from recovery_codes where person_id = ${personId}`)
  await tx.execute(sql`insert into recovery_codes (person_id, hash) select ${personId}, unnest(${sql.param([...codes])}::text[])`)
}

/** In the place of those there were. Throws `access.denied` to whoever has no second factor. */
export const renewCodes = (actor: Actor, codes: readonly string[]): Promise<void> =>
  inTransaction(async (tx) => {
    const personId = mustBeOneself(actor)
    if (!(await hasFactor(personId)))
      throw new Fault('access.denied', { because: 'Recovery codes stand in for a second factor; there is none yet.' })
    await keepCodes(tx, personId, codes)
    await writeAudit(tx, actor, { act: 'recovery-codes.renew', resource: 'person', objectId: personId, title: actor.name })
  })

/** Of a factor whose code of `step` was given: false where that step, or a later one, was taken before. */
export const takeStep = async (id: string, step: number): Promise<boolean> => {
  const { rowCount } = await getPool().query(
    'update second_factors set last_step = $2, last_used_at = now() where id = $1 and confirmed_at is not null and (last_step is null or last_step < $2)',
    [id, step],
  )
  return rowCount === 1
}

/** False where the person has no such code, or it was used before. */
export const takeCode = (actor: Actor, personId: string, hash: string): Promise<boolean> =>
  inTransaction(async (tx) => {
    const { rowCount } = await tx.execute(
      sql`update recovery_codes set used_at = now() where person_id = ${personId} and hash = ${hash} and used_at is null`,
    )
    if (rowCount !== 1) return false
    await writeAudit(
      tx,
      { ...actor, isProofStale: false },
      { act: 'recovery-code.use', resource: 'person', objectId: personId, title: actor.name },
    )
    return true
  })

/** One of one's own. Throws `record.missing`. */
export const renameFactor = (actor: Actor, id: string, name: string): Promise<void> =>
  inTransaction(async (tx) => {
    const personId = mustBeOneself(actor)
    const { rows } = await tx.execute<{ before: string }>(
      sql`update second_factors f set name = ${name} from second_factors o
          where o.id = f.id and f.id::text = ${id.toLowerCase()} and f.person_id = ${personId} and f.confirmed_at is not null returning o.name as before`,
    )
    if (!rows[0]) throw new Fault('record.missing')
    const detail = { before: rows[0].before }
    await writeAudit(tx, actor, { act: 'second-factor.rename', resource: 'person', objectId: personId, title: name, detail })
  })

/** One of one's own. With the last one the recovery codes go. Throws `record.missing`. */
export const removeFactor = (actor: Actor, id: string): Promise<void> =>
  inTransaction(async (tx) => {
    const personId = mustBeOneself(actor)
    await tx.execute(sql`select from people where id = ${personId} for update`)
    const { rows } = await tx.execute<{ name: string }>(
      sql`delete from second_factors where id::text = ${id.toLowerCase()} and person_id = ${personId} and confirmed_at is not null returning name`,
    )
    if (!rows[0]) throw new Fault('record.missing')
    await tx.execute(
      sql`delete from recovery_codes where person_id = ${personId} and not exists (select from second_factors where person_id = ${personId} and confirmed_at is not null)`,
    )
    await writeAudit(tx, actor, { act: 'second-factor.remove', resource: 'person', objectId: personId, title: rows[0].name })
  })

/**
 * For somebody who has lost theirs: the password alone signs them in again, and every login of theirs ends. Nobody does it for themselves.
 * Throws `access.denied`, `record.missing` for a person who has none.
 */
export const resetFactors = (actor: Actor, personId: string): Promise<void> =>
  inTransaction(async (tx) => {
    if (actor.kind !== 'person' || isOwn(actor, personId) || !mayIn(actor, 'person.change', null))
      throw new Fault('access.denied', { because: 'Another administrator of every environment resets second factors.' })
    const { rows } = await tx.execute<{ user_name: string }>(
      sql`with gone as (delete from second_factors where person_id::text = ${personId.toLowerCase()} returning person_id),
            codes as (delete from recovery_codes where person_id::text = ${personId.toLowerCase()})
          select p.user_name from people p where p.id in (select person_id from gone)`,
    )
    if (!rows[0]) throw new Fault('record.missing', { because: 'This person has no second factor.' })
    await tx.execute(sql`update sessions set revoked_at = now() where person_id::text = ${personId.toLowerCase()} and revoked_at is null`)
    await notify(tx, 'records', 'session')
    await writeAudit(tx, actor, { act: 'second-factor.reset', resource: 'person', objectId: personId, title: rows[0].user_name })
  })
