import type { Effect } from '@/lib/kernel/operation/operation'
import { keepDown, lookAt, mayBeKeptDown } from '../steps/postgres/server'
import type { RebuildFacts } from './facts'

type Before = { key: string }

const fileTimeoutMs = 60_000
/** Renames within a file system, however large what lies in it is. */
const swapTimeoutMs = 300_000

/** The copy in the place of the old directory, which goes aside. Nothing of either is lost at any point of it. */
export const swapData: Effect<Pick<RebuildFacts, 'instance'>, Before, null> = {
  title: 'Swap the copy in',
  preview: ({ instance }) => ({
    sentence: `Move the contents of ${instance.address.dataDirectory} aside and the copy into its place; links of pg_wal and tablespaces, owners and modes are kept.`,
    commands: [],
  }),
  check: async ({ instance }, ports, { signal, intended }) => {
    const { copy: seen } = await ports.copies.look(instance.address, { timeoutMs: fileTimeoutMs, signal })
    if (intended !== null && seen.stage === 'swapped' && seen.key === intended.before.key) return { found: 'done', output: null }
    if (intended !== null && seen.stage === 'half')
      return { found: 'ready', before: intended.before, partly: 'a part of both directories is moved' }
    if (seen.stage !== 'whole' || seen.key === null)
      return { found: 'blocked', because: 'there is no whole copy beside the data directory' }
    const probe = await lookAt(ports, instance, signal)
    if (!mayBeKeptDown(probe) && probe.state !== 'absent') return { found: 'blocked', because: `${instance.title} is ${probe.state}` }
    return { found: 'ready', before: { key: seen.key } }
  },
  run: async ({ instance }, { key }, ports, context) => {
    const { copy } = await ports.read.copies.look(instance.address, { timeoutMs: fileTimeoutMs, signal: context.signal })
    const isThere = (await lookAt(ports.read, instance, context.signal)).state !== 'absent'
    if (copy.stage === 'whole' && isThere) await keepDown(instance, ports, context)
    await ports.act.copies.swapIn(instance.address, key, { timeoutMs: swapTimeoutMs, signal: context.signal })
  },
  timeoutMs: swapTimeoutMs + 10_000,
  ending: {
    undo: ({ instance }, { key }, _output, ports, { signal }) =>
      ports.act.copies.putBack(instance.address, key, { timeoutMs: swapTimeoutMs, signal }),
    sentence: 'If the job fails later, the old directory is put back.',
    timeoutMs: swapTimeoutMs + 10_000,
  },
}
