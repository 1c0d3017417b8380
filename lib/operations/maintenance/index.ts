import { z } from 'zod'
import { lockWords, type MaintainedTable, type MaintenanceWork } from '@/lib/domain/maintenance/work'
import { formatBytes } from '@/lib/domain/values/bytes'
import { counted } from '@/lib/domain/values/counted'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse } from '@/lib/kernel/operation/verdict'
import type { Plain } from '../facts/instance'
import { aboutInstance, firmInstance, instanceNow } from '../facts/instance-head'
import { acceptsConnections } from '../gates/seen'
import { gatherUpkeep, type Upkeep } from './facts'
import * as gates from './gates'
import { common, limits, tableNames } from './input'
import { tablesLeft } from './left'
import { maintain } from './maintain'

type Options = { freeze: boolean; analyze: boolean; truncate: boolean; minimumAge: number; skipWithinHours: number }
type Table = Plain<MaintainedTable>
type TableFacts = Upkeep<MaintainedTable> & { options: Options; at: string }

const hourMs = 3_600_000

const skipWithinHours = z.int().min(0).max(8760).default(0).meta({
  title: 'Leave out what was done within (hours)',
  description: 'By hand or by autovacuum. 0: nothing is left out. After a run that failed or was cancelled it takes what is left.',
})

/** Within the hours that a person gave. A freezing vacuum is no autovacuum’s. */
const isRecent = ({ options: { skipWithinHours: hours, freeze }, at }: TableFacts, byHand: string | null, auto: string | null): boolean => {
  const since = new Date(Date.parse(at) - hours * hourMs).toISOString()
  return hours > 0 && [byHand, freeze ? null : auto].some((one) => one !== null && one >= since)
}

/** Those that are taken: old enough, and not done a moment ago. Of a freezing vacuum the oldest first, else the smallest. */
const taken =
  (isAnalyze: boolean) =>
  (facts: TableFacts): Table[] =>
    facts.objects
      .filter((one) => one.age >= facts.options.minimumAge)
      .filter((one) =>
        isAnalyze ? !isRecent(facts, one.analyzedAt, one.autoanalyzedAt) : !isRecent(facts, one.vacuumedAt, one.autovacuumedAt),
      )
      .sort((a, b) => (facts.options.freeze ? b.age - a.age : a.bytes - b.bytes))

const vacuumWork = ({ options: { freeze, analyze, truncate } }: TableFacts): MaintenanceWork => ({
  deed: 'vacuum',
  freeze,
  analyze,
  truncate,
})

const deadShare = ({ deadRows, liveRows }: Table): number => (deadRows === 0 ? 0 : deadRows / (deadRows + liveRows))
/** By the share of its rows that are dead, as if all were of one size. */
const reusableBytes = (table: Table): number => Math.round(table.bytes * deadShare(table))

const dayWords = (at: string | null, auto: string | null): string => {
  const [last] = [at, auto]
    .filter((one) => one !== null)
    .sort()
    .reverse()
  return last === undefined ? 'never' : last.slice(0, 16).replace('T', ' ')
}

const vacuumWords = (table: Table): string =>
  [
    formatBytes(table.bytes),
    `${Math.round(deadShare(table) * 100)} % dead rows${reusableBytes(table) > 0 ? ` (about ${formatBytes(reusableBytes(table))} reusable after it)` : ''}`,
    `oldest row ${table.age.toLocaleString('en')} transactions old`,
    `last vacuum ${dayWords(table.vacuumedAt, table.autovacuumedAt)}`,
  ].join(', ')

const analyzeWords = (table: Table): string =>
  `${formatBytes(table.bytes)}, about ${Number(table.liveRows).toLocaleString('en')} rows, last analyze ${dayWords(table.analyzedAt, table.autoanalyzedAt)}`

const leavesSome =
  (isAnalyze: boolean) =>
  (facts: TableFacts): Verdict => {
    const left = facts.objects.length - taken(isAnalyze)(facts).length
    if (left === 0) return pass
    const words = `${counted(left, 'table')} ${left === 1 ? 'is' : 'are'} left out: younger than the minimum age, or done a moment ago.`
    return left === facts.objects.length ? refuse(words) : passBecause(words)
  }

const firm = (facts: TableFacts) => ({
  ...firmInstance(facts),
  because: facts.because,
  objects: facts.objects.map(({ oid, schema, name }) => `${oid} ${schema}.${name}`),
})
const lasting = ({ instance, probe }: TableFacts) => ({ id: instance.id, role: probe.role, systemIdentifier: probe.systemIdentifier })

const gathered = (options: Options, facts: Upkeep<MaintainedTable>, now: Date): TableFacts => ({ ...facts, options, at: now.toISOString() })

const vacuumInput = z.strictObject({
  ...common,
  tables: tableNames,
  freeze: z
    .boolean()
    .default(false)
    .meta({ title: 'Freeze', description: 'Freezes all rows, against wraparound. Reads more of the table and writes more WAL.' }),
  analyze: z.boolean().default(true).meta({ title: 'Analyze', description: 'Also collects statistics for the planner.' }),
  truncate: z.boolean().default(false).meta({
    title: 'Return empty pages to the file system',
    description: 'Truncates the end of the file, under ACCESS EXCLUSIVE for a moment. Always so before PostgreSQL 12.',
  }),
  minimumAge: z.int().min(0).max(2_100_000_000).default(0).meta({
    title: 'Minimum age (transactions)',
    description: 'Takes only tables whose oldest row is at least as old. 0: all.',
  }),
  skipWithinHours,
  ...limits,
})

