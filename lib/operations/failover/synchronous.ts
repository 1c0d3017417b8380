import { synchronousAmong, synchronousCount, synchronousLowered } from '@/lib/domain/replication/synchronous-names'
import { counted } from '@/lib/domain/values/counted'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, refuse, warn } from '@/lib/kernel/operation/verdict'
import type { FailoverFacts } from './facts'

/** The standbys that commits wait for once the candidate is primary: its own setting counts then. */
export type Awaited = {
  setting: string
  /** How many standbys must confirm each commit. */
  needed: number
  /** Of those that will follow it, the ones that may. */
  present: string[]
  /** What the setting can be lowered to. */
  lowered: string
}

type Fields = Pick<FailoverFacts, 'mode' | 'candidateProbe' | 'primary' | 'followers' | 'withPassword'>

/** A standby that cannot be told whom to follow does not count, and one that streams from the candidate already does. */
export const awaitedAfter = ({ mode, candidateProbe, primary, followers, withPassword }: Fields): Awaited => {
  const setting = candidateProbe?.synchronousNames ?? ''
  const moved = followers.filter(({ place }) => !withPassword.includes(place.title)).map(({ following }) => following)
  const names = [
    ...[...moved, ...(mode === 'planned' ? [primary?.following] : [])].map((following) => following?.conninfo.application_name ?? ''),
    ...(candidateProbe?.standbys ?? []).filter(({ state }) => state === 'streaming').map(({ applicationName }) => applicationName),
  ]
  const present = synchronousAmong(setting, names)
  return { setting, needed: synchronousCount(setting), present, lowered: synchronousLowered(setting, present.length) }
}

/** Its commits would wait for ever. */
export const isShort = (facts: Fields): boolean => {
  const { needed, present } = awaitedAfter(facts)
  return needed > present.length
}

/** With too few standbys under it every commit waits for ever: a failover that can wait is refused, and one that cannot says so in full. */
export const synchronousFits = (facts: FailoverFacts): Verdict => {
  const { candidate, primary, mode, primaryProbe, input } = facts
  if (candidate === null || primary === null) return pass
  const { setting, needed, present, lowered } = awaitedAfter(facts)
  if (needed > present.length) {
    const said = `${candidate.title} has synchronous_standby_names ${setting}: ${counted(needed, 'standby', 'standbys')} must confirm each commit, and of its future standbys ${present.length === 0 ? 'none' : `only ${present.join(', ')}`} would match. Its commits would wait for ever.`
    if (mode === 'planned') return refuse(`${said} Correct the setting there and reload.`)
    return warn(
      input.lowerSynchronous
        ? `${said} So it is lowered before the promotion, to ${sayNames(lowered)}: until it is restored, ${present.length === 0 ? 'no commit is on a second server when it is acknowledged' : 'a commit is on fewer servers when it is acknowledged'}.`
        : `${said} Choose “Lower synchronous replication” to let commits return without them; otherwise no client can commit until standbys follow again, and the job will not be done before.`,
    )
  }
  const before = primaryProbe?.synchronousNames ?? ''
  if (needed === 0 && before !== '')
    return warn(
      `${primary.title} waits for synchronous standbys (${before}), ${candidate.title} will not: set it there first if commits must stay on two servers.`,
    )
  return pass
}

/** As it is written; nobody is named by an empty text. */
export const sayNames = (names: string): string => (names === '' ? 'nobody' : names)
