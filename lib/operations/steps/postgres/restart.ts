import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Effect, Facts, StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, Probe, StopMode } from '@/lib/ports'
import { isDown, type Place } from '../../facts/instance'
import { followOutput, lookAt, settle, unseen } from './server'
import type { StopWith } from './stop'
import { mustWriteAlone } from './write-alone'

type Before = { startedAt: string | null; pid: number | null; role: Probe['role'] }
type Output = { role: Probe['role']; startedAt: string | null; pid: number | null; pendingRestart: string[] }

const startTimeoutMs = 300_000
/** A shutdown that outlives its own deadline (a long checkpoint) is still waited for, so that the server is started after it. */
const lingerMs = 900_000

/**
 * Stop and start as one effect, so that a driver that finds it half done completes it: from the moment of the intent the only way is a newer postmaster.
 * It is done when the postmaster's start time is another one than before.
 */
export const restartPostgres = <F extends Facts>(of: (facts: F) => Place, stop: StopWith<F>): Effect<F, Before, Output> => ({
  title: 'Restart PostgreSQL',
  preview: (facts) => ({
    sentence: `Stop ${of(facts).title} (${stop.mode(facts)}), start it, and prove it by a newer postmaster.`,
    commands: of(facts).commands.restart,
  }),
  check: async (facts, ports, { signal, intended }) => {
    const probe = await lookAt(ports, of(facts), signal)
    if (probe.state === 'online') {
      if (intended === null || isSame(probe, intended.before))
        return { found: 'ready', before: { startedAt: probe.postmasterStartedAt, pid: probe.postmasterPid, role: probe.role } }
      return { found: 'done', output: outputOf(probe) }
    }
    if (intended === null) return { found: 'blocked', because: `it is ${probe.state}${probe.because === null ? '' : `: ${probe.because}`}` }
    if (isDown(probe.state) || probe.state === 'starting' || probe.state === 'stopping')
      return { found: 'ready', before: intended.before, partly: `${of(facts).title} is ${probe.state}` }
    return { found: 'blocked', because: probe.because ?? `it is ${probe.state}` }
  },
  run: (facts, before, ports, context) =>
    cycle(of(facts), before, { mode: stop.mode(facts), timeoutMs: stop.timeoutMs(facts), beside: stop.beside?.(facts) }, ports, context),
  timeoutMs: (facts) => stop.timeoutMs(facts) + lingerMs + startTimeoutMs,
  ending: { final: 'Once the server is stopped it is always started again. Its connections do not come back.' },
})

/** The same postmaster. Times are compared as moments: two sessions may write the same one differently. */
export const isSame = (probe: Probe, before: Pick<Before, 'startedAt' | 'pid'>): boolean =>
  probe.postmasterPid === before.pid && momentOf(probe.postmasterStartedAt) === momentOf(before.startedAt)

const momentOf = (at: string | null): number | null => (at === null ? null : Date.parse(at))

const outputOf = (probe: Probe): Output => ({
  role: probe.role,
  startedAt: probe.postmasterStartedAt,
  pid: probe.postmasterPid,
  pendingRestart: probe.pendingRestart,
})

const cycle = async (
  place: Place,
  before: Before,
  { mode, timeoutMs, beside }: { mode: StopMode; timeoutMs: number; beside: readonly string[] | undefined },
  ports: ActPorts,
  context: StepContext,
): Promise<void> => {
  const first = await settle(place, ports.read, context)
  if (first.state === 'online') {
    if (!isSame(first, before)) return
    const problem = await tryStop(place, mode, timeoutMs, ports, context)
    const then = await settle(place, ports.read, context)
    if (then.state === 'online' && isSame(then, before))
      throw problem ?? new Fault('step.unknown', { because: `${place.title} was told to stop, and still runs` })
  }
  const down = await settle(place, ports.read, context)
  if (down.state === 'online') return
  if (!isDown(down.state)) throw unseen(place, down)
  if (down.hasStandbySignal !== true) await mustWriteAlone({ place, beside, isForward: true }, ports.read, context)
  await ports.act.postgres.start(place.address, { timeoutMs: startTimeoutMs, ...followOutput(context, place.commands.start) })
}

/** A stop that did not end in time is not the end: what it left behind is looked at next. */
const tryStop = async (place: Place, mode: StopMode, timeoutMs: number, ports: ActPorts, context: StepContext): Promise<Fault | null> => {
  try {
    await ports.act.postgres.stop(place.address, mode, { timeoutMs, ...followOutput(context, place.commands.stop) })
    return null
  } catch (error) {
    if (!isFault(error) || error.code === 'lease.lost') throw error
    context.note('warning', error.message)
    return error
  }
}
