import { Fault } from '@/lib/kernel/ground/errors'
import type { StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, Probe, ReadPorts } from '@/lib/ports'
import { isDown, type Place, probeTimeoutMs } from '../../facts/instance'
import { mustWriteAlone } from './write-alone'

const stopTimeoutMs = 60_000
const lookEveryMs = 500

/** The server cannot be seen, so nothing can be said about it. */
export const unseen = (place: Place, probe: Probe): Fault =>
  new Fault('step.unknown', { because: `${place.title} is ${probe.state}${probe.because === null ? '' : `: ${probe.because}`}` })

/** Throws `step.unknown` when the host does not answer or the state cannot be told. */
export const lookAt = async (ports: ReadPorts, place: Place, signal: AbortSignal): Promise<Probe> => {
  const probe = await ports.postgres.probe(place.address, { timeoutMs: probeTimeoutMs, signal })
  if (probe.state === 'unreachable' || probe.state === 'unknown') throw unseen(place, probe)
  return probe
}

/** Shows the command in the log and its output as it comes. */
export const followOutput = (context: StepContext, commands: readonly string[]) => {
  for (const command of commands) context.note('command', command)
  return { signal: context.signal, onOutput: (stream: 'stdout' | 'stderr', text: string) => context.note(stream, text) }
}

/** Waits for a server on its way up or down; answers with the state it came to. Throws when the deadline comes first. */
export const settle = async (place: Place, ports: ReadPorts, context: StepContext): Promise<Probe> => {
  for (;;) {
    const probe = await lookAt(ports, place, context.signal)
    if (probe.state !== 'starting' && probe.state !== 'stopping') return probe
    await context.pause(lookEveryMs)
    if (context.signal.aborted)
      throw new Fault('step.unknown', { because: `${place.title} is still ${probe.state}: ${probe.because ?? 'no reason given'}` })
  }
}

/**
 * Starts it unless it runs; undoes a stop. Safe to run twice. As a primary only where nobody else is one by now: throws as `mustWriteAlone` does.
 * `beside`: ids of members that took writes when the job began.
 */
export const bringUp = async (
  place: Place,
  ports: ActPorts,
  context: StepContext,
  { timeoutMs, beside }: { timeoutMs: number; beside?: readonly string[] | undefined },
): Promise<void> => {
  const probe = await settle(place, ports.read, context)
  if (probe.state === 'online') return
  if (!isDown(probe.state)) throw unseen(place, probe)
  if (probe.hasStandbySignal !== true) await mustWriteAlone({ place, beside }, ports.read, context)
  await ports.act.postgres.start(place.address, { timeoutMs, ...followOutput(context, place.commands.start) })
}

/** Down, or started read-only by its host in the middle of a job that needs it down. */
export const mayBeKeptDown = ({ state, role }: Probe): boolean =>
  isDown(state) || state === 'starting' || state === 'stopping' || (state === 'online' && role === 'standby')

/** Takes down again what its host has started; one that takes writes is left alone, and `step.blocked` is thrown. */
export const keepDown = async (place: Place, ports: ActPorts, context: StepContext): Promise<void> => {
  const probe = await settle(place, ports.read, context)
  if (!mayBeKeptDown(probe))
    throw new Fault('step.blocked', {
      because: `${place.title} ${probe.role === 'primary' ? 'takes writes' : `is ${probe.state}`}`,
      isOver: true,
    })
  await takeDown(place, ports, context)
}

/** Stops it (fast) unless it is down; undoes a start. Safe to run twice. */
export const takeDown = async (place: Place, ports: ActPorts, context: StepContext): Promise<void> => {
  const probe = await lookAt(ports.read, place, context.signal)
  if (isDown(probe.state)) return
  await ports.act.postgres.stop(place.address, 'fast', { timeoutMs: stopTimeoutMs, ...followOutput(context, place.commands.stop) })
}
