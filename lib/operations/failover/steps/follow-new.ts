import { Fault, isFault } from '@/lib/kernel/ground/errors'
import { leaveOut, notNeeded, notPossible } from '@/lib/kernel/operation/only-when'
import type { Effect, RunContext } from '@/lib/kernel/operation/operation'
import type { ActPorts } from '@/lib/ports'
import { isStreamingFrom, isUnder } from '../../facts/peers'
import { lookAt, settle } from '../../steps/postgres/server'
import { redirectTo } from '../../steps/replication/follow-upstream'
import type { FailoverFacts, Follower, Sign } from '../facts'

type Output = { followed: string[]; parked: Sign[] }

const fileTimeoutMs = 15_000
const startTimeoutMs = 120_000
/** How long one standby may take to stream; the others are not held up by it. */
const streamMs = 30_000
/** A WAL receiver that lives ends at once when it is told to; one that does not by then is frozen, and may be for hours. */
const endsMs = 3_000
const lookEveryMs = 200

const leftAsIs = ({ parked }: FailoverFacts): string =>
  parked.length === 0 ? 'There is no other standby.' : parked.map(({ title, because }) => `${title} stays as it is: ${because}.`).join(' ')

/** Puts every other standby under the new primary, all at once; who cannot be reached, or does not stream in time, is parked by name. */
export const followNew: Effect<FailoverFacts, null, Output> = {
  title: 'Repoint the other standbys to the new primary',
  preview: (facts) => {
    const { followers, parked, candidate } = facts
    return {
      sentence:
        followers.length === 0
          ? leftAsIs(facts)
          : `Repoint ${followers.map(({ place }) => place.title).join(', ')} to ${candidate?.title}${parked.length > 0 ? `; leave ${parked.map(({ title }) => title).join(', ')} as it is` : ''}.`,
      commands: followers.map(({ place }) => `primary_conninfo of ${place.title}, then ${place.commands.reload.join(' ')}`),
    }
  },
  check: async (facts, ports, { signal }) => {
    if (facts.followers.length === 0) return leaveOut(facts.parked.length === 0 ? notNeeded(leftAsIs(facts)) : notPossible(leftAsIs(facts)))
    const probes = await Promise.all(
      facts.followers.map(({ place }) => ports.postgres.probe(place.address, { timeoutMs: fileTimeoutMs, signal })),
    )
    if (probes.every((probe) => isStreamingFrom(probe, facts.candidate!)))
      return { found: 'done', output: { followed: facts.followers.map(({ place }) => place.title), parked: facts.parked } }
    return { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, context) => {
    const outcomes = await Promise.all(facts.followers.map((one) => putUnder(one, facts, ports, context)))
    const followed = facts.followers.filter((_, index) => outcomes[index] === null).map(({ place }) => place.title)
    return { followed, parked: [...facts.parked, ...outcomes.filter((sign) => sign !== null)] }
  },
  timeoutMs: startTimeoutMs + 2 * streamMs,
  proof: 'answer',
  ending: { final: 'A standby can be repointed again at any time.', harmless: true },
}

/** null: it streams. Never throws for a standby that is in a bad state. */
const putUnder = async (follower: Follower, facts: FailoverFacts, ports: ActPorts, context: RunContext): Promise<Sign | null> => {
  const { place } = follower
  try {
    const probe = await lookAt(ports.read, place, context.signal)
    if (!isStreamingFrom(probe, facts.candidate!)) await redirectTo(place, follower.following, follower.version, ports, context)
    await untilStreaming(follower, facts, ports, context)
    context.note('info', `${place.title} streams from ${facts.candidate!.title}.`)
    return null
  } catch (error) {
    if (!isFault(error) || error.code === 'lease.lost') throw error
    context.note('warning', `${place.title} is not repointed: ${error.message}`)
    return { title: place.title, because: error.message }
  }
}

const untilStreaming = async ({ place }: Follower, { candidate }: FailoverFacts, ports: ActPorts, context: RunContext): Promise<void> => {
  const began = ports.read.now().getTime()
  for (;;) {
    const probe = await settle(place, ports.read, context)
    if (isStreamingFrom(probe, candidate!)) return
    const passedMs = ports.read.now().getTime() - began
    if (passedMs >= endsMs && probe.upstream !== null && !isUnder(probe, candidate!))
      throw new Fault('step.unknown', {
        because: `its WAL receiver is frozen and does not end; when it does, it follows ${candidate!.title}`,
      })
    if (context.signal.aborted || passedMs >= streamMs)
      throw new Fault('step.unknown', { because: `it was put under ${candidate!.title}, but does not stream yet` })
    await context.pause(lookEveryMs)
  }
}
