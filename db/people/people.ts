import { type SQL, sql } from 'drizzle-orm'
import { type Actor, systemActor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { DirectoryPerson } from '@/lib/ports/directory'
import { getDb, inTransaction, notify, type Tx } from '../pg/client'
import { type PersonSource, people } from '../schema'
import { writeAudit } from '../trail/audit'

/** What a login needs of a person; the only reader of the password hash. */
export interface LoginPerson {
  id: string
  userName: string
  source: PersonSource
  passwordHash: string | null
  isDisabled: boolean
}

const loginColumns = {
  id: people.id,
  userName: people.userName,
  source: people.source,
  passwordHash: people.passwordHash,
  isDisabled: people.isDisabled,
}

/** Case-blind; null: nobody of that name has been here. */
export const personOfLogin = async (userName: string): Promise<LoginPerson | null> => {
  const [row] = await getDb().select(loginColumns).from(people).where(sql`lower(${people.userName}) = lower(${userName})`)
  return row ?? null
}

/** Only if the hash is still the one that was verified: a password changed meanwhile stays changed. */
export const saveRehash = async (personId: string, verified: string, hash: string): Promise<void> => {
  await getDb().update(people).set({ passwordHash: hash }).where(sql`${people.id} = ${personId} and ${people.passwordHash} = ${verified}`)
}

/** The console's row for somebody the directory vouched for: made at the first login, name and mail kept as the directory has them. */
export const rememberDirectoryPerson = async (found: DirectoryPerson): Promise<LoginPerson> => {
  const { rows } = await getDb().execute<LoginPerson & Record<string, unknown>>(
    sql`insert into people (user_name, source, full_name, email, groups, groups_at)
        values (${found.userName}, 'directory', ${found.fullName}, ${found.email}, ${sql.param(found.groups)}::text[], now())
        on conflict (lower(user_name)) do update set full_name = excluded.full_name, email = excluded.email, groups = excluded.groups, groups_at = now(), absent_at = null
          where people.source = 'directory'
        returning id, user_name as "userName", source, password_hash as "passwordHash", is_disabled as "isDisabled"`,
  )
  const row = rows[0]
  // No row: a local account of this name was made between the look and now; it answers for the name.
  if (!row || row.isDisabled) throw new Fault('auth.rejected')
  return row
}

/** null: there is nobody with this id. */
export const passwordOf = async (personId: string): Promise<LoginPerson | null> => {
  const [row] = await getDb().select(loginColumns).from(people).where(sql`${people.id}::text = ${personId.toLowerCase()}`)
  return row ?? null
}

/** Saves the hash, ends every login of the person but the actor's own, revokes their tokens, and forgets failed attempts. */
export const savePassword = (actor: Actor, person: LoginPerson, hash: string): Promise<void> =>
  inTransaction(async (tx) => {
    await tx.execute(sql`update people set password_hash = ${hash}, changed_at = now(), revision = revision + 1 where id = ${person.id}`)
    await tx.execute(sql`update sessions set revoked_at = now() where person_id = ${person.id} and revoked_at is null
      and id is distinct from ${actor.sessionId ?? null}::uuid`)
    await tx.execute(
      sql`update tokens set revoked_at = now(), changed_at = now(), revision = revision + 1 where person_id = ${person.id} and revoked_at is null`,
    )
    const name = person.userName.toLowerCase()
    await tx.execute(
      sql`delete from login_attempts where key in (${`name:${name}`}, ${`proof:${person.id}`}) or starts_with(key, ${`pair:${name}|`})`,
    )
    await notify(tx, 'records', 'session')
    await notify(tx, 'records', 'token')
    await writeAudit(tx, actor, { act: 'person.password', resource: 'person', objectId: person.id, title: person.userName })
  })

/** Of a person `p`: a live login, a live token, or a run that waits for its time. */
export const holdsSomething = `(exists (select from sessions s where s.person_id = p.id and s.revoked_at is null and s.expires_at > now())
  or exists (select from tokens t where t.person_id = p.id and t.revoked_at is null and (t.expires_at is null or t.expires_at > now()))
  or exists (select from scheduled_runs r where r.person_id = p.id and r.state = 'waiting'))`

/** People of the directory with a live login, a live token or a run that waits for its time, and not asked after this long: longest ago first. */
export const peopleToAsk = async (olderMinutes: number, limit: number): Promise<string[]> => {
  const { rows } = await getDb().execute<{ user_name: string }>(
    sql`select p.user_name from people p
        where p.source = 'directory' and (p.groups_at is null or p.groups_at < now() - make_interval(mins => ${olderMinutes}))
          and ${sql.raw(holdsSomething)}
        order by p.groups_at nulls first limit ${limit}`,
  )
  return rows.map((row) => row.user_name)
}

/**
 * What the directory says of somebody now; null: it no longer vouches for them. Then their logins end and they hold nothing, by groups or by grants of
 * their own, until it does again.
 */
export const rememberDirectoryState = (userName: string, groups: readonly string[] | null): Promise<void> =>
  inTransaction((tx) => noteVouching(tx, sql`lower(p.user_name) = lower(${userName}) and p.source = 'directory'`, groups && { groups }))

/**
 * What somebody who vouches for a person says now; null: no more. Then their logins end and they hold nothing until it does again. `groups` null: as before.
 * `of`: which `p` of people.
 */
export const noteVouching = async (tx: Tx, of: SQL, state: { groups: readonly string[] | null } | null): Promise<void> => {
  const groups = state === null ? sql`'{}'::text[]` : state.groups === null ? sql`p.groups` : sql`${sql.param([...state.groups])}::text[]`
  const { rows } = await tx.execute<{ id: string; user_name: string; source: string; left: boolean; is_back: boolean }>(
    sql`update people p set groups = ${groups}, groups_at = now(),
          absent_at = case when ${state === null}::boolean then coalesce(p.absent_at, now()) end
        from people before
        where before.id = p.id and ${of}
        returning p.id, p.user_name, p.source, before.absent_at is null and p.absent_at is not null as left, before.absent_at is not null and p.absent_at is null as is_back`,
  )
  const [person] = rows
  if (!person || (!person.left && !person.is_back)) return
  if (person.left) await tx.execute(sql`update sessions set revoked_at = now() where person_id = ${person.id} and revoked_at is null`)
  await notify(tx, 'records', 'session')
  const [left, back] =
    person.source === 'oidc' ? ['person.left-provider', 'person.back-at-provider'] : ['person.left-directory', 'person.back-in-directory']
  const act = person.left ? left : back
  await writeAudit(tx, systemActor, { act, resource: 'person', objectId: person.id, title: person.user_name })
}

/**
 * The first break-glass account: made when nobody of that name exists, with the role admin everywhere. `hash` from `hashPassword`.
 * An account that exists keeps its password and grants. True when it was made now.
 */
export const addLocalAdmin = (userName: string, hash: string): Promise<boolean> =>
  inTransaction(async (tx) => {
    const { rows } = await tx.execute<{ id: string }>(
      sql`insert into people (user_name, full_name, source, password_hash) values (${userName}, 'Break-glass administrator', 'local', ${hash})
          on conflict do nothing returning id`,
    )
    const person = rows[0]
    if (!person) return false
    await tx.execute(sql`insert into grants (person_id, role) values (${person.id}, 'admin')`)
    await writeAudit(tx, systemActor, {
      act: 'person.add',
      resource: 'person',
      objectId: person.id,
      title: userName,
      detail: { role: 'admin' },
    })
    return true
  })
