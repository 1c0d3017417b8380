import { z } from 'zod'
import { anything, architectures, type Requirements, strategyNames, volumeKinds } from '@/lib/domain/prices/requirements'

/** As an address and a command line write them: text, empty where nothing is asked for. */
const bounded = (min: number, max: number, isWhole = false) =>
  z
    .string()
    .trim()
    .default('')
    .transform((text) => (text === '' ? null : Number(text)))
    .refine((value) => value === null || (value >= min && value <= max && (!isWhole || Number.isInteger(value))), {
      message: `Write ${isWhole ? 'a whole number' : 'a number'} from ${min} to ${max}.`,
    })

const patterns = (what: string, example: string) =>
  z
    .string()
    .max(2000)
    .default('')
    .transform((text) => [
      ...new Set(
        text
          .toLowerCase()
          .split(/[\s,]+/)
          .filter((one) => one !== ''),
      ),
    ])
    .refine((all) => all.length <= 100 && all.every((one) => /^[a-z0-9.*-]{1,40}$/.test(one)), {
      message: `Write ${what}, separated by commas; * stands for any letters: ${example}`,
    })

const flag = z
  .enum(['true', 'false', ''], { message: 'Write true or false.' })
  .default('')
  .transform((text) => text === 'true')

export const priceQuery = z.object({
  vcpusMin: bounded(1, 4096, true),
  vcpusMax: bounded(1, 4096, true),
  memoryGibMin: bounded(0, 65_536),
  memoryGibMax: bounded(0, 65_536),
  architecture: z
    .enum([...architectures, ''], { message: `Write ${architectures.join(' or ')}.` })
    .default('')
    .transform((one) => one || null),
  storage: z.enum(['network', 'local'], { message: 'Write network or local.' }).default('network'),
  storageGb: bounded(1, 1_000_000),
  volumeKind: z.enum(volumeKinds, { message: `Write one of ${volumeKinds.join(', ')}.` }).default('gp3'),
  allowsBurstable: flag,
  families: patterns('families', 'r6g, m7*'),
  types: patterns('types', 'm6g.large, r7g.*'),
  regions: patterns('regions', 'eu-central-1, us-*'),
  zones: patterns('zones', 'eu-central-1a'),
  market: z.enum(['spot', 'on-demand'], { message: 'Write spot or on-demand.' }).default('spot'),
  strategy: z.enum(strategyNames, { message: `Write one of ${strategyNames.join(', ')}.` }).default(anything.strategy),
  priceMaxUsd: bounded(0.0001, 10_000),
  evictionMax: bounded(1, 100),
  evictionWeight: bounded(0, 100).transform((value) => value ?? anything.evictionWeight),
  seed: bounded(0, 2 ** 31, true).transform((value) => value ?? anything.seed),
})

export type PriceField = keyof typeof priceQuery.shape

/** What was asked for; a part that makes no sense is named, and left as if it were not there. */
export const requirementsFrom = (
  given: Readonly<Record<string, string | undefined>>,
): { wanted: Requirements; problems: Partial<Record<PriceField, string>> } => {
  const known: Record<string, string> = {}
  const problems: Partial<Record<PriceField, string>> = {}
  for (const [name, schema] of Object.entries(priceQuery.shape) as [PriceField, z.ZodType][]) {
    const value = given[name]
    if (value === undefined) continue
    const parsed = schema.safeParse(value)
    if (parsed.success) known[name] = value
    else problems[name] = parsed.error.issues[0]!.message
  }
  const wanted: Requirements = priceQuery.parse(known)
  const { vcpusMin, vcpusMax, memoryGibMin, memoryGibMax } = wanted
  if (vcpusMin !== null && vcpusMax !== null && vcpusMin > vcpusMax) problems.vcpusMax = `Write at least ${vcpusMin}, the least of it.`
  if (memoryGibMin !== null && memoryGibMax !== null && memoryGibMin > memoryGibMax)
    problems.memoryGibMax = `Write at least ${memoryGibMin}, the least of it.`
  return { wanted, problems }
}
