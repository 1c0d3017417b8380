import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect } from '@/lib/kernel/operation/operation'
import { isDown } from '../../facts/instance'
import { isStreamingFrom, isUnder } from '../../facts/peers'
import { followOutput, lookAt, settle } from '../../steps/postgres/server'
import { redirectTo } from '../../steps/replication/follow-upstream'
import type { FailoverFacts } from '../facts'

type Output = { receivedLsn: string | null; timeline: number | null }

const fileTimeoutMs = 15_000
const startTimeoutMs = 120_000
const streamMs = 60_000
const lookEveryMs = 100

/** The old primary was stopped cleanly and the candidate has replayed its last record: it follows without rewind. It is never started without standby.signal. */
export const rejoinOld: Effect<FailoverFacts, null, Output> = {
  title: 'Start the old primary as a standby',
  preview: ({ primary, candidate }) => ({
    sentence: `Let ${primary?.title} follow ${candidate?.title}, start it as a standby without rewind, and prove that it streams.`,
    commands: primary === null ? [] : [`primary_conninfo of ${primary.title}`, ...primary.commands.start],
  }),
  check: async ({ primary, candidate }, ports, { signal }) => {
    const probe = await lookAt(ports, primary!, signal)
    if (isStreamingFrom(probe, candidate!)) return { found: 'done', output: { receivedLsn: probe.receivedLsn, timeline: probe.timeline } }
    if (probe.state === 'online' && probe.role === 'primary')
      return { found: 'blocked', because: `${primary!.title} takes writes: it was started as a primary` }
    return { found: 'ready', before: null }
  },
  run: async ({ primary, candidate }, _before, ports, context) => {
    const options = { timeoutMs: fileTimeoutMs, signal: context.signal }
    const found = await settle(primary!, ports.read, context)
    if (found.hasStandbySignal !== true)
      throw new Fault('step.blocked', { because: `${primary!.title} has no standby.signal, so it is not started`, isOver: true })
    if (isDown(found.state)) {
      for (const command of ports.read.replication.commands.follow(primary!.address, primary!.following!)) context.note('command', command)
      await ports.act.replication.follow(primary!.address, primary!.following, options)
      await ports.act.postgres.start(primary!.address, { timeoutMs: startTimeoutMs, ...followOutput(context, primary!.commands.start) })
    } else if (!isUnder(found, candidate!)) {
      // Its host was started meanwhile and brought it up, fenced, under whomever its files still named.
      await redirectTo(primary!, primary!.following!, found.version, ports, context)
    }
    for (;;) {
      const probe = await settle(primary!, ports.read, context)
      if (isStreamingFrom(probe, candidate!)) break
      await context.pause(lookEveryMs)
      if (context.signal.aborted)
        throw new Fault('step.unknown', { because: `${primary!.title} runs as a standby, but does not stream yet` })
    }
  },
  timeoutMs: startTimeoutMs + streamMs,
  ending: { final: 'It is a standby now; switching back is another switchover.', harmless: true },
}
