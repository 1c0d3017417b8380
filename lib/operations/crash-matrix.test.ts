import { describe, expect, test } from 'vitest'
import { backupCases } from '@/e2e/harness/twin/backup-cases'
import { applied, atMost, type Case, isGivenUp, runsUnlessAsked } from '@/e2e/harness/twin/crash-laws'
import { healthyWorld } from '@/e2e/harness/twin/healthy'
import { maintenanceCases } from '@/e2e/harness/twin/maintenance-cases'
import { parameterCases } from '@/e2e/harness/twin/parameter-cases'
import { replicationCases } from '@/e2e/harness/twin/replication-cases'
import { sessionCases } from '@/e2e/harness/twin/session-cases'
import { type MemoryFleet, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { brokenOf, countStates, crashMatrix, type Disturbance, type Stage } from '@/lib/kernel/engine/crash-matrix'
import type { JobState, JournalLine } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { exampleInput } from '@/lib/kernel/operation/example-input'
import type { Operation } from '@/lib/kernel/operation/operation'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { operationByName, operations } from '.'

const cases: Case[] = [
  ...['demo on n1', 'demo on n2'].map(
    (target): Case => ({
      operation: 'restart',
      what: target.endsWith('n1') ? 'of a primary' : 'of a standby',
      target,
      broken: (instance, state, lines) => [
        ...runsUnlessAsked(instance, state, lines),
        ...atMost(1, instance, /^stop/),
        ...atMost(1, instance, /^start/),
        ...(state === 'done' && applied(instance, /^start/) !== 1 ? ['done without a start'] : []),
      ],
      ends: ['attention', 'cancelled', 'done', 'failed'],
    }),
  ),
  ...(['fast', 'immediate'] as const).map(
    (mode): Case => ({
      operation: 'stop',
      what: mode,
      target: 'demo on n1',
      input: { mode },
      broken: (instance, state, lines) => [
        ...(state === 'done' && instance.state === 'running' ? ['done, and it runs'] : []),
        ...(state === 'done' ? [] : runsUnlessAsked(instance, state, lines)),
        ...atMost(1, instance, /^stop/),
        ...atMost(1, instance, /^start/),
      ],
      ends: ['cancelled', 'done', 'failed', 'undone'],
    }),
  ),
  {
    operation: 'start',
    what: 'of a stopped primary',
    target: 'demo on n1',
    prepare: (instance) => {
      instance.state = 'stopped'
    },
    broken: (instance, state) => [
      ...(state === 'done' && instance.state !== 'running' ? [`done, and it is ${instance.state}`] : []),
      ...(['undone', 'failed', 'cancelled'].includes(state) && instance.state === 'running' ? [`${state}, and it runs`] : []),
      ...atMost(1, instance, /^start/),
      ...atMost(1, instance, /^stop/),
    ],
    ends: ['cancelled', 'done', 'failed', 'undone'],
  },
  {
    operation: 'reload',
    what: 'with a changed setting',
    target: 'demo on n2',
    prepare: (instance) => {
      instance.files.work_mem = '64MB'
    },
    broken: (instance, state) => [
      ...(state === 'done' && instance.active.work_mem !== '64MB' ? ['done, and the setting is not active'] : []),
      ...atMost(1, instance, /^reload/),
    ],
    ends: ['cancelled', 'done', 'failed'],
  },
  {
    operation: 'checkpoint',
    what: 'of a primary',
    target: 'demo on n1',
    broken: (instance, state) => (state === 'done' && applied(instance, /checkpoint/) === 0 ? ['done without a checkpoint'] : []),
    ends: ['cancelled', 'done', 'failed'],
  },
  {
    operation: 'run-sql',
    what: 'reading',
    target: 'demo on n2',
    input: { sql: 'select 1' },
    broken: (instance) => (instance.applied.length > 0 ? ['it wrote'] : []),
    ends: ['cancelled', 'done'],
  },
  {
    operation: 'run-sql',
    what: 'writing',
    target: 'demo on n1',
    input: { sql: 'update t set a = a + 1', write: true },
    broken: (instance, state) => [
      ...atMost(1, instance, /^execute/),
      ...(state === 'done' && applied(instance, /^execute/) !== 1 ? ['done, and nothing was committed'] : []),
      ...(state === 'cancelled' && applied(instance, /^execute/) > 0 ? ['cancelled, and it was committed'] : []),
    ],
    ends: ['attention', 'cancelled', 'done', 'failed'],
  },
  {
    operation: 'add-reader',
    what: 'of a standby',
    target: 'demo on n2',
    broken: (instance, state, lines, { world }) => {
      const [hasRole, isLetIn] = [world.readers.size > 0, instance.readerLines !== null || instance.activeReaderLines !== null]
      const isGone = ['undone', 'failed', 'cancelled'].includes(state) && !isGivenUp(lines)
      return [
        ...(state === 'done' && (!hasRole || instance.activeReaderLines === null) ? ['done, and the reader cannot log in'] : []),
        ...(isGone && (hasRole || isLetIn) ? [`${state}, and something of the reader is left`] : []),
      ]
    },
    ends: ['attention', 'cancelled', 'done', 'failed', 'undone'],
  },
  ...maintenanceCases,
  ...parameterCases,
  ...sessionCases,
  ...replicationCases,
  ...backupCases,
]

const stageOf = async ({ operation: name, target, input, prepare, broken }: Case): Promise<Stage> => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'] }])
  const instance = fleet.instance(target)
  prepare?.(instance, fleet)
  const job = await jobOn(fleet, operationByName(name)!, instance.inventory.id, input ?? {})
  return { ...job, snapshot: () => snapshotOf(fleet), broken: told }

  function told(this: Stage, state: JobState) {
    return [...fleet.world.violations, ...broken(instance, state, this.journal.lines, fleet)]
  }
}

