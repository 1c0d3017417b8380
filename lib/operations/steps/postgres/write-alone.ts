import { Fault } from '@/lib/kernel/ground/errors'
import type { StepContext } from '@/lib/kernel/operation/operation'
import type { InventoryInstance, Probe, ReadPorts, Replacement } from '@/lib/ports'
import { asMember, isUp, type Member, type Place } from '../../facts/instance'
import { isFedByUnseen } from '../../gates/other-primary'

/** Time for a cold SSH connection, its login and the first question to PostgreSQL. */
const lookTimeoutMs = 10_000
/** One that does not answer is asked again until so much time has passed: a host that was down is not asked for 5 s. */
const patienceMs = 6_000
const lookEveryMs = 1_000
/** For a driver that has seen all of them in this very run: its connections are warm, and clients may be waiting. */
const glanceTimeoutMs = 1_000

export interface WriteAlone {
  /** Who is to take writes, or to have the poolers pointed at it. */
  place: Place
  /** Ids of members that took writes when the job began and whose plan said so. */
  beside?: readonly string[] | undefined
  /** Titles of members whose silence a person has answered for: that they cannot be seen holds nothing up. */
  answeredFor?: readonly string[] | undefined
  /** The id of the member by which this job itself has recorded `place` as replaced. */
  replacedBy?: string | undefined
  /** Where it takes writes already nothing is made writable, so members that cannot be seen hold nothing up. */
  mayServeOn?: boolean
  /** It is on its way forward: a driver in an unbroken run has looked at all of them moments ago, and asks only whether another one has begun to write since. */
  isForward?: boolean
}

type Seen = { instance: InventoryInstance; probe: Probe }

/**
 * To be called right before a server becomes writable, or clients are sent to it: in every undo, in a run that another driver began or a person has decided on,
 * and, as `isForward`, in an unbroken one. Looks at all members of the herd afresh. Throws `step.blocked`, with what to do, when
 * another one writes, is on a later timeline or is recorded as its successor, and when one cannot be seen, which is then named. A driver that has seen all of
 * them in an unbroken run gives a silent one no more than a glance: only this driver has told a member to promote.
 */
export const mustWriteAlone = async (claim: WriteAlone, ports: ReadPorts, context: StepContext): Promise<void> => {
  const { place } = claim
  const isGlance = context.isUnbroken && claim.isForward === true
  const [instances, { members: standings }] = await Promise.all([
    ports.inventory.herdInstances(place.herdId),
    ports.inventory.herdStanding(place.herdId),
  ])
  const asked = isGlance ? instances.filter((one) => isAskedInPassing(claim, one)) : instances
  const seen = await lookAtAll(asked, claim, ports, context)
  const own = seen.find(({ instance }) => instance.id === place.id)?.probe
  const others = seen.filter(({ instance }) => instance.id !== place.id)
  const replaced = standings.find(({ id }) => id === place.id)?.replaced ?? null
  const trouble = isGlance
    ? writing(claim, others)
    : (recorded(claim, replaced, own) ??
      writing(claim, others) ??
      later(claim, others, own) ??
      fed(claim, seen) ??
      (context.isUnbroken ? null : silent(claim, others, own)))
  if (trouble !== null) throw new Fault('step.blocked', { isOver: true, ...trouble })
}

/** The others alone: whom a person has answered for, and whose writing is no news, is not worth a question while clients may be waiting. */
const isAskedInPassing = ({ place, beside = [], answeredFor = [] }: WriteAlone, { id, title }: InventoryInstance): boolean =>
  id !== place.id && !beside.includes(id) && !answeredFor.includes(title)

const lookAtAll = async (
  instances: readonly InventoryInstance[],
  claim: WriteAlone,
  ports: ReadPorts,
  context: StepContext,
): Promise<Seen[]> => {
  const look = async (instance: InventoryInstance): Promise<Seen> => {
    const timeoutMs = context.isUnbroken ? glanceTimeoutMs : lookTimeoutMs
    return { instance, probe: await ports.postgres.probe(instance.address, { timeoutMs, signal: context.signal }) }
  }
  const began = ports.now().getTime()
  let seen = await Promise.all(instances.map(look))
  const isWaitedFor = (one: Seen) => one.instance.id !== claim.place.id && isSilent(one) && !isAnsweredFor(claim, one)
  while (!context.isUnbroken && seen.some(isWaitedFor) && ports.now().getTime() - began < patienceMs && !context.signal.aborted) {
    await context.pause(lookEveryMs)
    seen = await Promise.all(seen.map((one) => (isWaitedFor(one) ? look(one.instance) : one)))
  }
  return seen
}

