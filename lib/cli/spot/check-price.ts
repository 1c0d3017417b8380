import type { Catalogue, PriceSource } from '@/lib/domain/prices/catalogue'
import { type Choice, choose, type ScoredOffer } from '@/lib/domain/prices/choose'
import { type Cheapest, type Comparison, compare, storageMonth } from '@/lib/domain/prices/compare'
import { savingOf } from '@/lib/domain/prices/fit'
import { dollars, hourlyDollars, notKnown, perMonth } from '@/lib/domain/prices/month'
import type { Requirements } from '@/lib/domain/prices/requirements'
import { sampleCatalogue } from '@/lib/domain/prices/sample'
import { sayScore } from '@/lib/domain/prices/score'
import { type Args, mustBeEmpty, take, takeFlag, UsageError } from '../args'
import { exitCodes } from '../exit-codes'
import { outputOf, print, printJson, remark } from '../output'
import { table } from '../table'
import { readPrices } from './read-prices'
import { takeRequirements } from './requirements'

const rowsShown = 10
const unfitShown = 20

/** Prints what fits, best first. Exit code 4 when nothing does. */
export const checkPrice = async (args: Args): Promise<number> => {
  const format = outputOf(args, ['table', 'json', 'csv'])
  const [isOffline, isUnfit] = [takeFlag(args, 'offline'), takeFlag(args, 'unfit')]
  const limit = limitOf(take(args, 'limit'))
  const wanted = takeRequirements(args)
  mustBeEmpty(args)
  const { catalogue, missing } = isOffline
    ? { catalogue: sampleCatalogue(), missing: [] }
    : await readPrices(wanted, process.env.MATRIARCH_PRICE_FEEDS || null)
  for (const one of missing) remark(one)
  if (!isOffline && catalogue.sources.every(({ isSample }) => isSample))
    remark('None of AWS’s public price lists can be reached: this is the sample that comes with the console.')
  const choice = choose(catalogue, wanted, { from: 0, count: limit })
  const answer = { choice, comparison: compare(catalogue, wanted), catalogue, wanted }
  if (format === 'json') printJson(asJson(answer))
  else if (format === 'csv')
    print([columns.map(([name]) => name), ...choice.offers.map((one) => valuesOf(one))].map((row) => row.map(csv).join(',')).join('\r\n'))
  else printTable(answer, isUnfit)
  if (choice.total > 0) return exitCodes.done
  remark('No machine type fits; --unfit says why of each.')
  return exitCodes.refused
}

const limitOf = (text: string | undefined): number => {
  const limit = text === undefined ? rowsShown : Number(text)
  if (!Number.isInteger(limit) || limit < 1 || limit > 100_000) throw new UsageError('--limit: Write a whole number from 1 to 100000.')
  return limit
}

interface Answer {
  choice: Choice
  comparison: Comparison
  catalogue: Catalogue
  wanted: Requirements
}

/** As it is in JSON and CSV; a price is USD per hour. */
const columns: readonly (readonly [string, (one: ScoredOffer) => unknown])[] = [
  ['region', ({ offer }) => offer.region],
  ['zone', ({ offer }) => offer.zone],
  ['type', ({ offer }) => offer.type],
  ['architecture', ({ type }) => type.architectures.join(' ')],
  ['vcpus', ({ type }) => type.vcpus],
  ['memoryGib', ({ type }) => type.memoryMib / 1024],
  ['localStorageGb', ({ type }) => type.localStorageGb],
  ['spotUsd', ({ offer }) => offer.spotUsd],
  ['onDemandUsd', ({ offer }) => offer.onDemandUsd],
  ['savingPercent', ({ offer }) => savingOf(offer)],
  ['evictionMaxPercent', ({ offer }) => offer.evictionMax],
  ['score', ({ score }) => score],
]
const valuesOf = (one: ScoredOffer) => columns.map(([, value]) => value(one))

