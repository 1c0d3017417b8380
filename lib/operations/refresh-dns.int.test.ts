import { afterAll, beforeAll, expect, test } from 'vitest'
import { startNames, type TestNames } from '@/e2e/harness/daemons/named'
import { makeNames } from '@/lib/adapters/dns'
import { MemoryJournal, memoryFleet, passingClock } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import type { JobState } from '@/lib/kernel/ground/journal'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import type { ActPorts } from '@/lib/ports'
import type { ZoneSettings } from '@/lib/ports/zones'
import { refreshDns } from './refresh-dns'

const name = 'orders.prod.test'
let bind: TestNames
let settings: ZoneSettings
beforeAll(async () => {
  bind = await startNames({ zone: 'prod.test' })
  settings = {
    address: { zoneId: 'z', name: bind.zone, provider: 'rfc2136' },
    authoritativeServers: [bind.primary, bind.secondary].map(({ address, port }) => `${address}:${port}`),
    resolvers: [`${bind.secondary.address}:${bind.secondary.port}`],
    settings: {
      primaryHost: bind.primary.address,
      primaryPort: bind.primary.port,
      keyName: bind.key.name,
      keyAlgorithm: bind.key.algorithm,
      keySecret: bind.key.secret,
    },
  }
})
afterAll(() => bind?.stop())

/** A herd in memory whose name is in real DNS. */
const stage = () => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'orders', hosts: ['n1', 'n2'], virtualHost: 'orders' }], passingClock())
  const targetId = [...fleet.world.names.values()][0]!.id
  const clock = passingClock()
  const journal = new MemoryJournal(clock)
  const portsWith = (over: Partial<ZoneSettings> = {}): ActPorts => {
    const names = makeNames(async () => ({ ...settings, ...over }))
    return { read: { ...fleet.read, names: names.read }, act: { ...fleet.act, names: names.act } }
  }
  const plan = () => makeTargetPlan(refreshDns, portsWith().read, {}, targetId, new AbortController().signal)
  const run = (digest: string, ports: ActPorts): Promise<JobState> =>
    drive(refreshDns, { id: 'job', targetId, input: {}, digest }, journal.open(), ports, {
      driver: 'test',
      signal: new AbortController().signal,
      isCancelRequested: () => false,
      clock,
    })
  const because = () => JSON.stringify(journal.lines)
  return { journal, portsWith, plan, run, because }
}

const point = async (host: string) => {
  await bind.nsupdate(`update delete ${name}`, `update add ${name} 60 CNAME ${host}.prod.test.`)
  await expect.poll(() => bind.dig(bind.secondary, 'CNAME', name), { timeout: 20_000 }).toEqual([`${host}.prod.test.`])
}
const held = async () => Promise.all([bind.primary, bind.secondary].map((server) => bind.dig(server, 'CNAME', name)))

test('a name that points to the standby is repaired, and dig sees it on both servers when the job is done', async () => {
  await point('n2')
  const { plan, run, portsWith } = stage()
  const { digest } = await plan()
  expect(await run(digest, portsWith())).toBe('done')
  expect(await held()).toEqual([['n1.prod.test.'], ['n1.prod.test.']])
})

test('a worker that dies after the update was taken, before its answer, is followed by one that sends no second update', async () => {
  await point('n2')
  const { plan, run, portsWith, journal } = stage()
  const { digest } = await plan()
  const dying = portsWith()
  const { replace } = dying.act.names
  let sent = 0
  // Resolves once the server has taken it; the worker that sent it hears nothing any more.
  const taken = new Promise<void>((resolve) => {
    dying.act.names = {
      replace: async (...call) => {
        sent += 1
        await replace(...call)
        resolve()
        return new Promise(() => {})
      },
    }
  })
  run(digest, dying).catch(() => {}) // It finds its lease taken, if it ever wakes.
  await taken
  expect(journal.lines.some((line) => line.kind === 'finished')).toBe(false)
  const next = portsWith()
  const again = next.act.names.replace
  next.act.names = {
    replace: (...call) => {
      sent += 1
      return again(...call)
    },
  }
  expect(await run(digest, next)).toBe('done')
  expect(sent).toBe(1)
  expect(await held()).toEqual([['n1.prod.test.'], ['n1.prod.test.']])
})

test('an update that is refused fails the job with what DNS says and what it should be, and the name stays', async () => {
  await point('n2')
  const { plan, run, portsWith, because } = stage()
  const { digest } = await plan()
  const ports = { ...portsWith(), act: portsWith({ settings: { ...settings.settings, keyName: null, allowUnsigned: true } }).act }
  expect(await run(digest, ports)).toBe('failed')
  expect(because()).toContain('from CNAME n2.prod.test for 60 s to CNAME n1.prod.test for 60 s: REFUSED')
  expect(await held()).toEqual([['n2.prod.test.'], ['n2.prod.test.']])
})

test('with the secondary down the name is repaired, and the job says who could not be asked', async () => {
  await point('n2')
  const { plan, run, portsWith, because } = stage()
  await bind.kill('secondary')
  try {
    const { digest } = await plan()
    expect(await run(digest, portsWith({ resolvers: settings.authoritativeServers.slice(0, 1) }))).toBe('done')
    expect(because()).toContain('does not serve orders.prod.test (unreachable)')
    expect(await bind.dig(bind.primary, 'CNAME', name)).toEqual(['n1.prod.test.'])
  } finally {
    await bind.start('secondary')
  }
  await expect.poll(() => bind.dig(bind.secondary, 'CNAME', name), { timeout: 20_000 }).toEqual(['n1.prod.test.'])
})

test('a name that somebody changed after the plan was made is not touched', async () => {
  await point('n2')
  const { plan, run, portsWith, because } = stage()
  const { digest } = await plan()
  await point('n3')
  expect(await run(digest, portsWith())).toBe('refused')
  expect(because()).toContain('Something changed')
  expect(await held()).toEqual([['n3.prod.test.'], ['n3.prod.test.']])
})
