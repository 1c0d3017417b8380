import { expect, test } from 'vitest'
import { type MemoryFleet, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { dropSlot } from './drop-slot'

const newFleet = () => memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'] }])
const planOf = (fleet: MemoryFleet, slot: string, title = 'demo on n1') =>
  makeTargetPlan(dropSlot, fleet.read, { slot }, fleet.instance(title).inventory.id, new AbortController().signal)
const because = (plan: Awaited<ReturnType<typeof planOf>>, name: string) => plan.gates.find((gate) => gate.name === name)?.because

test('a slot that nobody reads is dropped, and the others stay', async () => {
  const fleet = newFleet()
  fleet.instance('demo on n1').slots.push('left_over')
  const plan = await planOf(fleet, 'left_over')
  expect(plan.reason).toBeNull()
  const job = { id: 'job', targetId: fleet.instance('demo on n1').inventory.id, input: { slot: 'left_over' }, digest: plan.digest }
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  expect(await drive(dropSlot, job, new MemoryJournal(fleet.clock).open(), fleet, options)).toBe('done')
  expect(fleet.instance('demo on n1').slots).toEqual(['n2', 'n3'])
})

test('a slot that is read from, or is not there, is refused with who reads it and what there is', async () => {
  const fleet = newFleet()
  expect((await planOf(fleet, 'n2')).reason).toMatch(/^n2 at [\d.]+ is using it now\.$/)
  expect((await planOf(fleet, 'n9')).reason).toBe('demo on n1 has no slot n9. It has n2, n3.')
  expect((await planOf(fleet, 'n9', 'demo on n2')).reason).toBe('demo on n2 has no slot n9. It has none.')
})

test('a member that is down and follows through it is named; one whose files cannot be seen too', async () => {
  const fleet = newFleet()
  fleet.instance('demo on n3').state = 'stopped'
  const plan = await planOf(fleet, 'n3')
  expect(plan.reason).toBeNull()
  expect(because(plan, 'needed')).toContain('demo on n3 would use it when started again')
  fleet.host('n3').power = 'off'
  expect(because(await planOf(fleet, 'n3'), 'needed')).toContain('demo on n3 cannot be seen')
})

test('what it holds back is said with its age: when it was left from PostgreSQL 17 on, else by the oldest WAL it keeps', async () => {
  const fleet = newFleet()
  fleet.instance('demo on n1').slots.push('left_over')
  const answering = (said: object) => {
    fleet.world.sql = () => ({
      columns: ['said'],
      rows: [[JSON.stringify({ database: null, isTemporary: false, unusedSeconds: null, keptSeconds: null, ...said })]],
      rowCount: 1,
      isCut: false,
      command: 'SELECT',
      tookMs: 1,
    })
    return planOf(fleet, 'left_over')
  }
  expect(because(await answering({ unusedSeconds: 7200 }), 'held')).toBe('0 B of WAL; nobody has read from it for 2 h.')
  expect(because(await answering({ keptSeconds: 86_400 * 3 }), 'held')).toBe('0 B of WAL; the oldest was written 3 d ago.')
  expect((await answering({ isTemporary: true })).reason).toContain('temporary')
})

test('the name of a slot cannot carry anything else', () => {
  for (const slot of ["x'; drop table t", 'UPPER', '', 'a'.repeat(64)]) expect(dropSlot.input.safeParse({ slot }).success, slot).toBe(false)
})
