import { z } from 'zod'
import { lockWords, type MaintainedIndex, shownName } from '@/lib/domain/maintenance/work'
import { formatBytes } from '@/lib/domain/values/bytes'
import { counted } from '@/lib/domain/values/counted'
import { parsePgVersion } from '@/lib/domain/values/pg-version'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import type { Plain } from '../facts/instance'
import { aboutInstance, firmInstance, instanceNow } from '../facts/instance-head'
import { acceptsConnections } from '../gates/seen'
import { gatherUpkeep, type Upkeep } from './facts'
import * as gates from './gates'
import { common, indexNames, limits } from './input'
import { indexesLeft } from './left'
import { maintain } from './maintain'

type Index = Plain<MaintainedIndex>
type IndexFacts = Upkeep<MaintainedIndex> & { bloat: number }

/** Share of its file that its rows do not need; null: not known. */
const bloatOf = ({ bytes, neededBytes }: Index): number | null =>
  neededBytes === null || bytes === 0 ? null : Math.max(0, Math.round(100 * (1 - neededBytes / bytes)))

/** A copy that was left behind is dropped and not rebuilt. Invalid ones are always taken. Smallest first. */
const rebuilt = ({ objects, bloat }: IndexFacts): Index[] =>
  objects
    .filter((one) => !one.isLeftover && (!one.isValid || bloat === 0 || (bloatOf(one) ?? 0) >= bloat))
    .sort((a, b) => a.bytes - b.bytes)

const invalid = ({ objects }: IndexFacts): Index[] => objects.filter(({ isValid }) => !isValid).sort((a, b) => a.bytes - b.bytes)

const words = (index: Index): string => {
  const bloat = bloatOf(index)
  const gain =
    bloat === null || bloat === 0 || !index.isValid ? '' : `, about ${formatBytes(index.bytes - index.neededBytes!)} (${bloat} %) to gain`
  return `on ${index.table}, ${formatBytes(index.bytes)}${index.isValid ? '' : ', invalid'}${index.isLeftover ? ', left by REINDEX CONCURRENTLY' : ''}${gain}`
}

const firm = (facts: IndexFacts) => ({
  ...firmInstance(facts),
  because: facts.because,
  objects: facts.objects.map(({ oid, schema, name, isValid }) => `${oid} ${schema}.${name}${isValid ? '' : ' invalid'}`),
})
const lasting = ({ instance, probe }: IndexFacts) => ({ id: instance.id, role: probe.role, systemIdentifier: probe.systemIdentifier })
const named = (indexes: readonly Index[]): string => indexes.map(shownName).join(', ')

const canReindex = ({ probe }: IndexFacts): Verdict => {
  const major = Number(parsePgVersion(probe.version ?? '')?.major ?? 0)
  if (probe.state !== 'online' || major >= 12) return pass
  return refuse(
    `PostgreSQL ${probe.version ?? ''} has no REINDEX CONCURRENTLY, which came with 12. Create the index anew under another name with CREATE INDEX CONCURRENTLY, and drop the old one.`,
  )
}

const allCanBeRebuilt = (facts: IndexFacts): Verdict => {
  const exclusions = rebuilt(facts).filter(({ isExclusion }) => isExclusion)
  if (exclusions.length > 0)
    return refuse(
      `${named(exclusions)} ${exclusions.length === 1 ? 'holds an exclusion constraint' : 'hold exclusion constraints'}, and cannot be rebuilt beside the load.`,
    )
  const building = rebuilt(facts).filter(({ isBuilding }) => isBuilding)
  return building.length > 0 ? refuse(`${named(building)} is being built now.`) : pass
}

const rebuildsSome = (facts: IndexFacts): Verdict => {
  const [left, copies] = [facts.objects.length - rebuilt(facts).length, facts.objects.filter(({ isLeftover }) => isLeftover).length]
  if (left === 0) return pass
  const said = [
    ...(copies > 0 ? [`${counted(copies, 'copy', 'copies')} left by REINDEX CONCURRENTLY: use Drop invalid indexes`] : []),
    ...(left > copies ? [`${counted(left - copies, 'index', 'indexes')} with less bloat, or with no known bloat`] : []),
  ].join('; ')
  return left === facts.objects.length && left > 0 ? refuse(`Nothing to rebuild: ${said}.`) : passBecause(`${said}.`)
}

