import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { testFleet } from '@/e2e/harness/lab'
import { type LabHerd, openLabHerd } from '@/e2e/harness/matrix/herd'
import { MemoryJournal, passingClock } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import { systemClock } from '@/lib/kernel/ground/clock'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { until } from '@/lib/playground/machine/processes'
import type { ActPorts, InventoryHerd, InventoryInstance, InventoryServer, NewMember } from '@/lib/ports'
import { create } from '.'

let herd: LabHerd
let ports: ActPorts
const registered = new Map<string, NewMember>()
const patient = { timeoutMs: 60_000 }

const serverOf = (host: string): InventoryServer => {
  const { address, environmentId } = herd.instance(host)
  return { id: host, title: host, environmentId, environmentName: environmentId, profile: 'debian', address: address.host }
}
const herdOf = (name: string, port: number): InventoryHerd => {
  const { environmentId, address } = herd.instance('a')
  const dataDirectory = `/var/lib/postgresql/${address.major}/${name}`
  return { id: name, name, environmentId, environmentName: environmentId, baseName: name, port, dataDirectory, systemIdentifier: null }
}
const herds = () => [herdOf('shop', herd.instance('a').address.port), herdOf('fresh', 5455)]

/** What was registered is a member like the ones the lab began with. */
const memberOf = ({ id, herdId, serverId, port, dataDirectory }: NewMember): InventoryInstance => {
  const like = herd.instance(serverId)
  const address = { ...like.address, instanceId: id, herdId, clusterName: herdId, port, dataDirectory }
  return { ...like, id, title: `${herdId} on ${serverId}`, herdId, herdName: herdId, address }
}
const portsOf = ({ read, act }: ActPorts): ActPorts => ({
  read: {
    ...read,
    inventory: {
      ...read.inventory,
      server: async (id) => serverOf(id),
      herdIn: async (_environmentId, name) => herds().find((one) => one.id === name) ?? null,
      herdInstances: async (herdId) => [
        ...(herdId === 'shop' ? await read.inventory.herdInstances(herdId) : []),
        ...[...registered.values()].filter((one) => one.herdId === herdId).map(memberOf),
      ],
      herdStanding: async (herdId) => ({ ...(await read.inventory.herdStanding(herdId)), herdId, name: herdId, members: [] }),
    },
  },
  act: {
    ...act,
    inventory: {
      ...act.inventory,
      register: async (member) => void registered.set(member.id, member),
      unregister: async (id) => void registered.delete(id),
    },
  },
})

const planOf = (host: string, raw: JsonObject) =>
  makeTargetPlan(create, ports.read, create.input.parse(raw) as JsonObject, host, new AbortController().signal)

/** A job whose driver can be killed, and that another one then goes on with. */
const submit = async (host: string, raw: JsonObject) => {
  const plan = await planOf(host, raw)
  expect(plan.reason).toBeNull()
  const journal = new MemoryJournal(passingClock())
  const job = { id: 'job', targetId: host, input: create.input.parse(raw) as JsonObject, digest: plan.digest }
  const go = (options: { signal?: AbortSignal; isCancelRequested?: () => boolean } = {}) =>
    drive(create, job, journal.open(), ports, {
      driver: 'test',
      signal: new AbortController().signal,
      isCancelRequested: () => false,
      clock: systemClock,
      ...options,
    })
  const trouble = () =>
    journal.lines.filter((line) => ['failed', 'refused', 'attention', 'undo-failed', 'release-failed'].includes(line.kind))
  return { go, trouble, journal }
}
const run = async (host: string, raw: JsonObject) => {
  const job = await submit(host, raw)
  return { state: await job.go(), trouble: job.trouble() }
}
const on = (host: string, ...argv: string[]) => herd.lab.hosts.mustExec(host, argv)
const sql = async (host: string, port: number, text: string) => (await on(host, 'psql', '-XAtqc', text, '-p', String(port))).trim()
const slots = () => sql('a', 5432, 'select slot_name from pg_replication_slots order by 1')
const major = () => herd.instance('a').address.major!

/** Neither data nor configuration, log, mark, process. */
const expectNothingLeft = async (host: string, name: string) => {
  const left = [
    `/var/lib/postgresql/${major()}/${name}`,
    `/var/lib/postgresql/${major()}/${name}.matriarch`,
    `/etc/postgresql/${major()}/${name}`,
    `/var/log/postgresql/postgresql-${major()}-${name}.log`,
  ]
  for (const path of left) expect((await herd.lab.hosts.exec(host, ['test', '-e', path])).code, path).toBe(1)
  expect((await on(host, 'sh', '-c', 'ls /var/lib/postgresql/.local/state/matriarch/made 2>/dev/null; true')).trim()).toBe('')
  expect((await herd.lab.hosts.exec(host, ['pgrep', '-x', 'postgres'])).stdout).toBe('')
}

