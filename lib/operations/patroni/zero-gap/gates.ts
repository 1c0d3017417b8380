import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, unknown, warn } from '@/lib/kernel/operation/verdict'
import { isWell } from '../facts'
import { nameOf, type ZeroGapFacts } from './facts'

const through = 'use Switch over through Patroni'

export const oneCluster = ({ patroni: { why, cluster } }: ZeroGapFacts): Verdict =>
  why === null ? passBecause(`It is ${cluster}.`) : refuse(why)

/** Without one there is nobody whose clients could be paused. */
export const hasFront = ({ front, patroni: { why } }: ZeroGapFacts): Verdict =>
  front.length > 0 || why !== null ? pass : refuse(`No pooler is in front of it, so its clients cannot be paused: ${through}.`)

export const leaderAgreed = (facts: ZeroGapFacts): Verdict => {
  const { patroni, primary } = facts
  if (patroni.why !== null || primary === null) return pass
  const [leader] = patroni.leaders
  if (leader === undefined) return refuse('Patroni has no leader now: it elects one by itself.')
  if (patroni.leaders.length > 1)
    return refuse(`Its members do not agree who leads: ${patroni.leaders.join(', ')}. Look again in some seconds.`)
  if (nameOf(facts, primary) !== leader)
    return refuse(`${primary.title} takes writes, and Patroni’s leader is ${leader}. Look again in some seconds.`)
  const member = patroni.members.find(({ name }) => name === leader)
  return member?.hasPendingRestart === true
    ? refuse(
        `${primary.title} has settings that wait for a restart, and a failed switchover would start it with them: use Restart through Patroni first.`,
      )
    : pass
}

export const patroniTakesCandidate = (facts: ZeroGapFacts): Verdict => {
  const { candidate, patroni } = facts
  if (candidate === null || patroni.why !== null) return pass
  const member = patroni.members.find(({ name }) => name === nameOf(facts, candidate))
  if (member === undefined) return refuse(`${candidate.title} is not in the cluster as Patroni sees it.`)
  if (!isWell(member)) return refuse(`${candidate.title} is ${member.state}, says Patroni.`)
  if (/^(true|yes|on|1)$/i.test(member.tags.nofailover ?? '')) return refuse(`${candidate.title} has the tag nofailover.`)
  const synchronous = patroni.members.filter(({ role }) => role === 'sync_standby' || role === 'quorum_standby')
  return synchronous.length > 0 && !synchronous.includes(member)
    ? refuse(
        `${candidate.title} is not a synchronous standby, and the cluster is in synchronous mode: choose ${synchronous.map(({ name }) => name).join(' or ')}.`,
      )
    : pass
}

/** Each host is one that can end the pause, and each member has to know of it. */
export const membersAnswer = ({ patroni: { silent, why } }: ZeroGapFacts): Verdict =>
  silent.length === 0 || why !== null
    ? pass
    : refuse(`The Patroni of ${silent.join(', ')} does not answer, so whether it holds still is not known: start it, or ${through}.`)

export const notPaused = ({ patroni: { isPaused, why } }: ZeroGapFacts): Verdict =>
  !isPaused || why !== null ? pass : refuse('Patroni is paused already: use Resume Patroni first.')

export const commitsWait = ({ patroni: { synchronous, why }, candidate }: ZeroGapFacts): Verdict => {
  if (why !== null || synchronous === 'off') return pass
  if (synchronous === null) return unknown('Whether the cluster is in synchronous mode could not be read: GET /config.')
  return synchronous === 'strict'
    ? refuse(`The cluster is in strict synchronous mode, and for about a second commits would not wait for a standby: ${through}.`)
    : warn(
        `Until Patroni on ${candidate?.title ?? 'the candidate'} has taken the leader key, about a second, commits do not wait for a synchronous standby.`,
      )
}

export const failoverOff = ({ patroni: { why } }: ZeroGapFacts): Verdict =>
  why === null ? passBecause('There is none while Patroni is paused, for a few seconds.') : pass
