import type { OwnCluster } from '@/lib/domain/replication/own-cluster'
import { databaseDoor, databaseError, databaseFault, getPool } from '../pg/client'

interface OwnRow {
  system_identifier: string
  started_at: Date
  host: string | null
  port: number | null
  came_from: string | null
  synchronous_names: string
  standbys: { name: string; address: string | null }[]
  herds: string[]
}

/** A role without pg_read_all_stats is told the names alone. */
const ownSql = `select (select system_identifier::text from pg_control_system()) as system_identifier, pg_postmaster_start_time() as started_at,
    host(inet_server_addr()) as host, inet_server_port() as port, host(inet_client_addr()) as came_from, current_setting('synchronous_standby_names') as synchronous_names,
    (select coalesce(json_agg(json_build_object('name', application_name, 'address', host(client_addr))), '[]')
       from pg_stat_replication where state is null or state = 'streaming') as standbys,
    (select coalesce(json_agg(distinct herd_id), '[]') from instances
       where system_identifier = (select system_identifier::text from pg_control_system())) as herds`

/** It does not know the question, or not this role: classes of SQLSTATE. */
const undisclosed = new Set(['42', '0A'])

/** Asked anew each time: after a failover of its own cluster the console writes to another server. Throws `database.down`. */
export const readOwnCluster = async (): Promise<OwnCluster> => {
  const { host, port } = databaseDoor()
  const door = { host: host.toLowerCase(), port }
  try {
    const { rows } = await getPool().query<OwnRow>(ownSql)
    const row = rows[0]!
    return {
      systemIdentifier: row.system_identifier,
      startedAt: row.started_at.toISOString(),
      doors: [door, ...(row.host === null || row.port === null ? [] : [{ host: row.host, port: row.port }])],
      synchronousNames: row.synchronous_names,
      standbys: row.standbys,
      from: row.came_from,
      herds: row.herds,
    }
  } catch (error) {
    if (!undisclosed.has(databaseError(error)?.code?.slice(0, 2) ?? '')) throw databaseFault(error)
    return { systemIdentifier: null, startedAt: null, doors: [door], from: null, herds: [], synchronousNames: '', standbys: null }
  }
}

/** Of an instance, or of a herd's members: those that were last seen in the cluster that holds the console's own database, its primary first. Throws `database.down`. */
export const ownMembers = async (instanceOrHerdId: string): Promise<{ title: string; role: string }[]> => {
  const { systemIdentifier } = await readOwnCluster()
  if (systemIdentifier === null) return []
  try {
    const { rows } = await getPool().query<{ title: string; role: string }>(
      `select title, role from instances where system_identifier = $1 and (id = $2 or herd_id = $2) order by role <> 'primary', title`,
      [systemIdentifier, instanceOrHerdId],
    )
    return rows
  } catch (error) {
    throw databaseFault(error)
  }
}
