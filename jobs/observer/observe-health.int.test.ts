import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { makeInventory } from '@/db/fleet/inventory'
import { readHealth } from '@/db/health/read'
import { dropCluster, makeCluster, type TestCluster } from '@/e2e/harness/daemons/cluster'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { startSshd, type TestSshd } from '@/e2e/harness/daemons/sshd'
import { primary, standby } from '@/e2e/harness/observed'
import { ids, openShop, query, see } from '@/e2e/harness/observed-shop'
import { makeHealth } from '@/lib/adapters/health'
import { makePostgres, type Postgres } from '@/lib/adapters/postgres'
import { openSsh, type Ssh } from '@/lib/adapters/ssh'
import { healthKinds } from '@/lib/domain/health/kinds'
import { systemActor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { HealthRead } from '@/lib/ports'
import { startLiveLooks } from './live-looks'
import { lookAtHealth, makeHealthLooks } from './observe-health'

let database: TestDatabase
let sshd: TestSshd
let ssh: Ssh
let postgres: Postgres
let clusters: TestCluster[]
beforeAll(async () => {
  database = await startDatabase()
  sshd = await startSshd()
  ssh = openSsh({ keyFor: async () => sshd.privateKey })
  postgres = makePostgres(ssh)
  const first = await makeCluster(sshd, 'alpha')
  clusters = [first, await makeCluster(sshd, 'beta', first)]
})
afterAll(async () => {
  postgres?.close()
  await ssh?.close()
  for (const cluster of clusters?.toReversed() ?? []) await dropCluster(cluster)
  await sshd?.stop()
  await database.stop()
})
beforeEach(async () => {
  await openShop()
  await query(`delete from instances where id = $1`, [ids.c])
  await see('a', primary())
  await see('b', standby('198.18.0.1'))
})

const { signal } = new AbortController()
const addressOf = (n: number) => ({ ...clusters[n]!.instance(), instanceId: [ids.a, ids.b][n]! })
const look = (n: number, isNow = false) =>
  lookAtHealth(makeHealth(ssh), { id: [ids.a, ids.b][n]!, address: addressOf(n) }, { isNow, signal })
const health = (of: 'instance' | 'herd', id: string, isNow = false) => readHealth(systemActor, { of, id }, { isNow })
const execute = (sql: string) =>
  postgres.act.execute(addressOf(0), sql, {
    ...{ database: 'postgres', statementTimeoutMs: 10_000, rowsMax: 10, bytesMax: 10_000, onTransaction: async () => {} },
  })

test('a primary and its standby, asked each for its part, leave no kind unknown but those that need samples', async () => {
  await execute(`create sequence ending maxvalue 100 start 96`)
  await execute(`select nextval('ending')`)
  const { rows } = await postgres.read.query(addressOf(0), 'select pg_current_wal_lsn()', {
    ...{ database: 'postgres', statementTimeoutMs: 5_000, rowsMax: 1, bytesMax: 1_000 },
  })
  await expect
    .poll(async () => (await postgres.read.probe(addressOf(1), { timeoutMs: 5_000 })).replayedLsn, { timeout: 10_000 })
    .toSatisfy((lsn: string) => lsn >= rows[0]![0]!)
  await look(0)
  await look(1)
  const herd = await health('herd', ids.herd!)
  expect(Object.fromEntries(herd.checks.map(({ kind, state }) => [kind, state]))).toMatchObject({
    ...{
      wraparound: 'healthy',
      multixact: 'healthy',
      slot: 'healthy',
      autovacuum: 'healthy',
      bloat: 'healthy',
      'invalid-index': 'healthy',
    },
    ...{ sequence: 'critical', archiver: 'not-applicable', backup: 'not-applicable', disk: 'unknown' },
  })
  const sequence = herd.checks.find(({ kind }) => kind === 'sequence')!
  expect(sequence.looks.map(({ instanceId }) => instanceId)).toEqual([ids.b])
  expect(sequence.findings).toMatchObject([
    { object: 'public.ending', database: 'postgres', instanceId: ids.b, remedy: { operation: { name: 'run-sql', targetId: ids.a } } },
  ])
  // What the remedy says mends it.
  await execute(sequence.findings[0]!.remedy.operation!.input.sql!)
  // The same stands on the page of the primary, whom nobody asked.
  expect((await health('instance', ids.a!)).checks.find(({ kind }) => kind === 'sequence')).toMatchObject({ state: 'critical' })
  await execute('drop sequence ending')
})

test('everything that is asked of an idle server, the dearest kinds included, takes it milliseconds', async () => {
  const kinds = healthKinds.filter(({ of }) => of !== 'records').map(({ name }) => name)
  await makeHealth(ssh).look(addressOf(0), kinds, { timeoutMs: 30_000 })
  const startedAt = performance.now()
  await makeHealth(ssh).look(addressOf(0), kinds, { timeoutMs: 30_000 })
  const tookMs = performance.now() - startedAt
  console.log(
    `every kind of health of an idle server: ${tookMs.toFixed(0)} ms with its sessions, ${((tookMs / 3_600_000) * 100).toFixed(4)} % of an hour`,
  )
  expect(tookMs).toBeLessThan(3_000)
})

test('a server that does not answer is said not to have been seen, kind by kind', async () => {
  const away: HealthRead = { look: () => Promise.reject(new Fault('sql.unreachable', { because: 'Nothing listens there.' })) }
  await lookAtHealth(away, { id: ids.a!, address: addressOf(0) }, { isNow: false, signal })
  expect((await health('instance', ids.a!)).checks.find(({ kind }) => kind === 'slot')).toMatchObject({
    state: 'unknown',
    looks: [{ seenAt: null, because: 'Nothing listens there.' }],
  })
})

test('an instance is asked within minutes of a start, at its own place in them, then once an hour, and never where its environment does not want it', async () => {
  let now = 0
  const asked: string[] = []
  const port: HealthRead = {
    look: async ({ instanceId }, kinds) => {
      asked.push(instanceId)
      return kinds.map((kind) => ({ kind, found: [], because: null, notApplicable: null }))
    },
  }
  const looks = makeHealthLooks(port, () => now)
  const instance = await makeInventory().instance(ids.a!)
  looks.load(new Set([instance.id]), [])
  const first = looks.offer(instance, signal)
  const place = (Number.parseInt(ids.a!.replaceAll('-', '').slice(-8), 16) / 0xffff_ffff) * 300_000
  if (place > 0) expect(first).toBeNull()
  now = place + 1
  await looks.offer(instance, signal)
  expect(asked).toEqual([ids.a])
  now += 3_599_000
  expect(looks.offer(instance, signal)).toBeNull()
  // A worker that starts anew asks nothing that another one has just asked.
  let later = 0
  const restarted = makeHealthLooks(port, () => later)
  restarted.load(new Set([instance.id]), [])
  restarted.offer(instance, signal)
  later = 300_001
  await restarted.offer(instance, signal)
  expect(asked).toEqual([ids.a])
  await query(`update health_looks set tried_at = tried_at - interval '1 hour'`)
  now += 2_000
  looks.load(new Set([instance.id]), [instance.serverId])
  expect(looks.offer(instance, signal)).toBeNull()
  looks.load(new Set([instance.id]), [])
  await looks.offer(instance, signal)
  expect(asked).toEqual([ids.a, ids.a])
})

test('who asks for a look now is answered with what a worker has just found, or with why it found nothing', async () => {
  const log = { info: () => {}, warn: () => {}, error: () => {} }
  const unused = { look: () => Promise.reject(new Fault('sql.timeout')) }
  const worker = await startLiveLooks({
    ...{ inventory: makeInventory(), activity: unused, serverLog: unused, statements: unused, log: log as never },
    serverSettings: { ...unused, kinds: () => Promise.reject(new Fault('sql.timeout')) },
    health: {
      look: async (_address, kinds) =>
        kinds.map((kind) => ({
          ...{ kind, because: null, notApplicable: null },
          found: kind === 'slot' ? [{ database: '', object: 'left', value: 5e10, atLeast: null, details: {} }] : [],
        })),
    },
  })
  expect((await health('instance', ids.a!)).checks.find(({ kind }) => kind === 'slot')).toMatchObject({ state: 'unknown' })
  const answer = await health('instance', ids.a!, true)
  expect(answer.because).toBeNull()
  expect(answer.checks.find(({ kind }) => kind === 'slot')).toMatchObject({ state: 'critical', findings: [{ object: 'left' }] })
  await worker.stop()
})
