import { expect, test } from 'vitest'
import { readAdvisor } from './advisor'
import { readOnDemandMap } from './on-demand-map'
import { readListed } from './price-list'
import { readSpotList } from './spot-list'

test('the advisor’s brackets are read as the percentage that the document itself gives them', () => {
  const text = JSON.stringify({
    global_rate: '<10%',
    instance_types: { 'm5.large': { cores: 2, emr: true, ram_gb: 8 } },
    ranges: [
      { index: 0, dots: 0, label: '<5%', max: 5 },
      { index: 4, dots: 4, label: '>20%', max: 100 },
    ],
    spot_advisor: {
      'us-east-1': { Linux: { 'm5.large': { r: 4, s: 61 }, 'm9.large': { r: 7 } }, Windows: { 'm5.large': { r: 0, s: 40 } } },
      'eu-north-1': { Windows: {} },
    },
  })
  expect(readAdvisor(text)).toEqual({
    'us-east-1': { 'm5.large': { evictionMax: 100, savingPercent: 61 }, 'm9.large': { evictionMax: null, savingPercent: null } },
    'eu-north-1': {},
  })
  expect(() => readAdvisor('<html>')).toThrow('it is no JSON')
  expect(() => readAdvisor('{"spot_advisor":{}}')).toThrow('it has no ranges')
})

const spotList = {
  vers: 0.01,
  config: {
    rate: 'perhr',
    valueColumns: ['linux', 'mswin'],
    currencies: ['USD'],
    regions: [
      {
        region: 'us-east',
        footnotes: { '*': 'notAvailableForCCorCGPU' },
        instanceTypes: [
          {
            type: 'generalCurrentGen',
            sizes: [
              {
                size: 'm6i.xlarge',
                valueColumns: [
                  { name: 'linux', prices: { USD: '0.0615' } },
                  { name: 'mswin', prices: { USD: '0.2' } },
                ],
              },
              { size: 'm6i.large', valueColumns: [{ name: 'linux', prices: { USD: 'N/A*' } }] },
              { size: 'm7i.large', valueColumns: [{ name: 'linux', prices: { USD: '0' } }] },
            ],
          },
        ],
      },
      { region: 'eu-north-1', instanceTypes: [] },
    ],
  },
}

test('the spot list is read with and without its callback, under today’s names of regions, and what has no price is left out', () => {
  const expected = { 'us-east-1': { 'm6i.xlarge': 0.0615 }, 'eu-north-1': {} }
  expect(readSpotList(JSON.stringify(spotList))).toEqual(expected)
  expect(readSpotList(`callback(${JSON.stringify(spotList)});`)).toEqual(expected)
  expect(() => readSpotList('{}')).toThrow('it has no config')
})

const row = (type: string, price: string, more: Record<string, string>) => ({
  rateCode: 'x.y.z',
  price,
  Location: 'EU (Stockholm)',
  'Instance Type': type,
  'Operating System': 'Linux',
  ...more,
})

test('the map of on-demand prices gives prices, memory that is no whole number, and disks; its types are Arm by their family', () => {
  const text = JSON.stringify({
    manifest: { serviceId: 'ec2', hawkFilePublicationDate: '2026-09-25T17:45:21Z', currencyCode: 'USD' },
    sets: {},
    regions: {
      'EU (Stockholm)': {
        one: row('m5.large', '0.1020000000', { vCPU: '2', Memory: '8 GiB', Storage: 'EBS only' }),
        two: row('t4g.nano', '0.0043', { vCPU: '2', Memory: '0.5 GiB', Storage: 'EBS only' }),
        three: row('x2idn.16xlarge', '6.669', { vCPU: '64', Memory: '1,024 GiB', Storage: '1 x 1900 NVMe SSD' }),
        four: row('i3.16xlarge', '5.0', { vCPU: '64', Memory: '488 GiB', Storage: '8 x 1900 NVMe SSD' }),
        five: row('g4dn.xlarge', '0.5', { vCPU: '4', Memory: '16 GiB', Storage: '125 GB NVMe SSD' }),
        six: row('a1.large', '0.05', { vCPU: '2', Memory: 'NA', Storage: 'EBS only' }),
      },
    },
  })
  const { asOf, prices, types } = readOnDemandMap(text, 'EU (Stockholm)')
  expect(asOf).toBe('2026-09-25T17:45:21Z')
  expect(prices['m5.large']).toBe(0.102)
  expect(types.map((one) => [one.type, one.memoryMib, one.architectures[0], one.localStorageGb, one.isBurstable])).toEqual([
    ['m5.large', 8192, 'x86_64', null, false],
    ['t4g.nano', 512, 'arm64', null, true],
    ['x2idn.16xlarge', 1_048_576, 'x86_64', 1900, false],
    ['i3.16xlarge', 499_712, 'x86_64', 15_200, false],
    ['g4dn.xlarge', 16_384, 'x86_64', 125, false],
  ])
  expect(prices['a1.large']).toBe(0.05)
  expect(() => readOnDemandMap(text, 'EU (Paris)')).toThrow('no prices of EU (Paris)')
})

test('an entry of the Pricing service gives its on-demand price with unit and date, and none where it costs nothing', () => {
  const entry = (usd: string) =>
    JSON.stringify({
      product: { productFamily: 'Compute Instance', attributes: { instanceType: 'm5.large', regionCode: 'us-east-1' }, sku: 'S' },
      serviceCode: 'AmazonEC2',
      terms: {
        OnDemand: {
          'S.JRTCKXETXF': { priceDimensions: { 'S.JRTCKXETXF.6YS6EN2CT7': { unit: 'Hrs', pricePerUnit: { USD: usd } } }, sku: 'S' },
        },
      },
      version: '20260925174521',
      publicationDate: '2026-09-25T17:45:21Z',
    })
  expect(readListed(entry('0.0960000000'))).toMatchObject({
    usd: 0.096,
    unit: 'Hrs',
    asOf: '2026-09-25T17:45:21Z',
    attributes: { instanceType: 'm5.large' },
  })
  expect(readListed(entry('0.0000000000'))).toBeNull()
})