/** What is known of it says nothing about whether it writes. */
const isSilent = ({ probe: { state, hasStandbySignal } }: Seen): boolean =>
  state === 'unreachable' || state === 'unknown' || state === 'refused' || (state === 'starting' && hasStandbySignal === null)

const isAnsweredFor = ({ answeredFor = [] }: WriteAlone, { instance }: Seen): boolean => answeredFor.includes(instance.title)

type Trouble = { because: string; question: string } | null

const leaveIt = ({ title }: Place): string => `Or abandon the job: clean-up runs, and ${title} stays as it is.`

/** It followed the recorded successor, if it is on that timeline by now. */
const recorded = ({ place, replacedBy }: WriteAlone, replaced: Replacement | null, own: Probe | undefined): Trouble => {
  if (replaced === null || replaced.byId === replacedBy || (own?.timeline ?? 0) >= replaced.timeline) return null
  return {
    because: `${place.title} must not start read-write: ${replaced.because}`,
    question: `Abandon the job: clean-up runs, and ${place.title} stays as it is. Then let it rejoin as a standby, or rebuild it.`,
  }
}

const news = ({ beside = [] }: WriteAlone, others: readonly Seen[]): Seen[] =>
  others.filter(({ instance }) => !beside.includes(instance.id))

const writing = (claim: WriteAlone, others: readonly Seen[]): Trouble => {
  const { place } = claim
  const isWriting = ({ probe: { state, role, hasStandbySignal } }: Seen) =>
    (role === 'primary' && isUp(state)) || (state === 'starting' && hasStandbySignal === false)
  const writer = news(claim, others).find(isWriting)?.instance.title
  if (writer === undefined) return null
  return {
    because: `${writer} takes writes, so ${place.title} is not made a primary beside it.`,
    question: `If ${writer} is to stay the primary, abandon the job: clean-up runs, and ${place.title} stays as it is; then point clients at ${writer}, and let ${place.title} rejoin or rebuild it. If not, stop ${writer}, then resume: every member is looked at again.`,
  }
}

const later = (claim: WriteAlone, others: readonly Seen[], own: Probe | undefined): Trouble => {
  const { place } = claim
  const found = news(claim, others).find(
    ({ probe }) => isSameSystem(probe, own) && (probe.timeline ?? 0) > (own?.timeline ?? Number.MAX_SAFE_INTEGER),
  )
  if (found === undefined) return null
  return {
    because: `${found.instance.title} is on timeline ${found.probe.timeline}, ${place.title} on ${own?.timeline}: somebody was promoted meanwhile, and ${place.title} does not have what was written since.`,
    question: `Abandon the job: clean-up runs, and ${place.title} stays as it is. Then point clients at the member that takes writes, and let ${place.title} rejoin or rebuild it.`,
  }
}

const isSameSystem = (probe: Probe, own: Probe | undefined): boolean =>
  probe.systemIdentifier === null || own?.systemIdentifier == null || probe.systemIdentifier === own.systemIdentifier

/** A server that one of them streams from is a primary, or below one. */
const fed = ({ place }: WriteAlone, seen: readonly Seen[]): Trouble => {
  const members: Member[] = seen.map(({ instance, probe }) => asMember(instance, probe))
  const standby = members.find((one) => one.state === 'online' && one.role === 'standby' && isFedByUnseen(one, members))
  if (standby === undefined) return null
  const { upstream } = standby
  return {
    because: `${standby.title} streams from ${upstream?.host}:${upstream?.port ?? 5432}, which the console cannot see: a primary is alive there, so ${place.title} is not made one.`,
    question: `Find out who runs there. Once it is down, resume: every member is looked at again. ${leaveIt(place)}`,
  }
}

const silent = (claim: WriteAlone, others: readonly Seen[], own: Probe | undefined): Trouble => {
  const { place, mayServeOn = false } = claim
  if (mayServeOn && own?.state === 'online' && own.role === 'primary') return null
  const unseen = others.filter((one) => isSilent(one) && !isAnsweredFor(claim, one)).map(({ instance }) => instance.title)
  if (unseen.length === 0) return null
  const names = unseen.join(', ')
  return {
    because: `${names} cannot be seen, and may have been promoted since this job began, so ${place.title} is not made a primary.`,
    question: `Let the console reach ${names}, or delete from the herd what is gone for good, then resume: every member is looked at again. ${leaveIt(place)} A failover can then be forced by typing the herd’s name.`,
  }
}
