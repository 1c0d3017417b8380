import { execFile } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dropCluster, makeCluster, type TestCluster } from '@/e2e/harness/daemons/cluster'
import { runAsOwner, sqlAsOwner } from '@/e2e/harness/daemons/owner'
import { startSshd, type TestSshd } from '@/e2e/harness/daemons/sshd'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Following, InPlaceSpec } from '@/lib/ports'
import { makeHostWork } from '../hosts/host-work'
import { makePostgres, type Postgres } from '../postgres'
import { openSsh, type Ssh } from '../ssh'
import { type Carrier, startCarrier } from './carrier'
import { makeCopies } from './index'

const carrierCommand = [
  process.execPath,
  '--import',
  'tsx',
  '-e',
  `import('@/lib/adapters/copies/carrier-process').then((it) => it.serveCarrier())`,
]
const limits = { timeoutMs: 120_000 }
const run = promisify(execFile)
let sshd: TestSshd
let ssh: Ssh
let postgres: Postgres
let carrier: Carrier
let copies: ReturnType<typeof makeCopies>
let alpha: TestCluster
let beta: TestCluster

beforeAll(async () => {
  sshd = await startSshd()
  ssh = openSsh({ keyFor: async () => sshd.privateKey })
  postgres = makePostgres(ssh)
  carrier = startCarrier(ssh.logins, carrierCommand)
  const exec: Ssh['exec'] = (host, argv, options) => {
    if (options.wire) throw new Error('The bytes of a copy go through this process.')
    return ssh.exec(host, argv, options)
  }
  copies = makeCopies({ ...ssh, exec }, makeHostWork(ssh), carrier)
  alpha = await makeCluster(sshd, 'alpha')
  beta = await makeCluster(sshd, 'beta', alpha)
})
afterAll(async () => {
  carrier.close()
  postgres.close()
  await ssh.close()
  await dropCluster(beta)
  await dropCluster(alpha)
  await sshd.stop()
})

const asOwner = (script: string, ...values: string[]) => runAsOwner(sshd, script, ...values)
const sql = (cluster: TestCluster, statement: string) => sqlAsOwner(sshd, cluster, statement)
const source = (): Following => ({
  conninfo: { host: sshd.folder, port: String(alpha.port), user: sshd.user, application_name: 'beta' },
  slotName: 'beta',
})
const spec = (key: string, more: Partial<InPlaceSpec> = {}): InPlaceSpec => ({
  key,
  upstream: alpha.instance(),
  rateKbMax: null,
  tablespaces: [],
  ...more,
})
const spaces = async () => [
  {
    oid: await sql(alpha, `select oid from pg_tablespace where spcname = 'far'`),
    location: await sql(alpha, `select pg_tablespace_location(oid) from pg_tablespace where spcname = 'far'`),
  },
]
const lookAt = (cluster: TestCluster) => copies.read.look(cluster.instance(), limits)
const backups = () => sql(alpha, `select count(*) from pg_stat_activity where application_name = 'matriarch_backup'`)
const checksum = (cluster: TestCluster) =>
  sql(cluster, 'select md5(string_agg(n::text, $$,$$ order by n)) from (select n from kept union all select n from wide) t')
const rsyncs = async () =>
  (await run('ps', ['-eo', 'args='])).stdout.split('\n').filter((line) => /^rsync /.test(line) && line.includes(sshd.folder))
const streams = () =>
  expect.poll(() => sql(beta, 'select status from pg_stat_wal_receiver').catch(() => ''), { timeout: 60_000 }).toBe('streaming')

