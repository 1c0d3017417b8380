import { addSample, isWorthSaying, newPace, progressText, said } from '@/lib/domain/copies/copy-progress'
import { formatBytes } from '@/lib/domain/values/bytes'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { CopySeen, CopySpec } from '@/lib/ports'
import { dropBeside, followWork, newWorkKey, startWork, undoBeside } from '../steps/host-work'
import type { RebuildFacts } from './facts'

/** What a copy needs to know, of a rebuild or of a new standby. */
type CopiedFacts = Pick<RebuildFacts, 'instance' | 'upstream' | 'following' | 'copySlot' | 'upstreamDisk' | 'totalBytes'> & {
  input: Pick<RebuildFacts['input'], 'throttleMbit'>
}

type Before = { key: string }
type Output = { paths: string[] }

const fileTimeoutMs = 60_000
/** Longer than any copy that somebody waits for. */
export const copyTimeoutMs = 14 * 24 * 3_600_000

/** A megabit is a million bits, a kilobyte of pg_basebackup 1024 bytes. */
export const rateKbOf = (megabits: number): number | null =>
  megabits === 0 ? null : Math.max(32, Math.round((megabits * 1_000_000) / 8 / 1024))

const specOf = ({ following, copySlot, input, upstreamDisk }: CopiedFacts, key: string): CopySpec => ({
  key,
  source: { ...following!, slotName: copySlot },
  rateKbMax: rateKbOf(input.throttleMbit),
  tablespaces: upstreamDisk?.tablespaces ?? [],
})

/** All there: what follows from here only moves directories. */
const isWhole = ({ stage }: CopySeen): boolean => stage === 'whole' || stage === 'half' || stage === 'swapped'

/**
 * A base backup beside the data directory. It runs on the host by itself: a worker that dies is followed by the next one, which finds it by its key.
 * A cancel ends it. What is left of one that failed is removed, and one that failed before we came is started again.
 */
export const copyData: Effect<CopiedFacts, Before, Output> = {
  title: 'Copy the upstream beside the old directory',
  preview: ({ upstream, instance, totalBytes }) => ({
    sentence: `Copy ${upstream!.title}${totalBytes === null ? '' : `, ${formatBytes(totalBytes)},`} into a fresh directory beside ${instance.address.dataDirectory} with pg_basebackup; the old server keeps running meanwhile.`,
    commands: ['pg_basebackup -c fast -X stream …'],
  }),
  check: async ({ instance: { id, address } }, ports, { signal, intended }) => {
    const { copy: seen } = await ports.copies.look(address, { timeoutMs: fileTimeoutMs, signal })
    if (intended === null) return { found: 'ready', before: { key: newWorkKey('copy', id, ports.now()) } }
    const { key } = intended.before
    if (seen.key === key && isWhole(seen)) return { found: 'done', output: { paths: seen.paths } }
    const work = await ports.work.look(address.host, key, { timeoutMs: fileTimeoutMs, signal })
    const isBegun = seen.key === key || work.state !== 'absent'
    return { found: 'ready', before: intended.before, ...(isBegun ? { partly: 'a part of the copy is there' } : {}) }
  },
  run: async (facts, { key }, ports, context) => {
    const { instance, totalBytes } = facts
    const options = { timeoutMs: fileTimeoutMs, signal: context.signal }
    const work = { host: instance.address.host, key, what: 'pg_basebackup' }
    await startWork(work, ports, context, {
      drop: () => dropBeside(instance.address, key, ports, context),
      start: async () => {
        for (const command of ports.read.copies.commands.start(instance.address, specOf(facts, key))) context.note('command', command)
        await ports.act.copies.start(instance.address, specOf(facts, key), options)
      },
    })
    let pace = newPace
    await followWork(work, ports.read, context, async () => {
      const { copy } = await ports.read.copies.look(instance.address, { ...options, withSizes: true })
      if (copy.bytes === null) return
      pace = addSample(pace, { bytes: copy.bytes, atMs: ports.read.now().getTime() })
      if (!isWorthSaying(pace, totalBytes)) return
      context.note('info', progressText(pace, totalBytes))
      pace = said(pace)
    })
    const { copy } = await ports.read.copies.look(instance.address, { ...options, withSizes: true })
    if (copy.bytes !== null) context.note('info', `${formatBytes(copy.bytes)} copied`)
  },
  timeoutMs: copyTimeoutMs,
  isLong: true,
  canInterrupt: true,
  ending: undoBeside('If the job fails or is cancelled, the copy is stopped and its directory removed.'),
}
