import { createHmac, timingSafeEqual } from 'node:crypto'
import { Fault } from '@/lib/kernel/ground/errors'
import type { TsigKey } from '@/lib/ports/zones'
import { classCodes, encodeName, headerBytes, lastRecord, rcodeName, typeCodes, u16 } from './message'

/** Seconds by which the clocks of both ends may differ. */
const fudgeSeconds = 300

const u48 = (value: number): Buffer => {
  const bytes = Buffer.alloc(6)
  bytes.writeUIntBE(value, 0, 6)
  return bytes
}

const macOf = (key: TsigKey, parts: readonly Buffer[]): Buffer => {
  const mac = createHmac(key.algorithm.replace('hmac-', ''), Buffer.from(key.secret, 'base64'))
  for (const part of parts) mac.update(part)
  return mac.digest()
}

interface Stamp {
  time: number
  fudge: number
  error: number
  other: Buffer
}

const variables = (key: TsigKey, { time, fudge, error, other }: Stamp): Buffer =>
  Buffer.concat([
    encodeName(key.name),
    u16(classCodes.ANY),
    Buffer.alloc(4),
    encodeName(key.algorithm),
    u48(time),
    u16(fudge),
    u16(error),
    u16(other.length),
    other,
  ])

/** The message with its signature as the last record. `mac` is what the answer must build on. `nowSeconds`: seconds since 1970. */
export const signMessage = (message: Buffer, key: TsigKey, nowSeconds: number): { message: Buffer; mac: Buffer } => {
  const stamp: Stamp = { time: nowSeconds, fudge: fudgeSeconds, error: 0, other: Buffer.alloc(0) }
  const mac = macOf(key, [message, variables(key, stamp)])
  const data = Buffer.concat([
    encodeName(key.algorithm),
    u48(stamp.time),
    u16(stamp.fudge),
    u16(mac.length),
    mac,
    message.subarray(0, 2),
    u16(0),
    u16(0),
  ])
  const signed = Buffer.concat([
    message,
    encodeName(key.name),
    u16(typeCodes.TSIG),
    u16(classCodes.ANY),
    Buffer.alloc(4),
    u16(data.length),
    data,
  ])
  signed.writeUInt16BE(message.readUInt16BE(10) + 1, 10)
  return { message: signed, mac }
}

const nameLength = (wire: Buffer, at: number): number => {
  let length = 0
  while (wire.readUInt8(at + length) !== 0) length += 1 + wire.readUInt8(at + length)
  return length + 1
}

const untrusted = (server: string, why: string): Fault =>
  new Fault('dns.untrusted', { because: `${server} answered with a signature that ${why}, so its answer is not believed.` })

/** What the error codes of a signature mean to who has to put it right. */
const remedies: Readonly<Record<string, string>> = {
  BADSIG: 'the secret is another one there',
  BADKEY: 'it knows no key of this name and algorithm',
  BADTIME: 'its clock and the console’s differ by more than five minutes',
}

/**
 * Proves that the answer comes from a holder of the key and belongs to the request. Throws `dns.refused` when the server did not accept our signature,
 * `dns.untrusted` when we do not accept its own.
 */
export const verifyAnswer = (answer: Buffer, key: TsigKey, requestMac: Buffer, nowSeconds: number, server: string): void => {
  const code = answer.readUInt16BE(2) & 15
  const last = lastRecord(answer)
  if (last === null || last.type !== typeCodes.TSIG) {
    // A server that does not know the key at all may refuse without a signature; a success must carry one.
    if (code !== 0) return
    throw untrusted(server, 'is missing')
  }
  const algorithm = nameLength(answer, last.data)
  let at = last.data + algorithm
  const time = answer.readUIntBE(at, 6)
  const fudge = answer.readUInt16BE(at + 6)
  const macBytes = answer.readUInt16BE(at + 8)
  const mac = answer.subarray(at + 10, at + 10 + macBytes)
  at += 10 + macBytes
  const originalId = answer.subarray(at, at + 2)
  const error = answer.readUInt16BE(at + 2)
  const other = answer.subarray(at + 6, at + 6 + answer.readUInt16BE(at + 4))

  if (error !== 0) {
    const name = rcodeName(error)
    throw new Fault('dns.refused', {
      because: `${server} does not accept the key ${key.name} (${key.algorithm}): ${rcodeName(code)}, ${name}${remedies[name] ? `: ${remedies[name]}` : ''}.`,
      rcode: rcodeName(code),
      tsig: name,
      isOver: true,
    })
  }
  const bare = Buffer.from(answer.subarray(0, last.start))
  originalId.copy(bare, 0)
  bare.writeUInt16BE(answer.readUInt16BE(10) - 1, 10)
  const expected = macOf(key, [u16(requestMac.length), requestMac, bare, variables(key, { time, fudge, error, other })])
  if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) throw untrusted(server, 'does not match')
  if (Math.abs(nowSeconds - time) > fudge) throw untrusted(server, 'is too old or from the future')
  if (bare.length < headerBytes) throw untrusted(server, 'signs nothing')
}
