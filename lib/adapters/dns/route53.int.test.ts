import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { GetHostedZoneCommand, ListHostedZonesByNameCommand, ListResourceRecordSetsCommand, Route53Client } from '@aws-sdk/client-route-53'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Aws, startAws } from '@/e2e/harness/aws'
import type { Zone } from '@/e2e/harness/aws/route53'
import { recordSet } from '@/lib/domain/dns/records'
import { isFault } from '@/lib/kernel/ground/errors'
import type { RecordSet } from '@/lib/ports'
import type { ZoneSettings } from '@/lib/ports/zones'
import { namesContract } from '../contract/names-contract'
import { makeNames } from './index'

const run = promisify(execFile)

const settingsOf = (aws: Aws, zone: Zone): ZoneSettings => ({
  address: { zoneId: 'z', name: zone.name.slice(0, -1), provider: 'route53' },
  authoritativeServers: aws.route53.servers.map(({ port }) => `127.0.0.1:${port}`),
  resolvers: [],
  settings: {
    hostedZoneId: zone.id,
    region: aws.region,
    endpoint: aws.endpoint,
    accessKeyId: aws.credentials.accessKeyId,
    accessSecret: aws.credentials.secretAccessKey,
  },
})
const asRrset = ({ name, type, values, ttlSeconds }: RecordSet) => ({ name: `${name}.`, type, ttl: ttlSeconds, values })

namesContract('names in Route 53', async () => {
  const aws = await startAws()
  const zone = aws.route53.addZone('cloud.test')
  const settings = settingsOf(aws, zone)
  const { read, act } = makeNames(async () => settings)
  return {
    ports: { read: { names: read }, act: { names: act } },
    zone: settings.address,
    put: async (records) => aws.route53.put(zone, records.map(asRrset)),
    witness: async (name, type) => {
      const { stdout } = await run('dig', ['+short', '+norecurse', '@127.0.0.1', '-p', String(aws.route53.servers[0]!.port), type, name])
      return stdout.split('\n').filter((line) => line !== '' && (type === 'CNAME' || !line.endsWith('.')))
    },
    cutOff: async () => {
      await aws.stop()
      return aws.start
    },
    cutOffServer: async () => {
      await aws.route53.servers[1]!.stop()
      return aws.route53.servers[1]!.start
    },
    stop: async () => {
      await Promise.all([aws.stop(), aws.route53.stop()])
    },
  }
})

