import { say, newFleet as switchoverFleet } from '@/e2e/harness/twin/switchover'
import { type MemoryFleet, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { adoptFile } from '@/lib/domain/poolers/template'
import type { MoveEvidence, MoveVerdict } from '@/lib/domain/proof/certificate'
import { drive } from '@/lib/kernel/engine/engine'
import { Fault } from '@/lib/kernel/ground/errors'
import type { JournalLine } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { operationByName } from '@/lib/operations'
import { moves } from '@/lib/operations/evidence'

/** One way in which a job that moves a primary may go. */
export interface GoldenMove {
  name: string
  /** null: it moves nothing, and gets no certificate. */
  kind: MoveVerdict['kind'] | null
  /** What its journal proves. */
  evidence: () => Promise<MoveEvidence | null>
}

const signal = new AbortController().signal
const ids = { jobId: '6f0f7c9e-0000-4000-8000-00000000000a', runId: '6f0f7c9e-0000-4000-8000-00000000000b' }

/** Carries the operation out on the herd of `demo on n1`; a person gives up what needs attention. */
const journalOf = async (name: string, fleet: MemoryFleet, raw: JsonObject): Promise<JournalLine[]> => {
  const operation = operationByName(name)!
  const targetId = fleet.instance('demo on n1').inventory.herdId
  const input = operation.input.parse(raw) as JsonObject
  const { digest, reason } = await makeTargetPlan(operation, fleet.read, input, targetId, signal)
  if (reason !== null) throw new Error(reason)
  const journal = new MemoryJournal(fleet.clock)
  const on = () =>
    drive(operation, { id: ids.jobId, targetId, input, digest }, journal.open(), fleet, {
      driver: 'test',
      signal,
      isCancelRequested: () => false,
      clock: fleet.clock,
    })
  if ((await on()) === 'attention') {
    journal.write([{ kind: 'decided', decision: 'abandon', by: 'ada' }])
    await on()
  }
  return JSON.parse(JSON.stringify(journal.lines)) as JournalLine[]
}

const move = (
  name: string,
  kind: GoldenMove['kind'],
  fleetOf: () => MemoryFleet | Promise<MemoryFleet>,
  input: JsonObject = { canary: false },
): GoldenMove => {
  const operation = name.split('-')[0]!
  const evidence = async () => moves[operation]!.evidence(await journalOf(operation, await fleetOf(), input), { ...ids, by: 'ada' })
  return { name, kind, evidence }
}

const newFleet = (change: (fleet: MemoryFleet) => void | Promise<void> = () => {}) => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'], virtualHost: 'demo' }])
  return Promise.resolve(change(fleet)).then(() => fleet)
}

const answer = (said: unknown) => ({
  columns: ['said'],
  rows: [[JSON.stringify(said)]],
  rowCount: 1,
  isCut: false,
  command: 'SELECT',
  tookMs: 1,
})

/** Unlogged tables, and logical slots of the old primary: what is in no WAL. */
const outsideWal = (fleet: MemoryFleet): void => {
  const other = fleet.world.sql
  const readiness = {
    isReplayPaused: false,
    applyDelayMs: 0,
    limits: {},
    isArchivingFailing: false,
    preparedTransactions: 0,
    logicalSlots: ['cdc', 'search'].map((name) => ({ name, isFailover: false, isSynced: false, isUsable: true })),
    awaitedSlots: [],
    walBytesMax: 1,
  }
  fleet.world.sql = (instance, sql, isWriting) => {
    if (sql.includes('"databaseNames"')) return answer(['postgres', 'shop'])
    if (sql.includes('"unloggedTables"')) return answer({ unlogged: 2, extensions: [] })
    return sql.includes('as readiness') ? answer(readiness) : other(instance, sql, isWriting)
  }
}

const switching = (poolers: string[] = [], change: (fleet: MemoryFleet) => void = () => {}): MemoryFleet => {
  const fleet = switchoverFleet({ poolers })
  say(fleet, {})
  change(fleet)
  return fleet
}

/** One pooler in front of two herds. */
const sharedPooler = (): MemoryFleet => {
  const fleet = memoryFleet([
    { environment: 'prod', name: 'demo', hosts: ['n1', 'n2'], poolers: ['front'] },
    { environment: 'prod', name: 'crm', hosts: ['c1', 'c2'], sharedPoolers: ['front'] },
  ])
  const { inventory, file } = fleet.pooler('demo pooler on front')
  const aimOf = (title: string) => ({ host: fleet.instance(title).inventory.address.host.address, port: 5432 })
  const template = adoptFile(adoptFile(file!.text, aimOf('demo on n1'), null)!, aimOf('crm on c1'), 'crm')
  Object.assign(inventory, { isManaged: true, template })
  return fleet
}

const failing = (wrong: string) => (fleet: MemoryFleet) => {
  fleet.calls.interfere = ({ act, target }) =>
    `${act} ${target}` === wrong ? { how: 'fail', fault: new Fault('shell.failed') } : undefined
}

/** Each is a document of every version from the one on in which it was first there. Never remove one. */
export const goldenMoves: readonly GoldenMove[] = [
  move('failover-planned', 'proven', newFleet),
  move('failover-planned-canary', 'proven', newFleet, { canary: true }),
  move('failover-outside-wal', 'proven', () => newFleet(outsideWal)),
  move(
    'failover-canary-commit-gone',
    'lost',
    () =>
      newFleet((fleet) => {
        const { rows } = fleet.read.canary
        fleet.read.canary.rows = async (...args) => (await rows(...args)).filter((id) => id !== 3)
      }),
    { canary: true },
  ),
  move(
    'failover-canary-died',
    'not-provable',
    () =>
      newFleet((fleet) => {
        fleet.calls.afterwards = ({ act }) => {
          if (act === 'promote') for (const canary of fleet.world.canaries.values()) canary.isWriting = false
        }
      }),
    { canary: true },
  ),
  move('failover-found-stopped', 'proven', () =>
    newFleet((fleet) => fleet.act.postgres.stop(fleet.instance('demo on n1').inventory.address, 'fast', { timeoutMs: 1_000 })),
  ),
  move('failover-found-crashed', 'not-provable', () =>
    newFleet((fleet) => {
      fleet.instance('demo on n1').state = 'crashed'
    }),
  ),
  move(
    'failover-emergency-overridden',
    'not-provable',
    () =>
      newFleet((fleet) => {
        fleet.host('n1').power = 'off'
      }),
    { override: 'demo' },
  ),
  move('failover-fence-broken', 'not-provable', () =>
    newFleet((fleet) => {
      const { history } = fleet.read.replication
      fleet.read.replication.history = async (...args) => {
        Object.assign(fleet.instance('demo on n1'), { hasStandbySignal: false, timeline: 1 })
        return history(...args)
      }
    }),
  ),
  move('failover-undone', null, () => newFleet(failing('promote demo on n2'))),
  move('failover-abandoned', 'not-provable', () => newFleet(failing('replace demo.prod.test'))),
  move('switchover-direct', 'proven', switching),
  move('switchover-canary', 'proven', switching, { canary: true }),
  move('switchover-pooler', 'proven', () => switching(['front'])),
  move('switchover-pooler-of-two-herds', 'proven', sharedPooler),
  move('switchover-never-led', null, () =>
    switching(['front'], (fleet) => {
      fleet.calls.interfere = ({ act }) => (act === 'take over' ? { how: 'hang-before' } : undefined)
    }),
  ),
  move('switchover-abandoned', 'not-provable', () => switching(['front'], failing('replace demo.prod.test'))),
]