export const reindex = defineOperation({
  name: 'reindex',
  on: 'instance',
  role: 'operator',
  title: 'Rebuild indexes',
  verb: 'Reindex',
  danger: 'routine',
  input: z.strictObject({
    ...common,
    indexes: indexNames('public.orders_total_idx'),
    minimumBloat: z.int().min(0).max(99).default(0).meta({
      title: 'Minimum bloat (percent)',
      description: 'Takes only invalid ones, and those with at least so much bloat by the planner’s statistics. 0: all.',
    }),
    ...limits,
  }),
  help: [
    'Runs REINDEX INDEX CONCURRENTLY (PostgreSQL 12 and later) on invalid or bloated indexes of one database, one after the other. Reads and writes continue.',
    'The plan names each index with its table, its size, what can be gained, the lock, the space it needs meanwhile, and old transactions that it has to wait for. While it runs, the progress of each is shown.',
    'It can be cancelled at any moment. However the job ends, what it still runs is cancelled, and the incomplete copy (_ccnew) that an interrupted rebuild leaves is dropped. After the death of a worker it goes on where it was.',
  ],
  gather: async (ports, { indexes, minimumBloat, ...given }, context): Promise<IndexFacts> => ({
    ...(await gatherUpkeep<MaintainedIndex>(ports, indexes, given, context, (read) => read.maintenance.indexes)),
    bloat: minimumBloat,
  }),
  about: aboutInstance,
  firm,
  lasting,
  managed: { harmless: 'A manager looks after roles and not after indexes.' },
  locks: () => [],
  now: (facts) => [...instanceNow(facts), ...gates.listed(rebuilt(facts), words)],
  offered: gates.offeredOnPrimary,
  neverAsksPhrase: true,
})
  .gate('running', 'Reachable and accepting connections', ({ probe }) => acceptsConnections(probe))
  .gate('primary', 'It is the primary', gates.isPrimary)
  .gate('version', 'It has REINDEX CONCURRENTLY', canReindex)
  .gate('found', 'Chosen indexes', gates.areFound('index', 'indexes'))
  .gate('left', 'Left out', rebuildsSome)
  .gate('kinds', 'They can be rebuilt beside the load', allCanBeRebuilt)
  .gate('space', 'Space for the new index', (facts) => gates.hasRoom(facts.freeBytes, rebuilt(facts).at(-1)))
  .gate('held', 'No old transaction to wait for', gates.nothingHoldsItUp('The rebuild waits until they have ended.'))
  .gate('others', 'No other vacuum or index build', gates.nothingElseWorks)
  .gate('locks', 'Locks', () => passBecause(lockWords({ deed: 'reindex' })))
  .effect(
    'reindex',
    maintain<IndexFacts>({
      title: 'Rebuild the indexes',
      sentence: (facts) => `Rebuild ${counted(rebuilt(facts).length, 'index', 'indexes')} of ${facts.database} on ${facts.instance.title}.`,
      work: () => ({ deed: 'reindex' }),
      items: rebuilt,
      look: (facts, ports, _since, signal) => indexesLeft(facts, rebuilt(facts), { ports, signal, of: 'reindex' }),
      released: 'What still runs is cancelled, and the incomplete copy of an interrupted rebuild is dropped. Rebuilt indexes stay.',
      leavesCopies: true,
    }),
  )
  .build()

const dropsSome = (facts: IndexFacts): Verdict => {
  const chosen = invalid(facts)
  const valid = facts.objects.length - chosen.length
  if (facts.objects.length > 0 && chosen.length === 0) return refuse('Every one of them is valid. Only invalid indexes are dropped here.')
  return valid === 0 ? pass : passBecause(`${counted(valid, 'valid index', 'valid indexes')} ${valid === 1 ? 'stays' : 'stay'}.`)
}

const allCanBeDropped = (facts: IndexFacts): Verdict => {
  const building = invalid(facts).filter(({ isBuilding }) => isBuilding)
  if (building.length > 0) return refuse(`${named(building)} is being built now, and is valid at its end.`)
  const holding = invalid(facts).filter(({ isConstraint }) => isConstraint)
  if (holding.length > 0)
    return refuse(
      `${named(holding)} ${holding.length === 1 ? 'holds a constraint' : 'hold constraints'}: use Reindex, or drop the constraint.`,
    )
  const unknown = Number(parsePgVersion(facts.probe.version ?? '')?.major ?? 0) < 12 && invalid(facts).length > 0
  return unknown ? warn('PostgreSQL before 12 does not say whether an index is being built now.') : pass
}

export const dropInvalidIndexes = defineOperation({
  name: 'drop-invalid-index',
  on: 'instance',
  role: 'dba',
  title: 'Drop invalid indexes',
  verb: 'Drop invalid indexes',
  danger: 'disruptive',
  input: z.strictObject({ ...common, indexes: indexNames('public.orders_total_idx'), ...limits }),
  help: [
    'Runs DROP INDEX CONCURRENTLY on invalid indexes of one database, one after the other: those that a CREATE INDEX CONCURRENTLY or REINDEX CONCURRENTLY left behind. No query uses them, and every write maintains them. Valid ones that match stay.',
    'The plan names each with its table and size. It can be cancelled at any moment; what is dropped stays dropped, and can be created again.',
  ],
  gather: async (ports, { indexes, ...given }, context): Promise<IndexFacts> => ({
    ...(await gatherUpkeep<MaintainedIndex>(ports, indexes, given, context, (read) => read.maintenance.indexes)),
    bloat: 0,
  }),
  about: aboutInstance,
  firm,
  lasting,
  managed: { harmless: 'A manager looks after roles and not after indexes.' },
  locks: () => [],
  now: (facts) => [...instanceNow(facts), ...gates.listed(invalid(facts), words)],
  offered: gates.offeredOnPrimary,
})
  .gate('running', 'Reachable and accepting connections', ({ probe }) => acceptsConnections(probe))
  .gate('primary', 'It is the primary', gates.isPrimary)
  .gate('found', 'Chosen indexes', gates.areFound('index', 'indexes'))
  .gate('invalid', 'They are invalid', dropsSome)
  .gate('kinds', 'They can be dropped', allCanBeDropped)
  .gate('held', 'No old transaction to wait for', gates.nothingHoldsItUp('The drop waits until they have ended.'))
  .gate('locks', 'Locks', () => passBecause(lockWords({ deed: 'drop-index' })))
  .effect(
    'drop',
    maintain<IndexFacts>({
      title: 'Drop the invalid indexes',
      sentence: (facts) =>
        `Drop ${counted(invalid(facts).length, 'invalid index', 'invalid indexes')} of ${facts.database} on ${facts.instance.title}.`,
      work: () => ({ deed: 'drop-index' }),
      items: invalid,
      look: (facts, ports, _since, signal) => indexesLeft(facts, invalid(facts), { ports, signal, of: 'drop' }),
      released: 'What still runs is cancelled. A dropped index stays dropped: no query used it.',
    }),
  )
  .build()
