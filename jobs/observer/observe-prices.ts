import { type CloudAccountSource, cloudAccountIds, type SweptAccount } from '@/db/fleet/machines'
import { forgetOtherRegions, heldLists, keepFailure, keepList } from '@/db/prices/lists'
import { type ListContents, type ListKind, listKinds } from '@/lib/domain/prices/assemble'
import { dayMs, historyDays, seriesOf } from '@/lib/domain/prices/history'
import { isFault } from '@/lib/kernel/ground/errors'
import type { PriceFeeds, PricesRead } from '@/lib/ports/prices'
import type { Log } from '../queue/log'
import { repeatInOneWorker } from './in-one-worker'

const everyMs = 60_000
const leaseTtlMs = 600_000
const accountsAtOnce = 4
const minuteMs = 60_000
/** What failed is asked for again after this time. */
const retryMs = 10 * minuteMs
/** A whole history of a large region has some hundred pages. */
const askTimeoutMs = 300_000

/** How old a list may become. */
const agesMs: Readonly<Record<ListKind, number>> = {
  types: dayMs,
  'on-demand': dayMs,
  rds: dayMs,
  storage: dayMs,
  spot: 6 * 60 * minuteMs,
  'spot-now': 10 * minuteMs,
  evictions: 60 * minuteMs,
}

export interface PriceSources {
  prices: PricesRead
  /** The public documents at an endpoint; null: AWS's own. */
  feedsAt: (endpoint: string | null) => PriceFeeds
  accountOf: CloudAccountSource
}

/** Keeps the prices of every cloud account's regions no older than they may become, in one worker at a time. */
export const startPriceObserver = ({
  holder,
  log,
  ...sources
}: PriceSources & { holder: string; log: Log }): { stop: () => Promise<void> } =>
  repeatInOneWorker(
    {
      ...{ name: 'prices', everyMs, leaseTtlMs },
      lease: 'price-observer',
      reason: 'reads prices of machines',
      work: (signal) => observePrices(sources, signal),
    },
    { holder, log },
  )

/** Reads every list that is due, of every account; what one refuses holds no other up. */
export const observePrices = async (sources: PriceSources, signal: AbortSignal): Promise<void> => {
  const ids = (await cloudAccountIds()).values()
  const inTurn = async () => {
    for (const id of ids) if (!signal.aborted) await readAccount(sources, id, signal)
  }
  await Promise.all(Array.from({ length: accountsAtOnce }, inTurn))
}

const readAccount = async (sources: PriceSources, id: string, signal: AbortSignal): Promise<void> => {
  let account: SweptAccount
  try {
    account = await sources.accountOf(id)
  } catch (error) {
    // Without credentials there is nobody to ask: the account's own page says so.
    if (isFault(error, 'record.missing') || isFault(error, 'cloud.refused')) return
    throw error
  }
  await forgetOtherRegions(id, account.regions)
  const held = new Map((await heldLists(id)).map((list) => [`${list.region} ${list.kind}`, list]))
  const now = Date.now()
  for (const region of account.regions)
    for (const kind of listKinds) {
      const list = held.get(`${region} ${kind}`)
      const isFresh = list?.readAt && now - list.readAt.getTime() < agesMs[kind]
      const isTried = list && list.because !== null && now - list.triedAt.getTime() < retryMs
      if (isFresh || isTried) continue
      if (signal.aborted) return
      await readList(sources, account, region, kind, signal)
    }
}

const readList = async (
  sources: PriceSources,
  account: SweptAccount,
  region: string,
  kind: ListKind,
  signal: AbortSignal,
): Promise<void> => {
  const { id } = account.settings
  try {
    const { because = null, ...list } = await read[kind](sources, account, region, { timeoutMs: askTimeoutMs, signal })
    await keepList(id, { kind, region, ...list } as Parameters<typeof keepList>[1], because)
  } catch (error) {
    if (!isFault(error) || isFault(error, 'database.down')) throw error
    if (!signal.aborted) await keepFailure(id, region, kind, (error as Error).message)
  }
}

interface Answer<Content> {
  source: string
  asOf: string
  content: Content
  because?: string
}

interface Options {
  timeoutMs: number
  signal: AbortSignal
}

type Reader<Kind extends ListKind> = (
  sources: PriceSources,
  account: SweptAccount,
  region: string,
  options: Options,
) => Promise<Answer<ListContents[Kind]>>

const nowIso = () => new Date().toISOString()
const history = 'EC2 spot price history'

const read: { [Kind in ListKind]: Reader<Kind> } = {
  types: async ({ prices }, { settings }, region, options) => ({
    source: 'EC2 instance types',
    asOf: nowIso(),
    content: await prices.types(settings, region, options),
  }),
  'on-demand': async ({ prices, feedsAt }, { settings }, region, options) => {
    try {
      const { value, asOf } = await prices.onDemand(settings, region, options)
      return { source: 'AWS Pricing', asOf: asOf ?? nowIso(), content: value }
    } catch (error) {
      // The public document has the same prices, and needs no right.
      if (!isFault(error, 'cloud.refused')) throw error
      const map = await feedsAt(settings.endpoint).onDemand(region, options)
      return { source: 'AWS price map', asOf: map.asOf ?? nowIso(), content: map.prices, because: error.message }
    }
  },
  rds: async ({ prices }, { settings }, region, options) => {
    const { value, asOf } = await prices.rds(settings, region, options)
    return { source: 'AWS Pricing', asOf: asOf ?? nowIso(), content: value }
  },
  storage: async ({ prices }, { settings }, region, options) => {
    const { value, asOf } = await prices.storage(settings, region, options)
    return { source: 'AWS Pricing', asOf: asOf ?? nowIso(), content: value }
  },
  spot: async ({ prices }, { settings }, region, options) => {
    const now = Date.now()
    const points = await prices.spotHistory(settings, region, now - historyDays * dayMs, options)
    return { source: history, asOf: new Date(now).toISOString(), content: seriesOf(points, now) }
  },
  'spot-now': async ({ prices }, { settings }, region, options) => {
    const now = Date.now()
    const content: Record<string, Record<string, number>> = {}
    const newestFirst = (await prices.spotHistory(settings, region, now, options)).toSorted((a, b) => b.atMs - a.atMs)
    for (const { type, zone, usd } of newestFirst) {
      content[type] ??= {}
      content[type][zone] ??= usd
    }
    return { source: history, asOf: new Date(now).toISOString(), content }
  },
  evictions: async ({ feedsAt }, { settings }, region, options) => {
    const advisor = await feedsAt(settings.endpoint).advisor(options)
    return { source: 'Spot Instance Advisor', asOf: nowIso(), content: advisor[region] ?? {} }
  },
}
