import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { askHostCheck, claimHostChecks, type HostToCheck, waitHostCheck } from '@/db/fleet/host-checks'
import { mustBeNewMachine } from '@/db/fleet/machine-identity'
import { getPool } from '@/db/pg/client'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { startSshd, type TestSshd } from '@/e2e/harness/daemons/sshd'
import { makeHosts } from '@/lib/adapters/hosts'
import { openSsh, type Ssh } from '@/lib/adapters/ssh'
import type { Actor, Role } from '@/lib/kernel/access/access'
import { startHostChecks } from './host-checks'

let database: TestDatabase
let sshd: TestSshd
let ssh: Ssh
let dev: string
let prod: string
const stopping: (() => Promise<void>)[] = []
const log = { info: () => {}, warn: () => {}, error: () => {} }

beforeAll(async () => {
  ;[database, sshd] = await Promise.all([startDatabase(), startSshd()])
  const made = await getPool().query<{ id: string }>(`insert into environments (name) values ('dev'), ('prod') returning id`)
  ;[dev, prod] = made.rows.map(({ id }) => id) as [string, string]
  await getPool().query(
    `insert into workers (id, host, pid, started_at, seen_at, jobs) values (gen_random_uuid(), 'w', 1, now(), now(), 0)`,
  )
  ssh = openSsh({
    keyFor: async () => sshd.privateKey,
    backOffMs: 1,
    recognise: ({ hostname }, machineId) => mustBeNewMachine(hostname, machineId),
  })
})
beforeEach(() => getPool().query('truncate servers, host_checks cascade'))
afterEach(async () => {
  for (const stop of stopping.splice(0)) await stop()
})
afterAll(async () => {
  await ssh?.close()
  await Promise.all([sshd?.stop(), database?.stop()])
})

const startWorker = async () => stopping.push((await startHostChecks({ hosts: makeHosts(ssh).read, log })).stop)
const actorIn = (role: Role, environmentId: string | null): Actor => ({
  kind: 'person',
  personId: crypto.randomUUID(),
  name: role,
  grants: [{ role, environmentId }],
})
const dba = () => actorIn('dba', dev)
const host = (given: Partial<HostToCheck> = {}): HostToCheck => ({
  environmentId: dev,
  address: '127.0.0.1',
  sshPort: sshd.port,
  sshUser: sshd.user,
  hostKey: sshd.hostKey,
  profile: 'debian',
  ...given,
})
const over = () => AbortSignal.timeout(30_000)
const check = async (given: Partial<HostToCheck> = {}) => {
  const { steps, because } = await waitHostCheck(await askHostCheck(dba(), host(given)), over())
  return { because, said: Object.fromEntries((steps ?? []).map((step) => [step.name, step])) }
}
const asked = async () => (await getPool().query('select title, environment_id from audit where act = $1', ['host.check'])).rowCount

test('a host tells its key before anything runs there, and with that key goes through every step, and is no server for it', async () => {
  await startWorker()
  const before = await asked()
  const first = await check({ hostKey: null })
  expect(first.said.reachable).toMatchObject({ verdict: 'pass' })
  expect(first.said['host-key']).toMatchObject({ verdict: 'warn', because: expect.stringContaining(sshd.hostKey) })
  expect(first.said.login).toMatchObject({ verdict: 'skipped' })
  const second = await check()
  expect([second.said.login, second.said.machine, second.said.user]).toMatchObject([
    { verdict: 'pass' },
    { verdict: 'pass', because: 'It is no server’s machine yet.' },
    // Warned about where this machine has clusters of somebody else's than who runs the tests.
    { verdict: expect.stringMatching(/^(pass|warn)$/) },
  ])
  expect((await getPool().query('select from servers')).rowCount).toBe(0)
  expect(await asked()).toBe(before! + 2)
})

test('another key, a closed port and a machine that is a server already are told, the last without whose it is', async () => {
  await startWorker()
  expect((await check({ hostKey: `SHA256:${'A'.repeat(43)}` })).said['host-key']).toMatchObject({ verdict: 'fail' })
  expect((await check({ sshPort: 1 })).said.reachable).toMatchObject({ verdict: 'fail' })
  const machineId = readFileSync('/etc/machine-id', 'utf8').trim()
  await getPool().query(`insert into servers (environment_id, hostname, address, machine_id) values ($1, 'secret-1', '192.0.2.7', $2)`, [
    prod,
    machineId,
  ])
  // The connection of the checks before is warm, and its machine was judged then.
  await ssh.close()
  ssh = openSsh({ keyFor: async () => sshd.privateKey, recognise: ({ hostname }, id) => mustBeNewMachine(hostname, id) })
  await Promise.all(stopping.splice(0).map((stop) => stop()))
  await startWorker()
  const { said } = await check()
  expect(said.machine).toMatchObject({ verdict: 'fail', because: expect.stringContaining('is registered as a server already') })
  expect(JSON.stringify(said)).not.toContain('secret-1')
})

test('nobody has a host checked who may not register one in that environment, and nothing is asked of a worker', async () => {
  for (const [actor, code] of [
    [actorIn('operator', dev), 'access.denied'],
    [actorIn('viewer', dev), 'access.denied'],
    [actorIn('admin', prod), 'record.missing'],
  ] as const)
    await expect(askHostCheck(actor, host())).rejects.toMatchObject({ code })
  await expect(askHostCheck(dba(), host({ environmentId: crypto.randomUUID() }))).rejects.toMatchObject({ code: 'record.missing' })
  expect((await getPool().query('select from host_checks')).rowCount).toBe(0)
})

test('a person has three hosts checked at once, and others are not held up by it', async () => {
  const actor = dba()
  const answers = await Promise.allSettled(Array.from({ length: 5 }, () => askHostCheck(actor, host())))
  expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected'])
  await expect(askHostCheck(actor, host())).rejects.toMatchObject({ code: 'limit.reached' })
  await askHostCheck(dba(), host())
})

test('a worker that dies at a check leaves it to the next one, and without any worker that is said', async () => {
  const id = await askHostCheck(dba(), host())
  expect((await claimHostChecks(5)).map((claimed) => claimed.id)).toEqual([id])
  expect(await claimHostChecks(5)).toEqual([])
  await getPool().query(`update host_checks set claimed_until = now() - interval '1 second'`)
  await startWorker()
  expect((await waitHostCheck(id, over())).steps).not.toBeNull()
  for (const stop of stopping.splice(0)) await stop()
  await getPool().query('update workers set seen_at = $1', [new Date(0)])
  await expect(waitHostCheck(await askHostCheck(dba(), host()), over())).rejects.toMatchObject({ code: 'worker.absent' })
})
