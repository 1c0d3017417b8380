import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { certify, makeAuthority } from '@/e2e/harness/daemons/authority'
import { testFleet } from '@/e2e/harness/lab'
import { type LabHerd, openLabHerd } from '@/e2e/harness/matrix/herd'
import { MemoryJournal, passingClock } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import { systemClock } from '@/lib/kernel/ground/clock'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { Operation } from '@/lib/kernel/operation/operation'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { until } from '@/lib/playground/machine/processes'
import type { ActPorts, InventoryHerd, InventoryInstance, InventoryServer } from '@/lib/ports'
import { create } from './create'
import { failover } from './failover'
import { rebuild } from './rebuild'
import { repoint } from './repoint'

let herd: LabHerd
let ports: ActPorts
let authority: string
const patient = { timeoutMs: 60_000 }
const folder = '/var/lib/postgresql/tls'
const file = (name: string) => `${folder}/${name}`

/** What the herd wishes for its standbys: the upstream is proven, and so are they. */
const replication = {
  user: 'replicator',
  options: `sslmode=verify-full sslrootcert=${file('root.crt')} sslcert=${file('client.crt')} sslkey=${file('client.key')}`,
}

const read = (name: string) => readFileSync(join(authority, name), 'utf8')

/** Nobody replicates without TLS and a certificate of its own; an IP address is what a standby is told, and what the certificates are for. */
const hba = `local all all peer
hostssl replication,postgres replicator 198.18.0.0/16 scram-sha-256 clientcert=verify-full
hostnossl all replicator 0.0.0.0/0 reject
host all all 198.18.0.0/16 scram-sha-256
`
const certifyHost = (host: string) => {
  const { hosts } = herd.lab
  certify(authority, 'root', { name: host, commonName: host, extension: `subjectAltName=IP:${herd.lab.host(host).address}` })
  const put = (name: string, text: string) => hosts.writeFile(host, file(name), text, { mode: 0o600, owner: 'postgres' })
  put('root.crt', read('root.pem'))
  for (const [name, part] of [
    ['crt', 'pem'],
    ['key', 'key'],
  ]) {
    put(`server.${name}`, read(`${host}.${part}`))
    put(`client.${name}`, read(`client.${part}`))
  }
}
const settings = `ssl = on\nssl_cert_file = '${file('server.crt')}'\nssl_key_file = '${file('server.key')}'\nssl_ca_file = '${file('root.crt')}'\n`
const secure = async (host: string) => {
  const etc = `/etc/postgresql/${herd.lab.fleet.postgresMajor}/shop`
  const put = (name: string, text: string) => herd.lab.hosts.writeFile(host, `${etc}/${name}`, text, { mode: 0o640, owner: 'postgres' })
  put('conf.d/tls.conf', settings)
  put('pg_hba.conf', hba)
  await sql(host, 'select pg_reload_conf()')
}

const on = async (host: string, ...argv: string[]) => (await herd.lab.hosts.mustExec(host, argv)).trim()
const sql = (host: string, text: string) => on(host, 'psql', '-XAtqc', text)
const titleOf = (host: string) => `shop on ${host}`

const wishing = (instance: InventoryInstance): InventoryInstance => ({ ...instance, replication })
const serverOf = (host: string): InventoryServer => {
  const { address, environmentId } = herd.instance(host)
  return { id: host, title: host, environmentId, environmentName: environmentId, profile: 'debian', address: address.host }
}
const herdOf = (): InventoryHerd => {
  const { environmentId, address } = herd.instance('a')
  const { port, dataDirectory } = address
  return {
    id: 'shop',
    name: 'shop',
    environmentId,
    environmentName: environmentId,
    baseName: 'shop',
    port,
    dataDirectory,
    systemIdentifier: null,
  }
}
const registered = new Map<string, string>()
const joined = (): InventoryInstance[] =>
  [...registered].map(([id, host]) => {
    const like = herd.instance(host)
    return { ...like, id, address: { ...like.address, instanceId: id } }
  })
