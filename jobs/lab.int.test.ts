import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrate } from '@/db/migrate'
import { closeDb, getPool, setDatabase } from '@/db/pg/client'
import { asLogin } from '@/db/pg/rights'
import { readEvents } from '@/db/runs/runs'
import { startPostgres, type TestPostgres } from '@/e2e/harness/daemons/postgres'
import { until } from '@/e2e/harness/hold'
import { startLab, testFleet } from '@/e2e/harness/lab'
import { runAndWait, submit } from '@/e2e/harness/submit'
import { makeVault } from '@/lib/adapters/vault'
import { systemActor } from '@/lib/kernel/access/access'
import type { Lab } from '@/lib/playground/lab/lab'
import { bundled } from '@/lib/playground/start/bundled'
import { letConsoleIn } from '@/lib/playground/start/let-in'
import { type Child, startChild } from '@/lib/playground/start/processes'
import { seedFleet } from '@/lib/playground/start/seed'
import { closeQueue, migrateQueue, setQueue, waitForRun } from './requests'

const fleet = testFleet({ orders: 'a > b, c', billing: 'b > a', ledger: 'c' })
const vaultKey = randomBytes(32).toString('base64')

let postgres: TestPostgres
let lab: Lab
let closeLab: () => Promise<void>
let logDirectory: string
const workers: Child[] = []

const fingerprintOf = (publicKey: string) =>
  `SHA256:${createHash('sha256')
    .update(Buffer.from(publicKey.split(' ')[1]!, 'base64'))
    .digest('base64')
    .replace(/=+$/, '')}`

/** The production worker, inside the lab's network. */
const startWorker = (): Child => {
  const worker = startChild({
    name: `worker-${workers.length + 1}`,
    argv: bundled('jobs/worker.ts'),
    environment: { DATABASE_URL: asLogin(postgres.connectionString, 'matriarch_worker'), AUTH_SECRET: 'x'.repeat(32), VAULT_KEY: vaultKey },
    logDirectory,
    lab,
  })
  workers.push(worker)
  return worker
}

beforeAll(async () => {
  const [startedPostgres, startedLab, folder] = await Promise.all([startPostgres(), startLab(fleet), mkdtemp(join(tmpdir(), 'mlog-'))])
  postgres = startedPostgres
  lab = startedLab.lab
  closeLab = startedLab.close
  logDirectory = folder
  setDatabase(postgres.connectionString)
  setQueue({ databaseUrl: postgres.connectionString })
  await migrateQueue()
  await migrate(postgres.connectionString)
  await seedFleet(fleet, Object.fromEntries(lab.hostKeys().map((host) => [host.host, fingerprintOf(host.publicKey)])))
  await letConsoleIn(lab, makeVault(vaultKey))
})
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop(1_000)))
  await closeQueue()
  await closeDb()
  await Promise.all([postgres?.stop(), closeLab?.(), rm(logDirectory, { recursive: true, force: true })])
})

/** A worker of this test that has said that it is there; the next plan is not asked for before. */
const startSeenWorker = async (): Promise<Child> => {
  const worker = startWorker()
  const isSeen = async () => (await getPool().query(`select from workers where seen_at > now() - interval '5 seconds'`)).rowCount !== 0
  await expect.poll(isSeen, { timeout: 60_000, interval: 100 }).toBe(true)
  return worker
}

const instanceIds = async (): Promise<string[]> =>
  (await getPool().query<{ id: string }>('select id from instances order by title')).rows.map((row) => row.id)
const linesOf = async (runId: string, kind: string): Promise<number> =>
  (await readEvents(systemActor, runId, 0, 10_000)).filter(({ line }) => line.kind === kind).length

test('real servers are reloaded in bulk, and their new facts show at once', async () => {
  await startSeenWorker()
  const run = await runAndWait({ operation: 'reload', targets: await instanceIds(), policy: { parallel: 10 } })
  expect(run.jobs.map((job) => [job.title, job.state, job.because])).toEqual(run.jobs.map((job) => [job.title, 'done', null]))
  const { rows } = await getPool().query<{ state: string }>('select state from instances')
  expect(rows.map((row) => row.state)).toEqual(Array(6).fill('online'))
})

test('a worker killed again and again during a bulk restart of the whole fleet leaves no server stopped, and every job ends', async () => {
  const { runId } = await submit({
    operation: 'restart',
    targets: await instanceIds(),
    policy: { parallel: 10, perServer: 4, stopAfterFailures: null },
  })
  for (const intents of [1, 4]) {
    await until(`${intents} servers being restarted`, async () => (await linesOf(runId, 'intended')) >= intents)
    workers.at(-1)!.process.kill('SIGKILL')
    startWorker()
  }
  const run = await waitForRun(systemActor, runId, { timeoutMs: 280_000 })
  expect(run.jobs.map((job) => [job.title, job.state, job.because])).toEqual(run.jobs.map((job) => [job.title, 'done', null]))
  expect(await linesOf(runId, 'resumed')).toBeGreaterThan(0)
  for (const { name } of fleet.hosts) {
    const { stdout } = await lab.ssh(name, ['pg_lsclusters', '--no-header'])
    for (const line of stdout.trim().split('\n')) expect(line).toMatch(/ online/)
  }
}, 300_000)
