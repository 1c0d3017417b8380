import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startEndpoint, type TestEndpoint } from '@/e2e/harness/daemons/endpoint'
import { isFault } from '@/lib/kernel/ground/errors'
import { type RunningCloud, startCloud } from '@/lib/playground/cloud'
import type { InstanceAddress, InventoryMachine } from '@/lib/ports'
import { makeEndpoints } from '../aws/endpoints'
import { makeRds } from '../aws/rds'
import { makePortsOverSsh } from '../over-ssh'
import { openSsh } from '../ssh'

const region = 'us-east-1'
const limits = { timeoutMs: 8000 }
const folder = mkdtempSync(join(tmpdir(), 'endpoints-'))
const rds = makeRds()
const ssh = openSsh({ keyFor: async () => '', recognise: async () => {} })
const closing: (() => Promise<void>)[] = []
let aws: RunningCloud
let server: TestEndpoint
beforeAll(async () => {
  ;[aws, server] = await Promise.all([startCloud({ settleMs: 0, consistencyMs: 0 }), startEndpoint()])
  aws.cloud.state.databases.add(region, { id: 'shop-db', class: 'db.m5.xlarge', storageGb: 50, address: server.address })
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
    ...{
      serverId: 'shop-db',
      environmentId: 'prod',
      hostname: 'shop-db',
      address: given.address ?? server.address,
      port: 22,
      user: server.user,
    },
    ...{ hostKey: null, endpoint: { usesIamToken: given.usesIamToken ?? false } },
  },
})
const machine: InventoryMachine = { id: 'm', title: 'shop-db', accountId: 'shop', region, instanceId: 'shop-db', kind: 'rds' }
const portsWith = (given: { ca?: string | null; password?: string | null; isKnown?: boolean } = {}) => {
  const endpoints = makeEndpoints(rds, {
    ca: given.ca === undefined ? server.ca : given.ca,
    passwordOf: async () => (given.password === undefined ? server.password : given.password),
    machineOf: async () => (given.isKnown === false ? null : machine),
    accountOf: async (id) => ({ id, name: 'shop', endpoint: aws.endpoint, credentials: aws.user, role: null }),
  })
  const none = {} as never
  const made = makePortsOverSsh(ssh, {
    read: { inventory: none, names: none, cloud: none },
    act: { inventory: none, names: none, cloud: none },
    stacks: {} as never,
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
    managers: [{ kind: 'rds', member: server.address.split('.')[0] }],
  })
  expect(await hosts.facts(instance().host, ['/rdsdbdata/db'], limits)).toMatchObject({
    ...{ os: 'Amazon RDS, db.m5.xlarge', cpus: 4, memoryBytes: 16 * 1024 ** 3, diskBytes: 50 * 1024 ** 3 },
    cpuPercent: expect.any(Number),
    diskFreeBytes: expect.any(Number),
  })
})

test('an endpoint whose certificate is not the authority’s is not believed, and a login that fails says which field to give', async () => {
  const probe = (given: Parameters<typeof portsWith>[0]) => portsWith(given).ports.read.postgres.probe(instance(), limits)
  expect((await probe({ ca: server.otherCa })).because).toContain('is not in RDS_CA_FILE')
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
    { address: 'shop-db.c1.us-east-1.rds.amazonaws.com', port: 5432, user: server.user },
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

test('an endpoint is only said to be reachable when it answers: where RDS says that it should and it does not, it is unreachable; where nobody knows, that is said', async () => {
  const { host } = instance()
  const held = aws.cloud.state.databases.get(region, 'shop-db')
  const asked = async (ports: number[], status: string, isKnown = true) => {
    held.status = status
    aws.cloud.state.databases.remember(held)
    return portsWith({ isKnown }).hosts.facts(host, ['/rdsdbdata/db'], { ...limits, ports })
  }
  expect((await asked([5432], 'available')).away).toBeUndefined()
  expect((await asked([5432], 'available', false)).away).toBeUndefined()
  expect(await asked([1], 'stopped')).toMatchObject({
    os: 'Amazon RDS, db.m5.xlarge',
    away: { state: 'unreachable', because: 'RDS says that it is stopped.' },
  })
  expect(await told(asked([1], 'available'))).toMatchObject({
    ...{ code: 'shell.unreachable', because: expect.stringMatching(/:1 does not answer.*RDS says that it is available/) },
  })
  expect(await told(asked([1], 'available', false))).toMatchObject({
    ...{ code: 'shell.unreachable', because: expect.stringContaining('No DB instance of a cloud account is tied to it') },
  })
  expect((await asked([], 'available', false)).away).toMatchObject({ state: 'unknown' })
})
