import { slotsAwaited, slotsLeft } from '@/lib/domain/replication/failover-slots'
import { formatBytes } from '@/lib/domain/values/bytes'
import { counted } from '@/lib/domain/values/counted'
import { formatDuration } from '@/lib/domain/values/duration'
import { lagBytes } from '@/lib/domain/values/lsn'
import type { Gate } from '@/lib/kernel/operation/operation'
import type { Interrupted } from '@/lib/kernel/operation/own-database'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, unknown, warn } from '@/lib/kernel/operation/verdict'
import type { Probe } from '@/lib/ports'
import type { Plain } from '../facts/instance'
import { isStreamingFrom } from '../facts/peers'
import { lowerLimits } from '../facts/readiness'
import { keepsPassword } from '../gates/seen'
import type { FailoverFacts } from './facts'
import { messageMaxSeconds } from './life'
import { roomForWal } from './room'
import { laggards, sayLaggards, shedSaid } from './steps/shed-receivers'

export const onePrimary = ({ primaries, herd }: FailoverFacts): Verdict =>
  primaries.length > 1
    ? refuse(
        `${primaries.join(' and ')} both answer as primary of ${herd.name}. End the split brain first: demote the one whose writes can be discarded.`,
      )
    : pass

export const modeFits = ({ input, mode, primary, primaryProbe, recorded }: FailoverFacts): Verdict => {
  if (primary === null) return refuse('It is not known which member was the primary, so there is nothing to fail over from.')
  if (recorded?.isWriting)
    return refuse(
      `${recorded.title} takes writes, although it was replaced: ${recorded.because} Stop it first: then it is fenced, and a standby can take over.`,
    )
  const state = primaryProbe?.state ?? 'unknown'
  if (mode === 'planned' && state !== 'online')
    return refuse(`${primary.title} is ${state}: a planned failover needs a primary that answers. Choose the mode emergency.`)
  if (input.mode === 'emergency' && state === 'online')
    return refuse(`${primary.title} answers: a planned failover loses nothing. Choose the mode planned.`)
  if (mode === 'emergency' && (state === 'starting' || state === 'stopping'))
    return refuse(`${primary.title} is ${state} now. Make the plan again in a moment.`)
  if (mode === 'emergency' && state === 'refused')
    return refuse(`PostgreSQL runs on ${primary.title}, but refuses the console: it may be writing.`)
  if (recorded !== null)
    return warn(
      `No member is known to be the primary. ${recorded.title} was replaced: ${recorded.because} ${primary.title} is ${state}: this is an emergency failover.`,
    )
  return mode === 'planned'
    ? passBecause(`${primary.title} answers: nothing will be lost.`)
    : warn(`${primary.title} is ${state}: this is an emergency failover.`)
}

const lacksTimeline = ({ candidateProbe, lastKnown }: Pick<FailoverFacts, 'candidateProbe' | 'lastKnown'>): boolean =>
  candidateProbe?.timeline != null && lastKnown?.timeline != null && candidateProbe.timeline < lastKnown.timeline

export const hasCandidate = (facts: FailoverFacts): Verdict => {
  const { candidate, noCandidate, ranking } = facts
  if (candidate === null) return refuse(noCandidate ?? 'There is no candidate.')
  const chosen = ranking.find(({ id }) => id === candidate.id)
  if (lacksTimeline(facts))
    return warn(`${candidate.title}: ${chosen?.because ?? ''} If ${facts.primary?.title} can be started again, nothing of that is lost.`)
  const best = ranking[0]
  if (best !== undefined && best.id !== candidate.id)
    return warn(`${candidate.title} was chosen (${chosen?.because}); ${best.title} ranks higher: ${best.because}`)
  return passBecause(`${candidate.title}: ${chosen?.because ?? ''}`)
}

/** A message that was heard before the power went looks like life until it is old; only a standby that still gets an answer is proof. */
export const notAlive = ({ life, running }: FailoverFacts): Verdict => {
  if (running[0] !== undefined)
    return refuse(
      `PostgreSQL of ${running[0].title} runs, and may be writing: ${running[0].because.replace(/\.$/, '')}. Stop it on its host, or power the host off, and make the plan again.`,
    )
  const one = life.find(({ heardSecondsAgo }) => heardSecondsAgo === null) ?? life[0]
  if (one === undefined) return pass
  const signs = life.filter(({ of }) => of === one.of)
  const said = signs.map(({ title, because }) => `${title} says that ${because}`).join('; ')
  if (one.heardSecondsAgo === null)
    return refuse(`${one.of} is alive: ${said}. Only the console cannot reach it; a failover would create a second primary.`)
  const heard = Math.min(...signs.map(({ heardSecondsAgo }) => heardSecondsAgo!))
  const waitSeconds = Math.max(1, Math.ceil(messageMaxSeconds - heard) + 1)
  return refuse(
    `${one.of} may be alive: ${said}. A message counts as a sign of life for ${messageMaxSeconds} s. If its host has just gone down, make the plan again in ${waitSeconds} s.`,
  )
}

