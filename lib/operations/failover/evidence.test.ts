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
