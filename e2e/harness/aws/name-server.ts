import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import packet, { type Answer } from 'dns-packet'
import { plainName } from '@/lib/domain/dns/records'
import type { Rrset } from './route53-zone'

/** What a server serves at this moment. */
export interface ServedZone {
  name: string
  serial: number
  sets: readonly Rrset[]
}

const recordsOf = ({ name, type, ttl, values }: Rrset): Answer[] =>
  type === 'A' || type === 'AAAA' || type === 'CNAME' || type === 'NS'
    ? values.map((value) => ({ name: plainName(name), type, ttl, data: type === 'A' || type === 'AAAA' ? value : plainName(value) }))
    : []

const respond = (query: Buffer, zones: readonly ServedZone[]): Buffer | null => {
  const { id, questions = [] } = packet.decode(query)
  const [question] = questions
  if (!question) return null
  const asked = plainName(question.name)
  const zone = zones.find(({ name }) => asked === name || asked.endsWith(`.${name}`))
  const answer = (code: number, answers: Answer[], isAuthoritative: boolean) =>
    packet.encode({ type: 'response', id, flags: (isAuthoritative ? packet.AUTHORITATIVE_ANSWER : 0) | code, questions, answers })
  if (!zone) return answer(5, [], false)
  const soa: Answer = {
    name: zone.name,
    type: 'SOA',
    ttl: 900,
    data: {
      mname: `ns-1.${zone.name}`,
      rname: `hostmaster.${zone.name}`,
      serial: zone.serial,
      refresh: 7200,
      retry: 900,
      expire: 1_209_600,
      minimum: 86_400,
    },
  }
  if (question.type === 'SOA' && asked === zone.name) return answer(0, [soa], true)
  const own = zone.sets.filter(({ name }) => plainName(name) === asked)
  if (own.length === 0 && asked !== zone.name) return answer(3, [], true)
  return answer(0, own.filter(({ type }) => type === question.type || type === 'CNAME').flatMap(recordsOf), true)
}

/** One authoritative server over UDP and TCP on one port of 127.0.0.1. */
export const startNameServer = async (
  zones: () => readonly ServedZone[],
): Promise<{ port: number; stop: () => Promise<void>; start: () => Promise<void> }> => {
  let port = 0
  let close = async () => {}
  const start = async () => {
    const tcp = createServer((socket) => {
      let received = Buffer.alloc(0)
      socket.on('error', () => socket.destroy())
      socket.on('data', (piece) => {
        received = Buffer.concat([received, piece])
        while (received.length >= 2 && received.length >= received.readUInt16BE(0) + 2) {
          const answer = respond(received.subarray(2, received.readUInt16BE(0) + 2), zones())
          received = received.subarray(received.readUInt16BE(0) + 2)
          if (answer) socket.write(Buffer.concat([Buffer.from([answer.length >> 8, answer.length & 255]), answer]))
        }
      })
    })
    await new Promise<void>((resolve, reject) => {
      tcp.once('error', reject)
      tcp.listen(port, '127.0.0.1', resolve)
    })
    port = (tcp.address() as { port: number }).port
    const udp = createSocket('udp4')
    udp.on('message', (query, from) => {
      const answer = respond(query, zones())
      if (answer) udp.send(answer, from.port, from.address)
    })
    await new Promise<void>((resolve, reject) => {
      udp.once('error', reject)
      udp.bind(port, '127.0.0.1', () => resolve())
    })
    close = async () => {
      await Promise.all([new Promise<void>((resolve) => udp.close(() => resolve())), new Promise((resolve) => tcp.close(resolve))])
    }
  }
  await start()
  return {
    get port() {
      return port
    },
    start,
    stop: () => close(),
  }
}
