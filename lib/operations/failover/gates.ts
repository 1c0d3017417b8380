import { formatBytes } from '@/lib/domain/values/bytes'
import { counted } from '@/lib/domain/values/counted'
import { formatDuration } from '@/lib/domain/values/duration'
import { lagBytes } from '@/lib/domain/values/lsn'
import type { Gate } from '@/lib/kernel/operation/operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, unknown, warn } from '@/lib/kernel/operation/verdict'
import { isStreamingFrom } from '../facts/peers'
import { lowerLimits } from '../facts/readiness'
import { keepsPassword } from '../gates/seen'
import type { FailoverFacts } from './facts'
import { messageMaxSeconds } from './life'
import { roomForWal } from './room'

export const onePrimary = ({ primaries, herd }: FailoverFacts): Verdict =>
  primaries.length > 1
    ? refuse(
        `${primaries.join(' and ')} both answer as primary of ${herd.name}: end the split brain first: demote the one whose writes are given up.`,
      )
    : pass

export const modeFits = ({ input, mode, primary, primaryProbe, recorded }: FailoverFacts): Verdict => {
  if (primary === null) return refuse('Which member was the primary is not known, so there is nothing to fail over from.')
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
    return refuse(`${primary.title} is ${state} just now. Look again in a moment.`)
  if (mode === 'emergency' && state === 'refused')
    return refuse(`PostgreSQL runs on ${primary.title}, but refuses the console: it may be writing.`)
  if (recorded !== null)
    return warn(
      `No member is known to lead. ${recorded.title} was replaced: ${recorded.because} ${primary.title} is ${state}: this is an emergency failover.`,
    )
  return mode === 'planned'
    ? passBecause(`${primary.title} answers: nothing will be lost.`)
    : warn(`${primary.title} is ${state}: this is an emergency failover.`)
}

export const hasCandidate = ({ candidate, noCandidate, ranking }: FailoverFacts): Verdict => {
  if (candidate === null) return refuse(noCandidate ?? 'There is no candidate.')
  const chosen = ranking.find(({ id }) => id === candidate.id)
  const best = ranking[0]
  if (best !== undefined && best.id !== candidate.id)
    return warn(`${candidate.title} was chosen (${chosen?.because}); ${best.title} ranks higher: ${best.because}`)
  return passBecause(`${candidate.title}: ${chosen?.because ?? ''}`)
}

/** A message that was heard before the power went looks like life until it is old; whoever still gets an answer is proof. */
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
    return refuse(`${one.of} is alive: ${said}. Only the console’s own way to it is broken; a failover would make a second primary.`)
  const heard = Math.min(...signs.map(({ heardSecondsAgo }) => heardSecondsAgo!))
  const waitSeconds = Math.max(1, Math.ceil(messageMaxSeconds - heard) + 1)
  return refuse(
    `${one.of} may be alive: ${said}. A message counts as life for ${messageMaxSeconds} s. If its host has just gone down, make the plan again in ${waitSeconds} s: it will not have been heard again.`,
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
      `${toFence.join(', ')} ${isOne ? 'is' : 'are'} down, and ${isOne ? 'its host answers' : 'their hosts answer'}: standby.signal is written there and proven before the promotion.`,
    )
  const loss = lossWords(facts)
  const who = open.join(' and ')
  const [are, hosts] = open.length === 1 ? ['is', 'its host does not answer, so it'] : ['are', 'their hosts do not answer, so they']
  if (facts.isOverridden)
    return warn(`Nothing proves that ${who} ${are} down: the person who typed the herd’s name answers for it. ${loss}`)
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

/** Said in full, since a person answers for it. */
export const lossWords = ({ lossBytes, lastKnown }: Pick<FailoverFacts, 'lossBytes' | 'lastKnown'>): string => {
  if (lastKnown === null || lossBytes === null) return 'How much is lost cannot be estimated: nobody knows how far it had written.'
  const seen = lastKnown.seenAt === null ? '' : `, seen ${lastKnown.seenAt}`
  return `Estimated loss: ${formatBytes(lossBytes)} up to ${lastKnown.lsn}${seen}, and whatever was written after that.`
}

export const lossSaid = (facts: FailoverFacts): Verdict => {
  if (facts.mode === 'planned') return passBecause('Nothing: the candidate must have replayed the last record before it is promoted.')
  return facts.lossBytes === 0 && facts.primaryProbe?.state === 'stopped'
    ? passBecause('Nothing: it was shut down cleanly, and the candidate has received its last record.')
    : warn(lossWords(facts))
}

const silent = unknown('The old primary does not answer.')

export const isStreaming = ({ mode, candidateProbe, primary, candidate }: FailoverFacts): Verdict => {
  if (mode === 'emergency') return silent
  if (candidateProbe === null || primary === null) return pass
  return isStreamingFrom(candidateProbe, primary)
    ? pass
    : refuse(
        `${candidate?.title} does not stream from ${primary.title}, so it cannot get the last WAL (${candidateProbe.upstream?.status ?? 'no receiver'}).`,
      )
}

