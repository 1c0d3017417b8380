import { describe, expect, test } from 'vitest'
import { heldIn, MemoryJournal, memoryFleet, putRecords } from '@/lib/adapters/memory'
import { recordSet } from '@/lib/domain/dns/records'
import { drive } from '@/lib/kernel/engine/engine'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { refreshDns } from './refresh-dns'

const name = 'orders.prod.test'
const alias = (host: string) => [recordSet(name, 'CNAME', [`${host}.prod.test`], 60)]

const stage = () => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'orders', hosts: ['n1', 'n2', 'n3'], virtualHost: 'orders' }])
  const targetId = [...fleet.world.names.values()][0]!.id
  const journal = new MemoryJournal(fleet.clock)
  const plan = () => makeTargetPlan(refreshDns, fleet.read, {}, targetId, new AbortController().signal)
  const go = async (isCancelRequested = () => false) => {
    const { digest } = await plan()
    return drive(refreshDns, { id: 'job', targetId, input: {}, digest }, journal.open(), fleet, {
      driver: 'test',
      signal: new AbortController().signal,
      isCancelRequested,
      clock: fleet.clock,
    })
  }
  const outputOf = (step: string) =>
    journal.lines.flatMap((line) => (line.kind === 'finished' && line.step === step ? [line.output] : []))[0]
  return { fleet, zone: fleet.zone('prod.test'), journal, plan, go, outputOf }
}

describe('the plan', () => {
  test('shows what DNS says on every authoritative server and what it should be, and the update as nsupdate would take it', async () => {
    const { plan, zone } = stage()
    putRecords(zone, name, alias('n2'))
    const target = await plan()
    expect(target.reason).toBe(null)
    expect(target.now).toEqual(
      expect.arrayContaining([
        { label: 'DNS says', value: 'CNAME n2.prod.test for 60 s' },
        { label: 'It should be', value: 'CNAME n1.prod.test for 60 s' },
        { label: 'ns2.prod.test', value: 'CNAME n2.prod.test for 60 s' },
      ]),
    )
    expect(target.effects[0]).toMatchObject({
      state: 'will-run',
      preview: expect.stringContaining('CNAME n2.prod.test for 60 s → CNAME n1.prod.test for 60 s'),
      commands: expect.arrayContaining([
        'prereq yxrrset orders.prod.test CNAME n2.prod.test',
        'update add orders.prod.test 60 CNAME n1.prod.test',
      ]),
    })
  })

  test('marks a name that is right as already so', async () => {
    const { plan } = stage()
    expect((await plan()).effects[0]).toMatchObject({ state: 'already-so' })
  })

  test('refuses where what the name should be is not known, or the zone cannot be read', async () => {
    const headless = stage()
    headless.fleet.instance('orders on n1').state = 'stopped'
    expect((await headless.plan()).reason).toContain('no primary of the herd is seen online')
    const dark = stage()
    dark.zone.host.power = 'off'
    expect((await dark.plan()).reason).toContain('does not answer')
  })

  test('warns of members and servers that cannot be seen', async () => {
    const { plan, fleet, zone } = stage()
    fleet.host('n3').power = 'off'
    zone.servers[1]!.state = 'down'
    const target = await plan()
    expect(target.gates.filter(({ verdict }) => verdict === 'warn').map(({ name }) => name)).toEqual(['members', 'servers'])
  })
})

describe('the run', () => {
  test('a name that is right gets no update', async () => {
    const { go, zone } = stage()
    expect(await go()).toBe('done')
    expect(zone.applied).toEqual([])
  })

  test('resolvers are watched until the old answer must be forgotten, and one that keeps it longer is told, not failed', async () => {
    const { go, zone, fleet, outputOf } = stage()
    putRecords(zone, name, alias('n2'))
    zone.cached.set(name, alias('n2'))
    const startedAt = fleet.clock.now().getTime()
    expect(await go()).toBe('done')
    expect(fleet.clock.now().getTime() - startedAt).toBeGreaterThanOrEqual(60_000)
    expect(fleet.clock.now().getTime() - startedAt).toBeLessThan(90_000)
    expect(outputOf('watch-resolvers')).toEqual({
      resolvers: [{ name, server: 'resolver', says: 'CNAME n2.prod.test for 60 s', agrees: false, afterMs: null }],
    })
  })

  test('a resolver that follows ends the watch at once', async () => {
    const { go, zone, fleet } = stage()
    putRecords(zone, name, alias('n2'))
    const startedAt = fleet.clock.now().getTime()
    expect(await go()).toBe('done')
    expect(fleet.clock.now().getTime() - startedAt).toBeLessThan(5_000)
  })

  test('a cancel while resolvers are watched leaves the name as it was repaired', async () => {
    const { go, zone, journal } = stage()
    putRecords(zone, name, alias('n2'))
    zone.cached.set(name, alias('n2'))
    const isMoved = () => journal.lines.some((line) => line.kind === 'finished' && line.step === 'move-name')
    expect(await go(isMoved)).toBe('cancelled')
    expect(heldIn(zone, name)).toEqual(alias('n1'))
  })
})
