import { describe, expect, test } from 'vitest'
import { type MemoryFleet, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import { Fault } from '@/lib/kernel/ground/errors'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { rejoin } from './rejoin'

/** n1 was shut down with its last record at `wrote` bytes past the fork at which n2 began timeline 2. */
const forkedFleet = (wrote: number) => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2'] }])
  const [n1, n2] = [fleet.instance('demo on n1'), fleet.instance('demo on n2')]
  const fork = 0x4000000
  Object.assign(n1, { state: 'stopped', checkpointBytes: fork + wrote, walBytes: fork + wrote + 0x78 })
  Object.assign(n2, { hasStandbySignal: false, timeline: 2, upstreamId: null, forks: [{ timeline: 1, bytes: fork }], walBytes: fork + 500 })
  return fleet
}
const planFor = async (wrote: number, change: (fleet: MemoryFleet) => void = () => {}) => {
  const fleet = forkedFleet(wrote)
  change(fleet)
  return makeTargetPlan(rejoin, fleet.read, { saveTail: true }, fleet.instance('demo on n1').inventory.id, new AbortController().signal)
}

test('one whose host loses power after the rewind, and starts it by itself with nobody to follow, is put under the primary when the job goes on', async () => {
  const fleet = forkedFleet(4096)
  const { inventory } = fleet.instance('demo on n1')
  const { digest } = await makeTargetPlan(rejoin, fleet.read, { saveTail: true }, inventory.id, new AbortController().signal)
  const journal = new MemoryJournal(fleet.clock)
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  const go = () => drive(rejoin, { id: 'job', targetId: inventory.id, input: { saveTail: true }, digest }, journal.open(), fleet, options)
  fleet.calls.interfere = ({ act }) => {
    const n1 = fleet.instance('demo on n1')
    if (act !== 'forget work' || n1.timeline !== 2) return undefined
    Object.assign(n1, { state: 'running', upstreamId: null, following: null })
    return { how: 'fail', fault: new Fault('shell.unreachable', { because: 'The connection was lost.' }) }
  }
  expect(await go()).toBe('attention')
  fleet.calls.interfere = () => undefined
  journal.write([{ kind: 'decided', decision: 'resume', by: 'ada' }])
  expect(await go()).toBe('done')
  const probe = await fleet.read.postgres.probe(inventory.address, { timeoutMs: 1000 })
  expect([probe.role, probe.timeline, probe.upstream?.status]).toEqual(['standby', 2, 'streaming'])
  expect(fleet.world.violations).toEqual([])
})

test('one that streams is not waited for any longer, though the command that started it still waits', async () => {
  const fleet = forkedFleet(4096)
  const { inventory } = fleet.instance('demo on n1')
  const { postgres } = fleet.act
  let hasEnded = false
  const waiting = async (...args: Parameters<typeof postgres.start>) => {
    await postgres.start(...args)
    await fleet.clock.sleep(110_000)
    hasEnded = true
    throw new Fault('shell.failed', { isOver: true, because: 'pg_ctlcluster was killed.' })
  }
  const ports = { read: fleet.read, act: { ...fleet.act, postgres: { ...postgres, start: waiting } } }
  const { digest } = await makeTargetPlan(rejoin, fleet.read, { saveTail: true }, inventory.id, new AbortController().signal)
  const journal = new MemoryJournal(fleet.clock)
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  const job = { id: 'job', targetId: inventory.id, input: { saveTail: true }, digest }
  expect(await drive(rejoin, job, journal.open(), ports, options)).toBe('done')
  expect(hasEnded).toBe(false)
  expect((await fleet.read.postgres.probe(inventory.address, { timeoutMs: 1000 })).upstream?.status).toBe('streaming')
})

