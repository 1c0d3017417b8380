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
const reload = async () => {
  const { confLoadedAt } = await postgres.read.probe(cluster.instance(), options)
  await postgres.act.reload(cluster.instance(), options)
  const loaded = async () => (await postgres.read.probe(cluster.instance(), options)).confLoadedAt
  await expect.poll(loaded, { timeout: 20_000 }).not.toBe(confLoadedAt)
}
const look = () => postgres.serverSettings.read.look(cluster.instance(), options)
const settingOf = async (name: string) => (await look()).settings.find((one) => one.name === name)

test('what is not at its default is seen with its file and line, and what our own session asked for is not taken for the server’s', async () => {
  const { settings, catalogue, version } = await look()
  expect(version).toMatch(/^\d+/)
  expect(catalogue).toMatch(/^[0-9a-f]{32,64}$/)
  expect(settings.find(({ name }) => name === 'shared_buffers')).toEqual({
    name: 'shared_buffers',
    value: '1024',
    number: 8 * 1024 * 1024,
    source: 'configuration file',
    file: `${cluster.data}/postgresql.conf`,
    line: expect.any(Number),
    isPendingRestart: false,
    pendingValue: null,
  })
  const names = settings.map(({ name }) => name)
  expect(names).not.toContain('default_transaction_read_only')
  expect(names).not.toContain('statement_timeout')
  expect(names).not.toContain('application_name')
  expect(names).not.toContain('work_mem')
  expect(settings.length).toBeLessThan(80)
})

test('what files say of a setting that our session sets for itself is what others have', async () => {
  cluster.configure(`statement_timeout = '1min'`)
  await reload()
  expect(await settingOf('statement_timeout')).toMatchObject({
    value: '60000',
    source: 'configuration file',
    file: `${cluster.data}/postgresql.conf`,
  })
})

test('a value that waits for a restart is seen beside the one in force', async () => {
  cluster.configure('shared_buffers = 16MB')
  await reload()
  expect(await settingOf('shared_buffers')).toMatchObject({ value: '1024', isPendingRestart: true, pendingValue: '2048' })
})

test('no password in a setting leaves the adapter', async () => {
  cluster.configure(
    `primary_conninfo = 'host=h user=u password=hush'\narchive_command = 'PGPASSWORD=hush true'\nssl_passphrase_command = 'echo hush'`,
  )
  await reload()
  expect(JSON.stringify(await look())).not.toContain('hush')
  expect(await settingOf('primary_conninfo')).toMatchObject({ value: 'host=h user=u password=…' })
})

test('the catalogue has every setting with its default, and stays the same while values change', async () => {
  const before = (await look()).catalogue
  const kinds = await postgres.serverSettings.read.kinds(cluster.instance(), options)
  expect(kinds.length).toBeGreaterThan(300)
  expect(kinds.find(({ name }) => name === 'max_wal_size')).toMatchObject({
    category: expect.stringContaining('Write-Ahead Log'),
    type: 'integer',
    unit: 'MB',
    defaultValue: '1024',
    context: 'sighup',
  })
  cluster.configure('work_mem = 8MB')
  await reload()
  expect((await look()).catalogue).toBe(before)
  expect(await settingOf('work_mem')).toMatchObject({ value: '8192' })
})

const parameterOf = async (name: string) =>
  (await postgres.serverSettings.read.parameters(cluster.instance(), [name], options)).parameters[0]!
const alter = (name: string, value: string | null) => postgres.serverSettings.act.alter(cluster.instance(), [{ name, value }], options)

test('whose value stays another one is named, and what our own session sets for itself is not taken for the server’s', async () => {
  const { host, port, socketDirectory } = cluster.instance()
  const psql = (sql: string) =>
    ssh.exec(host, ['psql', '-X', '-h', socketDirectory, '-p', String(port), '-d', 'postgres', '-c', sql], options)
  expect(
    (await psql("create role app; alter role app set work_mem = '1MB'; alter role app in database postgres set Work_Mem = '2MB'")).exitCode,
  ).toBe(0)
  expect((await psql("alter database postgres set work_mem = '3MB'")).exitCode).toBe(0)
  expect((await parameterOf('work_mem')).elsewhere).toEqual(['database postgres', 'role app', 'role app in database postgres'])
  await psql('alter database postgres reset work_mem')
  await alter('statement_timeout', '2min')
  await reload()
  expect(await parameterOf('statement_timeout')).toMatchObject({ value: '120000', source: 'configuration file', altered: '2min' })
})

test('elements of a list are written one by one, and read back as a list', async () => {
  await alter('search_path', '"$user", shop, public')
  await reload()
  expect(await parameterOf('search_path')).toMatchObject({
    altered: '"$user", shop, public',
    value: '"$user", shop, public',
    problem: null,
  })
  await alter('TimeZone', 'utc')
  await reload()
  expect(await parameterOf('timezone')).toMatchObject({ name: 'TimeZone', altered: 'utc', problem: null })
})

test('a password in a parameter is said to be there, and never leaves the adapter', async () => {
  const seen = await parameterOf('archive_command')
  expect(JSON.stringify(seen)).not.toContain('hush')
  expect(seen).toMatchObject({ holdsSecret: true, filed: { value: 'PGPASSWORD=… true' } })
})

test('what the files say wrongly of it is its problem, and what the command line says overrides them', async () => {
  cluster.configure('max_wal_size = 1kB')
  expect(await parameterOf('max_wal_size')).toMatchObject({ problem: 'setting could not be applied' })
  cluster.configure('max_wal_size = 1GB')
  await cluster.ctl('restart', '-o', '-c max_wal_size=2GB')
  expect(await parameterOf('max_wal_size')).toMatchObject({ source: 'command line', value: '2048' })
})