describe('a Route 53 zone', () => {
  let aws: Aws
  let zone: Zone
  let settings: ZoneSettings
  let nowMs = Date.now()
  beforeAll(async () => {
    aws = await startAws({ now: () => nowMs, syncMs: 60_000 })
    zone = aws.route53.addZone('cloud.test')
    settings = settingsOf(aws, zone)
  })
  afterAll(async () => {
    await Promise.all([aws?.stop(), aws?.route53.stop()])
  })

  const name = 'orders.cloud.test'
  const alias = (host: string, ttl = 60) => recordSet(name, 'CNAME', [`${host}.cloud.test`], ttl)
  const replace = (over: Partial<ZoneSettings>, expected: RecordSet[], next: RecordSet[], timeoutMs = 5_000) =>
    makeNames(async () => ({ ...settings, ...over }))
      .act.replace(settings.address, { name, types: ['A', 'AAAA', 'CNAME'], expected, next }, { timeoutMs })
      .then(
        () => null,
        (error: unknown) => (isFault(error) ? error : Promise.reject(error)),
      )

  test('a change is waited for until it is in sync, and the name servers serve it only then', async () => {
    const moving = replace({}, [], [alias('h1')], 20_000)
    const { read } = makeNames(async () => settings)
    await expect.poll(() => zone.pending.length).toBe(1)
    expect((await read.authoritative(settings.address, name, { timeoutMs: 2_000 })).map(({ records }) => records)).toEqual([[], []])
    expect(await read.current(settings.address, name, { timeoutMs: 2_000 })).toEqual([alias('h1')])
    nowMs += 60_000
    expect(await moving).toBe(null)
    expect((await read.authoritative(settings.address, name, { timeoutMs: 2_000 })).map(({ records }) => records)).toEqual([
      [alias('h1')],
      [alias('h1')],
    ])
  })

  test('a change that is not in sync in time may happen, and the fault says so', async () => {
    const fault = await replace({}, [alias('h1')], [alias('h2')], 2_500)
    expect(fault).toMatchObject({ code: 'dns.timeout' })
    expect(fault?.facts.isOver).toBeUndefined()
    nowMs += 60_000
  })

  test('another lifetime is another record: only what was seen is deleted', async () => {
    expect(await replace({}, [alias('h2', 61)], [alias('h3')])).toMatchObject({ code: 'dns.changed' })
  })

  test('of two that change a name at the same moment one wins, and the other is told', async () => {
    const moving = [replace({}, [alias('h2')], [alias('h4')], 20_000), replace({}, [alias('h2')], [alias('h5')], 20_000)]
    await expect.poll(() => zone.pending.length).toBe(1)
    const loser = await Promise.race(moving)
    expect(loser).toMatchObject({ code: 'dns.changed', facts: { isOver: true } })
    nowMs += 60_000
    expect((await Promise.all(moving)).filter((fault) => fault === null)).toHaveLength(1)
  })

  test('a wrong secret, an unknown key and an unknown zone are refused, each with its own remedy; no secret is told', async () => {
    for (const [over, rcode] of [
      [{ accessSecret: 'wrong-secret' }, 'SignatureDoesNotMatch'],
      [{ accessKeyId: 'AKIASTRANGER' }, 'InvalidClientTokenId'],
      [{ hostedZoneId: 'ZNOWHERE' }, 'NoSuchHostedZone'],
    ] as const) {
      const fault = await replace({ settings: { ...settings.settings, ...over } }, [], [alias('h1')])
      expect(fault).toMatchObject({ code: 'dns.refused', facts: { rcode, isOver: true } })
      expect(fault?.message).not.toContain('wrong-secret')
    }
  })

  test('without an access key the credentials of the worker’s host are used only where the zone says so', async () => {
    const withoutKey = { ...settings.settings, accessKeyId: null, accessSecret: null }
    const fault = await replace({ settings: withoutKey }, [], [alias('h1')])
    expect(fault).toMatchObject({ code: 'dns.refused', message: expect.stringContaining('no administrator of every environment') })
  })

  test('requests that are throttled are made again, and told as such when it does not end', async () => {
    const { read } = makeNames(async () => settings)
    aws.throttle(2)
    expect(await read.current(settings.address, 'nobody.cloud.test', { timeoutMs: 10_000 })).toEqual([])
    aws.throttle(1_000)
    const fault = await read.current(settings.address, name, { timeoutMs: 20_000 }).catch((error: unknown) => error)
    aws.throttle(0)
    expect(fault).toMatchObject({ code: 'dns.unreachable', message: expect.stringContaining('too many requests') })
  })

  test('the name servers of a hosted zone are asked for once, however many names are looked at', async () => {
    const { read } = makeNames(async () => ({ ...settings, authoritativeServers: [], resolvers: ['127.0.0.1:1'] }))
    aws.requests.length = 0
    for (const one of ['a', 'b', 'c']) {
      const answers = await read.authoritative(settings.address, `${one}.cloud.test`, { timeoutMs: 600 })
      expect(answers.map(({ server }) => server)).toEqual(['ns-1.cloud.test', 'ns-2.cloud.test'])
    }
    expect(aws.requests).toEqual([`GET /2013-04-01/hostedzone/${zone.id}`])
  })

  test('the check names the step that fails', async () => {
    const check = async (over: Partial<ZoneSettings>) =>
      (
        await makeNames(async () => ({ ...settings, ...over })).read.check({ ...settings.address, ...over.address }, { timeoutMs: 20_000 })
      ).map(({ name, verdict }) => `${name} ${verdict}`)
    expect(await check({})).toEqual(expect.arrayContaining(['primary pass', 'zone pass', 'key pass', 'authoritative pass']))
    expect(await check({ address: { ...settings.address, name: 'other.test' } })).toContain('zone fail')
    expect(await check({ settings: {} })).toContain('primary fail')
  })

  test('the twin lists, pages and finds zones as the SDK expects', async () => {
    const client = new Route53Client({ region: aws.region, endpoint: aws.endpoint, credentials: aws.credentials })
    aws.route53.put(
      zone,
      ['b', 'a', 'c'].map((host) => ({ name: `${host}.page.cloud.test.`, type: 'A', ttl: 60, values: ['192.0.2.1'] })),
    )
    const first = await client.send(
      new ListResourceRecordSetsCommand({ HostedZoneId: zone.id, StartRecordName: 'a.page.cloud.test', MaxItems: 2 }),
    )
    expect(first.ResourceRecordSets?.map((set) => set.Name)).toEqual(['a.page.cloud.test.', 'b.page.cloud.test.'])
    expect(first).toMatchObject({ IsTruncated: true, NextRecordName: 'c.page.cloud.test.', NextRecordType: 'A' })
    const byName = await client.send(new ListHostedZonesByNameCommand({ DNSName: 'cloud.test' }))
    expect(byName.HostedZones?.[0]).toMatchObject({ Id: `/hostedzone/${zone.id}`, Name: 'cloud.test.' })
    const found = await client.send(new GetHostedZoneCommand({ Id: zone.id }))
    expect(found.DelegationSet?.NameServers).toEqual(['ns-1.cloud.test', 'ns-2.cloud.test'])
    client.destroy()
  })
})
