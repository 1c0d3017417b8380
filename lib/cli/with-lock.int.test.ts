import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fleetFacts } from '@/db/fleet/front-page'
import { getPool } from '@/db/pg/client'
import { type ApiServer, serveApi } from '@/e2e/harness/api'
import { submit } from '@/e2e/harness/submit'
import { type Bench, instanceId, openBench } from '@/e2e/harness/workers'
import { breakLock, herdLock, keepLock, lockHerd, unlockHerd, waitForRun } from '@/jobs/requests'
import { idOf } from '@/lib/adapters/memory'
import { ensureLocalAdmin } from '@/lib/auth/bootstrap'
import { createToken } from '@/lib/auth/tokens'
import { type Actor, type Role, systemActor } from '@/lib/kernel/access/access'
import { projectRoot } from '@/lib/playground/setup.mjs'

const shapes = [
  { environment: 'dev', name: 'shop', hosts: ['d1', 'd2'] },
  { environment: 'prod', name: 'crm', hosts: ['p1'] },
  { environment: 'prod', name: 'shop', hosts: ['p2'] },
]
const shop = idOf('dev/shop')
const crm = idOf('prod/crm')
const person = (name: string, role: Role, environment: string): Actor => ({
  kind: 'person',
  personId: idOf(name),
  name,
  grants: [{ role, environmentId: idOf(environment) }],
})
const dana = person('dana', 'dba', 'dev')
const otto = person('otto', 'operator', 'dev')
const ada = person('ada', 'admin', 'dev')
const wish = { reason: 'a new kernel', holder: 'app1:42', ttlSeconds: 60 }

let bench: Bench
let api: ApiServer
let token: string
let home: string
const started: ChildProcess[] = []

const matriarch = (...args: string[]) => {
  const child = spawn(process.execPath, [join(projectRoot, 'lib/cli/bin.mjs'), ...args], {
    env: { PATH: process.env.PATH!, HOME: home, MATRIARCH_URL: api.url, MATRIARCH_TOKEN: token } as unknown as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.push(child)
  const said = { out: '', err: '' }
  child.stdout.on('data', (text) => (said.out += text))
  child.stderr.on('data', (text) => (said.err += text))
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) =>
    child.once('close', (code) => resolve({ ...said, code })),
  )
  return { child, ended, said }
}

