import { lagBytes } from '@/lib/domain/values/lsn'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { Place } from '../facts/instance'
import { lookAt } from '../steps/postgres/server'

const lookEveryMs = 500

/** A primary writes what it runs with at its start; a standby that has not replayed that starts only with what the primary had before. */
export const replayLimits = (self: Place, primary: Place): Effect<Facts, null, { lsn: string }> => ({
  title: 'Replay the primary’s new limits',
  preview: () => ({
    sentence: `Wait until ${self.title} has replayed what ${primary.title} has written since it runs with the lower values.`,
    commands: [],
  }),
  check: async () => ({ found: 'ready', before: null }),
  run: async (_facts, _before, ports, context) => {
    const { currentLsn, role } = await lookAt(ports.read, primary, context.signal)
    if (role !== 'primary' || currentLsn === null)
      throw new Fault('step.blocked', { because: `${primary.title} is not the primary any more.`, isOver: true })
    for (;;) {
      const behind = lagBytes((await lookAt(ports.read, self, context.signal)).replayedLsn, currentLsn)
      if (behind !== null && behind <= 0) return { lsn: currentLsn }
      if (context.signal.aborted) throw new Fault('step.unknown', { because: `${self.title} has not replayed up to ${currentLsn}` })
      await context.pause(lookEveryMs)
    }
  },
  timeoutMs: 600_000,
  proof: 'answer',
  canInterrupt: true,
  ending: { final: 'Waiting changes nothing.', harmless: true },
})
