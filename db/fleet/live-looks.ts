import type { Activity } from '@/lib/domain/activity/session'
import { statementShape } from '@/lib/domain/activity/shape'
import { iso } from '@/lib/domain/values/iso'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { runPermission } from '@/lib/kernel/operation/run-permission'
import { uuidPattern } from '@/lib/kernel/resource/terms'
import { runSql } from '@/lib/operations/run-sql'
import type { MemberActivity } from '@/lib/shapes/activity'
import { getPool, listen } from '../pg/client'

/** As long as nobody asks again, workers go on looking for this long. */
const wantedSeconds = 15
/** A worker that died in the middle of a look leaves it to another one after this long. */
const claimSeconds = 12
const lookEverySeconds = 1.8
/** What is younger is answered at once, without waiting for the next look. */
const freshMs = 2_500
const waitMs = 6_000

interface Watched {
  id: string
  title: string
  environmentId: string
}

/** Throws `record.missing` for what is not there or not in reach. */
const watchedOf = async (actor: Actor, by: 'id' | 'herd_id', id: string): Promise<Watched[]> => {
  if (!uuidPattern.test(id)) throw new Fault('record.missing')
  const { rows } = await getPool().query<Watched>(
    `select id, title, environment_id as "environmentId" from instances where ${by} = $1 order by title`,
    [id],
  )
  const seen = rows.filter(({ environmentId }) => mayIn(actor, 'instance.view', environmentId))
  if (by === 'id' ? seen.length === 0 : seen.length === 0 && !(await isHerdInReach(actor, id))) throw new Fault('record.missing')
  return seen
}

const isHerdInReach = async (actor: Actor, herdId: string): Promise<boolean> => {
  const { rows } = await getPool().query<{ environmentId: string }>('select environment_id as "environmentId" from herds where id = $1', [
    herdId,
  ])
  return rows[0] !== undefined && mayIn(actor, 'herd.view', rows[0].environmentId)
}

interface Row {
  instanceId: string
  lookedAt: Date | null
  seenAt: Date | null
  because: string | null
  answer: Activity | null
}

const readLooks = async (ids: readonly string[]): Promise<Map<string, Row>> => {
  const { rows } = await getPool().query<Row>(
    `select instance_id as "instanceId", looked_at as "lookedAt", seen_at as "seenAt", because, answer from live_looks
     where kind = 'activity' and instance_id = any($1::uuid[])`,
    [ids],
  )
  return new Map(rows.map((row) => [row.instanceId, row]))
}

/** Asks workers to look at these, for a while. Answers with the database's clock before they can have. */
const want = async (ids: readonly string[]): Promise<Date> => {
  const { rows } = await getPool().query<{ now: Date }>(
    `with wanted as (
       insert into live_looks (instance_id, kind, wanted_until)
       select unnest($1::uuid[]), 'activity', now() + interval '${wantedSeconds} seconds'
       on conflict (instance_id, kind) do update set wanted_until = excluded.wanted_until
     )
     select now() as now, pg_notify('looks', '')`,
    [ids],
  )
  return rows[0]!.now
}

/**
 * What the sessions of an instance, or of the members of a herd, do now: workers are asked to look, and are waited for a few seconds where nobody looked
 * lately. Whoever may not read data sees what statements do, without the values in them. Throws `record.missing`.
 */
export const watchActivity = async (actor: Actor, by: 'instance' | 'herd', id: string, signal?: AbortSignal): Promise<MemberActivity[]> => {
  const members = await watchedOf(actor, by === 'instance' ? 'id' : 'herd_id', id)
  const ids = members.map((member) => member.id)
  if (ids.length === 0) return []
  const now = await want(ids)
  const isFresh = (row: Row | undefined) => row?.lookedAt != null && row.lookedAt.getTime() > now.getTime() - freshMs
  const looks = await untilAll(ids, isFresh, signal)
  return members.map(({ id: instanceId, title, environmentId }) => {
    const look = looks.get(instanceId)
    const showsStatements = mayIn(actor, runPermission(runSql), environmentId)
    const because = isFresh(look) ? look!.because : 'No worker has looked within the last seconds.'
    const activity = look?.answer ?? null
    return {
      instanceId,
      title,
      environmentId,
      seenAt: look?.seenAt ? iso(look.seenAt) : null,
      because,
      showsStatements,
      activity: activity === null || showsStatements ? activity : withoutValues(activity),
    }
  })
}

const withoutValues = (activity: Activity): Activity => ({
  ...activity,
  sessions: activity.sessions.map((one) => ({ ...one, statement: one.statement === null ? null : statementShape(one.statement) })),
})

/** Reads again whenever a look has ended, until all are as wanted, or time is up. */
const untilAll = async (
  ids: readonly string[],
  isFresh: (row: Row | undefined) => boolean,
  signal?: AbortSignal,
): Promise<Map<string, Row>> => {
  const wanted = new Set(ids)
  let wake = () => {}
  const unlisten = await listen('looked', (id) => {
    if (id === '' || wanted.has(id)) wake()
  })
  const over = AbortSignal.any([AbortSignal.timeout(waitMs), ...(signal ? [signal] : [])])
  try {
    for (;;) {
      const ended = new Promise<void>((resolve) => {
        wake = resolve
        over.addEventListener('abort', () => resolve(), { once: true })
      })
      const looks = await readLooks(ids)
      if (over.aborted || ids.every((one) => isFresh(looks.get(one)))) return looks
      await ended
    }
  } finally {
    unlisten()
  }
}

/** Those that somebody watches, that are due and that no other worker looks at: they are this one's for a few seconds. */
export const claimLooks = async (max: number): Promise<string[]> => {
  const { rows } = await getPool().query<{ id: string }>(
    `update live_looks set claimed_until = now() + interval '${claimSeconds} seconds'
     where (instance_id, kind) in (
       select instance_id, kind from live_looks
       where wanted_until > now() and kind = 'activity' and (claimed_until is null or claimed_until < now())
         and (looked_at is null or looked_at < now() - interval '${lookEverySeconds} seconds')
       order by looked_at nulls first limit $1 for update skip locked)
     returning instance_id as id`,
    [max],
  )
  return rows.map(({ id }) => id)
}

/** Ends a claimed look with what was seen, or with why nothing was; what was seen before stays then, with its time. */
export const saveLook = async (instanceId: string, seen: { answer: Activity } | { because: string }): Promise<void> => {
  const [answer, because] = 'answer' in seen ? [JSON.stringify(seen.answer), null] : [null, seen.because]
  await getPool().query(
    `with saved as (
       update live_looks set looked_at = now(), claimed_until = null, because = $3, answer = coalesce($2::jsonb, answer),
         seen_at = case when $2::jsonb is null then seen_at else now() end
       where instance_id = $1 and kind = 'activity' returning instance_id
     )
     select pg_notify('looked', instance_id::text) from saved`,
    [instanceId, answer, because],
  )
}
