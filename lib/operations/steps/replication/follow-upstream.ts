import { parsePgVersion } from '@/lib/domain/values/pg-version'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect, Facts, StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, Following } from '@/lib/ports'
import type { Place, Plain } from '../../facts/instance'
import { isStreamingFrom } from '../../facts/peers'
import { bringUp, lookAt, settle, takeDown } from '../postgres/server'

export interface FollowWith<F> {
  of: (facts: F) => Place
  upstream: (facts: F) => Place
  next: (facts: F) => Plain<Following>
  /** As its files said before; null: they could not be read, so there is no way back. */
  before: (facts: F) => Plain<Following> | null
  version: (facts: F) => string | null
}

type Output = { receivedLsn: string | null; timeline: number | null }

const fileTimeoutMs = 15_000
const startTimeoutMs = 120_000
const streamMs = 30_000
const lookEveryMs = 200

/** primary_conninfo and primary_slot_name are reloadable from 13. */
export const isReloadable = (version: string | null): boolean => Number.parseInt(parsePgVersion(version ?? '')?.major ?? '0', 10) >= 13

/** Writes whom a running standby follows, loads it (13 and later) or restarts it, and proves that it streams from there. */
export const followUpstream = <F extends Facts>({ of, upstream, next, before, version }: FollowWith<F>): Effect<F, null, Output> => ({
  title: 'Follow the new upstream',
  preview: (facts) => ({
    sentence: `Make ${of(facts).title} follow ${upstream(facts).title}${isReloadable(version(facts)) ? ' with a reload' : ' with a restart'}, and prove that it streams from there.`,
    commands: [
      `primary_slot_name = ${next(facts).slotName ?? ''}`,
      ...(isReloadable(version(facts)) ? of(facts).commands.reload : of(facts).commands.restart),
    ],
  }),
  check: async (facts, ports, { signal }) => {
    const probe = await lookAt(ports, of(facts), signal)
    if (isStreamingFrom(probe, upstream(facts)))
      return { found: 'done', output: { receivedLsn: probe.receivedLsn, timeline: probe.timeline } }
    return { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, context) => {
    await redirectTo(of(facts), next(facts), version(facts), ports, context)
    for (;;) {
      const probe = await settle(of(facts), ports.read, context)
      if (isStreamingFrom(probe, upstream(facts))) return
      await context.pause(lookEveryMs)
      if (context.signal.aborted)
        throw new Fault('step.unknown', {
          because: `${of(facts).title} was put under ${upstream(facts).title}, but does not stream from there`,
        })
    }
  },
  timeoutMs: (facts) => streamMs + (isReloadable(version(facts)) ? 0 : startTimeoutMs),
  ending: {
    undo: async (facts, _before, _output, ports, context) => {
      const former = before(facts)
      // One that somebody has promoted follows nobody, and is not made to again.
      if (await isPromoted(of(facts), ports, context)) return
      if (former === null) throw new Fault('step.unknown', { because: `How ${of(facts).title} followed before could not be read` })
      await redirectTo(of(facts), former, version(facts), ports, context)
    },
    sentence: 'If it does not stream, or the job fails later, it follows the former upstream again.',
    timeoutMs: startTimeoutMs + 30_000,
  },
})

const isPromoted = async (place: Place, { read }: ActPorts, { signal }: StepContext): Promise<boolean> =>
  (await lookAt(read, place, signal)).role === 'primary'

/** Writes whom it follows and makes it so. Safe to run twice. Throws `step.blocked` for one that takes writes: somebody has promoted it meanwhile. */
export const redirectTo = async (
  place: Place,
  following: Plain<Following>,
  version: string | null,
  ports: ActPorts,
  context: StepContext,
): Promise<void> => {
  if (await isPromoted(place, ports, context))
    throw new Fault('step.blocked', {
      isOver: true,
      because: `${place.title} takes writes: somebody has promoted it, so it is not made to follow`,
      question: `If ${place.title} is to stay the primary, abandon the job, and point clients at it. If not, stop it and rebuild it.`,
    })
  const options = { timeoutMs: fileTimeoutMs, signal: context.signal }
  for (const command of ports.read.replication.commands.follow(place.address, following)) context.note('command', command)
  await ports.act.replication.follow(place.address, following, options)
  if (isReloadable(version)) return ports.act.postgres.reload(place.address, options)
  await takeDown(place, ports, context)
  await bringUp(place, ports, context, { timeoutMs: startTimeoutMs })
}
