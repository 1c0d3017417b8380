import { type MemoryFleet, memoryFleet } from '@/lib/adapters/memory'
import type { FoundManager, ManagedMember } from '@/lib/domain/managers/manager'

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
