import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { Probe, StopMode } from '@/lib/ports'
import type { Place } from '../../facts/instance'
import { bringUp, followOutput, lookAt } from './server'
import { mustStill, type Still } from './still'

type Before = { role: Probe['role']; startedAt: string | null }
type Output = { controlState: string | null }

export interface StopWith<F> {
  mode: (facts: F) => StopMode
  /** Milliseconds for the shutdown itself. */
  timeoutMs: (facts: F) => number
  /** Why it is not started again when the job fails later. */
  stays?: string
  /** Ids of members that took writes beside it when the job began: started again it is not refused because of them. */
  beside?: (facts: F) => readonly string[]
  /** What must be so for it to be stopped: asked again right before. */
  still?: Still<F>
}

/** Starting a server again takes as long as its recovery. */
const startTimeoutMs = 300_000

/** Stops a running server and proves it from the control file: shut down, or, after an immediate stop, no server at all. */
export const stopPostgres = <F extends Facts>(
  of: (facts: F) => Place,
  { mode, timeoutMs, stays, beside, still }: StopWith<F>,
): Effect<F, Before, Output> => ({
  title: 'Stop PostgreSQL',
  preview: (facts) => ({
    sentence: `Stop ${of(facts).title} (${mode(facts)}) and prove it from its control file.`,
    commands: of(facts).commands.stop,
  }),
  check: async (facts, ports, { signal }) => {
    const probe = await lookAt(ports, of(facts), signal)
    switch (probe.state) {
      case 'stopped':
        return { found: 'done', output: { controlState: probe.controlState } }
      case 'crashed':
        if (mode(facts) === 'immediate') return { found: 'done', output: { controlState: probe.controlState } }
        return { found: 'blocked', because: probe.because ?? 'no postmaster runs, but it was not shut down cleanly' }
      case 'online':
      case 'starting':
        return { found: 'ready', before: { role: probe.role, startedAt: probe.postmasterStartedAt } }
      case 'stopping':
        return { found: 'blocked', because: 'it is still shutting down', isPassing: true }
      default:
        return { found: 'blocked', because: probe.because ?? `it is ${probe.state}` }
    }
  },
  run: async (facts, _before, ports, context) => {
    const place = of(facts)
    await mustStill(
      still,
      facts,
      ports.read,
      context,
      `${place.title} is not stopped as things are. Abandon the job: clean-up runs, and it stays as it is.`,
    )
    await ports.act.postgres.stop(place.address, mode(facts), {
      timeoutMs: timeoutMs(facts),
      ...followOutput(context, place.commands.stop),
    })
  },
  timeoutMs: (facts) => timeoutMs(facts) + 30_000,
  ending:
    stays === undefined
      ? {
          undo: (facts, _before, _output, ports, context) =>
            bringUp(of(facts), ports, context, { timeoutMs: startTimeoutMs, beside: beside?.(facts) }),
          sentence: 'If the job fails later, the server is started again.',
          timeoutMs: startTimeoutMs + 30_000,
        }
      : { final: stays },
})
