import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { getPool } from '@/db/pg/client'
import { keepPiece } from '@/db/runs/canary-strips'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { makeSecret } from '@/lib/auth/secrets'
import { addPiece, type Strip, type StripPiece, type StripSample, wholeStrip } from '@/lib/domain/proof/canary-strip'
import { GET } from './[id]/route'

let database: TestDatabase
let environmentId: string
const tokens: Record<string, string> = {}

const insert = async (text: string, values: unknown[]): Promise<string> =>
  (await getPool().query(`${text} returning id`, values)).rows[0].id

const addPerson = async (name: string, environment: string | null) => {
  const person = await insert('insert into people (user_name) values ($1)', [name])
  await insert("insert into grants (person_id, role, environment_id) values ($1, 'viewer', $2)", [person, environment])
  const { whole, prefix, hash } = makeSecret('mat')
  await insert("insert into tokens (person_id, name, prefix, hash, role) values ($1, 't', $2, $3, 'viewer')", [person, prefix, hash])
  tokens[name] = whole
}

const addRun = async (state: string) => {
  const run = await insert(
    "insert into runs (operation, resource, title, state, actor_name, policy, digest, environment_ids, jobs) values ('restart', 'instance', 'Restart', $2, 'otto', '{}', 'd', array[$1::uuid], 1)",
    [environmentId, state],
  )
  const job = await insert(
    "insert into jobs (run_id, operation, resource, target_id, title, environment_id, state, digest) values ($1, 'restart', 'instance', gen_random_uuid(), 'shop on a', $2, $3, 'd')",
    [run, environmentId, state],
  )
  return { run, job }
}

const addLines = async ({ run, job }: { run: string; job: string }, from: number, to: number) => {
  await getPool().query(
    `insert into journal (job_id, seq, kind, step, data, run_id)
     select $1, n, 'note', 'restart', jsonb_build_object('stream', 'stdout', 'text', 'line ' || n), $2 from generate_series($3::int, $4::int) n`,
    [job, run, from, to],
  )
  await getPool().query("select pg_notify('journal', $1)", [run])
}

const open = async (run: string, who: string, headers: Record<string, string> = {}) => {
  const gone = new AbortController()
  const response = await GET(
    new Request(`http://console/api/live/runs/${run}`, {
      signal: gone.signal,
      headers: { authorization: `Bearer ${tokens[who]}`, ...headers },
    }),
    { params: Promise.resolve({ id: run }) },
  )
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const until = async (isThere: (text: string) => boolean) => {
    while (!isThere(text)) {
      const { value, done } = await reader.read()
      if (done) break
      text += value
    }
    return text
  }
  return { response, until, leave: () => gone.abort() }
}

const textsOf = (stream: string): string[] =>
  [...stream.matchAll(/^event: lines\ndata: (.*)$/gm)].flatMap((found) =>
    (JSON.parse(found[1]!) as { line: { text: string } }[]).map(({ line }) => line.text),
  )

/** The strip of a job, put together as the page does. */
const stripIn = (stream: string, jobId: string): Strip | null =>
  [...stream.matchAll(/^event: strips\ndata: (.*)$/gm)]
    .flatMap((found) => JSON.parse(found[1]!) as { jobId: string; piece: StripPiece | Strip }[])
    .filter((row) => row.jobId === jobId)
    .reduce<Strip | null>((strip, { piece }) => addPiece(strip, piece), null)

const startedAt = '2026-11-21T09:00:00.000Z'
const piece = (from: number, to: number): StripPiece => ({
  startedAt,
  atMs: to * 50,
  samples: Array.from({ length: to - from }, (_, n): StripSample => [(from + n) * 50, 2, 1]),
})

beforeAll(async () => {
  database = await startDatabase()
  process.env.AUTH_SECRET = 'x'.repeat(32)
  process.env.DATABASE_URL = database.connectionString
  environmentId = await insert("insert into environments (name) values ('prod')", [])
  const other = await insert("insert into environments (name) values ('dev')", [])
  await addPerson('vera', environmentId)
  await addPerson('dev-vera', other)
}, 120_000)
afterAll(() => database.stop())

describe('the stream of a run', () => {
  test('sends the past in order, says when it has caught up, and then what comes', async () => {
    const ids = await addRun('running')
    await addLines(ids, 1, 1200)
    const stream = await open(ids.run, 'vera')
    expect(textsOf(await stream.until((text) => text.includes('event: caught-up')))).toEqual(
      Array.from({ length: 1200 }, (_, n) => `line ${n + 1}`),
    )
    await addLines(ids, 1201, 1201)
    expect(textsOf(await stream.until((text) => text.includes('line 1201"')))).toHaveLength(1201)
    stream.leave()
  })

  test('goes on after the last event a reader has had', async () => {
    const ids = await addRun('running')
    await addLines(ids, 1, 5)
    const { rows } = await getPool().query('select event_id from journal where job_id = $1 and seq = 3', [ids.job])
    const stream = await open(ids.run, 'vera', { 'last-event-id': String(rows[0].event_id) })
    expect(textsOf(await stream.until((text) => text.includes('event: caught-up')))).toEqual(['line 4', 'line 5'])
    stream.leave()
  })

  test('of a run that is over ends after its last line', async () => {
    const ids = await addRun('done')
    await addLines(ids, 1, 3)
    const stream = await open(ids.run, 'vera')
    const all = await stream.until(() => false)
    expect(textsOf(all)).toEqual(['line 1', 'line 2', 'line 3'])
    expect(all).toContain('event: end\ndata: "finished"')
    expect(all).toContain('event: run\ndata: {"id"')
  })

  test('shows what a canary sees while it writes, and the whole of it once it is over, whenever a reader connects', async () => {
    const ids = await addRun('running')
    await keepPiece(ids.job, piece(0, 5))
    const stream = await open(ids.run, 'vera')
    const acked = (count: number) => (text: string) => stripIn(text, ids.job)?.acked === count
    await stream.until(acked(5))
    await Promise.all([keepPiece(ids.job, piece(5, 9)), keepPiece(ids.job, piece(9, 12))])
    const live = await stream.until(acked(12))
    stream.leave()
    const whole = wholeStrip(piece(0, 12), true)
    expect(stripIn(live, ids.job)).toEqual({ ...whole, isOver: false })
    await keepPiece(ids.job, whole)
    expect((await getPool().query('select piece from canary_strips where job_id = $1', [ids.job])).rows).toEqual([{ piece: whole }])
    await getPool().query("update runs set state = 'done' where id = $1", [ids.run])
    expect(stripIn(await (await open(ids.run, 'vera')).until(() => false), ids.job)).toEqual(whole)
  })

  test('does not exist for a viewer of another environment, nor without a token', async () => {
    const ids = await addRun('running')
    expect((await open(ids.run, 'dev-vera')).response.status).toBe(404)
    expect((await open(ids.run, 'vera', { authorization: '' })).response.status).toBe(401)
  })
})
