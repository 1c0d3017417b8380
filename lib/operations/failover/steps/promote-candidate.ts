import { Fault } from '@/lib/kernel/errors'
import type { Effect } from '@/lib/kernel/operation'
import { lookAt } from '../../steps/server'
import type { FailoverFacts } from '../facts'

type Before = { timeline: number | null; receivedLsn: string | null }
type Output = { timeline: number | null; lsn: string | null }

const promoteTimeoutMs = 60_000
const lookEveryMs = 30

/** Asks for the promotion and wakes the startup process until the server takes writes on a new timeline. */
export const promoteCandidate: Effect<FailoverFacts, Before, Output> = {
  title: 'Promote the candidate',
  preview: ({ candidate }) => ({
    sentence: `Promote ${candidate?.title} and wait until it takes writes on a new timeline.`,
    commands: ['select pg_promote(false)'],
  }),
  check: async ({ candidate }, ports, { signal, intended }) => {
    const probe = await lookAt(ports, candidate!, signal)
    if (probe.state !== 'online') return { found: 'blocked', because: probe.because ?? `${candidate!.title} is ${probe.state}` }
    if (probe.role === 'primary') return { found: 'done', output: { timeline: probe.timeline, lsn: probe.currentLsn } }
    return { found: 'ready', before: intended?.before ?? { timeline: probe.timeline, receivedLsn: probe.receivedLsn } }
  },
  run: async ({ candidate }, _before, ports, { signal, note, pause }) => {
    const options = { timeoutMs: promoteTimeoutMs, signal }
    note('command', 'select pg_promote(false)')
    await ports.replicationAct.promote(candidate!.address, options)
    for (;;) {
      const probe = await lookAt(ports, candidate!, signal)
      if (probe.state === 'online' && probe.role === 'primary') return
      await pause(lookEveryMs)
      if (signal.aborted)
        throw new Fault('step.unknown', { because: `${candidate!.title} was told to promote, and is still a ${probe.role}` })
      // A signal wakes the startup process, which otherwise may sleep for seconds before it sees the request.
      await ports.postgresAct.reload(candidate!.address, options)
    }
  },
  timeoutMs: promoteTimeoutMs,
  ending: { final: 'A promoted server is on a timeline of its own: from here the only way is forward.' },
}
