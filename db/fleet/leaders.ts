import type { HostAddress } from '@/lib/ports'
import { getPool } from '../pg/client'
import type { Queryable } from '../pg/transaction'

/** A herd that Patroni manages, as whoever hears of promotions needs it. */
export interface FollowedHerd {
  id: string
  name: string
  /** The member that was followed last; null: none was yet. */
  primaryId: string | null
  members: { id: string; title: string; dataDirectory: string; host: HostAddress }[]
}

interface Row {
  herd_id: string
  herd_name: string
  id: string
  title: string
  data_directory: string
  is_followed: boolean
  server_id: string
  environment_id: string
  hostname: string
  address: string
  ssh_port: number
  ssh_user: string
  host_key: string
}

/** Herds of which nobody has been followed yet: who is primary there now was there before the console heard of it. */
const beginFollowing = () =>
  getPool().query(
    `insert into followed_leaders (herd_id, primary_id, followed_at)
     select i.herd_id, min(i.id::text)::uuid, now() from instances i
     where i.role = 'primary' and i.state = 'online' and exists (select from instances o where o.herd_id = i.herd_id and o.manager = 'patroni')
       and not exists (select from followed_leaders f where f.herd_id = i.herd_id)
     group by i.herd_id having count(*) = 1 on conflict do nothing`,
  )

/** Says that this member is followed from now on. False: it was said before, by whoever else heard of it. */
export const claimLeader = async (client: Queryable, herdId: string, primaryId: string): Promise<boolean> => {
  const { rowCount } = await client.query(
    `insert into followed_leaders as f (herd_id, primary_id, followed_at) values ($1, $2, now())
     on conflict (herd_id) do update set primary_id = excluded.primary_id, followed_at = excluded.followed_at where f.primary_id <> excluded.primary_id`,
    [herdId, primaryId],
  )
  return rowCount === 1
}

const justSeconds = 60

/** A job of the console's own worked on the herd until just now, and came to its end: it may be what moved the primary. */
export const hasJustWorked = async (herdId: string): Promise<boolean> => {
  const { rowCount } = await getPool().query(
    `select from jobs where herd_id = $1 and operation <> 'follow-leader' and state = 'done' and finished_at > now() - $2 * interval '1 s' limit 1`,
    [herdId, justSeconds],
  )
  return rowCount === 1
}

export const followedHerds = async (): Promise<FollowedHerd[]> => {
  await beginFollowing()
  const { rows } = await getPool().query<Row>(
    `select h.id as herd_id, h.name as herd_name, i.id, i.title, i.data_directory, i.id is not distinct from f.primary_id as is_followed, s.id as server_id,
       s.environment_id, s.hostname, s.address, s.ssh_port, s.ssh_user, s.host_key
     from instances i join herds h on h.id = i.herd_id join servers s on s.id = i.server_id left join followed_leaders f on f.herd_id = h.id
     where s.host_key is not null and exists (select from instances o where o.herd_id = h.id and o.manager = 'patroni') order by h.name, i.title`,
  )
  const herds = new Map<string, FollowedHerd>()
  for (const row of rows) {
    const herd = herds.get(row.herd_id) ?? { id: row.herd_id, name: row.herd_name, primaryId: null, members: [] }
    herds.set(row.herd_id, herd)
    if (row.is_followed) herd.primaryId = row.id
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