export const fenced = (facts: FailoverFacts): Verdict => {
  const { mode, fence, primary, herd, bare } = facts
  if (mode === 'planned') return passBecause('It is stopped and gets standby.signal before the candidate is promoted.')
  const open = [...(fence === 'signal' ? [] : [primary?.title]), ...facts.unseen]
  const toFence = [...(fence === 'signal' ? [primary?.title] : []), ...bare.map(({ title }) => title)]
  const isOne = toFence.length === 1
  if (open.length === 0)
    return passBecause(
      `${toFence.join(', ')} ${isOne ? 'is' : 'are'} down, and ${isOne ? 'its host answers' : 'their hosts answer'}: standby.signal is written there and verified before the promotion.`,
    )
  const loss = lossWords(facts)
  const who = open.join(' and ')
  const [are, hosts] = open.length === 1 ? ['is', 'its host does not answer, so it'] : ['are', 'their hosts do not answer, so they']
  if (facts.isOverridden)
    return warn(`Nothing proves that ${who} ${are} down: the person who typed the herd’s name took responsibility. ${loss}`)
  return {
    verdict: 'refuse',
    because: `Nothing proves that ${who} ${are} down: ${hosts} cannot be fenced. ${loss}`,
    override: {
      input: 'override',
      words: herd.name,
      pledge: `I know that ${who} ${are} off, or cut off from every client.`,
      action: 'Plan without a fence',
    },
  }
}

/** Said in full, since a person answers for it; also what nobody but an agent has said. */
export const lossWords = (
  facts: Pick<FailoverFacts, 'lossBytes' | 'lastKnown' | 'candidateProbe' | 'primary' | 'isPrimaryReported'>,
): string => {
  const { lossBytes, lastKnown, primary, isPrimaryReported } = facts
  const by = lastKnown?.isReported ? ' by its host’s agent alone' : ''
  const role = isPrimaryReported ? ` That ${primary?.title} was the primary, its host’s agent alone says.` : ''
  if (lacksTimeline(facts))
    return `The loss cannot be estimated: all that was written on timeline ${lastKnown?.timeline}, which was last seen${by} at ${lastKnown?.lsn}.${role}`
  if (lastKnown === null || lossBytes === null) return `The loss cannot be estimated: the last LSN of the old primary is not known.${role}`
  const seen = lastKnown.seenAt === null ? by && `, seen${by}` : `, seen ${lastKnown.seenAt}${by}`
  return `Estimated loss: ${formatBytes(lossBytes)} up to ${lastKnown.lsn}${seen}, and whatever was written after that.${role}`
}

export const lossSaid = (facts: FailoverFacts): Verdict => {
  if (facts.mode === 'planned') return passBecause('None: the candidate must have replayed the last record before it is promoted.')
  return facts.lossBytes === 0 && facts.primaryProbe?.state === 'stopped'
    ? passBecause('None: the old primary was shut down cleanly, and the candidate has received its last record.')
    : warn(lossWords(facts))
}

const silent = unknown('The old primary does not answer.')

/** A receiver says streaming until it hears that its connection is gone: for up to a minute after a cut. Only a sender that is there too makes it true. */
const isSentTo = ({ upstream }: Plain<Probe>, { standbys }: Plain<Probe>): boolean =>
  standbys.some(({ state, slotName }) => state === 'streaming' && slotName === (upstream?.slotName ?? null))

export const isStreaming = ({ mode, candidateProbe, primaryProbe, primary, candidate }: FailoverFacts): Verdict => {
  if (mode === 'emergency') return silent
  if (candidateProbe === null || primaryProbe === null || primary === null) return pass
  if (!isStreamingFrom(candidateProbe, primary))
    return refuse(
      `${candidate?.title} does not stream from ${primary.title}, so it cannot get the last WAL (${candidateProbe.upstream?.status ?? 'no receiver'}).`,
    )
  return isSentTo(candidateProbe, primaryProbe)
    ? pass
    : refuse(
        `${candidate?.title} takes itself to be streaming from ${primary.title}, which does not send to it: their connection was lost, and the standby has not noticed yet. Wait until it has reconnected.`,
      )
}

