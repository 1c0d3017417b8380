import { expect, test } from 'vitest'
import { type MemoryFleet, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { promote } from './promote'

const newFleet = () => memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'] }])
const planOf = (fleet: MemoryFleet, title = 'demo on n2', detach = false) =>
  makeTargetPlan(promote, fleet.read, { detach }, fleet.instance(title).inventory.id, new AbortController().signal)
const stopped = (fleet: MemoryFleet) => {
  fleet.instance('demo on n1').state = 'stopped'
  return fleet
}

test('a standby is not promoted beside its living primary, unless it is detached, which warns', async () => {
  expect((await planOf(newFleet())).reason).toBe(
    'demo on n1 is the primary of demo, and alive. To swap roles, use Switch over or Fail over; to try out this copy by itself, choose “Detach it”.',
  )
  const detached = await planOf(newFleet(), 'demo on n2', true)
  expect(detached.reason).toBeNull()
  expect(detached.gates.find(({ name }) => name === 'no-primary')).toMatchObject({ verdict: 'warn' })
})

test('a primary that cannot be seen may be alive: the herd is to be failed over', async () => {
  const fleet = newFleet()
  fleet.host('n1').power = 'off'
  expect((await planOf(fleet)).reason).toContain('demo on n1 cannot be seen, and may take writes. Fail the herd over instead')
})

test('a primary is not promoted', async () => {
  expect((await planOf(newFleet(), 'demo on n1')).reason).toBe('It is a primary already.')
})

test('with the primary seen down it is promoted, and who will not follow is named', async () => {
  const plan = await planOf(stopped(newFleet()))
  expect(plan).toMatchObject({
    reason: null,
    effects: [
      { name: 'record', state: 'will-run' },
      { name: 'promote', state: 'will-run' },
      { name: 'old-slot', state: 'not-possible' },
    ],
  })
  expect(plan.affected).toMatchObject([{ sentence: 'demo on n3 will not follow demo on n2 until repointed.' }])
})

test('the primary that was down is recorded as one that must not start as a primary; beside a detached copy nobody is', async () => {
  for (const detach of [false, true]) {
    const fleet = stopped(newFleet())
    const plan = await planOf(fleet, 'demo on n2', detach)
    const job = { id: 'job', targetId: fleet.instance('demo on n2').inventory.id, input: { detach }, digest: plan.digest }
    const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
    expect(await drive(promote, job, new MemoryJournal(fleet.clock).open(), fleet, options)).toBe('done')
    expect(fleet.instance('demo on n1').replaced).toEqual(
      detach ? null : { byId: fleet.instance('demo on n2').inventory.id, timeline: 2, because: 'demo on n2 was promoted in its place.' },
    )
  }
})

test('one that is detached leaves no slot behind on the primary, which would retain WAL for nobody', async () => {
  const fleet = newFleet()
  const plan = await planOf(fleet, 'demo on n2', true)
  const job = { id: 'job', targetId: fleet.instance('demo on n2').inventory.id, input: { detach: true }, digest: plan.digest }
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  expect(await drive(promote, job, new MemoryJournal(fleet.clock).open(), fleet, options)).toBe('done')
  expect(fleet.instance('demo on n1').slots).toEqual(['n3'])
})

test('the command that is shown is the one that is run: pg_ctl on the host up to 11', async () => {
  const fleet = stopped(newFleet())
  fleet.instance('demo on n2').inventory.address.major = '11'
  expect((await planOf(fleet)).effects[1]!.commands).toEqual(['pg_ctl promote -D /var/lib/postgresql/15/demo'])
})

test('a primary that streams to the standby is alive, although it is no member of the herd', async () => {
  const fleet = newFleet()
  fleet.world.instances.delete(fleet.instance('demo on n3').inventory.id)
  const primary = fleet.instance('demo on n1').inventory
  const herdInstances = fleet.read.inventory.herdInstances
  fleet.read.inventory.herdInstances = async (herdId) => (await herdInstances(herdId)).filter(({ id }) => id !== primary.id)
  expect((await planOf(fleet)).reason).toContain('which the console cannot see: a primary is alive there')
})

test('a standby that streams from the one to be promoted is no sign of another primary', async () => {
  const fleet = newFleet()
  Object.assign(fleet.instance('demo on n3'), { upstreamId: fleet.instance('demo on n2').inventory.id })
  expect((await planOf(stopped(fleet))).reason).toBeNull()
})
