import {
  type InstanceTypeInfo,
  paginateDescribeInstanceTypeOfferings,
  paginateDescribeInstanceTypes,
  paginateDescribeSpotPriceHistory,
} from '@aws-sdk/client-ec2'
import { paginateGetProducts } from '@aws-sdk/client-pricing'
import { familyOf } from '@/lib/domain/machines/naming'
import type { CatalogueType } from '@/lib/domain/prices/catalogue'
import { type ListedPrice, readListed } from '@/lib/domain/prices/feeds/price-list'
import { FeedError } from '@/lib/domain/prices/feeds/read'
import type { SpotPoint } from '@/lib/domain/prices/history'
import { Fault } from '@/lib/kernel/ground/errors'
import type { CloudCallOptions } from '@/lib/ports/cloud'
import type { CloudSettings } from '@/lib/ports/machines'
import type { PricesRead } from '@/lib/ports/prices'
import { makeClients } from './clients'
import { makeSend } from './requests'

/** The most that EC2 and Pricing put on a page. */
const pageSizes = { types: 100, offerings: 1000, history: 1000, products: 100 }
/** How the spot market calls Linux without anything to pay for. */
const linux = 'Linux/UNIX'

export interface AwsPrices extends PricesRead {
  close: () => void
}

/** Prices as EC2 and the Pricing service tell them; beside the machines' own requests, which do not wait for a long history. */
export const makePrices = (): AwsPrices => {
  const clients = makeClients()
  const send = makeSend()
  const products = (account: CloudSettings, service: string, filter: Readonly<Record<string, string>>, options: CloudCallOptions) =>
    send({ account, where: `Pricing ${service}`, action: 'pricing:GetProducts' }, options, async (abortSignal) => {
      const found: ListedPrice[] = []
      const client = clients.pricing(account)
      const Filters = Object.entries(filter).map(([Field, Value]) => ({ Type: 'TERM_MATCH' as const, Field, Value }))
      for await (const { PriceList = [] } of paginateGetProducts(
        { client, pageSize: pageSizes.products },
        { ServiceCode: service, FormatVersion: 'aws_v1', Filters },
        { abortSignal },
      ))
        for (const entry of PriceList) found.push(...listed(String(entry)))
      return found
    })
  return {
    types: async (account, region, options) => {
      const client = clients.ec2(account, region)
      const types = await send({ account, where: region, action: 'ec2:DescribeInstanceTypes' }, options, async (abortSignal) => {
        const found: CatalogueType[] = []
        for await (const page of paginateDescribeInstanceTypes({ client, pageSize: pageSizes.types }, {}, { abortSignal }))
          found.push(...(page.InstanceTypes ?? []).map(catalogued))
        return found
      })
      const zones = await send({ account, where: region, action: 'ec2:DescribeInstanceTypeOfferings' }, options, async (abortSignal) => {
        const found: Record<string, string[]> = {}
        const asked = { LocationType: 'availability-zone' as const }
        for await (const page of paginateDescribeInstanceTypeOfferings({ client, pageSize: pageSizes.offerings }, asked, { abortSignal }))
          for (const { InstanceType = '', Location = '' } of page.InstanceTypeOfferings ?? []) {
            found[Location] ??= []
            found[Location].push(InstanceType)
          }
        return found
      })
      return { types, zones }
    },
    spotHistory: (account, region, sinceMs, options) =>
      send({ account, where: region, action: 'ec2:DescribeSpotPriceHistory' }, options, async (abortSignal) => {
        const client = clients.ec2(account, region)
        const found: SpotPoint[] = []
        const asked = { ProductDescriptions: [linux], StartTime: new Date(sinceMs) }
        for await (const page of paginateDescribeSpotPriceHistory({ client, pageSize: pageSizes.history }, asked, { abortSignal }))
          for (const { InstanceType, AvailabilityZone, SpotPrice, Timestamp } of page.SpotPriceHistory ?? []) {
            const usd = Number(SpotPrice)
            if (InstanceType && AvailabilityZone && Timestamp && usd > 0)
              found.push({ type: InstanceType, zone: AvailabilityZone, atMs: Timestamp.getTime(), usd })
          }
        return found
      }),
    onDemand: async (account, region, options) => {
      const filter = { regionCode: region, operatingSystem: 'Linux', tenancy: 'Shared', preInstalledSw: 'NA', capacitystatus: 'Used' }
      const found = await products(account, 'AmazonEC2', filter, options)
      return { value: Object.fromEntries(hourly(found, 'instanceType')), asOf: latest(found) }
    },
    rds: async (account, region, options) => {
      const filter = { regionCode: region, databaseEngine: 'PostgreSQL', deploymentOption: 'Single-AZ', productFamily: 'Database Instance' }
      const found = await products(account, 'AmazonRDS', filter, options)
      return { value: [...hourly(found, 'instanceType')].map(([name, usd]) => ({ region, class: name, usd })), asOf: latest(found) }
    },
    storage: async (account, region, options) => {
      const found = await products(account, 'AmazonEC2', { regionCode: region, productFamily: 'Storage' }, options)
      const kinds = lowest(
        found.filter(({ unit }) => unit === 'GB-Mo'),
        'volumeApiName',
      )
      return { value: [...kinds].map(([kind, usdGbMonth]) => ({ region, kind, usdGbMonth })), asOf: latest(found) }
    },
    close: clients.close,
  }
}

const listed = (entry: string): ListedPrice[] => {
  try {
    const found = readListed(entry)
    return found === null ? [] : [found]
  } catch (error) {
    if (!(error instanceof FeedError)) throw error
    throw new Fault('cloud.refused', { because: `The Pricing service answered what is no price list: ${error.message}.` }, { cause: error })
  }
}

const hourly = (found: readonly ListedPrice[], by: string) =>
  lowest(
    found.filter(({ unit }) => unit === 'Hrs'),
    by,
  )

/** By an attribute; of several entries of the same name the cheapest: the others are for machines with more to them. */
const lowest = (found: readonly ListedPrice[], by: string): Map<string, number> => {
  const prices = new Map<string, number>()
  for (const { attributes, usd } of found) {
    const name = attributes[by]
    if (typeof name === 'string') prices.set(name, Math.min(usd, prices.get(name) ?? usd))
  }
  return prices
}

const latest = (found: readonly ListedPrice[]): string | null =>
  found.reduce<string | null>((last, { asOf }) => (asOf !== null && asOf > (last ?? '') ? asOf : last), null)

const catalogued = (one: InstanceTypeInfo): CatalogueType => ({
  type: one.InstanceType ?? '',
  family: familyOf(one.InstanceType ?? ''),
  vcpus: one.VCpuInfo?.DefaultVCpus ?? 0,
  memoryMib: one.MemoryInfo?.SizeInMiB ?? 0,
  architectures: one.ProcessorInfo?.SupportedArchitectures ?? [],
  isBurstable: one.BurstablePerformanceSupported === true,
  localStorageGb: one.InstanceStorageInfo?.TotalSizeInGB ?? null,
  isSpotOffered: one.SupportedUsageClasses?.includes('spot') === true,
})
