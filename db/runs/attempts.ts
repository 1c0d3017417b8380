import { sql } from 'drizzle-orm'
import { Fault } from '@/lib/kernel/ground/errors'
import { getDb, inTransaction } from '../pg/client'

export interface AttemptLimit {
  /** Who is counted: `from:192.0.2.7`, `pair:otto|192.0.2.7`, `token:192.0.2.7`. */
  key: string
  /** Attempts without a success before a wait begins. */
  free: number
  /** The wait doubles with each further attempt, up to this many seconds. 0: it is only counted. */
  waitSecondsMax: number
  /** Another key of the same call: once that one has used up its own free attempts, one is free here, and the wait after it is the longest at once. */
  strictWith?: string
}

interface AttemptRow extends Record<string, unknown> {
  key: string
  failures: number
  /** Seconds since the count began, and until the wait ends (null: no wait). */
  ageSeconds: number
  waitSeconds: number | null
}

/** A count that began longer ago than this, and is not waiting, starts again. */
const memorySeconds = 15 * 60
const firstWaitSeconds = 2

const isFresh = (row: AttemptRow): boolean => row.failures === 0 || row.ageSeconds > memorySeconds
const countedIn = (row: AttemptRow): number => (isFresh(row) ? 0 : row.failures)

/** The wait that begins with the attempt that makes `failures`. */
const waitAfter = (failures: number, { free, waitSecondsMax }: AttemptLimit, isStrict: boolean): number => {
  if (isStrict) return waitSecondsMax
  const over = failures - free
  return over < 0 ? 0 : Math.min(waitSecondsMax, firstWaitSeconds * 2 ** Math.min(over, 20))
}

/**
 * Counts an attempt **before** the password is looked at, so that a burst of parallel guesses is counted too. `forgetAttempts` and `uncountAttempt`
 * correct it. Throws `auth.throttled` with `retryAfterSeconds`, and then counts nothing: waiting always helps.
 */
export const countAttempt = async (limits: readonly AttemptLimit[]): Promise<void> => {
  const keys = limits.map(({ key }) => key).sort()
  await inTransaction(async (tx) => {
    // It changes nothing of a row that is there, but holds it: one that somebody's success takes away at this moment is made anew.
    await tx.execute(
      sql`insert into login_attempts (key) select unnest(${sql.param(keys)}::text[]) on conflict (key) do update set key = excluded.key where false`,
    )
    const { rows } = await tx.execute<AttemptRow>(
      sql`select key, failures, extract(epoch from now() - first_at)::float8 as "ageSeconds",
            case when blocked_until > clock_timestamp() then extract(epoch from blocked_until - clock_timestamp())::float8 end as "waitSeconds"
          from login_attempts where key = any(${sql.param(keys)}::text[])`,
    )
    const rowOf = (key: string) => rows.find((row) => row.key === key)!
    const wait = Math.max(0, ...rows.map((row) => row.waitSeconds ?? 0))
    // Thrown in here, so that names which were never tried leave no rows either.
    if (wait > 0) throw throttled(Math.ceil(wait))
    for (const limit of limits) {
      const row = rowOf(limit.key)
      const failures = countedIn(row) + 1
      const other = limits.find(({ key }) => key === limit.strictWith)
      const isStrict = other !== undefined && countedIn(rowOf(other.key)) >= other.free
      const seconds = waitAfter(failures, limit, isStrict)
      await tx.execute(
        sql`update login_attempts set failures = ${failures},
              first_at = case when ${isFresh(row)}::boolean then now() else first_at end,
              blocked_until = case when ${seconds}::float8 > 0 then clock_timestamp() + make_interval(secs => ${seconds}::float8) end
            where key = ${limit.key}`,
      )
    }
  })
}

const throttled = (retryAfterSeconds: number) =>
  new Fault('auth.throttled', { because: `Too many attempts. Try again in ${retryAfterSeconds} s.`, retryAfterSeconds })

/** Takes back the one attempt that was counted, because it was none: a success, or nobody could look at the password. Other attempts stay counted. */
export const uncountAttempt = async (limits: readonly AttemptLimit[]): Promise<void> => {
  // One after the other: each is a row of its own, and two calls must not lock them in different orders.
  for (const { key, free } of limits)
    await getDb().execute(
      sql`update login_attempts set failures = greatest(failures - 1, 0), blocked_until = case when failures > ${free}::int then blocked_until end where key = ${key}`,
    )
}

/** After a success: these counts are over. */
export const forgetAttempts = async (keys: readonly string[]): Promise<void> => {
  await getDb().execute(sql`delete from login_attempts where key = any(${sql.param([...keys])}::text[])`)
}
