import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { authSecret } from '@/lib/env'

/** `number.proof.proof…`: a random number of this browser, and a proof for each of the last names that signed in with it. No name can be read from it. */
const shape = /^([0-9a-f]{32})((?:\.[0-9A-Za-z_-]{22}){1,5})$/
const namesMax = 5

const proofOf = (number: string, userName: string): string =>
  createHmac('sha256', authSecret()).update(`matriarch device\n${number}\n${userName}`).digest().subarray(0, 16).toString('base64url')

const isSame = (a: string, b: string): boolean => timingSafeEqual(Buffer.from(a), Buffer.from(b))

/** The number of a browser in which this person signed in before, by its cookie; null: a browser that is not known, or a cookie that is not ours. */
export const knownDevice = (cookie: string | undefined, userName: string): string | null => {
  const match = shape.exec(cookie ?? '')
  if (!match) return null
  const wanted = proofOf(match[1]!, userName)
  const proofs = match[2]!.slice(1).split('.')
  return proofs.some((proof) => isSame(proof, wanted)) ? match[1]! : null
}

/** The cookie after this person signed in: what it proved before stays, up to five people. */
export const deviceAfter = (cookie: string | undefined, userName: string): string => {
  const match = shape.exec(cookie ?? '')
  const number = match?.[1] ?? randomBytes(16).toString('hex')
  const own = proofOf(number, userName)
  const others = (match?.[2] ?? '').split('.').filter((proof) => proof !== '' && proof !== own)
  return [number, own, ...others.slice(0, namesMax - 1)].join('.')
}
