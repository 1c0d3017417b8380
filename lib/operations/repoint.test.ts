import { expect, test } from 'vitest'
import { MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { repoint } from './repoint'

const newFleet = () => memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'] }])
type Fleet = ReturnType<typeof newFleet>
const planOf = (fleet: Fleet, target: string, upstream: string) =>
  makeTargetPlan(repoint, fleet.read, { upstream }, fleet.instance(target).inventory.id, new AbortController().signal)

const run = async (fleet: Fleet, target: string, upstream: string, journal = new MemoryJournal(fleet.clock)) => {
  const plan = await planOf(fleet, target, upstream)
  expect(plan.reason).toBeNull()
  const job = { id: 'job', targetId: fleet.instance(target).inventory.id, input: { upstream }, digest: plan.digest }
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  return drive(repoint, job, journal.open(), fleet, options)
}

test('a standby goes under another one and back, and leaves no slot behind that nobody reads', async () => {
  const fleet = newFleet()
  expect(await run(fleet, 'demo on n3', 'demo on n2')).toBe('done')
  expect(fleet.instance('demo on n3').upstreamId).toBe(fleet.instance('demo on n2').inventory.id)
  expect([fleet.instance('demo on n1').slots, fleet.instance('demo on n2').slots]).toEqual([['n2'], ['n3']])
  expect(await run(fleet, 'demo on n3', 'demo on n1')).toBe('done')
  expect([fleet.instance('demo on n1').slots, fleet.instance('demo on n2').slots]).toEqual([['n2', 'n3'], []])
})

test('whom it follows is written as the herd wishes: its role and further keywords, with the host in them', async () => {
  const fleet = newFleet()
  const user = fleet.instance('demo on n3').following!.conninfo.user!
  fleet.instance('demo on n2').inventory.replication = { user, options: 'sslmode=require application_name=shop_{host}' }
  expect(await run(fleet, 'demo on n3', 'demo on n2')).toBe('done')
  expect(fleet.instance('demo on n3').following?.conninfo).toMatchObject({ user, sslmode: 'require', application_name: 'shop_n3' })
  fleet.instance('demo on n1').inventory.replication = { user: 'stranger', options: '' }
  expect((await planOf(fleet, 'demo on n3', 'demo on n1')).reason).toMatch(/does not let it replicate|no password/)
})

test('one that does not stream from its new upstream follows the former one again', async () => {
  const fleet = newFleet()
  fleet.calls.afterwards = ({ act }) => {
    if (act === 'follow') fleet.instance('demo on n2').slots = []
  }
  expect(await run(fleet, 'demo on n3', 'demo on n2')).toBe('undone')
  expect(fleet.instance('demo on n3').upstreamId).toBe(fleet.instance('demo on n1').inventory.id)
})

test('one that is configured to follow there and does not stream is repointed there again, with a new slot', async () => {
  const fleet = newFleet()
  expect((await planOf(fleet, 'demo on n3', 'demo on n1')).reason).toBe('It follows demo on n1 already.')
  fleet.instance('demo on n1').slots = ['n2']
  expect(await run(fleet, 'demo on n3', 'demo on n1')).toBe('done')
  expect(fleet.instance('demo on n1').slots).toEqual(['n2', 'n3'])
  expect((await planOf(fleet, 'demo on n3', 'demo on n1')).reason).toBe('It follows demo on n1 already.')
})

test('a former upstream that is down is named with the slot that stays there, in the plan and at the end', async () => {
  const fleet = newFleet()
  await run(fleet, 'demo on n3', 'demo on n2')
  fleet.instance('demo on n2').state = 'stopped'
  const plan = await planOf(fleet, 'demo on n3', 'demo on n1')
  expect(plan.effects.find(({ name }) => name === 'old-slot')?.preview).toContain('Drop the slot n3 on demo on n2; if that does not answer')
  const journal = new MemoryJournal(fleet.clock)
  expect(await run(fleet, 'demo on n3', 'demo on n1', journal)).toBe('done')
  expect(journal.lines).toContainEqual(
    expect.objectContaining({
      kind: 'left-out',
      step: 'old-slot',
      word: 'not-possible',
      because: 'demo on n2 is stopped: drop the slot n3 there once it is back.',
    }),
  )
})

test('an upstream that does not let it replicate, and a password that would be lost, are refused in the plan', async () => {
  const fleet = newFleet()
  fleet.instance('demo on n3').holdsPassword = true
  expect((await planOf(fleet, 'demo on n3', 'demo on n2')).reason).toMatch(/primary_conninfo of demo on n3 holds a password.*passfile/)
  Object.assign(fleet.instance('demo on n3'), { holdsPassword: false, isCut: true })
  expect((await planOf(fleet, 'demo on n3', 'demo on n2')).reason).toContain('demo on n2 does not let it replicate: connection to server')
})

test('no circle, no primary, nobody of another history', async () => {
  const fleet = newFleet()
  await run(fleet, 'demo on n3', 'demo on n2')
  expect((await planOf(fleet, 'demo on n2', 'demo on n3')).reason).toContain('circle')
  expect((await planOf(fleet, 'demo on n1', 'demo on n2')).reason).toContain('which has no upstream')
  expect((await planOf(fleet, 'demo on n3', 'nobody')).reason).toBe('“nobody” is no member of demo.')
  Object.assign(fleet.instance('demo on n1'), { timeline: 2, forks: [{ timeline: 1, bytes: 0x1000000 }] })
  expect((await planOf(fleet, 'demo on n3', 'demo on n1')).reason).toMatch(/has gone past 0\/1000000.*Rebuild it/)
})
