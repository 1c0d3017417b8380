import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { PoolerPlace } from '../../facts/poolers'
import { commandTimeoutMs } from './each-pooler'

/** PgBouncer's answer is the proof: a file that says what it said before moves nothing that shows. */
export const reloadPooler = <F extends Facts>(of: (facts: F) => PoolerPlace): Effect<F, null, null> => ({
  title: 'Reload the configuration',
  preview: (facts) => ({
    sentence: `PgBouncer on ${of(facts).address.host.hostname} reads ${of(facts).address.configPath} again.`,
    commands: ['RELOAD'],
  }),
  check: async () => ({ found: 'ready', before: null }),
  run: async (facts, _before, ports, { signal, note }) => {
    note('command', 'RELOAD')
    await ports.act.poolers.reload(of(facts).address, { timeoutMs: commandTimeoutMs, signal })
    return null
  },
  timeoutMs: 20_000,
  proof: 'answer',
  ending: { final: 'A reload has nothing to undo.', harmless: true },
})
