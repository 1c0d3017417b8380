import { makeBatch } from '@/lib/kernel/batch'
import { Fault } from '@/lib/kernel/errors'
import type { InventoryAct, InventoryPooler, InventoryRead } from '@/lib/ports'
import { databaseFault, getPool } from './client'

interface PoolerRow {
  id: string
  title: string
  environment_id: string
  environment_name: string
  herd_id: string
  herd_name: string
  server_id: string
  port: number
  socket_directory: string
  config_path: string
  template: string | null
  is_managed: boolean
  hostname: string
  address: string
  ssh_port: number
  ssh_user: string
  host_key: string | null
}

const selectPoolers = `select p.id, p.title, p.environment_id, e.name as environment_name, p.herd_id, h.name as herd_name, p.server_id, p.port,
    p.socket_directory, p.config_path, nullif(p.template, '') as template, p.is_managed, s.hostname, s.address, s.ssh_port, s.ssh_user, s.host_key
  from poolers p join herds h on h.id = p.herd_id join environments e on e.id = p.environment_id join servers s on s.id = p.server_id`

const poolerOf = (row: PoolerRow): InventoryPooler => ({
  id: row.id,
  title: row.title,
  environmentId: row.environment_id,
  environmentName: row.environment_name,
  herdId: row.herd_id,
  herdName: row.herd_name,
  serverId: row.server_id,
  template: row.template,
  isManaged: row.is_managed && row.template !== null,
  address: {
    poolerId: row.id,
    host: {
      serverId: row.server_id,
      environmentId: row.environment_id,
      hostname: row.hostname,
      address: row.address,
      port: row.ssh_port,
      user: row.ssh_user,
      hostKey: row.host_key,
    },
    socketDirectory: row.socket_directory,
    port: row.port,
    configPath: row.config_path,
  },
})

const rowsOf = async <Row extends object>(text: string, values: readonly unknown[]): Promise<Row[]> => {
  try {
    return (await getPool().query<Row>(text, [...values])).rows
  } catch (error) {
    throw databaseFault(error)
  }
}

/** Every pooler that is registered, for the observer. */
export const allPoolers = async (): Promise<InventoryPooler[]> =>
  (await rowsOf<PoolerRow>(`${selectPoolers} order by p.title, p.id`, [])).map(poolerOf)

/** Poolers as operations need them. Many targets of one run are looked up at the same moment: they share statements. */
export const makePoolerInventory = (): Pick<InventoryRead, 'pooler' | 'herdPoolers'> => {
  const pooler = makeBatch<string, InventoryPooler | null>(
    async (ids) => {
      const rows = await rowsOf<PoolerRow>(`${selectPoolers} where p.id = any($1::uuid[])`, [ids])
      const found = new Map(rows.map((row) => [row.id, poolerOf(row)]))
      return ids.map((id) => found.get(id) ?? null)
    },
    { max: 500 },
  )
  const herdPoolers = makeBatch<string, InventoryPooler[]>(
    async (herdIds) => {
      const rows = await rowsOf<PoolerRow>(`${selectPoolers} where p.herd_id = any($1::uuid[]) order by p.title, p.id`, [
        [...new Set(herdIds)],
      ])
      return herdIds.map((herdId) => rows.filter((row) => row.herd_id === herdId).map(poolerOf))
    },
    { max: 200 },
  )
  return {
    pooler: async (id) => {
      const found = await pooler(id)
      if (!found) throw new Fault('record.missing', { because: 'The pooler is not registered any more.', id })
      return found
    },
    herdPoolers,
  }
}

export const makePoolerAct = (): Pick<InventoryAct, 'claimPooler' | 'managePooler'> => ({
  claimPooler: async (poolerId) => {
    const [row] = await rowsOf<{ fence: string }>('update poolers set fence = fence + 1 where id = $1 returning fence', [poolerId])
    if (!row) throw new Fault('record.missing', { because: 'The pooler is not registered any more.', id: poolerId })
    return Number(row.fence)
  },
  managePooler: async (poolerId, template) => {
    await rowsOf('update poolers set template = $2, is_managed = $2::text is not null where id = $1', [poolerId, template])
  },
})
