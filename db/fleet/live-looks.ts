import { getPool, listen } from '../pg/client'

/** As long as nobody asks again, workers go on looking for this long. */
const wantedSeconds = 15
/** A worker that died in the middle of a look leaves it to another one so long after the next one was due. */
const claimSeconds = 10

export type LookKind = 'activity' | 'log' | 'settings' | 'statements' | 'health'

/** What is looked at of an instance. */
export interface Look {
  kind: LookKind
  /** What is asked beside, as JSON; '': nothing. */
  question: string
  everySeconds: number
}

/** What was seen of an instance last. */
export interface LookRow<Answer> {
  instanceId: string
  /** When the last look ended, whatever it saw. */
  lookedAt: Date | null
  seenAt: Date | null
  /** Why it saw nothing; null: it did. */
  because: string | null
  answer: Answer | null
}

const readLooks = async <Answer>(ids: readonly string[], { kind, question }: Look): Promise<Map<string, LookRow<Answer>>> => {
  const { rows } = await getPool().query<LookRow<Answer>>(
    `select instance_id as "instanceId", looked_at as "lookedAt", seen_at as "seenAt", because, answer from live_looks
     where kind = $2 and question = $3 and instance_id = any($1::uuid[])`,
    [ids, kind, question],
  )
  return new Map(rows.map((row) => [row.instanceId, row]))
}

/** Asks workers to look at these, for a while. Answers with the database's clock before they can have, and whether a worker was seen lately. */
const want = async (ids: readonly string[], { kind, question, everySeconds }: Look): Promise<{ now: Date; hasWorkers: boolean }> => {
  const { rows } = await getPool().query<{ now: Date; hasWorkers: boolean }>(
    `with wanted as (
       insert into live_looks (instance_id, kind, question, every_seconds, wanted_until)
       select unnest($1::uuid[]), $2, $3, $4::real, now() + interval '${wantedSeconds} seconds'
       on conflict (instance_id, kind, question) do update set wanted_until = excluded.wanted_until
     )
     select now() as now, exists (select from workers where seen_at > now() - interval '15 seconds') as "hasWorkers", pg_notify('looks', '')`,
    [ids, kind, question, everySeconds],
  )
  return rows[0]!
}

/** Where no worker lives, one that is being started gets no longer than this. */
const absentWaitMs = 1_000

/**
 * Has workers look at these instances, and waits for them a while where nobody looked within `freshMs`. What is not fresh then is answered as it was, with
 * why.
 */
export const watchLooks = async <Answer>(
  ids: readonly string[],
  look: Look,
  { freshMs, waitMs, signal }: { freshMs: number; waitMs: number; signal?: AbortSignal },
): Promise<Map<string, LookRow<Answer>>> => {
  if (ids.length === 0) return new Map()
  const { now, hasWorkers } = await want(ids, look)
  const isFresh = (row: LookRow<Answer> | undefined) => row?.lookedAt != null && row.lookedAt.getTime() > now.getTime() - freshMs
  const patience = AbortSignal.timeout(hasWorkers ? waitMs : Math.min(waitMs, absentWaitMs))
  const looks = await untilAll(ids, look, isFresh, AbortSignal.any([patience, ...(signal ? [signal] : [])]))
  const old = hasWorkers ? 'No worker has looked within the last seconds.' : 'No worker answers. Start one, or read its log.'
  return new Map(
    ids.map((instanceId) => {
      const row = looks.get(instanceId) ?? { instanceId, lookedAt: null, seenAt: null, because: null, answer: null }
      return [instanceId, isFresh(row) ? row : { ...row, because: old }]
    }),
  )
}

/** Reads again whenever a look has ended, until all are as wanted, or it is over. */
const untilAll = async <Answer>(
  ids: readonly string[],
  look: Look,
  isFresh: (row: LookRow<Answer> | undefined) => boolean,
  over: AbortSignal,
): Promise<Map<string, LookRow<Answer>>> => {
  const wanted = new Set(ids)
  let wake = () => {}
  const unlisten = await listen('looked', (id) => {
    if (id === '' || wanted.has(id)) wake()
  })
  try {
    for (;;) {
      const ended = new Promise<void>((resolve) => {
        wake = resolve
        over.addEventListener('abort', () => resolve(), { once: true })
      })
      const looks = await readLooks<Answer>(ids, look)
      if (over.aborted || ids.every((one) => isFresh(looks.get(one)))) return looks
      await ended
    }
  } finally {
    unlisten()
  }
}

export type ClaimedLook = Look & { instanceId: string }

/** Those that somebody watches, that are due and that no other worker looks at: they are this one's for a while. */
export const claimLooks = async (max: number): Promise<ClaimedLook[]> => {
  const { rows } = await getPool().query<ClaimedLook>(
    `update live_looks set claimed_until = now() + make_interval(secs => every_seconds + ${claimSeconds})
     where (instance_id, kind, question) in (
       select instance_id, kind, question from live_looks
       where wanted_until > now() and (claimed_until is null or claimed_until < now())
         and (looked_at is null or looked_at < now() - make_interval(secs => every_seconds))
       order by looked_at nulls first limit $1 for update skip locked)
     returning instance_id as "instanceId", kind, question, every_seconds as "everySeconds"`,
    [max],
  )
  return rows
}

/** Ends a claimed look with what was seen, or with why nothing was; what was seen before stays then, with its time. */
export const saveLook = async (
  { instanceId, kind, question }: Omit<ClaimedLook, 'everySeconds'>,
  seen: { answer: unknown } | { because: string },
): Promise<void> => {
  const [answer, because] = 'answer' in seen ? [JSON.stringify(seen.answer), null] : [null, seen.because]
  await getPool().query(
    `with saved as (
       update live_looks set looked_at = now(), claimed_until = null, because = $3, answer = coalesce($2::jsonb, answer),
         seen_at = case when $2::jsonb is null then seen_at else now() end
       where instance_id = $1 and kind = $4 and question = $5 returning instance_id
     )
     select pg_notify('looked', instance_id::text) from saved`,
    [instanceId, answer, because, kind, question],
  )
}
