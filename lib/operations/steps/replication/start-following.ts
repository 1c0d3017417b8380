import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect, Facts, StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts } from '@/lib/ports'
import { isDown, type Place } from '../../facts/instance'
import { isStreamingFrom, isUnder } from '../../facts/peers'
import { followOutput, lookAt, settle, takeDown } from '../postgres/server'
import { redirectTo } from './follow-upstream'

type Output = { receivedLsn: string | null; timeline: number | null }

const startTimeoutMs = 120_000
const streamMs = 60_000
const lookEveryMs = 100
const fileTimeoutMs = 15_000

/** Starts the server as a standby and proves that it streams. Its slot must be there already. It is never started without standby.signal. */
export const startFollowing = <F extends Facts>(of: (facts: F) => Place, upstream: (facts: F) => Place): Effect<F, null, Output> => ({
  title: 'Start as a standby',
  preview: (facts) => ({
    sentence: `Start ${of(facts).title} as a standby of ${upstream(facts).title}, and prove that it streams.`,
    commands: of(facts).commands.start,
  }),
  check: async (facts, ports, { signal }) => {
    const probe = await lookAt(ports, of(facts), signal)
    if (isStreamingFrom(probe, upstream(facts)))
      return { found: 'done', output: { receivedLsn: probe.receivedLsn, timeline: probe.timeline } }
    if (probe.state === 'online' && probe.role === 'primary') return { found: 'blocked', because: `${of(facts).title} takes writes` }
    return { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, context) => {
    const [place, leader] = [of(facts), upstream(facts)]
    const found = await settle(place, ports.read, context)
    if (found.hasStandbySignal !== true)
      throw new Fault('step.blocked', { because: `${place.title} has no standby.signal, so it is not started`, isOver: true })
    if (isDown(found.state))
      await ports.act.postgres.start(place.address, { timeoutMs: startTimeoutMs, ...followOutput(context, place.commands.start) })
    else if (!isUnder(found, leader)) await loadFiles(place, found.version, ports, context)
    for (;;) {
      const probe = await settle(place, ports.read, context)
      if (isStreamingFrom(probe, leader)) return
      await context.pause(lookEveryMs)
      if (context.signal.aborted)
        throw new Fault('step.unknown', { because: `${place.title} runs as a standby, but does not stream from ${leader.title} yet` })
    }
  },
  timeoutMs: startTimeoutMs + streamMs,
  ending: {
    undo: async (facts, _before, _output, ports, context) => takeDown(of(facts), ports, context),
    sentence: 'If the job fails later, it is stopped again; it stays a standby.',
    timeoutMs: 120_000,
  },
})

/** Its host started it before its files named the upstream. */
const loadFiles = async (place: Place, version: string | null, ports: ActPorts, context: StepContext): Promise<void> => {
  const options = { timeoutMs: fileTimeoutMs, signal: context.signal }
  const { following } = await ports.read.replication.dataDirectory(place.address, options)
  if (following !== null) await redirectTo(place, following, version, ports, context)
}
