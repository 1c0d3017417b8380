import { formatBytes, MiB } from '../values/bytes'
import { lsnBytesBetween, parseLsn } from '../values/lsn'

/** A herd member as the choice of the next primary needs it; every observed fact may be unknown. */
export interface CandidateFacts {
  id: string
  title: string
  site: string
  state: string
  role: 'primary' | 'standby' | 'unknown'
  timeline: number | null
  systemIdentifier: string | null
  receivedLsn: string | null
  replayedLsn: string | null
  /** null: not asked, or it could not be seen. */
  isReplayPaused: boolean | null
  /** Milliseconds of recovery_min_apply_delay; null: not asked. */
  applyDelayMs: number | null
  /** Gets its WAL from the primary itself. null: not known, or there is no primary to get it from. */
  followsPrimary: boolean | null
  /** Where earlier timelines of its own history ended. unread: that could not be read. Left out: not asked. */
  forks?: readonly { timeline: number; forkLsn: string }[] | 'unread'
  /** 0: never. Higher is preferred, among equals only. */
  priority: number
  /** ISO time of the look; null: it never reported. */
  observedAt: string | null
}

export interface HerdMark {
  systemIdentifier: string | null
  /** The newest timeline that the herd is known to have had; null: not known. */
  timeline: number | null
  /** The furthest position that it was seen at on that timeline; null: not known. Left out: not asked. */
  lastKnownLsn?: string | null
  preferredSite: string
  /** The primary is lost for good: a standby that lacks its timeline may take over rather than none. */
  isLastResort?: boolean
}

export interface RankedCandidate {
  id: string
  title: string
  site: string
  /** 1 is the best; null: it may not take over. */
  rank: number | null
  /** Why it stands where it stands, or why it may not take over. */
  because: string
  /** Received bytes behind the best candidate; null where that says nothing. */
  behindBytes: number | null
}

/** A ranked one with what a page shows beside it. */
export interface ShownCandidate extends RankedCandidate {
  state: string
  timeline: number | null
  receivedLsn: string | null
  lagBytes: number | null
  lagSeconds: number | null
  priority: number
  observedAt: string | null
}

/** Candidates this close to the best in received WAL count as equals while the primary can still send them the rest. */
export const equalWithinBytes = 1 * MiB

type Comparable = CandidateFacts & { position: bigint; timeline: number }

/** What bars a member for good or for now; null: it is comparable. */
const barOf = (one: CandidateFacts, herd: HerdMark): string | null => {
  if (one.observedAt === null) return 'It has never been seen.'
  if (one.role === 'primary') return 'It is a primary.'
  if (one.state !== 'online') return `It is ${one.state}.`
  if (one.role !== 'standby') return 'Its role is not known.'
  if (herd.systemIdentifier !== null && one.systemIdentifier !== null && one.systemIdentifier !== herd.systemIdentifier)
    return 'It has another system identifier: it is not a copy of this herd.'
  if (one.receivedLsn === null && one.replayedLsn === null) return 'Its WAL position is not known.'
  if (one.timeline === null) return 'Its timeline is not known.'
  if (isLate(one, herd)) return `It is on timeline ${one.timeline}, the herd on ${herd.timeline}: it lacks what came after the fork.`
  const strayed = strayedFrom(one, herd)
  if (strayed !== null) return strayed
  if (one.priority === 0) return 'Its failover priority is 0: it never takes over.'
  if (one.isReplayPaused === true) return 'Its replay is paused: it would not promote until replay is resumed.'
  if (one.applyDelayMs !== null && one.applyDelayMs > 0)
    return `It replays with a delay of ${Math.round(one.applyDelayMs / 1000)} s (recovery_min_apply_delay).`
  return null
}

const isLate = ({ timeline }: Pick<CandidateFacts, 'timeline'>, herd: HerdMark): boolean =>
  herd.timeline !== null && timeline !== null && timeline < herd.timeline

/** On a later timeline than the herd it must have left the herd's where that ended, or later; null: it did, or nobody asked. */
const strayedFrom = ({ timeline, forks }: CandidateFacts, herd: HerdMark): string | null => {
  if (timeline === null || herd.timeline === null || timeline <= herd.timeline || forks === undefined) return null
  const said = `It is on timeline ${timeline}, the herd on ${herd.timeline}`
  if (forks === 'unread') return `${said}, and where they part could not be read.`
  const fork = forks.find((one) => one.timeline === herd.timeline)
  if (fork === undefined) return `${said}, from which it does not come.`
  const missing = lsnBytesBetween(fork.forkLsn, herd.lastKnownLsn ?? null)
  if (missing === null) return `${said}, and how far that had come is not known.`
  return missing > 0
    ? `${said}: it left that at ${fork.forkLsn}, and lacks the ${formatBytes(missing)} written up to ${herd.lastKnownLsn}.`
    : null
}

/** What it received it will replay; before the first receipt since its start only the replay says how far it is. */
const positionOf = ({ receivedLsn, replayedLsn }: CandidateFacts): bigint => {
  const positions = [receivedLsn, replayedLsn].map((lsn) => (lsn === null ? null : parseLsn(lsn))).filter((lsn) => lsn !== null)
  return positions.reduce((most, lsn) => (lsn > most ? lsn : most), 0n)
}

