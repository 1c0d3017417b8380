import { afterAll, beforeAll, expect, test } from 'vitest'
import { testFleet } from '@/e2e/harness/lab'
import { doesItsPart, type LabHerd, manageLabPoolers, openLabHerd } from '@/e2e/harness/matrix/herd'
import { MemoryJournal, passingClock } from '@/lib/adapters/memory'
import { drillReport } from '@/lib/domain/drill/report'
import { judgeMove } from '@/lib/domain/proof/certificate'
import { drive } from '@/lib/kernel/engine/engine'
import { systemClock } from '@/lib/kernel/ground/clock'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { startLoad, verify } from '@/lib/playground/lab/load-cli'
import { readLedger } from '@/lib/playground/load/ledger'
import { until } from '@/lib/playground/machine/processes'
import { drill } from '../drill'
import { moves } from '../evidence'
import { rollingRestart } from './restart'

const limits = { timeoutMs: 30_000 }
const patient = { timeoutMs: 60_000 }
const members = ['a', 'b', 'c']

let herd: LabHerd
beforeAll(async () => {
  herd = await openLabHerd(testFleet({ shop: 'a > b, c' }, { idleHosts: ['front'], poolers: [{ host: 'front', herd: 'shop' }] }), 'shop')
  await manageLabPoolers(herd)
})
afterAll(() => herd?.close())

const probe = (host: string) => herd.ports.read.postgres.probe(herd.instance(host).address, limits)
const ask = async (host: string, sql: string) => (await herd.lab.hosts.mustExec(host, ['psql', '-XAtc', sql])).trim()
const ackedIn = (file: string) => [...readLedger(file).outcomes.values()].filter((outcome) => outcome === 'acked').length

test('a herd under load gets a setting that needs a restart on every member, is led there and back, and its clients see no error and lose no commit', {
  timeout: 300_000,
}, async () => {
  const limit = Number(await ask('a', 'show max_connections')) + 20
  for (const host of members) {
    await herd.lab.hosts.mustExec(host, ['psql', '-Xqc', `alter system set max_connections = ${limit}`, '-c', 'select pg_reload_conf()'])
    await until('the setting to wait for a restart', async () => (await probe(host)).pendingRestart.includes('max_connections'), patient)
  }
  const ledgerFile = herd.lab.layout.at('ledger-rolling')
  const load = await startLoad(herd.lab, 'shop', { ledgerFile, writers: 8, through: ['front'] })
  await until('some commits', () => ackedIn(ledgerFile) > 100, patient)
  for (const host of members) await until(`${host} to do its part`, async () => doesItsPart(await probe(host)), patient)

  const input = rollingRestart.input.parse({ leadBack: true, blockers: 'cut' }) as JsonObject
  const plan = await makeTargetPlan(rollingRestart, herd.ports.read, input, 'shop', new AbortController().signal)
  expect(plan.reason).toBeNull()
  expect(plan.now.map(({ label, value }) => `${label}: ${value}`)).toContain(
    `shop on a: primary, 1 setting waits for a restart: max_connections ${limit - 20} → ${limit}`,
  )
  const journal = new MemoryJournal(passingClock())
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: systemClock }
  const job = { id: 'job', targetId: 'shop', input, digest: plan.digest }
  const state = await drive(rollingRestart, job, journal.open(), herd.ports, options)
  expect(journal.lines.filter((line) => ['failed', 'refused', 'attention', 'undo-failed'].includes(line.kind))).toEqual([])
  expect(state).toBe('done')
  expect(journal.lines.flatMap((line) => (line.kind === 'segment-closed' ? [`${line.segment} ${line.outcome}`] : []))).toEqual(
    ['c', 'b', 'switchover', 'a', 'switch-back'].map((key) => `${key} done`),
  )
  expect(journal.lines.find((line) => line.kind === 'left-out' && line.step === 'a/restart')).toMatchObject({
    because: 'It has started anew since the plan was made.',
  })
  expect(judgeMove(moves[rollingRestart.name]!.evidence(journal.lines, { jobId: 'job', runId: 'run', by: 'test' })!)).toMatchObject({
    kind: 'proven',
  })

  const before = ackedIn(ledgerFile)
  await until('commits afterwards', () => ackedIn(ledgerFile) > before + 50, patient)
  const { failed, unknown, longestWaitMs, acked } = await load.stop()
  console.info(`${acked} commits; the longest wait of a client was ${longestWaitMs} ms.`)
  expect({ failed, unknown }).toEqual({ failed: 0, unknown: 0 })
  expect(await verify(herd.lab, 'shop', ledgerFile)).toMatchObject({ lost: [], duplicate: [], phantom: [], isClean: true })
  expect(await Promise.all(members.map((host) => ask(host, 'show max_connections')))).toEqual(members.map(() => String(limit)))
  expect(
    (await Promise.all(members.map(probe))).map(({ role, timeline, pendingRestart }) => `${role} ${timeline} ${pendingRestart.length}`),
  ).toEqual(['primary 3 0', 'standby 3 0', 'standby 3 0'])
})

test('a drill ends the writers’ sessions, restarts every member and kills the primary’s PostgreSQL, starts it again, and no acknowledged commit is lost', {
  timeout: 120_000,
}, async () => {
  const faults = { sessions: true, restart: true, killPostgres: true, calmSeconds: 1, downSeconds: 1 }
  const input = drill.input.parse(faults) as JsonObject
  const plan = await makeTargetPlan(drill, herd.ports.read, input, 'shop', new AbortController().signal)
  expect(plan.reason).toBeNull()
  const journal = new MemoryJournal(passingClock())
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: systemClock }
  const state = await drive(drill, { id: 'job', targetId: 'shop', input, digest: plan.digest }, journal.open(), herd.ports, options)
  const told = journal.lines.filter((line) => ['failed', 'refused', 'attention', 'release-failed'].includes(line.kind))
  expect([state, told]).toEqual(['done', []])
  const report = drillReport(journal.lines)!
  for (const { finding, verdict } of report.findings)
    console.info(`${finding.kind}: ${verdict.kind}, ${finding.acked} acknowledged, longest gap ${finding.longestGapMs} ms`)
  expect(report.findings.map(({ finding, verdict }) => [finding.kind, verdict.kind])).toEqual([
    ['sessions', 'within'],
    ['restart', 'within'],
    ['kill-postgres', 'within'],
  ])
  expect(report.findings[0]!.finding.errors).not.toEqual([])
  expect(report).toMatchObject({ lost: 0, duplicated: 0, left: [] })
})
