import { expect, test } from 'vitest'
import { patroniPooler, pausableFleet } from '@/e2e/harness/twin/patroni'
import { type MemoryFleet, MemoryJournal } from '@/lib/adapters/memory'
import { brokenOf, countStates, crashMatrix, type Disturbance } from '@/lib/kernel/engine/crash-matrix'
import { drive } from '@/lib/kernel/engine/engine'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { defaultPolicy } from '@/lib/kernel/operation/plan'
import { composePlan, makeTargetPlan } from '@/lib/kernel/operation/plan-making'
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
