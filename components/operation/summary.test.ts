import { describe, expect, test } from 'vitest'
import { defaultPolicy, type Plan, type PlannedEffect, type PlanTarget } from '@/lib/kernel/operation/plan'
import { planTarget } from '@/lib/kernel/operation/plan.fixture'
import { apiCalls, cliCall } from './calls'
import {
  environmentWords,
  estimateSeconds,
  groupGates,
  hitEnvironments,
  isAlreadySo,
  overridesOf,
  pointOfNoReturn,
  pointsOfNoReturn,
  rollback,
  summedUp,
  totalAffected,
} from './summary'

const target = (id: string, over: Partial<PlanTarget> = {}): PlanTarget =>
  planTarget(id, { environmentId: 'e', herdId: 'h', serverId: id, ...over })
const effect = (name: string, kind: 'undo' | 'release' | 'final', state: PlannedEffect['state'] = 'will-run') => ({
  name,
  title: name,
  preview: name,
  commands: [],
  state,
  because: null,
  ending: { kind, sentence: '', isPointOfNoReturn: kind === 'final' && name !== 'reload' },
  timeoutMs: 1000,
})
const plan = (targets: PlanTarget[], over: Partial<Plan> = {}): Plan => ({
  operation: 'restart',
  title: 'Restart',
  resource: 'instance',
  input: {},
  policy: defaultPolicy,
  targets,
  eligible: targets.filter((t) => t.eligible).length,
  excluded: targets.filter((t) => !t.eligible).length,
  environments: [{ id: 'e', name: 'prod', colour: 'red', protection: 'two-person', maintenanceWindows: [], targets: targets.length }],
  phrase: null,
  isDisruptive: true,
  isReversible: false,
  needsApproval: false,
  history: { medianSeconds: 4, count: 12 },
  digest: 'd',
  madeAt: '2026-01-01T00:00:00Z',
  madeInMs: 12,
  ...over,
})

