import { randomBytes } from 'node:crypto'
import { hasFactor } from '@/db/people/factors'
import { halfLoginOf, keepHalfLogin, useHalfLogin } from '@/db/people/half-logins'
import { type LoginPerson, personOfLogin, rememberDirectoryPerson, saveRehash } from '@/db/people/people'
import { openSession } from '@/db/people/sessions'
import { inTransaction } from '@/db/pg/client'
import { type AttemptLimit, countAttempt, forgetAttempts, uncountAttempt } from '@/db/runs/attempts'
import { writeAudit } from '@/db/trail/audit'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import { sleep } from '@/lib/kernel/ground/sleep'
import { foldUserName } from '@/lib/kernel/ground/user-name'
import type { Directory } from '@/lib/ports/directory'
import { networkOf } from './address'
import { deviceAfter, knownDevice } from './device'
import { askedOfHalf } from './passkeys'
import { hashPassword, verifyPassword, wasteGuess } from './password'
import { noteBadLogin } from './refusals'
import { provesFactor } from './second-factor'
import { hashSecret } from './secrets'

export interface LoginTry {
  /** As they arrived: anything but text of a sensible length proves nothing. */
  userName: unknown
  password: unknown
  /** Address the request came from. */
  from: string | null
  userAgent: string | null
  /** The browser's device cookie, if it has one. */
  device?: string | undefined
}

export interface LoginWays {
  directory: Directory | null
  sessionHours: number
  /** A refusal is told a whole multiple of this many milliseconds after the question, so that its time tells nothing about the name. 0: at once. */
  refusalMs: number
}

export interface LoggedIn {
  sessionId: string
  personId: string
  userName: string
  /** The device cookie from now on. */
  device: string
}

/** The password is right, and a second factor is to be proved in the same browser: `half` is for its cookie, and opens nothing by itself. */
export class SecondFactorNeeded extends Error {
  constructor(readonly half: string) {
    super('a second factor is needed')
  }
}

export interface FactorTry extends Pick<LoginTry, 'from' | 'userAgent' | 'device'> {
  half: string | undefined
  /** One of them. */
  code?: unknown
  passkey?: unknown
}

const passwordLengthMax = 256
const wrongCode = 'This code is wrong, or was used before.'
const wrongPasskey = 'This passkey did not answer for you. Try again, or give a code.'

/**
 * Who is counted for a guess. An address and a name at an address wait by themselves; a name alone never waits, so that nobody can lock somebody else out:
 * many guesses for it only leave each address one free guess. A browser in which this person signed in before has a count of its own.
 */
const limitsOf = (userName: string, from: string | null, device: string | undefined): AttemptLimit[] => {
  const number = knownDevice(device, userName)
  if (number !== null) return [{ key: `device:${number}|${userName}`, free: 10, waitSecondsMax: 300 }]
  const name = `name:${userName}`
  return [
    fromLimit(from),
    { key: name, free: 20, waitSecondsMax: 0 },
    { key: `pair:${userName}|${networkOf(from)}`, free: 5, waitSecondsMax: 300, strictWith: name },
  ]
}

/** Of everybody at an address together, whoever they say they are. */
export const fromLimit = (from: string | null): AttemptLimit => ({ key: `from:${networkOf(from)}`, free: 30, waitSecondsMax: 900 })

/**
 * Proves a password and opens a session. A local account answers for its own name; any other name is the directory's.
 * Throws `SecondFactorNeeded`, `auth.rejected` (never telling whether the name exists), `auth.throttled`, or `auth.directory-down`.
 */
export const logIn = async (tried: LoginTry, ways: LoginWays): Promise<LoggedIn> => {
  const startedAt = performance.now()
  try {
    return await attempt(tried, ways)
  } catch (error) {
    if (error instanceof SecondFactorNeeded) throw error
    await noteRefusal(tried, error)
    if (isFault(error, 'auth.rejected')) await waitOut(startedAt, ways)
    throw error
  }
}

const waitOut = async (startedAt: number, { refusalMs }: Pick<LoginWays, 'refusalMs'>): Promise<void> => {
  if (refusalMs > 0) await sleep(refusalMs - ((performance.now() - startedAt) % refusalMs))
}

