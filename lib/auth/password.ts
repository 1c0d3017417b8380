import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { Fault } from '@/lib/kernel/ground/errors'
import { isCommonPassword } from './common-passwords'

/** log2(N), r and p of scrypt: 64 MiB and about 0.2 s a guess. Stored with each hash, so raising them rehashes people as they log in. */
const cost = { ln: 16, r: 8, p: 1 }
const saltBytes = 16
const hashBytes = 32
const lengthMin = 12
const lengthMax = 128
/** What was set when more were taken still opens. */
const triedLengthMax = 256
/** More at once would let a burst of logins take all memory; the rest wait their turn. */
const atOnceMax = 4

let running = 0
const waiting: (() => void)[] = []

const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
  if (running >= atOnceMax) await new Promise<void>((resume) => waiting.push(resume))
  else running += 1
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    if (next) next()
    else running -= 1
  }
}

const derive = (password: string, salt: Buffer, { ln, r, p }: typeof cost, length: number): Promise<Buffer> =>
  inTurn(
    () =>
      new Promise((resolve, reject) => {
        const N = 2 ** ln
        scrypt(password.normalize('NFKC'), salt, length, { N, r, p, maxmem: 256 * N * r }, (error, key) =>
          error ? reject(error) : resolve(key),
        )
      }),
  )

/** Throws `input.invalid` with the path `password` when it is too short, too long or too common. */
export const checkNewPassword = (password: string, userName: string): void => {
  const because =
    password.length < lengthMin
      ? `must have at least ${lengthMin} characters`
      : password.length > lengthMax
        ? `must have at most ${lengthMax} characters`
        : userName !== '' && password.toLowerCase().includes(userName.toLowerCase())
          ? 'must not contain the user name'
          : isCommonPassword(password)
            ? 'is one of those that are tried first; take several words that do not belong together'
            : null
  if (because) throw new Fault('input.invalid', { fields: [{ path: 'password', message: because }] })
}

/** `$scrypt$ln=16,r=8,p=1$salt$hash`, base64 without padding. */
export const hashPassword = async (password: string): Promise<string> => {
  const salt = randomBytes(saltBytes)
  const hash = await derive(password, salt, cost, hashBytes)
  const text = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
  return `$scrypt$ln=${cost.ln},r=${cost.r},p=${cost.p}$${text(salt)}$${text(hash)}`
}

const stored = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

/** `needsRehash`: right, but hashed with older parameters. A hash that cannot be read never matches. */
export const verifyPassword = async (password: string, hash: string): Promise<{ ok: boolean; needsRehash: boolean }> => {
  const match = stored.exec(hash)
  if (!match || password.length > triedLengthMax) return { ok: false, needsRehash: false }
  const [ln, r, p] = [Number(match[1]), Number(match[2]), Number(match[3])]
  if (ln > 20 || r > 32 || p > 16) return { ok: false, needsRehash: false }
  const expected = Buffer.from(match[5]!, 'base64')
  const actual = await derive(password, Buffer.from(match[4]!, 'base64'), { ln, r, p }, expected.length)
  const ok = timingSafeEqual(actual, expected)
  return { ok, needsRehash: ok && (ln !== cost.ln || r !== cost.r || p !== cost.p) }
}

let decoy: Promise<string> | null = null

/** Spends the time of a real check, so that an unknown user name answers no faster than a wrong password. */
export const wasteGuess = async (password: string): Promise<void> => {
  decoy ??= hashPassword(randomBytes(12).toString('hex'))
  await verifyPassword(password.slice(0, triedLengthMax), await decoy)
}