test('slots that its standbys left on it are dropped once it follows; what an unknown reader, or one that is down, may come back for stays', async () => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3', 'n4'] }])
  const [n1, n2, n3] = ['n1', 'n2', 'n3'].map((host) => fleet.instance(`demo on ${host}`))
  const bytes = n1!.walBytes + 0x78
  Object.assign(n1!, { state: 'stopped', checkpointBytes: n1!.walBytes, walBytes: bytes, slots: ['barman', 'n2', 'n3', 'n4'] })
  Object.assign(n2!, { hasStandbySignal: false, timeline: 2, upstreamId: null, forks: [{ timeline: 1, bytes }], walBytes: bytes + 0x78 })
  n3!.state = 'stopped'
  fleet.host('n4').power = 'off'
  const plan = await makeTargetPlan(rejoin, fleet.read, { saveTail: true }, n1!.inventory.id, new AbortController().signal)
  expect(plan.gates.find(({ name }) => name === 'slots')).toMatchObject({
    verdict: 'warn',
    because:
      'Dropped, since no member needs it: n2. Left: barman (demo on n4 cannot be seen, so its owner is not known); n3 (demo on n3 follows through it); n4 (demo on n4 cannot be seen, and may come back for it).',
  })
  const job = { id: 'job', targetId: n1!.inventory.id, input: { saveTail: true }, digest: plan.digest }
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  expect(await drive(rejoin, job, new MemoryJournal(fleet.clock).open(), fleet, options)).toBe('done')
  expect(n1!.slots).toEqual(['barman', 'n3', 'n4'])
  expect(fleet.world.violations).toEqual([])
})

test('one that was primary on a timeline of the same number, promoted independently of the primary, is not taken for a part of its history', async () => {
  const plan = await planFor(4096, (fleet) => {
    Object.assign(fleet.instance('demo on n1'), { timeline: 2, forks: [{ timeline: 1, bytes: 0x4000000 }] })
  })
  expect(plan.reason).toBe(
    'It led a timeline 2 of its own, as demo on n2 does: their WAL cannot be told apart, not even by pg_rewind. Rebuild it.',
  )
  const crashed = await planFor(4096, (fleet) => {
    // Right after its promotion: the control file still says the timeline before, and the history file is there.
    Object.assign(fleet.instance('demo on n1'), { state: 'crashed', forks: [{ timeline: 1, bytes: 0x4000000 }] })
  })
  expect(crashed.reason).toContain('It led a timeline 2 of its own')
})

test('one whose last record is before the fork rejoins as it is', async () => {
  const plan = await planFor(-0x78)
  expect(plan.reason).toBeNull()
  expect(plan.now.find(({ label }) => label === 'Prediction')?.value).toContain('no rewind is needed')
  expect(plan.effects.some(({ ending }) => ending.isPointOfNoReturn)).toBe(false)
})

test('one that wrote past the fork is rewound, with the fork and the bytes said before', async () => {
  const plan = await planFor(4096)
  expect(plan.reason).toBeNull()
  expect(plan.gates.find(({ name }) => name === 'history')).toMatchObject({
    verdict: 'warn',
    because: expect.stringMatching(/4 kB past the fork at 0\/4000000.*pg_rewind discards that/),
  })
  expect(plan.effects.find(({ name }) => name === 'rewind')).toMatchObject({ state: 'will-run', ending: { isPointOfNoReturn: true } })
})

test('one that crashed may have written anything past its checkpoint: it first replays its own WAL, fenced, and is rewound', async () => {
  const plan = await planFor(-0x78, (fleet) => Object.assign(fleet.instance('demo on n1'), { state: 'crashed' }))
  expect(plan.reason).toBeNull()
  expect(plan.gates.find(({ name }) => name === 'history')?.because).toMatch(/unknown place past its checkpoint.*first replays its own WAL/)
  expect(plan.effects.filter(({ state }) => state === 'will-run').map(({ name }) => name)).toEqual(
    expect.arrayContaining(['fence', 'recover', 'rewind', 'follow', 'start']),
  )
})

test('one that received past the fork as a standby is judged by what it has, not by its old checkpoint', async () => {
  const asStandby = { ranAsStandby: true, hasStandbySignal: true, checkpointBytes: 0x3000060 }
  const past = await planFor(4096, (fleet) => Object.assign(fleet.instance('demo on n1'), asStandby))
  expect(past.gates.find(({ name }) => name === 'history')?.because).toMatch(/past the fork.*pg_rewind discards that/)
  const upToIt = await planFor(-0x78, (fleet) => Object.assign(fleet.instance('demo on n1'), asStandby))
  expect(upToIt.gates.find(({ name }) => name === 'history')?.because).toContain('no rewind is needed')
})

