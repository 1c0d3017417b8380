import { describe, expect, test } from 'vitest'
import { memoryFleet } from '@/lib/adapters/memory'
import { directories, directoriesHead, final, harmless, makeDirectory, undo } from '../engine/directories.fixture'
import type { Operation } from './operation'
import { defaultPolicy, type Plan, type PlanEnvironment } from './plan'
import { planChanges } from './plan-changes'
import { composePlan, makeTargetPlan } from './plan-making'

const fleet = memoryFleet([{ environment: 'dev', name: 'demo', hosts: ['n1', 'n2'] }])
const servers = [fleet.host('n1').server, fleet.host('n2').server]
const signal = new AbortController().signal

const targetsOf = (operation: Operation) => Promise.all(servers.map(({ id }) => makeTargetPlan(operation, fleet.read, {}, id, signal)))
const environment = (protection: PlanEnvironment['protection']) => ({
  id: servers[0]!.environmentId,
  name: 'dev',
  colour: 'green',
  protection,
  maintenanceWindows: [],
})
const compose = (operation: Operation, targets: Plan['targets'], protection: PlanEnvironment['protection'] = 'open', input = {}) =>
  composePlan(operation, input, defaultPolicy, targets, [environment(protection)], null, { at: new Date(0), inMs: 5 })

const reversible = directoriesHead()
  .effect('one', makeDirectory('/one', undo('/one')))
  .build()
const lasting = directoriesHead().effect('one', makeDirectory('/one', final)).build()
const routine: Operation = {
  ...directoriesHead().effect('one', makeDirectory('/one', harmless)).build(),
  danger: 'routine',
  dangerWith: () => 'routine',
}

describe('the plan of one target', () => {
  test('shows each step with its preview, commands, ending and deadline, and runs nothing', async () => {
    const [target] = await targetsOf(directories)
    expect(target!.effects.map((one) => [one.name, one.state, one.ending.kind, one.ending.isPointOfNoReturn])).toEqual([
      ['hold', 'will-run', 'release', false],
      ['first', 'will-run', 'undo', false],
      ['second', 'will-run', 'undo', false],
      ['point', 'will-run', 'final', true],
      ['after', 'will-run', 'undo', false],
    ])
    expect(target!.effects[1]).toMatchObject({ preview: 'Make /first.', commands: ['mkdir /first'], timeoutMs: 10_000 })
    expect(fleet.calls.made).toEqual([])
  })

  test('marks what is already so, and excludes a target with nothing left to do', async () => {
    const { directories: made } = fleet.host('n1')
    made.add('/one')
    const [target] = await targetsOf(reversible)
    expect(target).toMatchObject({
      eligible: false,
      reason: 'There is nothing to do: it is already in this state.',
      effects: [{ state: 'already-so' }],
    })
    made.clear()
  })

  test('never calls already so what earlier steps will have changed by then', async () => {
    fleet.host('n1').directories.add('/two')
    const states = async (isRedone: boolean) => {
      const operation = directoriesHead()
        .effect('one', makeDirectory('/one', undo('/one')))
        .effect('two', { ...makeDirectory('/two', undo('/two')), isRedone: () => isRedone })
        .build()
      return (await targetsOf(operation))[0]!.effects.map(({ state }) => state)
    }
    expect([await states(false), await states(true)]).toEqual([
      ['will-run', 'already-so'],
      ['will-run', 'will-run'],
    ])
    fleet.host('n1').directories.clear()
  })

  test('a step that is blocked excludes the target, unless an earlier step may clear the way', async () => {
    const blocked = makeDirectory('/two', undo('/two'), { check: async () => ({ found: 'blocked', because: '/one is missing' }) })
    const [alone] = await targetsOf(directoriesHead().effect('two', blocked).build())
    expect(alone).toMatchObject({ eligible: false, reason: '/one is missing' })
    const [after] = await targetsOf(
      directoriesHead()
        .effect('one', makeDirectory('/one', undo('/one')))
        .effect('two', blocked)
        .build(),
    )
    expect(after).toMatchObject({ eligible: true, effects: [{ state: 'will-run' }, { state: 'will-run' }] })
  })

  test('a gate that refuses excludes the target with its reason and looks no further', async () => {
    const closed = directoriesHead()
      .gate('open', 'It is open', () => ({ verdict: 'refuse', because: 'it is closed' }))
      .effect('one', makeDirectory('/one', undo('/one')))
      .build()
    const [target] = await targetsOf(closed)
    expect(target).toMatchObject({ eligible: false, reason: 'it is closed', effects: [], affected: [] })
  })

  test('a host that does not answer excludes its target and no other', async () => {
    fleet.host('n1').power = 'off'
    const targets = await targetsOf(reversible)
    expect(targets.map((one) => one.eligible)).toEqual([false, true])
    expect(targets[0]!.reason).toBe('n1 does not answer over SSH.')
    fleet.host('n1').power = 'on'
  })

  test('an aborted plan throws instead of excluding', async () => {
    const stop = new AbortController()
    stop.abort(new Error('enough'))
    await expect(makeTargetPlan(reversible, fleet.read, {}, servers[0]!.id, stop.signal)).rejects.toThrow()
  })
})

