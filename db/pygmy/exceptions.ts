import { daysIn, readDays, withDay, withoutDay } from '@/lib/domain/pygmy/dates'
import { wholeNumber } from '@/lib/domain/pygmy/number'
import { type Actor, mayAnywhere } from '@/lib/kernel/access/access'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import { resourceByName } from '@/lib/resources'
import { getPool } from '../pg/client'
import { inPgTransaction } from '../pg/transaction'
import { addRecord, changeRecord, deleteRecord } from '../records/records'
import { type Cluster, mustMayRule, readClusters } from './clusters'
import { guarded, takeNumbers } from './numbers'

type Sent = Readonly<Record<string, unknown>>

export interface Exception {
  id: number
  exception_date: string
  clusters: { id: number; value: string }[]
  added_on: string
  updated_on: string
}

interface DayRow {
  id: number
  day: string
  addedAt: Date
  changedAt: Date
}

/** A calendar of one herd that holds all its rules, and has single days in it. */
interface DayCalendar {
  id: string
  herdId: string
  name: string
  dates: string
  revision: number
}

const calendarsOf = (herdIds: readonly string[]): Promise<DayCalendar[]> =>
  guarded(async () => {
    const { rows } = await getPool().query<DayCalendar>(
      `select id, herd_id as "herdId", name, dates, revision from calendars where herd_id = any($1) and holds_down and holds_up order by name, id`,
      [herdIds],
    )
    return rows.filter(({ dates }) => daysIn(dates).length > 0)
  })

const dayRows = (): Promise<DayRow[]> =>
  guarded(async () => {
    const { rows } = await getPool().query<DayRow>(
      `select number as id, day::text, added_at as "addedAt", changed_at as "changedAt" from pygmy_dates order by number`,
    )
    return rows
  })

/** Numbers for days that have none: those that somebody wrote into a calendar in the console. */
const numbered = async (days: readonly string[]): Promise<DayRow[]> => {
  const rows = await dayRows()
  const missing = [...new Set(days)].filter((day) => !rows.some((row) => row.day === day)).sort()
  if (missing.length === 0) return rows
  await inPgTransaction(async (client) => {
    const numbers = await takeNumbers(client, 'exception', missing.length)
    await client.query(`insert into pygmy_dates (number, day) select * from unnest($1::int[], $2::date[]) on conflict do nothing`, [
      numbers,
      missing,
    ])
  })
  return dayRows()
}

/** Every day on which a herd that the actor may see rests wholly, and those without a herd. */
export const readExceptions = async (actor: Actor): Promise<Exception[]> => {
  const clusters = await readClusters(actor)
  const calendars = await calendarsOf(clusters.map(({ herdId }) => herdId))
  const resting = new Map<string, Set<string>>()
  for (const { herdId, dates } of calendars) for (const day of daysIn(dates)) resting.set(day, (resting.get(day) ?? new Set()).add(herdId))
  const rows = await numbered([...resting.keys()])
  const isSomebodyElses = await daysOfOthers(clusters)
  return rows
    .filter(({ day }) => resting.has(day) || !isSomebodyElses.has(day))
    .map(({ id, day, addedAt, changedAt }) => ({
      id,
      exception_date: day,
      clusters: clusters
        .filter(({ herdId }) => resting.get(day)?.has(herdId))
        .map(({ number, name }) => ({ id: number, value: `${name}-(${number})` })),
      added_on: addedAt.toISOString(),
      updated_on: changedAt.toISOString(),
    }))
}

/** Days on which herds rest that the actor may not see. */
const daysOfOthers = async (clusters: readonly Cluster[]): Promise<Set<string>> => {
  const { rows } = await guarded(() =>
    getPool().query<{ dates: string }>(
      `select dates from calendars where herd_id is not null and not herd_id = any($1) and holds_down and holds_up`,
      [clusters.map(({ herdId }) => herdId)],
    ),
  )
  return new Set(rows.flatMap(({ dates }) => daysIn(dates)))
}

const today = (): string => new Date().toISOString().slice(0, 10)

const triesMax = 5

/** Has a herd rest on a day, or no longer; again where somebody else changed its calendar at the same time. */
const setDay = async (actor: Actor, cluster: Cluster, day: string, rests: boolean): Promise<void> => {
  for (let tries = 1; ; tries += 1)
    try {
      return await trySetDay(actor, cluster, day, rests)
    } catch (error) {
      const isRace = ['record.conflict', 'record.duplicate', 'record.missing'].some((code) => isFault(error) && error.code === code)
      if (!isRace || tries === triesMax) throw error
    }
}