export const lagWithin = ({ mode, candidateProbe, primaryProbe, input, candidate }: FailoverFacts): Verdict => {
  if (mode === 'emergency') return unknown('The old primary does not answer; what is lost is estimated above.')
  if (candidateProbe === null) return pass
  const behind = lagBytes(candidateProbe.replayedLsn, primaryProbe?.currentLsn ?? null)
  if (behind === null) return refuse(`The lag of ${candidate?.title} could not be measured.`)
  return behind <= input.lagBytesMax
    ? passBecause(`${formatBytes(behind)} behind.`)
    : refuse(`${candidate?.title} is ${formatBytes(behind)} behind; at most ${formatBytes(input.lagBytesMax)} is allowed.`)
}

export const sameHistory = ({ mode, candidateProbe, primaryProbe, candidate, primary }: FailoverFacts): Verdict => {
  if (candidateProbe === null || primaryProbe === null) return pass
  const [ours, theirs] = [candidateProbe.systemIdentifier, primaryProbe.systemIdentifier]
  if (ours !== null && theirs !== null && ours !== theirs)
    return refuse(`${candidate?.title} is not a copy of ${primary?.title}: it has another system identifier.`)
  if (mode === 'planned' && candidateProbe.timeline !== primaryProbe.timeline)
    return refuse(`${candidate?.title} is on timeline ${candidateProbe.timeline}, ${primary?.title} on ${primaryProbe.timeline}.`)
  if (ours !== null && theirs !== null) return pass
  return unknown(`The system identifier of ${(theirs === null ? primary : candidate)?.title} could not be read.`)
}

export const settingsFit = ({ readiness, candidate, primary, mode }: FailoverFacts): Verdict => {
  const { primary: theirs, candidate: ours } = readiness
  if (ours === null) return candidate === null ? pass : unknown(`The settings of ${candidate.title} could not be read.`)
  if (theirs === null) return mode === 'planned' ? unknown(`The settings of ${primary?.title} could not be read.`) : silent
  const lower = lowerLimits(theirs, ours)
  if (lower.length === 0) return pass
  const list = lower.map((one) => `${one.name} ${one.candidate} (primary: ${one.primary})`).join(', ')
  return refuse(`${candidate?.title} has lower limits: ${list}. Raise them and restart it first.`)
}

export const leftBehind = ({ readiness, mode, primary }: FailoverFacts): Verdict => {
  const theirs = readiness.primary
  if (theirs === null) return mode === 'planned' ? unknown(`${primary?.title} could not be asked.`) : silent
  const left = slotsLeft(theirs.logicalSlots, readiness.candidate?.logicalSlots ?? [])
  const said = [
    ...(left.length > 0
      ? [
          `${counted(left.length, 'logical slot')} ${left.length === 1 ? 'is' : 'are'} left behind (${left.join(', ')}): the candidate has no copy`,
        ]
      : []),
    ...(theirs.preparedTransactions > 0
      ? [`${counted(theirs.preparedTransactions, 'prepared transaction')} are carried over and keep their locks`]
      : []),
    ...(theirs.isArchivingFailing ? ['archiving fails there: a shutdown waits for it'] : []),
  ]
  return said.length === 0 ? pass : warn(`${said.join('; ')}.`)
}

/** null: the shutdown waits for no slot without a reader. */
export const awaitsSlots = ({
  readiness,
  primaryProbe,
  primary,
}: Pick<FailoverFacts, 'readiness' | 'primaryProbe' | 'primary'>): Verdict | null => {
  const theirs = readiness.primary
  if (theirs === null) return null
  const unread = slotsAwaited({ awaited: theirs.awaitedSlots, logical: theirs.logicalSlots, slots: primaryProbe?.slots ?? [] })
  return unread.length === 0
    ? null
    : refuse(
        `synchronized_standby_slots of ${primary?.title} names ${unread.join(', ')}, which no standby reads: the shutdown would wait for it while a subscriber of a failover slot is connected. Start that standby, or take the slot out of the setting.`,
      )
}

