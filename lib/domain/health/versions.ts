import { parsePgVersion } from '../values/pg-version'

/** From the day of a release of minor versions, of which this is what is known. */
export const versionsKnownOn = '2026-05-14'

/** When the project stops mending a major, and its latest minor on that day; `Date.parse` reads the day as UTC. */
export const knownVersions: Readonly<Record<string, { endsOn: string; minor: number }>> = {
  '18': { endsOn: '2030-11-14', minor: 4 },
  '17': { endsOn: '2029-11-08', minor: 10 },
  '16': { endsOn: '2028-11-09', minor: 14 },
  '15': { endsOn: '2027-11-11', minor: 18 },
  '14': { endsOn: '2026-11-12', minor: 23 },
  '13': { endsOn: '2025-11-13', minor: 23 },
  '12': { endsOn: '2024-11-21', minor: 22 },
  '11': { endsOn: '2023-11-09', minor: 22 },
  '10': { endsOn: '2022-11-10', minor: 23 },
}

/** Days until nobody mends this version any more, negative after it; null: its end is not known. */
export const daysToEnd = (version: string, now: Date): { days: number; endsOn: string } | null => {
  const known = knownVersions[parsePgVersion(version)?.major ?? '']
  return known === undefined ? null : { days: Math.floor((Date.parse(known.endsOn) - now.getTime()) / 86_400_000), endsOn: known.endsOn }
}

/** How many minor versions behind the latest that is known: of the table, or of any server in the fleet. null: it cannot be told. */
export const minorsBehind = (version: string, fleet: readonly string[]): { behind: number; latest: string } | null => {
  const own = parsePgVersion(version)
  if (own === null || own.minor === null) return null
  const others = fleet.flatMap((one) => {
    const other = parsePgVersion(one)
    return other?.major === own.major && other.minor !== null ? [other.minor] : []
  })
  const minors = [...others, ...(own.major in knownVersions ? [knownVersions[own.major]!.minor] : [])]
  if (minors.length === 0) return null
  const latest = Math.max(own.minor, ...minors)
  return { behind: latest - own.minor, latest: `${own.major}.${latest}` }
}
