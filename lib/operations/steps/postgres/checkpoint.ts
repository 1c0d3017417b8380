import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { Place } from '../../facts/instance'

const checkpointTimeoutMs = 600_000

/** A checkpoint that took this long has left much to write behind it. */
const longMs = 5_000

/**
 * PostgreSQL answers when the checkpoint is on disk; that answer is the proof, since a standby with nothing new to write moves nothing that shows.
 * `beforeStop`: another one follows a long one, so that little is left to write in the shutdown. `title` says on which server where a job has several.
 */
export const checkpointPostgres = <F extends Facts>(
  of: (facts: F) => Place,
  { title = 'Checkpoint', beforeStop = false }: { title?: string; beforeStop?: boolean } = {},
): Effect<F, null, null> => ({
  title,
  preview: (facts) => ({ sentence: `Write a checkpoint on ${of(facts).title}.`, commands: ['checkpoint'] }),
  check: async () => ({ found: 'ready', before: null }),
  run: async (facts, _before, ports, context) => {
    const checkpoint = async (): Promise<number> => {
      const began = ports.read.now().getTime()
      context.note('command', 'checkpoint')
      await ports.act.postgres.checkpoint(of(facts).address, { timeoutMs: checkpointTimeoutMs, signal: context.signal })
      return ports.read.now().getTime() - began
    }
    if ((await checkpoint()) > longMs && beforeStop) await checkpoint()
    return null
  },
  timeoutMs: (beforeStop ? 2 : 1) * checkpointTimeoutMs + 10_000,
  proof: 'answer',
  canInterrupt: true,
  ending: { final: 'A checkpoint has nothing to undo.', harmless: true },
})
