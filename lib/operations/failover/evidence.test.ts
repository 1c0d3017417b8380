import { describe, expect, test } from 'vitest'
import { MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { judgeMove } from '@/lib/domain/proof/certificate'
import { drive } from '@/lib/kernel/engine/engine'
import { Fault } from '@/lib/kernel/ground/errors'
import type { JournalLine } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { failover } from '.'
import { failoverEvidence } from './evidence'

const about = { jobId: 'job', runId: 'run', by: 'dana' }
const newFleet = () => memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'] }])

const evidenceIn = async (fleet: ReturnType<typeof memoryFleet>, raw: JsonObject = {}) => {
  const targetId = fleet.instance('demo on n1').inventory.herdId
  const input = failover.input.parse(raw) as JsonObject
  const { digest } = await makeTargetPlan(failover, fleet.read, input, targetId, new AbortController().signal)
  const journal = new MemoryJournal(fleet.clock)
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  await drive(failover, { id: 'job', targetId, input, digest }, journal.open(), fleet, options)
  return failoverEvidence(JSON.parse(JSON.stringify(journal.lines)) as JournalLine[], about)
}

test('a planned failover that went well is proven by what its journal says', async () => {
  const evidence = (await evidenceIn(newFleet()))!
  expect(judgeMove(evidence)).toMatchObject({ kind: 'proven' })
  expect(evidence).toMatchObject({
    herd: 'demo',
    environment: 'prod',
    timeline: { old: 1, new: 2 },
    fork: { timeline: 1 },
    after: { role: 'standby' },
  })
  expect(evidence.steps.at(-1)).toMatchObject({ name: 'evidence', state: 'done' })
})

test('the unlogged tables of the new primary, the logical slots of the old one and the wait for the console’s database are evidence; what did not answer is not known', async () => {
  expect((await evidenceIn(newFleet()))!).toMatchObject({ notInWal: { unloggedTables: null, logicalSlots: null }, waitedMs: 0 })
  const fleet = newFleet()
  const other = fleet.world.sql
  const answer = (said: unknown) => ({
    columns: [''],
    rows: [[JSON.stringify(said)]],
    rowCount: 1,
    isCut: false,
    command: 'SELECT',
    tookMs: 1,
  })
  const readiness = {
    isReplayPaused: false,
    applyDelayMs: 0,
    limits: {},
    isArchivingFailing: false,
    preparedTransactions: 0,
    logicalSlots: ['a', 'b'].map((name) => ({ name, isFailover: false, isSynced: false, isUsable: true })),
    awaitedSlots: [],
  }
  fleet.world.sql = (instance, sql, isWriting) => {
    if (sql.includes('"databaseNames"')) return answer(['postgres', 'shop'])
    if (sql.includes('"unloggedTables"')) return answer({ unlogged: 2, extensions: [] })
    return sql.includes('as readiness') ? answer({ ...readiness, walBytesMax: 1 }) : other(instance, sql, isWriting)
  }
  const evidence = (await evidenceIn(fleet))!
  expect(evidence.notInWal).toEqual({ unloggedTables: 4, logicalSlots: 2 })
  expect(judgeMove(evidence).because.join(' ')).toMatch(/4 unlogged tables.*2 logical slots/)
})

test('a primary that is down without a word can prove nothing, and a person’s word is no fence', async () => {
  const fleet = newFleet()
  fleet.host('n1').power = 'off'
  const evidence = (await evidenceIn(fleet, { override: 'demo' }))!
  expect(judgeMove(evidence)).toMatchObject({
    kind: 'not-provable',
    because: expect.arrayContaining([expect.stringContaining('took responsibility for that')]),
  })
})

test('a primary that was found shut down, and fenced, proves as much as a planned move; one that crashed does not', async () => {
  const stopped = newFleet()
  await stopped.act.postgres.stop(stopped.instance('demo on n1').inventory.address, 'fast', { timeoutMs: 1_000 })
  expect(judgeMove((await evidenceIn(stopped))!)).toMatchObject({ kind: 'proven' })
  const crashed = newFleet()
  crashed.instance('demo on n1').state = 'crashed'
  expect(judgeMove((await evidenceIn(crashed))!)).toMatchObject({
    kind: 'not-provable',
    because: [expect.stringContaining('did not shut down cleanly')],
  })
})

test('an old primary that somebody starts again as a primary after the fence is never green', async () => {
  const fleet = newFleet()
  const { history } = fleet.read.replication
  fleet.read.replication.history = async (...args) => {
    Object.assign(fleet.instance('demo on n1'), { hasStandbySignal: false, timeline: 1 })
    return history(...args)
  }
  const evidence = (await evidenceIn(fleet))!
  expect(judgeMove(evidence)).toMatchObject({ kind: 'not-provable', because: [expect.stringContaining('the fence did not hold')] })
})

describe('with a canary', () => {
  const schemaOf = (fleet: ReturnType<typeof memoryFleet>, host: string) =>
    fleet.instance(`demo on ${host}`).applied.filter((act) => act.endsWith(' canary'))

  test('every commit that was acknowledged is found on the new primary, and its schema is gone when the job ends', async () => {
    const fleet = newFleet()
    const evidence = (await evidenceIn(fleet, { canary: true }))!
    expect(judgeMove(evidence)).toMatchObject({ kind: 'proven' })
    expect(evidence.canary).toMatchObject({
      found: { on: 'demo on n2', lost: 0 },
      cutOff: null,
      timelines: [{ timeline: 1 }, { timeline: 2 }],
    })
    expect([schemaOf(fleet, 'n1'), schemaOf(fleet, 'n2')]).toEqual([['prepare canary'], ['remove canary']])
    expect(fleet.world.canaries.size).toBe(0)
  })

  test('a failover that is rolled back removes the canary too', async () => {
    const fleet = newFleet()
    fleet.calls.interfere = ({ act }) => (act === 'stop fast' ? { how: 'fail' } : undefined)
    expect(await evidenceIn(fleet, { canary: true })).toBeNull()
    expect(schemaOf(fleet, 'n1')).toEqual(['prepare canary', 'remove canary'])
  })

  test('an acknowledged commit that somebody removed is a loss', async () => {
    const fleet = newFleet()
    const { rows } = fleet.read.canary
    fleet.read.canary.rows = async (...args) => (await rows(...args)).filter((id) => id !== 3)
    const evidence = (await evidenceIn(fleet, { canary: true }))!
    expect(judgeMove(evidence)).toMatchObject({ kind: 'lost', commits: 1 })
    expect(evidence.canary!.found!.lostIds).toEqual([3])
  })

  test('a canary that died on the way, or whose rows cannot be asked for, holds nobody up and is never green', async () => {
    const dead = newFleet()
    dead.calls.afterwards = ({ act }) => {
      if (act === 'promote') for (const canary of dead.world.canaries.values()) canary.isWriting = false
    }
    expect(judgeMove((await evidenceIn(dead, { canary: true }))!)).toMatchObject({
      kind: 'not-provable',
      because: expect.arrayContaining([expect.stringContaining('The canary was cut off')]),
    })
    const silent = newFleet()
    silent.read.canary.rows = async () => {
      throw new Fault('sql.timeout')
    }
    const evidence = (await evidenceIn(silent, { canary: true }))!
    expect(evidence.outcome).toBe('done')
    expect(judgeMove(evidence)).toMatchObject({ kind: 'not-provable', because: [expect.stringContaining('was not asked')] })
  })

  test('a primary that takes no commits from the canary is not stopped', async () => {
    const fleet = newFleet()
    fleet.calls.interfere = ({ act }) => (act === 'start canary' ? { how: 'fail' } : undefined)
    expect(await evidenceIn(fleet, { canary: true })).toBeNull()
    expect(fleet.instance('demo on n1').applied).not.toContain('stop fast')
  })
})

test('a job that came to no promotion moved nothing, and gets no certificate', async () => {
  const fleet = newFleet()
  fleet.calls.interfere = ({ act }) => (act === 'stop fast' ? { how: 'fail' } : undefined)
  expect(await evidenceIn(fleet)).toBeNull()
})
