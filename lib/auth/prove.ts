import { hasFactor } from '@/db/people/factors'
import { vouchedFor } from '@/db/people/identities'
import { type LoginPerson, passwordOf } from '@/db/people/people'
import { noteProof } from '@/db/people/sessions'
import { inTransaction } from '@/db/pg/client'
import { countAttempt, forgetAttempts, uncountAttempt } from '@/db/runs/attempts'
import { writeAudit } from '@/db/trail/audit'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Directory } from '@/lib/ports/directory'
import { askedOfSession } from './passkeys'
import { verifyPassword } from './password'
import { provesFactor } from './second-factor'

const passwordLengthMax = 256

/**
 * Whether this is the person's password; where it is not, an audit line says so. A session left open must not be a place to guess: five are free, then each waits
 * longer. Counted apart from logins, so nobody else can use these attempts up. Throws `auth.throttled`, `auth.directory-down`.
 */
export const provesPassword = async (
  actor: Actor,
  person: LoginPerson,
  password: unknown,
  directory: Directory | null,
): Promise<boolean> => {
  const limit = { key: `proof:${person.id}`, free: 5, waitSecondsMax: 300 }
  await countAttempt([limit])
  try {
    if (await isRight(person, password, directory)) {
      await forgetAttempts([limit.key])
      return true
    }
  } catch (error) {
    // A directory that is down is nobody's failed guess.
    if (isFault(error, 'auth.directory-down')) await uncountAttempt([limit])
    throw error
  }
  await inTransaction((tx) =>
    writeAudit(tx, actor, { act: 'login.proof-refused', resource: 'person', objectId: person.id, title: person.userName }),
  )
  return false
}

const isRight = async (person: LoginPerson, password: unknown, directory: Directory | null): Promise<boolean> => {
  if (typeof password !== 'string' || password === '' || password.length > passwordLengthMax || person.isDisabled) return false
  if (person.source === 'local') return person.passwordHash !== null && (await verifyPassword(password, person.passwordHash)).ok
  if (directory === null || person.source !== 'directory') return false
  try {
    await directory.authenticate(person.userName, password)
    return true
  } catch (error) {
    if (isFault(error, 'auth.rejected')) return false
    throw error
  }
}

/**
 * The person signed in gives their password again, or has just signed in again at their provider (`vouchedFor`), and their second factor where they have one: this login vouches for them afresh, and for no
 * other login of theirs.
 * Throws `access.denied` to whoever is no person with a login, `input.invalid`, `auth.throttled`, `auth.directory-down`.
 */
export const proveAgain = async (
  actor: Actor,
  { password, ...given }: { password: unknown; code?: unknown; passkey?: unknown },
  directory: Directory | null,
): Promise<void> => {
  const person = actor.kind === 'person' && actor.personId !== null ? await passwordOf(actor.personId) : null
  if (person === null || actor.sessionId === undefined) throw new Fault('access.denied')
  const vouched = person.source === 'oidc' ? await vouchedFor(actor.sessionId) : null
  if (person.source === 'oidc' && vouched === null)
    throw new Fault('input.invalid', { fields: [{ path: 'provider', message: 'is needed: sign in there again' }] })
  if (person.source !== 'oidc' && !(await provesPassword(actor, person, password, directory)))
    throw new Fault('input.invalid', { fields: [{ path: 'password', message: 'is wrong' }] })
  if (!vouched?.isStrong && (await hasFactor(person.id))) await mustProveFactor(actor, person.id, given)
  await noteProof(actor, actor.sessionId)
}

const mustProveFactor = async (actor: Actor, personId: string, { code, passkey }: { code?: unknown; passkey?: unknown }): Promise<void> => {
  const wrong = (message: string) => new Fault('input.invalid', { fields: [{ path: 'code', message }] })
  if (passkey === undefined && (typeof code !== 'string' || code.trim() === '')) throw wrong('is needed')
  if ((await provesFactor(actor, personId, { code, passkey, asked: askedOfSession(actor) })) === null)
    throw wrong(passkey === undefined ? 'is wrong, or was used before' : 'is needed: the passkey did not answer for you')
}
