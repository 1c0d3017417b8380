import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dropCluster, makeCluster, type TestCluster } from '@/e2e/harness/daemons/cluster'
import { startPgbouncer, type TestPgbouncer } from '@/e2e/harness/daemons/pgbouncer'
import { startSshd, type TestSshd } from '@/e2e/harness/daemons/sshd'
import { until } from '@/e2e/harness/hold'
import { judgeCanary } from '@/lib/domain/proof/canary-ledger'
import { addPiece, type Strip } from '@/lib/domain/proof/canary-strip'
import type { CanaryEndpoint, CanaryPooler, PoolerAddress } from '@/lib/ports'
import { makePoolers, type Poolers } from '../poolers'
import { makePostgres, type Postgres } from '../postgres'
import { openSsh, type Ssh } from '../ssh'
import { makeCanary } from './index'

const options = { timeoutMs: 20_000 }
const run = '6f0f7c9e-0000-4000-8000-0000000000aa'
let sshd: TestSshd
let ssh: Ssh
let cluster: TestCluster
let bouncer: TestPgbouncer
let poolers: Poolers
let postgres: Postgres
let canary: ReturnType<typeof makeCanary>
let folder: string
/** As the page of its job would have it. */
let strip: Strip | null = null

const address = (): PoolerAddress => ({
  poolerId: 'p',
  host: sshd.host(),
  socketDirectory: bouncer.folder,
  port: bouncer.port,
  configPath: bouncer.configPath,
})
const member = (): CanaryEndpoint => ({ ...cluster.instance(), title: 'the primary', database: 'postgres' })
const pooler = (change: Partial<CanaryPooler> = {}): CanaryPooler => ({
  title: 'the pooler',
  host: sshd.host(),
  socketDirectory: bouncer.folder,
  port: bouncer.port,
  authFile: join(bouncer.folder, 'users'),
  databases: [{ name: 'orders', database: 'postgres' }],
  users: [],
  systemIdentifier: null,
  ...change,
})
const own = (path: string, text: string) => {
  writeFileSync(path, text)
  chownSync(path, sshd.uid, sshd.gid)
}
const execute = (sql: string) =>
  postgres.act.execute(cluster.instance(), sql, {
    database: 'postgres',
    statementTimeoutMs: 10_000,
    rowsMax: 10,
    bytesMax: 10_000,
    onTransaction: async () => {},
  })

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mcanary-'))
  sshd = await startSshd()
  ssh = openSsh({ keyFor: async () => sshd.privateKey })
  postgres = makePostgres(ssh)
  poolers = makePoolers(ssh)
  canary = makeCanary(ssh, folder, async (_job, piece) => {
    strip = addPiece(strip, piece)
  })
  cluster = await makeCluster(sshd, 'alpha')
  writeFileSync(join(cluster.data, 'pg_hba.conf'), 'local all app scram-sha-256\nlocal all all peer\n')
  await cluster.ctl('reload')
  const { socketDirectory, port } = cluster.instance()
  const backend = { folder: socketDirectory, database: 'postgres', user: 'app' }
  bouncer = await startPgbouncer({ folder: sshd.folder, uid: sshd.uid, gid: sshd.gid, backend })
  own(join(bouncer.folder, 'users'), '"app" "secret"\n"verified" "SCRAM-SHA-256$4096:YQ==$YQ==:YQ=="\n')
  own(
    bouncer.configPath,
    `[databases]\norders = host=${socketDirectory} port=${port} dbname=postgres\n\n[pgbouncer]\nlisten_addr =\nlisten_port = ${bouncer.port}\nunix_socket_dir = ${bouncer.folder}\nauth_type = scram-sha-256\nauth_file = ${bouncer.folder}/users\npool_mode = transaction\n`,
  )
  await poolers.act.reload(address(), options)
  await execute("create role app login password 'secret'")
}, 120_000)
afterAll(async () => {
  await canary.close()
  poolers.close()
  postgres.close()
  await ssh.close()
  await bouncer.stop()
  await dropCluster(cluster)
  await sshd.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('a canary writes through a real PgBouncer as one of its users; a pause is a gap to it and no error, and every commit is found on the server', async () => {
  const door = await canary.read.door(pooler(), options)
  expect(door).toMatchObject({ title: 'the pooler', database: 'orders', user: 'app', serverDatabase: 'postgres', serverUser: 'app' })
  expect(JSON.stringify(door)).not.toContain('secret')
  await canary.act.prepare(member(), door.serverUser, options)
  await canary.act.start(run, [door], { ...options, jobId: 'job' })
  const acked = async () => (await canary.read.ledger(run))!.ledger.events.filter(({ kind }) => kind === 'ack').length
  await poolers.act.pause(address(), 'orders', options)
  const held = await acked()
  await until('the page to see that nothing is answered', () => strip !== null && strip.atMs - (strip.lastAckMs ?? 0) > 600, 30_000)
  expect(await acked()).toBe(held)
  await poolers.act.resume(address(), 'orders', options)
  await until('commits after the pause', async () => (await acked()) > held + 5, 30_000)
  await canary.act.stop(run)
  const seen = (await canary.read.ledger(run))!
  const evidence = judgeCanary(
    seen.ledger,
    { on: 'it', ids: await canary.read.rows(member(), run, options) },
    { through: 'it', sha256: seen.sha256, cutOff: null },
  )
  expect(evidence).toMatchObject({
    refused: 0,
    unknown: 0,
    errors: [],
    found: { lost: 0, foreign: 0, rows: seen.ledger.events.length / 2 },
  })
  expect(evidence.longestGapMs).toBeGreaterThan(600)
  expect(evidence.commitModes).toEqual(['synchronous_commit = on, no synchronous standby: acknowledged once it was on the primary’s disk'])
  expect(strip).toEqual(evidence.strip)
  await canary.act.remove(member(), run, options)
  expect(await canary.read.rows(member(), run, options)).toEqual([])
}, 120_000)

test('where nobody is let in, or its rows would be carried elsewhere, it says why', async () => {
  const why = async (change: Partial<CanaryPooler>): Promise<string> => {
    const fault = await canary.read.door(pooler(change), options).catch((error: unknown) => error)
    return String((fault as Error).message)
  }
  own(join(bouncer.folder, 'none'), '"verified" "SCRAM-SHA-256$4096:YQ==$YQ==:YQ=="\n')
  own(join(bouncer.folder, 'wrong'), '"app" "not it"\n')
  expect(await why({ authFile: join(bouncer.folder, 'none') })).toMatch(/the pooler accepts no login\. \S+ in orders: /)
  expect(await why({ authFile: join(bouncer.folder, 'wrong') })).toMatch(/app in orders: .*authentication failed/)
  await execute('create publication everything for all tables')
  expect(await why({})).toContain('a publication of all its tables would carry the canary’s rows')
}, 120_000)
