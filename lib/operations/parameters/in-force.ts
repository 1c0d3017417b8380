import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { ReadPorts } from '@/lib/ports'
import { probeTimeoutMs } from '../facts/instance'
import { changesOf, isDone, type ParameterMember } from './change'
import { namesOf, type SetFacts } from './facts'

const waitMs = 60_000
const lookEveryMs = 500

/** After a restart: what waited for it counts now. */
export const proveInForce = <F extends SetFacts>(): Effect<F, null, null> => ({
  title: 'Check that the values are in force',
  preview: () => ({ sentence: 'Read pg_settings again: no value waits for a restart any more.', commands: [] }),
  check: async (facts, ports, { signal, intended }) =>
    intended !== null && (await missingIn(ports, facts, signal)).length === 0
      ? { found: 'done', output: null }
      : { found: 'ready', before: null },
  run: async (facts, _before, ports, context) => {
    for (let waitedMs = 0; ; waitedMs += lookEveryMs) {
      const missing = await missingIn(ports.read, facts, context.signal)
      if (missing.length === 0) return
      if (waitedMs >= waitMs || context.signal.aborted)
        throw new Fault('step.blocked', { because: `${missing.join(', ')} is not in force.`, isOver: true })
      await context.pause(lookEveryMs)
    }
  },
  timeoutMs: waitMs + 30_000,
  ending: { final: 'Looking changes nothing.', harmless: true },
})

const missingIn = async (ports: ReadPorts, { edits, members }: SetFacts, signal: AbortSignal): Promise<string[]> => {
  const looks = members.map(async ({ place }) => {
    const seen = await ports.serverSettings.parameters(place.address, namesOf(edits), { timeoutMs: probeTimeoutMs, signal })
    return changesOf(edits, { seen: seen as ParameterMember['seen'] })
      .filter((change) => !isDone(change))
      .map(({ name }) => `${name} on ${place.title}`)
  })
  return (await Promise.all(looks)).flat()
}
