import { promoteCommand } from '@/lib/domain/replication/conf'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { Place } from '../../facts/instance'
import { lookAt } from './server'
import { mustWriteAlone } from './write-alone'

type Before = { timeline: number | null; receivedLsn: string | null }
type Output = { timeline: number | null; lsn: string | null }

const promoteTimeoutMs = 60_000
const lookEveryMs = 30
/** Later the herd is looked at again first. */
const sendWithinMs = 5_000

const commandFor = ({ address }: Place): string => promoteCommand(address.major, address.dataDirectory)

interface PromoteWith<F> {
  /** It is meant to write beside the herd's primary. */
  isDetached?: (facts: F) => boolean
  /** Titles of members whose silence a person has answered for. */
  answeredFor?: (facts: F) => readonly string[]
}

/** Asks for the promotion and wakes the startup process until the server takes writes on a new timeline. */
export const promotePostgres = <F extends Facts>(
  of: (facts: F) => Place,
  { isDetached, answeredFor }: PromoteWith<F> = {},
): Effect<F, Before, Output> => ({
  title: 'Promote the standby',
  preview: (facts) => ({
    sentence: `Promote ${of(facts).title} and wait until it takes writes on a new timeline.`,
    commands: [commandFor(of(facts))],
  }),
  check: async (facts, ports, { signal, intended }) => {
    const place = of(facts)
    const probe = await lookAt(ports, place, signal)
    if (probe.state !== 'online') return { found: 'blocked', because: probe.because ?? `${place.title} is ${probe.state}` }
    if (probe.role === 'primary') return { found: 'done', output: { timeline: probe.timeline, lsn: probe.currentLsn } }
    return { found: 'ready', before: intended?.before ?? { timeline: probe.timeline, receivedLsn: probe.receivedLsn } }
  },
  run: async (facts, _before, ports, context) => {
    const { signal, note, pause } = context
    const place = of(facts)
    if (isDetached?.(facts) !== true)
      await mustWriteAlone({ place, answeredFor: answeredFor?.(facts), isForward: true }, ports.read, context)
    const options = { timeoutMs: promoteTimeoutMs, signal }
    note('command', commandFor(place))
    await ports.act.replication.promote(place.address, { ...options, sendWithinMs })
    for (;;) {
      const probe = await lookAt(ports.read, place, signal)
      if (probe.state === 'online' && probe.role === 'primary') return
      await pause(lookEveryMs)
      if (signal.aborted) throw new Fault('step.unknown', { because: `${place.title} was told to promote, and is still a ${probe.role}` })
      // A signal wakes the startup process, which otherwise may sleep for seconds before it sees the request.
      await ports.act.postgres.reload(place.address, options)
    }
  },
  timeoutMs: promoteTimeoutMs,
  ending: { final: 'A promoted server is on a new timeline; a promotion cannot be undone.' },
})
