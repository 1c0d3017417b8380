import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import { asMember, type HerdFacts, isDown, isUp, type Member } from '../facts/instance'

/**
 * May this stopped server come back as it is? With standby.signal it comes back as a standby. Without it, it will write: then no other primary may
 * run, none may be streaming to a standby we can see, and nobody in the herd may be on a later timeline.
 */
export const otherPrimary = ({ probe, others, instance, replaced }: HerdFacts): Verdict => {
  if (probe.hasStandbySignal === true) return passBecause('It carries standby.signal and comes back as a standby.')
  const remedy = 'Let it rejoin as a standby, or rebuild it.'
  if (replaced !== null) return refuse(`It must not start as a primary: ${replaced} Let it rejoin as a standby instead.`)
  const primary = others.find((one) => one.role === 'primary' && isUp(one.state))
  if (primary)
    return refuse(
      `${primary.title} is the primary of ${instance.herdName}. Started as it is, this former primary would be a second one. ${remedy}`,
    )
  const later = others.find(
    (one) => isSameSystem(one, probe.systemIdentifier) && (one.timeline ?? 0) > (probe.timeline ?? Number.MAX_SAFE_INTEGER),
  )
  if (later)
    return refuse(
      `${later.title} is on timeline ${later.timeline}, this one on ${probe.timeline}: it was replaced by a promotion. ${remedy}`,
    )
  const members = [...others, asMember(instance, probe)]
  const fed = others.find((one) => one.state === 'online' && isFedByUnseen(one, members))
  if (fed)
    return refuse(
      `${fed.title} streams from ${fed.upstream?.host}:${fed.upstream?.port}, which the console cannot see: another primary is alive there. ${remedy}`,
    )
  if (probe.hasStandbySignal === null) return warn('Whether it carries standby.signal could not be seen.')
  return pass
}

const isSameSystem = (member: Member, systemIdentifier: string | null) =>
  systemIdentifier === null || member.systemIdentifier === null || member.systemIdentifier === systemIdentifier

/**
 * It receives WAL from a server that is none of the members that answer. One whose own host says that it is down cannot be the sender: a WAL receiver that is frozen
 * goes on saying that it streams from there.
 */
export const isFedByUnseen = (standby: Member, members: readonly Member[]): boolean => {
  const { upstream } = standby
  if (upstream?.status !== 'streaming' || upstream.host === null) return false
  const host = upstream.host.toLowerCase()
  return !members.some(
    (one) => (one.state === 'online' || isDown(one.state)) && one.port === (upstream.port ?? 5432) && one.hosts.includes(host),
  )
}

/** Titles of the other members that do not answer. */
export const silentOf = ({ others }: HerdFacts): string[] =>
  others.filter(({ state }) => state === 'unreachable' || state === 'unknown' || state === 'refused').map(({ title }) => title)

/** A member that does not answer may be anything; it is said, not guessed. */
export const silentMembers = (facts: HerdFacts): Verdict => {
  const { probe } = facts
  const names = silentOf(facts).join(', ')
  if (names === '') return pass
  if (probe.hasStandbySignal === true) return passBecause(`${names} cannot be seen; a standby may start all the same.`)
  return warn(`${names} cannot be seen. If a primary runs there, this start makes a second one.`)
}
