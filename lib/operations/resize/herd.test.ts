import { expect, test } from 'vitest'
import { addReader, hookedFleet, isNamed, machineOf, resizeFleet } from '@/e2e/harness/twin/resize'
import { jobOf, planOf, roles } from '@/e2e/harness/twin/switchover'
import type { MemoryFleet } from '@/lib/adapters/memory'
import { judgeMove } from '@/lib/domain/proof/certificate'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { PoolerClient } from '@/lib/ports'
import { moves } from '../evidence'
import { resizeHerd } from './herd'

const reader: PoolerClient = {
  ...{ database: 'shop_ro', user: 'report', address: '198.18.1.11:50412', applicationName: null, state: 'active' },
  ...{ waitSeconds: 0, connectedAt: null, remotePid: 4711 },
}
const hosts = ['n1', 'n2', 'n3']
const asked = (raw: JsonObject): JsonObject => ({ type: 'm5.xlarge', canary: false, ...raw })
const plan = (fleet: MemoryFleet, raw: JsonObject = {}) => planOf(fleet, asked(raw), resizeHerd)
const job = (fleet: MemoryFleet, raw: JsonObject = {}, options = {}) => jobOf(fleet, asked(raw), options, resizeHerd)
const typesOf = (fleet: MemoryFleet) => hosts.map((host) => `${machineOf(fleet, host).state} ${machineOf(fleet, host).type}`)
const segmentsIn = (lines: readonly { kind: string }[]) =>
  (lines as { kind: string; segment?: string; outcome?: string }[]).flatMap((line) =>
    line.kind === 'segment-closed' ? [`${line.segment} ${line.outcome}`] : [],
  )

test('the plan of a resized herd reads as this snapshot says, with the price of each machine and of all, and changes nothing', async () => {
  const fleet = resizeFleet({ poolers: ['front'] })
  const planned = await plan(fleet, { fallbacks: 'm6i.xlarge', leadBack: true })
  expect(planned.reason).toBeNull()
  expect(fleet.calls.made).toEqual([])
  await expect(`${JSON.stringify(planned, null, 2)}\n`).toMatchFileSnapshot('../__snapshots__/plans/resize-herd.txt')
})

test('standbys one by one, a switchover, the former primary: every machine is the type, none was stopped while it took writes, and the move is proven', async () => {
  const fleet = resizeFleet({ poolers: ['front'] })
  const { journal, on } = await job(fleet, { canary: true })
  expect(await on()).toBe('done')
  expect(segmentsIn(journal.lines)).toEqual(['n3 done', 'n2 done', 'switchover done', 'n1 done'])
  expect(typesOf(fleet)).toEqual(['running m5.xlarge', 'running m5.xlarge', 'running m5.xlarge'])
  expect(roles(fleet)).toEqual(['demo on n1 standby 2', 'demo on n2 primary 2', 'demo on n3 standby 2'])
  expect(hosts.map((host) => isNamed(fleet, host))).toEqual([true, false, true])
  expect(judgeMove(moves[resizeHerd.name]!.evidence(journal.lines, { jobId: 'job', runId: 'run', by: 'ada' })!)).toMatchObject({
    kind: 'proven',
  })
  expect(fleet.world.violations).toEqual([])
})

test('asked to switch back, the former primary is primary again at the end, on its new machine', async () => {
  const fleet = resizeFleet()
  const { on } = await job(fleet, { leadBack: true })
  expect(await on()).toBe('done')
  expect(roles(fleet)).toEqual(['demo on n1 primary 3', 'demo on n2 standby 3', 'demo on n3 standby 3'])
  expect(hosts.map((host) => isNamed(fleet, host))).toEqual([false, true, true])
  expect(fleet.world.violations).toEqual([])
})

