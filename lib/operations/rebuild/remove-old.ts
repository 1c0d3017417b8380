import type { Effect } from '@/lib/kernel/operation/operation'
import type { RebuildFacts } from './facts'

type Before = { key: string; paths: string[] }

const fileTimeoutMs = 60_000
const removeTimeoutMs = 3_600_000

/** Only once the new one streams. What is removed carries the mark of this job's copy. */
export const removeOld: Effect<
  Pick<RebuildFacts, 'instance'> & { input: Pick<RebuildFacts['input'], 'keepOld'>; rewindKey?: string | null },
  Before,
  null
> = {
  title: 'Remove the old directory',
  preview: ({ input, instance }) => ({
    sentence: input.keepOld
      ? `Keep the old directory beside ${instance.address.dataDirectory} under a name of its own.`
      : 'Remove the old directory, now that the new one streams.',
    commands: [],
  }),
  check: async ({ instance }, ports, { signal, intended }) => {
    const { copy: seen } = await ports.copies.look(instance.address, { timeoutMs: fileTimeoutMs, signal })
    if (seen.key !== null) return { found: 'ready', before: intended?.before ?? { key: seen.key, paths: seen.paths } }
    if (intended === null) return { found: 'blocked', because: 'there is no old directory of a copy' }
    return { found: 'done', output: null }
  },
  run: async ({ instance: { address }, input, rewindKey }, { key }, ports, { signal }) => {
    await ports.act.work.forget(address.host, key, { timeoutMs: fileTimeoutMs, signal })
    if (rewindKey) await ports.act.work.forget(address.host, rewindKey, { timeoutMs: fileTimeoutMs, signal })
    await ports.act.copies.remove(address, key, { timeoutMs: removeTimeoutMs, signal, keep: input.keepOld })
  },
  timeoutMs: removeTimeoutMs + 2 * fileTimeoutMs,
  ending: { final: 'The new one streams; the old one is no longer needed.', harmless: ({ input }) => input.keepOld },
}
