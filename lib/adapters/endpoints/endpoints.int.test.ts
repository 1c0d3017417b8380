import { randomInt } from 'node:crypto'
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { certify, makeAuthority } from '@/e2e/harness/daemons/authority'
import { startPostgres, type TestPostgres } from '@/e2e/harness/daemons/postgres'
import { testAccount } from '@/e2e/harness/daemons/sshd'
import { isFault } from '@/lib/kernel/ground/errors'
import { type RunningCloud, startCloud } from '@/lib/playground/cloud'
import type { InstanceAddress, InventoryMachine } from '@/lib/ports'
import { makeEndpoints } from '../aws/endpoints'
import { makeRds } from '../aws/rds'
import { makePortsOverSsh } from '../over-ssh'
import { openSsh } from '../ssh'

const region = 'us-east-1'
const limits = { timeoutMs: 8000 }
const password = 'sent over TLS alone'
/** A loopback address of its own: the server keeps its usual port. */
const address = `127.77.${randomInt(1, 250)}.${randomInt(1, 250)}`
const folder = mkdtempSync(join(tmpdir(), 'endpoints-'))
const file = (name: string) => readFileSync(join(folder, name), 'utf8')
const rds = makeRds()
const ssh = openSsh({ keyFor: async () => '', recognise: async () => {} })
const closing: (() => Promise<void>)[] = []
let aws: RunningCloud
let server: TestPostgres
beforeAll(async () => {
  chmodSync(folder, 0o755)
  for (const name of ['rds', 'other']) makeAuthority(folder, name)
  certify(folder, 'rds', { name: 'server', commonName: 'shop-db', extension: `subjectAltName=IP:${address}` })
  writeFileSync(join(folder, 'hba'), 'local all all trust\nhostssl all all 127.0.0.0/8 scram-sha-256\n')
  const { uid, gid } = await testAccount()
  for (const name of ['server.key', 'server.pem', 'hba']) {
    chmodSync(join(folder, name), 0o600)
    chownSync(join(folder, name), uid, gid)
  }
  ;[aws, server] = await Promise.all([
    startCloud({ settleMs: 0, consistencyMs: 0 }),
    startPostgres({
      ...{ listen_addresses: address, ssl: 'on', hba_file: join(folder, 'hba') },
      ...{ ssl_cert_file: join(folder, 'server.pem'), ssl_key_file: join(folder, 'server.key') },
    }),
  ])
  const client = new pg.Client({ connectionString: server.connectionString })
  await client.connect()
  await client.query(`create role watcher login password '${password}'; grant pg_monitor to watcher`)
  await client.end()
  aws.cloud.state.databases.add(region, { id: 'shop-db', class: 'db.m5.xlarge', storageGb: 50, address })
})
afterAll(async () => {
  rds.close()
  for (const close of closing) await close()
  await Promise.all([ssh.close(), aws?.stop(), server?.stop()])
  rmSync(folder, { recursive: true, force: true })
})

const instance = (given: { address?: string; port?: number; usesIamToken?: boolean } = {}): InstanceAddress => ({
  ...{ instanceId: 'member', herdId: 'herd', clusterName: 'shop', major: null, port: given.port ?? 5432 },
  ...{ dataDirectory: '/rdsdbdata/db', socketDirectory: '/var/run/postgresql', profile: 'rds', binDirectory: null },
  host: {
    ...{ serverId: 'shop-db', environmentId: 'prod', hostname: 'shop-db', address: given.address ?? address, port: 22, user: 'watcher' },
    ...{ hostKey: null, endpoint: { usesIamToken: given.usesIamToken ?? false } },
  },
})
const machine: InventoryMachine = { id: 'm', title: 'shop-db', accountId: 'shop', region, instanceId: 'shop-db', kind: 'rds' }
const portsWith = (given: { ca?: string | null; password?: string | null; isKnown?: boolean } = {}) => {
  const endpoints = makeEndpoints(rds, {
    ca: given.ca === undefined ? file('rds.pem') : given.ca,
    passwordOf: async () => (given.password === undefined ? password : given.password),
    machineOf: async () => (given.isKnown === false ? null : machine),
    accountOf: async (id) => ({ id, name: 'shop', endpoint: aws.endpoint, credentials: aws.user, role: null }),
  })
  const none = {} as never
  const made = makePortsOverSsh(ssh, {
    read: { inventory: none, names: none, cloud: none },
    act: { inventory: none, names: none, cloud: none },
    canaryFolder: join(folder, 'canary'),
    endpoints,
  })
  closing.push(made.close)
  return made
}
const told = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  return isFault(error) ? { code: error.code, because: error.message } : error
}

