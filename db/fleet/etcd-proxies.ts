import { type EtcdSeen, type EtcdState, judgeEtcd } from '@/lib/domain/managers/etcd'
import { isServed, type ProxySeen } from '@/lib/domain/managers/haproxy'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import type { EtcdPlace, HostAddress } from '@/lib/ports'
import { getPool } from '../pg/client'

/** A herd that Patroni manages, with its members, the one that leads first. */
export interface PatroniHerd {
  id: string
  name: string
  environmentId: string
  places: EtcdPlace[]
}

interface HostRow {
  server_id: string
  environment_id: string
  hostname: string
  address: string
  ssh_port: number
  ssh_user: string
  host_key: string | null
}

const hostColumns = 's.id as server_id, s.environment_id, s.hostname, s.address, s.ssh_port, s.ssh_user, s.host_key'
const hostOf = (row: HostRow): HostAddress => ({
  serverId: row.server_id,
  environmentId: row.environment_id,
  hostname: row.hostname,
  address: row.address,
  port: row.ssh_port,
  user: row.ssh_user,
  hostKey: row.host_key,
})

export const patroniHerds = async (): Promise<PatroniHerd[]> => {
  const { rows } = await getPool().query<HostRow & { herd_id: string; herd_name: string; data_directory: string }>(
    `select h.id as herd_id, h.name as herd_name, i.data_directory, ${hostColumns}
     from instances i join herds h on h.id = i.herd_id join servers s on s.id = i.server_id
     where i.manager = 'patroni' and s.host_key is not null order by h.name, h.id, i.role = 'primary' desc, i.title`,
  )
  const herds = new Map<string, PatroniHerd>()
  for (const row of rows) {
    const one = herds.get(row.herd_id) ?? { id: row.herd_id, name: row.herd_name, environmentId: row.environment_id, places: [] }
    one.places.push({ host: hostOf(row), dataDirectory: row.data_directory })
    herds.set(row.herd_id, one)
  }
  return [...herds.values()]
}

/** Servers on which an HAProxy may be: those of Patroni's herds and of the poolers in front, and those where one was found before. */
export const proxyHosts = async (): Promise<HostAddress[]> => {
  const { rows } = await getPool().query<HostRow>(
    `select distinct ${hostColumns} from servers s where s.host_key is not null and (
       exists (select from instances i where i.server_id = s.id and i.manager = 'patroni')
       or exists (select from poolers p join instances i on i.herd_id = any(p.herd_ids) and i.manager = 'patroni' where p.server_id = s.id)
       or exists (select from proxies x where x.server_id = s.id))
     order by s.hostname`,
  )
  return rows.map(hostOf)
}

export interface EtcdFound {
  environmentId: string
  herds: readonly { id: string; name: string }[]
  /** null: it could not be asked, and why. */
  seen: EtcdSeen | null
  because: string | null
}

/** What was seen, over what was seen before; one that could not be asked is unknown. */
export const keepEtcd = async (found: readonly EtcdFound[], now: Date): Promise<void> => {
  for (const { environmentId, herds, seen, because } of found) {
    const herdIds = herds.map(({ id }) => id)
    if (seen === null || seen.clusterId === null) {
      await getPool().query(
        `update etcd_clusters set state = 'unknown', because = $2 where environment_id = $3 and herd_ids && $1::uuid[] and (state, because) is distinct from ('unknown', $2)`,
        [herdIds, because, environmentId],
      )
      continue
    }
    const verdict: { state: EtcdState; because: string | null } = judgeEtcd(seen, now)
    const up = seen.members.filter(({ isUp }) => isUp)
    const largest = (of: 'databaseBytes' | 'usedBytes') => Math.max(0, ...up.map((one) => one[of] ?? 0)) || null
    const names = herds.map(({ name }) => name)
    await getPool().query(
      `insert into etcd_clusters (environment_id, cluster_id, title, herds, herd_ids, state, because, version, leader, members_up, members_total, alarms,
         database_bytes, used_bytes, certificate_until, seen, observed_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
       on conflict (environment_id, cluster_id) do update set title = excluded.title, herds = excluded.herds, herd_ids = excluded.herd_ids,
         state = excluded.state, because = excluded.because, version = excluded.version, leader = excluded.leader, members_up = excluded.members_up,
         members_total = excluded.members_total, alarms = excluded.alarms, database_bytes = excluded.database_bytes, used_bytes = excluded.used_bytes,
         certificate_until = excluded.certificate_until, seen = excluded.seen, observed_at = excluded.observed_at`,
      [
        environmentId,
        seen.clusterId,
        `etcd of ${names.join(', ')}`.slice(0, 200),
        names,
        herdIds,
        verdict.state,
        verdict.because,
        [...new Set(up.flatMap(({ version }) => version ?? []))].join(', ') || null,
        seen.members.find(({ isLeader }) => isLeader)?.name ?? null,
        up.length,
        seen.members.length,
        [...new Set(seen.alarms.map(({ alarm }) => alarm))],
        largest('databaseBytes'),
        largest('usedBytes'),
        seen.certificates.map(({ until }) => until).toSorted()[0] ?? null,
        JSON.stringify(seen),
        now,
      ],
    )
  }
}

