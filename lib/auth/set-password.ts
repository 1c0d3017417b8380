import { passwordOf, savePassword } from '@/db/people/people'
import { type Actor, isOwn, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { checkNewPassword, hashPassword } from './password'
import { provesPassword } from './prove'

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
  if (person.source !== 'local')
    throw new Fault('input.invalid', { because: 'People of the directory or of an identity provider change their password there.' })
  const givesCurrent = isTheirOwn && person.passwordHash !== null
  if (givesCurrent && !(await provesPassword(actor, person, currentPassword, null)))
    throw new Fault('input.invalid', { fields: [{ path: 'currentPassword', message: 'is wrong' }] })
  checkNewPassword(password, person.userName)
  // The current password is the proof that is asked for.
  await savePassword(givesCurrent ? { ...actor, isProofStale: false } : actor, person, await hashPassword(password))
}
