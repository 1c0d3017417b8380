import { ended } from '@/lib/kernel/ground/clock'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect, Facts, RunContext, StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, ReadPorts } from '@/lib/ports'
import { isDown, type Place, probeTimeoutMs } from '../../facts/instance'
import { isStreamingFrom } from '../../facts/peers'
import { followOutput, lookAt, settle, takeDown } from '../postgres/server'
import type { Still } from '../postgres/still'
import { redirectTo } from './follow-upstream'
import { type Led, whileLed } from './while-led'

type Output = { receivedLsn: string | null; timeline: number | null }

const startTimeoutMs = 120_000
const streamMs = 60_000
const lookEveryMs = 100
const fileTimeoutMs = 15_000

/**
 * Starts the server as a standby and proves that it streams. Its slot must be there already. It is never started without standby.signal. `still`: what its
 * upstream is to be all the while.
 */
export const startFollowing = <F extends Facts>(
  of: (facts: F) => Place,
  upstream: (facts: F) => Place,
  still?: Still<F>,
): Effect<F, null, Output> => ({
  title: 'Start as a standby',
  preview: (facts) => ({
    sentence: `Start ${of(facts).title} as a standby of ${upstream(facts).title}, and prove that it streams.`,
    commands: of(facts).commands.start,
  }),
  check: async (facts, ports, { signal, intended }) => {
    const { title } = of(facts)
    const probe = await lookAt(ports, of(facts), signal)
    if (isStreamingFrom(probe, upstream(facts)))
      return { found: 'done', output: { receivedLsn: probe.receivedLsn, timeline: probe.timeline } }
    if (probe.state === 'online' && probe.role === 'primary') return { found: 'blocked', because: `${title} takes writes` }
    const runs = intended !== null && !isDown(probe.state)
    return { found: 'ready', before: null, ...(runs ? { partly: `${title} runs as a standby, and does not stream` } : {}) }
  },
  run: async (facts, _before, ports, context) => {
    const place = of(facts)
    const led = { place, upstream: upstream(facts), still: still && ((...look: Look) => still(facts, ...look)) }
    await bringUnder(led, { load: (version, inner) => loadFiles(place, version, ports, inner) }, ports, context)
  },
  timeoutMs: startTimeoutMs + streamMs,
  ending: {
    undo: async (facts, _before, _output, ports, context) => takeDown(of(facts), ports, context),
    sentence: 'If the job fails later, it is stopped again; it stays a standby.',
    timeoutMs: 120_000,
  },
})

type Look = [ports: ReadPorts, signal: AbortSignal]

interface Under {
  /** What its files still lack while it is down. */
  write?: (context: StepContext) => Promise<void>
  /** For one that runs, under somebody else. */
  load: (version: string | null, context: StepContext) => Promise<void>
}

/** Starts it, or puts one that runs under its upstream, and waits until it streams from there, as long as that can still be. */
export const bringUnder = (led: Led, { write, load }: Under, ports: ActPorts, whole: RunContext): Promise<void> => {
  const { place, upstream } = led
  const work = async (context: StepContext, isStarting: (is: boolean) => void) => {
    const found = await settle(place, ports.read, context)
    if (found.hasStandbySignal !== true)
      throw new Fault('step.blocked', { because: `${place.title} has no standby.signal, so it is not started`, isOver: true })
    if (!isDown(found.state)) {
      // What its files said when it came up may name the right server and a slot that is gone.
      if (!isStreamingFrom(found, upstream)) await load(found.version, context)
      return untilStreaming(led, ports, context)
    }
    await write?.(context)
    isStarting(true)
    await startUntilStreaming(led, ports, context, () => isStarting(false))
  }
  return whileLed(led, work, ports, whole)
}

/**
 * A command may wait long after the server streams (pg_ctlcluster: two seconds, until it has answered three times). Who sees it stream waits no longer: the
 * command then ends by itself, and what it says is no news.
 */
const startUntilStreaming = async (led: Led, ports: ActPorts, context: StepContext, hasStarted: () => void): Promise<void> => {
  const over = new AbortController()
  const signal = AbortSignal.any([context.signal, over.signal])
  const { onOutput, ...options } = followOutput(context, led.place.commands.start)
  const heard: typeof onOutput = (stream, text) => over.signal.aborted || onOutput(stream, text)
  const command = ports.act.postgres.start(led.place.address, { timeoutMs: startTimeoutMs, ...options, onOutput: heard })
  try {
    const streams = await Promise.race([command.then(() => false), glimpse(led, ports.read, { ...context, signal }).catch(() => command)])
    if (streams === true) return
    hasStarted()
    await untilStreaming(led, ports, context)
  } finally {
    // Nobody waits for its end any more, whatever that is.
    command.catch(() => {})
    over.abort(ended)
  }
}

/** True once it streams. A server on its way up may show anything; the longer that takes, the less often it is looked at. */
const glimpse = async ({ place, upstream }: Led, ports: ReadPorts, { signal, pause }: StepContext): Promise<true> => {
  const startedAt = ports.now().getTime()
  for (;;) {
    const probe = await ports.postgres.probe(place.address, { timeoutMs: probeTimeoutMs, signal })
    if (isStreamingFrom(probe, upstream)) return true
    await pause(Math.min(Math.max((ports.now().getTime() - startedAt) / 10, lookEveryMs), lookEveryMs * 10))
    signal.throwIfAborted()
  }
}

const untilStreaming = async ({ place, upstream }: Led, ports: ActPorts, context: StepContext): Promise<void> => {
  for (;;) {
    const probe = await settle(place, ports.read, context)
    if (isStreamingFrom(probe, upstream)) return
    await context.pause(lookEveryMs)
    if (context.signal.aborted)
      throw new Fault('step.unknown', { because: `${place.title} runs as a standby, but does not stream from ${upstream.title} yet` })
  }
}

/** Its host started it before its files named the upstream. */
const loadFiles = async (place: Place, version: string | null, ports: ActPorts, context: StepContext): Promise<void> => {
  const options = { timeoutMs: fileTimeoutMs, signal: context.signal }
  const { following } = await ports.read.replication.dataDirectory(place.address, options)
  if (following !== null) await redirectTo(place, following, version, ports, context)
}
