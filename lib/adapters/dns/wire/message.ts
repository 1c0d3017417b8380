import { isIpv4, plainValue, type RecordSet, type RecordType } from '@/lib/domain/dns/records'
import { Fault } from '@/lib/kernel/ground/errors'

/** The part of RFC 1035 and RFC 2136 that dns-packet does not write: updates with classes NONE and ANY, and records without data. */
export const typeCodes = { A: 1, CNAME: 5, SOA: 6, AAAA: 28, TSIG: 250, ANY: 255 } as const
export const classCodes = { IN: 1, NONE: 254, ANY: 255 } as const

const updateOpcode = 5 << 11
export const headerBytes = 12
const maxLabel = 63
const maxName = 255

const rcodes: Readonly<Record<number, string>> = {
  0: 'NOERROR',
  1: 'FORMERR',
  2: 'SERVFAIL',
  3: 'NXDOMAIN',
  4: 'NOTIMP',
  5: 'REFUSED',
  6: 'YXDOMAIN',
  7: 'YXRRSET',
  8: 'NXRRSET',
  9: 'NOTAUTH',
  10: 'NOTZONE',
  16: 'BADSIG',
  17: 'BADKEY',
  18: 'BADTIME',
  22: 'BADTRUNC',
}

/** `NXRRSET`; an unassigned one as `RCODE 11`. */
export const rcodeName = (code: number): string => rcodes[code] ?? `RCODE ${code}`

export const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255])
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** Lower case, uncompressed: the canonical form, which signatures are made over. Throws `input.invalid`. */
export const encodeName = (name: string): Buffer => {
  const labels = name.toLowerCase().replace(/\.$/, '').split('.').filter(Boolean)
  const parts = labels.map((label) => {
    const bytes = Buffer.from(label, 'latin1')
    if (bytes.length > maxLabel) throw new Fault('input.invalid', { because: `“${label}” is longer than ${maxLabel} characters.` })
    return Buffer.concat([Buffer.from([bytes.length]), bytes])
  })
  const wire = Buffer.concat([...parts, Buffer.from([0])])
  if (wire.length > maxName) throw new Fault('input.invalid', { because: `${name} is longer than a DNS name may be.` })
  return wire
}

const ipv6Bytes = (address: string): Buffer => {
  const [head = '', tail] = plainValue('AAAA', address).split('::')
  const groups = (text: string | undefined) => (text ? text.split(':') : [])
  const [left, right] = [groups(head), groups(tail)]
  const filled = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
  return Buffer.concat(filled.map((group) => u16(Number.parseInt(group, 16))))
}

const encodeData = (type: RecordType, value: string): Buffer => {
  if (type === 'CNAME') return encodeName(value)
  if (type === 'AAAA') return ipv6Bytes(value)
  if (!isIpv4(value)) throw new Fault('input.invalid', { because: `${value} is no IPv4 address.` })
  return Buffer.from(value.split('.').map(Number))
}

const record = (name: string, type: number, recordClass: number, ttlSeconds: number, data: Buffer): Buffer =>
  Buffer.concat([encodeName(name), u16(type), u16(recordClass), u32(ttlSeconds), u16(data.length), data])
const nothing = Buffer.alloc(0)

/** RFC 2136 2.4: each expected set must exist with exactly these values; each of the other types must not exist at all. */
const prerequisites = (name: string, types: readonly RecordType[], expected: readonly RecordSet[]): Buffer[] =>
  types.flatMap((type) => {
    const values = expected.filter((set) => set.type === type).flatMap((set) => set.values)
    if (values.length === 0) return [record(name, typeCodes[type], classCodes.NONE, 0, nothing)]
    return values.map((value) => record(name, typeCodes[type], classCodes.IN, 0, encodeData(type, value)))
  })

const updates = (name: string, types: readonly RecordType[], next: readonly RecordSet[]): Buffer[] => [
  ...types.map((type) => record(name, typeCodes[type], classCodes.ANY, 0, nothing)),
  ...next.flatMap((set) =>
    set.values.map((value) => record(name, typeCodes[set.type], classCodes.IN, set.ttlSeconds, encodeData(set.type, value))),
  ),
]

export interface UpdateMessage {
  id: number
  zone: string
  name: string
  types: readonly RecordType[]
  expected: readonly RecordSet[]
  /** null: no update at all, only the question whether the prerequisites hold. */
  next: readonly RecordSet[] | null
}

/** An unsigned UPDATE message: prerequisites and changes of one name, carried out wholly or not at all. */
export const encodeUpdate = ({ id, zone, name, types, expected, next }: UpdateMessage): Buffer => {
  const asked = prerequisites(name, types, expected)
  const changed = next === null ? [] : updates(name, types, next)
  return Buffer.concat([
    ...[id, updateOpcode, 1, asked.length, changed.length, 0].map(u16),
    encodeName(zone),
    u16(typeCodes.SOA),
    u16(classCodes.IN),
    ...asked,
    ...changed,
  ])
}

const skipName = (message: Buffer, start: number): number => {
  let at = start
  for (;;) {
    const length = message.readUInt8(at)
    if (length === 0) return at + 1
    if (length >= 0xc0) return at + 2
    at += 1 + length
  }
}

/** Where the last record of the message begins, and its type; null: it has no record. Throws RangeError when the message is cut short. */
export const lastRecord = (message: Buffer): { start: number; type: number; data: number } | null => {
  const counts = [4, 6, 8, 10].map((at) => message.readUInt16BE(at))
  let at = headerBytes
  for (let left = counts[0]!; left > 0; left -= 1) at = skipName(message, at) + 4
  let last: { start: number; type: number; data: number } | null = null
  for (let left = counts[1]! + counts[2]! + counts[3]!; left > 0; left -= 1) {
    const start = at
    const fixed = skipName(message, at)
    last = { start, type: message.readUInt16BE(fixed), data: fixed + 10 }
    at = fixed + 10 + message.readUInt16BE(fixed + 8)
  }
  if (at > message.length) throw new RangeError('the message ends before its last record does')
  return last
}
