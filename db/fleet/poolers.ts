import type { Follows, PoolerMember } from '@/lib/domain/poolers/judge'
import { iso } from '@/lib/domain/values/iso'
import { makeBatch } from '@/lib/kernel/ground/batch'
import { Fault } from '@/lib/kernel/ground/errors'
import type {
  CallOptions,
  InventoryAct,
  InventoryPooler,
  InventoryRead,
  PooledDatabase,
  PoolerSeen,
  PoolerStats,
  PoolMode,
} from '@/lib/ports'
import type { PoolerAlarm, PoolerHerd } from '@/lib/shapes/pooler'
import { databaseFault, getPool } from '../pg/client'
import { runWithin } from '../pg/deadline'
import { herdsLedTo } from './pooler-targets'

interface PoolerRow {
  id: string
  title: string
  environment_id: string
  environment_name: string
  herd_id: string
  herd_name: string
  herd_ids: string[]
  herds: string[]
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

const selectPoolers = `select p.id, p.title, p.environment_id, e.name as environment_name, p.herd_id, h.name as herd_name, p.herd_ids, p.herds, p.server_id, p.port,
    p.socket_directory, p.config_path, nullif(p.template, '') as template, p.is_managed, s.hostname, s.address, s.ssh_port, s.ssh_user, s.host_key
  from poolers p join herds h on h.id = p.herd_id join environments e on e.id = p.environment_id join servers s on s.id = p.server_id`

const poolerOf = (row: PoolerRow): InventoryPooler => ({
  id: row.id,
  title: row.title,
  environmentId: row.environment_id,
  environmentName: row.environment_name,
  herdId: row.herd_id,
  herdName: row.herd_name,
  herds: row.herd_ids.map((id, index) => ({ id, name: row.herds[index]! })),
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
/** Those that fall to the observer at this place among all of them. */
export const poolersOf = async ({ index, of }: { index: number; of: number }): Promise<InventoryPooler[]> =>
  (
    await rowsOf<PoolerRow>(`${selectPoolers} where mod(abs(hashtext(p.id::text)::bigint), $2) = $1 order by p.title, p.id`, [index, of])
  ).map(poolerOf)

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
      const rows = await rowsOf<PoolerRow>(`${selectPoolers} where p.herd_ids && $1::uuid[] order by p.title, p.id`, [
        [...new Set(herdIds)],
      ])
      return herdIds.map((herdId) => rows.filter((row) => row.herd_ids.includes(herdId)).map(poolerOf))
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

/** Throws `record.missing`. */
const change = async <Row>(text: string, [poolerId, ...values]: [string, ...unknown[]], options: CallOptions): Promise<Row> => {
  const [row] = await runWithin<Row>(text, [poolerId, ...values], options)
  if (!row) throw new Fault('record.missing', { because: 'The pooler is not registered any more.', id: poolerId })
  return row
}

export const makePoolerAct = (): Pick<InventoryAct, 'claimPooler' | 'managePooler'> => ({
  // From the clock, so that a pooler that was deleted and registered again is given tokens higher than those in its file.
  claimPooler: async (poolerId, options) => {
    const { fence } = await change<{ fence: string }>(
      'update poolers set fence = greatest(fence + 1, extract(epoch from clock_timestamp())::bigint) where id = $1 returning fence',
      [poolerId],
      options,
    )
    return Number(fence)
  },
  managePooler: async (poolerId, template, options) => {
    await change(
      'update poolers set template = $2, is_managed = $2::text is not null where id = $1 returning id',
      [poolerId, template],
      options,
    )
  },
})

/** The members of these herds as they were last seen; one that was not seen for `freshSeconds` is not online. */
export const poolerMembers = async (
  herdIds: readonly string[],
  freshSeconds: number,
): Promise<Map<string, (PoolerMember & { id: string })[]>> => {
  const rows = await rowsOf<PoolerMember & { id: string; herdId: string }>(
    `select i.herd_id as "herdId", i.id, i.title, s.hostname, s.address, i.port, i.server_id as "serverId", i.role = 'primary' as "isPrimary",
       i.state = 'online' and i.observed_at > now() - $2 * interval '1 second' as "isOnline"
     from instances i join servers s on s.id = i.server_id where i.herd_id = any($1::uuid[]) order by i.title`,
    [herdIds, freshSeconds],
  )
  const found = new Map<string, (PoolerMember & { id: string })[]>()
  for (const { herdId, ...member } of rows) found.set(herdId, [...(found.get(herdId) ?? []), member])
  return found
}

/** Of a herd or a server: poolers that are paused, point elsewhere, or cannot be used; of a herd only its own databases. The caller has shown that they may be seen. */
export const poolerAlarms = async (of: 'herd' | 'server', id: string): Promise<PoolerAlarm[]> => {
  const isAlarm = `(one.paused in ('some', 'all') or one.follows = 'stale' or p.state in ('stopped', 'refused', 'unreachable'))`
  const from = of === 'herd' ? 'pooler_herds one join poolers p on p.id = one.pooler_id' : 'poolers p join poolers one on one.id = p.id'
  const rows = await rowsOf<Omit<PoolerAlarm, 'pausedSince' | 'staleSince'> & { pausedSince: Date | null; staleSince: Date | null }>(
    `select p.id, p.title, p.state, coalesce(one.because, p.because) as because, one.paused, one.paused_since as "pausedSince",
       one.stale_since as "staleSince", one.waiting, one.follows, one.target, one.wanted
     from ${from} where ${of === 'herd' ? 'one.herd_id' : 'p.server_id'} = $1 and ${isAlarm} order by p.title limit 20`,
    [id],
  )
  return rows.map((row) => ({ ...row, pausedSince: iso(row.pausedSince), staleSince: iso(row.staleSince) }))
}

/** The one that it was registered with first. The caller has shown that the pooler may be seen: its herds are of one environment with it. */
export const herdsOfPooler = async (poolerId: string): Promise<PoolerHerd[]> => {
  const rows = await rowsOf<Omit<PoolerHerd, 'staleSince'> & { staleSince: Date | null }>(
    `select l.herd_id as "herdId", h.name, l.paused, l.follows, l.because, l.target, l.wanted, l.stale_since as "staleSince"
     from pooler_herds l join herds h on h.id = l.herd_id join poolers p on p.id = l.pooler_id
     where p.id = $1 order by h.id <> p.herd_id, h.name`,
    [poolerId],
  )
  return rows.map((row) => ({ ...row, staleSince: iso(row.staleSince) }))
}

/** Which of these herds the observer must leave alone now: somebody holds the lock, or a job manages the poolers itself. After a failover the poolers must follow at once; a switchover repoints them itself. */
export const lockedHerds = async (herdIds: readonly string[]): Promise<Set<string>> => {
  const rows = await rowsOf<{ id: string }>(
    `select substr(l.name, 6) as id from leases l left join jobs j on j.id = l.job_id
     where l.name = any($1) and l.expires_at > clock_timestamp() and coalesce(j.operation, '') <> 'failover'`,
    [herdIds.map((id) => `herd:${id}`)],
  )
  return new Set(rows.map(({ id }) => id))
}

type Paused = 'no' | 'some' | 'all' | 'unknown'

/** What one look at a pooler gave. */
export interface PoolerRecord {
  id: string
  state: PoolerSeen['state']
  because: string | null
  version: string | null
  poolMode: PoolMode | 'mixed' | null
  paused: Paused
  databases: number | null
  clients: number | null
  waiting: number | null
  longestWaitSeconds: number | null
  target: string | null
  wanted: string | null
  follows: Follows
  seen: (PooledDatabase & {
    /** The herd that it belongs to; null: it points to no known herd. */ herdId: string | null
    pace: PoolerStats | null
  })[]
  herds: PoolerHerdRecord[]
}

/** The same of one of its herds. */
export interface PoolerHerdRecord {
  herdId: string
  databases: number | null
  paused: Paused
  waiting: number | null
  target: string | null
  wanted: string | null
  follows: Follows
  because: string | null
}

/** Keeps what was seen just now, and since when it is paused or points elsewhere; notifies open lists when something is new. */
export const savePoolers = async (records: readonly PoolerRecord[]): Promise<void> => {
  await rowsOf(
    `with seen as (
       update poolers p set state = v.state, because = v.because, version = coalesce(v.version, p.version), pool_mode = coalesce(v."poolMode", p.pool_mode),
         paused = v.paused, paused_since = case when v.paused in ('some', 'all') then coalesce(p.paused_since, now()) end,
         databases = v.databases, clients = v.clients, waiting = v.waiting, longest_wait_seconds = v."longestWaitSeconds", target = v.target,
         wanted = v.wanted, follows = v.follows, stale_since = case when v.follows = 'stale' then coalesce(p.stale_since, now()) end,
         seen = v.seen, observed_at = now()
       from json_to_recordset($1::json) as v (id uuid, state text, because text, version text, "poolMode" text, paused text, databases int, clients int,
         waiting int, "longestWaitSeconds" float8, target text, wanted text, follows text, seen jsonb), poolers was
       where p.id = v.id and was.id = p.id
       returning (was.state, was.because, was.paused, was.follows, was.target, was.clients, was.waiting)
         is distinct from (p.state, p.because, p.paused, p.follows, p.target, p.clients, p.waiting) as is_new
     ), herds as (
       update pooler_herds l set databases = v.databases, paused = v.paused,
         paused_since = case when v.paused in ('some', 'all') then coalesce(l.paused_since, now()) end, waiting = v.waiting, target = v.target,
         wanted = v.wanted, follows = v.follows, because = v.because,
         stale_since = case when v.follows = 'stale' then coalesce(l.stale_since, now()) end
       from json_to_recordset($1::json) as r (id uuid, herds json) cross join lateral json_to_recordset(r.herds) as v ("herdId" uuid, databases int,
         paused text, waiting int, target text, wanted text, follows text, because text)
       where l.pooler_id = r.id and l.herd_id = v."herdId"
     )
     select pg_notify('records', 'pooler') where exists (select from seen where is_new)`,
    [JSON.stringify(records)],
  )
}

/** Databases that point to none of the herds that the pooler is known to serve. */
export interface StrangeDatabase {
  poolerId: string
  host: string | null
  port: number
}

/**
 * From now on the pooler serves the herds of its environment that these point to: those with a member at the address or host name, and the port. Those
 * that it was only seen to serve, and does no more, are forgotten.
 */
export const linkPoolers = async (
  strange: readonly StrangeDatabase[],
  gone: readonly { poolerId: string; herdId: string }[],
): Promise<void> => {
  if (gone.length > 0)
    await rowsOf(
      `delete from pooler_herds l using json_to_recordset($1::json) as v ("poolerId" uuid, "herdId" uuid)
       where l.pooler_id = v."poolerId" and l.herd_id = v."herdId" and not l.is_named`,
      [JSON.stringify(gone)],
    )
  if (strange.length > 0)
    await rowsOf(
      `insert into pooler_herds (pooler_id, herd_id, is_named)
       select distinct p.id, m.herd_id, false
       from json_to_recordset($1::json) as v ("poolerId" uuid, host text, port int) join poolers p on p.id = v."poolerId"
         cross join lateral (${herdsLedTo('p', 'v')}) m
       on conflict do nothing`,
      [JSON.stringify(strange)],
    )
}
