import { sql } from 'drizzle-orm'
import { Fault } from '@/lib/kernel/ground/errors'
import { getDb, inTransaction } from '../pg/client'

export interface AttemptLimit {
  /** Who is counted: `user:otto`, `from:192.0.2.7`, `token:192.0.2.7`. */
  key: string
  /** Attempts without a success before a wait begins. */
  free: number
  /** The wait doubles with each further attempt, up to this many seconds. */
  waitSecondsMax: number
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

/** The count after one more attempt, and the wait that then begins. */
export const afterAttempt = (row: AttemptRow, limit: AttemptLimit): { failures: number; isFresh: boolean; waitSeconds: number } => {
  const isFresh = row.failures === 0 || row.ageSeconds > memorySeconds
  const failures = isFresh ? 1 : row.failures + 1
  const over = failures - limit.free
  return { failures, isFresh, waitSeconds: over < 0 ? 0 : Math.min(limit.waitSecondsMax, firstWaitSeconds * 2 ** Math.min(over, 20)) }
}

/**
 * Counts an attempt **before** the password is looked at, so that a burst of parallel guesses is counted too. A success takes it back with
 * `forgetAttempts`. Throws `auth.throttled` with `retryAfterSeconds`, and then counts nothing: waiting always helps.
 */
export const countAttempt = async (limits: readonly AttemptLimit[]): Promise<void> => {
  const keys = limits.map(({ key }) => key).sort()
  const waitSeconds = await inTransaction(async (tx) => {
    await tx.execute(sql`insert into login_attempts (key) select unnest(${sql.param(keys)}::text[]) on conflict do nothing`)
    const { rows } = await tx.execute<AttemptRow>(
      sql`select key, failures, extract(epoch from now() - first_at)::float8 as "ageSeconds",
            case when blocked_until > clock_timestamp() then extract(epoch from blocked_until - clock_timestamp())::float8 end as "waitSeconds"
          from login_attempts where key = any(${sql.param(keys)}::text[]) order by key for update`,
    )
    const wait = Math.max(0, ...rows.map((row) => row.waitSeconds ?? 0))
    if (wait > 0) return wait
    for (const limit of limits) {
      const next = afterAttempt(rows.find((row) => row.key === limit.key)!, limit)
      await tx.execute(
        sql`update login_attempts set failures = ${next.failures},
              first_at = case when ${next.isFresh}::boolean then now() else first_at end,
              blocked_until = case when ${next.waitSeconds}::float8 > 0 then clock_timestamp() + make_interval(secs => ${next.waitSeconds}::float8) end
            where key = ${limit.key}`,
      )
    }
    return 0
  })
  if (waitSeconds > 0) {
    const retryAfterSeconds = Math.ceil(waitSeconds)
    throw new Fault('auth.throttled', { because: `Too many attempts. Try again in ${retryAfterSeconds} s.`, retryAfterSeconds })
  }
}

/** After a success: the name is forgotten; the address keeps its count of other failures, less this attempt. */
export const forgetAttempts = async (userKey: string | null, addressKey: string): Promise<void> => {
  if (userKey !== null) await getDb().execute(sql`delete from login_attempts where key = ${userKey}`)
  await getDb().execute(sql`update login_attempts set failures = greatest(failures - 1, 0), blocked_until = null where key = ${addressKey}`)
}
