import { describe, expect, test } from 'vitest'
import { applied } from '@/e2e/harness/twin/crash-laws'
import { jobOf, planOf, roles, say, newFleet as switchable } from '@/e2e/harness/twin/switchover'
import type { MemoryFleet } from '@/lib/adapters/memory'
import { Fault } from '@/lib/kernel/ground/errors'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { setHerdParameters } from './herd'

const newFleet = (more: Parameters<typeof switchable>[0] = {}): MemoryFleet => {
  const fleet = switchable(more)
  say(fleet, {})
  return fleet
}
const plan = (fleet: MemoryFleet, parameters: string, more: JsonObject = {}) => planOf(fleet, { parameters, ...more }, setHerdParameters)
const job = (fleet: MemoryFleet, parameters: string, more: JsonObject = {}, options = {}) =>
  jobOf(fleet, { parameters, canary: false, ...more }, options, setHerdParameters)
const all = (fleet: MemoryFleet) => [...fleet.world.instances.values()]
const segmentsIn = (lines: readonly { kind: string }[]) =>
  (lines as { kind: string; segment?: string; outcome?: string }[]).flatMap((line) =>
    line.kind === 'segment-closed' ? [`${line.segment} ${line.outcome}`] : [],
  )
const acts = (fleet: MemoryFleet) =>
  fleet.calls.made.filter(({ act }) => /^(start|stop)/.test(act)).map(({ act, target }) => `${act} ${target.split(' ').at(-1)}`)
const running = (fleet: MemoryFleet, name: string) => all(fleet).map(({ active }) => active[name])

test('the plan of setting a parameter on a herd, with a restart, reads as this snapshot says, and changes nothing', async () => {
  const fleet = newFleet()
  fleet.instance('demo on n2').files.work_mem = '8MB'
  fleet.instance('demo on n2').active.work_mem = '8MB'
  const planned = await plan(fleet, 'work_mem = 64MB\nmax_connections = 200', { restart: true, leadBack: true })
  expect(planned.reason).toBeNull()
  expect(fleet.calls.made).toEqual([])
  await expect(`${JSON.stringify(planned, null, 2)}\n`).toMatchFileSnapshot('../__snapshots__/plans/set-herd-parameters.txt')
})

test('the plan shows what differs between members, each with where it is set', async () => {
  const fleet = newFleet()
  fleet.instance('demo on n2').altered.work_mem = '8MB'
  fleet.instance('demo on n2').active.work_mem = '8MB'
  const { now } = await plan(fleet, 'work_mem = 64MB')
  expect(
    now
      .filter(({ label }) => label.endsWith('work_mem'))
      .map(({ label, value }) => `${label} ${value}`)
      .sort(),
  ).toEqual([
    'demo on n1: work_mem 4MB (postgresql.conf:1) → 64MB (postgresql.auto.conf, by a reload)',
    'demo on n2: work_mem 8MB (postgresql.auto.conf:1) → 64MB (postgresql.auto.conf, by a reload)',
    'demo on n3: work_mem 4MB (postgresql.conf:1) → 64MB (postgresql.auto.conf, by a reload)',
  ])
})

test('without a restart it is written and loaded on every member, nobody is restarted, and what waits is said', async () => {
  const fleet = newFleet()
  const planned = await plan(fleet, 'work_mem = 64MB\nmax_connections = 200')
  expect(planned.gates.find(({ name }) => name === 'restarts')).toMatchObject({ verdict: 'warn' })
  const { journal, on } = await job(fleet, 'work_mem = 64MB\nmax_connections = 200')
  expect(await on()).toBe('done')
  expect(segmentsIn(journal.lines)).toEqual(['parameters done'])
  expect([running(fleet, 'work_mem'), running(fleet, 'max_connections'), acts(fleet)]).toEqual([
    ['64MB', '64MB', '64MB'],
    ['100', '100', '100'],
    [],
  ])
})

