import { appendFileSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dropCluster, makeCluster, type TestCluster } from '@/e2e/harness/daemons/cluster'
import { sqlAsOwner } from '@/e2e/harness/daemons/owner'
import { startSshd, type TestSshd } from '@/e2e/harness/daemons/sshd'
import { Fault } from '@/lib/kernel/ground/errors'
import { openSsh, type Ssh } from '../ssh'
import { makePostgres, type Postgres } from './index'
import { makeStoppers } from './stopper'

let sshd: TestSshd
let ssh: Ssh
let postgres: Postgres
let primary: TestCluster
let standby: TestCluster
const quick = { timeoutMs: 20_000 }

beforeAll(async () => {
  sshd = await startSshd()
  ssh = openSsh({ keyFor: async () => sshd.privateKey })
  postgres = makePostgres(ssh)
  primary = await makeCluster(sshd, 'alpha')
  standby = await makeCluster(sshd, 'beta', primary)
})
afterAll(async () => {
  postgres.close()
  await ssh.close()
  await dropCluster(standby)
  await dropCluster(primary)
  await sshd.stop()
})

test('a connection string that holds a password is never replaced, because the password would be lost', async () => {
  const { following } = await postgres.replication.read.dataDirectory(standby.instance(), quick)
  expect(following).toMatchObject({ slotName: 'beta' })
  const file = join(standby.data, 'postgresql.auto.conf')
  const before = readFileSync(file, 'utf8')
  appendFileSync(file, `primary_conninfo = 'host=elsewhere user=replicator password=hush'\n`)
  const after = readFileSync(file, 'utf8')
  await expect(postgres.replication.act.follow(standby.instance(), following, quick)).rejects.toMatchObject({
    code: 'shell.failed',
    message: expect.stringContaining('holds a password'),
  })
  expect(readFileSync(file, 'utf8')).toBe(after)
  writeFileSync(file, before)
  await postgres.replication.act.follow(standby.instance(), following, quick)
  expect((await postgres.replication.read.dataDirectory(standby.instance(), quick)).following).toEqual(following)
})

test('whom it follows is seen in postgresql.conf and what that includes, password or not, and postgresql.auto.conf has the last word', async () => {
  const look = () => postgres.replication.read.dataDirectory(standby.instance(), quick)
  const { following } = await look()
  const [auto, main, included] = ['postgresql.auto.conf', 'postgresql.conf', 'upstream.conf'].map((name) => join(standby.data, name))
  const before = [auto!, main!].map((file) => readFileSync(file, 'utf8'))
  try {
    writeFileSync(auto!, '')
    expect((await look()).following).toBeNull()
    appendFileSync(main!, `\ninclude 'upstream.conf'\n`)
    writeFileSync(included!, `primary_conninfo = 'host=b.example user=''repl user'''\nprimary_slot_name = 'theirs'\n`)
    expect(await look()).toMatchObject({
      following: { conninfo: { host: 'b.example', user: 'repl user' }, slotName: 'theirs' },
      holdsPassword: false,
    })
    writeFileSync(included!, `primary_conninfo = 'host=b.example password=hush'\n`)
    const seen = await look()
    expect(seen).toMatchObject({ following: { conninfo: { host: 'b.example' } }, holdsPassword: true })
    expect(JSON.stringify(seen)).not.toContain('hush')
    await expect(postgres.replication.act.follow(standby.instance(), following, quick)).rejects.toThrow('holds a password')
    writeFileSync(included!, `primary_conninfo = 'host=b.example'\n`)
    await postgres.replication.act.follow(standby.instance(), following, quick)
    expect((await look()).following).toEqual(following)
  } finally {
    for (const [index, file] of [auto!, main!].entries()) writeFileSync(file, before[index]!)
    rmSync(included!, { force: true })
  }
})

test('a receiver whose slot is missing is never seen as streaming, however often it connects', async () => {
  const sql = (statement: string) => sqlAsOwner(sshd, standby, statement)
  const upstream = async () => (await postgres.read.probe(standby.instance(), quick)).upstream
  await expect.poll(upstream, { timeout: 20_000 }).toMatchObject({ slotName: 'beta', status: 'streaming' })
  await sql(`alter system set wal_retrieve_retry_interval = '1ms'`)
  await sql(`alter system set primary_slot_name = 'nowhere'`)
  await sql('select pg_reload_conf()')
  await expect.poll(upstream, { timeout: 20_000 }).toMatchObject({ slotName: 'nowhere' })
  const seen = new Set<string | null | undefined>()
  for (let look = 0; look < 100; look += 1) seen.add((await upstream())?.status)
  await sql(`alter system set primary_slot_name = 'beta'`)
  await sql('alter system reset wal_retrieve_retry_interval')
  await sql('select pg_reload_conf()')
  expect([...seen]).not.toContain('streaming')
  await expect.poll(upstream, { timeout: 20_000 }).toMatchObject({ slotName: 'beta', status: 'streaming' })
}, 60_000)

