import { synchronousAmong, synchronousCount } from '@/lib/domain/replication/synchronous-names'
import { counted } from '@/lib/domain/values/counted'
import { digestOf } from '@/lib/kernel/ground/digest'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, unknown, warn } from '@/lib/kernel/operation/verdict'
import { limitNames } from '../facts/readiness'
import { type HerdRoll, heldByLimits, isHealthy, isPrimary, primaryOf, type RollMember, sayState } from './facts'

/** The members that are taken, each on its own. */
type Taken = readonly RollMember[]

export const onePrimary = ({ members, herd }: HerdRoll): Verdict => {
  const primaries = members.filter(isPrimary)
  if (primaries.length === 1) return passBecause(`${primaries[0]!.place.title}.`)
  return primaries.length === 0
    ? refuse(`No member of ${herd.name} answers as primary.`)
    : refuse(`${primaries.map(({ place }) => place.title).join(' and ')} both answer as primary: end the split brain first.`)
}

export const allHealthy = ({ members }: HerdRoll): Verdict => {
  const ill = members.filter((member) => !isHealthy(member))
  if (ill.length === 0) {
    const held = sayHeld(members)
    return held === null ? pass : warn(`${held} Such a standby is restarted first.`)
  }
  return refuse(
    `${ill.map(sayState).join('; ')}. While one member is missing no other one is taken down: bring it back, or delete its record.`,
  )
}

/** A primary that runs with a higher limit than before, as after somebody's switchover amid a rolling restart, leaves such standbys. */
const sayHeld = (members: HerdRoll['members']): string | null => {
  const held = members.flatMap((member) => {
    const limits = heldByLimits(member).map(({ name, value }) => `${name} = ${value}`)
    return limits.length === 0 ? [] : [`${member.place.title} runs with ${limits.join(', ')}`]
  })
  return held.length === 0 ? null : `${held.join('; ')}. A standby with less than its primary stops replaying until it is restarted.`
}

export const standbyLeft = ({ members }: HerdRoll, taken: Taken): Verdict => {
  const standbys = members.filter((member) => !isPrimary(member)).length
  if (standbys === 0 && taken.some(isPrimary))
    return refuse('The herd has no standby, so nobody can take over from its primary. Use Restart on the instance.')
  return standbys === 1 && taken.some((member) => !isPrimary(member))
    ? warn('The herd has one standby: while that is away, nothing can take over from the primary.')
    : pass
}

/** What a commit waits for is not to be away with everybody else who would do. */
export const commitsReturn = (roll: HerdRoll, taken: Taken): Verdict => {
  const primary = primaryOf(roll)
  const setting = primary?.probe.synchronousNames ?? ''
  const needed = synchronousCount(setting)
  if (primary === null || needed === 0) return pass
  const names = primary.probe.standbys.filter(({ state }) => state === 'streaming').map(({ applicationName }) => applicationName)
  const isSynchronous = ({ place }: RollMember) =>
    primary.probe.standbys.some(
      ({ clientAddress, applicationName }) =>
        clientAddress === place.address.host.address && synchronousAmong(setting, [applicationName]).length > 0,
    )
  const left = synchronousAmong(setting, names).length - 1
  const held = taken.filter((member) => !isPrimary(member) && isSynchronous(member))
  return held.length === 0 || left >= needed
    ? pass
    : warn(
        `Commits wait for ${counted(needed, 'standby', 'standbys')} (synchronous_standby_names ${setting}): while ${held.map(({ place }) => place.title).join(', then ')} is away, they wait until it is back.`,
      )
}

/** A standby with a lower limit than its primary does not start, or pauses its replay. */
export const limitsRise = (roll: HerdRoll, taken: Taken): Verdict => {
  const primary = primaryOf(roll)
  const lowered = taken.flatMap(({ place, pending }) =>
    pending.flatMap(({ name, value, pending }) =>
      limitNames.includes(name) && value !== null && pending !== null && Number(pending) < Number(value)
        ? [`${name} of ${place.title} falls from ${value} to ${pending}`]
        : [],
    ),
  )
  if (lowered.length > 0)
    return refuse(
      `${lowered.join('; ')}: a standby with a lower limit than its primary does not replay, so the primary has to be restarted with it first. Use Restart on ${primary?.place.title ?? 'the primary'}, or leave the setting as it was.`,
    )
  const unread = taken.flatMap(({ place, pending }) =>
    pending.some(({ name, value }) => limitNames.includes(name) && value === null) ? [place.title] : [],
  )
  return unread.length === 0 ? pass : unknown(`Which limits will be in force on ${unread.join(', ')} could not be read.`)
}

/** What a segment relies on, against what was planned. */
export interface Expected {
  /** null: whoever took over. */
  primaryId: string | null
  /** Of this member: it must be a standby, as it was planned or as the switchover left it. */
  standby: RollMember | null
  /** Ids of all members. */
  memberIds: readonly string[]
}

/** Between two segments somebody else may have acted: then the job stops, and what is done stays. */
export const asPlanned = ({ members, herd }: HerdRoll, { primaryId, standby, memberIds }: Expected): Verdict => {
  const primaries = members.filter(isPrimary)
  const [primary] = primaries
  if (primary === undefined || primaries.length > 1) return onePrimary({ members, herd })
  if (primaryId !== null && primary.place.id !== primaryId)
    return refuse(
      [
        `${primary.place.title} is the primary now, and another member was when the plan was made.`,
        ...(sayHeld(members) === null ? [] : [`${sayHeld(members)} Make a new plan: it restarts such a standby first.`]),
      ].join(' '),
    )
  const ids = new Set(members.map(({ place }) => place.id))
  if (ids.size !== memberIds.length || memberIds.some((id) => !ids.has(id)))
    return refuse(`${herd.name} has other members now than when the plan was made.`)
  if (standby === null) return pass
  const now = members.find(({ place }) => place.id === standby.place.id)!
  if (now.probe.state === 'online' && now.probe.role !== 'standby')
    return refuse(`${now.place.title} is no standby: it is ${now.probe.role}.`)
  if (digestOf(now.place.address) !== digestOf(standby.place.address))
    return refuse(`The record of ${now.place.title} has changed since the plan was made.`)
  if (
    now.probe.systemIdentifier !== null &&
    standby.probe.systemIdentifier !== null &&
    now.probe.systemIdentifier !== standby.probe.systemIdentifier
  )
    return refuse(`${now.place.title} is another cluster now: its system identifier has changed.`)
  return now.probe.state === 'online' && now.upstreamId === null ? refuse(`${sayState(now)}.`) : pass
}
