import { randomInt } from 'node:crypto'
import packet, { type Answer, type Packet } from 'dns-packet'
import { plainName, type RecordSet, type RecordType, recordSet, recordTypes } from '@/lib/domain/dns/records'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { NameAnswer } from '@/lib/ports/names'
import type { TsigKey } from '@/lib/ports/zones'
import type { Deadline } from '../../ssh/deadline'
import { rcodeName } from './message'
import { exchangeTcp, exchangeUdp, type ServerAddress, sayServer } from './transport'
import { signMessage, verifyAnswer } from './tsig'

export type QueryType = RecordType | 'NS' | 'SOA'

export interface Answered {
  code: string
  isAuthoritative: boolean
  answers: Answer[]
  additionals: Answer[]
}

export const newId = (): number => randomInt(1, 65_536)
export const nowSeconds = (): number => Math.floor(Date.now() / 1000)

const encodeQuery = (id: number, name: string, type: QueryType, isRecursive: boolean): Buffer =>
  packet.encode({ type: 'query', id, flags: isRecursive ? packet.RECURSION_DESIRED : 0, questions: [{ type, name }] })

const broken = (server: ServerAddress, cause: unknown): Fault =>
  new Fault('dns.refused', { because: `${sayServer(server)} answered with something that is no DNS message.`, isOver: true }, { cause })

const decode = (server: ServerAddress, message: Buffer): Packet => {
  try {
    return packet.decode(message)
  } catch (cause) {
    throw broken(server, cause)
  }
}

const answered = (server: ServerAddress, message: Buffer): Answered => {
  const { answers = [], additionals = [] } = decode(server, message)
  const flags = message.readUInt16BE(2)
  return { code: rcodeName(flags & 15), isAuthoritative: (flags & 0x0400) !== 0, answers, additionals }
}

/** A question as clients ask it: UDP, and TCP when the answer does not fit. */
export const ask = async (
  server: ServerAddress,
  name: string,
  type: QueryType,
  deadline: Deadline,
  { isRecursive = false } = {},
): Promise<Answered> => {
  const id = newId()
  const query = encodeQuery(id, name, type, isRecursive)
  const isOurs = (message: Buffer) =>
    message.length >= query.length &&
    message.readUInt16BE(0) === id &&
    (message.readUInt8(2) & 0x80) !== 0 &&
    message.subarray(12, query.length).toString('latin1').toLowerCase() === query.subarray(12).toString('latin1').toLowerCase()
  const short = await exchangeUdp(
    server,
    query,
    deadline,
    (message) => message.length >= 12 && (isOurs(message) || isBareRefusal(message, id)),
  )
  const isCut = (short.readUInt8(2) & 0x02) !== 0
  return answered(server, isCut ? await exchangeTcp(server, query, deadline) : short)
}

/** A server may answer what it refuses without repeating the question. */
const isBareRefusal = (message: Buffer, id: number): boolean =>
  message.length === 12 && message.readUInt16BE(0) === id && (message.readUInt8(3) & 15) !== 0

/** A question over TCP, signed where the zone has a key, so that a server with views answers from the one that is updated. */
export const askSigned = async (
  server: ServerAddress,
  name: string,
  type: QueryType,
  key: TsigKey | null,
  deadline: Deadline,
): Promise<Answered> => {
  const query = encodeQuery(newId(), name, type, false)
  return answered(server, await sendSigned(server, query, key, deadline))
}

/** Sends one message and gives the answer back once its signature, its id and its kind are right. */
export const sendSigned = async (server: ServerAddress, message: Buffer, key: TsigKey | null, deadline: Deadline): Promise<Buffer> => {
  const signed = key === null ? null : signMessage(message, key, nowSeconds())
  const answer = await exchangeTcp(server, signed?.message ?? message, deadline)
  if (answer.length < 12 || answer.readUInt16BE(0) !== message.readUInt16BE(0) || (answer.readUInt8(2) & 0x80) === 0)
    throw broken(server, null)
  if (key !== null && signed !== null) {
    try {
      verifyAnswer(answer, key, signed.mac, nowSeconds(), sayServer(server))
    } catch (error) {
      throw error instanceof RangeError ? broken(server, error) : error
    }
  }
  return answer
}

/** The A, AAAA and CNAME records of an answer as sets, in the order of their names. */
export const setsOf = (answers: readonly Answer[]): RecordSet[] => {
  const found = new Map<string, { name: string; type: RecordType; values: string[]; ttlSeconds: number }>()
  for (const one of answers) {
    if (one.type !== 'A' && one.type !== 'AAAA' && one.type !== 'CNAME') continue
    const name = plainName(one.name)
    const key = `${name} ${one.type}`
    const set = found.get(key) ?? { name, type: one.type, values: [], ttlSeconds: one.ttl ?? 0 }
    set.values.push(one.data)
    found.set(key, set)
  }
  return [...found.values()].map(({ name, type, values, ttlSeconds }) => recordSet(name, type, values, ttlSeconds))
}

export const serialOf = ({ answers }: Answered): number | null => {
  const soa = answers.find((one) => one.type === 'SOA')
  return soa?.type === 'SOA' ? (soa.data.serial ?? null) : null
}

const uniqueSets = (sets: readonly RecordSet[]): RecordSet[] => [...new Map(sets.map((set) => [`${set.name} ${set.type}`, set])).values()]

/** What one server says of a name, with the serial of its zone. A server that does not answer is an answer that says so. */
export const askServer = async (server: ServerAddress, zone: string, name: string, deadline: Deadline): Promise<NameAnswer> => {
  try {
    const [soa, ...asked] = await Promise.all([
      ask(server, zone, 'SOA', deadline),
      ...recordTypes.map((type) => ask(server, name, type, deadline)),
    ])
    // A query for the address of an alias without a target in the zone gets NXDOMAIN; the alias itself exists.
    const alias = asked[recordTypes.indexOf('CNAME')]!
    return {
      server: sayServer(server),
      isAuthoritative: asked.every((one) => one.isAuthoritative),
      code: alias.code,
      records: uniqueSets(setsOf(asked.flatMap(({ answers }) => answers)).filter((set) => set.name === plainName(name))),
      serial: serialOf(soa),
    }
  } catch (error) {
    return silent(server, error)
  }
}

/** What a resolver tells clients: addresses, and the alias that points to them. */
export const askResolver = async (server: ServerAddress, name: string, deadline: Deadline): Promise<NameAnswer> => {
  try {
    const asked = await Promise.all((['A', 'AAAA'] as const).map((type) => ask(server, name, type, deadline, { isRecursive: true })))
    const worst = asked.find(({ code }) => code !== 'NOERROR') ?? asked[0]!
    return {
      server: sayServer(server),
      isAuthoritative: false,
      code: worst.code,
      records: uniqueSets(setsOf(asked.flatMap(({ answers }) => answers))),
      serial: null,
    }
  } catch (error) {
    return silent(server, error)
  }
}

const silent = (server: ServerAddress, error: unknown): NameAnswer => {
  if (!isFault(error)) throw error
  if (error.code === 'shell.cancelled') throw error
  const isLate = error.code === 'dns.timeout' || error.message.includes('in time')
  const code = isLate ? 'timeout' : error.code === 'dns.refused' ? 'BROKEN' : 'unreachable'
  return { server: sayServer(server), isAuthoritative: false, code, records: [], serial: null }
}