const trySetDay = async (actor: Actor, cluster: Cluster, day: string, rests: boolean): Promise<void> => {
  const calendar = resourceByName('calendar')!
  const { herdId, herdName, environmentId } = cluster
  const own = await calendarsOf([herdId])
  const having = own.filter(({ dates }) => daysIn(dates).includes(day))
  if (!rests) {
    for (const { id, dates, revision } of having) {
      const left = withoutDay(dates, day)
      if (left === '') await deleteRecord(actor, calendar, id)
      else await changeRecord(actor, calendar, id, { dates: left }, revision)
    }
    return
  }
  if (having.length > 0) return
  const [first] = own
  if (first) return changeRecord(actor, calendar, first.id, { dates: withDay(first.dates, day, today()) }, first.revision)
  await addRecord(actor, calendar, {
    name: `${herdName} exceptions (${herdId.slice(0, 8)})`.slice(-80),
    environmentId,
    herdId,
    dates: day,
    holdsDown: true,
    holdsUp: true,
    note: 'Came through /v1/api.',
  })
}

const readClusterIds = (sent: unknown, clusters: readonly Cluster[]): Cluster[] => {
  const given = Array.isArray(sent) ? sent : sent === undefined || sent === null ? [] : [sent]
  return given.map((one) => {
    const found = clusters.find(({ number }) => number === wholeNumber(one))
    if (!found) throw new Fault('input.invalid', { because: `There is no cluster ${String(one)}, or you may not see it.` })
    return found
  })
}

const daysOf = (sent: unknown): string[] => {
  const days = readDays(sent)
  if (typeof days === 'string') throw new Fault('input.invalid', { because: days })
  return days
}

const touch = (days: readonly string[]): Promise<void> =>
  guarded(async () => {
    await getPool().query('update pygmy_dates set changed_at = now() where day = any($1::date[])', [days])
  })

/** Adds herds to days. Throws `input.invalid`, `access.denied`. */
export const addExceptions = async (actor: Actor, sent: Sent): Promise<void> => {
  const all = await readClusters(actor)
  const [days, clusters] = [daysOf(sent.dates), readClusterIds(sent.clusterIds, all)]
  for (const cluster of clusters) mustMayRule(actor, cluster)
  if (clusters.length === 0) throw new Fault('input.invalid', { because: 'clusterIds is needed: [2].' })
  await restOn(actor, days, clusters)
}

/** Has herds rest on days. Throws what saving a calendar throws. */
export const restOn = async (actor: Actor, days: readonly string[], clusters: readonly Cluster[]): Promise<void> => {
  for (const cluster of clusters) for (const day of days) await setDay(actor, cluster, day, true)
  await numbered(days)
  await touch(days)
}

const find = async (actor: Actor, number: number): Promise<Exception> => {
  const found = (await readExceptions(actor)).find(({ id }) => id === number)
  if (!found) throw new Fault('record.missing', { because: 'Not found.' })
  return found
}

/** On its own day exactly these herds rest; on other days that are named, these too. It cannot move a day. Throws `record.missing`, `input.invalid`, `access.denied`. */
export const changeException = async (actor: Actor, number: number, sent: Sent): Promise<void> => {
  const own = await find(actor, number)
  const all = await readClusters(actor)
  const [days, clusters] = [daysOf(sent.dates), readClusterIds(sent.clusterIds, all)]
  const before = all.filter((one) => own.clusters.some(({ id }) => id === one.number))
  for (const cluster of [...clusters, ...before]) mustMayRule(actor, cluster)
  if (days.includes(own.exception_date))
    for (const cluster of before) if (!clusters.includes(cluster)) await setDay(actor, cluster, own.exception_date, false)
  for (const cluster of clusters) for (const day of days) await setDay(actor, cluster, day, true)
  await numbered(days)
  await touch(days)
}

/** No herd that the actor may see rests on its day any more. Throws `record.missing`, `access.denied`. */
export const deleteException = async (actor: Actor, number: number): Promise<void> => {
  const own = await find(actor, number)
  if (!mayAnywhere(actor, 'calendar.delete'))
    throw new Fault('access.denied', { because: 'You do not have the permission calendar.delete.' })
  const all = await readClusters(actor)
  const resting = all.filter((one) => own.clusters.some(({ id }) => id === one.number))
  for (const cluster of resting) mustMayRule(actor, cluster)
  for (const cluster of resting) await setDay(actor, cluster, own.exception_date, false)
  if ((await daysOfOthers(all)).has(own.exception_date)) return
  await guarded(() => getPool().query('delete from pygmy_dates where number = $1', [number]))
}
