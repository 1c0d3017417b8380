import { spawn } from 'node:child_process'
import { chmodSync, existsSync, lstatSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dropCluster, makeCluster, type TestCluster } from '@/e2e/harness/daemons/cluster'
import { endOfWork, runAsOwner, sqlAsOwner } from '@/e2e/harness/daemons/owner'
import { startSshd, type TestSshd } from '@/e2e/harness/daemons/sshd'
import type { CopySpec, Following } from '@/lib/ports'
import { makeHostWork } from '../hosts/host-work'
import { makePostgres, type Postgres } from '../postgres'
import { openSsh, type Ssh } from '../ssh'
import { makeCopies } from './index'

const limits = { timeoutMs: 60_000 }
let sshd: TestSshd
let ssh: Ssh
let postgres: Postgres
let work: ReturnType<typeof makeHostWork>
let copies: ReturnType<typeof makeCopies>
let alpha: TestCluster
let beta: TestCluster

beforeAll(async () => {
  sshd = await startSshd()
  ssh = openSsh({ keyFor: async () => sshd.privateKey })
  postgres = makePostgres(ssh)
  work = makeHostWork(ssh)
  copies = makeCopies(ssh, work)
  alpha = await makeCluster(sshd, 'alpha')
  alpha.configure('wal_log_hints = on\nwal_keep_size = 64MB')
  await alpha.ctl('restart')
  beta = await makeCluster(sshd, 'beta', alpha)
})
afterAll(async () => {
  postgres.close()
  await ssh.close()
  await dropCluster(beta)
  await dropCluster(alpha)
  await sshd.stop()
})

const asOwner = (script: string, ...values: string[]) => runAsOwner(sshd, script, ...values)
const sql = (cluster: TestCluster, statement: string) => sqlAsOwner(sshd, cluster, statement)
const sourceOf = (cluster: TestCluster, slotName: string | null = null): Following => ({
  conninfo: { host: sshd.folder, port: String(cluster.port), user: sshd.user, application_name: 'beta' },
  slotName,
})
const spec = (key: string, more: Partial<CopySpec> = {}): CopySpec => {
  return { key, source: sourceOf(alpha), rateKbMax: null, tablespaces: [], ...more }
}
const lookAt = (cluster: TestCluster) => copies.read.look(cluster.instance(), { ...limits, withSizes: true })
const untilEnded = (key: string) => endOfWork(work.read, sshd.host(), key)
const copied = async (cluster: TestCluster, given: CopySpec) => {
  await copies.act.start({ ...cluster.instance(), major: '15' }, given, limits)
  expect(await untilEnded(given.key)).toMatchObject({ state: 'ended', exitCode: 0 })
}
const backups = () => sql(alpha, `select count(*) from pg_stat_replication where application_name = 'matriarch_copy'`)

test('a copy takes the place of a stopped standby and streams; its links, tablespace and configuration are as they were; the old one can come back', async () => {
  const [wal, ts, mapped] = ['wal-b', 'ts', 'ts-b'].map((name) => join(sshd.folder, name)) as [string, string, string]
  await beta.ctl('stop')
  await asOwner('mv "$1/pg_wal" "$2"; ln -s "$2" "$1/pg_wal"; mkdir "$3" "$4"', beta.data, wal, ts, mapped)
  await sql(alpha, `create tablespace far location '${ts}'`)
  await sql(alpha, 'create table kept tablespace far as select generate_series(1, 1000) as n')
  const oid = await sql(alpha, `select oid from pg_tablespace where spcname = 'far'`)
  await asOwner('ln -s "$2" "$1/pg_tblspc/$3"; echo old >"$1/PG_OLD"; echo "# mine" >>"$1/pg_hba.conf"', beta.data, mapped, oid)
  const files = ['postgresql.conf', 'postgresql.auto.conf', 'pg_hba.conf', 'pg_ident.conf']
  const texts = () => files.map((name) => readFileSync(join(beta.data, name), 'utf8'))
  const before = texts()
  const { ino } = lstatSync(beta.data)

  const seen = await lookAt(beta)
  expect(seen.places).toMatchObject([
    { what: 'data', path: beta.data, because: null },
    { what: 'wal', path: wal, because: null },
    { what: 'tablespace', path: mapped, because: null },
  ])
  expect(seen).toMatchObject({ configuration: expect.arrayContaining(files), copy: { stage: 'none', key: null, isRewinding: false } })

  await copied(beta, spec('copy-1', { tablespaces: [{ oid, location: ts }] }))
  const whole = await lookAt(beta)
  expect(whole.copy).toMatchObject({ stage: 'whole', key: 'copy-1', paths: [beta.data, wal, mapped].map((path) => `${path}.matriarch`) })
  expect(whole.copy.bytes).toBeGreaterThan(10_000_000)
  await expect(copies.act.start(beta.instance(), spec('copy-2'), limits)).rejects.toMatchObject({
    message: expect.stringContaining('lies in'),
  })

  await copies.act.swapIn(beta.instance(), 'copy-1', limits)
  await copies.act.swapIn(beta.instance(), 'copy-1', limits)
  expect((await lookAt(beta)).copy.stage).toBe('swapped')
  expect([lstatSync(beta.data).ino, readlinkSync(join(beta.data, 'pg_wal')), readlinkSync(join(beta.data, 'pg_tblspc', oid))]).toEqual([
    ino,
    wal,
    mapped,
  ])
  expect(texts()).toEqual(before)
  expect(existsSync(join(beta.data, 'PG_OLD'))).toBe(false)

  await copies.act.putBack(beta.instance(), 'copy-1', limits)
  await copies.act.putBack(beta.instance(), 'copy-1', limits)
  expect([existsSync(join(beta.data, 'PG_OLD')), (await lookAt(beta)).copy.stage]).toEqual([true, 'whole'])
  await copies.act.swapIn(beta.instance(), 'copy-1', limits)

  await postgres.replication.act.follow(beta.instance(), sourceOf(alpha, 'beta'), limits)
  await beta.ctl('start')
  await expect(copies.act.putBack(beta.instance(), 'copy-1', limits)).rejects.toMatchObject({
    message: expect.stringContaining('a server runs there'),
  })
  await sql(alpha, 'insert into kept values (0)')
  await expect.poll(() => sql(beta, 'select count(*) from kept').catch(() => ''), { timeout: 60_000 }).toBe('1001')

  await copies.act.remove(beta.instance(), 'another', limits)
  expect((await lookAt(beta)).copy.stage).toBe('swapped')
  await copies.act.remove(beta.instance(), 'copy-1', limits)
  await copies.act.remove(beta.instance(), 'copy-1', limits)
  expect((await lookAt(beta)).copy).toMatchObject({ stage: 'none', paths: [] })
  expect([beta.data, wal, mapped].map((path) => existsSync(`${path}.matriarch`))).toEqual([false, false, false])
})

