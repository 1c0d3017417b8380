import { afterAll, beforeAll, expect, test } from 'vitest'
import type { NamesTask } from '@/e2e/harness/daemons/names-child'
import { startLab, testFleet } from '@/e2e/harness/lab'
import { recordSet } from '@/lib/domain/dns/records'
import type { NameAnswer, RecordSet, ZoneCheckStep } from '@/lib/ports'
import type { ZoneSettings } from '@/lib/ports/zones'
import type { Lab } from '../lab/lab'
import { projectRoot } from '../setup.mjs'

const fleet = testFleet({ shop: 'a > b' }, { names: true })
const shop = 'shop.dev.db.lab.test'
let lab: Lab
let close: () => Promise<void>
beforeAll(async () => {
  ;({ lab, close } = await startLab(fleet))
})
afterAll(() => close?.())

const dig = async (server: string, ...question: string[]): Promise<string[]> =>
  (await lab.run(['dig', '+short', '+time=2', '+tries=2', `@${server}`, ...question])).stdout.split('\n').filter(Boolean)

const settings = (): ZoneSettings => {
  const { key, primary, resolver } = lab.names()
  return {
    address: { zoneId: 'z', name: 'dev.db.lab.test', provider: 'rfc2136' },
    authoritativeServers: [],
    resolvers: [resolver.address],
    settings: {
      primaryHost: primary.address,
      primaryPort: primary.port,
      keyName: key.name,
      keyAlgorithm: 'hmac-sha256',
      keySecret: key.secret,
    },
  }
}
/** The console's own code, in the lab's network. */
const inside = async <T>(task: Omit<NamesTask, 'zone'> & Record<string, unknown>): Promise<T> => {
  const argument = JSON.stringify({ zone: settings(), ...task })
  const child = await lab.run([process.execPath, '--import', 'tsx', 'e2e/harness/daemons/names-child.ts', argument], { cwd: projectRoot })
  if (child.code !== 0) throw new Error(child.stderr)
  return JSON.parse(child.stdout) as T
}
const alias = (host: string): RecordSet => recordSet(shop, 'CNAME', [`${host}.dev.db.lab.test`], 30)

test('hosts, both authoritative servers and the resolver know the herd’s name, and nothing beyond the lab', async () => {
  for (const server of ['198.18.0.1', '198.18.0.2', '198.18.0.3'])
    expect(await dig(server, shop)).toEqual(['a.dev.db.lab.test.', lab.host('a').address])
  expect((await lab.hosts.exec('b', ['getent', 'hosts', shop], { timeoutMs: 10_000 })).stdout).toContain(lab.host('a').address)
  expect(await dig('198.18.0.1', 'www.example.com')).toEqual([])
})

test('the console finds every authoritative server by the zone’s own NS records, and every step of its check passes', async () => {
  const steps = await inside<ZoneCheckStep[]>({ do: 'check' })
  expect(steps.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
    'primary pass',
    'zone pass',
    'key pass',
    'authoritative pass',
    'resolvers pass',
  ])
  expect(steps[3]!.because).toContain('ns1.dev.db.lab.test (198.18.0.2) has serial')
  expect(steps[3]!.because).toContain('ns2.dev.db.lab.test (198.18.0.3) has serial')
})

test('a change reaches the secondary by itself, and the resolver once the old answer is forgotten; it survives a crash and a new start', async () => {
  await inside({ do: 'replace', name: shop, types: ['A', 'AAAA', 'CNAME'], expected: [alias('a')], next: [alias('b')] })
  await expect.poll(() => dig('198.18.0.3', 'CNAME', shop), { timeout: 20_000 }).toEqual(['b.dev.db.lab.test.'])
  const seen = await inside<{ current: RecordSet[]; authoritative: NameAnswer[]; resolvers: NameAnswer[] }>({ do: 'ask', name: shop })
  expect(seen.current).toEqual([alias('b')])
  expect(seen.authoritative.map(({ records }) => records)).toEqual([[alias('b')], [alias('b')]])
  // The first test made the resolver remember the old answer, for as long as its TTL says.
  expect(seen.resolvers[0]!.records.find(({ type }) => type === 'CNAME')?.values).toEqual(['a.dev.db.lab.test'])

  await lab.nameServers.stop('primary', 'SIGKILL')
  expect(await dig('198.18.0.3', 'CNAME', shop)).toEqual(['b.dev.db.lab.test.'])
  await lab.nameServers.start('primary')
  expect(await dig('198.18.0.2', 'CNAME', shop)).toEqual(['b.dev.db.lab.test.'])

  await lab.down()
  await lab.up(fleet)
  for (const server of ['198.18.0.1', '198.18.0.2', '198.18.0.3'])
    await expect.poll(() => dig(server, 'CNAME', shop), { timeout: 20_000 }).toEqual(['b.dev.db.lab.test.'])
})