test('a standby that went its own way is made like its upstream where it lies: its links, tablespace and configuration stay, and it streams', async () => {
  const [wal, ts, mapped, gone] = ['wal-b', 'ts', 'ts-b', 'gone'].map((name) => join(sshd.folder, name)) as [string, string, string, string]
  await asOwner('mkdir "$1" "$2" "$3"', ts, mapped, gone)
  await beta.ctl('promote')
  // Servers that part give the same numbers to different things.
  await sql(beta, 'create table a (n int); create table b (n int); create table c (n int)')
  await sql(beta, `create tablespace gone location '${gone}'`)
  await sql(beta, 'create table only_here tablespace gone as select generate_series(1, 50000) as n')
  await sql(beta, 'checkpoint')
  await beta.ctl('stop')
  // As after a rewind that was broken off.
  chmodSync(beta.data, 0o701)
  await sql(alpha, `create tablespace far location '${ts}'`)
  await sql(alpha, 'create table kept tablespace far as select generate_series(1, 1000) as n')
  await sql(alpha, 'create table wide as select n, repeat(md5(n::text), 20) as filler from generate_series(1, 5000) as n')
  const [space] = await spaces()
  const dress = `mv "$1/pg_wal" "$2"; ln -s "$2" "$1/pg_wal"; ln -s "$3" "$1/pg_tblspc/$4"; echo "# mine" >>"$1/pg_hba.conf"; echo beta >"$1/server.key"; chmod 400 "$1/server.key"; echo old >"$1/PG_OLD"`
  await asOwner(dress, beta.data, wal, mapped, space!.oid)
  const files = ['postgresql.conf', 'postgresql.auto.conf', 'pg_hba.conf', 'pg_ident.conf']
  const texts = () => files.map((name) => readFileSync(join(beta.data, name), 'utf8'))
  const before = texts()

  const given = spec('in-place-1', { tablespaces: [space!] })
  await copies.act.beginInPlace(beta.instance(), given, limits)
  const heard: number[] = []
  const done = await copies.act.fillInPlace(beta.instance(), given, { ...limits, onProgress: (bytes) => void heard.push(bytes) })
  expect(done.bytes).toBeGreaterThan(20_000_000)
  expect([Math.max(...heard), done.moved < done.bytes]).toEqual([done.bytes, true])
  expect([await backups(), await rsyncs()]).toEqual(['0', []])
  expect([readlinkSync(join(beta.data, 'pg_wal')), readlinkSync(join(beta.data, 'pg_tblspc', space!.oid))]).toEqual([wal, mapped])
  expect([texts(), readFileSync(join(beta.data, 'server.key'), 'utf8')]).toEqual([before, 'beta\n'])
  expect([existsSync(join(beta.data, 'PG_OLD')), existsSync(join(beta.data, 'tablespace_map'))]).toEqual([false, false])
  expect((await asOwner('ls "$1"', gone)).stdout).toBe('')

  await sql(alpha, 'insert into kept values (0)')
  await postgres.replication.act.follow(beta.instance(), source(), limits)
  await beta.ctl('start')
  await streams()
  await expect.poll(() => sql(beta, 'select count(*) from kept').catch(() => ''), { timeout: 60_000 }).toBe('1001')
  expect(await checksum(beta)).toBe(await checksum(alpha))
  expect(await sql(beta, `select count(*) from pg_class where relname = 'only_here'`)).toBe('0')
})

test('one that is broken off, by a cancel, a lost carrier, a lost backup or a lost connection, cannot start and leaves no backup and no rsync; the next one completes it', async () => {
  await beta.ctl('stop', '-m', 'immediate')
  await sql(alpha, 'update wide set filler = reverse(filler)')
  const slow = spec('in-place-2', { tablespaces: await spaces(), rateKbMax: 400 })
  await copies.act.beginInPlace(beta.instance(), slow, limits)
  /** Breaks it off in the middle; how it ended. */
  const broken = async (breakOff: (over: AbortController) => unknown): Promise<Fault> => {
    const over = new AbortController()
    let bytes = 0
    const filling = copies.act
      .fillInPlace(beta.instance(), slow, {
        ...limits,
        signal: over.signal,
        onProgress: (now) => {
          bytes = now
        },
      })
      .catch((error: unknown) => error)
    await expect.poll(() => bytes, { timeout: 60_000 }).toBeGreaterThan(0)
    expect([await backups(), (await rsyncs()).length > 0]).toEqual(['1', true])
    await breakOff(over)
    return (await filling) as Fault
  }
  expect(await broken((over) => over.abort(new Fault('shell.cancelled')))).toMatchObject({
    code: 'shell.cancelled',
    facts: { isOver: true },
  })
  await expect.poll(async () => [await backups(), await rsyncs()], { timeout: 60_000 }).toEqual(['0', []])
  expect((await lookAt(beta)).copy.inPlaceKey).toBe('in-place-2')
  await expect(beta.ctl('start')).rejects.toThrow()

  const end = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'matriarch_backup'`
  // Its own carrier, among those of tests that run beside.
  const killCarrier = async () => {
    const { stdout } = await run('ps', ['--ppid', String(process.pid), '-o', 'pid=,args='])
    const [line] = stdout.split('\n').filter((one) => one.includes('serveCarrier'))
    process.kill(Number.parseInt(line!, 10), 'SIGKILL')
  }
  expect(await broken(killCarrier)).toMatchObject({ code: 'shell.timeout', facts: { isOver: false } })
  await expect.poll(async () => [await backups(), await rsyncs()], { timeout: 60_000 }).toEqual(['0', []])

  expect(await broken(() => sql(alpha, end))).toMatchObject({
    code: 'sql.unreachable',
    message: expect.stringContaining('session of the backup'),
  })
  // Whichever of its three channels is seen broken first.
  expect(['sql.unreachable', 'shell.timeout', 'shell.unreachable']).toContain((await broken(() => sshd.kill())).code)
  await sshd.restart()
  await ssh.reach(sshd.host(), limits)

  await copies.act.fillInPlace(beta.instance(), { ...slow, rateKbMax: null }, limits)
  expect([await backups(), await rsyncs()]).toEqual(['0', []])
  await postgres.replication.act.follow(beta.instance(), source(), limits)
  await beta.ctl('start')
  await streams()
  await expect.poll(() => checksum(beta).catch(() => ''), { timeout: 60_000 }).toBe(await checksum(alpha))
})
