import { bits, boolean, identifier, integer, joinBytes, octets, sequence, setOf, tagged, time, utf8, within } from './der'

/** What a certificate says (RFC 5280); its signer makes a certificate of it with `signed`. */
export interface CertificateBody {
  /** At most 20 bytes, above zero. */
  serial: Uint8Array
  issuer: string
  subject: string
  from: Date
  until: Date
  /** SubjectPublicKeyInfo, DER. */
  publicKey: Uint8Array
  /** authority: it may sign others. server: for servers and clients by these names and addresses. */
  use: { kind: 'authority' } | { kind: 'server'; names: readonly string[]; addresses: readonly string[] }
}

/** ecdsa-with-SHA256. */
const algorithm = sequence(identifier('1.2.840.10045.4.3.2'))

const nameOf = (commonName: string): Uint8Array => sequence(setOf(sequence(identifier('2.5.4.3'), utf8(commonName))))

const extension = (id: string, value: Uint8Array, isCritical = false): Uint8Array =>
  sequence(identifier(id), ...(isCritical ? [boolean(true)] : []), octets(value))

const keyUsage = (byte: number, unused: number): Uint8Array => extension('2.5.29.15', bits(Uint8Array.of(byte), unused), true)
const constraints = (isAuthority: boolean): Uint8Array => extension('2.5.29.19', isAuthority ? sequence(boolean(true)) : sequence(), true)

/** etcd's JSON gateway dials itself with its server's certificate, so a server's is a client's as well. */
const extensionsOf = (use: CertificateBody['use']): Uint8Array => {
  if (use.kind === 'authority') return sequence(constraints(true), keyUsage(0x06, 1))
  const alternatives = [...use.names.map((name) => tagged(2, name)), ...use.addresses.map((address) => tagged(7, addressBytes(address)))]
  return sequence(
    constraints(false),
    keyUsage(0x80, 7),
    extension('2.5.29.37', sequence(identifier('1.3.6.1.5.5.7.3.1'), identifier('1.3.6.1.5.5.7.3.2'))),
    extension('2.5.29.17', sequence(...alternatives)),
  )
}

/** The part that is signed. */
export const toBeSigned = ({ serial, issuer, subject, from, until, publicKey, use }: CertificateBody): Uint8Array =>
  sequence(
    within(0, integer(Uint8Array.of(2))),
    integer(serial),
    algorithm,
    nameOf(issuer),
    sequence(time(from), time(until)),
    nameOf(subject),
    publicKey,
    within(3, extensionsOf(use)),
  )

/** `signature`: ECDSA with SHA-256 over what is signed, DER. */
export const signed = (body: Uint8Array, signature: Uint8Array): Uint8Array => sequence(body, algorithm, bits(signature))

/** 4 bytes or 16, in the order of the network. Throws RangeError for what is no IP address. */
export const addressBytes = (address: string): Uint8Array => {
  const four = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address)
  if (four?.slice(1).every((part) => Number(part) < 256)) return Uint8Array.from(four.slice(1).map(Number))
  const halves = address.split('::')
  if (halves.length > 2 || !/^[0-9A-Fa-f:]+$/.test(address)) throw new RangeError(`${address} is no IP address.`)
  const groups = (half: string | undefined) =>
    half === undefined || half === '' ? [] : half.split(':').map((group) => Number.parseInt(group, 16))
  const [front, back] = [groups(halves[0]), groups(halves[1])]
  const missing = 8 - front.length - back.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) throw new RangeError(`${address} is no IP address.`)
  const all = [...front, ...Array.from({ length: halves.length === 1 ? 0 : missing }, () => 0), ...back]
  return joinBytes(all.map((group) => Uint8Array.of(group >>> 8, group & 0xff)))
}