const jobOn = async (fleet: MemoryFleet, operation: Operation, targetId: string, raw: JsonObject) => {
  const input = operation.input.parse(raw) as JsonObject
  const { digest, reason } = await makeTargetPlan(operation, fleet.read, input, targetId, new AbortController().signal)
  if (reason !== null) throw new Error(reason)
  const planned = new Map<number, Disturbance>()
  fleet.calls.interfere = ({ nth }) => planned.get(nth)
  return {
    operation,
    job: { id: 'job', targetId, input, digest },
    ports: fleet,
    clock: fleet.clock,
    journal: new MemoryJournal(fleet.clock),
    disturb: (nth: number, how: Disturbance) => void planned.set(fleet.calls.made.length + nth, how),
  }
}

const snapshotOf = ({ world }: MemoryFleet): string =>
  JSON.stringify([
    [...world.instances.values()].map(({ state, applied, active, pid }) => ({ state, applied, active, pid })),
    [...world.poolers.values()].map(({ applied }) => applied),
    [...world.zones.values()].map(({ applied }) => applied),
  ])

/** Whatever an operation does to a healthy world: nothing twice that is not harmless, and no server is left down unless that is what it did or somebody is asked. */
const brokenOfAny = (operation: Operation, { world }: MemoryFleet, state: JobState, lines: readonly JournalLine[]): string[] => {
  const isHarmless = operation.effects.every(({ ending }) => 'final' in ending && ending.harmless === true)
  const places = [...world.instances.values(), ...world.poolers.values(), ...world.zones.values()]
  const twice = places.flatMap(({ applied }) => applied.filter((act, at) => applied.indexOf(act) !== at))
  return [
    ...world.violations,
    ...(isHarmless ? [] : twice.map((act) => `${act} was applied twice`)),
    ...(state === 'done' ? [] : [...world.instances.values()].flatMap((instance) => runsUnlessAsked(instance, state, lines))),
  ]
}

const stageOfAny = async (operation: Operation, at: number): Promise<Stage> => {
  const { fleet, targets } = healthyWorld(operation.on)
  const job = await jobOn(fleet, operation, targets[at]!.id, exampleInput(operation))
  return { ...job, snapshot: () => snapshotOf(fleet), broken: (state) => brokenOfAny(operation, fleet, state, job.journal.lines) }
}

/** The targets of the healthy world that an operation does not refuse. */
const targetsFor = async (operation: Operation): Promise<number[]> => {
  const { targets } = healthyWorld(operation.on)
  const stages = await Promise.allSettled(targets.map((_one, at) => stageOfAny(operation, at)))
  return stages.flatMap(({ status }, at) => (status === 'fulfilled' ? [at] : []))
}

/** Whose matrix is a file of its own, since what it acts on is no instance or more than one. */
const elsewhere = [
  ...[
    'adopt-patroni',
    'build-cluster',
    'rotate-certificates',
    'launch-herd',
    'launch-standby',
    'stop-herd',
    'resume-herd',
    'replace-machine',
    'tear-down',
    'create',
    'drill',
    'failover',
    'switchover',
    'refresh-dns',
    'check-zone',
    'resize',
    'resize-herd',
    'reboot-host',
    'rolling-reboot',
    'upgrade-minor',
    'rolling-upgrade',
    'start-machine',
    'stop-machine',
    'reboot-machine',
    'rolling-restart',
    'set-herd-parameters',
  ],
  ...[
    'patroni-switchover',
    'patroni-zero-gap',
    'patroni-restart',
    'patroni-reload',
    'patroni-reinit',
    'patroni-pause',
    'patroni-resume',
    'patroni-configure',
  ],
  ...['etcd-snapshot', 'etcd-defragment', 'etcd-disarm', 'rds-start', 'rds-stop', 'rds-reboot', 'rds-promote'],
  ...['pause-pooler', 'resume-pooler', 'reload-pooler', 'drain-pooler', 'follow-primary'],
]

describe('wherever drivers die, sleep or hand over, and however acts go wrong', () => {
  for (const one of cases)
    test(`${one.operation} ${one.what} ends as it says, applies nothing twice and leaves no server down`, {
      timeout: 300_000,
    }, async () => {
      const results = await crashMatrix(() => stageOf(one), { stride: one.stride })
      expect(brokenOf(results)).toEqual([])
      expect(Object.keys(countStates(results)).sort()).toEqual(one.ends)
    })

  const withLaws = new Set([...elsewhere, ...cases.map((one) => one.operation)])
  for (const operation of operations.filter(({ name }) => !withLaws.has(name)))
    test(`${operation.name}, which has no laws of its own here, ends as its snapshot says and leaves a healthy world healthy`, {
      timeout: 300_000,
    }, async () => {
      const { targets } = healthyWorld(operation.on)
      const ends: string[] = []
      for (const at of await targetsFor(operation)) {
        const results = await crashMatrix(() => stageOfAny(operation, at), { stride: operation.effects.length ** 2 })
        expect(brokenOf(results)).toEqual([])
        ends.push(`${targets[at]!.what}: ${Object.keys(countStates(results)).sort().join(', ')}`)
      }
      expect(ends, 'refused by every healthy target: give it a case with what it needs').not.toEqual([])
      await expect(`${ends.join('\n')}\n`).toMatchFileSnapshot(`__snapshots__/crashes/${operation.name}.txt`)
    })

  test('a matrix of its own is that of an operation', () => {
    expect([...withLaws].filter((name) => operationByName(name) === undefined)).toEqual([])
  })
})
