import { type MemoryFleet, memoryFleet } from '@/lib/adapters/memory'
import type { FoundManager, ManagedMember } from '@/lib/domain/managers/manager'
import { adoptFile } from '@/lib/domain/poolers/template'
import type { JsonObject } from '@/lib/kernel/ground/json'

export const patroniScope = '15-shop'
export const patroniHosts = ['n1', 'n2', 'n3']

/** A member of a healthy cluster whose leader is the first one. */
export const memberOf = (name: string, index: number): ManagedMember => ({
  name,
  role: index === 0 ? 'leader' : 'replica',
  state: index === 0 ? 'running' : 'streaming',
  host: null,
  port: 5432,
  timeline: 1,
  lagBytes: index === 0 ? null : 0,
  hasPendingRestart: false,
  tags: {},
})

/** The Patroni of that host, which runs as Debian sets it up. */
export const patroniOn = (host: string, more: Partial<FoundManager> = {}): FoundManager => ({
  kind: 'patroni',
  state: 'running',
  dataDirectory: '/var/lib/postgresql/15/shop',
  configPath: `/etc/patroni/${patroniScope}.yml`,
  isReadable: true,
  cluster: patroniScope,
  member: host,
  dcs: 'etcd3',
  api: 'https://10.0.0.1:8008',
  version: '3.0.2',
  isPaused: false,
  members: patroniHosts.map(memberOf),
  history: [],
  ...more,
})

/** A healthy herd, a pooler, a name and a spare host; `manage` says what runs on each host of the herd. */
export const managedFleet = (manage: (host: string) => FoundManager[] = (host) => [patroniOn(host)]): MemoryFleet => {
  const fleet = memoryFleet([
    { environment: 'prod', name: 'shop', hosts: patroniHosts, virtualHost: 'shop', poolers: ['front'] },
    { environment: 'prod', name: 'spare', hosts: ['n9'] },
  ])
  for (const host of patroniHosts) fleet.host(host).managers = manage(host)
  return fleet
}

export const patroniPooler = 'shop pooler on front'
export const patroniConfig: JsonObject = { ttl: 30, loop_wait: 10 }

/** One that can be paused and handed over: its pooler is the console's, and timers run longer than any test. `more`: what each Patroni says besides. */
export const pausableFleet = (
  more: (host: string) => Partial<FoundManager> = () => ({}),
  config: JsonObject = patroniConfig,
): MemoryFleet => {
  const fleet = managedFleet((host) => [patroniOn(host, more(host))])
  fleet.world.dcs.set(patroniScope, config)
  fleet.world.work = () => ({ endsAtMs: Number.MAX_SAFE_INTEGER })
  const { inventory, file } = fleet.pooler(patroniPooler)
  const { host, port } = fleet.instance('shop on n1').inventory.address
  Object.assign(inventory, { isManaged: true, template: adoptFile(file!.text, { host: host.address, port }) })
  return fleet
}
