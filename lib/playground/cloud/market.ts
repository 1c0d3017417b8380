import { sampleOffers, samplePrices, sampleTypes } from '@/lib/domain/machines/sample'

/** Prices of this twin are its own: only those of one region on demand are AWS's, of the date of the sample. */
const dearer: Readonly<Record<string, number>> = {
  'us-east-1': 1,
  'us-west-2': 1,
  'eu-west-1': 1.11,
  'eu-central-1': 1.2,
  'eu-north-1': 1.06,
  'ap-southeast-2': 1.25,
}
const hourMs = 3_600_000
/** A price changes about so often. */
export const changeMs = 24 * hourMs

/** 0 to 1, always the same for the same words. Source: FNV-1a with the finaliser of MurmurHash3. */
const chance = (...words: readonly (string | number)[]): number => {
  let hash = 0x811c9dc5
  for (const letter of words.join(' ')) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}

const cents = (usd: number, digits = 4): number => Number(usd.toFixed(digits))

export const onDemandUsd = (region: string, type: string): number | null => {
  const usd = samplePrices.ec2LinuxOnDemand[type]
  return usd === undefined || sampleOffers[region] === undefined ? null : cents(usd * (dearer[region] ?? 1))
}

export const rdsUsd = (region: string, name: string): number | null => {
  const usd = samplePrices.rdsPostgresSingleAz[name]
  return usd === undefined ? null : cents(usd * (dearer[region] ?? 1))
}

export const rdsClasses: readonly string[] = Object.keys(samplePrices.rdsPostgresSingleAz)

export const storageUsd = (region: string, kind: string): number => cents(samplePrices.ebsGbMonth[kind]! * (dearer[region] ?? 1))
export const storageKinds: readonly string[] = Object.keys(samplePrices.ebsGbMonth)

/** The bracket of the advisor, 0 to 4: small and burstable machines are reclaimed more often. */
export const bracketOf = (region: string, type: string): number =>
  Math.min(4, Math.floor(chance('bracket', region, type) * 4 + (sampleTypes[type]?.burstable ? 1.2 : 0)))

/** When the price of a type in a zone was last set, at a time. */
export const changedAt = (zone: string, type: string, atMs: number): number => {
  const offset = Math.floor(chance('offset', zone, type) * changeMs)
  return Math.floor((atMs - offset) / changeMs) * changeMs + offset
}

/** USD per hour from `changedAt` on; null: not offered there. `moved`: by how much somebody moved it, 1 for not at all. */
export const spotUsd = (zone: string, type: string, atMs: number, moved = 1): number | null => {
  const usd = onDemandUsd(zone.slice(0, -1), type)
  if (usd === null) return null
  const share = 0.25 + 0.25 * chance('share', zone.slice(0, -1), type) + 0.08 * chance('zone', zone, type)
  const turn = changedAt(zone, type, atMs) / changeMs
  const wave = 1 + 0.12 * Math.sin(turn / 5 + chance('phase', zone, type) * 6) + 0.05 * (chance('turn', zone, type, Math.round(turn)) - 0.5)
  return cents(usd * share * wave * moved)
}
