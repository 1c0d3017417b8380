import { sql } from 'drizzle-orm'
import { type Actor, ownId, systemActor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { DirectoryPerson } from '@/lib/ports/directory'
import type { LogoutNotice } from '@/lib/ports/identity-provider'
import { getPool, inTransaction, notify, type Tx } from '../pg/client'
import { writeAudit } from '../trail/audit'
import { halfLoginMinutes } from './half-logins'
import { holdsSomething, type LoginPerson, noteVouching } from './people'

export interface Identity {
  issuer: string
  subject: string
}

const loginColumns = sql.raw('p.id, p.user_name as "userName", p.source, p.password_hash as "passwordHash", p.is_disabled as "isDisabled"')

/** `refreshToken`: sealed. */
export interface ProvidedPerson extends Identity {
  person: DirectoryPerson
  refreshToken: string | null
}

/**
 * The console's row for somebody a provider vouches for: made at the first login; name, mail and groups kept as the provider has them. Who it is, is decided by
 * issuer and subject alone. Throws `auth.rejected`: disabled here, or the name belongs to somebody who signs in another way.
 */
export const rememberIdentity = ({ issuer, subject, person, refreshToken }: ProvidedPerson): Promise<LoginPerson> =>
  inTransaction(async (tx) => {
    // Two first logins at once make one person.
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${JSON.stringify([issuer, subject])}, 0))`)
    const known = await tx.execute<LoginPerson & Record<string, unknown>>(
      sql`select ${loginColumns} from identities i join people p on p.id = i.person_id where i.issuer = ${issuer} and i.subject = ${subject}`,
    )
    const found = known.rows[0] ?? (await firstLogin(tx, { issuer, subject, person }))
    if (found.isDisabled) throw new Fault('auth.rejected', { because: 'This account is disabled here. Ask an administrator.' })
    await tx.execute(sql`update identities set refresh_token = ${refreshToken} where person_id = ${found.id}`)
    const { rows } = await tx.execute<LoginPerson & Record<string, unknown>>(
      sql`update people p set full_name = ${person.fullName}, email = ${person.email}, groups = ${sql.param(person.groups)}::text[], groups_at = now(), absent_at = null,
            -- A name that somebody else has meanwhile stays theirs.
            user_name = case when exists (select from people o where lower(o.user_name) = lower(${person.userName}) and o.id <> p.id) then p.user_name else ${person.userName} end
          where p.id = ${found.id} returning ${loginColumns}`,
    )
    return rows[0]!
  })

const firstLogin = async (tx: Tx, { issuer, subject, person }: Omit<ProvidedPerson, 'refreshToken'>): Promise<LoginPerson> => {
  const { rows } = await tx.execute<LoginPerson & Record<string, unknown>>(
    sql`insert into people as p (user_name, source, full_name, email) values (${person.userName}, 'oidc', ${person.fullName}, ${person.email})
        on conflict (lower(user_name)) do nothing returning ${loginColumns}`,
  )
  const made = rows[0]
  if (!made)
    throw new Fault('auth.rejected', {
      because: `Somebody called ${person.userName} is known here and signs in another way. Ask an administrator.`,
    })
  await tx.execute(sql`insert into identities (person_id, issuer, subject) values (${made.id}, ${issuer}, ${subject})`)
  return made
}

/** null: no provider vouches for this person. */
export const identityOf = async (personId: string): Promise<Identity | null> =>
  (await getPool().query<Identity>('select issuer, subject from identities where person_id = $1', [personId])).rows[0] ?? null

export interface IdentityToAsk extends Identity {
  personId: string
  /** Sealed. */
  refreshToken: string
}

const claimSeconds = 60

/** Somebody a provider has not vouched for since `olderMinutes`, longest ago first, for this process alone for a minute; null: nobody is left. */
export const claimIdentity = async (olderMinutes: number): Promise<IdentityToAsk | null> => {
  const { rows } = await getPool().query<IdentityToAsk>(
    `update identities i set claimed_until = now() + make_interval(secs => ${claimSeconds})
     where i.person_id = (
       select o.person_id from identities o join people p on p.id = o.person_id
       where o.refresh_token is not null and p.absent_at is null and (p.groups_at is null or p.groups_at < now() - make_interval(mins => $1))
         and (o.claimed_until is null or o.claimed_until < now())
         and ${holdsSomething}
       order by greatest(p.groups_at, o.claimed_until) nulls first limit 1 for update of o skip locked)
     returning i.person_id as "personId", i.issuer, i.subject, i.refresh_token as "refreshToken"`,
    [olderMinutes],
  )
  return rows[0] ?? null
}

/** The provider was asked after somebody and did not answer: that is its silence for everybody else it has not vouched for since `olderMinutes`. */
export const noteSilence = async (olderMinutes: number): Promise<void> => {
  await getPool().query(
    `update identities i set claimed_until = now() from people p
     where p.id = i.person_id and i.refresh_token is not null and p.absent_at is null and p.groups_at < now() - make_interval(mins => $1)
       and (i.claimed_until is null or i.claimed_until < now())`,
    [olderMinutes],
  )
}

/**
 * What the provider says of somebody now. null: it no longer vouches for them, and they hold nothing until they sign in again. `groups` null: as before;
 * `refreshToken` null: as before. `asked`: the token that was asked with; where they have signed in since, the answer is of yesterday and changes nothing.
 */
export const rememberIdentityState = (
  personId: string,
  state: { groups: readonly string[] | null; refreshToken: string | null } | null,
  asked?: string,
): Promise<void> =>
  inTransaction(async (tx) => {
    const { rows } = await tx.execute<{ token: string | null }>(
      sql`select refresh_token as token from identities where person_id = ${personId} for update`,
    )
    if (asked !== undefined && rows[0]?.token !== asked) return
    await noteVouching(tx, sql`p.id = ${personId} and p.source = 'oidc'`, state && { groups: state.groups })
    await tx.execute(
      sql`update identities set claimed_until = null, refresh_token = ${state === null ? sql`null` : sql`coalesce(${state.refreshToken}, refresh_token)`}
          where person_id = ${personId}`,
    )
  })

/**
 * Who was last vouched for longer ago than this, and of whom nobody can be asked, is vouched for no more: for want of a refresh token, of a provider (`all`),
 * or of its answer to a question that was asked since, after them or anybody. Returns how many.
 */
export const endOldVouching = async (hours: number, all: boolean): Promise<number> => {
  const { rows } = await getPool().query<{ id: string }>(
    `select p.id from identities i join people p on p.id = i.person_id
     where ($2::boolean or i.refresh_token is null or i.claimed_until between p.groups_at + make_interval(hours => $1, secs => ${claimSeconds}) and now())
       and p.absent_at is null and p.groups_at < now() - make_interval(hours => $1)`,
    [hours, all],
  )
  for (const { id } of rows) await rememberIdentityState(id, null)
  return rows.length
}

/** Ends the logins that ended at the provider: those that began before. Returns how many. */
export const endProvidedLogins = ({ issuer, subject, sid, at }: LogoutNotice): Promise<number> =>
  inTransaction(async (tx) => {
    const { rows } = await tx.execute<{ id: string; person_id: string; user_name: string }>(
      sql`update sessions s set revoked_at = now() from identities i join people p on p.id = i.person_id
          where s.person_id = i.person_id and i.issuer = ${issuer} and s.revoked_at is null and s.created_at <= ${at.toISOString()}::timestamptz + interval '1 second'
            and (${subject}::text is null or i.subject = ${subject}) and (${sid}::text is null or s.provider_sid = ${sid})
          returning s.id, s.person_id, p.user_name`,
    )
    await tx.execute(
      sql`delete from half_logins h using identities i where h.person_id = i.person_id and i.issuer = ${issuer}
            and h.expires_at <= ${at.toISOString()}::timestamptz + make_interval(mins => ${halfLoginMinutes}, secs => 1)
            and (${subject}::text is null or i.subject = ${subject}) and (${sid}::text is null or h.provider_sid = ${sid})`,
    )
    if (rows.length > 0) await notify(tx, 'records', 'session')
    for (const { id, person_id, user_name } of rows)
      await writeAudit(tx, systemActor, {
        act: 'logout',
        resource: 'session',
        objectId: id,
        title: user_name,
        detail: { by: 'identity provider', person: person_id },
      })
    return rows.length
  })

/** A provider has just vouched for the person of this login again. Throws `auth.required` when it has ended meanwhile. */
export const noteVouched = async (actor: Actor, sessionId: string, isStrong: boolean): Promise<void> => {
  const { rowCount } = await getPool().query(
    'update sessions set vouched_at = now(), is_strong = $3 where id = $1 and person_id = $2 and revoked_at is null and expires_at > now()',
    [sessionId, ownId(actor), isStrong],
  )
  if (rowCount !== 1) throw new Fault('auth.required')
}

/** Long enough to find the phone for the second factor. */
const vouchedMinutes = 5

/** What a provider has vouched for in this login just now and no fresh proof has used yet; null: nothing. */
export const vouchedFor = async (sessionId: string): Promise<{ isStrong: boolean } | null> => {
  const { rows } = await getPool().query(
    `select is_strong as "isStrong" from sessions where id = $1 and vouched_at > now() - interval '${vouchedMinutes} minutes'`,
    [sessionId],
  )
  return rows[0] ?? null
}
