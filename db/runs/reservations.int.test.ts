import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { systemActor } from '@/lib/kernel/access/access'
import type { JournalEntry } from '@/lib/kernel/ground/journal'
import { defaultPolicy } from '@/lib/kernel/operation/plan'
import { getPool } from '../pg/client'
import { inPgTransaction } from '../pg/transaction'
import { type Claim, claimJobs, releaseJobs } from './claims'
import { holdOutside } from './herd-locks'
import { appendLines } from './journal'
import { reservationsOf } from './reservations'
import { holdersOf } from './waits'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database?.stop())

const driver = { holder: 'test:1', ttlMs: 30_000 }
const newHerd = () => `herd:${crypto.randomUUID()}`

const newRun = async (operation: string, herd: string, jobs = 1): Promise<{ runId: string; jobIds: string[] }> => {
  const run = await getPool().query<{ id: string }>(
    `insert into runs (operation, resource, title, actor_name, policy, digest, jobs) values ($1, 'instance', 'A run', 'anna', $2, 'd', $3) returning id`,
    [operation, JSON.stringify({ ...defaultPolicy, parallel: 100, perServer: 100, stopAfterFailures: null }), jobs],
  )
  const made = await getPool().query<{ id: string }>(
    `insert into jobs (run_id, operation, resource, target_id, title, digest, locks)
     select $1, $2, 'instance', gen_random_uuid(), 'orders ' || n, 'd', array[$3] from generate_series(1, $4) n returning id`,
    [run.rows[0]!.id, operation, herd, jobs],
  )
  return { runId: run.rows[0]!.id, jobIds: made.rows.map((row) => row.id) }
}
const claim = async ({ runId, jobIds }: { runId: string; jobIds: string[] }) => claimJobs(runId, jobIds, driver)
const die = ({ token }: Claim) =>
  getPool().query(`update leases set expires_at = clock_timestamp() - interval '1 second' where token = $1`, [token])
const ask = async ({ runId, jobId, token }: Claim) => {
  const attention: JournalEntry = { kind: 'attention', during: 'undo', because: 'b', known: [], unknown: [], question: 'q' }
  expect(await appendLines([{ runId, jobId, token, firstSeq: 1, entries: [attention] }])).toEqual([null])
  await releaseJobs([{ runId, jobId, token }])
}
const whyWaiting = async (jobId: string) =>
  (await getPool().query<{ because: string }>('select because from jobs where id = $1', [jobId])).rows[0]!.because
const holdByHand = (name: string) =>
  inPgTransaction((client) =>
    holdOutside(client, { actor: systemActor, id: crypto.randomUUID(), name, reason: 'by hand', holder: 'cli:1', ttlSeconds: 30 }),
  )

test('the herd of a job whose worker died is nobody else’s, however long ago its lease ran out: the others wait and say for whom', async () => {
  const herd = newHerd()
  const [first] = await claim(await newRun('switchover', herd))
  const other = await newRun('promote', herd)
  await die(first!)
  expect(await claim(other)).toEqual([])
  expect(await whyWaiting(other.jobIds[0]!)).toBe(
    'Waits: the herd is reserved by switchover of orders 1 (anna), which no worker drives just now: it is taken up again.',
  )
  expect(await holdByHand(herd)).toMatchObject({ runId: first!.runId, state: 'running' })
  expect(await claimJobs(first!.runId, [first!.jobId], driver)).toHaveLength(1)
})

test('a job that needs attention keeps its herd until it ends: other jobs and a lock by hand are told which job, and what to do', async () => {
  const herd = newHerd()
  const [first] = await claim(await newRun('failover', herd))
  const other = await newRun('start', herd)
  await ask(first!)
  expect(await claim(other)).toEqual([])
  expect(await whyWaiting(other.jobIds[0]!)).toBe(
    'Waits: the herd is reserved by failover of orders 1 (anna), which needs attention: resume that job first, or abandon it, which frees the herd and leaves what it has done as it is.',
  )
  expect(await holdByHand(herd)).toMatchObject({ jobId: first!.jobId, state: 'attention' })
  const closed = { kind: 'closed', outcome: 'failed', because: 'Abandoned by ada.' } as const
  expect(await appendLines([{ runId: first!.runId, jobId: first!.jobId, token: null, firstSeq: 2, entries: [closed] }])).toEqual([null])
  expect(await claim(other)).toHaveLength(1)
})

test('following a leader that moved passes a job that needs attention, never one that is driven or is to be taken up; resumed, that job waits its turn', async () => {
  const herd = newHerd()
  const [first] = await claim(await newRun('patroni-zero-gap', herd))
  const follow = await newRun('follow-leader', herd)
  expect(await claim(follow)).toEqual([])
  await die(first!)
  expect(await claim(follow)).toEqual([])
  await claimJobs(first!.runId, [first!.jobId], driver).then(([again]) => ask(again!))
  expect([...(await holdersOf('start', [herd])).keys()]).toEqual([herd])
  expect(await holdersOf('follow-leader', [herd])).toEqual(new Map())
  expect(await claim(await newRun('start', herd))).toEqual([])
  const [following] = await claim(follow)
  const { runId, jobId } = first!
  const decided = { kind: 'decided', decision: 'resume', by: 'ada' } as const
  expect(await appendLines([{ runId, jobId, token: null, firstSeq: 2, entries: [decided] }])).toEqual([null])
  expect(await claimJobs(runId, [jobId], driver)).toEqual([])
  await releaseJobs([following!])
  expect(await claimJobs(runId, [jobId], driver)).toHaveLength(1)
})

test('other herds and jobs without locks are not delayed, and returned primaries are fenced while a job needs attention', async () => {
  const herd = newHerd()
  const [first] = await claim(await newRun('failover', herd))
  await ask(first!)
  expect(await claim(await newRun('start', newHerd()))).toHaveLength(1)
  const wish = { names: [herd], jobId: null }
  expect(await reservationsOf(getPool(), [wish], ['running'])).toEqual([null])
  expect(await reservationsOf(getPool(), [wish])).toMatchObject([{ jobId: first!.jobId }])
})

test('two open jobs of one run and one herd are driven one after the other, in the order in which they started, and hold up no other job', async () => {
  const herd = newHerd()
  const run = await newRun('restart', herd, 2)
  const bystander = await newRun('restart', newHerd())
  const [early, late] = run.jobIds as [string, string]
  await getPool().query(`update jobs set state = 'running', started_at = clock_timestamp() - interval '1 minute' where id = $1`, [late])
  await getPool().query(`update jobs set state = 'running', started_at = clock_timestamp() where id = $1`, [early])
  const claims = await claim(run)
  expect(claims.map(({ jobId }) => jobId)).toEqual([late])
  expect(await claim(bystander)).toHaveLength(1)
})
