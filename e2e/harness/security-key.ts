import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

const sha256 = (data: Buffer | string): Buffer => createHash('sha256').update(data).digest()
const base64url = (data: Buffer | string): string => Buffer.from(data).toString('base64url')

type Cbor = number | string | Buffer | ReadonlyMap<Cbor, Cbor>

/** As much of CBOR as a key speaks: integers, texts, bytes and maps of less than 64 KiB. */
const cbor = (value: Cbor): Buffer => {
  const head = (major: number, n: number): Buffer => {
    if (n < 24) return Buffer.from([(major << 5) | n])
    return n < 256 ? Buffer.from([(major << 5) | 24, n]) : Buffer.from([(major << 5) | 25, n >> 8, n & 255])
  }
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value)
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value])
  return Buffer.concat([head(5, value.size), ...[...value].flatMap(([key, one]) => [cbor(key), cbor(one)])])
}

interface Told {
  /** The page that the browser shows, and the site it says the page is of. */
  origin?: string
  site?: string
  challenge?: string
  /** Whether somebody touched it. */
  isTouched?: boolean
  counter?: number
}

/** A FIDO2 security key and the browser in front of it, in so many bytes: P-256, no attestation, a count of its own. */
export class SecurityKey {
  readonly id = randomBytes(32)
  counter = 0
  private readonly privateKey: KeyObject
  private readonly publicKey: Buffer

  constructor(
    readonly origin: string,
    readonly site: string,
  ) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.privateKey = privateKey
    const { x, y } = publicKey.export({ format: 'jwk' })
    const [kty, alg, crv] = [2, -7, 1]
    this.publicKey = cbor(
      new Map<Cbor, Cbor>([
        [1, kty],
        [3, alg],
        [-1, crv],
        [-2, Buffer.from(x!, 'base64url')],
        [-3, Buffer.from(y!, 'base64url')],
      ]),
    )
  }

  make({ challenge }: { challenge: string }, told: Told = {}) {
    const client = this.client('webauthn.create', { challenge, ...told })
    const size = Buffer.alloc(2)
    size.writeUInt16BE(this.id.length)
    const authData = Buffer.concat([this.facts(0x40, told), Buffer.alloc(16), size, this.id, this.publicKey])
    const attestationObject = cbor(
      new Map<Cbor, Cbor>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', authData],
      ]),
    )
    return this.answer({ clientDataJSON: base64url(client), attestationObject: base64url(attestationObject), transports: ['usb'] })
  }

  sign({ challenge }: { challenge: string }, told: Told = {}) {
    this.counter += 1
    const client = this.client('webauthn.get', { challenge, ...told })
    const facts = this.facts(0, told)
    const signature = sign('sha256', Buffer.concat([facts, sha256(client)]), this.privateKey)
    return this.answer({ clientDataJSON: base64url(client), authenticatorData: base64url(facts), signature: base64url(signature) })
  }

  private answer<T>(response: T) {
    const id = base64url(this.id)
    return { id, rawId: id, type: 'public-key' as const, clientExtensionResults: {}, response }
  }

  private client(type: string, { challenge, origin = this.origin }: Told): string {
    return JSON.stringify({ type, challenge, origin, crossOrigin: false })
  }

  private facts(flags: number, { site = this.site, isTouched = true, counter = this.counter }: Told): Buffer {
    const count = Buffer.alloc(4)
    count.writeUInt32BE(counter)
    return Buffer.concat([sha256(site), Buffer.from([flags | (isTouched ? 1 : 0)]), count])
  }
}
