import type { Effect } from '@/lib/kernel/operation/operation'
import type { RebuildFacts } from './facts'

const fileTimeoutMs = 60_000
const removeTimeoutMs = 3_600_000

/** Cleans up what an abandoned run left: nothing that may be the only good copy is removed. */
export const clearLeftover: Effect<RebuildFacts, { key: string; paths: string[] }, null> = {
  title: 'Remove what an earlier rebuild left',
  preview: ({ sight }) => ({
    sentence: sight?.copy.key
      ? `Clean up what an earlier rebuild left in ${sight.copy.paths.join(', ')}.`
      : 'An earlier rebuild left nothing.',
    commands: [],
  }),
  check: async ({ instance, sight }, ports, { signal, intended }) => {
    const { copy } = await ports.copies.look(instance.address, { timeoutMs: fileTimeoutMs, signal })
    const key = intended?.before.key ?? sight?.copy.key ?? null
    if (key === null || copy.key !== key) return { found: 'done', output: null }
    return { found: 'ready', before: intended?.before ?? { key, paths: copy.paths } }
  },
  run: async ({ instance: { address } }, { key }, ports, { signal }) => {
    const options = { timeoutMs: fileTimeoutMs, signal }
    await ports.act.work.end(address.host, key, options)
    const { copy } = await ports.read.copies.look(address, options)
    if (copy.stage === 'half') await ports.act.copies.putBack(address, key, options)
    await ports.act.work.forget(address.host, key, options)
    await ports.act.copies.remove(address, key, { timeoutMs: removeTimeoutMs, signal, keep: copy.stage === 'swapped' })
  },
  timeoutMs: removeTimeoutMs + 4 * fileTimeoutMs,
  ending: { final: 'The copy was abandoned; nothing needs it.', harmless: true },
}
