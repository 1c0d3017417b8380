import { formatBytes, MiB } from '../values/bytes'

/** A directory of a cluster with what is in it, or free beside it; null: not known. */
export interface SpacePlace {
  what: 'data' | 'wal' | 'tablespace'
  path: string
  device: string | null
  freeBytes: number | null
  bytes: number | null
}

/** Everything that goes to one file system. */
export type SpaceNeed = {
  paths: string[]
  needBytes: number
  freeBytes: number | null
}

/** What is written while the copy runs, and the files that are larger in a copy than in `du`. */
const growth = 1.05
const spareBytes = 64 * MiB

const isSame = (a: string, b: string) => a === b || a.endsWith(`/${b}`) || b.endsWith(`/${a}`)

/** Where each part of the source goes: its own place there if there is one of that kind, else beside the data directory. */
const placeFor = (part: SpacePlace, target: readonly SpacePlace[]): SpacePlace | undefined => {
  const [data, wal] = [target.find(({ what }) => what === 'data'), target.find(({ what }) => what === 'wal')]
  if (part.what === 'wal') return wal ?? data
  if (part.what === 'data') return data
  return target.find((place) => place.what === 'tablespace' && isSame(place.path, part.path))
}

/**
 * What a copy of `source` needs on each file system of `target`, the old one staying beside it until the end. A tablespace that the target does not have
 * yet goes to a path that nobody has looked at: it is left out. null: the source was not measured.
 */
export const spaceNeeds = (source: readonly SpacePlace[], target: readonly SpacePlace[]): SpaceNeed[] | null => {
  const needs = new Map<string, SpaceNeed>()
  for (const part of source) {
    if (part.bytes === null) return null
    const place = placeFor(part, target)
    if (place === undefined) continue
    const key = place.device ?? place.path
    const need = needs.get(key) ?? { paths: [], needBytes: spareBytes, freeBytes: place.freeBytes }
    if (!need.paths.includes(place.path)) need.paths.push(place.path)
    need.needBytes += Math.ceil(part.bytes * growth)
    needs.set(key, need)
  }
  return [...needs.values()]
}

/** What `source` needs in the place of what `target` has there now, which was measured as well. null: one of them was not measured. */
export const spaceNeedsInPlace = (source: readonly SpacePlace[], target: readonly SpacePlace[]): SpaceNeed[] | null => {
  if (target.some(({ bytes }) => bytes === null)) return null
  const free = (place: SpacePlace): SpacePlace => ({
    ...place,
    freeBytes:
      place.freeBytes === null
        ? null
        : target.filter(({ device }) => device === place.device).reduce((sum, { bytes }) => sum + (bytes ?? 0), place.freeBytes),
  })
  return spaceNeeds(source, target.map(free))
}

export const isTooSmall = ({ needBytes, freeBytes }: SpaceNeed): boolean => freeBytes !== null && freeBytes < needBytes

export const spaceText = ({ paths, needBytes, freeBytes }: SpaceNeed): string =>
  `${formatBytes(needBytes)} on the file system of ${paths.join(', ')}, where ${freeBytes === null ? 'an unknown amount' : formatBytes(freeBytes)} is free`
