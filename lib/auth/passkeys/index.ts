import { halfLoginOf } from '@/db/people/half-logins'
import { addPasskey, keepChallenge, passkeysOf, takeChallenge, takeCounter } from '@/db/people/passkeys'
import type { Actor } from '@/lib/kernel/access/access'
import { asksProof } from '@/lib/kernel/access/proof'
import { Fault } from '@/lib/kernel/ground/errors'
import { factorName } from '../factor-name'
import { hashSecret } from '../secrets'
import { hashOfRecoveryCode, newRecoveryCodes } from '../totp'
import { askForNew, askForOne, type NewPasskeyQuestion, type PasskeyQuestion, readNew, readSigned, type Site, siteOf } from './ceremony'

export type { NewPasskeyQuestion, PasskeyQuestion } from './ceremony'

/** Whether this console is reached in a way in which browsers give passkeys. */
export const takesPasskeys = (): boolean => siteOf() !== null

const mustHaveSite = (): Site => {
  const site = siteOf()
  if (site) return site
  throw new Fault('input.invalid', {
    because: 'Browsers give passkeys only to a console that MATRIARCH_URL names by https and a host name, or as localhost.',
  })
}

/** A token or nobody has no login in a browser, and no passkey. */
const mustBeSignedIn = (actor: Actor): { personId: string; sessionId: string } => {
  const { kind, personId, sessionId } = actor
  if (kind === 'person' && personId !== null && sessionId !== undefined) return { personId, sessionId }
  throw new Fault('access.denied', { because: 'Only a person signed in on the console has passkeys.' })
}

/** Asked before the device is: what it made would be thrown away. */
const mustBeProved = (actor: Actor): void => {
  if (actor.isProofStale && asksProof('second-factor.add')) throw new Fault('auth.proof')
}

/** What the browser is to ask its device for. Throws `input.invalid`, `auth.proof`, `access.denied`. */
export const beginPasskey = async (actor: Actor, name: unknown): Promise<NewPasskeyQuestion> => {
  const { personId, sessionId } = mustBeSignedIn(actor)
  factorName(name)
  const site = mustHaveSite()
  mustBeProved(actor)
  const question = await askForNew(site, { id: personId, userName: actor.name }, await passkeysOf(personId))
  await keepChallenge(`session ${sessionId} add`, question.challenge)
  return question
}

/**
 * What the device made: from now on it is asked for. Answers with the recovery codes where it is the first factor, shown this once.
 * Throws `input.invalid`, `auth.proof`, `record.duplicate`, `access.denied`.
 */
export const confirmPasskey = async (actor: Actor, name: unknown, given: unknown): Promise<string[] | null> => {
  const { sessionId } = mustBeSignedIn(actor)
  const called = factorName(name)
  const site = mustHaveSite()
  mustBeProved(actor)
  const challenge = await takeChallenge(`session ${sessionId} add`)
  const passkey = challenge === null ? null : await readNew(site, challenge, given)
  if (passkey === null) throw new Fault('input.invalid', { because: 'The device’s answer is not valid, or came too late. Begin again.' })
  const codes = newRecoveryCodes()
  return (await addPasskey(
    actor,
    called,
    passkey,
    codes.map((code) => hashOfRecoveryCode(code)!),
  ))
    ? codes
    : null
}

/** A question for one of the person's passkeys; null: they have none, or none that a browser would give here. */
const ask = async (asked: string, personId: string): Promise<PasskeyQuestion | null> => {
  const site = siteOf()
  const known = site === null ? [] : await passkeysOf(personId)
  if (site === null || known.length === 0) return null
  const question = await askForOne(site, known)
  await keepChallenge(asked, question.challenge)
  return question
}

/** Who is asked to sign: a login, or half of one. A signature for one is worth nothing for another. */
export const askedOfSession = (actor: Actor): string => `session ${mustBeSignedIn(actor).sessionId} prove`
export const askedOfHalf = (half: string): string => `half ${hashSecret(half)}`

/** For a fresh proof of the person signed in. */
export const askPasskeyAgain = async (actor: Actor): Promise<PasskeyQuestion | null> =>
  ask(askedOfSession(actor), mustBeSignedIn(actor).personId)

/** For the second half of a login; null as well for a first half that is not ours, too old or used. */
export const askPasskeyOfHalf = async (half: string | undefined): Promise<PasskeyQuestion | null> => {
  const known = half ? await halfLoginOf(hashSecret(half)) : null
  return known === null ? null : ask(askedOfHalf(half!), known.personId)
}

/** Whether one of the person's passkeys signed what was asked, for the first time; right or wrong, it has to be asked anew. */
export const provesPasskey = async (asked: string, personId: string, given: unknown): Promise<boolean> => {
  const [site, challenge] = [siteOf(), await takeChallenge(asked)]
  if (site === null || challenge === null) return false
  const found = await readSigned(site, challenge, await passkeysOf(personId), given)
  return found !== null && (await takeCounter(found.passkey.id, found.counter))
}
