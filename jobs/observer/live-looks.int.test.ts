import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { makeInventory } from '@/db/fleet/inventory'
import { watchActivity, watchLog } from '@/db/fleet/watch'
import { getPool } from '@/db/pg/client'
import { forgetWorker, registerWorker } from '@/db/runs/workers'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { ids, openShop } from '@/e2e/harness/observed-shop'
import { twinSession } from '@/e2e/harness/twin/sessions'
import { memoryFleet } from '@/lib/adapters/memory'
import type { Activity } from '@/lib/domain/activity/session'
import type { LogQuestion, LogSeen } from '@/lib/domain/server-log/entry'
import type { Actor, Role } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { ServerLogRead } from '@/lib/ports'
import { startLiveLooks } from './live-looks'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())
beforeEach(async () => {
  await openShop()
  await getPool().query('delete from live_looks')
})

const log = { info: () => {}, warn: () => {}, error: () => {} }
const seen = (pid: number): Activity => ({
  at: '2026-03-01T13:00:00.000000Z',
  sessions: [twinSession(pid)],
  leftOut: 0,
  prepared: [],
  progress: [],
})
const somebody = (role: Role, environmentId: string | null = null): Actor => ({
  kind: 'person',
  personId: null,
  name: 'somebody',
  grants: [{ role, environmentId }],
})
const admin = somebody('admin')
const emptyLog: LogSeen = {
  file: '/log',
  sizeBytes: 0,
  writtenAt: '2026-03-01T13:00:00.000Z',
  entries: [],
  hasMore: false,
  searchedBytes: 0,
}

/** A worker's looks, with what each instance answers and how often it was asked. */
const worker = async (answer: (id: string) => Promise<Activity>, readLog: ServerLogRead['look'] = async () => emptyLog) => {
  const asked: string[] = []
  const id = crypto.randomUUID()
  await registerWorker({ id, host: 'h', pid: 1, startedAt: new Date(), jobs: 0 })
  const looks = await startLiveLooks({
    inventory: makeInventory(),
    activity: {
      look: ({ instanceId }) => {
        asked.push(instanceId)
        return answer(instanceId)
      },
    },
    serverLog: { look: readLog },
    serverSettings: memoryFleet([]).read.serverSettings,
    statements: memoryFleet([]).read.statements,
    health: memoryFleet([]).read.health,
    log: log as never,
  })
  const stop = async () => {
    await forgetWorker(id)
    await looks.stop()
  }
  return { asked, stop }
}

test('what somebody watches is looked at, and nothing else', async () => {
  const { asked, stop } = await worker(async () => seen(7))
  const [member] = await watchActivity(admin, 'instance', ids.a!)
  expect(member).toMatchObject({ instanceId: ids.a, because: null, showsStatements: true })
  expect(member!.activity!.sessions.map(({ pid }) => pid)).toEqual([7])
  expect(new Set(asked)).toEqual(new Set([ids.a]))
  await stop()
})

test('two workers look once at a time, and what nobody asks for any more is looked at no more', async () => {
  let under = 0
  let most = 0
  const slow = async () => {
    under += 1
    most = Math.max(most, under)
    await new Promise((resolve) => setImmediate(resolve))
    under -= 1
    return seen(7)
  }
  const workers = [await worker(slow), await worker(slow)]
  await Promise.all([watchActivity(admin, 'instance', ids.a!), watchActivity(admin, 'instance', ids.a!)])
  expect(most).toBe(1)
  await getPool().query(`update live_looks set wanted_until = now() - interval '1 second', looked_at = null`)
  const before = workers.flatMap(({ asked }) => asked).length
  await getPool().query(`select pg_notify('looks', '')`)
  await getPool().query('select 1')
  for (const one of workers) await one.stop()
  expect(workers.flatMap(({ asked }) => asked)).toHaveLength(before)
})

test('one that cannot be seen says why, and keeps what was seen before with its time', async () => {
  let answer = async (): Promise<Activity> => seen(7)
  const { stop } = await worker(() => answer())
  const [first] = await watchActivity(admin, 'instance', ids.a!)
  answer = () => Promise.reject(new Fault('sql.unreachable', { because: 'Nothing listens there.' }))
  await getPool().query('update live_looks set looked_at = null')
  const [second] = await watchActivity(admin, 'instance', ids.a!)
  await stop()
  expect(second).toMatchObject({ because: 'Nothing listens there.', seenAt: first!.seenAt })
  expect(second!.activity!.sessions).toHaveLength(1)
})