test('where more servers come round than sessions are kept, the ones that are kept stay', async () => {
  const few = makePostgres(ssh, { sessionsMax: 1 })
  const began = `select backend_start from pg_stat_activity where application_name = 'matriarch' order by 1 limit 1`
  try {
    postgres.close()
    await few.read.probe(primary.instance(), quick)
    const first = await sqlAsOwner(sshd, primary, began)
    expect(first).not.toBe('')
    for (let round = 0; round < 3; round += 1)
      for (const one of [standby, primary]) expect(await few.read.probe(one.instance(), quick)).toMatchObject({ state: 'online' })
    expect(await sqlAsOwner(sshd, primary, began)).toBe(first)
    expect(few.sessions()).toBe(1)
    await expect.poll(() => sqlAsOwner(sshd, standby, began), { timeout: 20_000 }).toBe('')
  } finally {
    few.close()
  }
})

test('a receiver is seen as streaming from its first message on, however busy it is', async () => {
  const sql = (cluster: TestCluster, statement: string) => sqlAsOwner(sshd, cluster, statement)
  const upstream = async () => (await postgres.read.probe(standby.instance(), quick)).upstream
  await expect.poll(upstream, { timeout: 20_000 }).toMatchObject({ status: 'streaming' })
  await sql(standby, `alter system set wal_retrieve_retry_interval = '1ms'`)
  await sql(standby, 'select pg_reload_conf()')
  const writing = sql(
    primary,
    `do $$ begin while clock_timestamp() < now() + interval '3 s' loop perform pg_logical_emit_message(false, 'busy', repeat('x', 300)); end loop; end $$`,
  )
  const former = await sql(standby, 'select pid from pg_stat_wal_receiver')
  expect(await sql(primary, 'select pg_terminate_backend(pid) from pg_stat_replication')).toBe('t')
  const hasHad = `select last_msg_send_time <> last_msg_receipt_time and pid <> ${former} from pg_stat_wal_receiver`
  await expect.poll(() => sql(standby, hasHad), { timeout: 20_000 }).toBe('t')
  const seen = new Set<string | null | undefined>()
  for (let look = 0; look < 200; look += 1) seen.add((await upstream())?.status)
  await writing
  await sql(standby, 'alter system reset wal_retrieve_retry_interval')
  expect([...seen]).toEqual(['streaming'])
}, 60_000)

test('an order to stop that a cut network delivers once its caller has given it up is not followed', async () => {
  let deliver = () => {}
  const healed = new Promise<void>((resolve) => {
    deliver = resolve
  })
  let remote: ReturnType<Ssh['exec']> | null = null
  const cut: Ssh = {
    ...ssh,
    exec: (host, argv, { signal, stdin, ...options }) => {
      const given = Promise.resolve(stdin ?? '')
      remote = ssh.exec(host, argv, { ...options, stdin: healed.then(() => given) })
      return new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Fault('shell.timeout')))
        remote!.then(resolve, reject)
      })
    },
  }
  const stopper = makeStoppers(cut).start(primary.instance(), quick)
  await stopper.untilReady()
  await expect(stopper.stop({ timeoutMs: 300 }, undefined)).rejects.toMatchObject({ code: 'shell.timeout' })
  deliver()
  expect(await remote).toMatchObject({ exitCode: 8, stderr: expect.stringContaining('too late') })
  expect(await postgres.read.probe(primary.instance(), quick)).toMatchObject({ state: 'online', role: 'primary' })
})

test('up to 11 every other line of recovery.conf stays, and one that only recovers is made a standby by the fence', async () => {
  const data = mkdtempSync(join(sshd.folder, 'eleven-'))
  chownSync(data, sshd.uid, sshd.gid)
  writeFileSync(join(data, 'PG_VERSION'), '11\n')
  const old = { ...standby.instance(), dataDirectory: data, major: '11' }
  const recovery = () => readFileSync(join(data, 'recovery.conf'), 'utf8').split('\n').filter(Boolean)
  const look = () => postgres.replication.read.dataDirectory(old, quick)
  writeFileSync(join(data, 'recovery.conf'), `restore_command 'cp /archive/%f "%p"'\nRecovery_Target_Timeline = 3\nstandby_mode = off`)
  expect((await look()).isStandby).toBe(false)
  await postgres.replication.act.follow(old, null, quick)
  expect((await look()).isStandby).toBe(true)
  const kept = `restore_command 'cp /archive/%f "%p"'`
  expect(recovery()).toEqual([kept, `standby_mode = 'on'`, `recovery_target_timeline = 'latest'`])
  const following = { conninfo: { host: 'a.example', application_name: "o'neil \\ x" }, slotName: 'eleven' }
  for (const _twice of [1, 2]) {
    await postgres.replication.act.follow(old, following, quick)
    expect(recovery()).toHaveLength(5)
    expect(recovery()[0]).toBe(kept)
    expect((await look()).following).toEqual(following)
  }
  await postgres.replication.act.follow(old, null, quick)
  expect((await look()).following).toEqual(following)
})
