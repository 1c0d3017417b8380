import { expect, test } from 'vitest'
import { newFleet as newSwitchoverFleet, planOf as planSwitchover } from '@/e2e/harness/twin/switchover'
import { type MemoryFleet, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { Operation } from '@/lib/kernel/operation/operation'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { promote } from '../promote'
import { switchover } from '../switchover'
import { failover } from '.'
import { fenceReturned } from './fence-returned'

const newFleet = () => memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'], virtualHost: 'demo' }])
const at = (fleet: MemoryFleet, host: string) => fleet.instance(`demo on ${host}`)
const idOf = (fleet: MemoryFleet, host: string) => at(fleet, host).inventory.id
const herdId = (fleet: MemoryFleet) => at(fleet, 'n1').inventory.herdId
const never = new AbortController().signal

const planOf = (fleet: MemoryFleet, raw: JsonObject = {}) =>
  makeTargetPlan(failover, fleet.read, failover.input.parse(raw) as JsonObject, herdId(fleet), never)
const planPromote = (fleet: MemoryFleet, host = 'n3') => makeTargetPlan(promote, fleet.read, { detach: false }, idOf(fleet, host), never)

const driveJob = async (operation: Operation, fleet: MemoryFleet, input: JsonObject, digest: string) => {
  const journal = new MemoryJournal(fleet.clock)
  const job = { id: 'job', targetId: herdId(fleet), input, digest }
  const options = { driver: 'test', signal: never, isCancelRequested: () => false, clock: fleet.clock }
  const go = () => drive(operation, job, journal.open(), fleet, options)
  let state = await go()
  // A clean-up that cannot reach a dead host asks once more.
  for (let asked = 0; state === 'attention' && asked < 3; asked += 1) {
    journal.write([{ kind: 'decided', decision: 'abandon', by: 'ada' }])
    state = await go()
  }
  return state
}
const run = async (fleet: MemoryFleet, raw: JsonObject = {}) => {
  const plan = await planOf(fleet, raw)
  expect(plan.reason).toBeNull()
  return driveJob(failover, fleet, failover.input.parse(raw) as JsonObject, plan.digest)
}

/** n1 is gone, and n2 goes when it is told to promote; the job is abandoned. */
const lostInPromotion = async () => {
  const fleet = newFleet()
  fleet.host('n1').power = 'off'
  fleet.calls.interfere = ({ act }) => {
    if (act === 'promote') fleet.host('n2').power = 'off'
    return undefined
  }
  expect(await run(fleet, { override: 'demo' })).toBe('failed')
  fleet.calls.interfere = () => undefined
  expect(at(fleet, 'n1').replaced).toMatchObject({ byId: idOf(fleet, 'n2') })
  return fleet
}

test('a third member takes over where the second was lost in its promotion: every member that nobody can see is answered for by name', async () => {
  const fleet = await lostInPromotion()
  const plan = await planOf(fleet)
  expect(plan.reason).toMatch(
    /^Nothing proves that demo on n2 and demo on n1 are down: their hosts do not answer, so they cannot be fenced\. /,
  )
  expect(plan.gates.find(({ name }) => name === 'fenceable')?.override?.pledge).toBe(
    'I know that demo on n2 and demo on n1 are off, or cut off from every client.',
  )
  expect(plan.gates.find(({ name }) => name === 'mode')).toMatchObject({
    verdict: 'warn',
    because:
      'No member is known to be the primary. demo on n1 was replaced: demo on n2 was promoted in its place. demo on n2 is unreachable: this is an emergency failover.',
  })
  expect(await run(fleet, { override: 'demo' })).toBe('done')
  expect(at(fleet, 'n3')).toMatchObject({ hasStandbySignal: false, timeline: 2 })
  expect(at(fleet, 'n2').replaced).toMatchObject({ byId: idOf(fleet, 'n3'), timeline: 2 })
  expect(at(fleet, 'n1').replaced).not.toBeNull()
})

test('either of the two that comes back taking writes is stopped and fenced', async () => {
  const fleet = await lostInPromotion()
  await run(fleet, { override: 'demo' })
  for (const host of ['n1', 'n2']) fleet.host(host).power = 'on'
  Object.assign(at(fleet, 'n2'), { hasStandbySignal: false, timeline: 2 })
  const fenced = await fenceReturned(fleet, herdId(fleet), never)
  expect(fenced.map(({ title, action }) => [title, action])).toEqual([
    ['demo on n1', 'stopped'],
    ['demo on n2', 'stopped'],
  ])
  expect(at(fleet, 'n3')).toMatchObject({ state: 'running', hasStandbySignal: false })
})

test('one of them that is alive and only unseen by the console is found through the third, whatever is typed', async () => {
  for (const alive of ['n1', 'n2']) {
    const fleet = await lostInPromotion()
    fleet.host(alive).power = 'frozen'
    expect((await planOf(fleet, { override: 'demo' })).reason).toMatch(new RegExp(`^demo on ${alive} is alive: demo on n3 says`))
  }
})

test('the old primary, back on its host and down without standby.signal, is fenced with the same job', async () => {
  const fleet = await lostInPromotion()
  Object.assign(at(fleet, 'n1'), { state: 'crashed' })
  fleet.host('n1').power = 'on'
  expect((await planOf(fleet)).reason).toMatch(/^Nothing proves that demo on n2 is down: its host does not answer/)
  expect(await run(fleet, { override: 'demo' })).toBe('done')
  expect(at(fleet, 'n1')).toMatchObject({ state: 'crashed', hasStandbySignal: true })
})

test('and goes on after a person has looked, although the member that was answered for is still not seen', async () => {
  const fleet = await lostInPromotion()
  Object.assign(at(fleet, 'n2'), { state: 'crashed' })
  fleet.host('n2').power = 'on'
  const raw = { override: 'demo' }
  const plan = await planOf(fleet, raw)
  expect(plan.reason).toBeNull()
  const journal = new MemoryJournal(fleet.clock)
  const job = { id: 'job', targetId: herdId(fleet), input: failover.input.parse(raw) as JsonObject, digest: plan.digest }
  const options = { driver: 'test', signal: never, isCancelRequested: () => false, clock: fleet.clock }
  fleet.calls.interfere = ({ act }) => (act === 'promote' ? { how: 'hang-before' } : undefined)
  expect(await drive(failover, job, journal.open(), fleet, options)).toBe('attention')
  fleet.calls.interfere = () => undefined
  journal.write([{ kind: 'decided', decision: 'resume', by: 'ada' }])
  expect(await drive(failover, job, journal.open(), fleet, options)).toBe('done')
  expect(at(fleet, 'n3').hasStandbySignal).toBe(false)
})

test('a third member takes over where the host of a switchover’s candidate dies past the point of no return', async () => {
  const fleet = newSwitchoverFleet()
  const { digest, reason } = await planSwitchover(fleet)
  expect(reason).toBeNull()
  fleet.calls.interfere = ({ act }) => {
    if (act === 'take over') fleet.host('n2').power = 'off'
    return undefined
  }
  expect(await driveJob(switchover, fleet, switchover.input.parse({}) as JsonObject, digest)).toBe('failed')
  fleet.calls.interfere = () => undefined
  expect(at(fleet, 'n1')).toMatchObject({ state: 'stopped', hasStandbySignal: true })
  expect((await planPromote(fleet)).reason).toContain('Fail the herd over instead')
  expect((await planOf(fleet)).reason).toMatch(/^Nothing proves that demo on n2 is down/)
  expect(await run(fleet, { override: 'demo' })).toBe('done')
  expect(at(fleet, 'n3')).toMatchObject({ hasStandbySignal: false, timeline: 2 })
  expect(fleet.world.violations).toEqual([])
})

test('a third member that had not followed yet takes over, as the last resort, where the new primary is lost right after it was seen to be primary', async () => {
  const fleet = newFleet()
  const [n1, n2, n3] = ['n1', 'n2', 'n3'].map((host) => at(fleet, host))
  n1!.replaced = { byId: idOf(fleet, 'n2'), timeline: 2, because: 'demo on n2 was promoted in its place.' }
  Object.assign(n2!, { hasStandbySignal: false, timeline: 2, upstreamId: null, forks: [{ timeline: 1, bytes: n1!.walBytes }] })
  n2!.walBytes += 4096
  for (const host of ['n1', 'n2']) fleet.host(host).power = 'off'
  const plan = await planOf(fleet, { override: 'demo' })
  expect(plan.gates.find(({ name }) => name === 'candidate')).toMatchObject({
    verdict: 'warn',
    because:
      'demo on n3: It lacks what was written on timeline 2, and nobody who has it can take over. If demo on n2 can be started again, nothing of that is lost.',
  })
  expect(plan.gates.find(({ name }) => name === 'loss')?.because).toBe(
    'The loss cannot be estimated: all that was written on timeline 2, which was last seen at 0/3001148.',
  )
  expect(await run(fleet, { override: 'demo' })).toBe('done')
  expect(n3).toMatchObject({ hasStandbySignal: false, timeline: 2 })
  for (const host of ['n1', 'n2']) fleet.host(host).power = 'on'
  const fenced = await fenceReturned(fleet, herdId(fleet), never)
  expect(fenced.map(({ title, action }) => [title, action])).toEqual([
    ['demo on n1', 'stopped'],
    ['demo on n2', 'stopped'],
  ])
})

test('where the successor was never primary and answers as a standby, it may take over after all', async () => {
  const fleet = newFleet()
  fleet.host('n1').power = 'off'
  at(fleet, 'n1').replaced = { byId: idOf(fleet, 'n2'), timeline: 2, because: 'demo on n2 was promoted in its place.' }
  expect((await planOf(fleet)).reason).toMatch(/^Nothing proves that demo on n1 is down/)
  expect(await run(fleet, { override: 'demo' })).toBe('done')
  expect(at(fleet, 'n2')).toMatchObject({ hasStandbySignal: false, timeline: 2 })
})

test('nobody is promoted beside one that writes although it was replaced: it is to be stopped first', async () => {
  const fleet = newFleet()
  at(fleet, 'n1').replaced = { byId: idOf(fleet, 'n2'), timeline: 2, because: 'demo on n2 was promoted in its place.' }
  fleet.host('n2').power = 'off'
  expect((await planOf(fleet, { override: 'demo' })).reason).toBe(
    'demo on n1 takes writes, although it was replaced: demo on n2 was promoted in its place. Stop it first: then it is fenced, and a standby can take over.',
  )
  at(fleet, 'n1').state = 'stopped'
  expect(await run(fleet, { override: 'demo' })).toBe('done')
  expect(at(fleet, 'n1')).toMatchObject({ state: 'stopped', hasStandbySignal: true })
  expect(at(fleet, 'n3').hasStandbySignal).toBe(false)
})

test('promote points at the failover where that has somebody to fail over from, and else says what to do', async () => {
  expect((await planPromote(await lostInPromotion())).reason).toBe(
    'demo on n1, demo on n2 cannot be seen, and may take writes. Fail the herd over instead: that checks for a live primary, and fences it.',
  )
  const fleet = newFleet()
  at(fleet, 'n1').hasStandbySignal = true
  fleet.host('n1').power = 'off'
  expect((await planOf(fleet)).reason).toContain('It is not known which member was the primary')
  expect((await planPromote(fleet)).reason).toBe(
    'demo on n1 cannot be seen, and may take writes. Bring its host back; or delete the members that are gone for good here, then promote.',
  )
})
