import type { Effect, Facts } from '@/lib/kernel/operation'
import type { Place } from '../facts'

const checkpointTimeoutMs = 600_000

/** PostgreSQL answers when the checkpoint is on disk; that answer is the proof, since a standby with nothing new to write moves nothing that shows. */
export const checkpointPostgres = <F extends Facts>(of: (facts: F) => Place): Effect<F, null, null> => ({
  title: 'Checkpoint',
  preview: (facts) => ({ sentence: `Write a checkpoint on ${of(facts).title}.`, commands: ['checkpoint'] }),
  check: async () => ({ found: 'ready', before: null }),
  run: async (facts, _before, ports, context) => {
    context.note('command', 'checkpoint')
    await ports.postgresAct.checkpoint(of(facts).address, { timeoutMs: checkpointTimeoutMs, signal: context.signal })
    return null
  },
  timeoutMs: checkpointTimeoutMs + 10_000,
  proof: 'answer',
  canInterrupt: true,
  ending: { final: 'A checkpoint has nothing to take back.', harmless: true },
})