test('a copy that is ended half way leaves nothing on its source, and can be removed while the server runs', async () => {
  await copies.act.start({ ...beta.instance(), major: '15' }, spec('copy-slow', { rateKbMax: 32, tablespaces: await spaces() }), limits)
  await expect.poll(async () => (await lookAt(beta)).copy.bytes ?? 0, { timeout: 60_000 }).toBeGreaterThan(100_000)
  await work.act.end(sshd.host(), 'copy-slow', limits)
  await expect.poll(backups, { timeout: 60_000 }).toBe('0')
  expect(await sql(alpha, `select count(*) from pg_replication_slots where slot_name <> 'beta'`)).toBe('0')
  await copies.act.remove(beta.instance(), 'copy-slow', limits)
  expect((await lookAt(beta)).copy.stage).toBe('none')
})

const spaces = async () => (await postgres.replication.read.dataDirectory(alpha.instance(), limits)).tablespaces

test('an old directory that is kept has its own WAL and tablespaces, and is no leftover', async () => {
  await beta.ctl('stop')
  // As after a rewind that was broken off: the mode of the directory bars it from starting.
  chmodSync(beta.data, 0o701)
  await copied(beta, spec('copy-keep', { tablespaces: await spaces() }))
  await copies.act.swapIn(beta.instance(), 'copy-keep', limits)
  await copies.act.remove(beta.instance(), 'copy-keep', { ...limits, keep: true })
  const { stdout } = await asOwner('cd "$1"; ls -d beta.old.*; readlink -f beta.old.*/pg_wal beta.old.*/pg_tblspc/*', sshd.folder)
  const [kept, wal, space] = stdout.trim().split('\n')
  const stamp = kept!.slice('beta.old.'.length)
  expect([wal, space]).toEqual([join(sshd.folder, `wal-b.old.${stamp}`), join(sshd.folder, `ts-b.old.${stamp}`)])
  expect((await lookAt(beta)).copy).toMatchObject({ stage: 'none', paths: [] })
  await postgres.replication.act.follow(beta.instance(), sourceOf(alpha, 'beta'), limits)
  await beta.ctl('start')
})

test('a rewind that cannot begin changes no configuration', async () => {
  await beta.ctl('stop')
  const texts = () => ['postgresql.conf', 'pg_hba.conf'].map((name) => readFileSync(join(beta.data, name), 'utf8'))
  const before = texts()
  const nobody = { conninfo: { host: sshd.folder, port: '1', user: sshd.user }, slotName: null }
  await copies.act.rewind(beta.instance(), nobody, 'rewind-none', limits)
  expect(await untilEnded('rewind-none')).toMatchObject({
    state: 'ended',
    exitCode: 1,
    tail: expect.stringMatching(/^pg_rewind: error: connection to server/),
  })
  expect(texts()).toEqual(before)
  await beta.ctl('start')
})

