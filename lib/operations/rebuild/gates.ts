import { isTooSmall, spaceText } from '@/lib/domain/copies/copy-space'
import { confDifferenceText } from '@/lib/domain/replication/conf-diff'
import { formatBytes } from '@/lib/domain/values/bytes'
import { lsnBytesBetween } from '@/lib/domain/values/lsn'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, unknown, warn } from '@/lib/kernel/operation/verdict'
import { isDown } from '../facts/instance'
import { mayRewind, savesTail } from '../facts/rewind'
import { mayReplicate, wasSeen } from '../gates/seen'
import type { RebuildFacts } from './facts'
import { whyNoRoom } from './in-place-sight'
import { isInPlace } from './where-copied'

/** A directory that is gone can be copied again; everything else that cannot be seen is not touched. */
export const isSeen = ({ probe, instance }: RebuildFacts): Verdict => {
  if (probe.state === 'absent')
    return warn(`There is no data directory at ${instance.address.dataDirectory}: make sure that its disk is mounted first.`)
  if (probe.state === 'starting' || probe.state === 'stopping') return refuse(`It is ${probe.state}: wait until it is running or stopped.`)
  return wasSeen(probe)
}

/** Looked at again after a copy of hours: somebody may have promoted it meanwhile. */
export const isNoPrimary = ({ probe, primaries, instance, led, replaced }: RebuildFacts): Verdict => {
  if (probe.state === 'online' && probe.role === 'primary')
    return refuse(
      primaries.length === 0
        ? `It is the primary of ${instance.herdName}: the other members are copies of it.`
        : `It takes writes, and so does ${primaries.join(' and ')}: demote it first; that plan shows what it wrote.`,
    )
  const mayLead = isDown(probe.state) && primaries.length === 0 && replaced === null && (probe.hasStandbySignal !== true || led)
  return mayLead
    ? refuse(
        `It is down and may be the primary of ${instance.herdName}: no other member takes writes. Start it or fail the herd over first.`,
      )
    : pass
}

export const hasUpstream = ({ why, upstream, upstreamProbe }: RebuildFacts): Verdict => {
  if (why !== null || upstream === null) return refuse(why ?? 'There is no member to follow.')
  return upstreamProbe?.role === 'standby' && upstreamProbe.upstream?.status !== 'streaming'
    ? warn(`${upstream.title} is a standby that is not streaming itself.`)
    : passBecause(`${upstream.title}.`)
}

export const isLetIn = ({ reach, upstream, instance, following }: RebuildFacts): Verdict =>
  mayReplicate({ reach, upstream, follower: instance, following })

/** pg_basebackup has one for the data and one for the WAL. */
const sendersOfCopy = 2

/** What runs out in the middle of a copy is told before it begins. */
export const hasRoom = ({ room, upstream, upstreamProbe, following, choice, rewindKey }: RebuildFacts): Verdict => {
  if (room === null || upstream === null) return pass
  const isForCopy = choice.strategy === 'copy' || rewindKey !== null
  const isHeld = isForCopy || choice.strategy === 'in-place'
  const ownSlot = following?.slotName != null && !upstreamProbe?.slots.some(({ name }) => name === following.slotName) ? 1 : 0
  const slots = ownSlot + (isHeld ? 1 : 0)
  const because =
    isForCopy && room.senders < sendersOfCopy
      ? `A copy takes ${sendersOfCopy} WAL senders of ${upstream.title}, and ${room.senders} of ${room.sendersMax} are free: end an unneeded one (pg_stat_replication), or raise max_wal_senders there, which requires a restart.`
      : room.slots < slots
        ? `It takes ${slots} more replication slot${slots === 1 ? '' : 's'} on ${upstream.title}, and ${room.slots} of ${room.slotsMax} are free: drop an inactive one, or raise max_replication_slots there, which requires a restart.`
        : null
  if (because === null) return pass
  return choice.strategy === 'copy' || choice.strategy === 'in-place' || room.slots < ownSlot
    ? refuse(because)
    : warn(`If the rewind fails: ${because}`)
}

const costInPlace = ({ totalBytes, upstream }: RebuildFacts): string =>
  `rsync compares everything${totalBytes === null ? '' : ` (${formatBytes(totalBytes)})`} with ${upstream?.title} and transfers at most that. The old data cannot be restored, and the server cannot start until it is complete; its configuration, links and tablespaces stay.`

export const hasStrategy = (facts: RebuildFacts): Verdict => {
  const { choice, input } = facts
  if (choice.strategy === null) return refuse(choice.because)
  if (choice.strategy === 'none') return refuse(`${choice.because} No rebuild is needed; choose the strategy copy to rebuild it anyway.`)
  const because = `${titles[choice.strategy]}. ${choice.because}`
  if (isInPlace(facts)) return warn(`${because} ${costInPlace(facts)}`)
  return choice.strategy === 'rewind' || (choice.strategy === 'copy' && !input.keepOld) ? warn(because) : passBecause(because)
}

export const isAllowed = ({ choice, rewind, upstream }: RebuildFacts): Verdict =>
  choice.strategy === 'rewind' ? mayRewind(rewind, upstream) : pass

