import { expect, test } from 'vitest'
import { type MemoryFleet, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import type { JournalPort } from '@/lib/kernel/ground/journal-port'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { demote } from './demote'

const fork = 0x4000000

/** n2 was promoted while n1 went on writing: both take writes, and n1 wrote 4 kB past the fork. */
const splitFleet = (change: (fleet: MemoryFleet) => void = () => {}) => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'] }])
  for (const title of ['demo on n1', 'demo on n3']) Object.assign(fleet.instance(title), { walBytes: fork + 4096 })
  Object.assign(fleet.instance('demo on n2'), {
    hasStandbySignal: false,
    timeline: 2,
    upstreamId: null,
    forks: [{ timeline: 1, bytes: fork }],
    walBytes: fork + 500,
  })
  change(fleet)
  return fleet
}
const planOf = (fleet: MemoryFleet, title = 'demo on n1') =>
  makeTargetPlan(demote, fleet.read, { saveTail: true }, fleet.instance(title).inventory.id, new AbortController().signal)
const because = (plan: Awaited<ReturnType<typeof planOf>>, name: string) => plan.gates.find((gate) => gate.name === name)?.because

const run = async (fleet: MemoryFleet, title = 'demo on n1', watch = (journal: JournalPort) => journal) => {
  const plan = await planOf(fleet, title)
  expect(plan.reason).toBeNull()
  const job = { id: 'job', targetId: fleet.instance(title).inventory.id, input: { saveTail: true }, digest: plan.digest }
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  return drive(demote, job, watch(new MemoryJournal(fleet.clock).open()), fleet, options)
}

test('of two that take writes one is rewound onto the other and follows it, and nothing against it stays recorded', async () => {
  const fleet = splitFleet()
  expect(await run(fleet)).toBe('done')
  expect(fleet.instance('demo on n1')).toMatchObject({ state: 'running', hasStandbySignal: true, timeline: 2, replaced: null })
  expect(fleet.instance('demo on n2').slots).toEqual(['n1'])
  expect(fleet.world.violations).toEqual([])
})

test('a standby that was promoted for a test goes back under the primary it left', async () => {
  const fleet = splitFleet()
  expect(await run(fleet, 'demo on n2')).toBe('done')
  expect(fleet.instance('demo on n2')).toMatchObject({ state: 'running', hasStandbySignal: true, timeline: 1 })
})

test.each(['stop', 'fence', 'checkpoint', 'tail', 'rewind'])(
  'a server that its host starts again after the step %s is taken down once more, and follows in the end',
  async (step) => {
    const fleet = splitFleet()
    const n1 = fleet.instance('demo on n1')
    const startedAgain = (journal: JournalPort): JournalPort => ({
      ...journal,
      append: async (entries, firstSeq) => {
        await journal.append(entries, firstSeq)
        if (entries.some((entry) => entry.kind === 'finished' && entry.step === step)) n1.state = 'running'
      },
    })
    expect(await run(fleet, 'demo on n1', startedAgain)).toBe('done')
    expect(n1).toMatchObject({ state: 'running', hasStandbySignal: true, timeline: 2, replaced: null })
    expect([...n1.tails.keys()]).toHaveLength(1)
    expect(fleet.world.violations).toEqual([])
  },
)

test('the plan says where the histories part, how much is lost, who streams from it, and that it is a way forward only', async () => {
  const plan = await planOf(splitFleet())
  expect(because(plan, 'history')).toBe(
    'It and demo on n2 diverge at 0/4000000. It wrote 4 kB after that: pg_rewind discards that, once its WAL is saved.',
  )
  expect(plan.now.slice(-2)).toEqual([
    { label: 'Timelines diverge at', value: '0/4000000' },
    { label: 'Written after that', value: '4 kB' },
  ])
  expect(because(plan, 'standbys')).toContain('n3 may hold what the rewind discards')
  expect(plan.effects.filter(({ ending }) => ending.isPointOfNoReturn).map(({ name }) => name)).toEqual(['stop', 'rewind'])
})

test('a split brain is planned as this snapshot says', async () => {
  await expect(`${JSON.stringify(await planOf(splitFleet()), null, 2)}\n`).toMatchFileSnapshot('__snapshots__/plans/demote-split.txt')
})

test('the only primary of a herd is not demoted', async () => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2'] }])
  expect((await planOf(fleet)).reason).toBe('No other member of demo answers as primary. To swap roles, use Switch over or Fail over.')
  expect((await planOf(fleet, 'demo on n2')).reason).toBe('It is a standby already.')
})

test('what pg_rewind would not see, or could not take back, is refused before anything is touched', async () => {
  const onOne = splitFleet((fleet) => Object.assign(fleet.instance('demo on n2'), { timeline: 1, forks: [] }))
  expect((await planOf(onOne)).reason).toContain('Both write on timeline 1')
  const onTwo = splitFleet((fleet) =>
    Object.assign(fleet.instance('demo on n1'), { timeline: 2, forks: [{ timeline: 1, bytes: fork - 100 }] }),
  )
  expect((await planOf(onTwo)).reason).toContain('but not the same one')
  const foreign = splitFleet((fleet) => Object.assign(fleet.instance('demo on n2'), { systemIdentifier: '99' }))
  expect((await planOf(foreign)).reason).toContain('another system identifier')
  const third = splitFleet((fleet) => Object.assign(fleet.instance('demo on n3'), { hasStandbySignal: false, timeline: 3 }))
  expect((await planOf(third)).reason).toContain('it is not clear which to follow')
})

test('what it wrote is saved before it is discarded, in a place that the plan names; or not at all where that is not wanted', async () => {
  const fleet = splitFleet()
  expect(because(await planOf(fleet), 'saveable')).toBe(
    'The WAL past the fork is copied to /var/lib/postgresql/15/demo.diverged-0-4000000 first.',
  )
  expect(await run(fleet)).toBe('done')
  const n1 = fleet.instance('demo on n1')
  expect([...n1.tails.keys()]).toEqual(['/var/lib/postgresql/15/demo.diverged-0-4000000'])
  expect(n1.applied.indexOf('save tail')).toBeLessThan(n1.applied.indexOf('rewind'))
  const full = splitFleet((split) => Object.assign(split.instance('demo on n1'), { freeBytes: 1000 }))
  expect((await planOf(full)).reason).toContain('choose not to archive the discarded WAL')
  const { inventory } = full.instance('demo on n1')
  expect((await makeTargetPlan(demote, full.read, { saveTail: false }, inventory.id, new AbortController().signal)).reason).toBeNull()
})

test('one whose role may not run pg_rewind on the other primary is refused before anything is touched', async () => {
  const fleet = splitFleet((split) =>
    Object.assign(split.instance('demo on n2'), { refusesRewind: 'replicator may not run pg_read_binary_file(text)' }),
  )
  expect((await planOf(fleet)).reason).toContain(
    'pg_rewind could not read demo on n2: replicator may not run pg_read_binary_file(text). Grant',
  )
})

test('one whose host cannot replicate from the other primary is refused with the reason', async () => {
  const fleet = splitFleet((split) => Object.assign(split.instance('demo on n1'), { isCut: true }))
  expect((await planOf(fleet)).reason).toContain('demo on n2 does not let it replicate')
})