const csv = (value: unknown): string => {
  const text = value === null ? '' : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const asJson = ({ choice, comparison, catalogue, wanted }: Answer) => ({
  requirements: wanted,
  score: sayScore(wanted),
  total: choice.total,
  fittingTypes: choice.fittingTypes,
  offers: choice.offers.map((one) => Object.fromEntries(columns.map(([name, value]) => [name, value(one)]))),
  unfit: choice.unfit.map(({ type, reasons }) => ({ type: type.type, reasons })),
  comparison,
  sources: catalogue.sources,
})

const printTable = ({ choice, comparison, catalogue, wanted }: Answer, isUnfit: boolean): void => {
  const rows = choice.offers.map(({ offer, type, score }) => [
    offer.region,
    offer.zone ?? 'cheapest',
    offer.type,
    type.architectures.join(' '),
    type.vcpus,
    `${type.memoryMib / 1024} GiB`,
    storageOf({ offer, type, score }, { catalogue, wanted }),
    priced(offer.spotUsd),
    priced(offer.onDemandUsd),
    said(savingOf(offer), (percent) => `${percent} %`),
    said(offer.evictionMax, (percent) => `≤ ${percent} %`),
    said(score, String),
  ])
  print(
    table(
      [
        'region',
        'zone',
        'type',
        'arch',
        'vcpu',
        'memory',
        'storage',
        '$ spot month (hour)',
        '$ on-demand month (hour)',
        'saving',
        'evictions',
        'score',
      ],
      rows,
    ),
  )
  const lines = [
    `${choice.offers.length} of ${choice.total} offers of ${choice.fittingTypes} types that fit; ${choice.unfit.length} types do not.`,
    sayScore(wanted),
    '',
    'The same requirements, cheapest of each:',
    ...(
      [
        ['spot', comparison.spot],
        ['on-demand', comparison.onDemand],
        ['RDS, Single-AZ, without storage', comparison.rds],
      ] as const
    ).map(([what, one]) => `  ${what}: ${sayCheapest(one)}`),
    '',
    ...sourceLines(catalogue.sources),
  ]
  print(`\n${lines.join('\n')}`)
  if (isUnfit)
    print(
      `\n${table(
        ['type', 'does not fit because'],
        choice.unfit.map(({ type, reasons }) => [type.type, reasons.join('; ')]),
      )}`,
    )
  else if (choice.total === 0)
    print(
      `\n${table(
        ['type', 'does not fit because'],
        nearest(choice).map(({ type, reasons }) => [type.type, reasons.join('; ')]),
      )}`,
    )
}

/** Those with the fewest reasons against them. */
const nearest = ({ unfit }: Choice) => unfit.toSorted((a, b) => a.reasons.length - b.reasons.length).slice(0, unfitShown)

const storageOf = ({ offer, type }: ScoredOffer, { catalogue, wanted }: Pick<Answer, 'catalogue' | 'wanted'>): string => {
  if (wanted.storage === 'local') return `${type.localStorageGb} GB`
  if (wanted.storageGb === null) return 'EBS'
  return `EBS ${said(storageMonth(catalogue, wanted, offer.zone ?? offer.region), dollars)}/month`
}

const said = <T>(value: T | null, say: (value: T) => string): string => (value === null ? notKnown : say(value))

const priced = (hourUsd: number | null): string => said(hourUsd, (hour) => `${dollars(perMonth(hour)!)} (${hourlyDollars(hour)})`)

const sayCheapest = (one: Cheapest | null): string =>
  one === null ? notKnown : `${dollars(one.monthUsd)} a month, ${hourlyDollars(one.hourUsd)} an hour: ${one.name} in ${one.place}`

/** One line for a source; what comes of the sample says so, with its date. */
const sourceLines = (sources: readonly PriceSource[]): string[] => {
  const regions = new Map<string, string[]>()
  for (const { kind, name, region, asOf, isSample } of sources) {
    const line = isSample ? `${kind}: the console’s sample of ${asOf}, not a price of today` : `${kind}: ${name}, ${asOf.slice(0, 16)}`
    regions.set(line, [...(regions.get(line) ?? []), ...(region === null ? [] : [region])])
  }
  return [...regions].map(([line, places]) => (places.length > 0 ? `${line} (${places.join(', ')})` : line))
}