test('a limit that rises starts on the standbys, then a switchover, then the former primary; nobody stops replaying', async () => {
  const fleet = newFleet()
  const { journal, on } = await job(fleet, 'max_connections = 200', { restart: true })
  expect(await on()).toBe('done')
  expect(segmentsIn(journal.lines)).toEqual(['parameters done', 'n3 done', 'n2 done', 'switchover done', 'n1 done'])
  expect(roles(fleet)).toEqual(['demo on n1 standby 2', 'demo on n2 primary 2', 'demo on n3 standby 2'])
  expect(running(fleet, 'max_connections')).toEqual(['200', '200', '200'])
  expect(all(fleet).map((one) => applied(one, /^start/))).toEqual([1, 1, 1])
  expect(fleet.world.violations).toEqual([])
})

test('a limit that falls starts on the primary, which stays the primary, and each standby follows once it has replayed that', async () => {
  const fleet = newFleet()
  const planned = await plan(fleet, 'max_connections = 50', { restart: true })
  expect(planned.gates.find(({ name }) => name === 'order')!.because).toContain('the primary is restarted first, where it is')
  const { journal, on } = await job(fleet, 'max_connections = 50', { restart: true })
  expect(await on()).toBe('done')
  expect(segmentsIn(journal.lines)).toEqual(['parameters done', 'n1 done', 'n3 done', 'n2 done'])
  expect(acts(fleet)).toEqual(['stop fast n1', 'start n1', 'stop fast n3', 'start n3', 'stop fast n2', 'start n2'])
  expect(running(fleet, 'max_connections')).toEqual(['50', '50', '50'])
  expect(roles(fleet)).toEqual(['demo on n1 primary 1', 'demo on n2 standby 1', 'demo on n3 standby 1'])
  expect(fleet.world.violations).toEqual([])
})

test('members that have it already are not restarted, and without need on the primary it stays the primary', async () => {
  const fleet = newFleet()
  for (const host of ['n1', 'n3']) Object.assign(fleet.instance(`demo on ${host}`).active, { shared_buffers: '1GB' })
  for (const host of ['n1', 'n3']) Object.assign(fleet.instance(`demo on ${host}`).altered, { shared_buffers: '1GB' })
  const { on } = await job(fleet, 'shared_buffers = 1GB', { restart: true })
  expect(await on()).toBe('done')
  expect(acts(fleet)).toEqual(['stop fast n2', 'start n2'])
})

describe('is refused before anything is written', () => {
  test('while a member is away, by name', async () => {
    const fleet = newFleet()
    fleet.host('n3').power = 'off'
    expect((await plan(fleet, 'work_mem = 64MB')).reason).toMatch(/^demo on n3 is unreachable: .*Set parameters on the instances/)
  })

  test('where some limits rise and others fall, with a restart', async () => {
    const both = 'max_connections = 200\nmax_wal_senders = 5'
    expect((await plan(newFleet(), both, { restart: true })).reason).toMatch(/^Some limits rise and others fall/)
    expect((await plan(newFleet(), both)).reason).toBeNull()
  })

  test('where a member does not have the parameter, and where nothing changes', async () => {
    expect((await plan(newFleet(), 'no_such = 1')).reason).toMatch(/^There is no parameter no_such on demo on n/)
    expect((await plan(newFleet(), 'autovacuum = on')).reason).toBeNull()
    const fleet = newFleet()
    await (await job(fleet, 'autovacuum = on')).on()
    expect((await plan(fleet, 'autovacuum = on')).reason).toBe('Every parameter has this value already.')
  })
})

test('a member that does not take it: the former values are back on all, and nobody is restarted', async () => {
  const fleet = newFleet()
  let count = 0
  fleet.calls.interfere = ({ act, target }) => {
    if (act !== 'alter system' || target !== 'demo on n1' || count > 0) return undefined
    count += 1
    return { how: 'fail', fault: new Fault('sql.failed', { because: 'no space left on device', isOver: true }) }
  }
  const { journal, on } = await job(fleet, 'work_mem = 64MB\nmax_connections = 200', { restart: true })
  expect(await on()).toBe('undone')
  expect(all(fleet).map(({ altered }) => altered)).toEqual([{}, {}, {}])
  expect([running(fleet, 'work_mem'), acts(fleet)]).toEqual([['4MB', '4MB', '4MB'], []])
  expect(journal.lines.at(-1)).toMatchObject({ because: expect.stringContaining('no space left on device') })
})

