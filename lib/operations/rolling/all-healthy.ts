import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { ReadPorts } from '@/lib/ports'
import { gatherRoll, isHealthy, primaryOf, sayState } from './facts'

const waitMs = 300_000
const lookEveryMs = 1_000

/** Nobody is taken down while another one is missing; who only reconnects has the time to. */
export const awaitHealthy = <F extends Facts>(herdId: string): Effect<F, null, null> => ({
  title: 'Every member is healthy',
  preview: () => ({ sentence: 'Wait until every member is the primary, or a standby that streams.', commands: [] }),
  check: async (_facts, ports, { signal }) =>
    (await illIn(ports, herdId, signal)).length === 0 ? { found: 'done', output: null } : { found: 'ready', before: null },
  run: async (_facts, _before, ports, context) => {
    for (;;) {
      const ill = await illIn(ports.read, herdId, context.signal)
      if (ill.length === 0) return null
      await context.pause(lookEveryMs)
      if (context.signal.aborted) throw new Fault('step.blocked', { because: `${ill.join('; ')}.`, isOver: true })
    }
  },
  timeoutMs: waitMs,
  canInterrupt: true,
  ending: { final: 'Waiting changes nothing.', harmless: true },
})

const illIn = async (ports: ReadPorts, herdId: string, signal: AbortSignal): Promise<string[]> => {
  const roll = await gatherRoll(ports, herdId, { targetId: herdId, signal })
  return [...roll.members.filter((member) => !isHealthy(member)).map(sayState), ...(primaryOf(roll) === null ? ['nobody is primary'] : [])]
}
