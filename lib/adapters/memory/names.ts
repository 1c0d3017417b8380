import { type RecordSet, recordSet, sameRecords, sameValues, sayRecords } from '@/lib/domain/dns/records'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { InventoryName, InventoryZone, NameAnswer, NameOptions, NamesAct, NamesRead, ZoneAddress, ZoneCheckStep } from '@/lib/ports'
import { type Calls, perform, reach } from './world/calls'
import { makeHost } from './world/make-world'
import { type HerdShape, idOf, type MemoryNameServer, type MemoryZone, type World } from './world/world'

const zoneOf = (world: World, environment: string): MemoryZone => {
  const name = `${environment}.test`
  const found = world.zones.get(idOf(`zone ${name}`))
  if (found) return found
  const inventory: InventoryZone = {
    id: idOf(`zone ${name}`),
    title: name,
    environmentId: idOf(environment),
    environmentName: environment,
    address: { zoneId: idOf(`zone ${name}`), name, provider: 'rfc2136' },
  }
  const zone: MemoryZone = {
    inventory,
    host: makeHost(environment, `ns1.${name}`),
    servers: ['ns1', 'ns2'].map((server) => ({ name: `${server}.${name}`, records: new Map(), state: 'well' })),
    cached: new Map(),
    refuses: null,
    applied: [],
  }
  world.zones.set(inventory.id, zone)
  return zone
}

/** What the source of truth holds, all types. */
export const heldIn = (zone: MemoryZone, name: string): RecordSet[] => zone.servers[0]!.records.get(name) ?? []

/** As somebody else would do it, past the console. */
export const putRecords = (zone: MemoryZone, name: string, records: RecordSet[]): void => {
  for (const server of zone.servers) if (server.state !== 'stuck') server.records.set(name, records)
}

/** The names of these herds, each an alias of its herd's first host, in one zone for each environment. */
export const addNames = (world: World, herds: readonly HerdShape[]): void => {
  for (const { environment, name: herdName, hosts, virtualHost } of herds) {
    if (virtualHost === undefined) continue
    const zone = zoneOf(world, environment)
    const title = `${virtualHost}.${zone.inventory.title}`
    const name: InventoryName = {
      id: idOf(`name ${title}`),
      title,
      type: 'CNAME',
      follows: 'primary',
      carries: 'hostname',
      hostDomain: zone.inventory.title,
      ttlSeconds: 60,
      environmentId: idOf(environment),
      environmentName: environment,
      herdId: idOf(`${environment}/${herdName}`),
      herdName,
      zone: zone.inventory.address,
    }
    world.names.set(name.id, name)
    putRecords(zone, title, [recordSet(title, name.type, [`${hosts[0]}.${name.hostDomain}`], name.ttlSeconds)])
  }
}

const find = (world: World, { zoneId }: ZoneAddress): MemoryZone => {
  const zone = world.zones.get(zoneId)
  if (zone === undefined) throw new Fault('record.missing', { because: 'The zone is not registered any more.' })
  return zone
}

/** A lost connection leaves open what happened; an answer that names a code does not. */
const asDns = (zone: MemoryZone, error: unknown): unknown => {
  if (!isFault(error)) return error
  const { name } = zone.servers[0]!
  if (error.code === 'shell.unreachable') return new Fault('dns.unreachable', { because: `${name} does not answer.`, isOver: true })
  if (error.code === 'shell.timeout') return new Fault('dns.timeout', { ...error.facts, because: `${name} did not answer in time.` })
  if (error.code === 'shell.failed') return new Fault('dns.refused', { because: `${name} refused the update: SERVFAIL.`, isOver: true })
  return error
}

const answerOf = ({ name, records, state }: MemoryNameServer, asked: string): NameAnswer => {
  if (state === 'down') return { server: name, isAuthoritative: false, code: 'timeout', records: [], serial: null }
  const held = records.get(asked) ?? []
  return { server: name, isAuthoritative: true, code: held.length > 0 ? 'NOERROR' : 'NXDOMAIN', records: held, serial: records.size }
}

export const memoryNamesRead = (world: World): NamesRead => {
  const reachPrimary = async (zone: MemoryZone, options: NameOptions): Promise<void> => {
    try {
      await reach(world.clock, zone.host, options)
    } catch (error) {
      throw asDns(zone, error)
    }
  }
  return {
    current: async (address, name, options) => {
      const zone = find(world, address)
      await reachPrimary(zone, options)
      return structuredClone(heldIn(zone, name))
    },
    authoritative: async (address, name) => {
      const zone = find(world, address)
      const isOn = zone.host.power === 'on'
      return zone.servers.map((server, index) =>
        structuredClone(answerOf(index === 0 && !isOn ? { ...server, state: 'down' } : server, name)),
      )
    },
    resolvers: async (address, name) => {
      const zone = find(world, address)
      const cached = zone.cached.get(name)
      const answer = answerOf(zone.servers[1]!, name)
      return [
        {
          ...structuredClone(cached === undefined ? answer : { ...answer, code: 'NOERROR', records: cached }),
          server: 'resolver',
          isAuthoritative: false,
        },
      ]
    },
    check: async (address, options) => {
      const zone = find(world, address)
      const steps: ZoneCheckStep[] = []
      const say = (step: ZoneCheckStep) => {
        steps.push(step)
        options.onStep?.(step)
      }
      try {
        await reachPrimary(zone, options)
        say({ name: 'primary', title: 'The primary server answers', verdict: 'pass', because: `${zone.servers[0]!.name} answers.` })
        say({
          name: 'key',
          title: 'It takes the console’s updates',
          ...(zone.refuses === null ? { verdict: 'pass', because: 'The key is accepted.' } : { verdict: 'fail', because: zone.refuses }),
        })
      } catch (error) {
        if (!isFault(error)) throw error
        say({ name: 'primary', title: 'The primary server answers', verdict: 'fail', because: error.message })
      }
      return steps
    },
  }
}

export const memoryNamesAct = (world: World, calls: Calls): NamesAct => ({
  replace: async (address, { name, types, expected, next }, options) => {
    const zone = find(world, address)
    try {
      await perform(calls, world.clock, zone.host, { act: 'replace', target: name }, options, () => {
        const held = heldIn(zone, name)
        const about = held.filter(({ type }) => types.includes(type))
        if (name !== zone.inventory.title && !name.endsWith(`.${zone.inventory.title}`))
          throw new Fault('dns.refused', { because: `${name} does not lie in ${zone.inventory.title}: NOTZONE.`, isOver: true })
        if (zone.refuses !== null)
          throw new Fault('dns.refused', {
            because: `${zone.servers[0]!.name} refused to change ${name} from ${sayRecords(about)} to ${sayRecords(next)}: ${zone.refuses}.`,
            isOver: true,
          })
        if (!sameValues(about, expected))
          throw new Fault('dns.changed', {
            because: `${name} was expected to be ${sayRecords(expected)}, and is ${sayRecords(about)}.`,
            isOver: true,
          })
        const after = [...held.filter(({ type }) => !types.includes(type)), ...next]
        if (after.length > 1 && after.some(({ type }) => type === 'CNAME'))
          throw new Fault('dns.refused', { because: `Other records at ${name} exclude an alias.`, isOver: true })
        if (!sameRecords(about, next)) zone.applied.push(`${name}: ${sayRecords(about)} → ${sayRecords(next)}`)
        putRecords(zone, name, structuredClone(after))
      })
    } catch (error) {
      throw asDns(zone, error)
    }
  },
})