const portsOf = ({ read, act }: ActPorts): ActPorts => ({
  read: {
    ...read,
    inventory: {
      ...read.inventory,
      server: async (id) => serverOf(id),
      herdIn: async () => ({ ...herdOf(), replication }),
      instance: async (id) => wishing(await read.inventory.instance(id)),
      herdInstances: async (id) => [...(await read.inventory.herdInstances(id)), ...joined()].map(wishing),
    },
  },
  act: {
    ...act,
    inventory: {
      ...act.inventory,
      register: async ({ id, serverId }) => void registered.set(id, serverId),
      unregister: async (id) => void registered.delete(id),
    },
  },
})

const run = async (operation: Operation, targetId: string, raw: JsonObject) => {
  const input = operation.input.parse(raw) as JsonObject
  const plan = await makeTargetPlan(operation, ports.read, input, targetId, new AbortController().signal)
  expect(plan.reason).toBeNull()
  const journal = new MemoryJournal(passingClock())
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: systemClock }
  const state = await drive(operation, { id: 'job', targetId, input, digest: plan.digest }, journal.open(), ports, options)
  const trouble = journal.lines.filter(({ kind }) => ['failed', 'refused', 'attention', 'undo-failed', 'release-failed'].includes(kind))
  expect({ state, trouble }).toEqual({ state: 'done', trouble: [] })
  return plan.gates.find(({ name }) => name === 'strategy')?.because
}

/** Who streams from this host, and whether its connection is encrypted, by a certificate of the role. */
const followersOf = async (host: string) => {
  const stat = 'pg_stat_replication r join pg_stat_ssl s using (pid)'
  return (await sql(host, `select r.application_name, s.ssl, s.client_dn from ${stat} where r.state = 'streaming' order by 1`)).split('\n')
}
const untilSecured = async (host: string, ...names: string[]) => {
  const wanted = names.map((name) => `${name}|t|/CN=replicator`)
  const seen = async () => (await followersOf(host)).filter((line) => names.some((name) => line.startsWith(`${name}|`)))
  await until(`${names.join()} under ${host}`, async () => (await seen()).join() === wanted.join(), patient).catch(() => {})
  expect(await seen()).toEqual(wanted)
}

beforeAll(async () => {
  herd = await openLabHerd(testFleet({ shop: 'a > b, c' }, { idleHosts: ['d'] }), 'shop')
  ports = portsOf(herd.ports)
  authority = mkdtempSync(join(tmpdir(), 'matriarch-tls-'))
  makeAuthority(authority, 'root')
  certify(authority, 'root', { name: 'client', commonName: 'replicator', extension: 'extendedKeyUsage=clientAuth' })
  for (const host of ['a', 'b', 'c', 'd']) certifyHost(host)
  for (const host of ['a', 'b', 'c']) await secure(host)
})
afterAll(async () => {
  await herd?.close()
  rmSync(authority, { recursive: true, force: true })
})

test('a herd that wishes verified TLS and client certificates is repointed, copied, rewound, grown and moved with nothing less', {
  timeout: 600_000,
}, async () => {
  await run(repoint, titleOf('c'), { upstream: titleOf('b') })
  await untilSecured('b', 'shop_c')
  await run(rebuild, titleOf('c'), { strategy: 'copy' })
  await untilSecured('a', 'shop_c')
  await run(create, 'd', { herd: 'shop' })
  await untilSecured('a', 'd')
  await run(failover, 'shop', { candidate: titleOf('b') })
  await untilSecured('b', 'd', 'shop_a', 'shop_c')

  await sql('c', 'select pg_promote()')
  await sql('c', 'create table only_on_c as select 1 as n')
  await herd.ports.act.postgres.stop(herd.instance('c').address, 'fast', patient)
  expect(await run(rebuild, titleOf('c'), {})).toContain('pg_rewind discards that')
  await untilSecured('b', 'shop_c')
})
