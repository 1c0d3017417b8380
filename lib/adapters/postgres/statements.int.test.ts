import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dropCluster, makeCluster, type TestCluster } from '@/e2e/harness/daemons/cluster'
import { startSshd, type TestSshd } from '@/e2e/harness/daemons/sshd'
import { openSsh, type Ssh } from '../ssh'
import { makePostgres, type Postgres } from '.'

let sshd: TestSshd
let ssh: Ssh
let postgres: Postgres
let cluster: TestCluster
beforeAll(async () => {
  sshd = await startSshd()
  ssh = openSsh({ keyFor: async () => sshd.privateKey })
  postgres = makePostgres(ssh)
  cluster = await makeCluster(sshd, 'alpha')
})
afterAll(async () => {
  postgres?.close()
  await ssh?.close()
  if (cluster) await dropCluster(cluster)
  await sshd?.stop()
})

const options = { timeoutMs: 20_000 }
const look = () => postgres.statements.look(cluster.instance(), options)
const psql = promisify(execFile)
const run = async (database: string, ...statements: string[]) => {
  const { socketDirectory, port } = cluster.instance()
  const commands = statements.flatMap((sql) => ['-c', sql])
  await psql(
    join(cluster.bin, 'psql'),
    ['-X', '-v', 'ON_ERROR_STOP=1', '-h', socketDirectory, '-p', String(port), '-d', database, ...commands],
    {
      ...{ uid: sshd.uid, gid: sshd.gid, cwd: '/' },
    },
  )
}

test('a server without the library, or without the extension in any database, says which of both is missing', async () => {
  expect(await look()).toEqual({ state: 'not-loaded', libraries: '' })
  cluster.configure(`shared_preload_libraries = 'pg_stat_statements'\ntrack_io_timing = on`)
  await cluster.ctl('restart')
  expect(await look()).toEqual({ state: 'not-created', libraries: 'pg_stat_statements' })
})

test('statements of every database are seen without their values, wherever the extension is', async () => {
  await run('postgres', 'create database shop')
  await run('shop', 'create schema "Own"', 'create extension pg_stat_statements schema "Own"')
  await run(
    'postgres',
    `select 4711 as answer, 'hush' as secret`,
    `select 4712 as answer, 'hush' as secret`,
    `create role app password 'hush'`,
  )
  const seen = await look()
  if (seen.state !== 'seen') throw new Error(seen.state)
  expect(seen.resetAt).toMatch(/^\d{4}-\d\d-\d\dT/)
  const answer = seen.statements.find(({ text }) => text.includes('as answer'))
  expect(answer).toMatchObject({ calls: 2, rows: 2, database: 'postgres', user: sshd.user, text: 'select $1 as answer, $2 as secret' })
  expect(answer!.totalMs).toBeGreaterThan(0)
  expect(JSON.stringify(seen)).not.toContain('hush')
})

test('what leads by WAL is among those that are kept, however short it took', async () => {
  await run('postgres', 'create table public.heavy as select n, repeat(md5(n::text), 10) as filler from generate_series(1, 5000) n')
  const seen = await look()
  const heavy = seen.state === 'seen' ? seen.statements.find(({ text }) => text.includes('public.heavy')) : undefined
  expect(heavy!.walBytes).toBeGreaterThan(500_000)
})
