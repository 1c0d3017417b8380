import { describe, expect, test } from 'vitest'
import { managedFleet, patroniScope, pausableFleet } from '@/e2e/harness/twin/patroni'
import { type MemoryFleet, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import type { FaultFinding } from '@/lib/domain/drill/judge'
import { drillReport } from '@/lib/domain/drill/report'
import { brokenOf, countStates, crashMatrix, type Disturbance } from '@/lib/kernel/engine/crash-matrix'
import { drive } from '@/lib/kernel/engine/engine'
import type { JobState } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { defaultPolicy } from '@/lib/kernel/operation/plan'
import { composePlan, makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { drill } from '.'

/** Matriarch's own. */
const ownFleet = (): MemoryFleet => memoryFleet([{ environment: 'prod', name: 'shop', hosts: ['n1', 'n2', 'n3'] }])
const etcdFleet = (): MemoryFleet => {
  const fleet = pausableFleet()
  const member = (name: string, index: number) => ({
    ...{
      id: String(index),
      name,
      urls: [`https://${fleet.host(name).server.address.address}:2379`],
      isLeader: index === 0,
      isLearner: false,
    },
    ...{ isUp: true, version: '3.5.0', databaseBytes: 20_480, usedBytes: 16_384, revision: 7, because: null },
  })
  fleet.world.etcd.set(patroniScope, {
    ...{ clusterId: '1', endpoints: [], members: ['n1', 'n2', 'n3'].map(member), hasQuorum: true, alarms: [], certificates: [] },
  })
  return fleet
}

const herdOf = (fleet: MemoryFleet) => fleet.instance('shop on n1').inventory.herdId
const inputOf = (raw: JsonObject) => drill.input.parse({ calmSeconds: 1, downSeconds: 1, ...raw }) as JsonObject
const planOf = (fleet: MemoryFleet, raw: JsonObject = {}) =>
  makeTargetPlan(drill, fleet.read, inputOf(raw), herdOf(fleet), new AbortController().signal)

const run = async (fleet: MemoryFleet, raw: JsonObject = {}) => {
  const { digest, reason } = await planOf(fleet, raw)
  expect(reason).toBeNull()
  const journal = new MemoryJournal(fleet.clock)
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  const state = await drive(drill, { id: 'job', targetId: herdOf(fleet), input: inputOf(raw), digest }, journal.open(), fleet, options)
  return { state, lines: journal.lines, report: drillReport(journal.lines) }
}

const everyFault = {
  sessions: true,
  restart: true,
  switchover: true,
  killPostgres: true,
  stopPatroni: true,
  killPatroni: true,
  killEtcd: true,
}

test('production asks for two people, and for a phrase everywhere; a kill counts as destructive', async () => {
  const fleet = ownFleet()
  const composed = async (raw: JsonObject, protection: 'open' | 'two-person') => {
    const planned = await planOf(fleet, raw)
    const environment = { id: planned.environmentId!, name: 'prod', colour: 'red', protection, maintenanceWindows: [] }
    return composePlan(drill, inputOf(raw), defaultPolicy, [planned], [environment], null, { at: fleet.clock.now(), inMs: 0 })
  }
  expect(await composed({}, 'two-person')).toMatchObject({ needsApproval: true, isDisruptive: true })
  expect((await composed({}, 'open')).phrase).toBe('drill 1 in prod')
  expect([drill.dangerWith(inputOf({})), drill.dangerWith(inputOf({ killPostgres: true }))]).toEqual(['disruptive', 'destructive'])
  expect(fleet.calls.made).toEqual([])
})

describe('it is refused', () => {
  test.each<[string, () => MemoryFleet, JsonObject, string]>([
    [
      'where the environment does not allow drills',
      () => {
        const fleet = ownFleet()
        fleet.world.allowsDrills = false
        return fleet
      },
      {},
      'prod does not allow drills',
    ],
    ['without a fault', ownFleet, { sessions: false }, 'Choose at least one fault.'],
    ['with a fault of Patroni where there is none', ownFleet, { killPatroni: true }, 'No Patroni manages the herd'],
    ['with a switchover of Matriarch’s own herd, which has a better one', ownFleet, { switchover: true }, 'use Switch over'],
    ['while Patroni is paused', () => pausableFleet(() => ({ isPaused: true })), {}, 'maintenance mode'],
    [
      'where another manager decides',
      () => managedFleet(() => [{ ...managedFleet().host('n1').managers[0]!, kind: 'repmgr' }]),
      {},
      'Another manager',
    ],
    [
      'while a member is down',
      () => {
        const fleet = ownFleet()
        fleet.instance('shop on n2').state = 'stopped'
        return fleet
      },
      {},
      'A drill begins on a healthy herd.',
    ],
    [
      'where an earlier drill, or somebody, has a database of that name',
      () => {
        const fleet = ownFleet()
        fleet.world.drillDatabases.set(fleet.instance('shop on n1').systemIdentifier, 'another')
        return fleet
      },
      {},
      'the drill of job another left it',
    ],
    [
      'with the kill of an etcd member where one is away already',
      () => {
        const fleet = etcdFleet()
        const seen = fleet.world.etcd.get(patroniScope)!
        fleet.world.etcd.set(patroniScope, { ...seen, members: seen.members.map((one, at) => ({ ...one, isUp: at > 0 })) })
        return fleet
      },
      { killEtcd: true },
      'Not every member of etcd answers.',
    ],
  ])('%s', async (_what, make, raw, because) => {
    expect((await planOf(make(), raw)).reason).toContain(because)
  })

  test('by its schema, beyond its limits of rate, writers and time', () => {
    for (const raw of [{ perSecond: 501 }, { writers: 17 }, { minutes: 61 }, { calmSeconds: 61 }, { downSeconds: 121 }])
      expect(drill.input.safeParse(raw).success).toBe(false)
  })
})

/** What must be so however it ended: everything runs that ran, and nothing of the drill is left. */
const leftOf = (fleet: MemoryFleet): string[] => [
  ...(fleet.world.drillDatabases.size > 0 ? ['its database is left'] : []),
  ...[...fleet.world.drills.values()].flatMap((one) => (one.isWriting ? ['writers write on'] : [])),
  ...[...fleet.world.instances.values()].flatMap(({ state, inventory }) => (state === 'running' ? [] : [`${inventory.title} is ${state}`])),
  ...[...fleet.world.hosts.values()].flatMap(({ managers, server }) =>
    managers.flatMap(({ state }) => (state === 'running' ? [] : [`Patroni on ${server.title} is ${state}`])),
  ),
  ...[...fleet.world.etcd.values()].flatMap(({ members }) =>
    members.flatMap(({ isUp, name }) => (isUp ? [] : [`etcd on ${name} is down`])),
  ),
]

test('every fault on a Patroni cluster is done and measured, nothing acknowledged is lost, and nothing of the drill stays', async () => {
  const fleet = etcdFleet()
  const { state, report } = await run(fleet, everyFault)
  expect(state).toBe('done')
  expect(report!.findings.map(({ finding }) => finding.kind)).toEqual([
    'sessions',
    'restart',
    'switchover',
    'kill-postgres',
    'stop-patroni',
    'kill-patroni',
    'kill-etcd',
  ])
  expect(report).toMatchObject({ lost: 0, duplicated: 0, difference: 0, unmeasured: [], left: [] })
  expect(report!.findings.filter(({ verdict }) => verdict.kind === 'beyond')).toEqual([])
  expect(leftOf(fleet)).toEqual([])
})

test('a commit that a failover loses is counted by id, lowers the sum, and is more than a synchronous herd may lose', async () => {
  const fleet = etcdFleet()
  fleet.calls.afterwards = ({ act }) => {
    if (!act.startsWith('kill -KILL')) return
    const drill = [...fleet.world.drills.values()].find(({ isWriting }) => isWriting)!
    drill.commits = drill.commits.filter(({ id }) => id !== 3)
  }
  const { report } = await run(fleet, { sessions: false, killPatroni: true })
  expect(report).toMatchObject({ lost: 1, difference: -1 })
  expect(report!.findings[0]).toMatchObject({ finding: { lostIds: [3] }, verdict: { kind: 'beyond' } })
})

test('a worker that dies in the middle, and a next one on another machine: what was lost is not known, and never 0', async () => {
  const fleet = ownFleet()
  fleet.calls.afterwards = ({ act }) => {
    if (act.startsWith('kill -KILL')) fleet.world.drills.clear()
  }
  const { state, report } = await run(fleet, { sessions: false, killPostgres: true })
  expect(state).toBe('done')
  expect(report).toMatchObject({ lost: null, acked: null, difference: null })
  expect(report!.findings[0]!.verdict.kind).toBe('unknown')
  expect(leftOf(fleet)).toEqual([])
})

test('a herd that does not come back whole ends the drill before its next fault, and the report says so', async () => {
  const fleet = etcdFleet()
  fleet.calls.afterwards = ({ act }) => {
    if (act === 'POST /restart') fleet.instance('shop on n3').upstreamId = null
  }
  const { state, report, lines } = await run(fleet, { restart: true, switchover: true, sessions: false })
  expect(state).toBe('failed')
  expect(lines.findLast((line) => line.kind === 'failed')).toMatchObject({ step: 'restart' })
  expect(report!.unmeasured).toEqual(['restart'])
  expect(leftOf(fleet)).toEqual([])
})

const isGivenUp = (lines: readonly { kind: string; decision?: unknown }[]) =>
  lines.some((line) => line.kind === 'decided' && line.decision === 'abandon')

test.each<[string, () => MemoryFleet, JsonObject, { stride: number; every: number }]>([
  ['of Matriarch’s own herd', ownFleet, { sessions: false, restart: true, killPostgres: true }, { stride: 29, every: 13 }],
  [
    'of a Patroni cluster',
    etcdFleet,
    { sessions: false, switchover: true, stopPatroni: true, killPatroni: true, killEtcd: true },
    { stride: 61, every: 37 },
  ],
])(
  'a drill %s leaves nothing on and nothing behind, wherever drivers die',
  { timeout: 300_000 },
  async (_what, make, raw, { stride, every }) => {
    const results = await crashMatrix(
      async () => {
        const fleet = make()
        const { digest } = await planOf(fleet, raw)
        const planned = new Map<number, Disturbance>()
        fleet.calls.interfere = ({ nth }) => planned.get(nth)
        const journal = new MemoryJournal(fleet.clock)
        const kinds = ['restart', 'switchover', 'kill-postgres', 'stop-patroni', 'kill-patroni', 'kill-etcd']
        return {
          operation: drill,
          job: { id: 'job', targetId: herdOf(fleet), input: inputOf(raw), digest },
          ports: fleet,
          clock: fleet.clock,
          journal,
          disturb: (nth: number, how: Disturbance) => void planned.set(fleet.calls.made.length + nth, how),
          snapshot: () => JSON.stringify([leftOf(fleet), [...fleet.world.instances.values()].map(({ applied }) => applied)]),
          broken: (state: JobState) => [
            ...fleet.world.violations,
            ...(state === 'attention' || isGivenUp(journal.lines) ? [] : leftOf(fleet)),
            ...journal.lines.flatMap((line) => {
              const finding = line.kind === 'finished' && kinds.includes(line.step) ? (line.output as unknown as FaultFinding) : null
              return finding?.lost ? [`${finding.kind} lost ${finding.lost}`] : []
            }),
          ],
        }
      },
      { stride, every },
    )
    expect(brokenOf(results)).toEqual([])
    expect(Object.keys(countStates(results))).toContain('done')
  },
)
