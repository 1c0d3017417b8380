import type { HostAddress } from '@/lib/ports'
import { getPool } from '../pg/client'

/** A herd that Patroni manages, as whoever hears of promotions needs it. */
export interface FollowedHerd {
  id: string
  name: string
  /** The member that was primary when it was last seen; null: none was. */
  primaryId: string | null
  members: { id: string; title: string; dataDirectory: string; host: HostAddress }[]
}

interface Row {
  herd_id: string
  herd_name: string
  id: string
  title: string
  data_directory: string
  is_primary: boolean
  server_id: string
  environment_id: string
  hostname: string
  address: string
  ssh_port: number
  ssh_user: string
  host_key: string
}

export const followedHerds = async (): Promise<FollowedHerd[]> => {
  const { rows } = await getPool().query<Row>(
    `select h.id as herd_id, h.name as herd_name, i.id, i.title, i.data_directory, i.role = 'primary' as is_primary, s.id as server_id,
       s.environment_id, s.hostname, s.address, s.ssh_port, s.ssh_user, s.host_key
     from instances i join herds h on h.id = i.herd_id join servers s on s.id = i.server_id
     where s.host_key is not null and exists (select from instances o where o.herd_id = h.id and o.manager = 'patroni') order by h.name, i.title`,
  )
  const herds = new Map<string, FollowedHerd>()
  for (const row of rows) {
    const herd = herds.get(row.herd_id) ?? { id: row.herd_id, name: row.herd_name, primaryId: null, members: [] }
    herds.set(row.herd_id, herd)
    if (row.is_primary) herd.primaryId = row.id
    herd.members.push({
      ...{ id: row.id, title: row.title, dataDirectory: row.data_directory },
      host: {
        serverId: row.server_id,
        environmentId: row.environment_id,
        hostname: row.hostname,
        address: row.address,
        port: row.ssh_port,
        user: row.ssh_user,
        hostKey: row.host_key,
      },
    })
  }
  return [...herds.values()]
}
