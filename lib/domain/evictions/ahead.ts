import { formatDuration } from '../values/duration'
import { cloneWithin, noticeSeconds } from './launching'
import { chooseRecovery, isLosing, type ThreatenedHerd, type ThreatenedMember } from './recovery'
import { type Restorable, sayRestore } from './restorable'

export interface Ahead {
  /** Of the herd's last switchover that a canary measured; null: none did. */
  measured: { gapMs: number; at: string } | null
  /** Whether the environment lets the console act by itself. */
  answers: boolean
  /** Ids of volumes of the member's machine besides its root. */
  dataVolumes: readonly string[]
  /** The backup of the herd; null: none is known of. */
  restorable: Restorable | null
}

const through = ({ title, zone }: ThreatenedMember, from: ThreatenedMember): string =>
  zone === null ? title : `${title} in ${zone}${zone === from.zone ? ', the same zone' : ''}`

const replacedLater = ({ launching }: ThreatenedHerd, answers: boolean): string =>
  launching === null || !answers ? '' : ' A new standby is launched in its place afterwards.'

/** What becomes of a herd if AWS takes the machine of one member now: a sentence or two for its page. */
export const sayAhead = (herd: ThreatenedHerd, memberId: string, { measured, answers, dataVolumes, restorable }: Ahead): string => {
  const member = herd.members.find(({ id }) => id === memberId)!
  if (member.role !== 'primary') return `${standbyAhead(herd, member)}${replacedLater(herd, answers)}`
  const taken = { threat: 'announced' as const, state: 'online', leftSeconds: member.leftSeconds ?? noticeSeconds }
  const members = herd.members.map((one) => (one.id === memberId ? { ...one, ...taken } : one))
  const next = chooseRecovery({ ...herd, members }, { left: [], replaced: [] })
  const gap =
    measured === null
      ? 'less than a second without writes as a rule (no switchover of this herd was measured yet)'
      : `about ${formatDuration(measured.gapMs / 1000)} without writes (as measured on ${measured.at.slice(0, 10)})`
  const who = answers ? '' : ' Somebody has to do it: the environment does not answer evictions by itself.'
  if ('to' in next)
    return `${capital(gap)}, through ${through(next.to, member)}, inside the notice. Nothing is lost.${who}${replacedLater(herd, answers)}`
  if ('lost' in next && next.way === 'move') return `${sayMove(herd, member, taken.leftSeconds, dataVolumes)}${who}`
  if ('lost' in next) return `${sayClone(herd, taken.leftSeconds)} Then ${gap}. Nothing is lost.${who}`
  const why = 'because' in next ? next.because : ''
  return `${why} ${withoutSuccessor(dataVolumes, restorable)}`.trim()
}

const capital = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`

const sayClone = ({ launching }: ThreatenedHerd, leftSeconds: number): string => {
  const clone = launching === null ? null : cloneWithin(launching, leftSeconds)
  const took = clone?.fits ? `about ${formatDuration(Math.round(clone.seconds))} of ${formatDuration(Math.round(leftSeconds))}` : 'in time'
  return `A clone fits: a standby is launched and copied, ${took}, and takes over.`
}

const sayMove = (
  { launching }: ThreatenedHerd,
  { title, zone }: ThreatenedMember,
  leftSeconds: number,
  dataVolumes: readonly string[],
): string => {
  const clone = launching === null ? null : cloneWithin(launching, leftSeconds)
  const why = clone === null || clone.fits ? '' : ` ${clone.because}`
  const volume = dataVolumes.length === 1 ? `The volume ${dataVolumes[0]} of ${title}` : `The volume of ${title}`
  return `No standby can take over.${why} ${volume} moves to a machine that is launched for it${zone === null ? '' : ` in ${zone}`}. Nobody can write from the shutdown until PostgreSQL runs there; nothing that was committed is lost.`
}

/** Of a herd that the console did not launch it moves no volume. */
const withoutSuccessor = (dataVolumes: readonly string[], restorable: Restorable | null): string => {
  if (dataVolumes.length === 0)
    return `Nobody takes writes then, and what is on its disk is lost. ${sayRestore(restorable)} A standby on another machine would take over.`
  const which = dataVolumes.length === 1 ? `the volume ${dataVolumes[0]}` : `the volumes ${dataVolumes.join(' and ')}`
  return `Nobody takes writes then, until somebody attaches ${which} to another machine and starts PostgreSQL there; what was committed is on it, if EC2 does not delete it with the machine. A standby on another machine would take over.`
}

const standbyAhead = ({ members }: ThreatenedHerd, member: ThreatenedMember): string => {
  const left = members.filter((one) => one.id !== member.id && one.role === 'standby' && one.state === 'online' && !isLosing(one))
  const who =
    left.length === 0
      ? 'No standby is left to take over from the primary.'
      : `${left.map(({ title }) => title).join(' and ')} ${left.length === 1 ? 'stays' : 'stay'} as standby.`
  return `No write waits. It leaves the DNS names that standbys share before it goes. ${who}`
}