const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  const endsAt = Date.now() + 60_000
  while (!(await holds())) {
    if (Date.now() > endsAt) throw new Error(`waited in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
const isHeld = async (herdId: string) => (await herdLock(systemActor, herdId)) !== null
const becauseOf = async (runId: string) =>
  (await getPool().query<{ because: string | null }>('select because from jobs where run_id = $1', [runId])).rows[0]!.because

beforeAll(async () => {
  process.env.AUTH_SECRET = 'a secret of the tests that is long enough'
  process.env.DATABASE_URL = 'postgres://unused'
  home = mkdtempSync(join(tmpdir(), 'mlock-'))
  bench = await openBench(shapes, 'postgres')
  await bench.startWorker()
  await ensureLocalAdmin('admin', 'the first password')
  const { rows } = await getPool().query("select id from people where user_name = 'admin'")
  api = await serveApi()
  const admin = { kind: 'person', personId: rows[0].id, name: 'admin', grants: [] } as const
  token = (await createToken(admin, { name: 'cli', role: 'admin', environmentId: null, expiresAt: null })).token
})
afterAll(async () => {
  for (const child of started) child.kill('SIGKILL')
  await api?.close()
  await bench?.close()
  rmSync(home, { recursive: true, force: true })
})

test('a job that needs a locked herd waits and names owner and reason, and starts when the lock is given back', async () => {
  const { id } = await lockHerd(dana, shop, wish)
  const { runId } = await submit({ operation: 'restart', targets: [instanceId('shop on d2')] })
  await until('the job to say why it waits', async () => (await becauseOf(runId)) !== null)
  expect(await becauseOf(runId)).toBe('Waits: the herd is locked by dana, from app1:42: a new kernel.')
  expect((await fleetFacts(ada)).locks).toMatchObject([{ title: 'shop', owner: 'dana', holder: 'app1:42', reason: 'a new kernel' }])
  expect((await fleetFacts(person('paul', 'admin', 'prod'))).locks).toEqual([])
  await unlockHerd(dana, id)
  expect((await waitForRun(systemActor, runId, { timeoutMs: 60_000 })).state).toBe('done')
})

test('a holder that says nothing any more loses the herd, and the job that waited goes on', async () => {
  await lockHerd(dana, shop, { ...wish, ttlSeconds: 2 })
  const { runId } = await submit({ operation: 'restart', targets: [instanceId('shop on d2')] })
  expect((await waitForRun(systemActor, runId, { timeoutMs: 60_000 })).state).toBe('done')
  expect(await isHeld(shop)).toBe(false)
})

test('a held herd is refused with who holds it, and nobody else can keep the lock or give it back', async () => {
  const { id } = await lockHerd(dana, shop, wish)
  await expect(lockHerd(ada, shop, wish)).rejects.toMatchObject({
    code: 'lock.held',
    message: expect.stringMatching(/^shop is locked by dana, from app1:42, since .*: a new kernel\.$/),
  })
  await expect(keepLock(ada, id, 60)).rejects.toMatchObject({ code: 'lock.lost' })
  await unlockHerd(ada, id)
  expect((await keepLock(dana, id, 60)).expiresAt).toBeTypeOf('string')
  await unlockHerd(dana, id)
  await unlockHerd(dana, id)
  await expect(keepLock(dana, id, 60)).rejects.toMatchObject({ code: 'lock.lost' })
})

test('locking takes the permission of a DBA in that environment, breaking that of an administrator, and both are in the audit log', async () => {
  await expect(lockHerd(otto, shop, wish)).rejects.toMatchObject({ code: 'access.denied' })
  await expect(lockHerd(dana, crm, wish)).rejects.toMatchObject({ code: 'record.missing' })
  const { id } = await lockHerd(dana, shop, wish)
  await expect(breakLock(dana, shop)).rejects.toMatchObject({ code: 'access.denied' })
  await breakLock(ada, shop)
  await expect(keepLock(dana, id, 60)).rejects.toMatchObject({ code: 'lock.lost' })
  await expect(breakLock(ada, shop)).rejects.toMatchObject({ code: 'record.missing' })
  const { rows } = await getPool().query(`select actor_name, act, title, detail from audit order by seq desc limit 2`)
  expect(rows).toMatchObject([
    { actor_name: 'ada', act: 'lease.release', title: 'shop', detail: { owner: 'dana', reason: 'a new kernel' } },
    { actor_name: 'dana', act: 'herd.lock', title: 'shop' },
  ])
})

test('with-lock holds the herd while the command runs and not longer, and says by exit code who failed', async () => {
  const seen = join(home, 'seen')
  const good = matriarch(
    'with-lock',
    'crm',
    '--reason',
    'vacuum',
    '--',
    'sh',
    '-c',
    `echo ready; while [ ! -e ${seen} ]; do sleep 0.05; done`,
  )
  await until('the lock', () => isHeld(crm))
  expect(await herdLock(systemActor, crm)).toMatchObject({ owner: 'admin (token cli)', reason: 'vacuum' })
  const second = await matriarch('with-lock', 'crm', '--', 'touch', seen).ended
  expect(second, 'held by another').toMatchObject({ code: 6, err: expect.stringContaining('crm is locked by admin (token cli)') })
  expect(existsSync(seen), 'the second command did not run').toBe(false)
  const third = matriarch('with-lock', crm, '--wait', '60', '--', 'true')
  spawn('touch', [seen])
  expect(await good.ended).toMatchObject({ code: 0, out: 'ready\n' })
  expect((await third.ended).code, 'waited for it').toBe(0)
  expect(await matriarch('with-lock', 'crm', '--', 'sh', '-c', 'exit 9').ended).toMatchObject({
    code: 7,
    err: 'matriarch: The command ended with 9.\n',
  })
  expect((await matriarch('with-lock', 'crm', '--', 'no-such-command').ended).code).toBe(1)
  expect((await matriarch('with-lock', 'shop', '--', 'true').ended).err).toMatch(
    /2 herds are called shop: choose one by its id .*, or with --env\./,
  )
  expect((await matriarch('with-lock', 'shop', '--env', 'dev', '--', 'true').ended).code).toBe(0)
  expect((await matriarch('with-lock', 'crm').ended).code).toBe(2)
  expect(await isHeld(crm)).toBe(false)
})

test('a command whose lock was broken is stopped, and that is an error', async () => {
  const { ended } = matriarch('with-lock', 'crm', '--ttl', '5', '--', 'sleep', '600')
  await until('the lock', () => isHeld(crm))
  await breakLock(systemActor, crm)
  expect(await ended).toMatchObject({ code: 1, err: expect.stringContaining('The lock of crm was lost: This lock is no longer held') })
})

test('killed with -9 it leaves a lock that runs out by itself; told to end, it ends the command and gives the lock back', async () => {
  const pidFile = join(home, 'pid')
  const script = ['sh', '-c', `echo $$ > ${pidFile}; exec sleep 600`]
  const killed = matriarch('with-lock', 'crm', '--ttl', '5', '--', ...script)
  await until('the lock', async () => (await isHeld(crm)) && existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '')
  killed.child.kill('SIGKILL')
  process.kill(Number(readFileSync(pidFile, 'utf8')))
  await until('the lock to run out', async () => !(await isHeld(crm)))

  rmSync(pidFile)
  const told = matriarch('with-lock', 'crm', '--', ...script)
  await until('the command to run', () => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '')
  told.child.kill('SIGTERM')
  expect(await told.ended).toMatchObject({ code: 7, err: expect.stringContaining('SIGTERM') })
  expect(await isHeld(crm)).toBe(false)
})

test('told to end while it waits for a lock, it starts no command', async () => {
  const { id } = await lockHerd(systemActor, crm, wish)
  const waiting = matriarch('with-lock', 'crm', '--wait', '600', '--', 'touch', join(home, 'begun'))
  await until('it to wait', () => waiting.said.err.includes('Waiting: crm is locked by'))
  waiting.child.kill('SIGTERM')
  expect((await waiting.ended).code).toBe(6)
  await unlockHerd(systemActor, id)
  expect(existsSync(join(home, 'begun'))).toBe(false)
  expect(await isHeld(crm)).toBe(false)
})