test('a worker that died in the middle of a look leaves it to another one', async () => {
  await getPool().query(
    `insert into live_looks (instance_id, kind, every_seconds, wanted_until, claimed_until) values ($1, 'activity', 1.8, now() + interval '1 minute', now() - interval '1 ms')`,
    [ids.a],
  )
  const { stop } = await worker(async () => seen(8))
  expect((await watchActivity(admin, 'instance', ids.a!))[0]!.activity!.sessions[0]!.pid).toBe(8)
  await stop()
})

const question: LogQuestion = { words: 'deadlock', level: 'errors', isDeep: false }
const environmentOf = async (id: string): Promise<string> =>
  (await getPool().query('select environment_id as id from instances where id = $1', [id])).rows[0].id

test('each question to a log is asked of the host as it was put, and beside what else is watched there', async () => {
  const questions: LogQuestion[] = []
  const { stop } = await worker(
    async () => seen(7),
    async (_instance, asked) => {
      questions.push(asked)
      return { ...emptyLog, file: asked.words }
    },
  )
  const deep = { ...question, isDeep: true }
  const [one, other, [activity]] = await Promise.all([
    watchLog(admin, ids.a!, question),
    watchLog(admin, ids.a!, deep),
    watchActivity(admin, 'instance', ids.a!),
  ])
  await stop()
  expect([one.log?.file, other.because, activity!.because]).toEqual(['deadlock', null, null])
  expect(questions).toEqual(expect.arrayContaining([question, deep]))
})

test('a log is for those who may run SQL there, and that they read it is in the audit log', async () => {
  const environment = await environmentOf(ids.a!)
  await expect(watchLog(somebody('operator', environment), ids.a!, question)).rejects.toMatchObject({ code: 'access.denied' })
  await expect(watchLog(somebody('admin', crypto.randomUUID()), ids.a!, question)).rejects.toMatchObject({ code: 'record.missing' })
  const acts = `select actor_name, detail from audit where act = 'instance.read-log' and object_id = $1`
  expect((await getPool().query(acts, [ids.a])).rows.filter(({ actor_name: name }) => name === 'reader')).toEqual([])
  await watchLog({ ...somebody('dba', environment), name: 'reader' }, ids.a!, question, AbortSignal.timeout(200))
  const { rows } = await getPool().query(acts, [ids.a])
  expect(rows).toContainEqual({ actor_name: 'reader', detail: { words: 'deadlock' } })
})

test('without a worker the answer soon says so, and with one that does not look, that none has looked', async () => {
  const why = async (signal?: AbortSignal) => (await watchActivity(admin, 'instance', ids.a!, signal))[0]!.because
  expect(await why()).toBe('No worker answers. Start one, or read its log.')
  const id = crypto.randomUUID()
  await registerWorker({ id, host: 'h', pid: 1, startedAt: new Date(), jobs: 0 })
  expect(await why(AbortSignal.timeout(200))).toBe('No worker has looked within the last seconds.')
  await forgetWorker(id)
})

test('who may not read data sees what statements do without their values; who may not look into the environment sees nothing', async () => {
  const { stop } = await worker(async () => seen(7))
  const { rows } = await getPool().query('select environment_id as environment from instances where id = $1', [ids.a])
  const [shown] = await watchActivity(somebody('viewer', rows[0].environment), 'instance', ids.a!)
  expect(shown!.activity!.sessions[0]!.statement).toBe('update orders set state = ? where id = ?')
  const [whole] = await watchActivity(somebody('dba', rows[0].environment), 'herd', ids.herd ?? (await herdOf(ids.a!)))
  expect(whole!.activity!.sessions[0]!.statement).toContain("'paid'")
  await expect(watchActivity(somebody('admin', crypto.randomUUID()), 'instance', ids.a!)).rejects.toMatchObject({ code: 'record.missing' })
  await stop()
})

const herdOf = async (id: string): Promise<string> =>
  (await getPool().query('select herd_id as id from instances where id = $1', [id])).rows[0].id
