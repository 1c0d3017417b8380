import { matches, type NamePattern, parseNames } from '@/lib/domain/maintenance/names'
import type { MaintainedIndex, MaintainedTable, QualifiedName } from '@/lib/domain/maintenance/work'
import { isFault } from '@/lib/kernel/ground/errors'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { CallOptions, InstanceAddress, Maintained, MaintenanceSight, ReadPorts } from '@/lib/ports'
import { gatherInstance, type InstanceFacts, type Plain, probeTimeoutMs } from '../facts/instance'
import { objectsMax } from './input'

/** What runs there while the plan is made. Ages in seconds. */
type Around = {
  oldest: { who: string; seconds: number } | null
  prepared: number
  /** Vacuums and index builds of others in this database. */
  working: number
}

export type Upkeep<T> = InstanceFacts & {
  database: string
  limits: { lockTimeoutSeconds: number; timeoutMinutes: number }
  /** Those that match, whether or not anything is to be done to them. */
  objects: Plain<T>[]
  /** They match too, and are too many. */
  leftOut: number
  /** Patterns that nothing matches. */
  missing: string[]
  around: Around
  /** Free on the file system of the data directory; null: not known. */
  freeBytes: number | null
  /** Why the catalogue could not be read; null: it was. */
  because: string | null
}

export type Given = { database: string; lockTimeoutSeconds: number; timeoutMinutes: number }

type Look<T> = (instance: InstanceAddress, sight: MaintenanceSight, options: CallOptions) => Promise<Maintained<T>>

const longSeconds = 60

const lookAround = async (ports: ReadPorts, { instance }: InstanceFacts, database: string, signal: AbortSignal): Promise<Around> => {
  const { sessions, prepared, progress } = await ports.activity.look(instance.address, { timeoutMs: probeTimeoutMs, signal })
  const [oldest] = sessions
    .filter((one) => one.kind === 'client backend' && one.database === database && (one.transactionSeconds ?? 0) >= longSeconds)
    .sort((a, b) => b.transactionSeconds! - a.transactionSeconds!)
  return {
    oldest:
      oldest === undefined
        ? null
        : {
            who: `${oldest.user ?? oldest.kind}${oldest.application === '' ? '' : ` (${oldest.application})`}, pid ${oldest.pid}`,
            seconds: oldest.transactionSeconds!,
          },
    prepared: prepared.filter((one) => one.database === database).length,
    working: progress.filter((one) => one.database === database && /vacuum|index|analyze|cluster/i.test(one.command)).length,
  }
}

/** The patterns were held to be right when they were given. */
export const patternsOf = (text: string): NamePattern[] => {
  const patterns = parseNames(text)
  return typeof patterns === 'string' ? [] : patterns
}

/** The instance and what matches there; nothing of the catalogue is read on one that takes no writes. */
export const gatherUpkeep = async <T extends MaintainedTable | MaintainedIndex>(
  ports: ReadPorts,
  names: string,
  given: Given,
  context: GatherContext,
  lookOf: (ports: ReadPorts) => Look<T>,
): Promise<Upkeep<T>> => {
  const { database, lockTimeoutSeconds, timeoutMinutes } = given
  const facts = await gatherInstance(ports, context)
  const patterns = patternsOf(names)
  const none: Upkeep<T> = {
    ...{ ...facts, database, limits: { lockTimeoutSeconds, timeoutMinutes }, objects: [], leftOut: 0, missing: [] },
    ...{ around: { oldest: null, prepared: 0, working: 0 }, freeBytes: null, because: null },
  }
  if (facts.probe.state !== 'online' || facts.probe.role !== 'primary') return none
  const options = { timeoutMs: probeTimeoutMs, signal: context.signal }
  try {
    const { address } = facts.instance
    const [{ found, leftOut }, around, { freeBytes }] = await Promise.all([
      lookOf(ports)(address, { database, chosen: { patterns }, max: objectsMax }, options),
      lookAround(ports, facts, database, context.signal),
      ports.replication.dataDirectory(address, options),
    ])
    const missing = patterns.filter((one) => !found.some((object) => matches(one, object))).map(({ text }) => text)
    return { ...none, objects: found as Plain<T>[], leftOut, missing, around, freeBytes }
  } catch (error) {
    context.signal.throwIfAborted()
    if (!isFault(error)) throw error
    return { ...none, because: String(error.facts.because ?? error.message) }
  }
}

export const namesOf = (objects: readonly QualifiedName[]): QualifiedName[] => objects.map(({ schema, name }) => ({ schema, name }))