export const vacuum = defineOperation({
  name: 'vacuum',
  on: 'instance',
  role: 'operator',
  title: 'Vacuum tables',
  verb: 'Vacuum',
  danger: 'routine',
  input: vacuumInput,
  help: [
    'Runs VACUUM on tables of one database, one after the other: the space of dead rows can be used again. With FREEZE it also keeps transaction ids from wrapping around. Tables are named, or chosen by patterns.',
    'The plan names each table with its size, its dead rows and its age, the lock it takes, and old transactions that keep it from cleaning up. While it runs, the progress of each is shown.',
    'It can be cancelled at any moment: the session that runs it is cancelled. After the death of a worker it goes on where it was: what was vacuumed is not vacuumed again.',
    'VACUUM FULL is not offered: it locks the table against everybody for as long as it takes.',
  ],
  gather: async (
    ports,
    { tables, freeze, analyze, truncate, minimumAge, skipWithinHours: hours, ...given },
    context,
  ): Promise<TableFacts> =>
    gathered(
      { freeze, analyze, truncate, minimumAge, skipWithinHours: hours },
      await gatherUpkeep<MaintainedTable>(ports, tables, given, context, (read) => read.maintenance.tables),
      ports.now(),
    ),
  about: aboutInstance,
  firm,
  lasting,
  managed: { harmless: 'A manager looks after roles and not after tables.' },
  locks: () => [],
  now: (facts) => [...instanceNow(facts), ...gates.listed(taken(false)(facts), vacuumWords)],
  offered: gates.offeredOnPrimary,
  neverAsksPhrase: true,
})
  .gate('running', 'Reachable and accepting connections', ({ probe }) => acceptsConnections(probe))
  .gate('primary', 'It is the primary', gates.isPrimary)
  .gate('found', 'Chosen tables', gates.areFound('table', 'tables'))
  .gate('left', 'Left out', leavesSome(false))
  .gate('held', 'Nothing holds the cleaning up', gates.nothingHoldsItUp('Rows that were dead only since then are not removed.'))
  .gate('others', 'No other vacuum or index build', gates.nothingElseWorks)
  .gate('locks', 'Locks', (facts) => passBecause(lockWords(vacuumWork(facts))))
  .effect(
    'vacuum',
    maintain<TableFacts>({
      title: 'Vacuum the tables',
      sentence: (facts) => `Vacuum ${counted(taken(false)(facts).length, 'table')} of ${facts.database} on ${facts.instance.title}.`,
      work: vacuumWork,
      items: taken(false),
      look: (facts, ports, since, signal) =>
        tablesLeft(facts, taken(false)(facts), ['vacuumedAt', ...(facts.options.analyze ? (['analyzedAt'] as const) : [])], {
          ports,
          since,
          signal,
        }),
      released: 'What still runs is cancelled. What was vacuumed stays so; that changes nothing for anybody.',
    }),
  )
  .build()

export const analyze = defineOperation({
  name: 'analyze',
  on: 'instance',
  role: 'operator',
  title: 'Analyze tables',
  verb: 'Analyze',
  danger: 'routine',
  input: z.strictObject({ ...common, tables: tableNames, skipWithinHours, ...limits }),
  help: [
    'Runs ANALYZE on tables of one database, one after the other: the planner gets new statistics. Useful after a bulk load, or after an upgrade, which leaves none.',
    'The plan names each table with its size and its last analyze. It reads a sample of each. It can be cancelled at any moment, and goes on where it was after the death of a worker.',
  ],
  gather: async (ports, { tables, skipWithinHours: hours, ...given }, context): Promise<TableFacts> =>
    gathered(
      { freeze: false, analyze: true, truncate: false, minimumAge: 0, skipWithinHours: hours },
      await gatherUpkeep<MaintainedTable>(ports, tables, given, context, (read) => read.maintenance.tables),
      ports.now(),
    ),
  about: aboutInstance,
  firm,
  lasting,
  managed: { harmless: 'A manager looks after roles and not after tables.' },
  locks: () => [],
  now: (facts) => [...instanceNow(facts), ...gates.listed(taken(true)(facts), analyzeWords)],
  offered: gates.offeredOnPrimary,
  neverAsksPhrase: true,
})
  .gate('running', 'Reachable and accepting connections', ({ probe }) => acceptsConnections(probe))
  .gate('primary', 'It is the primary', gates.isPrimary)
  .gate('found', 'Chosen tables', gates.areFound('table', 'tables'))
  .gate('left', 'Left out', leavesSome(true))
  .gate('others', 'No other vacuum or index build', gates.nothingElseWorks)
  .gate('locks', 'Locks', () => passBecause(lockWords({ deed: 'analyze' })))
  .effect(
    'analyze',
    maintain<TableFacts>({
      title: 'Analyze the tables',
      sentence: (facts) => `Analyze ${counted(taken(true)(facts).length, 'table')} of ${facts.database} on ${facts.instance.title}.`,
      work: () => ({ deed: 'analyze' }),
      items: taken(true),
      look: (facts, ports, since, signal) => tablesLeft(facts, taken(true)(facts), ['analyzedAt'], { ports, since, signal }),
      released: 'What still runs is cancelled. New statistics stay.',
    }),
  )
  .build()
