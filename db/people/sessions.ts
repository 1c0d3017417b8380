import { sql } from 'drizzle-orm'
import { type Actor, type Grant, mayIn, ownId } from '@/lib/kernel/access/access'
import { proofMinutes } from '@/lib/kernel/access/proof'
import { Fault } from '@/lib/kernel/ground/errors'
import { getPool, inTransaction, notify, type Tx } from '../pg/client'
import { people, sessions } from '../schema'
import { writeAudit } from '../trail/audit'
import type { Preferences } from './preferences'

export interface SessionLife {
  /** A login ends after this long, however busy. */
  hours: number
  /** A login that is not used ends after this long. */
  idleMinutes: number
}

export interface LivePerson {
  sessionId: string
  personId: string
  userName: string
  fullName: string
  grants: Grant[]
  /** Nobody has proved to be this person in this login for `proofMinutes`. */
  isProofStale: boolean
  /** They have a second factor here, or a provider that is trusted with it vouched for one at this login. */
  hasFactor: boolean
  /** They sign in at an identity provider, and prove there who they are. */
  isProvided: boolean
  preferences: Preferences
}

/** How often a busy session writes that it was seen: the idle end is exact to this. */
const touchEverySeconds = 60

const findSession = {
  name: 'session-of-request',
  text: `select s.id, s.person_id, p.user_name, p.full_name, p.preferences,
      s.seen_at < now() - make_interval(secs => ${touchEverySeconds}) as is_due,
      s.proved_at < now() - interval '${proofMinutes} minutes' as is_proof_stale,
      s.is_strong or exists (select from second_factors f where f.person_id = p.id and f.confirmed_at is not null) as has_factor, p.source = 'oidc' as is_provided,
      coalesce((select json_agg(json_build_object('role', g.role, 'environmentId', g.environment_id)) from grants g
        where g.person_id = p.id or (p.source <> 'local' and lower(g.group_name) = any(p.groups))), '[]') as grants
    from sessions s join people p on p.id = s.person_id
    where s.id = $1 and s.revoked_at is null and not p.is_disabled and p.absent_at is null
      and s.expires_at > now() and s.seen_at > now() - make_interval(mins => $2)`,
}

/** The person behind a live session with the grants they hold at this moment; null: expired, idle too long, revoked, disabled, or gone from the directory. */
export const livePerson = async (sessionId: string, idleMinutes: number): Promise<LivePerson | null> => {
  const { rows } = await getPool().query({ ...findSession, values: [sessionId, idleMinutes] })
  const row = rows[0]
  if (!row) return null
  if (row.is_due) await getPool().query('update sessions set seen_at = now() where id = $1', [sessionId])
  return {
    sessionId: row.id,
    personId: row.person_id,
    userName: row.user_name,
    fullName: row.full_name,
    grants: row.grants,
    isProofStale: row.is_proof_stale,
    hasFactor: row.has_factor,
    isProvided: row.is_provided,
    preferences: row.preferences,
  }
}

export interface NewSession {
  personId: string
  /** Lower case, as the directory gave them. */
  groups: string[]
  from: string | null
  userAgent: string | null
  hours: number
  /** Of an identity provider. */
  providerSid?: string | null
  isStrong?: boolean
}

/** Opens a login inside the caller's transaction. */
export const openSession = async (tx: Tx, login: NewSession): Promise<string> => {
  const [row] = await tx
    .insert(sessions)
    .values({
      personId: login.personId,
      groups: login.groups,
      from: login.from,
      userAgent: login.userAgent?.slice(0, 300) ?? null,
      providerSid: login.providerSid ?? null,
      isStrong: login.isStrong ?? false,
      expiresAt: sql`now() + make_interval(hours => ${login.hours})`,
    })
    .returning({ id: sessions.id })
  await tx.update(people).set({ lastLoginAt: sql`now()` }).where(sql`${people.id} = ${login.personId}`)
  return row!.id
}

export interface SessionRow {
  id: string
  personId: string
  userName: string
  from: string | null
  userAgent: string | null
  createdAt: Date
  seenAt: Date
  expiresAt: Date
}

/** Live sessions, newest first: the actor's own, and everybody's for an administrator of every environment. */
export const listSessions = async (actor: Actor, options: SessionLife & { personId?: string }): Promise<SessionRow[]> => {
  const seesAll = mayIn(actor, 'session.view', null)
  const personId = seesAll ? (options.personId ?? null) : ownId(actor)
  if (!seesAll && personId === null) return []
  const { rows } = await getPool().query(
    `select s.id, s.person_id as "personId", p.user_name as "userName", s.from_address as "from", s.user_agent as "userAgent",
        s.created_at as "createdAt", s.seen_at as "seenAt", s.expires_at as "expiresAt"
      from sessions s join people p on p.id = s.person_id
      where s.revoked_at is null and s.expires_at > now() and s.seen_at > now() - make_interval(mins => $1)
        and ($2::uuid is null or s.person_id = $2)
      order by s.created_at desc limit 1000`,
    [options.idleMinutes, personId],
  )
  return rows
}

/** Ends a login at its next request. One's own, or anybody's for an administrator of every environment. Throws `record.missing`. */
export const revokeSession = (actor: Actor, sessionId: string): Promise<void> =>
  inTransaction(async (tx) => {
    const [found] = await tx
      .update(sessions)
      .set({ revokedAt: sql`coalesce(${sessions.revokedAt}, now())` })
      .where(
        mayIn(actor, 'session.delete', null)
          ? sql`${sessions.id}::text = ${sessionId.toLowerCase()}`
          : sql`${sessions.id}::text = ${sessionId.toLowerCase()} and ${sessions.personId} = ${ownId(actor)}`,
      )
      .returning({ personId: sessions.personId })
    if (!found) throw new Fault('record.missing')
    await notify(tx, 'records', 'session')
    await writeAudit(tx, actor, { act: 'session.revoke', resource: 'session', objectId: sessionId })
  })

/** The person behind a login has just proved who they are. Throws `auth.required` when the login has ended meanwhile. */
export const noteProof = (actor: Actor, sessionId: string): Promise<void> =>
  inTransaction(async (tx) => {
    const { rowCount } = await tx.execute(
      sql`update sessions set proved_at = now(), vouched_at = null where id = ${sessionId} and person_id = ${ownId(actor)} and revoked_at is null`,
    )
    if (rowCount !== 1) throw new Fault('auth.required')
    await writeAudit(tx, actor, { act: 'login.proof', resource: 'session', objectId: sessionId })
  })

/** Logging out: the cookie's own session, without an actor because it may already be expired. One that has ended before leaves no line. */
export const closeSession = (sessionId: string, from?: string): Promise<void> =>
  inTransaction(async (tx) => {
    const { rows } = await tx.execute<{ personId: string; name: string }>(
      sql`update sessions s set revoked_at = now() from people p
          where s.id = ${sessionId} and s.revoked_at is null and p.id = s.person_id returning p.id as "personId", p.user_name as name`,
    )
    const person = rows[0]
    if (!person) return
    await notify(tx, 'records', 'session')
    const actor: Actor = { kind: 'person', ...person, sessionId, grants: [], from }
    await writeAudit(tx, actor, { act: 'logout', resource: 'session', objectId: sessionId, title: person.name })
  })
