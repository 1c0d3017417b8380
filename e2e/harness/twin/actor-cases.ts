import { type MemoryFleet, type MemoryInstance, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { judgeMove } from '@/lib/domain/proof/certificate'
import type { JournalLine } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { operationByName } from '@/lib/operations'
import { moves } from '@/lib/operations/evidence'
import type { ActorStage } from './actors'
import { replacedBy, splitFrom } from './replication-cases'
import { newFleet, say } from './switchover'

export interface ActorCase {
  operation: string
  what: string
  /** Of whom; left out: of the herd. */
  target?: (fleet: MemoryFleet) => string
  input?: JsonObject
  prepare?: (fleet: MemoryFleet) => void
  make?: () => MemoryFleet
  /** In a sample: only every so many points of the longer operations. */
  stride: number
}

const member = (title: string) => (fleet: MemoryFleet) => fleet.instance(title).inventory.id
const on =
  (title: string, act: (instance: MemoryInstance, fleet: MemoryFleet) => void) =>
  (fleet: MemoryFleet): void =>
    act(fleet.instance(title), fleet)
const stop = (instance: MemoryInstance) => void Object.assign(instance, { state: 'stopped' })
const withPooler = () => newFleet({ poolers: ['front'] })

/** What wrote past the fork before it was shut down. */
const pastFork = (instance: MemoryInstance, fleet: MemoryFleet) => {
  replacedBy('demo on n2')(instance, fleet)
  Object.assign(instance, { checkpointBytes: instance.walBytes + 4096, walBytes: instance.walBytes + 4216 })
}

/** The primary was moved outside the console: n1 follows n2, and the poolers and names are where they were. */
const movedAway = (fleet: MemoryFleet) => {
  const [n1, n2] = [fleet.instance('demo on n1'), fleet.instance('demo on n2')]
  Object.assign(n2, { hasStandbySignal: false, timeline: 2, upstreamId: null, forks: [{ timeline: 1, bytes: n2.walBytes }] })
  Object.assign(n1, { hasStandbySignal: true, ranAsStandby: true, upstreamId: n2.inventory.id })
}

/** Every operation that moves, stops or starts a primary, or sends clients to one. */
export const actorCases: readonly ActorCase[] = [
  { operation: 'switchover', what: 'with a pooler in front', input: { canary: false }, make: withPooler, stride: 8 },
  {
    operation: 'rolling-restart',
    what: 'with a pooler in front',
    input: { canary: false },
    make: withPooler,
    prepare: ({ world }) => {
      for (const { files } of world.instances.values()) files.max_connections = '200'
    },
    stride: 16,
  },
  { operation: 'failover', what: 'planned', stride: 8 },
  {
    operation: 'failover',
    what: 'of a host that is off',
    input: { override: 'demo' },
    prepare: (fleet) => {
      fleet.host('n1').power = 'off'
    },
    stride: 4,
  },
  {
    operation: 'promote',
    what: 'of a standby whose primary is down',
    target: member('demo on n2'),
    prepare: on('demo on n1', stop),
    stride: 2,
  },
  { operation: 'restart', what: 'of a primary', target: member('demo on n1'), stride: 1 },
  { operation: 'stop', what: 'of a primary', target: member('demo on n1'), stride: 1 },
  { operation: 'start', what: 'of a stopped primary', target: member('demo on n1'), prepare: on('demo on n1', stop), stride: 1 },
  {
    operation: 'demote',
    what: 'of one of two primaries',
    target: member('demo on n1'),
    prepare: on('demo on n1', splitFrom('demo on n2')),
    stride: 13,
  },
  {
    operation: 'rejoin',
    what: 'of a primary that was shut down before the promotion',
    target: member('demo on n1'),
    prepare: on('demo on n1', replacedBy('demo on n2')),
    stride: 5,
  },
  {
    operation: 'rejoin',
    what: 'of a primary that wrote past the fork',
    target: member('demo on n1'),
    prepare: on('demo on n1', pastFork),
    stride: 7,
  },
  { operation: 'rebuild', what: 'of a standby by a copy', target: member('demo on n2'), input: { strategy: 'copy' }, stride: 12 },
  {
    operation: 'rebuild',
    what: 'of a former primary that crashed past the fork',
    target: member('demo on n1'),
    prepare: on('demo on n1', (instance, fleet) => {
      replacedBy('demo on n2')(instance, fleet)
      instance.state = 'crashed'
    }),
    stride: 11,
  },
  {
    operation: 'repoint',
    what: 'of a standby under another one',
    target: member('demo on n3'),
    input: { upstream: 'demo on n2' },
    stride: 4,
  },
  {
    operation: 'create',
    what: 'of a standby',
    target: (fleet) => fleet.host('n5').server.id,
    input: { herd: 'demo' },
    make: () =>
      memoryFleet([
        { environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'] },
        { environment: 'prod', name: 'other', hosts: ['n5'], port: 5440 },
      ]),
    stride: 13,
  },
  {
    operation: 'follow-primary',
    what: 'of a pooler that points at the former primary',
    target: (fleet) => fleet.pooler('demo pooler on front').inventory.id,
    make: withPooler,
    prepare: movedAway,
    stride: 1,
  },
  {
    operation: 'refresh-dns',
    what: 'of a name that points at the former primary',
    target: (fleet) => [...fleet.world.names.values()][0]!.id,
    prepare: movedAway,
    stride: 1,
  },
]

/** By case: worlds are made alike, so they are planned alike. */
const digests = new Map<ActorCase, string>()

/** A world of its own at each call. Throws where its operation is refused. */
export const actorStage = async (one: ActorCase): Promise<ActorStage> => {
  const fleet = (one.make ?? newFleet)()
  say(fleet, {})
  one.prepare?.(fleet)
  const operation = operationByName(one.operation)!
  const targetId = one.target?.(fleet) ?? fleet.instance('demo on n1').inventory.herdId
  const input = operation.input.parse(one.input ?? {}) as JsonObject
  const digest = digests.get(one) ?? (await digestOf(one, fleet, input, targetId))
  digests.set(one, digest)
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
    broken: () => lies(fleet, one.operation, journal.lines),
  }
}

const digestOf = async ({ operation, what }: ActorCase, { read }: MemoryFleet, input: JsonObject, targetId: string): Promise<string> => {
  const { digest, reason } = await makeTargetPlan(operationByName(operation)!, read, input, targetId, new AbortController().signal)
  if (reason !== null) throw new Error(`${operation} ${what}: ${reason}`)
  return digest
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
