import { makeInventoryAct } from '@/db/fleet/herd-members'
import { makeInventory } from '@/db/fleet/inventory'
import { getPool } from '@/db/pg/client'
import { observePoolers } from '@/jobs/observer/observe-poolers'
import { type MemoryFleet, memoryFleet } from '@/lib/adapters/memory'
import type { ActPorts, PoolerAddress } from '@/lib/ports'

const template = '[databases]\norders = host={{host}} port={{port}} dbname=orders\n\n[pgbouncer]\nlisten_port = 6432\n'

interface Ids {
  pooler: string
  herd: string
  instances: string[]
  crm: { herd: string; instances: string[] }
}

/** A herd of two with a pooler in front, in the console's database and in memory; each side has its own ids, joined by host name. `sharing`: the pooler serves crm too. */
export const openPoolers = async (sharing: string[] = []) => {
  const fleet = memoryFleet([
    { environment: 'prod', name: 'orders', hosts: ['n1', 'n2'], poolers: ['front'] },
    { environment: 'prod', name: 'crm', hosts: ['c1', 'c2'], sharedPoolers: sharing },
  ])
  const one = async (sql: string, values: unknown[]) => (await getPool().query(sql, values)).rows[0].id as string
  await getPool().query('truncate environments, servers, herds, instances, poolers, leases cascade')
  const environment = await one(`insert into environments (name) values ('prod') returning id`, [])
  const server = (name: string) =>
    one(`insert into servers (environment_id, hostname, address) values ($1, $2, $3) returning id`, [
      environment,
      name,
      fleet.host(name).server.address.address,
    ])
  const herdOf = async (name: string, hosts: [string, string]) => {
    const herd = await one(
      `insert into herds (environment_id, name, base_name, data_directory) values ($1, $2, $2, '/data') returning id`,
      [environment, name],
    )
    const instance = async (host: string, role: string) =>
      one(`insert into instances (herd_id, server_id, role, state, observed_at) values ($1, $2, $3, 'online', now()) returning id`, [
        herd,
        await server(host),
        role,
      ])
    return { herd, instances: [await instance(hosts[0], 'primary'), await instance(hosts[1], 'standby')] }
  }
  const orders = await herdOf('orders', ['n1', 'n2'])
  const crm = await herdOf('crm', ['c1', 'c2'])
  const front = await server('front')
  const pooler = await one(`insert into poolers (herd_id, server_id) values ($1, $2) returning id`, [orders.herd, front])
  return stageOf(fleet, { pooler, ...orders, crm })
}
export type PoolerStage = Awaited<ReturnType<typeof openPoolers>>

const log = { info: () => {}, warn: () => {}, error: () => {} }

/** What happens while the observer waits for an answer. */
interface Meanwhile {
  probe: () => Promise<unknown>
  look: (address: PoolerAddress) => Promise<unknown>
}

const stageOf = (fleet: MemoryFleet, ids: Ids, meanwhile: Meanwhile = { probe: async () => {}, look: async () => {} }) => ({
  ids,
  meanwhile,
  observe: () => observePoolers(portsTo(fleet, meanwhile), log, new AbortController().signal),
  row: async () => (await getPool().query('select * from poolers where id = $1', [ids.pooler])).rows[0],
  pooler: () => fleet.pooler('orders pooler on front'),
  addressOf: (host: string) => fleet.host(host).server.address.address,
  /** By another hand than the console's, in both worlds. */
  movePrimary: async ([from, to] = ['orders on n1', 'orders on n2'], instances = ids.instances) => {
    Object.assign(fleet.instance(from!), { state: 'stopped' })
    Object.assign(fleet.instance(to!), { hasStandbySignal: false, upstreamId: null, timeline: 2 })
    await getPool().query(`update instances set role = 'unknown', state = 'stopped' where id = $1`, [instances[0]])
    await getPool().query(`update instances set role = 'primary', observed_at = now() where id = $1`, [instances[1]])
  },
  manage: (text = template) => getPool().query('update poolers set template = $2, is_managed = true where id = $1', [ids.pooler, text]),
  lockOrders: () =>
    getPool().query(
      `insert into leases (name, token, holder, reason, expires_at) values ($1, gen_random_uuid(), 'ada', 'moves a rack', now() + interval '1 min')`,
      [`herd:${ids.herd}`],
    ),
})

/** The twin under the ids of the database. */
const portsTo = (fleet: MemoryFleet, meanwhile: Meanwhile): ActPorts => {
  const pooler = fleet.pooler('orders pooler on front')
  const twin = (address: PoolerAddress): PoolerAddress => ({ ...address, poolerId: pooler.inventory.id })
  const under = <T extends object>(port: T): T =>
    Object.fromEntries(
      Object.entries(port).map(([name, call]) => [
        name,
        typeof call === 'function' ? (address: PoolerAddress, ...rest: unknown[]) => call(twin(address), ...rest) : call,
      ]),
    ) as T
  return {
    read: {
      ...fleet.read,
      inventory: makeInventory(),
      poolers: {
        ...under(fleet.read.poolers),
        look: async (address, options) => {
          await meanwhile.look(address)
          return fleet.read.poolers.look(twin(address), options)
        },
      },
      postgres: {
        ...fleet.read.postgres,
        probe: async (address, options) => {
          await meanwhile.probe()
          const herd = address.host.hostname.startsWith('c') ? 'crm' : 'orders'
          return fleet.read.postgres.probe(fleet.instance(`${herd} on ${address.host.hostname}`).inventory.address, options)
        },
      },
    },
    act: { ...fleet.act, inventory: makeInventoryAct(), poolers: under(fleet.act.poolers) },
  }
}