describe('the digest', () => {
  test('is the same for the same firm facts, whatever else drifts and in whatever order targets come', async () => {
    const one = compose(reversible, await targetsOf(reversible))
    const two = compose(reversible, (await targetsOf(reversible)).toReversed())
    expect(two.digest).toBe(one.digest)
  })

  test('moves with a firm fact, the input, the policy, the operation and who is excluded', async () => {
    const targets = await targetsOf(reversible)
    const base = compose(reversible, targets).digest
    const excluded = targets.map((one, index) => (index === 0 ? { ...one, eligible: false, reason: 'no' } : one))
    const firm = directoriesHead(() => ({ generation: 2 }))
      .effect('one', makeDirectory('/one', undo('/one')))
      .build()
    const others = [
      compose(firm, await targetsOf(firm)).digest,
      compose(reversible, targets, 'open', { a: 1 }).digest,
      composePlan(reversible, {}, { ...defaultPolicy, parallel: 1 }, targets, [environment('open')], null, { at: new Date(0), inMs: 5 })
        .digest,
      compose({ ...reversible, name: 'other' }, targets).digest,
      compose(reversible, excluded).digest,
    ]
    expect(new Set([base, ...others]).size).toBe(6)
  })
})

describe('what is asked before it may run', () => {
  test.each<[string, Operation, PlanEnvironment['protection'], string | null, boolean]>([
    ['a disruptive, reversible operation in an open environment asks nothing', reversible, 'open', null, false],
    ['a disruptive operation in a protected environment asks for the phrase', reversible, 'confirm', 'make 2 in dev', false],
    ['two persons are asked where the environment says so', reversible, 'two-person', 'make 2 in dev', true],
    ['what cannot be undone asks for the phrase everywhere', lasting, 'open', 'make 2 in dev', false],
    ['a routine operation asks nothing anywhere', routine, 'two-person', null, false],
    ['an operation that never asks does not', { ...lasting, neverAsksPhrase: true }, 'confirm', null, false],
  ])('%s', async (_name, operation, protection, phrase, needsApproval) => {
    const plan = compose(operation, await targetsOf(operation), protection)
    expect([plan.phrase, plan.needsApproval]).toEqual([phrase, needsApproval])
  })

  test('the phrase counts what will run, and nothing is asked when nothing will', async () => {
    fleet.host('n2').power = 'off'
    const targets = await targetsOf(lasting)
    fleet.host('n2').power = 'on'
    const plan = compose(lasting, targets, 'confirm')
    expect([plan.phrase, plan.eligible, plan.excluded, plan.environments[0]!.targets]).toEqual(['make 1 in dev', 1, 1, 1])
    expect(
      compose(
        lasting,
        targets.filter((one) => !one.eligible),
        'confirm',
      ).phrase,
    ).toBeNull()
  })

  test('it is reversible only while no step that will run is a point of no return', async () => {
    expect([
      compose(reversible, await targetsOf(reversible)).isReversible,
      compose(lasting, await targetsOf(lasting)).isReversible,
    ]).toEqual([true, false])
  })
})

describe('the changes between two plans', () => {
  test('none between a plan and itself', async () => {
    const plan = compose(reversible, await targetsOf(reversible))
    expect(planChanges(plan, plan)).toEqual([])
  })

  test('name every target that is excluded, new or gone, and every step, gate and fact that differs', async () => {
    const before = compose(reversible, await targetsOf(reversible))
    const [one, two] = before.targets
    const after = {
      ...before,
      policy: { ...before.policy, parallel: 1 },
      targets: [
        { ...one!, eligible: false, reason: 'it is stopped', now: [{ label: 'State', value: 'stopped' }] },
        { ...two!, id: 'new', title: 'n3' },
      ],
    }
    expect(planChanges(before, after).map(({ title, what, before, after }) => [title, what, before, after])).toEqual([
      ['Make directories', 'policy', JSON.stringify(before.policy), JSON.stringify(after.policy)],
      ['n1', 'excluded', null, 'it is stopped'],
      ['n1', 'now', null, 'State: stopped'],
      ['n3', 'added', null, 'n3'],
      ['n2', 'removed', 'n2', null],
    ])
  })
})