export const mayWorkInPlace = ({ choice, inPlace }: RebuildFacts): Verdict => {
  if (choice.strategy !== 'in-place' || inPlace === null) return pass
  return inPlace.may.works
    ? passBecause('rsync is installed on both hosts, and the console may start a backup on the upstream.')
    : refuse(`rsync cannot be used: ${inPlace.may.because.replace(/\.$/, '')}.`)
}

/** What only this server ever had, before it is discarded or goes with the old directory. */
export const isSaved = (facts: RebuildFacts): Verdict => {
  const { choice, input, rewind, tailFrom, endLsn } = facts
  if (tailFrom === null || choice.strategy === null) return pass
  if (choice.strategy === 'copy' && input.keepOld) return passBecause('The WAL past the fork stays in the old directory, which is kept.')
  if (!input.saveTail)
    return choice.strategy === 'copy' || choice.strategy === 'in-place'
      ? warn(`The WAL past the fork at ${tailFrom} is removed with the old directory.`)
      : pass
  if (!savesWal(facts))
    return warn(
      `The WAL past the fork at ${tailFrom} is removed with the old directory, since it cannot be archived while the server runs: stop it first, or keep the old directory.`,
    )
  return savesTail(rewind, { saves: true, pastBytes: lsnBytesBetween(tailFrom, endLsn) })
}

/** A copy replaces one that runs only at its end: what that one still receives could not be saved before. */
export const savesWal = ({ choice, input, tailFrom, probe }: RebuildFacts): boolean =>
  tailFrom !== null &&
  input.saveTail &&
  (choice.strategy === 'rewind' || choice.strategy === 'in-place' || (choice.strategy === 'copy' && !input.keepOld && isDown(probe.state)))

const differencesMax = 20

export const titles = {
  none: 'Nothing',
  follow: 'Follow the upstream again',
  rewind: 'pg_rewind, in place',
  copy: 'A copy beside the old directory',
  'in-place': 'rsync, in place',
} as const

export const hasSpace = (facts: RebuildFacts): Verdict => {
  if (facts.choice.strategy === 'copy') return hasSpaceForCopy(facts)
  if (isInPlace(facts)) return hasSpaceInPlace(facts)
  if (facts.rewindKey === null) return passBecause('Nothing is copied beside the old directory.')
  const { verdict, because } = hasSpaceForCopy(facts)
  return verdict === 'refuse'
    ? warn(`If the rewind fails, no copy can be made instead: ${because}`)
    : passBecause(`If the rewind fails: ${because}`)
}

const hasSpaceInPlace = ({ inPlace }: RebuildFacts): Verdict => {
  if (inPlace?.needs == null) return unknown('Whether the upstream’s data fit could not be measured in time.')
  const small = inPlace.needs.find(isTooSmall)
  return small ? refuse(`It needs ${spaceText(small)}, counting the old data as free space.`) : passBecause('The upstream’s data fit.')
}

const hasSpaceForCopy = ({ needs, sight, inPlace }: RebuildFacts): Verdict => {
  const nor = inPlace?.may.works === false ? ` Nor can rsync work in place: ${inPlace.may.because.replace(/\.$/, '')}.` : ''
  const barred = whyNoRoom({ sight, needs: null })
  if (barred !== null) return refuse(`${barred}${nor}`)
  if (needs === null)
    return unknown('The size of the upstream could not be measured in time: make sure that the copy fits beside the old directory.')
  const small = needs.find(isTooSmall)
  if (small) return refuse(`The copy needs ${spaceText(small)}. Free some, or choose the strategy rewind or in-place if it can work.${nor}`)
  return passBecause(`The copy needs ${needs.map(spaceText).join('; ')}.`)
}

/** What an abandoned run left beside the data directory. */
export const isTidy = ({ sight }: RebuildFacts): Verdict => {
  const copy = sight?.copy
  if (copy === undefined || copy.stage === 'none') return pass
  const where = copy.paths.join(', ')
  if (copy.stage === 'half')
    return warn(`An earlier swap was interrupted (${where}): the old directory is put back first, and that copy removed.`)
  if (copy.stage === 'swapped') return warn(`The old directory of an earlier rebuild is still there (${where}): it is kept, renamed.`)
  return warn(`The copy of an abandoned rebuild is still there (${where}): it is removed first.`)
}

/** The host's own configuration is kept, whatever the upstream's says. */
export const keepsConfiguration = ({ configuration, upstream, sight, choice }: RebuildFacts): Verdict => {
  if ((choice.strategy !== 'copy' && choice.strategy !== 'in-place') || sight === null || upstream === null) return pass
  if (sight.configuration.length === 0) return passBecause('There is no configuration file in its data directory.')
  if (configuration.length === 0) return passBecause(`${sight.configuration.join(', ')}: kept as they are.`)
  const told = configuration.slice(0, differencesMax).map((one) => confDifferenceText(one, upstream.title))
  const more = configuration.length - told.length
  return warn(`Kept as they are, although they differ from ${upstream.title}: ${told.join('; ')}${more > 0 ? `; and ${more} more` : ''}.`)
}
