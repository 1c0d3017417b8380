import { statementShape } from '@/lib/domain/activity/shape'
import {
  type Snapshot,
  type StatementCounters,
  type StatementOrder,
  spentBetween,
  statementFigures,
} from '@/lib/domain/statements/statement'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { runPermission } from '@/lib/kernel/operation/run-permission'
import { uuidPattern } from '@/lib/kernel/resource/terms'
import { runSql } from '@/lib/operations/run-sql'
import type { TopStatement, TopStatements } from '@/lib/shapes/statements'
import { watchLooks } from '../fleet/live-looks'
import { databaseFault, getPool } from '../pg/client'

const statementsLook = { kind: 'statements', question: '', everySeconds: 8 } as const
const patience = { freshMs: 0, waitMs: 15_000 }
const momentsMax = 200
const hourMs = 3_600_000
const shownMax = 60

interface Sample {
  at: Date
  resetAt: string | null
  keys: number[]
  figures: number[]
}

const snapshotOf = ({ resetAt, keys, figures }: Sample): Snapshot => {
  const width = statementFigures.length
  const countersOf = (place: number) =>
    Object.fromEntries(statementFigures.map((name, at) => [name, figures[place * width + at]])) as StatementCounters
  return { resetAt, counters: new Map(keys.map((key, place) => [key, countersOf(place)])) }
}

export interface StatementsQuestion {
  from: string
  to: string
  order: StatementOrder
  isNow: boolean
}

/**
 * The statements that led on an instance between two samples. Whoever may not read data sees what they do, without any value in them. Throws
 * `record.missing`, `input.invalid`, `database.down`.
 */
export const readStatements = async (
  actor: Actor,
  id: string,
  { from, to, order, isNow }: StatementsQuestion,
  signal?: AbortSignal,
): Promise<TopStatements> => {
  if (!uuidPattern.test(id)) throw new Fault('record.missing')
  try {
    const { rows: found } = await getPool().query<{ title: string; environmentId: string }>(
      'select title, environment_id as "environmentId" from instances where id = $1',
      [id],
    )
    const instance = found[0]
    if (instance === undefined || !mayIn(actor, 'instance.view', instance.environmentId)) throw new Fault('record.missing')
    const because = isNow ? (await watchLooks<unknown>([id], statementsLook, { ...patience, signal })).get(id)!.because : null
    const showsStatements = mayIn(actor, runPermission(runSql), instance.environmentId)
    const [{ rows: looks }, { rows: moments }] = await Promise.all([
      getPool().query<{ state: 'seen' | 'not-loaded' | 'not-created'; libraries: string | null; seenAt: Date }>(
        'select state, libraries, seen_at as "seenAt" from statement_looks where instance_id = $1',
        [id],
      ),
      getPool().query<{ at: Date }>(`select at from statement_samples where instance_id = $1 order by at desc limit ${momentsMax}`, [id]),
    ])
    const times = moments.map(({ at }) => at)
    const last = to === '' ? times[0] : momentOf('to', to, times)
    const first = from === 'start' || last === undefined ? undefined : from === '' ? hourBefore(last, times) : momentOf('from', from, times)
    if (first !== undefined && last !== undefined && first >= last)
      throw new Fault('input.invalid', { fields: [{ path: 'from', message: 'is before `to`' }] })
    const [before, after] = await Promise.all([sampleAt(id, first), sampleAt(id, last)])
    const spent = after === null ? [] : spentBetween(before && snapshotOf(before), snapshotOf(after))
    const led = spent.sort((a, b) => b[order] - a[order]).slice(0, shownMax)
    const texts = await textsOf(led.map(({ key }) => key))
    return {
      instanceId: id,
      ...instance,
      state: looks[0]?.state ?? 'unknown',
      libraries: looks[0]?.libraries ?? null,
      seenAt: looks[0]?.seenAt.toISOString() ?? null,
      because,
      showsStatements,
      // Counters that began anew in between are all that there is.
      from: before !== null && before.resetAt === after?.resetAt ? before.at.toISOString() : null,
      to: after?.at.toISOString() ?? null,
      resetAt: after?.resetAt ?? null,
      moments: times.map((at) => at.toISOString()),
      statements: led.flatMap(({ key, ...counters }): TopStatement[] => {
        const known = texts.get(key)
        if (known === undefined) return []
        return [{ ...known, text: showsStatements ? known.text : statementShape(known.text), ...counters }]
      }),
    }
  } catch (error) {
    throw databaseFault(error)
  }
}

const momentOf = (path: string, text: string, times: readonly Date[]): Date => {
  const at = times.find((one) => one.toISOString() === text)
  if (at === undefined) throw new Fault('input.invalid', { fields: [{ path, message: 'is one of `moments`' }] })
  return at
}

/** The sample closest to an hour before; undefined: there is none before. `times`: newest first. */
const hourBefore = (last: Date, times: readonly Date[]): Date | undefined => {
  const wanted = last.getTime() - hourMs
  const away = (at: Date) => Math.abs(at.getTime() - wanted)
  return times.filter((at) => at < last).sort((a, b) => away(a) - away(b))[0]
}

const sampleAt = async (id: string, at: Date | undefined): Promise<Sample | null> =>
  at === undefined
    ? null
    : ((
        await getPool().query<Sample>(
          `select at, reset_at as "resetAt", keys, figures from statement_samples
           where instance_id = $1 and at >= $2::timestamptz and at < $2::timestamptz + interval '1 ms'`,
          [id, at],
        )
      ).rows[0] ?? null)

type Text = Pick<TopStatement, 'queryId' | 'user' | 'database' | 'text'>
const textsOf = async (keys: readonly number[]): Promise<Map<number, Text>> => {
  const { rows } = await getPool().query<Text & { id: number }>(
    'select id, query_id::text as "queryId", user_name as "user", database, text from statement_keys where id = any($1::int[])',
    [keys],
  )
  return new Map(rows.map(({ id, ...text }) => [id, text]))
}