test('one that runs, or whose herd has no primary to follow, is refused', async () => {
  const writes = await planFor(0, (fleet) => Object.assign(fleet.instance('demo on n1'), { state: 'running' }))
  expect(writes.reason).toContain('stop it first')
  const alone = await planFor(-0x78, (fleet) => Object.assign(fleet.instance('demo on n2'), { state: 'stopped' }))
  expect(alone.reason).toContain('no primary that answers')
})

describe('a rejoin that leads nowhere any more', () => {
  /** n1, which was down, is started under n2, which it cannot reach; `meanwhile` somebody acts. */
  const rejoined = async (meanwhile: (fleet: MemoryFleet) => void, isCancelled: (startedAt: number | null) => boolean = () => false) => {
    const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'] }])
    const [n1, n2, n3] = ['n1', 'n2', 'n3'].map((host) => fleet.instance(`demo on ${host}`))
    const bytes = n1!.walBytes + 0x78
    Object.assign(n1!, { state: 'stopped', checkpointBytes: n1!.walBytes, walBytes: bytes })
    Object.assign(n2!, { hasStandbySignal: false, timeline: 2, upstreamId: null, forks: [{ timeline: 1, bytes }], walBytes: bytes + 0x78 })
    n3!.upstreamId = n2!.inventory.id
    const { id } = n1!.inventory
    const { digest } = await makeTargetPlan(rejoin, fleet.read, { saveTail: true }, id, new AbortController().signal)
    let startedAt: number | null = null
    fleet.calls.afterwards = ({ act, target }) => {
      if (act !== 'start' || target !== 'demo on n1') return
      startedAt = fleet.clock.now().getTime()
      n1!.isCut = true
      meanwhile(fleet)
    }
    const journal = new MemoryJournal(fleet.clock)
    const state = await drive(rejoin, { id: 'job', targetId: id, input: { saveTail: true }, digest }, journal.open(), fleet, {
      driver: 'test',
      signal: new AbortController().signal,
      isCancelRequested: () => isCancelled(startedAt),
      cancelRequestedBy: () => 'ada',
      clock: fleet.clock,
    })
    const because = journal.lines.findLast((line) => line.kind === 'closed')?.because
    return { state, n1: n1!, because, tookSeconds: (fleet.clock.now().getTime() - startedAt!) / 1000 }
  }

  test.each<[string, (fleet: MemoryFleet) => void, RegExp]>([
    [
      'was stopped',
      (fleet) => Object.assign(fleet.instance('demo on n2'), { state: 'stopped' }),
      /demo on n2 takes no writes any more: it is stopped/,
    ],
    [
      'follows another one',
      (fleet) => {
        Object.assign(fleet.instance('demo on n3'), { hasStandbySignal: false, timeline: 3, upstreamId: null })
        Object.assign(fleet.instance('demo on n2'), { hasStandbySignal: true })
      },
      /demo on n2 takes no writes any more: it is a standby/,
    ],
  ])('because the primary %s is undone in seconds, and says so', async (_what, meanwhile, said) => {
    const { state, because, tookSeconds, n1 } = await rejoined(meanwhile)
    expect(state).toBe('undone')
    expect(because).toMatch(said)
    expect(tookSeconds).toBeLessThan(30)
    expect([n1.state, n1.hasStandbySignal]).toEqual(['stopped', true])
  })

  test('because somebody has pointed it elsewhere is undone in seconds too', async () => {
    const { state, because, tookSeconds } = await rejoined((fleet) => {
      const n1 = fleet.instance('demo on n1')
      n1.upstreamId = fleet.instance('demo on n3').inventory.id
    })
    expect([state, because]).toEqual(['undone', expect.stringContaining('instead of demo on n2: somebody has pointed it there')])
    expect(tookSeconds).toBeLessThan(30)
  })

  test('hears a cancel while it waits', async () => {
    const looks: number[] = []
    const { state, tookSeconds, n1 } = await rejoined(
      () => {},
      (startedAt) => startedAt !== null && looks.push(startedAt) > 4,
    )
    expect(state).toBe('cancelled')
    expect(tookSeconds).toBeLessThan(15)
    expect([n1.state, n1.hasStandbySignal]).toEqual(['stopped', true])
  })
})
