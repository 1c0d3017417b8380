import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dropCluster, makeCluster, type TestCluster } from '@/e2e/harness/daemons/cluster'
import { endOfWork, sqlAsOwner } from '@/e2e/harness/daemons/owner'
import { startSshd, type TestSshd } from '@/e2e/harness/daemons/sshd'
import { makeHostWork } from '../hosts/host-work'
import { openSsh, type Ssh } from '../ssh'
import { makeRewinds } from './rewinds'

const limits = { timeoutMs: 60_000 }
let sshd: TestSshd
let ssh: Ssh
let work: ReturnType<typeof makeHostWork>
let rewinds: ReturnType<typeof makeRewinds>
let alpha: TestCluster

beforeAll(async () => {
  sshd = await startSshd()
  ssh = openSsh({ keyFor: async () => sshd.privateKey })
  work = makeHostWork(ssh)
  rewinds = makeRewinds(ssh, work)
  alpha = await makeCluster(sshd, 'alpha')
  alpha.configure('wal_keep_size = 64MB')
})
afterAll(async () => {
  await ssh.close()
  await dropCluster(alpha)
  await sshd.stop()
})

const sql = (statement: string) => sqlAsOwner(sshd, alpha, statement)
const save = async (fork: string, key: string) => {
  await rewinds.act.saveTail(alpha.instance(), fork, key, limits)
  expect(await endOfWork(work.read, sshd.host(), key)).toMatchObject({ state: 'ended', exitCode: 0 })
}
const saved = (fork: string) => rewinds.read.savedTail(alpha.instance(), fork, limits)
const place = (fork: string) => rewinds.read.tail(alpha.instance(), fork, limits)

test('WAL past a fork of a server that wrote on is saved again beside the copies before, with all its files; a copy that lacks one of them counts for nothing', async () => {
  await sql('select pg_reload_conf()')
  const fork = await sql('select pg_current_wal_lsn()')
  const first = `${alpha.data}.diverged-${fork.replace('/', '-')}`
  await sql('create table lost as select generate_series(1, 1000) as n')
  await alpha.ctl('stop')
  await save(fork, 'tail-1')
  expect(await saved(fork)).toMatchObject({ path: first, files: 1 })
  await alpha.ctl('start')
  await sql('insert into lost values (1001)')
  await alpha.ctl('stop')
  await save(fork, 'tail-2')
  expect(await saved(fork)).toMatchObject({ path: `${first}.2`, files: 1 })
  await alpha.ctl('start')
  await sql('select pg_switch_wal()')
  await sql('insert into lost values (1002)')
  await alpha.ctl('stop')
  await save(fork, 'tail-3')
  expect(await saved(fork)).toMatchObject({
    path: `${first}.3`,
    files: 2,
    bytes: 2 * statSync(join(`${first}.2`, segmentsOf(first)[0]!)).size,
  })

  rmSync(join(`${first}.3`, segmentsOf(`${first}.3`)[1]!))
  expect(await saved(fork)).toBeNull()
  expect(await place(fork)).toMatchObject({ path: `${first}.4`, isSaved: false })
})

const segmentsOf = (folder: string) => readdirSync(folder).filter((name) => /^[0-9A-F]{24}$/.test(name))