export const lagWithin = ({ mode, candidateProbe, primaryProbe, input, candidate }: FailoverFacts): Verdict => {
  if (mode === 'emergency') return unknown('The old primary does not answer; what is lost is estimated above.')
  if (candidateProbe === null) return pass
  const behind = lagBytes(candidateProbe.replayedLsn, primaryProbe?.currentLsn ?? null)
  if (behind === null) return refuse(`How far ${candidate?.title} is behind could not be seen.`)
  return behind <= input.lagBytesMax
    ? passBecause(`${formatBytes(behind)} behind.`)
    : refuse(`${candidate?.title} is ${formatBytes(behind)} behind; at most ${formatBytes(input.lagBytesMax)} is allowed.`)
}

export const sameHistory = ({ mode, candidateProbe, primaryProbe, candidate, primary }: FailoverFacts): Verdict => {
  if (candidateProbe === null || primaryProbe === null) return pass
  const [ours, theirs] = [candidateProbe.systemIdentifier, primaryProbe.systemIdentifier]
  if (ours !== null && theirs !== null && ours !== theirs)
    return refuse(`${candidate?.title} is no copy of ${primary?.title}: another system identifier.`)
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
  return refuse(`${candidate?.title} is configured lower: ${list}. Raise it there and restart it first.`)
}

export const leftBehind = ({ readiness, mode, primary }: FailoverFacts): Verdict => {
  const theirs = readiness.primary
  if (theirs === null) return mode === 'planned' ? unknown(`${primary?.title} could not be asked.`) : silent
  const said = [
    ...(theirs.logicalSlots > 0 ? [`${counted(theirs.logicalSlots, 'logical slot')} stay behind (they are not carried over)`] : []),
    ...(theirs.preparedTransactions > 0
      ? [`${counted(theirs.preparedTransactions, 'prepared transaction')} are carried over and still hold their locks`]
      : []),
    ...(theirs.isArchivingFailing ? ['archiving fails there: a shutdown waits for it'] : []),
  ]
  return said.length === 0 ? pass : warn(`${said.join('; ')}.`)
}

export const readersWell = ({ mode, senders }: FailoverFacts): Verdict => {
  if (mode === 'emergency') return silent
  const slow = senders.filter(({ state }) => state !== 'streaming')
  return slow.length === 0
    ? pass
    : warn(`${slow.map((one) => `${one.name} (${one.state})`).join(', ')}: a shutdown waits for every reader of WAL.`)
}

export const clientsCut = ({ mode, primaryProbe }: FailoverFacts): Verdict => {
  if (mode === 'emergency' || primaryProbe === null) return silent
  const { clients, activeTransactions, longestTransactionSeconds: longest } = primaryProbe
  if (!clients) return pass
  const open = activeTransactions
    ? `; ${counted(activeTransactions, 'open transaction')} rolled back${longest === null ? '' : `, the longest open for ${formatDuration(longest)}`}`
    : ''
  return warn(`${counted(clients, 'client')} connected: cut${open}.`)
}

export const allFollow = ({ parked }: FailoverFacts): Verdict =>
  parked.length === 0
    ? pass
    : warn(`${parked.map((one) => `${one.title} (${one.because})`).join(', ')}: left as it is, by name; the others are not held up.`)

/** The old primary must be able to follow; one of the others that cannot be told whom to follow is parked. */
export const upstreamsWritable = ({ mode, primary, followers, withPassword }: FailoverFacts): Verdict => {
  if (mode === 'planned' && primary !== null && withPassword.includes(primary.title))
    return keepsPassword({ title: primary.title, holdsPassword: true })
  const parked = followers.map(({ place }) => place.title).filter((title) => withPassword.includes(title))
  return parked.length === 0
    ? pass
    : warn(
        `${parked.join(', ')}: primary_conninfo holds a password, which the console never reads and would lose, so it stays as it is. Put it into a passfile there first.`,
      )
}

export const namesMovable = ({ names, readers }: FailoverFacts): Verdict => {
  const unseen = [...names.moves, ...readers.moves].filter((move) => move.unseen !== null)
  const said = [...names.problems, ...readers.problems, ...unseen.map((move) => `${move.name}: ${move.unseen}`)]
  return said.length === 0
    ? pass
    : warn(`${said.join('; ')}. If a name cannot be moved, the job needs attention once the candidate is promoted.`)
}

/** Whether the candidate can be the primary, for a failover and a switchover alike. */
export const candidateGates: readonly Gate<FailoverFacts>[] = [
  { name: 'streaming', title: 'The candidate streams', look: isStreaming },
  { name: 'lag', title: 'The candidate is close enough', look: lagWithin },
  { name: 'history', title: 'Same system, same timeline', look: sameHistory },
  { name: 'settings', title: 'The candidate’s limits (max_connections …) are at least the primary’s', look: settingsFit },
  { name: 'room', title: 'The candidate has room for what it will write', look: roomForWal },
]

/** Whether everybody else can follow it. */
export const followerGates: readonly Gate<FailoverFacts>[] = [
  { name: 'standbys', title: 'Every other standby can follow', look: allFollow },
  { name: 'passwords', title: 'Every standby’s primary_conninfo can be rewritten', look: upstreamsWritable },
  { name: 'names-movable', title: 'The DNS names can be moved', look: namesMovable },
]
