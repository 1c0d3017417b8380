import { expect, test } from 'vitest'
import { defaultPolicy, type GateVerdict, type Plan, type PlanTarget } from './plan'
import { asAgreed } from './scheduled'

const gate = (name: string, verdict: GateVerdict['verdict'], because: string | null = null): GateVerdict => ({
  name,
  title: `The ${name}`,
  verdict,
  because,
})
const target = (id: string, over: Partial<PlanTarget> = {}): PlanTarget => ({
  id,
  title: `herd ${id}`,
  environmentId: 'e',
  herdId: id,
  serverId: null,
  now: [{ label: 'Primary', value: 'n1' }],
  eligible: true,
  reason: null,
  gates: [gate('lag', 'pass')],
  effects: [],
  affected: [],
  locks: [],
  order: 0,
  digest: 'firm',
  lasting: 'same',
  ...over,
})
const plan = (...targets: PlanTarget[]): Plan => ({
  operation: 'switchover',
  title: 'Switch over',
  resource: 'dr-pair',
  input: {},
  policy: defaultPolicy,
  targets,
  eligible: targets.filter((one) => one.eligible).length,
  excluded: 0,
  environments: [
    {
      id: 'e',
      name: 'dev',
      colour: 'green',
      protection: 'open',
      maintenanceWindows: [],
      targets: targets.filter((one) => one.eligible).length,
    },
  ],
  phrase: null,
  isDisruptive: true,
  isReversible: false,
  needsApproval: false,
  history: null,
  digest: 'd',
  madeAt: '2026-11-21T12:00:00.000Z',
  madeInMs: 1,
})
const reasons = (read: Plan, now: Plan) => asAgreed(read, now).leftOut.map(({ title, because }) => `${title}: ${because}`)

test('what is as it was runs, also when only what drifts has changed', () => {
  const agreed = asAgreed(plan(target('a')), plan(target('a', { digest: 'another candidate' })))
  expect(agreed.leftOut).toEqual([])
  expect(agreed.plan.eligible).toBe(1)
})

test('a target that a gate refuses at the time is left out with the gate’s reason, and the others run', () => {
  const now = plan(target('a', { eligible: false, reason: 'The standby is 3 GiB behind.' }), target('b'))
  const agreed = asAgreed(plan(target('a'), target('b')), now)
  expect(agreed.leftOut).toEqual([{ id: 'a', title: 'herd a', because: 'The standby is 3 GiB behind.' }])
  expect(agreed.plan).toMatchObject({ eligible: 1, excluded: 1, environments: [{ targets: 1 }] })
})

test('a warning that nobody read when it was scheduled leaves the target out; one that was read does not', () => {
  const warned = target('a', { gates: [gate('lag', 'warn', '9 clients are cut.')] })
  expect(reasons(plan(target('a')), plan(warned))).toEqual(['herd a: The lag: 9 clients are cut.'])
  expect(reasons(plan(warned), plan(target('a', { gates: [gate('lag', 'warn', '12 clients are cut.')] })))).toEqual([])
})

test('a target that is not what it was is left out, and the reason says what it is and was', () => {
  const moved = target('a', { lasting: 'other', now: [{ label: 'Primary', value: 'n2' }] })
  expect(reasons(plan(target('a')), plan(moved))).toEqual([
    'herd a: It has changed since this was scheduled: Primary: n2 (it was Primary: n1).',
  ])
  expect(reasons(plan(target('a', { lasting: undefined })), plan(target('a', { lasting: undefined, digest: 'other' })))).toHaveLength(1)
})

test('a target that was excluded when it was scheduled stays excluded although it would pass now', () => {
  const agreed = asAgreed(plan(target('a', { eligible: false, reason: 'It is stopped.' }), target('b')), plan(target('a'), target('b')))
  expect(agreed.leftOut).toEqual([])
  expect(agreed.plan.targets.filter((one) => one.eligible).map(({ id }) => id)).toEqual(['b'])
})

test('a target that is not registered any more is left out', () => {
  expect(reasons(plan(target('a'), target('b')), plan(target('b')))).toEqual(['herd a: It is not registered any more.'])
})
