import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { systemActor } from '@/lib/kernel/access/access'
import type { JournalEntry } from '@/lib/kernel/ground/journal'
import { defaultPolicy } from '@/lib/kernel/operation/plan'
import { getPool } from '../pg/client'
import { inPgTransaction } from '../pg/transaction'
import { claimJobs } from './claims'
import { type Append, appendLines, readLines } from './journal'
import { breakLease, renewLeases, takeLease } from './leases'
import { getRun, readEvents } from './runs'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database?.stop())

const ttlMs = 30_000
const driver = { holder: 'test:1', ttlMs }
const note = (text: string): JournalEntry => ({ kind: 'note', step: null, stream: 'info', text })

const newRun = async (jobs: number, locks: string[] = []): Promise<{ runId: string; jobIds: string[] }> => {
  const run = await getPool().query<{ id: string }>(
    `insert into runs (operation, resource, title, actor_name, policy, digest, jobs) values ('restart', 'instance', 'A run', 'anna', $1, 'd', $2) returning id`,
    [JSON.stringify({ ...defaultPolicy, parallel: 100, perServer: 100 }), jobs],
  )
  const made = await getPool().query<{ id: string }>(
    `insert into jobs (run_id, operation, resource, target_id, title, digest, locks)
     select $1, 'restart', 'instance', gen_random_uuid(), 'job ' || n, 'd', $3 from generate_series(1, $2) n returning id`,
    [run.rows[0]!.id, jobs, locks],
  )
  return { runId: run.rows[0]!.id, jobIds: made.rows.map((row) => row.id) }
}

/** A job in the hands of a driver. */
const claimed = async (locks: string[] = []) => {
  const { runId, jobIds } = await newRun(1, locks)
  const [claim] = await claimJobs(runId, jobIds, driver)
  return claim!
}

const expire = (token: string) =>
  getPool().query(`update leases set expires_at = clock_timestamp() - interval '1 second' where token = $1`, [token])

describe('the journal', () => {
  test('a driver whose lease was taken over cannot append another line, and the new one can', async () => {
    const zombie = await claimed()
    const append = { runId: zombie.runId, jobId: zombie.jobId, firstSeq: 1 }
    await expire(zombie.token)
    const [heir] = await claimJobs(zombie.runId, [zombie.jobId], { holder: 'test:2', ttlMs })
    expect(await appendLines([{ ...append, token: zombie.token, entries: [note('mine')] }])).toMatchObject([{ code: 'lease.lost' }])
    expect(await appendLines([{ ...append, token: heir!.token, entries: [note('yours')] }])).toEqual([null])
    expect(await readLines(zombie.jobId)).toMatchObject([{ seq: 1, kind: 'note', text: 'yours' }])
  })

  test('two drivers that wake at once: one of them gets the job', async () => {
    const { runId, jobIds } = await newRun(1)
    const claims = await Promise.all([1, 2, 3, 4].map((n) => claimJobs(runId, jobIds, { holder: `test:${n}`, ttlMs })))
    expect(claims.flat()).toHaveLength(1)
  })

  test('a line after a gap, or where another one stands, is refused', async () => {
    const { runId, jobId, token } = await claimed()
    expect(await appendLines([{ runId, jobId, token, firstSeq: 2, entries: [note('too far')] }])).toMatchObject([{ code: 'lease.lost' }])
    expect(await appendLines([{ runId, jobId, token, firstSeq: 1, entries: [note('one'), note('two')] }])).toEqual([null])
    expect(await appendLines([{ runId, jobId, token, firstSeq: 2, entries: [note('other')] }])).toMatchObject([{ code: 'lease.lost' }])
  })

  test('lines whose answer was lost are recognised when they are sent again, and stand there once', async () => {
    const { runId, jobId, token } = await claimed()
    const append: Append = {
      runId,
      jobId,
      token,
      firstSeq: 1,
      entries: [note('one'), { kind: 'intended', step: 's', before: { b: 1, a: [null] } } satisfies JournalEntry],
    }
    expect(await appendLines([append])).toEqual([null])
    expect(await appendLines([append])).toEqual([null])
    expect(await readLines(jobId)).toHaveLength(2)
  })

  test('output with characters that PostgreSQL does not keep is written without them', async () => {
    const { runId, jobId, token } = await claimed()
    const entries = [note('a\0b\ud800c ✓ 🐘')]
    expect(await appendLines([{ runId, jobId, token, firstSeq: 1, entries }])).toEqual([null])
    expect(await appendLines([{ runId, jobId, token, firstSeq: 1, entries }])).toEqual([null])
    expect(await readLines(jobId)).toMatchObject([{ text: 'ab\ufffdc ✓ 🐘' }])
  })

  test('every kind of line comes back as it was written', async () => {
    const { runId, jobId, token } = await claimed()
    const entries: JournalEntry[] = [
      { kind: 'opened', target: 't', input: { mode: 'fast' }, digest: 'd', driver: 'x' },
      { kind: 'gathered', facts: { a: { b: [1, null, 'x'] } } },
      { kind: 'gate', step: 'g', verdict: 'warn', because: 'so' },
      { kind: 'intended', step: 's', before: null },
      { kind: 'marked', step: 's', mark: 7 },
      { kind: 'finished', step: 's', output: { ok: true }, ours: true, tookMs: 3 },
      { kind: 'refused', step: null, because: 'no' },
      { kind: 'segment', segment: 'n1', title: 'demo on n1', target: 't', input: { mode: 'fast' } },
      { kind: 'segment-closed', segment: 'n1', outcome: 'done', because: null },
      { kind: 'attention', during: 'step', because: 'b', known: ['k'], unknown: [], question: 'q' },
    ]
    await appendLines([{ runId, jobId, token, firstSeq: 1, entries }])
    expect((await readLines(jobId)).map(({ at: _, ...line }) => line)).toEqual(
      entries.map((entry, index) => ({ ...entry, seq: index + 1 })),
    )
    expect((await getRun(systemActor, runId)).state).toBe('attention')
  })

  test('a reader that remembers the last event never misses a line while many drivers write', async () => {
    const { runId, jobIds } = await newRun(8)
    const claims = await claimJobs(runId, jobIds, driver)
    const perJob = 40
    let isWriting = true
    const seen: string[] = []
    const reader = async () => {
      for (let after = 0; ; ) {
        const stillWriting = isWriting
        const events = await readEvents(systemActor, runId, after, 7)
        for (const { eventId, jobId, line } of events) {
          expect(eventId).toBeGreaterThan(after)
          after = eventId
          seen.push(`${jobId} ${line.seq}`)
        }
        if (events.length === 0 && !stillWriting) return
      }
    }
    const write = async ({ jobId, token }: (typeof claims)[number]) => {
      for (let seq = 1; seq <= perJob; seq++)
        expect(await appendLines([{ runId, jobId, token, firstSeq: seq, entries: [note(`${seq}`)] }])).toEqual([null])
    }
    const reading = reader()
    await Promise.all(claims.map(write))
    isWriting = false
    await reading
    expect(seen).toHaveLength(8 * perJob)
    expect(new Set(seen).size).toBe(8 * perJob)
  })

  test('a line is never changed afterwards', async () => {
    const { runId, jobId, token } = await claimed()
    await appendLines([{ runId, jobId, token, firstSeq: 1, entries: [note('x')] }])
    await expect(getPool().query('update journal set kind = $1 where job_id = $2', ['closed', jobId])).rejects.toThrow(/append-only/)
  })
})

