import { makeInventoryAct } from '@/db/fleet/herd-members'
import { makeInventory } from '@/db/fleet/inventory'
import { getPool } from '@/db/pg/client'
import { startDatabase } from '@/e2e/harness/daemons/database'
import { inventoryFleet } from '@/e2e/harness/inventory-fleet'
import { formatLsn } from '@/lib/domain/values/lsn'
import { inventoryContract } from './inventory-contract'

type World = ReturnType<typeof inventoryFleet>['fleet']['world']

const insert = async (table: string, row: Record<string, unknown>) => {
  const columns = Object.keys(row)
  const places = columns.map((_, index) => `$${index + 1}`)
  await getPool().query(`insert into ${table} (${columns}) values (${places})`, Object.values(row))
}

/** What the twin has, registered in the console and seen. */
const seed = async ({ hosts, herds, instances, zones, names, poolers }: World) => {
  const [{ environmentId, environmentName }] = herds.values() as unknown as [{ environmentId: string; environmentName: string }]
  await insert('environments', { id: environmentId, name: environmentName })
  for (const { server } of hosts.values())
    await insert('servers', {
      id: server.id,
      environment_id: server.environmentId,
      hostname: server.title,
      address: server.address.address,
      host_key: server.address.hostKey,
    })
  for (const herd of herds.values())
    await insert('herds', {
      id: herd.id,
      environment_id: herd.environmentId,
      name: herd.name,
      base_name: herd.baseName,
      port: herd.port,
      data_directory: herd.dataDirectory,
    })
  for (const { inventory, hasStandbySignal, timeline, walBytes } of instances.values()) {
    const lsn = formatLsn(BigInt(walBytes))
    await insert('instances', {
      id: inventory.id,
      herd_id: inventory.herdId,
      server_id: inventory.serverId,
      role: hasStandbySignal ? 'standby' : 'primary',
      state: 'online',
      timeline,
      current_lsn: lsn,
      received_lsn: lsn,
      observed_at: new Date(),
    })
  }
  for (const { inventory: zone } of zones.values())
    await insert('dns_zones', { id: zone.id, environment_id: zone.environmentId, name: zone.title })
  for (const name of names.values())
    await insert('dns_names', {
      id: name.id,
      zone_id: name.zone.zoneId,
      herd_id: name.herdId,
      host_name: name.title,
      type: name.type,
      follows: name.follows,
      carries: name.carries,
    })
  for (const { inventory: pooler } of poolers.values()) {
    const [name] = pooler.title.split(' on ')
    await insert('poolers', { id: pooler.id, herd_id: pooler.herdId, server_id: pooler.serverId, name })
    for (const herd of pooler.herds.slice(1)) await insert('pooler_herds', { pooler_id: pooler.id, herd_id: herd.id, is_named: false })
  }
}

inventoryContract('in the console’s database', async () => {
  const database = await startDatabase()
  const { fleet, stage } = inventoryFleet()
  await seed(fleet.world)
  return {
    ...stage,
    ports: { read: { inventory: makeInventory() }, act: { inventory: makeInventoryAct() } },
    hold: async (memberId) => {
      const client = await getPool().connect()
      await client.query('begin')
      await client.query('select from instances where id = $1 for update', [memberId])
      return async () => {
        await client.query('rollback')
        client.release()
      }
    },
    stop: database.stop,
  }
})
