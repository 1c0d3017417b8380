import { expect, test } from 'vitest'
import { z } from 'zod'
import { heldIn, MemoryJournal, memoryFleet, putRecords } from '@/lib/adapters/memory'
import { type RecordSet, recordSet } from '@/lib/domain/dns/records'
import { drive } from '@/lib/kernel/engine/engine'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { targetDigest } from '@/lib/kernel/operation/plan-making'
import { movesTo, type NameMove } from '../../facts/names'
import { moveNames } from './move-name'

type MoveFacts = { title: string; moves: NameMove[]; isDoomed: boolean }

/** Moves a herd's names to the instance it is run on; with `isDoomed` a later step cannot run, so that everything is undone. */
const moving = defineOperation({
  name: 'moving',
  on: 'instance',
  role: 'dba',
  title: 'Move',
  verb: 'Move',
  danger: 'disruptive',
  input: z.strictObject({ isDoomed: z.boolean().default(false) }),
  help: ['For tests.'],
  gather: async (ports, { isDoomed }, { targetId, signal }): Promise<MoveFacts> => {
    const instance = await ports.inventory.instance(targetId)
    return { title: instance.title, moves: (await movesTo(ports, instance.herdId, instance, [], signal)).names.moves, isDoomed }
  },
  about: ({ title }) => ({ title, environmentId: null, herdId: null, serverId: null }),
  firm: ({ moves }) => ({ moves }),
  managed: { harmless: 'A test’s own.' },
  locks: () => [],
  now: () => [],
})
  .effect(
    'move-names',
    moveNames(
      (facts) => facts.moves,
      async () => null,
    ),
  )
  .effect<null, null>('last', {
    title: 'The step after',
    preview: () => ({ sentence: 'Nothing.', commands: [] }),
    check: async ({ isDoomed }) => (isDoomed ? { found: 'blocked', because: 'it is doomed' } : { found: 'done', output: null }),
    run: async () => {},
    timeoutMs: 1_000,
    ending: { final: 'It does nothing.', harmless: true },
  })
  .build()

const name = 'orders.prod.test'
const alias = (host: string) => [recordSet(name, 'CNAME', [`${host}.prod.test`], 60)]

/** The intent of a driver that found the name like this. */
const intendedFrom = (records: RecordSet[]) => ({ before: { was: [records.map((set) => ({ ...set }))] } })

const stage = async (isDoomed = false) => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'orders', hosts: ['n1', 'n2'], virtualHost: 'orders' }])
  const targetId = fleet.instance('orders on n2').inventory.id
  const facts = await moving.gather(fleet.read, { isDoomed }, { targetId, signal: new AbortController().signal })
  const journal = new MemoryJournal(fleet.clock)
  const go = () =>
    drive(moving, { id: 'job', targetId, input: { isDoomed }, digest: targetDigest(moving, targetId, facts) }, journal.open(), fleet, {
      driver: 'test',
      signal: new AbortController().signal,
      isCancelRequested: () => false,
      clock: fleet.clock,
    })
  return { fleet, zone: fleet.zone('prod.test'), facts, journal, go, because: () => JSON.stringify(journal.lines) }
}

test('a name is moved in one update and proven on every authoritative server', async () => {
  const { go, zone, journal } = await stage()
  expect(await go()).toBe('done')
  expect(heldIn(zone, name)).toEqual(alias('n2'))
  expect(zone.applied).toHaveLength(1)
  const finished = journal.lines.find((line) => line.kind === 'finished' && line.step === 'move-names')
  expect(finished).toMatchObject({
    ours: true,
    output: { names: [{ name, servers: [{ server: 'ns1.prod.test' }, { server: 'ns2.prod.test' }] }] },
  })
})

test('a name that is right already gets no update', async () => {
  const { go, zone, fleet } = await stage()
  putRecords(zone, name, alias('n2'))
  const facts = await moving.gather(
    fleet.read,
    {},
    { targetId: fleet.instance('orders on n2').inventory.id, signal: new AbortController().signal },
  )
  const found = await moving.effects[0]!.check(facts, fleet.read, { signal: new AbortController().signal, intended: null, mark: null })
  expect(found.found).toBe('done')
  expect(await go()).toBe('refused')
  expect(zone.applied).toEqual([])
})

test('when a later step fails the name is moved back', async () => {
  const { go, zone } = await stage(true)
  expect(await go()).toBe('undone')
  expect(heldIn(zone, name)).toEqual(alias('n1'))
})

test('a refused update fails the step with both facts: what DNS says and what it should be', async () => {
  const { go, zone, because } = await stage()
  zone.refuses = 'REFUSED'
  expect(await go()).toBe('failed')
  expect(because()).toContain('from CNAME n1.prod.test for 60 s to CNAME n2.prod.test for 60 s: REFUSED')
  expect(heldIn(zone, name)).toEqual(alias('n1'))
})

test('what somebody else wrote between the check and the update is left alone, and the job needs attention', async () => {
  const { go, zone, fleet, because } = await stage()
  const { replace } = fleet.act.names
  fleet.act.names.replace = (...call) => {
    putRecords(zone, name, alias('n9'))
    return replace(...call)
  }
  expect(await go()).toBe('attention')
  expect(because()).toContain('somebody else changed it')
  expect(heldIn(zone, name)).toEqual(alias('n9'))
})

test('a secondary that says the old thing keeps the step from being done, and is named', async () => {
  const { go, zone, because } = await stage()
  zone.servers[1]!.state = 'stuck'
  expect(['failed', 'undone']).toContain(await go())
  expect(because()).toContain('ns2.prod.test says CNAME n1.prod.test for 60 s')
  expect(heldIn(zone, name)).toEqual(alias('n1'))
})

test('a secondary that does not answer misleads nobody: the step is done, and names it', async () => {
  const { go, zone, because } = await stage()
  zone.servers[1]!.state = 'down'
  expect(await go()).toBe('done')
  expect(because()).toContain('ns2.prod.test does not serve orders.prod.test (timeout)')
})

test('a name that a person moved by hand after a refusal, with another lifetime, is done and left as it is', async () => {
  const { fleet, zone, facts } = await stage()
  const byHand = [recordSet(name, 'CNAME', ['n2.prod.test'], 300)]
  putRecords(zone, name, byHand)
  const signal = new AbortController().signal
  const [step] = moving.effects
  const intended = intendedFrom(alias('n1'))
  expect((await step!.check(facts, fleet.read, { signal, intended, mark: null })).found).toBe('done')
  expect((await step!.check(facts, fleet.read, { signal, intended: null, mark: null })).found).toBe('ready')
  zone.servers[1]!.records.set(name, alias('n1'))
  expect(await step!.check(facts, fleet.read, { signal, intended, mark: null })).toMatchObject({ found: 'blocked', isPassing: true })
})

test('a change of nothing but the lifetime is not taken for done before it is', async () => {
  const { fleet, zone, facts } = await stage()
  const before = [recordSet(name, 'CNAME', ['n2.prod.test'], 300)]
  putRecords(zone, name, before)
  const context = { signal: new AbortController().signal, intended: intendedFrom(before), mark: null }
  expect((await moving.effects[0]!.check(facts, fleet.read, context)).found).toBe('ready')
})