test('clients of a pooler that reads from a standby are cut at their deadline or left, as the herd is asked, and the plan says which', async () => {
  const readFleet = () => {
    const fleet = resizeFleet({ poolers: ['n1'] })
    return { fleet, database: addReader(fleet, [reader]) }
  }
  const { fleet, database } = readFleet()
  const drains = (planned: Awaited<ReturnType<typeof plan>>) => planned.effects.find(({ name }) => name === 'n2/drain-readers')
  expect(drains(await plan(fleet, { readers: 'cut', drainSeconds: 7 }))?.preview).toContain('shop_ro on demo pooler on n1')
  expect(drains(await plan(fleet, { readers: 'cut', drainSeconds: 7 }))?.preview).toContain('Times out after 7 s.')
  expect(drains(await plan(fleet, { readers: 'leave' }))).toMatchObject({ state: 'not-asked' })
  const { journal, on } = await job(fleet, { readers: 'cut', drainSeconds: 7 })
  expect(await on()).toBe('done')
  expect(JSON.stringify(journal.lines)).toContain('Still in a transaction after 7 s, and cut when PostgreSQL stops: report')
  expect(database.isPaused).toBe(false)
})

test('a hook that the worker would not run refuses the whole herd, before anything is done', async () => {
  const fleet = hookedFleet()
  fleet.world.scripts.delete('post-streaming.sh')
  expect((await plan(fleet)).reason).toContain('has no file post-streaming.sh')
})

test('machines of the type are left out, and the primary stays where its own is; where all are there is nothing to do', async () => {
  const fleet = resizeFleet()
  for (const host of ['n1', 'n2']) machineOf(fleet, host).type = 'm5.xlarge'
  const planned = await plan(fleet)
  expect(
    planned.effects.filter(({ state, name }) => state === 'not-needed' && !name.includes('/')).map(({ name, because }) => [name, because]),
  ).toEqual([
    ['n2', 'Its machine is m5.xlarge already.'],
    ['switchover', 'demo on n1 has no need, so it stays the primary.'],
    ['n1', 'Its machine is m5.xlarge already.'],
    ['switch-back', 'demo on n1 has no need, so it stays the primary.'],
  ])
  const { on } = await job(fleet)
  expect(await on()).toBe('done')
  expect([roles(fleet)[0], typesOf(fleet)]).toEqual(['demo on n1 primary 1', hosts.map(() => 'running m5.xlarge')])
  expect((await plan(fleet)).reason).toBe('There is nothing to do: it is already in this state.')
})

test('where the second standby can have none of the types, the job stops after the first, which keeps its own, and the primary is not touched', async () => {
  const fleet = resizeFleet()
  let starts = 0
  fleet.calls.interfere = ({ act }) => {
    if (act === 'start') starts += 1
    if (starts === 2) fleet.world.exhausted.add('m5.xlarge')
    return undefined
  }
  const { journal, on } = await job(fleet)
  expect(await on()).toBe('failed')
  expect(journal.lines.at(-1)).toMatchObject({
    because: expect.stringMatching(/^Stopped after 1 of 4: demo on n2: .*runs as m5\.large again/),
  })
  expect(typesOf(fleet)).toEqual(['running m5.large', 'running m5.large', 'running m5.xlarge'])
  expect([roles(fleet)[0], isNamed(fleet, 'n2')]).toEqual(['demo on n1 primary 1', true])
})

test('a plan refuses where any machine, the primary’s too, is not known, has others on it or cannot become the type, by name', async () => {
  const unknown = resizeFleet()
  unknown.host('n1').machine = null
  expect((await plan(unknown)).reason).toMatch(/^demo on n1: No machine of a cloud account is tied to n1/)
  expect((await plan(resizeFleet(), { type: 'r6g.large' })).reason).toMatch(
    /demo on n3: r6g\.large is arm64.*demo on n1: r6g\.large is arm64/,
  )
  const lent = resizeFleet()
  machineOf(lent, 'n1').publicAddress = lent.host('n1').server.address.address
  expect((await plan(lent)).reason).toMatch(/^demo on n1: .*a public address that AWS takes back/)
})
