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

/** A directory that is gone can be copied anew; everything else that cannot be seen is not touched. */
export const isSeen = ({ probe, instance }: RebuildFacts): Verdict => {
  if (probe.state === 'absent')
    return warn(`There is no data directory at ${instance.address.dataDirectory}: make sure that its disk is mounted before it is filled.`)
  if (probe.state === 'starting' || probe.state === 'stopping') return refuse(`It is ${probe.state}: wait until it runs or is down.`)
  return wasSeen(probe)
}

/** Looked at again after a copy of hours: somebody may have promoted it meanwhile. */
export const isNoPrimary = ({ probe, primaries, instance, led, replaced }: RebuildFacts): Verdict => {
  if (probe.state === 'online' && probe.role === 'primary')
    return refuse(
      primaries.length === 0
        ? `It is the primary of ${instance.herdName}: what it holds is what the others are copies of.`
        : `It takes writes, as ${primaries.join(' and ')} does: demote it first, which shows what it wrote by itself.`,
    )
  const mayLead = isDown(probe.state) && primaries.length === 0 && replaced === null && (probe.hasStandbySignal !== true || led)
  return mayLead
    ? refuse(
        `It is down, may be the primary of ${instance.herdName}, and no other member takes writes: start it, or fail the herd over, first.`,
      )
    : pass
}

export const hasUpstream = ({ why, upstream, upstreamProbe }: RebuildFacts): Verdict => {
  if (why !== null || upstream === null) return refuse(why ?? 'There is nobody to follow.')
  return upstreamProbe?.role === 'standby' && upstreamProbe.upstream?.status !== 'streaming'
    ? warn(`${upstream.title} is a standby that receives nothing itself just now.`)
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
      ? `A copy takes ${sendersOfCopy} WAL senders of ${upstream.title}, and ${room.senders} of ${room.sendersMax} are free: end one in pg_stat_replication that nobody needs, or raise max_wal_senders there, which takes a restart.`
      : room.slots < slots
        ? `It takes ${slots} more replication slot${slots === 1 ? '' : 's'} on ${upstream.title}, and ${room.slots} of ${room.slotsMax} are free: drop an inactive one, or raise max_replication_slots there, which takes a restart.`
        : null
  if (because === null) return pass
  return choice.strategy === 'copy' || choice.strategy === 'in-place' || room.slots < ownSlot
    ? refuse(because)
    : warn(`Should the rewind fail: ${because}`)
}

const costInPlace = ({ totalBytes, upstream }: RebuildFacts): string =>
  `rsync compares everything${totalBytes === null ? '' : ` (${formatBytes(totalBytes)})`} with ${upstream?.title} and moves at most that. The old data cannot be put back, and from the first change to the end the server cannot start; its configuration, links and tablespaces stay.`

export const hasStrategy = (facts: RebuildFacts): Verdict => {
  const { choice, input } = facts
  if (choice.strategy === null) return refuse(choice.because)
  if (choice.strategy === 'none')
    return refuse(`${choice.because} Nothing has to be rebuilt; choose the strategy copy to rebuild it all the same.`)
  const because = `${titles[choice.strategy]}. ${choice.because}`
  if (isInPlace(facts)) return warn(`${because} ${costInPlace(facts)}`)
  return choice.strategy === 'rewind' || (choice.strategy === 'copy' && !input.keepOld) ? warn(because) : passBecause(because)
}

export const isAllowed = ({ choice, rewind, upstream }: RebuildFacts): Verdict =>
  choice.strategy === 'rewind' ? mayRewind(rewind, upstream) : pass

export const mayWorkInPlace = ({ choice, inPlace }: RebuildFacts): Verdict => {
  if (choice.strategy !== 'in-place' || inPlace === null) return pass
  return inPlace.may.works
    ? passBecause('It is on both hosts, and the console, which carries the bytes, may begin a backup of the upstream.')
    : refuse(`It cannot: ${inPlace.may.because.replace(/\.$/, '')}.`)
}

/** What only this server ever had, before it is taken back or goes with the old directory. */
export const isSaved = (facts: RebuildFacts): Verdict => {
  const { choice, input, rewind, tailFrom, endLsn } = facts
  if (tailFrom === null || choice.strategy === null) return pass
  if (choice.strategy === 'copy' && input.keepOld) return passBecause('Its WAL past the fork stays in the old directory, which is kept.')
  if (!input.saveTail)
    return choice.strategy === 'copy' || choice.strategy === 'in-place'
      ? warn(`Its WAL past the fork at ${tailFrom} goes with the old directory.`)
      : pass
  if (!savesWal(facts))
    return warn(
      `Its WAL past the fork at ${tailFrom} goes with the old directory, since it is not saved while it runs: stop it first, or keep the old directory.`,
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
  follow: 'Let it follow again',
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
    ? warn(`Should the rewind fail, no copy could be made in its place: ${because}`)
    : passBecause(`Should the rewind fail: ${because}`)
}

const hasSpaceInPlace = ({ inPlace }: RebuildFacts): Verdict => {
  if (inPlace?.needs == null)
    return unknown('Whether the upstream’s data have room in the place of the old ones could not be measured in time.')
  const small = inPlace.needs.find(isTooSmall)
  return small
    ? refuse(`In the place of the old data it needs ${spaceText(small)}, what lies there now counted as free.`)
    : passBecause('The upstream’s data have room in the place of the old ones.')
}

const hasSpaceForCopy = ({ needs, sight, inPlace }: RebuildFacts): Verdict => {
  const nor = inPlace?.may.works === false ? ` Nor can rsync work in place: ${inPlace.may.because.replace(/\.$/, '')}.` : ''
  const barred = whyNoRoom({ sight, needs: null })
  if (barred !== null) return refuse(`${barred}${nor}`)
  if (needs === null)
    return unknown('How large the upstream is could not be measured in time: make sure that the copy fits beside the old directory.')
  const small = needs.find(isTooSmall)
  if (small)
    return refuse(`The copy needs ${spaceText(small)}. Free some, or choose the strategy rewind or in-place where it can work.${nor}`)
  return passBecause(`The copy needs ${needs.map(spaceText).join('; ')}.`)
}

/** What a run that was given up left beside the data directory. */
export const isTidy = ({ sight }: RebuildFacts): Verdict => {
  const copy = sight?.copy
  if (copy === undefined || copy.stage === 'none') return pass
  const where = copy.paths.join(', ')
  if (copy.stage === 'half')
    return warn(`An earlier swap was broken off half way (${where}): the old directory is put back first, and that copy removed.`)
  if (copy.stage === 'swapped')
    return warn(`The old directory of an earlier rebuild is still aside (${where}): it is kept there under a name of its own.`)
  return warn(`A copy of an earlier rebuild that was given up is still there (${where}): it is removed first.`)
}

/** The host's own configuration is kept, whatever the upstream's says. */
export const keepsConfiguration = ({ configuration, upstream, sight, choice }: RebuildFacts): Verdict => {
  if ((choice.strategy !== 'copy' && choice.strategy !== 'in-place') || sight === null || upstream === null) return pass
  if (sight.configuration.length === 0) return passBecause('No configuration lies in its data directory.')
  if (configuration.length === 0) return passBecause(`${sight.configuration.join(', ')}: kept as they are.`)
  const told = configuration.slice(0, differencesMax).map((one) => confDifferenceText(one, upstream.title))
  const more = configuration.length - told.length
  return warn(`Kept as they are, although they differ from ${upstream.title}: ${told.join('; ')}${more > 0 ? `; and ${more} more` : ''}.`)
}
