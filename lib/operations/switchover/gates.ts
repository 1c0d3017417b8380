import { formatDuration } from '@/lib/domain/duration'
import { lagBytes } from '@/lib/domain/lsn'
import { predictGap } from '@/lib/domain/switchover-gap'
import { synchronousAmong, synchronousCount } from '@/lib/domain/synchronous-names'
import type { Verdict } from '@/lib/kernel/plan'
import { counted, pass, passBecause, refuse, warn } from '../gates'
import type { SwitchoverFacts } from './facts'
import type { Blocker } from './sessions'

/** Both sides are alive, or it is no switchover. */
export const primaryAnswers = ({ primary, primaryProbe }: SwitchoverFacts): Verdict => {
  if (primary === null) return refuse('Which member is the primary is not known, so there is nothing to switch over from.')
  const state = primaryProbe?.state ?? 'unknown'
  return state === 'online'
    ? passBecause(`${primary.title} answers: nothing will be lost.`)
    : refuse(`${primary.title} is ${state}: a switchover needs a primary that answers. If it does not come back, fail over.`)
}

const blockerWords = ({ pid, user, database, application, client, seconds, query }: Blocker): string =>
  `${user} in ${database} (pid ${pid}${application === '' ? '' : `, ${application}`}, from ${client}) since ${formatDuration(seconds)}: ${query}`

/** Waiting for it would take as long as it takes; a fast stop rolls it back. */
export const noBlockers = ({ sessions, limits, primary }: SwitchoverFacts): Verdict => {
  if (primary === null) return pass
  if (sessions === null)
    return warn(`Which transactions are open on ${primary.title} could not be read; those that are will be rolled back.`)
  const long = sessions.blockers.filter(({ seconds }) => seconds > limits.blockerSeconds)
  const [oldest] = sessions.blockers
  if (oldest === undefined) return passBecause('No transaction is open.')
  if (long.length === 0) return passBecause(`The oldest transaction is ${formatDuration(oldest.seconds)} old.`)
  const said = `${counted(long.length, 'transaction')} older than ${formatDuration(limits.blockerSeconds)}: ${long.map(blockerWords).join('; ')}.`
  return limits.blockers === 'cut' ? warn(`${said} Rolled back with the stop.`) : refuse(`${said} Let them end, or choose to cut them.`)
}

/** A fast shutdown waits for every reader of WAL, and nobody is served meanwhile. */
export const readersStream = ({ senders }: SwitchoverFacts): Verdict => {
  const slow = senders.filter(({ state }) => state !== 'streaming')
  return slow.length === 0
    ? pass
    : refuse(
        `${slow.map((one) => `${one.name} is in ${one.state}`).join(', ')}: the shutdown would wait for it. Let it catch up or end it first.`,
      )
}

/** The candidate's own setting counts after the promotion: with too few standbys under it, every commit there waits for ever. */
export const synchronousFits = ({
  candidateSynchronousNames: theirs,
  sessions,
  candidate,
  primary,
  followers,
}: SwitchoverFacts): Verdict => {
  if (candidate === null || primary === null) return pass
  if (theirs === null) return warn(`Whether ${candidate.title} waits for synchronous standbys could not be read.`)
  const needed = synchronousCount(theirs)
  const names = [...followers.map(({ following }) => following), primary.following].map(
    (following) => following?.conninfo.application_name ?? '',
  )
  const present = synchronousAmong(theirs, names)
  if (needed > present.length)
    return refuse(
      `${candidate.title} has synchronous_standby_names ${theirs}: ${counted(needed, 'standby', 'standbys')} must confirm each commit, and ${present.length === 0 ? 'none' : present.join(', ')} of those that will follow is among them. Its commits would wait for ever. Correct the setting there and reload.`,
    )
  if (needed === 0 && sessions !== null && sessions.synchronousNames !== '')
    return warn(
      `${primary.title} waits for synchronous standbys (${sessions.synchronousNames}), ${candidate.title} will not: set it there first if commits must stay on two servers.`,
    )
  return pass
}

/** Whoever is connected is cut and must connect again. */
export const clientsSaid = ({ sessions, primaryProbe }: SwitchoverFacts): Verdict => {
  const count = primaryProbe?.clients ?? null
  if (!count) return pass
  const who = (sessions?.clients ?? []).map(
    (one) => `${one.count} × ${one.user}${one.application === '' ? '' : ` (${one.application})`} from ${one.client}`,
  )
  return warn(`${counted(count, 'client')} connected: cut${who.length === 0 ? '' : `: ${who.join(', ')}`}. They must connect again.`)
}

export const poolersSaid = ({ poolers }: SwitchoverFacts): Verdict =>
  poolers.length === 0
    ? pass
    : warn(
        `${poolers.join(', ')} in front of it ${poolers.length === 1 ? 'is' : 'are'} not paused: clients that come through get errors until it leads to the new primary.`,
      )

export const gapSaid = (facts: SwitchoverFacts): Verdict => {
  const words = gapWords(facts)
  return words === null ? pass : passBecause(words)
}

/** null: what it depends on could not be seen. */
export const gapWords = ({ roundTripMs, candidateProbe, primaryProbe }: SwitchoverFacts): string | null => {
  const behind = lagBytes(candidateProbe?.replayedLsn ?? null, primaryProbe?.currentLsn ?? null)
  if (roundTripMs === null || behind === null) return null
  const { ms, parts } = predictGap({ roundTripMs, lagBytes: behind })
  return `About ${formatDuration(ms / 1000)} without a writer: ${parts.map((part) => `${part.what} ${part.ms} ms`).join(', ')}.`
}
