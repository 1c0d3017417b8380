import { getPool } from '@/db/pg/client'
import { origin, signIn } from '@/e2e/harness/browser-login'
import { sessionCookieName } from '@/lib/auth/options'
import { createToken } from '@/lib/auth/tokens'
import { type Actor, type Role, roles } from '@/lib/kernel/access/access'

/** Somebody who calls, by what their request carries. */
export interface Caller {
  name: string
  kind: 'person' | 'token' | 'nobody'
  /** What they hold in the one environment where they hold anything; null: nothing anywhere. */
  role: Role | null
  personId: string
  headers: Record<string, string>
}

const addPerson = async (name: string, grant: { role: Role; environmentId: string | null } | null): Promise<string> => {
  const { rows } = await getPool().query<{ id: string }>('insert into people (user_name) values ($1) returning id', [name])
  const { id } = rows[0]!
  if (grant)
    await getPool().query('insert into grants (person_id, role, environment_id) values ($1, $2, $3)', [id, grant.role, grant.environmentId])
  return id
}

const asBrowser = (cookie: string) => ({ cookie, origin, 'sec-fetch-site': 'same-origin' })

const signedIn = async (name: string, role: Role | null, environmentId: string | null): Promise<Caller> => {
  const personId = await addPerson(name, role && { role, environmentId })
  return { name, kind: 'person', role, personId, headers: asBrowser((await signIn(personId)).cookie) }
}

/** A token of somebody who may do everything everywhere, that may do less. */
export const withToken = async (name: string, role: Role, environmentId: string | null): Promise<Caller & { tokenId: string }> => {
  const personId = await addPerson(`owner of ${name}`, { role: 'admin', environmentId: null })
  const owner: Actor = { kind: 'person', personId, name, grants: [{ role: 'admin', environmentId: null }] }
  const { id, token } = await createToken(owner, { name, role, environmentId, expiresAt: null })
  return { name, kind: 'token', role, personId, tokenId: id, headers: { authorization: `Bearer ${token}` } }
}

export interface Callers {
  /** Each role in one environment, as a person and as a token whose owner holds everything; and a person without a grant. */
  known: readonly Caller[]
  /** Who has none, or none any more: without anything, with nonsense, of an ended login, of a revoked and of an expired token, of a disabled person. */
  unknown: readonly Caller[]
  /** An administrator of everything, in person and by token. */
  admins: readonly Caller[]
}

export const makeCallers = async (environmentId: string): Promise<Callers> => {
  const known: Caller[] = [await signedIn('person without a grant', null, null)]
  for (const role of roles)
    known.push(await signedIn(`${role} in person`, role, environmentId), await withToken(`${role} by token`, role, environmentId))
  const admins = [await signedIn('admin of everything', 'admin', null), await withToken('admin of everything by token', 'admin', null)]

  const nobody = (name: string, headers: Record<string, string>): Caller => ({ name, kind: 'nobody', role: null, personId: '', headers })
  const ended = await addPerson('ended', { role: 'admin', environmentId: null })
  const login = await signIn(ended)
  await getPool().query('update sessions set revoked_at = now() where id = $1', [login.sessionId])
  const disabled = await signedIn('disabled', 'admin', null)
  const [revoked, expired, disabledToken] = [
    await withToken('revoked', 'admin', null),
    await withToken('expired', 'admin', null),
    await withToken('token of a disabled person', 'admin', null),
  ]
  await getPool().query('update tokens set revoked_at = now() where id = $1', [revoked.tokenId])
  await getPool().query(`update tokens set expires_at = now() - interval '1 second' where id = $1`, [expired.tokenId])
  await getPool().query('update people set is_disabled = true where id = any($1)', [[disabled.personId, disabledToken.personId]])
  const unknown = [
    nobody('guest', {}),
    nobody('forged cookie', asBrowser(`${sessionCookieName()}=nonsense`)),
    nobody('ended login', asBrowser(login.cookie)),
    nobody('disabled person', disabled.headers),
    nobody('revoked token', revoked.headers),
    nobody('expired token', expired.headers),
    nobody('token of a disabled person', disabledToken.headers),
  ]
  return { known, unknown, admins }
}
