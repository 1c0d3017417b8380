import { expect, test } from 'vitest'
import { jobOf, newFleet, planOf, roles, run, say } from '@/e2e/harness/twin/switchover'
import { type MemoryFleet, thaw } from '@/lib/adapters/memory'
import { Fault } from '@/lib/kernel/ground/errors'
import { failover } from '../failover'
import { switchover } from '.'
import { reportOfMove } from './report'

const third = 'demo on n3'
const muchBytes = 100 * 2 ** 20

const freeze = (fleet: MemoryFleet) => {
  fleet.instance(third).receiver = 'frozen'
  for (const title of ['demo on n1', 'demo on n2']) fleet.instance(title).walBytes += muchBytes
}

const staged = ({ isFrozen = true } = {}) => {
  const fleet = newFleet({ poolers: ['front'] })
  say(fleet, {})
  if (isFrozen) freeze(fleet)
  return fleet
}

/** From the first PAUSE to the last RESUME, ms. */
const watchGap = (fleet: MemoryFleet) => {
  const at = { pause: Number.NaN, resume: Number.NaN }
  const now = () => fleet.clock.now().getTime()
  fleet.calls.interfere = ({ act }) => {
    if (act === 'pause demo' && Number.isNaN(at.pause)) at.pause = now()
    return undefined
  }
  fleet.calls.afterwards = ({ act }) => {
    if (act === 'resume demo') at.resume = now()
  }
  return () => at.resume - at.pause
}

/** Neither what is loaded nor what ALTER SYSTEM has set, on any member. */
const leftovers = (fleet: MemoryFleet) =>
  [...fleet.world.instances.values()].flatMap(({ inventory, active, altered }) =>
    altered.wal_sender_timeout === undefined && (active.wal_sender_timeout ?? '60s') === '60s' ? [] : [inventory.title],
  )

const seconds = (fleet: MemoryFleet, began: Date) => (fleet.clock.now().getTime() - began.getTime()) / 1000

test('a third standby that takes no WAL costs the clients nothing and the job seconds: it is named in the plan, disconnected before they are paused, named in the report, and follows once it goes on', async () => {
  const well = staged({ isFrozen: false })
  const gapOfWell = watchGap(well)
  expect((await run(well)).state).toBe('done')
  const fleet = staged()
  const plan = await planOf(fleet)
  expect(plan.gates.find(({ name }) => name === 'readers')).toMatchObject({
    verdict: 'warn',
    because: expect.stringContaining('n3 still has to receive 100 MB'),
  })
  expect(plan.effects.find(({ name }) => name === 'shed')).toMatchObject({ preview: expect.stringContaining('(n3, 100 MB not sent)') })
  const [gap, began] = [watchGap(fleet), fleet.clock.now()]
  const { state, journal } = await run(fleet)
  expect(state).toBe('done')
  expect(gap()).toBeLessThanOrEqual(gapOfWell() + 5)
  expect(seconds(fleet, began)).toBeLessThan(15)
  expect(roles(fleet)).toEqual(['demo on n1 standby 2', 'demo on n2 primary 2', 'demo on n3 standby 1'])
  const finished = journal.lines.find((line) => line.kind === 'finished' && line.step === 'shed')
  expect(finished).toMatchObject({ output: { ended: ['n3'], behind: [] } })
  expect(reportOfMove(journal.lines)).toMatchObject({
    followed: [],
    parked: [{ title: third, because: expect.stringContaining('its WAL receiver is frozen') }],
  })
  thaw(fleet.world, fleet.instance(third))
  expect(fleet.instance(third)).toMatchObject({ timeline: 2, upstreamId: fleet.instance('demo on n2').inventory.id })
  expect([leftovers(fleet), fleet.world.violations]).toEqual([[], []])
})

test('one that freezes between the look and the stop costs them two seconds, not wal_sender_timeout', async () => {
  const fleet = staged({ isFrozen: false })
  const gap = watchGap(fleet)
  const { interfere } = fleet.calls
  fleet.calls.interfere = (call) => {
    if (call.act === 'stop as standby') freeze(fleet)
    return interfere(call)
  }
  const { state, journal } = await run(fleet)
  expect(state).toBe('done')
  expect(gap()).toBeGreaterThanOrEqual(2_000)
  expect(gap()).toBeLessThan(2_500)
  expect(reportOfMove(journal.lines)).toMatchObject({ parked: [{ title: third }] })
  expect(leftovers(fleet)).toEqual([])
})

test('so does a planned failover: its stop waits for nobody', async () => {
  const fleet = staged()
  const input = { mode: 'planned', candidate: 'demo on n2' }
  const plan = await planOf(fleet, input, failover)
  expect(plan.gates.find(({ name }) => name === 'readers')).toMatchObject({
    because: expect.stringContaining('Behind: n3, 100 MB not sent. A standby that takes no WAL is disconnected'),
  })
  const began = fleet.clock.now()
  expect(await (await jobOf(fleet, input, {}, failover)).on()).toBe('done')
  expect(seconds(fleet, began)).toBeLessThan(15)
  expect(roles(fleet)).toEqual(['demo on n1 standby 2', 'demo on n2 primary 2', 'demo on n3 standby 1'])
  expect(leftovers(fleet)).toEqual([])
})

test.each([
  { operation: switchover, input: {} },
  { operation: failover, input: { mode: 'planned', candidate: 'demo on n2' } },
])(
  'wherever the worker of a $operation.name dies, and however the job ends, the setting is as before and one member takes writes',
  async ({ operation, input }) => {
    const clean = staged()
    await (await jobOf(clean, input, {}, operation)).on()
    const acts = clean.calls.made.length
    const ends: string[] = []
    for (const fate of ['go on', 'fail'] as const)
      for (let nth = 1; nth <= acts; nth += 1) {
        const fleet = staged()
        const death = new AbortController()
        fleet.calls.afterwards = (call) => {
          if (call.nth === nth) death.abort(new Fault('lease.lost', { because: 'the worker died' }))
        }
        fleet.calls.interfere = (call) => (fate === 'fail' && call.nth === nth + 1 ? { how: 'fail' } : undefined)
        const { on, goOn } = await jobOf(fleet, input, {}, operation)
        let state = await on(death.signal).catch(() => on())
        if (state === 'attention') state = await goOn()
        ends.push(state)
        const writers = [...fleet.world.instances.values()].filter((one) => one.state === 'running' && !one.hasStandbySignal)
        expect([nth, fate, state, leftovers(fleet), writers.length, fleet.world.violations]).toEqual([nth, fate, state, [], 1, []])
      }
    expect([...new Set(ends)].sort()).toEqual(['done', 'failed', 'undone'])
  },
)