/** The second half of a login. Throws `auth.rejected` for a wrong code, and for a first half that is too old or was used; `auth.throttled`. */
export const finishLogin = async (tried: FactorTry, ways: Omit<LoginWays, 'directory'>): Promise<LoggedIn> => {
  const startedAt = performance.now()
  const hash = hashSecret(tried.half ?? '')
  const half = await halfLoginOf(hash)
  if (half === null) throw new Fault('auth.rejected', { because: 'That took too long. Sign in again.' })
  const { personId, userName, groups, providerSid } = half
  const person = actorOf({ id: personId, userName }, tried.from)
  const factor = await provesFactor(person, personId, { code: tried.code, passkey: tried.passkey, asked: askedOfHalf(tried.half ?? '') })
  if (factor === null) {
    await waitOut(startedAt, ways)
    throw new Fault('auth.rejected', { because: tried.passkey === undefined ? wrongCode : wrongPasskey })
  }
  const sessionId = await inTransaction(async (tx) => {
    if (!(await useHalfLogin(tx, hash))) throw new Fault('auth.rejected', { because: 'That took too long. Sign in again.' })
    const id = await openSession(tx, {
      personId,
      groups,
      from: tried.from,
      userAgent: tried.userAgent,
      hours: ways.sessionHours,
      providerSid,
    })
    await writeAudit(tx, person, {
      act: 'login',
      resource: 'person',
      objectId: personId,
      title: userName,
      detail: { session: id, groups, factor },
    })
    return id
  })
  return { sessionId, personId, userName, device: deviceAfter(tried.device, foldUserName(userName) ?? userName) }
}

const attempt = async (tried: LoginTry, ways: LoginWays): Promise<LoggedIn> => {
  const { password, from } = tried
  const userName = typeof tried.userName === 'string' ? foldUserName(tried.userName) : null
  if (userName === null || typeof password !== 'string' || password === '' || password.length > passwordLengthMax) {
    // No guess, and so no name's count changes.
    await countAttempt([fromLimit(from)])
    throw new Fault('auth.rejected')
  }
  const limits = limitsOf(userName, from, tried.device)
  await countAttempt(limits)
  try {
    const { person, groups } = await prove(userName, password, ways.directory)
    const sessionId = await admit(person, { groups }, tried, ways.sessionHours)
    await uncountAttempt(limits)
    await forgetAttempts(limits.filter(({ key }) => /^(pair|device):/.test(key)).map(({ key }) => key))
    return { sessionId, personId: person.id, userName: person.userName, device: deviceAfter(tried.device, userName) }
  } catch (error) {
    // Neither is a failed guess: a directory that is down, and half of a login.
    if (error instanceof SecondFactorNeeded || isFault(error, 'auth.directory-down')) await uncountAttempt(limits)
    throw error
  }
}

/** What somebody vouched for at a login. */
export interface Vouched {
  groups: string[]
  /** Of an identity provider. */
  providerSid?: string | null
  /** An identity provider that is trusted with it vouched for a second factor. */
  isStrong?: boolean
}

/** Opens the login of somebody whose first factor is proved. Throws `SecondFactorNeeded` where they have a second one to prove. */
export const admit = async (
  person: LoginPerson,
  { groups, providerSid = null, isStrong = false }: Vouched,
  { from, userAgent }: Pick<LoginTry, 'from' | 'userAgent'>,
  hours: number,
): Promise<string> => {
  if (!isStrong && (await hasFactor(person.id))) {
    const half = randomBytes(32).toString('base64url')
    await keepHalfLogin(hashSecret(half), { personId: person.id, groups, providerSid })
    throw new SecondFactorNeeded(half)
  }
  return inTransaction(async (tx) => {
    const id = await openSession(tx, { personId: person.id, groups, from, userAgent, hours, providerSid, isStrong })
    const detail = { session: id, source: person.source, groups }
    await writeAudit(tx, actorOf(person, from), { act: 'login', resource: 'person', objectId: person.id, title: person.userName, detail })
    return id
  })
}

const actorOf = (person: Pick<LoginPerson, 'id' | 'userName'>, from: string | null): Actor => ({
  kind: 'person',
  personId: person.id,
  name: person.userName,
  grants: [],
  from: from ?? undefined,
})

const prove = async (
  userName: string,
  password: string,
  directory: Directory | null,
): Promise<{ person: LoginPerson; groups: string[] }> => {
  const known = await personOfLogin(userName)
  if (known?.source === 'local') {
    const { ok, needsRehash } = await verifyOrWaste(password, known.passwordHash)
    if (!ok || known.isDisabled) throw new Fault('auth.rejected')
    if (needsRehash) await saveRehash(known.id, known.passwordHash!, await hashPassword(password))
    return { person: known, groups: [] }
  }
  // Whoever signs in at a provider has no password here, whatever the directory says to their name.
  if (directory === null || known?.isDisabled || known?.source === 'oidc') {
    await wasteGuess(password)
    throw new Fault('auth.rejected')
  }
  const found = await directory.authenticate(userName, password)
  return { person: await rememberDirectoryPerson(found), groups: found.groups }
}

/** An account without a password takes as long to refuse as one with. */
const verifyOrWaste = async (password: string, hash: string | null): Promise<{ ok: boolean; needsRehash: boolean }> => {
  if (hash !== null) return verifyPassword(password, hash)
  await wasteGuess(password)
  return { ok: false, needsRehash: false }
}

const noteRefusal = async (tried: LoginTry, error: unknown): Promise<void> => {
  const userName = typeof tried.userName === 'string' ? foldUserName(tried.userName) : null
  const isKnown = userName !== null && (await personOfLogin(userName).catch(() => null)) !== null
  await noteBadLogin(userName === null ? null : { userName, isKnown }, tried.from, error)
}