test('a standby that does not come back stops the job before anybody else is taken down, and says who', async () => {
  const fleet = newFleet()
  fleet.instance('demo on n3').startProblem = 'could not map anonymous shared memory'
  const { journal, on } = await job(fleet, 'shared_buffers = 900GB', { restart: true })
  expect(await on()).toBe('attention')
  expect(acts(fleet).filter((act) => !act.endsWith('n3'))).toEqual([])
  expect(journal.lines.find(({ kind }) => kind === 'attention')).toMatchObject({ because: expect.stringContaining('demo on n3') })
})

test('somebody who makes another member the primary between two restarts stops the job', async () => {
  const fleet = newFleet()
  let isFirst = true
  const given = await job(
    fleet,
    'max_connections = 200',
    { restart: true },
    { shouldHandOver: () => isFirst && segmentsIn(given.journal.lines).length === 2 },
  )
  expect(await given.on()).toBe('running')
  isFirst = false
  Object.assign(fleet.instance('demo on n2'), { hasStandbySignal: false, timeline: 2, upstreamId: null })
  Object.assign(fleet.instance('demo on n1'), { hasStandbySignal: true })
  for (const host of ['n1', 'n3'])
    Object.assign(fleet.instance(`demo on ${host}`), { upstreamId: fleet.instance('demo on n2').inventory.id, timeline: 2 })
  expect(await given.on()).toBe('failed')
  expect(given.journal.lines.at(-1)).toMatchObject({ because: expect.stringContaining('demo on n2 is the primary now') })
})

test('somebody switches over to a standby that has the higher limit: the job stops and names who stopped replaying, and a new plan restarts those first', async () => {
  const fleet = newFleet()
  let isFirst = true
  const raised = 'max_connections = 200'
  const given = await job(
    fleet,
    raised,
    { restart: true },
    { shouldHandOver: () => isFirst && segmentsIn(given.journal.lines).length === 2 },
  )
  expect(await given.on()).toBe('running')
  isFirst = false
  Object.assign(fleet.instance('demo on n3'), { hasStandbySignal: false, timeline: 2, upstreamId: null })
  Object.assign(fleet.instance('demo on n1'), { hasStandbySignal: true })
  for (const host of ['n1', 'n2'])
    Object.assign(fleet.instance(`demo on ${host}`), { upstreamId: fleet.instance('demo on n3').inventory.id, timeline: 2, slotName: null })
  expect(await given.on()).toBe('failed')
  expect(given.journal.lines.at(-1)).toMatchObject({
    because: expect.stringMatching(
      /demo on n3 is the primary now.* demo on n2 runs with max_connections = 100; demo on n1 runs with max_connections = 100\. A standby with less .* Make a new plan/,
    ),
  })
  const planned = await plan(fleet, raised, { restart: true })
  expect(planned.gates.find(({ name }) => name === 'healthy')).toMatchObject({
    verdict: 'warn',
    because: expect.stringContaining('Such a standby is restarted first.'),
  })
  const again = await job(fleet, raised, { restart: true })
  expect(await again.on()).toBe('done')
  expect(segmentsIn(again.journal.lines)).toEqual(['n2 done', 'n1 done'])
  expect([running(fleet, 'max_connections'), roles(fleet)]).toEqual([
    ['200', '200', '200'],
    ['demo on n1 standby 2', 'demo on n2 standby 2', 'demo on n3 primary 2'],
  ])
})

test('a standby that stopped replaying for a limit is restarted before one that goes on replaying, whatever their order is otherwise', async () => {
  const fleet = newFleet()
  Object.assign(fleet.instance('demo on n1').active, { max_connections: '200' })
  Object.assign(fleet.instance('demo on n3').active, { max_connections: '200' })
  for (const one of all(fleet)) one.altered.max_connections = '200'
  const { on } = await job(fleet, 'max_connections = 200\nshared_buffers = 1GB', { restart: true })
  expect(await on()).toBe('done')
  expect(
    acts(fleet)
      .filter((act) => act.startsWith('start'))
      .slice(0, 2),
  ).toEqual(['start n2', 'start n3'])
})
