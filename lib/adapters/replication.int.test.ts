import { spawn } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dropCluster, makeCluster, type TestCluster } from '@/e2e/harness/cluster'
import { startSshd, type TestSshd } from '@/e2e/harness/sshd'
import { makePostgres, type Postgres } from './postgres'
import { openSsh, type Ssh } from './ssh'

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

test('a rewind does not begin while another one is at work in the same directory', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mrew-'))
  const program = join(folder, 'pg_rewind')
  writeFileSync(program, '#!/bin/sh\nread -r line\n', { mode: 0o755 })
  const other = spawn(program, ['-D', standby.data, '--source-server=x'], { stdio: ['pipe', 'ignore', 'ignore'] })
  try {
    const source = { conninfo: { host: sshd.folder, port: String(primary.port), user: sshd.user }, slotName: null }
    await expect(postgres.replication.act.rewind(standby.instance(), source, quick)).rejects.toMatchObject({
      code: 'shell.failed',
      message: expect.stringContaining('is still at work there'),
    })
  } finally {
    other.kill()
    rmSync(folder, { recursive: true, force: true })
  }
})
