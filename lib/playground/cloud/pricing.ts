import { sampleOffers, sampleTypes } from '@/lib/domain/machines/sample'
import { CloudFault } from './fault'
import { onDemandUsd, rdsClasses, rdsUsd, storageKinds, storageUsd } from './market'

interface Product {
  family: string
  attributes: Readonly<Record<string, string>>
  unit: string
  usd: number
}

interface Question {
  ServiceCode?: string
  Filters?: { Type: string; Field: string; Value: string }[]
  MaxResults?: number
  NextToken?: string
}

const pageMax = 100

/** `GetProducts` of the Pricing service. */
export const getProducts = ({ ServiceCode, Filters = [], MaxResults = pageMax, NextToken }: Question) => {
  if (ServiceCode !== 'AmazonEC2' && ServiceCode !== 'AmazonRDS')
    throw new CloudFault('InvalidParameterException', `Input Parameters are invalid: ServiceCode ${ServiceCode} is not supported.`)
  if (MaxResults < 1 || MaxResults > pageMax) throw new CloudFault('InvalidParameterException', 'MaxResults must be between 1 and 100.')
  const region = Filters.find(({ Field }) => Field === 'regionCode')?.Value
  const regions = Object.keys(sampleOffers).filter((one) => region === undefined || one === region)
  const all = regions.flatMap((one) => (ServiceCode === 'AmazonEC2' ? [...machinesOf(one), ...volumesOf(one)] : databasesOf(one)))
  const found = all.filter(({ family, attributes }) =>
    Filters.every(({ Field, Value }) => (Field === 'productFamily' ? family : attributes[Field]) === Value),
  )
  const start = NextToken === undefined ? 0 : Number(Buffer.from(NextToken, 'base64url').toString('utf8'))
  if (!Number.isInteger(start)) throw new CloudFault('InvalidNextTokenException', 'The pagination token is invalid.')
  const end = start + MaxResults
  return {
    FormatVersion: 'aws_v1',
    PriceList: found.slice(start, end).map((product) => JSON.stringify(entryOf(ServiceCode, product))),
    ...(end < found.length && { NextToken: Buffer.from(String(end)).toString('base64url') }),
  }
}

const machinesOf = (region: string): Product[] =>
  sampleOffers[region]!.offered.flatMap((type) => {
    const usd = onDemandUsd(region, type)
    const { vcpus, memoryMib } = sampleTypes[type]!
    const attributes = {
      instanceType: type,
      regionCode: region,
      vcpu: String(vcpus),
      memory: `${memoryMib / 1024} GiB`,
      operatingSystem: 'Linux',
      tenancy: 'Shared',
      preInstalledSw: 'NA',
      capacitystatus: 'Used',
      operation: 'RunInstances',
    }
    return usd === null ? [] : [{ family: 'Compute Instance', attributes, unit: 'Hrs', usd }]
  })

const volumesOf = (region: string): Product[] =>
  storageKinds.map((kind) => ({
    family: 'Storage',
    attributes: { volumeApiName: kind, regionCode: region },
    unit: 'GB-Mo',
    usd: storageUsd(region, kind),
  }))

const databasesOf = (region: string): Product[] =>
  rdsClasses.flatMap((name) => {
    const usd = rdsUsd(region, name)
    const attributes = { instanceType: name, regionCode: region, databaseEngine: 'PostgreSQL', deploymentOption: 'Single-AZ' }
    return usd === null ? [] : [{ family: 'Database Instance', attributes, unit: 'Hrs', usd }]
  })

/** One entry as AWS writes it: product, and terms by SKU, offer term and rate. */
const entryOf = (serviceCode: string, { family, attributes, unit, usd }: Product) => {
  const sku = Buffer.from(`${attributes.regionCode}${attributes.instanceType ?? attributes.volumeApiName}`)
    .toString('hex')
    .toUpperCase()
  const term = `${sku}.JRTCKXETXF`
  return {
    product: { productFamily: family, attributes, sku },
    serviceCode,
    terms: {
      OnDemand: {
        [term]: {
          priceDimensions: {
            [`${term}.6YS6EN2CT7`]: { unit, beginRange: '0', endRange: 'Inf', pricePerUnit: { USD: usd.toFixed(10) } },
          },
          sku,
          offerTermCode: 'JRTCKXETXF',
          termAttributes: {},
        },
      },
    },
    version: '20260925174521',
    publicationDate: '2026-09-25T17:45:21Z',
  }
}
