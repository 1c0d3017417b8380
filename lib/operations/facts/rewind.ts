import { z } from 'zod'
import { formatBytes, MiB } from '@/lib/domain/values/bytes'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import type { CallOptions, Following, ReadPorts } from '@/lib/ports'
import type { RewindAnswer, TailPlace } from '@/lib/ports/rewinds'
import type { Place, Plain } from './instance'
import { orNull } from './or-null'

export const rewindInput = {
  saveTail: z.boolean().default(true).meta({
    title: 'Archive WAL that the rewind discards',
    description:
      'The WAL past the fork is copied to a directory on the same host, with a manifest, before the rewind discards it. Off: it is lost.',
  }),
}

/** What a rewind would meet; null parts: not looked at. */
export type RewindSight = { may: Plain<RewindAnswer> | null; tail: Plain<TailPlace> | null }

export const noRewind: RewindSight = { may: null, tail: null }

/** The segment of the fork and that of the end are copied whole. */
const roundingBytes = 64 * MiB

export const lookAtRewind = async (
  ports: ReadPorts,
  of: Place,
  { source, fork, saves }: { source: Plain<Following>; fork: string; saves: boolean },
  options: CallOptions,
): Promise<RewindSight> => {
  const [may, tail] = await Promise.all([
    ports.copies.tryRewind(of.address, source, options),
    saves ? orNull(ports.copies.tail(of.address, fork, options), options.signal) : null,
  ])
  return { may, tail }
}

export const mayRewind = ({ may }: RewindSight, source: Place | null): Verdict => {
  if (may === null || source === null) return pass
  return may.works
    ? passBecause(`${source.title} lets its role read what pg_rewind reads.`)
    : refuse(
        `pg_rewind could not read ${source.title}: ${may.because.replace(/\.$/, '')}. Grant what is missing there (execute on the functions named, or a superuser), and let the role connect to the database postgres in pg_hba.conf; or rebuild it with a copy.`,
      )
}

export const savesTail = ({ tail }: RewindSight, { saves, pastBytes }: { saves: boolean; pastBytes: number | null }): Verdict => {
  if (!saves) return pass
  const instead = 'Free it, or choose not to archive the discarded WAL.'
  if (tail === null) return refuse(`Where the discarded WAL could be archived cannot be seen. ${instead}`)
  if (tail.isSaved) return passBecause(`It is saved already, in ${tail.path}.`)
  if (tail.because !== null) return refuse(`The discarded WAL cannot be archived beside the data directory: ${tail.because}. ${instead}`)
  const needed = (pastBytes ?? 0) + roundingBytes
  if (tail.freeBytes !== null && tail.freeBytes < needed)
    return refuse(`Archiving the discarded WAL needs about ${formatBytes(needed)}, and ${formatBytes(tail.freeBytes)} are free. ${instead}`)
  return tail.hasStart
    ? passBecause(`The WAL past the fork is copied to ${tail.path} first.`)
    : warn(`The WAL at the fork was recycled already: what is left after it is copied to ${tail.path} first.`)
}
