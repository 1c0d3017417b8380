import { familyOf } from '../../machines/naming'
import type { CatalogueType } from '../catalogue'
import { FeedError, fieldsOf, must, price, readJson } from './read'

export interface OnDemandMap {
  /** When AWS published it, ISO; null: it does not say. */
  asOf: string | null
  /** By type: USD per hour. */
  prices: Readonly<Record<string, number>>
  types: CatalogueType[]
}

/**
 * The document behind AWS's page of on-demand prices, of one region: prices, and what the types are as far as it says. Throws `FeedError`, also where the
 * document is another region's.
 */
export const readOnDemandMap = (text: string, location: string): OnDemandMap => {
  const document = readJson(text)
  const rows = must(document, 'regions')[location]
  if (rows === undefined) throw new FeedError(`it has no prices of ${location}`)
  const prices: Record<string, number> = {}
  const types: CatalogueType[] = []
  for (const row of Object.values(fieldsOf(rows)).map(fieldsOf)) {
    const type = row['Instance Type']
    const usd = price(row.price)
    if (typeof type !== 'string' || usd === null) continue
    prices[type] = usd
    const seen = typeOf(type, row)
    if (seen) types.push(seen)
  }
  if (Object.keys(prices).length === 0) throw new FeedError(`it has no prices of ${location}`)
  const published = fieldsOf(document.manifest).hawkFilePublicationDate
  return { asOf: typeof published === 'string' ? published : null, prices, types }
}

/** Families of Arm that are not named with a `g` after the generation. */
const armFamilies = new Set(['a1'])

/** null: vCPUs or memory are written in no way that is known. */
const typeOf = (type: string, row: Readonly<Record<string, unknown>>): CatalogueType | null => {
  const vcpus = Number(row.vCPU)
  const memoryMib = mibOf(row.Memory)
  if (!Number.isInteger(vcpus) || vcpus < 1 || memoryMib === null) return null
  const family = familyOf(type)
  // `m7g`, `c6gn`, `t4g`: after the generation; `g5g` is Arm as well, `g4dn` is not.
  const isArm = armFamilies.has(family) || /^[a-z]+\d+[a-z]*g/.test(family)
  return {
    type,
    family,
    vcpus,
    memoryMib,
    architectures: [isArm ? 'arm64' : 'x86_64'],
    isBurstable: /^t\d/.test(family),
    localStorageGb: localStorageOf(row.Storage),
    isSpotOffered: true,
  }
}

/** `0.5 GiB`, `1,152 GiB`. */
const mibOf = (memory: unknown): number | null => {
  const match = /^([\d,]*\.?\d+)\s*GiB$/.exec(String(memory).trim())
  return match ? Math.round(Number(match[1]!.replaceAll(',', '')) * 1024) : null
}

/** `EBS only`, `900 GB NVMe SSD`, `2 x 1900 NVMe SSD`, `1 x 0.475 NVMe SSD`. */
const localStorageOf = (storage: unknown): number | null => {
  const match = /^(?:(\d+)\s*x\s*)?([\d,]*\.?\d+)\b/.exec(String(storage).trim())
  return match ? Number(match[1] ?? 1) * Number(match[2]!.replaceAll(',', '')) : null
}
