import { getServers } from 'node:dns'
import { isIP } from 'node:net'
import type { Answer } from 'dns-packet'
import { plainName } from '@/lib/domain/dns/records'
import { Fault } from '@/lib/kernel/ground/errors'
import type { NameAnswer } from '@/lib/ports/names'
import type { ZoneSettings } from '@/lib/ports/zones'
import type { Deadline } from '../../ssh/deadline'
import { parseServer } from './address'
import { type Answered, ask } from './query'
import type { ServerAddress } from './transport'

/** A server of the zone whose name does not resolve still counts, with an answer that says so. */
export type FoundServers = { servers: ServerAddress[]; unresolved: NameAnswer[] }

/** The resolvers of a zone, else the system's; names among them are looked up by the system's. */
export const resolversOf = async (zone: ZoneSettings, deadline: Deadline): Promise<ServerAddress[]> => {
  const system = getServers().map((text) => literal(parseServer(text)))
  if (zone.resolvers.length === 0) return system
  const { servers } = await resolveAll(zone.resolvers, (host) => addressesFrom(system, host, deadline))
  return servers
}

const literal = ({ host, port }: { host: string; port: number }): ServerAddress => ({ name: host, address: host, port })

/** One server by name or address. Throws `dns.unreachable` when its name does not resolve. */
export const resolveServer = async (zone: ZoneSettings, host: string, port: number, deadline: Deadline): Promise<ServerAddress> => {
  if (isIP(host) !== 0) return literal({ host, port })
  const [address] = await addressesFrom(await resolversOf(zone, deadline), host, deadline)
  if (address === undefined)
    throw new Fault('dns.unreachable', { because: `The name server ${host} has no address that a resolver knows.`, isOver: true })
  return { name: host, address, port }
}

/** The first resolver that knows an address; empty: none does. */
const addressesFrom = async (resolvers: readonly ServerAddress[], host: string, deadline: Deadline): Promise<string[]> => {
  for (const resolver of resolvers) {
    const asked = await Promise.allSettled(
      (['A', 'AAAA'] as const).map((type) => ask(resolver, host, type, deadline, { isRecursive: true })),
    )
    const found = asked.flatMap((one) => (one.status === 'fulfilled' ? addressesIn(one.value.answers) : []))
    if (found.length > 0) return found
  }
  return []
}

const addressesIn = (answers: readonly Answer[], of?: string): string[] =>
  answers.flatMap((one) =>
    (one.type === 'A' || one.type === 'AAAA') && (of === undefined || plainName(one.name) === of) ? [one.data] : [],
  )

const resolveAll = async (servers: readonly string[], look: (host: string) => Promise<string[]>): Promise<FoundServers> => {
  const found: FoundServers = { servers: [], unresolved: [] }
  const looked = await Promise.all(
    servers.map(async (text) => {
      const { host, port } = parseServer(text)
      return { host, port, addresses: isIP(host) === 0 ? await look(host) : [host] }
    }),
  )
  for (const { host, port, addresses } of looked) {
    if (addresses.length === 0)
      found.unresolved.push({ server: host, isAuthoritative: false, code: 'unresolved', records: [], serial: null })
    for (const address of addresses) found.servers.push({ name: host, address, port })
  }
  return found
}

/**
 * The authoritative servers: those the zone names, else its NS records as `askPrimary` gives them, with the addresses that came along, that the primary
 * knows, or that resolvers know.
 */
export const authoritativeOf = async (
  zone: ZoneSettings,
  deadline: Deadline,
  askPrimary: (name: string, type: 'NS' | 'A' | 'AAAA', deadline: Deadline) => Promise<Answered>,
): Promise<FoundServers> => {
  const resolvers = await resolversOf(zone, deadline)
  if (zone.authoritativeServers.length > 0) return resolveAll(zone.authoritativeServers, (host) => addressesFrom(resolvers, host, deadline))
  const { answers, additionals } = await askPrimary(zone.address.name, 'NS', deadline)
  const names = answers.flatMap((one) => (one.type === 'NS' ? [plainName(one.data)] : []))
  if (names.length === 0)
    throw new Fault('dns.refused', {
      because: `The zone ${zone.address.name} has no NS records at its primary server, so its authoritative servers are not known. Check the zone’s name and its primary server.`,
      isOver: true,
    })
  return resolveAll(names.sort(), async (host) => {
    const glue = addressesIn(additionals, host)
    if (glue.length > 0) return glue
    const own = await Promise.allSettled((['A', 'AAAA'] as const).map((type) => askPrimary(host, type, deadline)))
    const known = own.flatMap((one) => (one.status === 'fulfilled' ? addressesIn(one.value.answers, host) : []))
    return known.length > 0 ? known : addressesFrom(resolvers, host, deadline)
  })
}