export interface ProxiesFound {
  host: HostAddress
  /** null: the host does not answer, and why. */
  seen: readonly ProxySeen[] | null
  because: string | null
}

const stateOf = ({ state, parts }: ProxySeen): { state: string; because: string | null } => {
  if (state === 'no-socket') return { state, because: 'Its file names no stats socket.' }
  if (state === 'refused') return { state, because: 'The SSH user may not use its stats socket, or it does not answer there.' }
  const empty = parts.filter(({ servers }) => servers.length > 0 && !servers.some(isServed)).map(({ name }) => name)
  return empty.length === 0 ? { state: 'online', because: null } : { state: 'degraded', because: `No server of ${empty.join(', ')} is up.` }
}

/** What was found on these hosts; of what was found there before and is not any more it is said. */
export const keepProxies = async (found: readonly ProxiesFound[], now: Date): Promise<void> => {
  for (const { host, seen, because } of found) {
    const kept = (seen ?? []).map(({ configPath }) => configPath)
    await getPool().query(
      `update proxies set state = $3, because = $4 where server_id = $1 and not config_path = any($2) and (state, because) is distinct from ($3, $4)`,
      [
        host.serverId,
        kept,
        seen === null ? 'unreachable' : 'stopped',
        seen === null ? because : 'No HAProxy with this file runs on the host.',
      ],
    )
    for (const one of seen ?? []) {
      const verdict = stateOf(one)
      const servers = one.parts.flatMap((part) => part.servers)
      await getPool().query(
        `insert into proxies (environment_id, server_id, config_path, title, state, because, version, listens, servers_up, servers_total, sessions, started_at, seen, observed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         on conflict (server_id, config_path) do update set title = excluded.title, state = excluded.state, because = excluded.because, version = excluded.version,
           listens = excluded.listens, servers_up = excluded.servers_up, servers_total = excluded.servers_total, sessions = excluded.sessions,
           started_at = excluded.started_at, seen = excluded.seen, observed_at = excluded.observed_at`,
        [
          host.environmentId,
          host.serverId,
          one.configPath,
          `haproxy on ${host.hostname}`,
          verdict.state,
          verdict.because,
          one.version,
          one.parts.flatMap(({ name, binds }) => binds.map((bind) => `${name} ${bind}`)),
          one.state === 'online' ? servers.filter(isServed).length : null,
          one.state === 'online' ? servers.length : null,
          one.state === 'online' ? one.parts.reduce((sum, { sessions }) => sum + sessions, 0) : null,
          one.uptimeSeconds === null ? null : new Date(now.getTime() - one.uptimeSeconds * 1000),
          JSON.stringify(one),
          now,
        ],
      )
    }
  }
}

/** Herds that use an etcd and that the actor may see. */
export const etcdHerds = async (actor: Actor, id: string): Promise<{ id: string; name: string }[]> => {
  const { rows } = await getPool().query<{ id: string; name: string; environment_id: string }>(
    `select h.id, h.name, h.environment_id from etcd_clusters c join herds h on h.id = any(c.herd_ids) where c.id = $1 order by h.name`,
    [id],
  )
  return rows.filter((row) => mayIn(actor, 'herd.view', row.environment_id)).map(({ id: herdId, name }) => ({ id: herdId, name }))
}