describe('a new member, on real hosts', () => {
  beforeAll(async () => {
    herd = await openLabHerd(testFleet({ shop: 'a > b' }, { idleHosts: ['c', 'd'] }), 'shop')
    ports = portsOf(herd.ports)
  })
  afterAll(() => herd?.close())
  beforeEach(() => until('b to stream', async () => (await sql('a', 5432, 'select count(*) from pg_stat_replication')) === '1', patient))

  test('a port in use, a directory with something in it and a version that is not there are refused, and nothing is left', async () => {
    const reason = async (host: string, raw: JsonObject) => (await planOf(host, raw)).reason
    expect(await reason('a', { herd: 'fresh', port: 5432 })).toContain('Port 5432 is taken by')
    expect(await reason('a', { herd: 'fresh', dataDirectory: `/var/lib/postgresql/${major()}/shop` })).toContain(
      `cluster ${major()}/shop already`,
    )
    expect(await reason('c', { herd: 'fresh', major: '11' })).toContain('Run there: apt-get install postgresql-11')
    expect(await reason('c', { herd: 'fresh', dataDirectory: '/dev/null/x/1/y' })).toContain(
      'A cluster cannot be created in /dev/null/x/1/y',
    )
    await expectNothingLeft('c', 'fresh')
  })

  test('a standby killed in the middle of its copy and cancelled leaves no data, configuration, slot or process', async () => {
    const job = await submit('c', { herd: 'shop', throttleMbit: 8 })
    const killed = new AbortController()
    const first = job.go({ signal: killed.signal })
    first.catch(() => {})
    await until(
      'a copy at work',
      async () => (await sql('a', 5432, "select count(*) from pg_stat_replication where application_name = 'matriarch_copy'")) !== '0',
      patient,
    )
    killed.abort()
    await first.catch(() => {})
    expect(await job.go({ isCancelRequested: () => true })).toBe('cancelled')
    expect(job.trouble().filter(({ kind }) => kind.endsWith('-failed'))).toEqual([])
    await expectNothingLeft('c', 'shop')
    expect(await slots()).toBe('shop_b')
    expect(registered.size).toBe(0)
  })

  test('a primary takes writes with checksums, and a standby on an empty server streams from it with the password made there', async () => {
    for (const host of ['c', 'd']) await on(host, 'rm', '-f', '/var/lib/postgresql/.pgpass')
    expect(await run('d', { herd: 'fresh' })).toEqual({ state: 'done', trouble: [] })
    expect(await sql('d', 5455, 'create table t (a int); insert into t values (1); show data_checksums')).toContain('on')
    expect(await sql('d', 5455, "select rolpassword like 'SCRAM-SHA-256%' from pg_authid where rolname = 'replicator'")).toBe('t')
    // A standby with less than that would not start.
    await sql('d', 5455, 'alter system set max_connections = 123')
    await sql('d', 5455, "alter system set work_mem = '64MB'")
    await on('d', 'sh', '-c', 'echo "host app app 10.0.0.0/8 md5" >>"/etc/postgresql/$1/fresh/pg_hba.conf"', 'sh', major())
    await on('d', 'pg_ctlcluster', major(), 'fresh', 'restart')
    const { gates } = await planOf('c', { herd: 'fresh' })
    expect(gates.find(({ name }) => name === 'configuration')?.because).toMatch(
      /before it takes over: postgresql.conf: work_mem is not set here, 64MB on fresh on d; pg_hba.conf: “host app app 10.0.0.0\/8 md5” only on fresh on d\.$/,
    )

    expect(await run('c', { herd: 'fresh' })).toEqual({ state: 'done', trouble: [] })
    expect(await sql('c', 5455, 'select pg_is_in_recovery(), count(*) from t')).toBe('t|1')
    expect(await sql('d', 5455, 'select slot_name, active from pg_replication_slots')).toBe('c|t')
    const made = [...registered.values()].map(({ herdId, serverId, port }) => [herdId, serverId, port])
    expect(made).toEqual([
      ['fresh', 'd', 5455],
      ['fresh', 'c', 5455],
    ])
    expect((await planOf('c', { herd: 'fresh' })).reason).toContain('is a member of it already')
    expect((await on('c', 'sh', '-c', 'ls ~postgres/.local/state/matriarch/made')).trim()).toBe('')
  })
})
