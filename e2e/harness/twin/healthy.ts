import { type MemoryFleet, memoryFleet } from '@/lib/adapters/memory'
import { twinSession } from './sessions'

/** A healthy world in memory, and what of it an operation can be asked for. */
export interface Healthy {
  fleet: MemoryFleet
  targets: readonly { what: string; id: string }[]
}

const instances = (): Healthy => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'] }])
  Object.assign(fleet.instance('demo on n1'), { clients: 7, activeTransactions: 2, sessions: [twinSession(4711)] })
  const idOf = (title: string) => fleet.instance(title).inventory.id
  return {
    fleet,
    targets: [
      { what: 'of a primary', id: idOf('demo on n1') },
      { what: 'of a standby', id: idOf('demo on n2') },
    ],
  }
}

const servers = (): Healthy => {
  const { fleet } = instances()
  return { fleet, targets: [{ what: 'of a server', id: fleet.host('n1').server.id }] }
}

const machines = (): Healthy => {
  const { fleet } = instances()
  return {
    fleet,
    targets: [
      { what: 'of a primary', id: fleet.host('n1').machine!.inventory.id },
      { what: 'of a standby', id: fleet.host('n2').machine!.inventory.id },
    ],
  }
}

const accounts = (): Healthy => {
  const { fleet } = instances()
  return { fleet, targets: [{ what: 'of a cloud account', id: fleet.host('n1').machine!.inventory.accountId }] }
}

const poolers = (): Healthy => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'orders', hosts: ['n1', 'n2'], poolers: ['n1', 'front'] }])
  const pooler = fleet.pooler('orders pooler on front')
  const client = { user: 'app', address: '10.0.0.9:5000', applicationName: 'till', state: 'active', waitSeconds: 0 }
  pooler.databases.get('orders')!.idle = [{ ...client, database: 'orders', connectedAt: null, remotePid: 4711 }]
  return { fleet, targets: [{ what: 'of a pooler', id: pooler.inventory.id }] }
}

const named = () => memoryFleet([{ environment: 'prod', name: 'orders', hosts: ['n1', 'n2'], virtualHost: 'orders' }])

const names = (): Healthy => {
  const fleet = named()
  return { fleet, targets: [...fleet.world.names.values()].slice(0, 1).map(({ id }) => ({ what: 'of a name', id })) }
}

const zones = (): Healthy => {
  const fleet = named()
  return { fleet, targets: [{ what: 'of a zone', id: fleet.zone('prod.test').inventory.id }] }
}

const pairs = (): Healthy => {
  const fleet = named()
  return { fleet, targets: [{ what: 'of a herd', id: fleet.instance('orders on n1').inventory.herdId }] }
}

const worlds: Record<string, () => Healthy> = {
  instance: instances,
  server: servers,
  machine: machines,
  'cloud-account': accounts,
  pooler: poolers,
  name: names,
  'dns-zone': zones,
  'dr-pair': pairs,
}

/** A new world at each call. `on`: the resource an operation acts on. Throws for one that no world holds yet: add it here. */
export const healthyWorld = (on: string): Healthy => {
  const make = worlds[on]
  if (make === undefined) throw new Error(`No world in e2e/harness/twin/healthy.ts holds a ${on}.`)
  return make()
}
