import type { Parting } from '../replication/timelines'
import { formatBytes } from '../values/bytes'
import { lsnBytesBetween } from '../values/lsn'

/**
 * none: it streams, nothing is to be done. follow: its data are good, it only has to follow again. rewind: what it wrote by itself is discarded in place.
 * copy: everything again, beside the old directory. In order of cost. in-place: everything compared and what differs replaced in place,
 * which leaves nothing to go back to: only where a copy has no room.
 */
export type Strategy = 'none' | 'follow' | 'rewind' | 'copy' | 'in-place'
export type WantedStrategy = 'auto' | 'rewind' | 'copy' | 'in-place'

/** What a look at the target and at the upstream gave. Everything that could not be read is null. */
export interface RebuildSight {
  wanted: WantedStrategy
  /** Title of the one to follow. */
  upstream: string
  directory: 'absent' | 'empty' | 'foreign' | 'cluster'
  systemIdentifier: string | null
  upstreamSystem: string | null
  major: string | null
  upstreamMajor: string | null
  isStreaming: boolean
  /** A rewind of it was begun and has not come to its end. */
  isTorn: boolean
  /** As is what rsync began in place. */
  isHalfInPlace: boolean
  /** It was not shut down cleanly. */
  isCrashed: boolean
  /** It wrote by itself: no standby.signal, or fenced afterwards. Of a crashed one nobody knows how far. */
  wrote: boolean
  /** How far its own WAL reaches: where the last record of one that wrote begins, where what a standby received ends. */
  endLsn: string | null
  /** What its history and the upstream's have in common. */
  parting: Parting | null
  hasChecksums: boolean | null
  logsHints: boolean | null
  /** Why pg_rewind may not read the upstream with the role that replicates; null: it may, or nobody asked. */
  barred: string | null
  /** The upstream still has the WAL from where this one ends. */
  hasWal: boolean | null
}

/** `strategy: null`: it cannot be rebuilt so, and `because` says what to do instead. */
export type Choice = { strategy: Strategy; because: string } | { strategy: null; because: string }

const copy = (because: string): Choice => ({ strategy: 'copy', because })
const no = (because: string): Choice => ({ strategy: null, because })

/** The cheapest that ends with a streaming standby, with the reason; or the one asked for, if it can work. */
export const chooseStrategy = (sight: RebuildSight): Choice => {
  const never = whyNever(sight)
  if (never !== null) return no(never)
  if (sight.wanted === 'copy') return copy('A copy was asked for.')
  if (sight.wanted === 'in-place' || (sight.wanted === 'auto' && sight.isHalfInPlace)) return inPlace(sight)
  const cheap = cheapest(sight)
  if (sight.wanted === 'auto' || cheap.strategy === 'rewind') return cheap
  if (cheap.strategy === 'copy') return no(`${cheap.because} A rewind does not help here: choose auto or copy.`)
  return no(`${cheap.because} There is nothing to rewind: choose auto or copy.`)
}

const inPlace = ({ directory, isHalfInPlace }: RebuildSight): Choice => {
  if (directory !== 'cluster') return no('There is no data directory to work in: choose auto or copy.')
  return {
    strategy: 'in-place',
    because: isHalfInPlace
      ? 'rsync was interrupted in its data directory: it is started again there and transfers what still differs.'
      : 'It was asked for.',
  }
}

/** What no strategy may touch. */
const whyNever = ({ directory, systemIdentifier, upstreamSystem, major, upstreamMajor, upstream }: RebuildSight): string | null => {
  if (directory === 'foreign')
    return 'Its data directory holds files that are not a PostgreSQL cluster (there is no PG_VERSION). They are not touched: move them away first.'
  if (systemIdentifier !== null && upstreamSystem !== null && systemIdentifier !== upstreamSystem)
    return `Its data have another system identifier than ${upstream} (${systemIdentifier}, not ${upstreamSystem}): they may be somebody's only copy and are not touched. Remove them by hand if they are not needed.`
  if (major !== null && upstreamMajor !== null && major !== upstreamMajor)
    return `It runs PostgreSQL ${major}, ${upstream} runs ${upstreamMajor}: a standby must have the same major version.`
  return null
}

const cheapest = (sight: RebuildSight): Choice => {
  const { upstream, isStreaming, parting, directory } = sight
  if (directory !== 'cluster') return copy('There is no data directory to build on.')
  if (sight.isHalfInPlace) return copy('rsync was interrupted in its data directory, so nothing in it can be relied on.')
  if (sight.isTorn) return copy('A rewind of it was interrupted, so nothing in its data directory can be relied on.')
  if (isStreaming) return { strategy: 'none', because: `It streams from ${upstream} and is catching up or in sync.` }
  if (sight.systemIdentifier === null) return copy('Its control file cannot be read, so nothing in its data directory can be relied on.')
  if (parting === null) return copy(`Where its timeline and that of ${upstream} diverge could not be read.`)
  if (parting.parts === 'stranger') return copy(`It and ${upstream} have no timeline in common.`)
  if (parting.parts === 'never' && sight.wrote)
    return copy(`It last ran as a primary on the same timeline as ${upstream}, so the WAL of the two cannot be told apart.`)
  const past = pastFork(sight)
  return past === null ? followOr(sight) : rewindOr(sight, past)
}

/** Its WAL past the fork is what the upstream does not have, and is all there still. */
export const hasTail = (sight: Omit<RebuildSight, 'barred'>): boolean =>
  sight.directory === 'cluster' && !sight.isTorn && !sight.isHalfInPlace && !sight.isStreaming && pastFork(sight) !== null

/** What it has that the upstream does not, in words; null: nothing. */
const pastFork = ({ parting, endLsn, isCrashed, wrote }: Omit<RebuildSight, 'barred'>): string | null => {
  if (parting?.parts !== 'at') return null
  const bytes = lsnBytesBetween(parting.lsn, endLsn)
  if (bytes === null || (isCrashed && wrote)) return `up to an unknown LSN (the fork is at ${parting.lsn})`
  if (wrote && bytes === 0) return `its last record at the fork, ${parting.lsn},`
  return bytes > 0 ? `${formatBytes(bytes)} past the fork at ${parting.lsn}` : null
}

const followOr = ({ upstream, hasWal, endLsn }: RebuildSight): Choice =>
  hasWal === true
    ? {
        strategy: 'follow',
        because: `Its data are part of the history of ${upstream}, which still has the WAL from ${endLsn} on: nothing is copied.`,
      }
    : copy(
        hasWal === false
          ? `${upstream} no longer has the WAL from ${endLsn} on.`
          : `Whether ${upstream} still has the WAL it needs could not be determined.`,
      )

const rewindOr = ({ upstream, hasChecksums, logsHints, barred, wanted }: RebuildSight, past: string): Choice => {
  const wrote = `It wrote ${past}, which ${upstream} does not have`
  if (hasChecksums !== true && logsHints !== true)
    return copy(`${wrote}, and has neither data checksums nor wal_log_hints: pg_rewind cannot discard that.`)
  // Where a rewind is wanted nothing else is chosen in its stead, and a gate says what its role lacks.
  if (barred !== null && wanted === 'auto')
    return copy(`${wrote}, and pg_rewind could not read ${upstream} to discard that: ${barred.replace(/\.$/, '')}.`)
  return { strategy: 'rewind', because: `${wrote}: pg_rewind discards that and copies only what differs.` }
}
