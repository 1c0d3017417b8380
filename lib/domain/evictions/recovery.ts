import { cloneWithin, type Launching } from './launching'

/** What AWS says of a member's machine: nothing, that its risk has risen, that it takes it, or it is gone. */
export type Threat = 'none' | 'recommended' | 'announced' | 'gone'

export interface ThreatenedMember {
  id: string
  title: string
  role: 'primary' | 'standby' | 'unknown'
  /** As PostgreSQL was last seen: `online`, `unreachable` … */
  state: string
  threat: Threat
  /** Of the notice that is in force for its machine; null: none is. */
  noticeId: string | null
  /** Until AWS takes its machine; null: it does not say. */
  leftSeconds: number | null
  /** Its place among those that could take over; null: it may not, and `because` says why. */
  rank: number | null
  because: string
  /** Availability zone of its machine; null: not known. */
  zone: string | null
}

export interface ThreatenedHerd {
  name: string
  /** Who decides which member is primary. */
  manager: string
  /** null: the console did not launch it. */
  launching: Launching | null
  members: readonly ThreatenedMember[]
}

/**
 * `failover`: the primary's machine is gone. `leave`: a standby leaves the DNS names it shares. `clone`: a standby is launched, which takes over from the lost one;
 * `replace`: one is launched after the herd has left it; `move`: the lost one's volume moves to a machine that is launched for it. `wait`: nothing is to be done yet.
 */
export type Recovery =
  | { way: 'switchover' | 'zero-gap' | 'failover'; from: ThreatenedMember; to: ThreatenedMember }
  | { way: 'leave'; member: ThreatenedMember }
  | { way: 'clone' | 'replace' | 'move'; lost: ThreatenedMember; blueprintId: string }
  | { way: 'safe' | 'wait' | 'person'; because: string }

/** What is acted on by a run. */
export type Acting = Exclude<Recovery, { because: string }>

/** What becomes of the answer to a herd's losses: `open` until it is decided, `off` where nobody lets the console act. */
export type AnswerState = 'open' | 'running' | 'waiting' | 'safe' | 'refused' | 'off'

export const isLosing = ({ threat }: ThreatenedMember): boolean => threat === 'announced' || threat === 'gone'

/** The standby to take over from a primary whose machine goes: one that stays; among those, one of low risk; then by rank. null: none. */
export const successorOf = (members: readonly ThreatenedMember[]): ThreatenedMember | null =>
  members
    .filter((one) => one.role !== 'primary' && one.rank !== null && !isLosing(one))
    .sort((a, b) => Number(a.threat === 'recommended') - Number(b.threat === 'recommended') || a.rank! - b.rank!)[0] ?? null

const titles = (members: readonly ThreatenedMember[]): string => members.map(({ title }) => title).join(' and ')

/** Notices of which something is done already. */
export interface Handled {
  /** Whose members left their names. */
  left: readonly string[]
  /** For whose members a standby was launched, or several launches came to nothing. */
  replaced: readonly string[]
}

/** The next thing to do for a herd that loses machines; asked again after each step, until it answers `safe`. */
export const chooseRecovery = (herd: ThreatenedHerd, { left, replaced }: Handled): Recovery => {
  const { members } = herd
  const primary = members.find(({ role }) => role === 'primary') ?? null
  if (primary !== null && isLosing(primary)) {
    const next = movePrimary(herd, primary, replaced)
    if (next !== null) return next
  }
  const leaving = members.find(
    (one) =>
      one.role === 'standby' &&
      one.threat === 'announced' &&
      one.state === 'online' &&
      !(one.noticeId !== null && left.includes(one.noticeId)),
  )
  if (leaving !== undefined) return { way: 'leave', member: leaving }
  const losing = members.filter(isLosing)
  if (losing.length === 0) return { way: 'safe', because: 'No machine of the herd is being taken back.' }
  if (primary === null) return { way: 'wait', because: 'No member is known to be the primary.' }
  const lost = losing.find(({ noticeId }) => noticeId !== null && !replaced.includes(noticeId))
  if (lost !== undefined && herd.launching !== null && isOwn(herd) && primary.state === 'online')
    return { way: 'replace', lost, blueprintId: herd.launching.blueprintId }
  return { way: 'safe', because: `${primary.title} is primary and stays; ${titles(losing)} can go.` }
}

/** The console decides which member is primary. */
const isOwn = ({ manager }: ThreatenedHerd): boolean => manager === 'none' || manager === 'unknown'

const movePrimary = (herd: ThreatenedHerd, primary: ThreatenedMember, replaced: readonly string[]): Recovery | null => {
  const { manager, members } = herd
  const isPatroni = manager === 'patroni'
  if (!isOwn(herd) && !isPatroni)
    return { way: 'person', because: `${manager} decides which member is primary, and the console moves it in no such herd by itself.` }
  const to = successorOf(members)
  const isUp = primary.state === 'online'
  if (to === null) return makeSuccessor(herd, primary, replaced)
  if (isUp) return { way: isPatroni ? 'zero-gap' : 'switchover', from: primary, to }
  if (isPatroni) return { way: 'wait', because: `${primary.title} is ${primary.state}: Patroni promotes another member.` }
  if (primary.threat === 'gone') return { way: 'failover', from: primary, to }
  return { way: 'wait', because: `${primary.title} is ${primary.state}, and its machine still runs.` }
}

/**
 * Nobody can take over yet: a standby is launched for that if it is ready before AWS takes the machine. If not, the volume moves, which does not depend on the
 * notice: what runs still shuts down once another machine is ready, and what is gone leaves its volume behind.
 */
const makeSuccessor = (herd: ThreatenedHerd, primary: ThreatenedMember, replaced: readonly string[]): Recovery => {
  const { launching, members } = herd
  const why = noSuccessor(primary, members)
  const isUp = primary.state === 'online' && primary.threat === 'announced'
  const isGone = primary.threat === 'gone'
  if (launching === null || !isOwn(herd) || !(isUp || (isGone && launching.hasVolume))) return { way: 'person', because: why }
  const unseen = members.filter((one) => one.id !== primary.id && one.state === 'unknown' && !isLosing(one))
  if (unseen.length > 0) return { way: 'wait', because: `${titles(unseen)} was not seen yet.` }
  if (primary.noticeId !== null && replaced.includes(primary.noticeId)) return { way: 'person', because: why }
  const launched = { lost: primary, blueprintId: launching.blueprintId }
  const clone = cloneWithin(launching, primary.leftSeconds)
  if (isUp && clone.fits) return { way: 'clone', ...launched }
  if (launching.hasVolume) return { way: 'move', ...launched }
  return { way: 'person', because: clone.fits ? why : `${why} ${clone.because}` }
}

const noSuccessor = (primary: ThreatenedMember, members: readonly ThreatenedMember[]): string => {
  const others = members.filter((one) => one.id !== primary.id)
  if (others.length === 0) return `${primary.title} has no standby.`
  return `No standby can take over from ${primary.title}. ${others
    .map((one) => `${one.title}: ${isLosing(one) ? 'AWS takes its machine back too.' : one.because}`)
    .join(' ')}`
}
