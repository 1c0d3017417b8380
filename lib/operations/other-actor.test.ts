import { expect, test } from 'vitest'
import { type ActorStage, otherActorMatrix } from '@/e2e/harness/twin/other-actor'
import { newFleet, say } from '@/e2e/harness/twin/switchover'
import { type MemoryFleet, MemoryJournal } from '@/lib/adapters/memory'
import { judgeMove } from '@/lib/domain/proof/certificate'
import { brokenOf } from '@/lib/kernel/engine/crash-matrix'
import type { JournalLine } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { operationByName } from '.'
import { moves } from './evidence'

interface Case {
  operation: string
  what: string
  /** A member; left out: the herd. */
  target?: string
  input?: JsonObject
  prepare?: (fleet: MemoryFleet) => void
  /** Only every so many points of the longer operations. */
  stride: number
}

const stop = (title: string) => (fleet: MemoryFleet) => {
  fleet.instance(title).state = 'stopped'
}

const cases: Case[] = [
  { operation: 'switchover', what: 'with a pooler in front', input: { canary: false }, stride: 3 },
  { operation: 'failover', what: 'planned', stride: 3 },
  {
    operation: 'failover',
    what: 'of a host that is off',
    input: { override: 'demo' },
    prepare: (fleet) => {
      fleet.host('n1').power = 'off'
    },
    stride: 2,
  },
  { operation: 'promote', what: 'of a standby whose primary is down', target: 'demo on n2', prepare: stop('demo on n1'), stride: 1 },
  { operation: 'restart', what: 'of a primary', target: 'demo on n1', stride: 1 },
  { operation: 'stop', what: 'of a primary', target: 'demo on n1', stride: 1 },
  { operation: 'start', what: 'of a stopped primary', target: 'demo on n1', prepare: stop('demo on n1'), stride: 1 },
]

const stageOf = async ({ operation: name, target, input: raw = {}, prepare }: Case): Promise<ActorStage> => {
  const fleet = newFleet({ poolers: name === 'switchover' ? ['front'] : [] })
  say(fleet, {})
  prepare?.(fleet)
  const operation = operationByName(name)!
  const { id, herdId } = fleet.instance(target ?? 'demo on n1').inventory
  const targetId = target === undefined ? herdId : id
  const input = operation.input.parse(raw) as JsonObject
  const { digest, reason } = await makeTargetPlan(operation, fleet.read, input, targetId, new AbortController().signal)
  if (reason !== null) throw new Error(reason)
  const journal = new MemoryJournal(fleet.clock)
  return {
    fleet,
    operation,
    job: { id: 'job', targetId, input, digest },
    ports: fleet,
    clock: fleet.clock,
    journal,
    disturb: () => {},
    snapshot: () => '',
    broken: () => lies(fleet, name, journal.lines),
  }
}

/** A certificate says *proven* only where the new primary has all that the old one ever wrote. */
const lies = (fleet: MemoryFleet, operation: string, lines: readonly JournalLine[]): string[] => {
  const evidence = moves[operation]?.evidence(lines, { jobId: 'job', runId: 'run', by: 'ada' }) ?? null
  if (evidence === null || judgeMove(evidence).kind !== 'proven') return []
  if (evidence.newPrimary === null) return ['proven, and nobody is named as the new primary']
  const [old, next] = [fleet.instance('demo on n1'), fleet.instance(evidence.newPrimary)]
  const fork = next.forks.find(({ timeline }) => timeline === old.timeline)?.bytes
  return old.timeline < next.timeline && (fork === undefined || fork < old.walBytes) ? ['proven, and the new primary lacks something'] : []
}

for (const one of cases)
  test(`${one.operation} ${one.what}: whatever somebody else does while no worker lives, seen or unseen, nobody is made a second writer, no client waits for ever, and a person is told what to do`, {
    timeout: 300_000,
  }, async () => {
    const results = await otherActorMatrix(() => stageOf(one), { stride: one.stride })
    expect(results.length).toBeGreaterThan(0)
    expect(brokenOf(results)).toEqual([])
  })
