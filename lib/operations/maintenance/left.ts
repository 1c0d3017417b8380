import type { MaintainedIndex, MaintainedTable } from '@/lib/domain/maintenance/work'
import type { ReadPorts } from '@/lib/ports'
import { probeTimeoutMs } from '../facts/instance'
import { namesOf, type Upkeep } from './facts'
import { copiesMax, copyNames } from './input'
import type { Deed, Item } from './maintain'

type Left = Awaited<ReturnType<Deed<Upkeep<unknown>>['look']>>
type Stamp = 'vacuumedAt' | 'analyzedAt'

const exactly = ({ database }: Upkeep<unknown>, items: readonly Item[]) => ({
  database,
  chosen: { exactly: namesOf(items) },
  max: items.length,
})

/** Tables that are still there, and of which one of these is not said since then. */
export const tablesLeft = async (
  facts: Upkeep<MaintainedTable>,
  items: readonly Item[],
  stamps: readonly Stamp[],
  { ports, since, signal }: { ports: ReadPorts; since: string | null; signal: AbortSignal },
): Promise<Left> => {
  const { at, found } = await ports.maintenance.tables(facts.instance.address, exactly(facts, items), { timeoutMs: probeTimeoutMs, signal })
  const isLeft = ({ oid }: Item) => {
    const seen = found.find((one) => one.oid === oid)
    return seen !== undefined && (since === null || stamps.some((stamp) => (seen[stamp] ?? '') < since))
  }
  return { at, left: items.filter(isLeft), leftovers: [] }
}

/** Indexes that are still the same: a rebuilt one is another under its name. Of a drop those that are still invalid; of a rebuild also the copies that are there already. */
export const indexesLeft = async (
  facts: Upkeep<MaintainedIndex>,
  items: readonly Item[],
  { ports, signal, of }: { ports: ReadPorts; signal: AbortSignal; of: 'reindex' | 'drop' },
): Promise<Left> => {
  const { indexes } = ports.maintenance
  const options = { timeoutMs: probeTimeoutMs, signal }
  const { at, found } = await indexes(facts.instance.address, exactly(facts, items), options)
  const copies =
    of === 'reindex'
      ? await indexes(facts.instance.address, { database: facts.database, chosen: { patterns: copyNames }, max: copiesMax }, options)
      : { found: [] }
  return {
    at,
    left: items.filter(({ oid }) => found.some((one) => one.oid === oid && !(of === 'drop' && one.isValid))),
    leftovers: copies.found.filter(({ isLeftover }) => isLeftover).map(({ oid }) => oid),
  }
}