test('a member without a host is seen through its server over TLS, answers SQL, and refuses with the reason what needs a host', async () => {
  const { ports, hosts } = portsWith()
  expect(await ports.read.postgres.probe(instance(), limits)).toMatchObject({ state: 'online', role: 'primary', because: null })
  const sql = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()'
  const options = { database: 'postgres', statementTimeoutMs: 5000, rowsMax: 10, bytesMax: 1000 }
  expect((await ports.read.postgres.query(instance(), sql, options)).rows).toEqual([['t']])
  expect((await ports.read.postgres.counters(instance(), limits)).commits).toBeGreaterThan(0)
  expect(await told(ports.act.postgres.stop(instance(), 'fast', limits))).toMatchObject({
    ...{ code: 'shell.no-host' },
    because: expect.stringContaining('gives nobody a login to its host'),
  })
  expect(await hosts.read.managers(instance().host, ['/rdsdbdata/db'], limits)).toMatchObject({
    managers: [{ kind: 'rds', member: address.split('.')[0] }],
  })
  expect(await hosts.facts(instance().host, ['/rdsdbdata/db'], limits)).toMatchObject({
    ...{ os: 'Amazon RDS, db.m5.xlarge', cpus: 4, memoryBytes: 16 * 1024 ** 3, diskBytes: 50 * 1024 ** 3 },
    cpuPercent: expect.any(Number),
    diskFreeBytes: expect.any(Number),
  })
})

test('an endpoint whose certificate is not the authority’s is not believed, and a login that fails says which field to give', async () => {
  const probe = (given: Parameters<typeof portsWith>[0]) => portsWith(given).ports.read.postgres.probe(instance(), limits)
  expect((await probe({ ca: file('other.pem') })).because).toContain('is not in RDS_CA_FILE')
  expect((await probe({ ca: null })).because).toContain('global-bundle.pem')
  expect((await probe({ password: null })).because).toContain('Give it a database password')
  expect(await probe({ password: 'another' })).toMatchObject({
    state: 'refused',
    because: expect.stringContaining('password authentication failed'),
  })
  expect((await portsWith({ isKnown: false }).ports.read.postgres.probe(instance({ usesIamToken: true }), limits)).because).toContain(
    'IAM token',
  )
})

test('a token of AWS is made for the role and the endpoint by the account that sees it', async () => {
  const token = await rds.token(
    { id: 'shop', name: 'shop', endpoint: aws.endpoint, credentials: aws.user, role: null },
    region,
    { address: 'shop-db.c1.us-east-1.rds.amazonaws.com', port: 5432, user: 'watcher' },
    limits,
  )
  expect(token).toMatch(/^shop-db\.c1\.us-east-1\.rds\.amazonaws\.com:5432\/\?Action=connect&DBUser=watcher&/)
  expect(token).toContain(aws.user.accessKeyId)
  expect(token).not.toContain(aws.user.secretAccessKey)
})

test('a server that offers no TLS gets nothing but the question for it', async () => {
  const heard: Buffer[] = []
  const plain = createServer((socket) =>
    socket.on('data', (piece) => {
      heard.push(piece)
      socket.write('N')
    }),
  )
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve))
  const { port } = plain.address() as AddressInfo
  const { because } = await portsWith().ports.read.postgres.probe(instance({ address: '127.0.0.1', port }), limits)
  expect(because).toContain('does not offer TLS')
  expect(Buffer.concat(heard)).toHaveLength(8)
  plain.close()
})

test('one that does not answer is what RDS says of it, and unreachable where RDS says that it should answer', async () => {
  const down = instance({ port: 1 })
  const { ports } = portsWith()
  const held = aws.cloud.state.databases.get(region, 'shop-db')
  const says = async (status: string) => {
    held.status = status
    aws.cloud.state.databases.remember(held)
    const { state, because } = await ports.read.postgres.probe(down, limits)
    return [state, because]
  }
  expect(await says('stopped')).toEqual(['stopped', 'RDS says that it is stopped.'])
  expect((await says('rebooting'))[0]).toBe('starting')
  expect(await says('available')).toEqual(['unreachable', expect.stringMatching(/does not answer.*RDS says that it is available/)])
})
