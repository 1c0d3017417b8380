import type { Activity } from '@/lib/domain/activity/session'
import { statementShape } from '@/lib/domain/activity/shape'
import type { LogQuestion, LogSeen } from '@/lib/domain/server-log/entry'
import { countMemberErrors, mergeLogs } from '@/lib/domain/server-log/merge'
import { iso } from '@/lib/domain/values/iso'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { runPermission } from '@/lib/kernel/operation/run-permission'
import { uuidPattern } from '@/lib/kernel/resource/terms'
import { runSql } from '@/lib/operations/run-sql'
import type { MemberActivity } from '@/lib/shapes/activity'
import { type HerdLog, herdEntriesMax, type ServerLog } from '@/lib/shapes/server-log'
import { getPool } from '../pg/client'
import { writeOften } from '../trail/folds'
import { watchLooks } from './live-looks'

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

const activityLook = { kind: 'activity', question: '', everySeconds: 1.8 } as const
/** What is younger is answered at once, without waiting for the next look. */
const freshMs = 2_500
const waitMs = 6_000

/**
 * What the sessions of an instance, or of the members of a herd, do now: workers are asked to look, and are waited for a few seconds where nobody looked
 * lately. Whoever may not read data sees what statements do, without the values in them. Throws `record.missing`.
 */
export const watchActivity = async (actor: Actor, by: 'instance' | 'herd', id: string, signal?: AbortSignal): Promise<MemberActivity[]> => {
  const members = await watchedOf(actor, by === 'instance' ? 'id' : 'herd_id', id)
  const looks = await watchLooks<Activity>(
    members.map((member) => member.id),
    activityLook,
    { freshMs, waitMs, signal },
  )
  return members.map(({ id: instanceId, title, environmentId }) => {
    const { seenAt, because, answer } = looks.get(instanceId)!
    const showsStatements = mayIn(actor, runPermission(runSql), environmentId)
    return {
      instanceId,
      title,
      environmentId,
      seenAt: seenAt && iso(seenAt),
      because,
      showsStatements,
      activity: answer === null || showsStatements ? answer : withoutValues(answer),
    }
  })
}

const withoutValues = (activity: Activity): Activity => ({
  ...activity,
  sessions: activity.sessions.map((one) => ({ ...one, statement: one.statement === null ? null : statementShape(one.statement) })),
})

/** A search through all files takes its time, and what was found stays true a while. */
const searching = { everySeconds: 20, freshMs: 60_000, waitMs: 30_000 }

/**
 * The end of an instance's log, or what is found in it, read by a worker now. Messages hold values and statements, so it is for those who may read data;
 * that they read it is in the audit log. Throws `record.missing`, `access.denied`.
 */
export const watchLog = async (actor: Actor, id: string, question: LogQuestion, signal?: AbortSignal): Promise<ServerLog> => {
  const [instance] = await watchedOf(actor, 'id', id)
  const { title, environmentId } = instance!
  await noteReading(actor, { resource: 'instance', id, title, environmentId }, question)
  const { seenAt, because, answer } = (await lookAtLogs([id], question, signal)).get(id)!
  return { instanceId: id, title, environmentId, seenAt: seenAt && iso(seenAt), because, log: answer }
}

interface Read {
  resource: 'instance' | 'herd'
  id: string
  title: string
  environmentId: string
}

/** Throws `access.denied`. */
const noteReading = async (actor: Actor, { resource, id, title, environmentId }: Read, { words }: LogQuestion): Promise<void> => {
  if (!mayIn(actor, runPermission(runSql), environmentId))
    throw new Fault('access.denied', { because: 'A log holds statements and values: it is for those who may run SQL here.' })
  const detail = words ? { detail: { words } } : {}
  await writeOften(actor, { act: `${resource}.read-log`, resource, objectId: id, title, environmentId, ...detail }, `${id} ${words}`)
}

const lookAtLogs = (ids: readonly string[], { words, level, isDeep }: LogQuestion, signal?: AbortSignal) => {
  const { everySeconds, ...patience } = isDeep ? searching : { everySeconds: activityLook.everySeconds, freshMs, waitMs }
  return watchLooks<LogSeen>(ids, { kind: 'log', question: JSON.stringify([words, level, isDeep]), everySeconds }, { ...patience, signal })
}

/**
 * The same of all members of a herd at once, as one log. A member that cannot be read holds no other up beyond the few seconds, and says why. Throws as
 * `watchLog` does.
 */
export const watchHerdLog = async (actor: Actor, id: string, question: LogQuestion, signal?: AbortSignal): Promise<HerdLog> => {
  const members = await watchedOf(actor, 'herd_id', id)
  const { rows } = await getPool().query<{ title: string; environmentId: string }>(
    'select name as title, environment_id as "environmentId" from herds where id = $1',
    [id],
  )
  const { title, environmentId } = rows[0]!
  await noteReading(actor, { resource: 'herd', id, title, environmentId }, question)
  const looks = await lookAtLogs(
    members.map((member) => member.id),
    question,
    signal,
  )
  const logs = members.map((member) => ({ ...member, ...looks.get(member.id)! }))
  const merged = mergeLogs(logs.map((one) => ({ instanceId: one.id, title: one.title, entries: one.answer?.entries ?? [] })))
  const entries = merged.slice(-herdEntriesMax)
  return {
    ...{ herdId: id, title, environmentId },
    members: logs.map(({ id: instanceId, seenAt, because, answer, ...one }) => ({
      ...{ instanceId, title: one.title, seenAt: seenAt && iso(seenAt), because },
      ...{ file: answer?.file ?? null, writtenAt: answer?.writtenAt ?? null, searchedBytes: answer?.searchedBytes ?? 0 },
      count: answer?.entries.length ?? 0,
    })),
    entries,
    hasMore: merged.length > entries.length || logs.some(({ answer }) => answer?.hasMore === true),
    errors: countMemberErrors(entries),
  }
}

/** As `watchLog` wrote it. */
export const readLogQuestion = (text: string): LogQuestion => {
  const [words, level, isDeep] = JSON.parse(text) as [string, LogQuestion['level'], boolean]
  return { words, level, isDeep }
}
