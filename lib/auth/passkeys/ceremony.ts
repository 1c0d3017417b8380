import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server'
import { z } from 'zod'
import { env } from '@/lib/env'

/** A device's half that may be known: as `db/people/passkeys.ts` keeps it. */
interface Known {
  credentialId: string
  publicKey: string
  counter: number
  transports: string[]
}

/** To whom passkeys are bound: a device answers no page of another name. */
export interface Site {
  id: string
  origin: string
}

const addressPattern = /^(\[.*\]|[\d.]+)$/

/** By the configured address, never by what a request says. null: browsers give no passkeys to an address without a name, or to a name without https. */
export const siteOf = (url: string = env().MATRIARCH_URL): Site | null => {
  const { protocol, hostname, origin } = new URL(url)
  const isSafe = protocol === 'https:' || hostname === 'localhost'
  return isSafe && !addressPattern.test(hostname) ? { id: hostname, origin } : null
}

const text = (max: number) => z.string().min(1).max(max)
const base64url = (max: number) => text(max).regex(/^[\w-]+$/)
const transports = z.array(text(20)).max(10).optional()

const credential = {
  id: base64url(1400),
  rawId: base64url(1400),
  type: z.literal('public-key'),
  authenticatorAttachment: z.string().max(40).nullish(),
}
const made = z.object({
  ...credential,
  response: z.object({ clientDataJSON: base64url(4000), attestationObject: base64url(12_000), transports }),
})
const signed = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: base64url(4000),
    authenticatorData: base64url(4000),
    signature: base64url(4000),
    userHandle: base64url(200).nullish(),
  }),
})

/** What a browser sends, as text or read already; null: nothing that a browser sends. */
const read = <T>(shape: z.ZodType<T>, given: unknown): T | null => {
  try {
    const value = typeof given === 'string' && given.length < 20_000 ? JSON.parse(given) : given
    return shape.safeParse(value).data ?? null
  } catch {
    return null
  }
}

const withId = ({ credentialId, transports: ways }: Known) => ({ id: credentialId, transports: ways })

/** To make a passkey on a device that holds none of `known`. */
export const askForNew = (site: Site, person: { id: string; userName: string }, known: readonly Known[]) =>
  generateRegistrationOptions({
    rpName: 'Matriarch',
    rpID: site.id,
    userName: person.userName,
    userID: new TextEncoder().encode(person.id),
    attestationType: 'none',
    excludeCredentials: known.map(withId),
    // The password comes first: the device needs to keep no name, and a security key may be without a PIN.
    authenticatorSelection: { residentKey: 'discouraged', userVerification: 'preferred' },
  })

export type NewPasskeyQuestion = Awaited<ReturnType<typeof askForNew>>

/** The new passkey; null: not signed over this challenge, for this site, by somebody at the device. */
export const readNew = async (site: Site, challenge: string, given: unknown): Promise<Known | null> => {
  const answer = read(made, given)
  if (answer === null) return null
  const verdict = await verifyRegistrationResponse({
    response: { ...answer, clientExtensionResults: {} } as never,
    expectedChallenge: challenge,
    expectedOrigin: site.origin,
    expectedRPID: site.id,
    requireUserVerification: false,
  }).catch(() => null)
  if (!verdict?.verified) return null
  const { id, publicKey, counter } = verdict.registrationInfo.credential
  return {
    credentialId: id,
    publicKey: Buffer.from(publicKey).toString('base64url'),
    counter,
    transports: answer.response.transports ?? [],
  }
}

/** To sign with one of `known`. */
export const askForOne = (site: Site, known: readonly Known[]) =>
  generateAuthenticationOptions({ rpID: site.id, allowCredentials: known.map(withId), userVerification: 'preferred' })

export type PasskeyQuestion = Awaited<ReturnType<typeof askForOne>>

/**
 * Which of `known` signed this challenge for this site, and how often its device says it was used by now. null: none did, or its count went back. Two answers
 * at once with the same count both pass here: `takeCounter` takes one.
 */
export const readSigned = async <T extends Known>(
  site: Site,
  challenge: string,
  known: readonly T[],
  given: unknown,
): Promise<{ passkey: T; counter: number } | null> => {
  const answer = read(signed, given)
  const passkey = known.find(({ credentialId }) => credentialId === answer?.id)
  if (answer === null || passkey === undefined) return null
  const verdict = await verifyAuthenticationResponse({
    response: { ...answer, clientExtensionResults: {} } as never,
    expectedChallenge: challenge,
    expectedOrigin: site.origin,
    expectedRPID: site.id,
    credential: {
      id: passkey.credentialId,
      publicKey: new Uint8Array(Buffer.from(passkey.publicKey, 'base64url')),
      counter: passkey.counter,
    },
    requireUserVerification: false,
  }).catch(() => null)
  return verdict?.verified ? { passkey, counter: verdict.authenticationInfo.newCounter } : null
}