export const readersWell = (facts: FailoverFacts): Verdict => {
  const { mode, senders, primaryProbe, candidate } = facts
  if (mode === 'emergency') return silent
  const awaits = awaitsSlots(facts)
  if (awaits !== null) return awaits
  const slow = senders.filter(({ state }) => state !== 'streaming')
  const said = [
    ...(slow.length === 0
      ? []
      : [`${slow.map((one) => `${one.name} (${one.state})`).join(', ')}: a shutdown waits until every WAL receiver has all WAL.`]),
    ...(laggards({ primaryProbe, candidate }).length === 0 ? [] : [`Behind: ${sayLaggards({ primaryProbe, candidate })}. ${shedSaid}`]),
  ]
  return said.length === 0 ? pass : warn(said.join(' '))
}

export const clientsCut = ({ mode, primaryProbe }: FailoverFacts): Verdict => {
  if (mode === 'emergency' || primaryProbe === null) return silent
  const { clients, activeTransactions, longestTransactionSeconds: longest } = primaryProbe
  if (!clients) return pass
  const open = activeTransactions
    ? `; ${counted(activeTransactions, 'open transaction')} rolled back${longest === null ? '' : `, the longest open for ${formatDuration(longest)}`}`
    : ''
  return warn(`${counted(clients, 'client')} connected; they are disconnected${open}.`)
}

export const allFollow = ({ parked }: FailoverFacts): Verdict =>
  parked.length === 0 ? pass : warn(`${parked.map((one) => `${one.title} (${one.because})`).join(', ')}: not repointed; the others are.`)

/** The old primary must be able to follow; one of the others that cannot be told whom to follow is parked. */
export const upstreamsWritable = ({ mode, primary, followers, withPassword }: FailoverFacts): Verdict => {
  if (mode === 'planned' && primary !== null && withPassword.includes(primary.title))
    return keepsPassword({ title: primary.title, holdsPassword: true })
  const parked = followers.map(({ place }) => place.title).filter((title) => withPassword.includes(title))
  return parked.length === 0
    ? pass
    : warn(
        `${parked.join(', ')}: primary_conninfo holds a password, which the console never reads and would lose, so it is not repointed. Move the password to a passfile there first.`,
      )
}

/** PostgreSQL pauses the replay of a standby whose limits are lower than its primary's, and does not start it again. */
export const limitsSuffice = ({ smaller, candidate }: FailoverFacts): Verdict =>
  smaller.length === 0
    ? pass
    : warn(
        `${smaller.map(({ title, limits }) => `${title} has lower limits than ${candidate?.title}: ${limits.join(', ')}`).join('; ')}. A standby with lower limits than its primary stops replaying WAL and cannot be started again. Raise them there and restart it, before or right after.`,
      )

export const namesMovable = ({ names, readers }: FailoverFacts): Verdict => {
  const unseen = [...names.moves, ...readers.moves].filter((move) => move.unseen !== null)
  const said = [...names.problems, ...readers.problems, ...unseen.map((move) => `${move.name}: ${move.unseen}`)]
  return said.length === 0 ? pass : warn(`${said.join('; ')}. If a name cannot be moved, the job will need attention after the promotion.`)
}

/** The one goes down, the other is promoted in its place. */
export const bothInterrupted = ({ primary, primaryProbe, candidate, candidateProbe }: FailoverFacts): Interrupted[] => [
  ...(primary === null ? [] : [{ place: primary, probe: primaryProbe }]),
  ...(candidate === null ? [] : [{ place: candidate, probe: candidateProbe, isPromoted: true }]),
]

/** Whether the candidate can be the primary, for a failover and a switchover alike. */
export const candidateGates: readonly Gate<FailoverFacts>[] = [
  { name: 'streaming', title: 'The candidate streams', look: isStreaming },
  { name: 'lag', title: 'The candidate’s lag is within the limit', look: lagWithin },
  { name: 'history', title: 'Same system, same timeline', look: sameHistory },
  { name: 'settings', title: 'The candidate’s limits (max_connections …) are at least the primary’s', look: settingsFit },
  { name: 'room', title: 'The candidate has disk space for WAL', look: roomForWal },
]

/** Whether everybody else can follow it. */
export const followerGates: readonly Gate<FailoverFacts>[] = [
  { name: 'standbys', title: 'Every other standby can follow', look: allFollow },
  { name: 'passwords', title: 'Every standby’s primary_conninfo can be rewritten', look: upstreamsWritable },
  { name: 'limits', title: 'Every standby’s limits (max_connections …) are at least the candidate’s', look: limitsSuffice },
  { name: 'names-movable', title: 'The DNS names can be moved', look: namesMovable },
]
