import type { Effect, StepContext } from '@/lib/kernel/operation/operation'
import { isStreamingFrom } from '../../facts/peers'
import { lookAt } from '../../steps/postgres/server'
import { stillLeads } from '../../steps/postgres/still'
import { redirectTo } from '../../steps/replication/follow-upstream'
import { bringUnder } from '../../steps/replication/start-following'
import type { FailoverFacts } from '../facts'

type Output = { receivedLsn: string | null; timeline: number | null }

const fileTimeoutMs = 15_000
const startTimeoutMs = 120_000
const streamMs = 60_000

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
  run: async (facts, _before, ports, context) => {
    const [place, upstream, following] = [facts.primary!, facts.candidate!, facts.primary!.following!]
    const still = stillLeads<FailoverFacts>(() => upstream)
    const write = async ({ note, signal }: StepContext) => {
      for (const command of ports.read.replication.commands.follow(place.address, following)) note('command', command)
      await ports.act.replication.follow(place.address, following, { timeoutMs: fileTimeoutMs, signal })
    }
    // Its host was started meanwhile and brought it up, fenced, under whomever its files still named.
    const load = (version: string | null, inner: StepContext) => redirectTo(place, following, version, ports, inner)
    await bringUnder({ place, upstream, still: (...look) => still(facts, ...look) }, { write, load }, ports, context)
  },
  timeoutMs: startTimeoutMs + streamMs,
  ending: { final: 'It is a standby now; switching back is another switchover.', harmless: true },
}
