import type { ManagedBy } from '@/lib/domain/managers/manager'
import { makeBatch } from '@/lib/kernel/ground/batch'
import { Fault } from '@/lib/kernel/ground/errors'
import type { HostAddress, InventoryInstance, InventoryRead, InventoryServer } from '@/lib/ports'
import { type PlatformProfileName, packagedSockets } from '@/lib/ports/addresses'
import { databaseFault, getPool } from '../pg/client'
import { blueprintInventory } from './blueprints'
import { clusterStanding } from './clusters'
import { makeNameInventory } from './dns-names'
import { readStanding } from './herd-members'
import { makeMachineInventory } from './machine-inventory'
import { readOwnCluster } from './own-cluster'
import { makePoolerInventory } from './poolers'
import { herdIn } from './registering'

interface ServerRow {
  server_id: string
  server_environment_id: string
  server_environment_name: string
  hostname: string
  address: string
  ssh_port: number
  ssh_user: string
  host_key: string | null
  profile: string
  endpoint_user: string | null
  uses_iam_token: boolean
}

interface InstanceRow extends ServerRow {
  id: string
  title: string
  environment_id: string
  environment_name: string
  herd_id: string
  herd_name: string
  base_name: string
  port: number
  data_directory: string
  socket_directory: string | null
  version: string | null
  system_identifier: string | null
  replication_user: string
  replication_options: string
  manager: ManagedBy
  manager_seen_at: Date | null
}

const serverColumns = `s.id as server_id, s.environment_id as server_environment_id, se.name as server_environment_name, s.hostname, s.address,
  s.ssh_port, s.ssh_user, s.host_key, s.profile, s.endpoint_user, s.uses_iam_token`

const selectInstances = `select ${serverColumns}, i.id, i.title, i.environment_id, e.name as environment_name, h.id as herd_id, h.name as herd_name,
    h.base_name, i.port, i.data_directory, i.socket_directory, i.version, coalesce(h.system_identifier, i.system_identifier) as system_identifier,
    h.replication_user, h.replication_options, i.manager, i.manager_seen_at
  from instances i join herds h on h.id = i.herd_id join environments e on e.id = i.environment_id
    join servers s on s.id = i.server_id join environments se on se.id = s.environment_id`

const selectServers = `select ${serverColumns} from servers s join environments se on se.id = s.environment_id`

/** Debian's tools name a cluster by major version and name, and lay it out the same way: `/var/lib/postgresql/15/shop`. */
const debianLayout = /\/(\d+(?:\.\d+)?)\/([^/]+)\/*$/

/** `15.18` is of major 15; before 10 the major had two numbers. */
const majorOf = (version: string | null): string | null => {
  const match = /^(\d+)(?:\.(\d+))?/.exec(version ?? '')
  if (!match) return null
  return Number(match[1]) >= 10 ? match[1]! : `${match[1]}.${match[2] ?? 0}`
}

const hostOf = (row: ServerRow): HostAddress => ({
  serverId: row.server_id,
  environmentId: row.server_environment_id,
  hostname: row.hostname,
  address: row.address,
  port: row.ssh_port,
  user: row.profile === 'rds' ? (row.endpoint_user ?? 'postgres') : row.ssh_user,
  hostKey: row.host_key,
  ...(row.profile === 'rds' ? { endpoint: { usesIamToken: row.uses_iam_token } } : {}),
})

const instanceOf = (row: InstanceRow): InventoryInstance => {
  const layout = debianLayout.exec(row.data_directory)
  return {
    id: row.id,
    title: row.title,
    environmentId: row.environment_id,
    environmentName: row.environment_name,
    herdId: row.herd_id,
    herdName: row.herd_name,
    serverId: row.server_id,
    systemIdentifier: row.system_identifier,
    replication: { user: row.replication_user, options: row.replication_options },
    ...(row.manager_seen_at === null ? {} : { manager: { by: row.manager, seenAt: row.manager_seen_at.toISOString() } }),
    address: {
      instanceId: row.id,
      herdId: row.herd_id,
      host: hostOf(row),
      clusterName: layout?.[2] ?? row.base_name,
      major: layout?.[1] ?? majorOf(row.version),
      port: row.port,
      dataDirectory: row.data_directory,
      socketDirectory: row.socket_directory ?? packagedSockets,
      profile: row.profile as PlatformProfileName,
      binDirectory: null,
    },
  }
}

const serverOf = (row: ServerRow): InventoryServer => ({
  id: row.server_id,
  title: row.hostname,
  environmentId: row.server_environment_id,
  environmentName: row.server_environment_name,
  profile: row.profile,
  address: hostOf(row),
})

const rowsOf = async <Row extends object>(text: string, ids: readonly string[]): Promise<Row[]> => {
  try {
    return (await getPool().query<Row>(text, [ids])).rows
  } catch (error) {
    throw databaseFault(error)
  }
}

/** Many targets of one run are looked up at the same moment: they share statements. */
export const makeInventory = (): InventoryRead => {
  const instance = makeBatch<string, InventoryInstance | null>(
    async (ids) => {
      const rows = await rowsOf<InstanceRow>(`${selectInstances} where i.id = any($1::uuid[])`, ids)
      const found = new Map(rows.map((row) => [row.id, instanceOf(row)]))
      return ids.map((id) => found.get(id) ?? null)
    },
    { max: 500 },
  )
  const members = makeBatch<string, InventoryInstance[]>(
    async (herdIds) => {
      const rows = await rowsOf<InstanceRow>(`${selectInstances} where i.herd_id = any($1::uuid[]) order by i.title, i.id`, [
        ...new Set(herdIds),
      ])
      return herdIds.map((herdId) => rows.filter((row) => row.herd_id === herdId).map(instanceOf))
    },
    { max: 200 },
  )
  const server = makeBatch<string, InventoryServer | null>(
    async (ids) => {
      const rows = await rowsOf<ServerRow>(`${selectServers} where s.id = any($1::uuid[])`, ids)
      const found = new Map(rows.map((row) => [row.server_id, serverOf(row)]))
      return ids.map((id) => found.get(id) ?? null)
    },
    { max: 500 },
  )
  const known = async (id: string): Promise<InventoryInstance> => {
    const found = await instance(id)
    if (!found) throw new Fault('record.missing', { because: 'The instance is not registered any more.', id })
    return found
  }
  return {
    instance: known,
    herdInstances: members,
    clusterStanding,
    server: async (id) => {
      const found = await server(id)
      if (!found) throw new Fault('record.missing', { because: 'The server is not registered any more.', id })
      return found
    },
    ...blueprintInventory,
    ...makeMachineInventory(known),
    ...makeNameInventory(),
    ...makePoolerInventory(),
    herdIn,
    herdStanding: readStanding,
    ownCluster: readOwnCluster,
  }
}
