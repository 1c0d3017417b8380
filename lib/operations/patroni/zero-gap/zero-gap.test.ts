import { describe, expect, test } from 'vitest'
import { managedFleet, memberOf, patroniConfig, patroniHosts, patroniPooler, patroniScope, pausableFleet } from '@/e2e/harness/twin/patroni'
import { heldIn, type MemoryFleet, MemoryJournal } from '@/lib/adapters/memory'
import { judgeMove } from '@/lib/domain/proof/certificate'
import { brokenOf, countStates, crashMatrix, type Disturbance, type Stage } from '@/lib/kernel/engine/crash-matrix'
import { drive } from '@/lib/kernel/engine/engine'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { defaultPolicy } from '@/lib/kernel/operation/plan'
import { composePlan, makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { moves } from '@/lib/operations/evidence'
import { patroniZeroGap } from '.'

const herdOf = (fleet: MemoryFleet) => fleet.instance('shop on n1').inventory.herdId
const inputOf = (raw: JsonObject = {}) => patroniZeroGap.input.parse({ canary: false, ...raw }) as JsonObject
const planOf = (fleet: MemoryFleet, raw: JsonObject = {}) =>
  makeTargetPlan(patroniZeroGap, fleet.read, inputOf(raw), herdOf(fleet), new AbortController().signal)
const configOf = (fleet: MemoryFleet) => fleet.world.dcs.get(patroniScope)!
const holderOf = (fleet: MemoryFleet) => fleet.host('n1').managers[0]!.members.find(({ role }) => role === 'leader')?.name

test('the plan of a zero-gap switchover reads as its snapshot says, and changes nothing', async () => {
  const fleet = pausableFleet()
  const planned = await planOf(fleet, { canary: true })
  const prod = { id: planned.environmentId!, name: 'prod', colour: 'red', protection: 'confirm' as const, maintenanceWindows: [] }
  const made = { at: fleet.clock.now(), inMs: 0 }
  const plan = composePlan(patroniZeroGap, {}, defaultPolicy, [planned], [prod], { medianSeconds: 3, count: 12 }, made)
  await expect(`${JSON.stringify(plan, null, 2)}\n`).toMatchFileSnapshot('../../__snapshots__/plans/patroni-zero-gap.txt')
  expect(planned.reason).toBeNull()
  expect(fleet.calls.made).toEqual([])
})

describe('it is refused', () => {
  test.each([
    ['where no Patroni looks after the herd', () => managedFleet(() => []), {}, 'use Switch over'],
    ['while Patroni is paused, whoever paused it', () => pausableFleet(() => ({ isPaused: true })), {}, 'Patroni is paused already'],
    [
      'while a member’s Patroni does not answer',
      () => pausableFleet((host) => (host === 'n3' ? { isPaused: null, members: [] } : {})),
      {},
      'The Patroni of shop on n3 does not answer',
    ],
    [
      'in strict synchronous mode',
      () => pausableFleet(() => ({}), { ...patroniConfig, synchronous_mode: true, synchronous_mode_strict: true }),
      {},
      'strict synchronous mode',
    ],
    [
      'with a candidate that Patroni would not take',
      () =>
        pausableFleet(() => ({ members: patroniHosts.map((one, index) => ({ ...memberOf(one, index), tags: { nofailover: 'true' } })) })),
      { candidate: 'shop on n2' },
      'shop on n2 has the tag nofailover.',
    ],
    [
      'where Patroni’s leader is another one than who takes writes',
      () => pausableFleet(() => ({ members: patroniHosts.map((one, index) => memberOf(one, index === 1 ? 0 : 1)) })),
      {},
      'shop on n1 takes writes, and Patroni’s leader is n2',
    ],
    [
      'while the leader waits for a restart',
      () =>
        pausableFleet(() => ({ members: patroniHosts.map((one, index) => ({ ...memberOf(one, index), hasPendingRestart: index === 0 })) })),
      {},
      'settings that wait for a restart',
    ],
  ] as const)('%s', async (_what, fleetOf, raw, because) => {
    const fleet = fleetOf()
    const plan = await planOf(fleet, raw)
    expect(plan.eligible).toBe(false)
    expect(
      plan.gates
        .filter(({ verdict }) => verdict === 'refuse')
        .map((gate) => gate.because)
        .join(' '),
    ).toContain(because)
  })

  test('where no pooler is in front, with the way to do it', async () => {
    const fleet = pausableFleet()
    fleet.world.poolers.clear()
    expect((await planOf(fleet)).reason).toContain(
      'No pooler is in front of it, so its clients cannot be paused: use Switch over through Patroni.',
    )
  })
})

test('in synchronous mode the plan says that commits do not wait for about a second', async () => {
  const members = patroniHosts.map((one, index) => ({ ...memberOf(one, index), ...(index === 1 ? { role: 'sync_standby' } : {}) }))
  const plan = await planOf(
    pausableFleet(() => ({ members }), { ...patroniConfig, synchronous_mode: true }),
    { candidate: 'shop on n2' },
  )
  expect(plan.gates.find(({ name }) => name === 'synchronous')).toMatchObject({
    verdict: 'warn',
    because: expect.stringContaining('commits do not wait for a synchronous standby'),
  })
})

const stageOf = async (): Promise<Stage & { fleet: MemoryFleet }> => {
  const fleet = pausableFleet()
  const { digest, reason } = await planOf(fleet, { candidate: 'shop on n2' })
  if (reason !== null) throw new Error(reason)
  const planned = new Map<number, Disturbance>()
  fleet.calls.interfere = ({ nth }) => planned.get(nth)
  const journal = new MemoryJournal(fleet.clock)
  return {
    fleet,
    operation: patroniZeroGap,
    job: { id: 'job', targetId: herdOf(fleet), input: inputOf({ candidate: 'shop on n2' }), digest },
    ports: fleet,
    clock: fleet.clock,
    journal,
    disturb: (nth, how) => void planned.set(fleet.calls.made.length + nth, how),
    snapshot: () =>
      JSON.stringify([
        holderOf(fleet),
        configOf(fleet).pause,
        [...fleet.world.instances.values()].map(({ state, applied, timeline, hasStandbySignal, replaced }) => [
          ...[state, applied, timeline, hasStandbySignal, replaced],
        ]),
        fleet.zone('prod.test').applied,
        fleet.pooler(patroniPooler).applied,
      ]),
    broken: (state) => {
      const isAsked = state === 'attention' || journal.lines.some((line) => line.kind === 'decided' && line.decision === 'abandon')
      const isSaid = journal.lines.some((line) => line.kind === 'note' && line.text.includes('Patroni has made'))
      return [...fleet.world.violations, ...lawsOf(fleet, state, { isAsked, isSaid })]
    },
  }
}

/** Nothing is left paused unless a person is asked; nothing is done twice; who takes writes holds the key, and the pooler points there. */
const lawsOf = (fleet: MemoryFleet, state: string, { isAsked, isSaid }: { isAsked: boolean; isSaid: boolean }): string[] => {
  const [n1, n2] = [fleet.instance('shop on n1'), fleet.instance('shop on n2')]
  const writes = [...fleet.world.instances.values()].filter(
    (one) => one.inventory.herdId === herdOf(fleet) && one.state === 'running' && !one.hasStandbySignal,
  )
  const { host, isPaused } = fleet.pooler(patroniPooler).databases.get('shop')!
  const once = ['stop fast', 'promote', 'fence']
  const twice = [n1, n2].flatMap((one) => once.filter((act) => one.applied.filter((done) => done === act).length > 1))
  const leads = heldIn(fleet.zone('prod.test'), 'shop.prod.test')[0]?.values[0]
  const isTimed = patroniHosts.every((name) => [...fleet.host(name).work.values()].some(({ exitCode }) => exitCode === null))
  return [
    ...twice.map((act) => `${act} was applied twice`),
    ...(configOf(fleet).pause === true && !isTimed ? ['Patroni is paused, and a host has no timer'] : []),
    ...(state === 'done' && (writes[0] !== n2 || holderOf(fleet) !== 'n2' || leads !== 'n2.prod.test')
      ? ['done, and n2 does not lead']
      : []),
    ...(state === 'done' && (n1.upstreamId !== n2.inventory.id || n1.replaced !== null) ? ['done, and n1 does not follow'] : []),
    ...(isAsked
      ? []
      : [
          ...(configOf(fleet).pause === true ? [`${state}, and Patroni is paused`] : []),
          ...(isPaused ? [`${state}, and the clients wait for ever`] : []),
          ...(writes.length === 1 ? [] : [`${state}, and ${writes.length} take writes`]),
          ...(host === writes[0]?.inventory.address.host.address ? [] : [`${state}, and the pooler points elsewhere`]),
          ...(`shop on ${holderOf(fleet)}` === writes[0]?.inventory.title
            ? []
            : [`${state}, and another one holds the key than who takes writes`]),
          ...(state !== 'done' && writes[0] !== n1 && !isSaid ? [`${state}, n1 does not lead, and nobody says so`] : []),
        ]),
  ]
}

const driven = async (stage: Stage) => {
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: stage.clock }
  return drive(stage.operation, stage.job, stage.journal.open(), stage.ports, options)
}

test('the leader moves with the key, the others, the pooler and the name; Patroni is paused no more, and the certificate proves it', async () => {
  const stage = await stageOf()
  const { fleet, journal } = stage
  expect(await driven(stage)).toBe('done')
  expect(stage.broken('done')).toEqual([])
  expect(configOf(fleet)).toEqual(patroniConfig)
  const evidence = moves['patroni-zero-gap']!.evidence(journal.lines, { jobId: 'job', runId: 'run', by: 'ada' })
  expect(judgeMove(evidence!)).toMatchObject({ kind: 'proven' })
  expect(evidence!.steps.map(({ title }) => title)).toContain('Let Patroni take the leader key')
})

test('it ends as it says wherever drivers die and however acts go wrong: one writer, never paused for ever, no client held for ever', {
  timeout: 900_000,
}, async () => {
  const results = await crashMatrix(stageOf, { stride: 997 })
  expect(brokenOf(results)).toEqual([])
  expect(Object.keys(countStates(results)).sort()).toEqual(['attention', 'cancelled', 'done', 'failed', 'undone'])
})
