import { type SpaceNeed, spaceNeeds } from '@/lib/domain/copies/copy-space'
import { type ConfDifference, diffConf } from '@/lib/domain/replication/conf-diff'
import { Fault } from '@/lib/kernel/ground/errors'
import type { CopySight, DataDirectorySeen, DataPlace, ReadPorts } from '@/lib/ports'
import type { Place, Plain } from '../facts/instance'
import { orNull } from '../facts/or-null'

/** What is known of a copy before it is made. */
export type CopyFacts = {
  /** Of the target: where a copy would go, and what an earlier one left; only where a copy may be made. */
  sight: Plain<CopySight> | null
  /** Of the upstream, only where a copy may be made. */
  upstreamDisk: Plain<DataDirectorySeen> | null
  needs: SpaceNeed[] | null
  /** Where the upstream's bytes lie; null: not measured. */
  upstreamPlaces: Plain<DataPlace>[] | null
  totalBytes: number | null
  /** How the configuration in its data directory differs from the upstream's. */
  configuration: ConfDifference[]
}

export const noCopy: CopyFacts = { sight: null, upstreamDisk: null, needs: null, upstreamPlaces: null, totalBytes: null, configuration: [] }

/** What takes longer to measure is not known: the plan, which has 20 s in all, says so. */
export const measureTimeoutMs = 10_000

interface Measuring {
  sizes: Promise<CopySight | null>
  giveUp: () => void
}

/** Begun before anybody knows whether a copy is needed, since it is what takes longest. */
export const measureCopy = (ports: ReadPorts, upstream: Place, signal: AbortSignal): Measuring => {
  const over = new AbortController()
  const sizes = ports.copies.look(upstream.address, {
    timeoutMs: measureTimeoutMs,
    signal: AbortSignal.any([signal, over.signal]),
    withSizes: true,
  })
  sizes.catch(() => {})
  return { sizes: orNull(sizes, signal), giveUp: () => over.abort(new Fault('shell.cancelled')) }
}

export const gatherCopy = async (
  ports: ReadPorts,
  target: Place,
  upstream: Place,
  sight: CopySight,
  measuring: Measuring,
  signal: AbortSignal,
): Promise<CopyFacts> => {
  const options = { timeoutMs: measureTimeoutMs, signal }
  const [source, upstreamDisk, here, there] = await Promise.all([
    measuring.sizes,
    ports.replication.dataDirectory(upstream.address, options),
    orNull(ports.copies.configuration(target.address, options), signal),
    orNull(ports.copies.configuration(upstream.address, options), signal),
  ])
  const sizes = source?.places.map(({ what, bytes }) => (what === 'wal' ? 0 : bytes)) ?? [null]
  return {
    sight,
    upstreamDisk,
    needs: source === null ? null : spaceNeeds(source.places, sight.places),
    upstreamPlaces: source?.places ?? null,
    totalBytes: sizes.reduce<number | null>((sum, bytes) => (sum === null || bytes === null ? null : sum + bytes), 0),
    configuration: here === null || there === null || here.length === 0 ? [] : diffConf(here, there),
  }
}
