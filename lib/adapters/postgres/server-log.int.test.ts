import { execFileSync } from 'node:child_process'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dropCluster, makeCluster, type TestCluster } from '@/e2e/harness/daemons/cluster'
import { type PsqlSession, psqlSession } from '@/e2e/harness/daemons/psql-session'
import { startSshd, type TestSshd } from '@/e2e/harness/daemons/sshd'
import type { LogQuestion } from '@/lib/domain/server-log/entry'
import { openSsh, type Ssh } from '../ssh'
import { makeServerLog } from './server-log'

let sshd: TestSshd
let ssh: Ssh
let cluster: TestCluster
let session: PsqlSession
beforeAll(async () => {
  sshd = await startSshd()
  ssh = openSsh({ keyFor: async () => sshd.privateKey })
  cluster = await makeCluster(sshd, 'alpha')
  cluster.configure(`log_line_prefix = '%m [%p] %e %q%u@%d/%a '`)
  await cluster.ctl('restart')
  session = await psqlSession(sshd, cluster, 'orders')
})
afterAll(async () => {
  await session?.close()
  await ssh?.close()
  if (cluster) await dropCluster(cluster)
  await sshd?.stop()
})

const all: LogQuestion = { words: '', level: 'all', isDeep: false }
const look = (question: Partial<LogQuestion> = {}) =>
  makeServerLog(ssh).look(cluster.instance(), { ...all, ...question }, { timeoutMs: 20_000 })
const texts = async (question: Partial<LogQuestion> = {}) => (await look(question)).entries.map(({ text }) => text)

test('an error is seen with who made it, its code, and the statement, in which no password is left', async () => {
  session.send(`rollback; create role app with password 'geheim' superuserr`)
  await expect.poll(() => texts({ level: 'errors' })).toEqual([expect.stringContaining('superuserr')])
  const { file, entries, hasMore } = await look({ level: 'errors' })
  expect(file).toBe(join(sshd.folder, 'alpha.log'))
  expect(hasMore).toBe(false)
  expect(entries[0]).toMatchObject({
    pid: session.pid,
    user: sshd.user,
    database: 'postgres',
    application: 'orders',
    code: '42601',
    level: 'ERROR',
    more: [{ kind: 'STATEMENT', text: expect.stringMatching(/^create role app with password '…'/) }],
  })
  expect(JSON.stringify(entries)).not.toContain('geheim')
})

test('words are found in any case, in what belongs to a message too, and are no program', async () => {
  expect(await texts({ words: 'CREATE ROLE app' })).toEqual([expect.stringContaining('superuserr')])
  expect(await texts({ words: "'; touch /tmp/x; $(id) \\ .*" })).toEqual([])
  expect((await texts()).length).toBeGreaterThan(1)
})

test('deep, older files are looked through too, packed ones as well, and what was found is in the order of time', async () => {
  const log = join(sshd.folder, 'alpha.log')
  const line = (text: string) => `2020-01-01 00:00:00.000 UTC [7] 00000 LOG:  ${text}\n`
  writeFileSync(join(sshd.folder, 'older.log'), line('a needle of last week'))
  writeFileSync(join(sshd.folder, 'oldest.log'), line('a needle of last month'))
  execFileSync('touch', ['-d', '2020-01-08', join(sshd.folder, 'older.log')])
  execFileSync('gzip', ['-n', join(sshd.folder, 'oldest.log')])
  renameSync(join(sshd.folder, 'oldest.log.gz'), join(sshd.folder, 'oldest.gz.log'))
  execFileSync('touch', ['-d', '2020-01-01', join(sshd.folder, 'oldest.gz.log')])
  writeFileSync(log, readFileSync(log, 'utf8') + line('a needle of today'))
  expect(await texts({ words: 'needle' })).toEqual(['a needle of today'])
  expect(await texts({ words: 'needle', isDeep: true })).toEqual(['a needle of last month', 'a needle of last week', 'a needle of today'])
})

test('of many messages the latest are shown, and that there are more is said', async () => {
  const log = join(sshd.folder, 'alpha.log')
  const many = Array.from({ length: 3_000 }, (_, at) => `2026-01-01 00:00:00.000 UTC [7] 00000 LOG:  number ${at}\n`)
  writeFileSync(log, readFileSync(log, 'utf8') + many.join(''))
  const { entries, hasMore } = await look({ words: 'number' })
  expect([entries.length, entries.at(-1)!.text, hasMore]).toEqual([500, 'number 2999', true])
})

test('a server that has a file of its own, in JSON, is read there, running or not; one that writes CSV alone says what to change', async () => {
  cluster.configure(`logging_collector = on\nlog_destination = 'jsonlog'\nlog_directory = 'log'`)
  await session.close()
  await cluster.ctl('restart')
  session = await psqlSession(sshd, cluster, 'orders')
  session.send('rollback; select 1/0')
  await expect.poll(async () => (await look({ level: 'errors' })).entries).toMatchObject([{ code: '22012', application: 'orders' }])
  expect((await look()).file).toMatch(/\/alpha\/log\/postgresql-.*\.json$/)
  await session.close()
  await cluster.ctl('stop')
  expect((await texts()).at(-1)).toBe('database system is shut down')
  cluster.configure(`log_destination = 'csvlog'`)
  await cluster.ctl('start')
  await expect(look()).rejects.toMatchObject({
    code: 'shell.failed',
    facts: { because: expect.stringMatching(/csvlog alone; add stderr or jsonlog/) },
  })
})

test('where no log is found, it says where it was looked for', async () => {
  const elsewhere = { ...cluster.instance(), dataDirectory: join(sshd.folder, 'nowhere') }
  await expect(makeServerLog(ssh).look(elsewhere, all, { timeoutMs: 20_000 })).rejects.toMatchObject({
    facts: { because: expect.stringMatching(/no log was found: neither .*nowhere\/current_logfiles/) },
  })
})
