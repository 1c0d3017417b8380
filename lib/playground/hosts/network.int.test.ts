import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startLab, testFleet } from '@/e2e/harness/lab'
import type { Lab } from '../lab/lab'
import { until } from '../machine/processes'

let lab: Lab
let close: () => Promise<void>

beforeAll(async () => {
  ;({ lab, close } = await startLab(testFleet({ orders: 'one > two' }, { idleHosts: ['three'] })))
})
afterAll(() => close())
afterEach(() => lab.network.heal())

type Answer = 'open' | 'refused' | 'silent' | 'unreachable'

/** What a TCP connection to a port hears within so many seconds; `from` a host, or from the console's side. */
async function knock(from: string | 'console', to: string, port: number, seconds = 2.5): Promise<Answer> {
  const address = to === 'console' ? '198.18.0.1' : lab.host(to).address
  const argv = ['timeout', `${seconds}`, 'bash', '-c', `exec 3<>/dev/tcp/${address}/${port}`]
  const { code, stderr } = from === 'console' ? await lab.run(argv) : await lab.hosts.exec(from, argv)
  if (code === 0) return 'open'
  if (code === 124) return 'silent'
  return stderr.includes('refused') ? 'refused' : 'unreachable'
}

/** For where an answer is expected: one that is late on a busy machine is not taken for silence. */
const patient = 30

const count = async (host: string) =>
  (await lab.hosts.mustExec(host, ['psql', '-XAt', '-c', 'select count(*) from pg_stat_replication'])).trim()

test('a pulled cable silences a host for everybody, and the standby streams again once it is healed', async () => {
  expect(await knock('console', 'two', 22, patient)).toBe('open')
  await lab.network.cut('two')
  expect(['silent', 'unreachable']).toContain(await knock('console', 'two', 22))
  expect(['silent', 'unreachable']).toContain(await knock('one', 'two', 22))
  expect(['silent', 'unreachable']).toContain(await knock('two', 'one', 22))
  await until('the primary to give the standby up', async () => (await count('one')) === '0', { timeoutMs: 60_000, everyMs: 200 })
  await lab.network.heal('two')
  expect(await knock('one', 'two', 22, patient)).toBe('open')
  await until('the standby to stream', async () => (await count('one')) === '1', { timeoutMs: 60_000, everyMs: 200 })
})

test('two hosts cut from each other hang on each other, and both still reach everybody else', async () => {
  expect(await knock('one', 'two', 9, patient)).toBe('refused')
  await lab.network.cutBetween('one', 'two')
  expect(await knock('one', 'two', 22)).toBe('silent')
  expect(await knock('two', 'one', 22)).toBe('silent')
  for (const host of ['one', 'two']) {
    expect(await knock(host, 'three', 22, patient)).toBe('open')
    expect(await knock('console', host, 22, patient)).toBe('open')
  }
  await lab.network.heal()
  expect(await knock('one', 'two', 22, patient)).toBe('open')
})

test('a one-way cut lets the first packet through and loses the answer, for hosts and for the console', async () => {
  await lab.network.cutOneWay('one', 'console')
  expect(await knock('console', 'one', 22)).toBe('silent') // It arrives; the answer does not.
  expect(await knock('console', 'two', 22, patient)).toBe('open')
  expect(await knock('two', 'one', 22, patient)).toBe('open')
  await lab.network.heal('one')
  expect(await knock('console', 'one', 22, patient)).toBe('open')
  await lab.network.cutOneWay('console', 'three')
  expect(await knock('console', 'three', 9)).toBe('silent')
  await lab.network.heal()
  expect(await knock('console', 'three', 9, patient)).toBe('refused')
})

test('a cut outlives the power cycle of the host', async () => {
  await lab.network.cut('three')
  await lab.network.cutOneWay('three', 'one')
  await lab.powerOff('three')
  await lab.powerOn('three')
  expect(['silent', 'unreachable']).toContain(await knock('console', 'three', 22))
  await lab.network.heal()
  expect(await knock('console', 'three', 22, patient)).toBe('open')
  expect(await knock('three', 'one', 22, patient)).toBe('open')
})

test('a delayed link takes at least that long both ways, keeps what is sent intact, and is fast again when healed', async () => {
  const digest = async () => {
    const startedAt = performance.now()
    const { stdout, stderr } = await lab.ssh('three', ['head -c 3000000 /dev/zero | tr "\\0" x'])
    expect(stderr).toBe('')
    return { length: stdout.length, isIntact: /^x*$/.test(stdout), tookMs: performance.now() - startedAt }
  }
  await lab.network.slow('three', { delayMs: 100 })
  // Connecting, agreeing on keys, logging in and running a command are at least four round trips.
  const slow = await digest()
  expect(slow).toMatchObject({ length: 3_000_000, isIntact: true })
  expect(slow.tookMs).toBeGreaterThan(800)
  await lab.powerOff('three')
  await lab.powerOn('three')
  expect((await digest()).tookMs).toBeGreaterThan(800)
  await lab.network.heal('three')
  expect((await digest()).tookMs).toBeLessThan(slow.tookMs)
  expect(lab.services.mark('wire-three')).toBeUndefined()
})

test('a link limited to a rate carries no more than that', async () => {
  await lab.network.slow('three', { rateKbit: 4_000 })
  const startedAt = performance.now()
  const { stdout } = await lab.ssh('three', ['head -c 1000000 /dev/zero | tr "\\0" x'])
  expect(stdout).toHaveLength(1_000_000)
  expect(performance.now() - startedAt).toBeGreaterThan(1_500) // 8 Mbit over 4 Mbit/s, less the first burst.
})

test('a cut that names nobody, or a slowness that is none, is refused', async () => {
  await expect(lab.network.cut('nobody')).rejects.toThrow('The lab has no host nobody')
  await expect(lab.network.cutBetween('one', 'one')).rejects.toThrow('cannot be cut from itself')
  await expect(lab.network.slow('one', {})).rejects.toThrow('Say how slow')
})
