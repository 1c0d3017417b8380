import { passwordOf, savePassword } from '@/db/people/people'
import { countAttempt, forgetAttempts } from '@/db/runs/attempts'
import { type Actor, isOwn, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { checkNewPassword, hashPassword, verifyPassword } from './password'

/**
 * Sets a local account's password: one's own after proving the current one, or anybody's for an administrator of every environment; a token sets none. Every other login of that person ends.
 * Throws `record.missing`, `access.denied`, `input.invalid`, `auth.throttled`.
 */
export const setPassword = async (
  actor: Actor,
  personId: string,
  { password, currentPassword }: { password: string; currentPassword?: string },
): Promise<void> => {
  const isTheirOwn = isOwn(actor, personId)
  if (!isTheirOwn && !mayIn(actor, 'person.change', null)) throw new Fault('access.denied')
  const person = await passwordOf(personId)
  if (!person) throw new Fault('record.missing')
  if (person.source !== 'local') throw new Fault('input.invalid', { because: 'People of the directory change their password there.' })
  if (isTheirOwn && person.passwordHash !== null) await proveCurrent(person.id, currentPassword ?? '', person.passwordHash)
  checkNewPassword(password, person.userName)
  await savePassword(actor, person, await hashPassword(password))
}

/** A session left open must not be a place to guess. Counted apart from logins: nobody else can use these attempts up. */
const proveCurrent = async (personId: string, password: string, hash: string): Promise<void> => {
  const limit = { key: `proof:${personId}`, free: 5, waitSecondsMax: 300 }
  await countAttempt([limit])
  if (!(await verifyPassword(password, hash)).ok)
    throw new Fault('input.invalid', { fields: [{ path: 'currentPassword', message: 'is wrong' }] })
  await forgetAttempts([limit.key])
}
