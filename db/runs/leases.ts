import { Fault } from '@/lib/kernel/ground/errors'
import { databaseFault, getPool } from '../pg/client'
import { inPgTransaction, type Queryable } from '../pg/transaction'

/** A lease that is in force. Times are the database's; ISO. */
export interface HeldLease {
  name: string
  /** Rises each time any lease is taken: a fencing number for the outside. */
  epoch: number
  /** The worker: host and process. */
  holder: string
  /** What it holds it for, in words. */
  reason: string
  jobId: string | null
  /** A person who holds it around work outside the console; null: a worker. */
  owner: string | null
  acquiredAt: string
  expiresAt: string
}

export interface LeaseRequest {
  /** All or none. Two requests of one call must not share a name. */
  names: readonly string[]
  /** Fresh for each request: a holder that sees another token in the row has lost the lease. */
  token: string
  holder: string
  reason: string
  jobId: string | null
  /** Left out: a worker's. */
  owner?: { name: string; personId: string | null }
}

const columns = 'name, epoch, holder, reason, job_id, owner, acquired_at, expires_at'

interface Row {
  name: string
  epoch: string
  holder: string
  reason: string
  job_id: string | null
  owner: string | null
  acquired_at: Date
  expires_at: Date
}

const held = (row: Row): HeldLease => ({
  name: row.name,
  epoch: Number(row.epoch),
  holder: row.holder,
  reason: row.reason,
  jobId: row.job_id,
  owner: row.owner,
  acquiredAt: row.acquired_at.toISOString(),
  expiresAt: row.expires_at.toISOString(),
})

/**
 * Takes leases that nobody holds or whose time is up. Answers, for each token that got nothing, the lease that was in its way.
 * Waits only for transactions that are taking or renewing the same lease at this moment. `ttlMs` in milliseconds.
 */
export const takeLeases = async (client: Queryable, requests: readonly LeaseRequest[], ttlMs: number): Promise<Map<string, HeldLease>> => {
  const refused = new Map<string, HeldLease>()
  if (requests.length === 0) return refused
  const wanted = requests
    .flatMap(({ names, ...rest }) => names.map((name) => ({ name, ...rest })))
    // One order everywhere: two that take the same leases never wait for one another.
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const taken = await client.query<{ token: string; count: number }>(
    `with taken as (
       insert into leases as l (name, token, holder, reason, job_id, owner, person_id, acquired_at, expires_at)
       select name, token, holder, reason, job_id, owner, person_id, clock_timestamp(), clock_timestamp() + $8 * interval '1 millisecond'
         from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::uuid[])
           as w (name, token, holder, reason, job_id, owner, person_id)
       on conflict (name) do update set token = excluded.token, epoch = nextval('lease_epoch'), holder = excluded.holder, reason = excluded.reason,
         job_id = excluded.job_id, owner = excluded.owner, person_id = excluded.person_id, acquired_at = excluded.acquired_at,
         expires_at = excluded.expires_at
         where l.expires_at <= clock_timestamp()
       returning token)
     select token, count(*)::int as count from taken group by token`,
    [
      wanted.map((one) => one.name),
      wanted.map((one) => one.token),
      wanted.map((one) => one.holder),
      wanted.map((one) => one.reason),
      wanted.map((one) => one.jobId),
      wanted.map((one) => one.owner?.name ?? null),
      wanted.map((one) => one.owner?.personId ?? null),
      ttlMs,
    ],
  )
  const counts = new Map(taken.rows.map((row) => [row.token, row.count]))
  const short = requests.filter((request) => (counts.get(request.token) ?? 0) < request.names.length)
  if (short.length === 0) return refused
  const others = await client.query<Row>(`select ${columns} from leases where name = any($1) and token <> all($2)`, [
    short.flatMap((request) => request.names),
    requests.map((request) => request.token),
  ])
  await client.query('delete from leases where token = any($1)', [short.map((request) => request.token)])
  for (const request of short) {
    const other = others.rows.find((row) => request.names.includes(row.name))
    if (!other) throw new Error(`a lease of ${request.names.join(', ')} was refused and nobody holds it`)
    refused.set(request.token, held(other))
  }
  return refused
}

/** Takes one set of leases on its own. Answers the lease in the way, or null when all are held now. */
export const takeLease = async (request: LeaseRequest, ttlMs: number): Promise<HeldLease | null> => {
  const refused = await inPgTransaction((client) => takeLeases(client, [request], ttlMs))
  return refused.get(request.token) ?? null
}

/**
 * Moves the end of everything these tokens hold to `ttlMs` from now, and answers how many leases each still holds. A lease whose time was up but that
 * nobody took meanwhile is still its holder's: the token decides, the time only says when others may take it. The disk is not waited for, since every
 * action waits for this: a renewal that is lost with a crash of the database only ends the lease earlier.
 */
export const renewLeases = async (tokens: readonly string[], ttlMs: number): Promise<Map<string, number>> => {
  if (tokens.length === 0) return new Map()
  try {
    const { rows } = await getPool().query<{ token: string; count: number }>(
      `with mine as (
         select name from leases where token = any($1) and set_config('synchronous_commit', 'off', true) = 'off' order by name for update),
       renewed as (
         update leases set expires_at = clock_timestamp() + $2 * interval '1 millisecond'
         where name in (select name from mine) and token = any($1) returning token)
       select token, count(*)::int as count from renewed group by token`,
      [tokens, ttlMs],
    )
    return new Map(rows.map((row) => [row.token, row.count]))
  } catch (error) {
    throw databaseFault(error)
  }
}

/** Gives back what these tokens hold and answers the names that are free now. What was lost already is not touched. */
export const releaseLeases = async (client: Queryable, tokens: readonly string[]): Promise<string[]> => {
  const { rows } = await client.query<{ name: string }>(
    `with mine as (select name from leases where token = any($1) order by name for update)
     delete from leases where name in (select name from mine) and token = any($1) returning name`,
    [tokens],
  )
  return rows.map((row) => row.name)
}

/**
 * Takes a lease away from its holder, for a person who knows that the holder is gone. Its driver stops at its next line; the job stays open.
 * Throws `record.missing` when nobody holds it.
 */
export const breakLease = async (client: Queryable, name: string): Promise<HeldLease> => {
  const { rows } = await client.query<Row>(`delete from leases where name = $1 returning ${columns}`, [name])
  if (!rows[0]) throw new Fault('record.missing', { because: `There is no lease ${name}.` })
  return held(rows[0])
}

/** Takes a lease away that is of no use to its holder any more; no fault where nobody holds it. */
export const dropLease = async (client: Queryable, name: string): Promise<void> => {
  await client.query('delete from leases where name = $1', [name])
}
