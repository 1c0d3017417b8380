import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { ReadPorts } from '@/lib/ports'
import { isDown, isUp, type Place } from '../facts/instance'
import { bringUp, followOutput, lookAt } from '../steps/postgres/server'
import { mustStill, type Still } from '../steps/postgres/still'
import { type MachineFacts, placesOf } from './facts'

/** Of one server, as the other steps allow. */
const stopTimeoutMs = 120_000
const startTimeoutMs = 300_000
const streamMs = 300_000
const lookEveryMs = 1_000

/** Nobody has promoted any of them. */
export const stillNoneLeads: Still<MachineFacts> = async (facts, ports, signal) => {
  for (const place of placesOf(facts))
    if ((await lookAt(ports, place, signal)).role === 'primary') return `${place.title} takes writes: somebody has promoted it`
  return null
}

/** Those that ran when the plan was made. */
const running = ({ members }: MachineFacts): Place[] => members.filter(({ probe }) => isUp(probe.state)).map(({ instance }) => instance)

const upAmong = async (places: readonly Place[], ports: ReadPorts, signal: AbortSignal): Promise<Place[]> => {
  const probes = await Promise.all(places.map((place) => lookAt(ports, place, signal)))
  return places.filter((_place, at) => isUp(probes[at]!.state))
}

/** Stops every server on the machine, one after the other: a clean shutdown, not what the machine's own leaves time for. */
export const stopServers = (): Effect<MachineFacts, { ran: string[] }, null> => ({
  title: 'Stop PostgreSQL',
  preview: (facts) => ({
    sentence:
      running(facts).length === 0
        ? 'No PostgreSQL runs on it.'
        : `Stop ${running(facts)
            .map(({ title }) => title)
            .join(', ')} (fast).`,
    commands: running(facts).flatMap(({ commands }) => commands.stop),
  }),
  check: async (facts, ports, { signal, intended }) => {
    const up = await upAmong(placesOf(facts), ports, signal)
    return up.length === 0
      ? { found: 'done', output: null }
      : { found: 'ready', before: intended?.before ?? { ran: up.map(({ id }) => id) } }
  },
  run: async (facts, _before, ports, context) => {
    const question = 'Nothing on it is stopped as things are. Abandon the job: clean-up runs, and all of it stays as it is.'
    await mustStill(stillNoneLeads, facts, ports.read, context, question)
    for (const place of await upAmong(placesOf(facts), ports.read, context.signal))
      await ports.act.postgres.stop(place.address, 'fast', { timeoutMs: stopTimeoutMs, ...followOutput(context, place.commands.stop) })
  },
  timeoutMs: (facts) => (stopTimeoutMs + 30_000) * Math.max(1, running(facts).length),
  ending: {
    undo: async (facts, { ran }, _output, ports, context) => {
      for (const place of placesOf(facts).filter(({ id }) => ran.includes(id)))
        await bringUp(place, ports, context, { timeoutMs: startTimeoutMs })
    },
    sentence: 'If the job fails later, PostgreSQL is started again.',
    timeoutMs: startTimeoutMs + 30_000,
  },
})

/** Starts what its host has not started by itself, and waits until every standby streams. `of`: which are to run. */
export const startServers = (of: (facts: MachineFacts) => readonly Place[]): Effect<MachineFacts, null, null> => ({
  title: 'Start PostgreSQL',
  preview: (facts) => ({
    sentence:
      of(facts).length === 0
        ? 'No PostgreSQL of the console is on it.'
        : `Start ${of(facts)
            .map(({ title }) => title)
            .join(', ')} where that is not started with the host, and wait until each streams.`,
    commands: of(facts).flatMap(({ commands }) => commands.start),
  }),
  check: async (facts, ports, { signal, intended }) => {
    try {
      const late = await lateAmong(of(facts), ports, signal)
      return late.length === 0 ? { found: 'done', output: null } : { found: 'ready', before: null }
    } catch (error) {
      // Its machine is stopped when the plan is made.
      if (!isFault(error, 'step.unknown') || intended !== null) throw error
      return { found: 'ready', before: null }
    }
  },
  run: async (facts, _before, ports, context) => {
    for (const place of of(facts)) {
      const { state } = await lookAt(ports.read, place, context.signal)
      if (isDown(state)) await bringUp(place, ports, context, { timeoutMs: startTimeoutMs })
    }
    for (;;) {
      const late = await lateAmong(of(facts), ports.read, context.signal)
      if (late.length === 0) return null
      await context.pause(lookEveryMs)
      if (context.signal.aborted) throw new Fault('step.unknown', { because: `${late.join('; ')}.` })
    }
  },
  timeoutMs: startTimeoutMs + streamMs,
  canInterrupt: true,
  ending: { final: 'What runs stays so.', harmless: true },
})

/** Who is not up, or is a standby that does not stream, in words. */
const lateAmong = async (places: readonly Place[], ports: ReadPorts, signal: AbortSignal): Promise<string[]> => {
  const probes = await Promise.all(places.map((place) => lookAt(ports, place, signal)))
  return places.flatMap(({ title }, at) => {
    const { state, role, upstream } = probes[at]!
    if (state !== 'online') return [`${title} is ${state}`]
    return role === 'standby' && upstream?.status !== 'streaming' ? [`${title} does not stream`] : []
  })
}

export const ranOn = running