test('a rewind does not begin while another one is at work in the same directory', async () => {
  const program = join(sshd.folder, 'pg_rewind')
  writeFileSync(program, '#!/bin/sh\nread -r line\n', { mode: 0o755 })
  const other = spawn(program, ['-D', beta.data, '--source-server=x'], { stdio: ['pipe', 'ignore', 'ignore'] })
  try {
    await copies.act.rewind(beta.instance(), sourceOf(alpha), 'rewind-two', limits)
    expect(await untilEnded('rewind-two')).toMatchObject({
      state: 'ended',
      exitCode: 5,
      tail: expect.stringContaining('is still at work there'),
    })
  } finally {
    other.kill()
  }
})

test('a diverged server cannot start while it is half rewound; rewound it comes up as a standby of its source, with its own configuration', async () => {
  await expect.poll(() => sql(beta, 'select pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn()'), { timeout: 60_000 }).toBe('t')
  await beta.ctl('promote')
  await sql(beta, 'insert into kept values (-1)')
  await sql(beta, 'checkpoint')
  await sql(alpha, 'insert into kept values (-2), (-3)')
  await alpha.ctl('stop')
  const files = ['postgresql.conf', 'pg_hba.conf']
  const texts = () => files.map((name) => readFileSync(join(alpha.data, name), 'utf8'))
  await asOwner(
    'echo alpha >"$1/server.key"; chmod 400 "$1/server.key"; echo beta >"$2/server.key"; : >"$2/beta.conf"',
    alpha.data,
    beta.data,
  )
  const before = texts()
  const rewind = async (key: string, place = alpha.instance()) => {
    await copies.act.rewind(place, sourceOf(beta), key, limits)
    return untilEnded(key)
  }
  const tools = join(sshd.folder, 'tools')
  const makeTools = `mkdir "$1"; for tool in pg_ctl pg_controldata postgres; do ln -s "$2/$tool" "$1/$tool"; done
    printf '%s\\n' '#!/bin/sh' 'echo torn >"$2/base/torn"; cd "$2"; rm -f tablespace_map standby.signal backup_label; echo the link is down >&2; exit 1' >"$1/pg_rewind"; chmod 755 "$1/pg_rewind"`
  await asOwner(makeTools, tools, alpha.bin)
  expect(await rewind('rewind-torn', { ...alpha.instance(), binDirectory: tools })).toMatchObject({
    exitCode: 1,
    tail: 'the link is down\n',
  })
  expect((await lookAt(alpha)).copy.isRewinding).toBe(true)
  await expect(alpha.ctl('start')).rejects.toThrow()
  const kept = join(sshd.folder, 'state/matriarch/kept', alpha.data.replaceAll('/', '%2F'))
  const boot = readFileSync(join(kept, '.boot'), 'utf8')
  writeFileSync(join(kept, '.boot'), 'another\n')
  expect(await rewind('rewind-rebooted')).toMatchObject({ exitCode: 7, tail: expect.stringContaining('its host went down') })
  writeFileSync(join(kept, '.boot'), boot)
  await expect(alpha.ctl('start')).rejects.toThrow()

  expect(await rewind('rewind-1')).toMatchObject({ state: 'ended', exitCode: 0, tail: expect.stringContaining('Done!') })
  expect(texts()).toEqual(before)
  expect(readFileSync(join(alpha.data, 'server.key'), 'utf8')).toBe('alpha\n')
  expect([existsSync(join(alpha.data, 'beta.conf')), existsSync(join(alpha.data, 'tablespace_map')), existsSync(kept)]).toEqual([
    false,
    false,
    false,
  ])
  expect((await lookAt(alpha)).copy.isRewinding).toBe(false)
  await alpha.ctl('start')
  await expect.poll(() => sql(alpha, 'select count(*) from kept where n < 0').catch(() => ''), { timeout: 60_000 }).toBe('1')
  expect(await sql(alpha, 'select pg_is_in_recovery(), status from pg_stat_wal_receiver')).toBe('t|streaming')
})

test('a password in a configuration file never leaves its host', async () => {
  await asOwner(`printf "%s\\n" "primary_conninfo = 'host=x password=hush1 user=y'" "work_mem = '5MB'" >"$1/extra.conf"`, alpha.data)
  await asOwner('echo \'host all all all ldap ldapbindpasswd="hush2"\' >>"$1/pg_hba.conf"', alpha.data)
  const seen = await copies.read.configuration(alpha.instance(), limits)
  expect(seen.find(({ name }) => name === 'extra.conf')?.text).toBe("primary_conninfo = 'host=x password= (not shown)\nwork_mem = '5MB'\n")
  expect(JSON.stringify(seen)).not.toContain('hush')
  expect(seen.map(({ name }) => name)).toEqual(expect.arrayContaining(['postgresql.conf', 'pg_hba.conf', 'postgresql.auto.conf']))
})