describe('leases', () => {
  const request = (names: string[], token: string = crypto.randomUUID()) => ({
    names,
    token,
    holder: 'test:1',
    reason: 'a test',
    jobId: null,
  })

  test('all or none: a set that is partly held takes nothing and names who is in the way', async () => {
    const herd = `herd:${crypto.randomUUID()}`
    const free = `herd:${crypto.randomUUID()}`
    expect(await takeLease(request([herd]), ttlMs)).toBeNull()
    expect(await takeLease(request([free, herd]), ttlMs)).toMatchObject({ name: herd, holder: 'test:1', reason: 'a test' })
    expect(await takeLease(request([free]), ttlMs)).toBeNull()
  })

  test('a lease whose time is up is still its holder’s until another one takes it', async () => {
    const herd = `herd:${crypto.randomUUID()}`
    const first = crypto.randomUUID()
    await takeLease(request([herd], first), ttlMs)
    await expire(first)
    expect((await renewLeases([first], ttlMs)).get(first)).toBe(1)
    await expire(first)
    const before = (await getPool().query('select epoch from leases where name = $1', [herd])).rows[0].epoch
    expect(await takeLease(request([herd]), ttlMs)).toBeNull()
    expect((await renewLeases([first], ttlMs)).get(first)).toBeUndefined()
    expect(Number((await getPool().query('select epoch from leases where name = $1', [herd])).rows[0].epoch)).toBeGreaterThan(
      Number(before),
    )
  })

  test('a lease that was broken by an administrator stops its driver at the next line', async () => {
    const { runId, jobId, token } = await claimed([`herd:${crypto.randomUUID()}`])
    await inPgTransaction((client) => breakLease(client, `job:${jobId}`))
    expect(await appendLines([{ runId, jobId, token, firstSeq: 1, entries: [note('x')] }])).toMatchObject([{ code: 'lease.lost' }])
  })

  test('the loss of a herd’s lease alone is a loss too', async () => {
    const herd = `herd:${crypto.randomUUID()}`
    const { token, leases } = await claimed([herd])
    expect(leases).toBe(2)
    await inPgTransaction((client) => breakLease(client, herd))
    expect((await renewLeases([token], ttlMs)).get(token)).toBe(1)
  })
})
