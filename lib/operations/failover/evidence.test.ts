import { expect, test } from 'vitest'
import { MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { judgeMove } from '@/lib/domain/certificate'
import { drive } from '@/lib/kernel/engine'
import type { JournalLine } from '@/lib/kernel/journal'
import type { JsonObject } from '@/lib/kernel/json'
import { makeTargetPlan } from '@/lib/kernel/plan-making'
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
  await drive(failover, { id: 'job', targetId, input, digest }, journal.open(), fleet.act, options)
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
    because: expect.arrayContaining([expect.stringContaining('took the responsibility')]),
  })
})

test('a primary that was found shut down, and fenced, proves as much as a planned move; one that crashed does not', async () => {
  const stopped = newFleet()
  await stopped.act.postgresAct.stop(stopped.instance('demo on n1').inventory.address, 'fast', { timeoutMs: 1_000 })
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
  const { history } = fleet.act.replication
  fleet.act.replication.history = async (...args) => {
    Object.assign(fleet.instance('demo on n1'), { hasStandbySignal: false, timeline: 1 })
    return history(...args)
  }
  const evidence = (await evidenceIn(fleet))!
  expect(judgeMove(evidence)).toMatchObject({ kind: 'not-provable', because: [expect.stringContaining('the fence did not hold')] })
})

test('a job that came to no promotion moved nothing, and gets no certificate', async () => {
  const fleet = newFleet()
  fleet.calls.interfere = ({ act }) => (act === 'stop fast' ? { how: 'fail' } : undefined)
  expect(await evidenceIn(fleet)).toBeNull()
})