const isPreferred = (one: CandidateFacts, herd: HerdMark) => herd.preferredSite !== '' && one.site === herd.preferredSite

/**
 * Ranks who could take over: newest timeline, then who follows the primary itself (its last record reaches only those), then received WAL, then, among
 * those within `equalBytes` of the best, priority, site and name: under load a few bytes only tell who was looked at last, and a plan must name the same
 * one twice. With 0 (the old primary is gone, so what a standby lacks is lost) only the very same position is equal. A member never seen is never a
 * candidate.
 */
export const rankCandidates = (members: readonly CandidateFacts[], herd: HerdMark, equalBytes: number): RankedCandidate[] => {
  const barred: RankedCandidate[] = []
  const able: Comparable[] = []
  for (const one of members) {
    const bar = barOf(one, herd)
    if (bar === null) able.push({ ...one, position: positionOf(one), timeline: one.timeline! })
    else barred.push({ id: one.id, title: one.title, site: one.site, rank: null, because: bar, behindBytes: null })
  }
  if (able.length === 0 && herd.isLastResort === true) {
    const late = members.filter((one) => isLate(one, herd) && barOf(one, { ...herd, timeline: null }) === null)
    able.push(...late.map((one) => ({ ...one, position: positionOf(one), timeline: one.timeline! })))
    for (const { id } of late)
      barred.splice(
        barred.findIndex((one) => one.id === id),
        1,
      )
  }
  const timeline = Math.max(0, ...able.map((one) => one.timeline))
  const best = able.filter((one) => one.timeline === timeline).reduce((most, { position }) => (position > most ? position : most), 0n)
  const behind = (one: Comparable) => (one.timeline === timeline ? Number(best - one.position) : null)
  const isEqual = (one: Comparable) => one.timeline === timeline && best - one.position <= BigInt(equalBytes)
  const order = [...able].sort(
    (a, b) =>
      b.timeline - a.timeline ||
      Number(a.followsPrimary === false) - Number(b.followsPrimary === false) ||
      Number(isEqual(b)) - Number(isEqual(a)) ||
      (isEqual(a) ? 0 : compare(b.position, a.position)) ||
      b.priority - a.priority ||
      Number(isPreferred(b, herd)) - Number(isPreferred(a, herd)) ||
      (a.title < b.title ? -1 : 1),
  )
  const ranked = order.map(
    (one, index): RankedCandidate => ({
      id: one.id,
      title: one.title,
      site: one.site,
      rank: index + 1,
      because: reasonOf(one, { timeline, behindBytes: behind(one), isEqual: isEqual(one), hasRivals: able.length > 1 }, herd),
      behindBytes: behind(one),
    }),
  )
  return [...ranked, ...barred.sort((a, b) => (a.title < b.title ? -1 : 1))]
}

const compare = (a: bigint, b: bigint) => (a > b ? 1 : a < b ? -1 : 0)

interface Standing {
  timeline: number
  behindBytes: number | null
  isEqual: boolean
  hasRivals: boolean
}

const reasonOf = (one: Comparable, { timeline, behindBytes, isEqual, hasRivals }: Standing, herd: HerdMark): string => {
  if (isLate(one, herd)) return `It lacks what was written on timeline ${herd.timeline}, and nobody who has it can take over.`
  if (!hasRivals) return 'The only standby that can take over.'
  if (behindBytes === null) return `On timeline ${one.timeline}; the best is on ${timeline}.`
  const wal = behindBytes === 0 ? 'Has received the most WAL' : `${formatBytes(behindBytes)} of WAL behind the best`
  if (one.followsPrimary === false) return `${wal}, but not from the primary directly.`
  if (!isEqual) return `${wal}.`
  const marks = [`priority ${one.priority}`, ...(isPreferred(one, herd) ? [`at the preferred site ${one.site}`] : [])]
  return `${wal}${behindBytes === 0 ? '' : ', which counts as equal'}; ${marks.join(', ')}.`
}

/**
 * Bytes that the herd loses when this candidate takes over: from what it holds up to the furthest position that anybody has seen the old primary at. On a
 * later timeline it holds what came before the fork, whatever its own position. null: nobody has seen one, or theirs is no timeline of its history. It is an
 * estimate: what was written after that look is not in it.
 */
export const estimateLoss = (
  { receivedLsn, replayedLsn, timeline, forks }: Pick<CandidateFacts, 'receivedLsn' | 'replayedLsn' | 'timeline' | 'forks'>,
  lastKnown: { lsn: string; timeline: number | null } | null,
): number | null => {
  if (lastKnown === null || timeline === null) return null
  const fork = forks === undefined || forks === 'unread' ? undefined : forks.find((one) => one.timeline === lastKnown.timeline)
  const held = timeline === lastKnown.timeline ? [receivedLsn, replayedLsn] : [fork?.forkLsn ?? null]
  const bytes = held.map((lsn) => lsnBytesBetween(lsn, lastKnown.lsn)).filter((value) => value !== null)
  return bytes.length === 0 ? null : Math.max(0, Math.min(...bytes))
}