describe('the summary of a plan', () => {
  test('equal warnings of many targets are one line, the commonest first', () => {
    const warn = (because: string) => [{ name: 'clients', title: 'Clients', verdict: 'warn' as const, because }]
    const groups = groupGates(
      [target('a', { gates: warn('2') }), target('b', { gates: warn('1') }), target('c', { gates: warn('1') })],
      'warn',
    )
    expect(groups).toHaveLength(1)
    expect(groups[0]).toMatchObject({ title: 'Clients', targets: 3 })
    expect(groups[0]!.reasons.map((reason) => [reason.because, reason.targets.length])).toEqual([
      ['1', 2],
      ['2', 1],
    ])
  })

  test('an unknown count makes the total a lower bound instead of zero', () => {
    const [total] = totalAffected([
      target('a', { affected: [{ kind: 'clients', count: 3, sentence: '3 clients' }] }),
      target('b', { affected: [{ kind: 'clients', count: null, sentence: 'unknown' }] }),
    ])
    expect(total).toMatchObject({ count: 3, unknown: 1 })
  })

  test('the point of no return is the first effect that will run and is one; a harmless final is none', () => {
    const one = target('a', { effects: [effect('reload', 'final'), effect('old', 'final', 'already-so'), effect('stop', 'final')] })
    expect(pointOfNoReturn(one)).toBe(2)
    expect(pointOfNoReturn(target('b', { effects: [effect('reload', 'final')] }))).toBeNull()
  })

  test('each part of a rolling operation has its own point of no return', () => {
    const names = ['n1/wait', 'n1/stop', 'n1/after', 'switchover', 'n2/stop']
    const effects = names.map((name) => ({ ...effect('stop', name.endsWith('stop') || name.endsWith('after') ? 'final' : 'undo'), name }))
    expect([...pointsOfNoReturn(target('a', { effects }))]).toEqual([1, 4])
  })

  test('the estimate respects how many may run at once, on one server, and under one lock', () => {
    const many = Array.from({ length: 25 }, (_, index) => target(`t${index}`))
    expect(estimateSeconds(plan([]), many)).toBe(12)
    expect(
      estimateSeconds(
        plan([]),
        many.map((t) => ({ ...t, serverId: 'one' })),
      ),
    ).toBe(13 * 4)
    expect(
      estimateSeconds(
        plan([]),
        many.map((t) => ({ ...t, locks: ['herd:h'] })),
      ),
    ).toBe(25 * 4)
    expect(estimateSeconds(plan([], { history: null }), many)).toBeNull()
  })

  test('a target where all is already so is told apart', () => {
    expect(isAlreadySo(target('a', { effects: [effect('start', 'undo', 'already-so')] }))).toBe(true)
    expect(isAlreadySo(target('a'))).toBe(false)
    expect(isAlreadySo(target('a', { effects: [effect('start', 'undo', 'already-so'), effect('canary', 'undo', 'not-asked')] }))).toBe(true)
  })

  test('a target that only overrulable refusals keep out is summed up where nothing else runs, and one that another refusal keeps out is not', () => {
    const override = { input: 'override', words: 'shop', pledge: 'I know.', action: 'Plan without a fence' }
    const overrulable = { name: 'fenced', title: 'Fenced', verdict: 'refuse' as const, because: 'no', override }
    const firm = { name: 'alive', title: 'Alive', verdict: 'refuse' as const, because: 'no' }
    const [refused, hopeless] = [
      target('a', { eligible: false, gates: [overrulable] }),
      target('b', { eligible: false, gates: [overrulable, firm] }),
    ]
    expect([refused, hopeless, target('c')].map((one) => overridesOf(one).length)).toEqual([1, 0, 0])
    expect(summedUp(plan([refused, hopeless]))).toMatchObject({ targets: [{ id: 'a' }], isWouldBe: true })
    expect(summedUp(plan([refused, target('c')]))).toMatchObject({ targets: [{ id: 'c' }], isWouldBe: false })
  })

  test('the rollback promises no more than there is', () => {
    const of = (effects: PlanTarget['effects']) => rollback([target('a', { effects })])
    expect(of([effect('stop', 'undo'), effect('hold', 'release'), effect('reload', 'final', 'already-so')])).toBe(
      'Every step can be undone if one fails',
    )
    expect(of([effect('follow', 'undo'), effect('reload', 'final')])).toBe(
      'What matters is undone if a step fails; the rest is permanent and harmless',
    )
    expect(of([effect('reload', 'final')])).toBe('Nothing to undo: its effect is permanent and harmless')
    expect(of([effect('promote', 'final')])).toContain('cannot be undone')
  })

  test('the page is for every environment in which something would run, and names them', () => {
    const environments = [
      { id: '1', name: 'dev', colour: 'green', protection: 'open' as const, maintenanceWindows: [], targets: 30 },
      { id: '2', name: 'prod', colour: 'red', protection: 'confirm' as const, maintenanceWindows: [], targets: 1 },
      { id: '3', name: 'lab', colour: 'red', protection: 'two-person' as const, maintenanceWindows: [], targets: 0 },
    ]
    expect(hitEnvironments(plan([], { environments })).map(({ name }) => name)).toEqual(['dev', 'prod'])
    expect(environmentWords(plan([], { environments }))).toBe('DEV and PROD')
  })
})

describe('the calls a page shows', () => {
  const asked = {
    operation: 'run-sql',
    path: 'instances',
    targets: ['a'],
    input: { sql: "select 'x'" },
    policy: { ...defaultPolicy, parallel: 3 },
  }

  test('a statement with quotes survives the shell', () => {
    expect(cliCall(asked, 'dd')).toBe(`npx matriarch run run-sql a --sql 'select '\\''x'\\''' --parallel 3 --digest dd`)
  })

  test('only a changed policy is sent', () => {
    expect(apiCalls(asked, 'dd', 'https://m')).toContain('"policy":{"parallel":3}')
  })
})
