import { afterAll, beforeAll, expect, test } from 'vitest'
import { testFleet } from '@/e2e/harness/lab'
import { type LabHerd, openLabHerd } from '@/e2e/harness/matrix/herd'
import { MemoryJournal, passingClock } from '@/lib/adapters/memory'
import { judgeMove, type MoveEvidence } from '@/lib/domain/proof/certificate'
import { drive } from '@/lib/kernel/engine/engine'
import { systemClock } from '@/lib/kernel/ground/clock'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { startLoad, verify } from '@/lib/playground/lab/load-cli'
import { readLedger } from '@/lib/playground/load/ledger'
import { until } from '@/lib/playground/machine/processes'
import { switchover } from '.'
import { switchoverEvidence } from './evidence'

let herd: LabHerd
beforeAll(async () => {
  herd = await openLabHerd(testFleet({ shop: 'a > b' }), 'shop')
})
afterAll(() => herd?.close())

const planOf = (raw: JsonObject) =>
  makeTargetPlan(switchover, herd.ports.read, switchover.input.parse(raw) as JsonObject, 'shop', new AbortController().signal)
const run = async (raw: JsonObject) => {
  const plan = await planOf(raw)
  expect(plan.reason).toBeNull()
  const journal = new MemoryJournal(passingClock())
  const job = { id: 'job', targetId: 'shop', input: switchover.input.parse(raw) as JsonObject, digest: plan.digest }
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: systemClock }
  const state = await drive(switchover, job, journal.open(), herd.ports, options)
  const trouble = journal.lines.filter((line) => ['failed', 'attention', 'undo-failed'].includes(line.kind))
  return { state, trouble, evidence: switchoverEvidence(journal.lines, { jobId: 'job', runId: 'run', by: 'test' }), plan }
}
const role = async (host: string) => {
  const probe = await herd.ports.read.postgres.probe(herd.instance(host).address, { timeoutMs: 15_000 })
  return `${probe.state} ${probe.role} ${probe.timeline}${probe.upstream?.status ? ` ${probe.upstream.status}` : ''}`
}
/** From the order to stop to the first proven commit, milliseconds. */
const gapOf = ({ steps }: MoveEvidence) => {
  const at = (name: string, end: 'startedAt' | 'endedAt') => Date.parse(steps.find((step) => step.name === name)?.[end] ?? '')
  return at('write', 'endedAt') - at('stop-primary', 'startedAt')
}
const ackedIn = (file: string) => [...readLedger(file).outcomes.values()].filter((outcome) => outcome === 'acked').length

test('on real servers a switchover is refused while a transaction is long, by name; with clients cut, the two swap roles there and back under load, and no acknowledged commit is lost', async () => {
  const ledgerFile = herd.lab.layout.at('ledger-switchover')
  const load = await startLoad(herd.lab, 'shop', { ledgerFile })
  await until('some commits', () => ackedIn(ledgerFile) > 50, { timeoutMs: 60_000 })
  const held = herd.lab.hosts.exec('a', ['psql', '-Xqc', `select pg_sleep(600), 'secret'`]).catch(() => null)
  // On a slow machine one of the load's own can be the long one for a moment.
  const byName =
    /^1 transaction older than 1 s: \S+ in \S+ \(pid \d+, psql, from socket\) for .*: select pg_sleep\(600\), '…'\. Let them end, or choose cut\.$/
  await until('the long transaction to be refused by name', async () => byName.test((await planOf({ blockerSeconds: 1 })).reason ?? ''), {
    timeoutMs: 60_000,
  })
  const there = await run({ blockers: 'cut', blockerSeconds: 1, canary: true })
  expect(there.trouble).toEqual([])
  expect(there.state).toBe('done')
  expect(there.plan.now.find(({ label }) => label === 'Predicted gap')?.value).toMatch(/^About .* without a writer/)
  expect(judgeMove(there.evidence!)).toMatchObject({ kind: 'proven' })
  await held
  const back = await run({ candidate: 'shop on a', canary: true })
  expect(back.trouble).toEqual([])
  expect(back.state).toBe('done')
  const predicted = there.plan.now.find(({ label }) => label === 'Predicted gap')?.value
  const seen = [there, back].map(
    ({ evidence }) =>
      `${Math.round(evidence!.canary!.longestGapMs!)} ms by the canary, ${gapOf(evidence!)} ms by the journal (${evidence!.steps.map(({ name, tookMs }) => `${name} ${tookMs}`).join(', ')})`,
  )
  console.info(`${predicted} Seen: ${seen.join('; ')}.`)
  const before = ackedIn(ledgerFile)
  await until('commits after both', () => ackedIn(ledgerFile) > before + 50, { timeoutMs: 60_000 })
  await load.stop()
  expect(await verify(herd.lab, 'shop', ledgerFile)).toMatchObject({ lost: [], duplicate: [], phantom: [], isClean: true })
  expect(await role('a')).toBe('online primary 3')
  expect(await role('b')).toBe('online standby 3 streaming')
})
