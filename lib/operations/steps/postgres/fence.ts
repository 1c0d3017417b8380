import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { InstanceRole } from '@/lib/ports'
import { isDown, type Place } from '../../facts/instance'
import { lookAt, takeDown } from './server'
import { mustStill, type Still } from './still'
import { mustWriteAlone } from './write-alone'

type Output = { controlState: string | null; hasStandbySignal: boolean; checkpointLsn: string | null }

const fileTimeoutMs = 15_000

/**
 * standby.signal in a stopped primary: from now on any start, a reboot included, gives a read-only server. `stays`: why it is not taken away again
 * when the job fails later. `stopsAgain`: one that its host started meanwhile, and that takes writes, is stopped once more, if it is `still` so.
 */
export const fencePostgres = <F extends Facts>(
  of: (facts: F) => Place | null,
  stays?: string,
  { stopsAgain = false, still }: { stopsAgain?: boolean; still?: Still<F> } = {},
): Effect<F, null, Output> => ({
  title: 'Fence the old primary',
  preview: (facts) => ({
    sentence: `Write standby.signal into the stopped ${of(facts)?.title}: if somebody starts it now, it comes up read-only.`,
    commands: [`touch ${of(facts)?.address.dataDirectory}/standby.signal`],
  }),
  check: async (facts, ports, { signal }) => {
    const place = of(facts)!
    const probe = await lookAt(ports, place, signal)
    if (!isDown(probe.state)) {
      if (probe.state === 'online' && probe.role === ('standby' satisfies InstanceRole))
        return { found: 'done', output: { controlState: probe.controlState, hasStandbySignal: true, checkpointLsn: null } }
      if (stopsAgain && probe.state === 'online') return { found: 'ready', before: null }
      return { found: 'blocked', because: `${place.title} is ${probe.state}, so it cannot be fenced` }
    }
    if (probe.hasStandbySignal !== true) return { found: 'ready', before: null }
    const disk = await ports.replication.dataDirectory(place.address, { timeoutMs: fileTimeoutMs, signal })
    return { found: 'done', output: { controlState: probe.controlState, hasStandbySignal: true, checkpointLsn: disk.checkpointLsn } }
  },
  run: async (facts, _before, ports, context) => {
    const { signal, note } = context
    const { address } = of(facts)!
    if (stopsAgain && (await lookAt(ports.read, of(facts)!, signal)).role === 'primary') {
      const leave = `${of(facts)!.title} is left as it is. Bring the other primary back, then resume; or abandon the job.`
      await mustStill(still, facts, ports.read, context, leave)
    }
    if (stopsAgain) await takeDown(of(facts)!, ports, context)
    note('command', `touch ${address.dataDirectory}/standby.signal`)
    await ports.act.replication.follow(address, null, { timeoutMs: fileTimeoutMs, signal })
  },
  timeoutMs: 60_000,
  ending:
    stays === undefined
      ? {
          undo: async (facts, _before, _output, ports, context) => {
            const { signal } = context
            const place = of(facts)!
            const probe = await lookAt(ports.read, place, signal)
            if (probe.hasStandbySignal !== true) return
            if (!isDown(probe.state))
              throw new Fault('step.unknown', {
                because: `${place.title} is ${probe.state} with standby.signal: it came up as a standby meanwhile`,
              })
            await mustWriteAlone({ place }, ports.read, context)
            await ports.act.replication.clearStandbySignal(place.address, { timeoutMs: fileTimeoutMs, signal })
          },
          sentence: 'If the job fails before the promotion, standby.signal is removed again.',
        }
      : { final: stays, harmless: true },
})
