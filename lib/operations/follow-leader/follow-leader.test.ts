import { expect, test } from 'vitest'
import { patroniPooler, pausableFleet } from '@/e2e/harness/twin/patroni'
import { heldIn, type MemoryFleet, MemoryJournal } from '@/lib/adapters/memory'
import { brokenOf, countStates, crashMatrix, type Disturbance } from '@/lib/kernel/engine/crash-matrix'
import { drive } from '@/lib/kernel/engine/engine'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { Operation } from '@/lib/kernel/operation/operation'
import { defaultPolicy } from '@/lib/kernel/operation/plan'
import { composePlan, makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { patroniZeroGap } from '../patroni/zero-gap'
import { followLeader } from '.'
import { unorderedReport } from './report'

/** Patroni has promoted n2 after the host of n1 went away; where the console was told of it. */
const moved = (): MemoryFleet => {
  const change = { timeline: 1, lsn: '16777216', reason: 'no recovery target specified', at: null, leader: 'n2' }
  const fleet = pausableFleet(() => ({ history: [change] }))
  fleet.host('n1').power = 'off'
  const [one, two, three] = ['n1', 'n2', 'n3'].map((host) => fleet.instance(`shop on ${host}`))
  Object.assign(two!, { hasStandbySignal: false, ranAsStandby: false, upstreamId: null, timeline: 2 })
  Object.assign(three!, { upstreamId: two!.inventory.id, timeline: 2 })
  void one
  return fleet
}
const herdId = (fleet: MemoryFleet) => fleet.instance('shop on n1').inventory.herdId
const inputOf = () => followLeader.input.parse({ from: 'shop on n1', heardAt: '2026-03-01T12:00:00.000Z' }) as JsonObject
const planOf = (fleet: MemoryFleet) => makeTargetPlan(followLeader, fleet.read, inputOf(), herdId(fleet), new AbortController().signal)
const aimOf = (fleet: MemoryFleet) => fleet.pooler(patroniPooler).file!.text

test('the plan asks nobody for a phrase or an approval, even in production, and changes nothing', async () => {
  const fleet = moved()
  const planned = await planOf(fleet)
  const prod = { id: planned.environmentId!, name: 'prod', colour: 'red', protection: 'two-person' as const, maintenanceWindows: [] }
  const made = { at: fleet.clock.now(), inMs: 0 }
  const plan = composePlan(followLeader, inputOf(), defaultPolicy, [planned], [prod], { medianSeconds: 1, count: 3 }, made)
  expect([planned.eligible, plan.phrase, plan.needsApproval]).toEqual([true, null, false])
  expect(fleet.calls.made).toEqual([])
})

test('poolers and names follow, and the report says who was lost and that what it wrote last is not known', async () => {
  const fleet = moved()
  const { digest } = await planOf(fleet)
  const journal = new MemoryJournal(fleet.clock)
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  expect(await drive(followLeader, { id: 'job', targetId: herdId(fleet), input: inputOf(), digest }, journal.open(), fleet, options)).toBe(
    'done',
  )
  expect(aimOf(fleet)).toContain(fleet.host('n2').server.address.address)
  const report = unorderedReport(journal.lines, [])
  expect(report).toMatchObject({
    mode: 'unordered',
    oldPrimary: 'shop on n1',
    newPrimary: 'shop on n2',
    followed: ['shop on n3'],
    state: 'done',
  })
  expect(report!.parked.map(({ title }) => title)).toEqual(['shop on n1'])
  expect(report!.open.join(' ')).toContain('Loss:')
})

test.each(['resume', 'abandon'] as const)(
  'a leader that moves on while a switchover waits for a person is followed, and %s of that job leaves poolers and names with it',
  async (decision) => {
    const fleet = pausableFleet()
    const zone = fleet.zone('prod.test')
    const nameIsAt = () => heldIn(zone, 'shop.prod.test')[0]?.values[0]
    const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
    const driven = async (operation: Operation, raw: JsonObject, journal: MemoryJournal) => {
      const input = operation.input.parse(raw) as JsonObject
      const { digest, reason } = await makeTargetPlan(operation, fleet.read, input, herdId(fleet), options.signal)
      const job = { id: operation.name, targetId: herdId(fleet), input, digest }
      const again = () => drive(operation, job, journal.open(), fleet, options)
      return { reason, state: await again(), again }
    }
    const journal = new MemoryJournal(fleet.clock)
    // The name cannot be moved any more once the candidate leads.
    fleet.calls.afterwards = ({ act }) => {
      if (act === 'take over') zone.host.power = 'off'
    }
    const switched = await driven(patroniZeroGap, { canary: false, candidate: 'shop on n2' }, journal)
    expect([switched.state, nameIsAt()]).toEqual(['attention', 'n1.prod.test'])
    zone.host.power = 'on'
    fleet.host('n2').power = 'off'
    Object.assign(fleet.instance('shop on n3'), { hasStandbySignal: false, ranAsStandby: false, upstreamId: null, timeline: 3 })
    const followed = await driven(followLeader, { from: 'shop on n2' }, new MemoryJournal(fleet.clock))
    const isFollowed = () => [nameIsAt(), aimOf(fleet).includes(fleet.host('n3').server.address.address)]
    expect([followed.reason, followed.state, ...isFollowed()]).toEqual([null, 'done', 'n3.prod.test', true])
    fleet.host('n2').power = 'on'
    Object.assign(fleet.instance('shop on n2'), {
      hasStandbySignal: true,
      upstreamId: fleet.instance('shop on n3').inventory.id,
      timeline: 3,
    })
    journal.write([{ kind: 'decided', decision, by: 'ada' }])
    expect([await switched.again(), ...isFollowed()]).toEqual([decision === 'resume' ? 'attention' : 'failed', 'n3.prod.test', true])
    expect(fleet.world.violations).toEqual([])
  },
)

test('with no primary, or two, nobody is followed', async () => {
  const none = moved()
  none.instance('shop on n2').hasStandbySignal = true
  expect((await planOf(none)).reason).toBe('No member answers as a primary.')
  const two = moved()
  two.instance('shop on n3').hasStandbySignal = false
  expect((await planOf(two)).reason).toBe('shop on n2 and shop on n3 both answer as a primary.')
})

test('follow-leader ends with the poolers at the primary whenever it says done, and touches no server, wherever drivers die', {
  timeout: 300_000,
}, async () => {
  const results = await crashMatrix(
    async () => {
      const fleet = moved()
      const { digest } = await planOf(fleet)
      const planned = new Map<number, Disturbance>()
      fleet.calls.interfere = ({ nth }) => planned.get(nth)
      const applied = () => ['n1', 'n2', 'n3'].flatMap((host) => fleet.instance(`shop on ${host}`).applied)
      return {
        operation: followLeader,
        job: { id: 'job', targetId: herdId(fleet), input: inputOf(), digest },
        ports: fleet,
        clock: fleet.clock,
        journal: new MemoryJournal(fleet.clock),
        disturb: (nth: number, how: Disturbance) => void planned.set(fleet.calls.made.length + nth, how),
        snapshot: () => JSON.stringify([aimOf(fleet), applied()]),
        broken: (state: string) => [
          ...(state === 'done' && !aimOf(fleet).includes(fleet.host('n2').server.address.address)
            ? ['done, and a pooler points elsewhere']
            : []),
          ...(applied().length > 0 ? ['a server was touched'] : []),
        ],
      }
    },
    { stride: 7 },
  )
  expect(brokenOf(results)).toEqual([])
  expect(Object.keys(countStates(results))).toContain('done')
})
