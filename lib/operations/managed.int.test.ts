import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testFleet } from '@/e2e/harness/lab'
import { type LabHerd, openLabHerd } from '@/e2e/harness/matrix/herd'
import { configOf, dataDirectoryOf, type PatroniCluster, startPatroni } from '@/e2e/harness/patroni/room'
import { MemoryJournal, passingClock } from '@/lib/adapters/memory'
import { managedByOf, managersOf } from '@/lib/domain/managers/manager'
import { drive } from '@/lib/kernel/engine/engine'
import { systemClock } from '@/lib/kernel/ground/clock'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { postgresMajor } from '@/lib/playground/machine/machine'
import { until } from '@/lib/playground/machine/processes'
import { operationByName } from '.'
import { patroniSwitchover } from './patroni'
import { patroniRestart } from './patroni/restart'

/** One cluster of Debian's Patroni with three members. Its own looks come every second, so that what it undoes is undone soon. */
const scope = '15-shop'
const members = ['p1', 'p2', 'p3'] as const
const pace = { ttl: 20, loop_wait: 1, retry_timeout: 3 }
const dataDirectory = dataDirectoryOf(postgresMajor(), scope)

let herd: LabHerd
let patroni: PatroniCluster

beforeAll(async () => {
  const hosts = [...members, 'edge']
  herd = await openLabHerd(testFleet({}, { idleHosts: hosts }), 'shop', {
    hosts: members,
    port: 5432,
    dataDirectory,
    start: async (lab) => {
      patroni = await startPatroni(lab, { members, edge: 'edge' }, { scope, pace, hasTls: true })
    },
  })
}, 240_000)
afterAll(async () => {
  patroni?.close()
  await herd?.close()
})

const signal = new AbortController().signal
const sql = async (host: string, text: string) => (await herd.lab.hosts.mustExec(host, ['psql', '-XAtqc', text])).trim()
const sh = async (host: string, script: string) => (await herd.lab.hosts.mustExec(host, ['sh', '-c', script])).trim()
const startedAt = (host: string) => sql(host, 'select pg_postmaster_start_time()')
const inputOf = (name: string, raw: JsonObject) => operationByName(name)!.input.parse(raw) as JsonObject
const planOf = (name: string, host: string, raw: JsonObject = {}) => {
  const operation = operationByName(name)!
  const targetId = operation.on === 'dr-pair' ? 'shop' : herd.instance(host).id
  return makeTargetPlan(operation, herd.ports.read, inputOf(name, raw), targetId, signal)
}
const gateOf = async (...args: Parameters<typeof planOf>) => {
  const plan = await planOf(...args)
  return { eligible: plan.eligible, ...plan.gates.find(({ name }) => name === 'manager')! }
}
const look = (host: string) => herd.ports.read.hosts.managers(herd.instance(host).address.host, [dataDirectory], { timeoutMs: 20_000 })
const found = async (host: string) => managersOf(await look(host), dataDirectory)[0]
const pendingSql = "select pending_restart from pg_settings where name = 'max_connections'"
const patient = { timeoutMs: 60_000, everyMs: 200 }
const standby = async () => {
  const leader = await patroni.leader()
  return members.find((host) => host !== leader)!
}

test('a member is recognised with its cluster, its name, its DCS and what the REST API says, and no password leaves its host', async () => {
  const leader = await patroni.leader()
  const seen = await look('p2')
  expect(managedByOf(seen, dataDirectory)).toBe('patroni')
  const [one] = managersOf(seen, dataDirectory)
  expect(one).toMatchObject({
    ...{
      kind: 'patroni',
      state: 'running',
      isReadable: true,
      isPaused: false,
      cluster: scope,
      member: 'p2',
      dcs: 'etcd3',
      version: '3.0.2',
    },
    configPath: configOf(scope),
    api: `https://${herd.lab.host('p2').address}:8008`,
  })
  expect(one!.members.map(({ name, role }) => [name, role]).sort()).toEqual(
    members.map((name) => [name, name === leader ? 'leader' : 'replica']).sort(),
  )
  for (const password of patroni.passwords) expect(JSON.stringify(seen)).not.toContain(password)
})

describe('behind Patroni’s back nothing is done, and each refusal names the command that does it', () => {
  test.each([
    ['restart', {}, 'restart 15-shop HOST'],
    ['stop', {}, 'pause 15-shop --wait'],
    ['reload', {}, 'reload 15-shop HOST'],
    ['promote', {}, 'switchover 15-shop --candidate HOST'],
    ['repoint', { upstream: 'shop on p1' }, 'reload 15-shop HOST'],
    ['rebuild', {}, 'reinit 15-shop HOST'],
    ['add-reader', {}, 'edit-config 15-shop'],
    ['run-sql', { sql: "alter system set work_mem = '8MB'", write: true }, 'edit-config 15-shop -p NAME=VALUE'],
    ['failover', {}, 'failover 15-shop'],
    ['switchover', {}, 'switchover 15-shop'],
  ] as const)('%s', async (name, input, command) => {
    const host = await standby()
    const { verdict, because, eligible } = await gateOf(name, host, input)
    expect([verdict, eligible]).toEqual(['refuse', false])
    expect(because).toContain(`\`patronictl -c ${configOf(scope)} ${command.replace('HOST', host)}`)
  })

  test('demote, on the leader', async () => {
    const leader = await patroni.leader()
    expect(await gateOf('demote', leader)).toMatchObject({
      verdict: 'refuse',
      because: expect.stringContaining(`switchover 15-shop --leader ${leader}`),
    })
  })
})

test('what is refused would have been undone: a server that is stopped is started again, and a setting in postgresql.auto.conf is overridden', async () => {
  const host = await standby()
  const before = await startedAt(host)
  await sql(host, 'alter system set max_connections = 57')
  await sh(host, `/usr/lib/postgresql/${postgresMajor()}/bin/pg_ctl stop -D ${dataDirectory} -m fast`)
  await until(`Patroni to start ${host} again`, async () => (await startedAt(host).catch(() => before)) !== before, patient)
  expect(await sql(host, 'show max_connections')).toBe('100')
  await sql(host, 'alter system reset max_connections')
  await patroni.leader()
})

test('a member that is paused may be stopped and started, and the plan says what the pause means; who is primary stays refused', async () => {
  const host = await standby()
  await patroni.rest(host, '/config', { pause: true })
  try {
    await until(
      'every member to be paused',
      async () => (await Promise.all(members.map(found))).every((one) => one?.isPaused === true),
      patient,
    )
    expect(await gateOf('stop', host)).toMatchObject({
      verdict: 'warn',
      eligible: true,
      because: expect.stringContaining('is paused, and starts and stops nothing'),
    })
    expect(await gateOf('promote', host)).toMatchObject({ verdict: 'refuse', eligible: false })
  } finally {
    await patroni.rest(host, '/config', { pause: null })
  }
  await until('the pause to end', async () => (await found(host))?.isPaused === false, patient)
})

test('a Patroni that does not answer is Patroni all the same', async () => {
  const host = await standby()
  await patroni.signal(host, 'STOP')
  try {
    expect(await found(host)).toMatchObject({ state: 'running', cluster: scope, isPaused: null })
    expect((await gateOf('stop', host)).verdict).toBe('refuse')
  } finally {
    await patroni.signal(host, 'CONT')
  }
})

test('a switchover through Patroni hands the leader key over, nothing is lost, every member follows, and back again; no login of the REST API is in the journal', async () => {
  for (const to of [await standby(), undefined]) {
    const from = await patroni.leader()
    const count = Number(
      await sql(from, 'create table if not exists kept (n int); insert into kept select count(*) from kept; select count(*) from kept'),
    )
    const input = patroniSwitchover.input.parse(to === undefined ? {} : { candidate: `shop on ${to}` }) as JsonObject
    const plan = await makeTargetPlan(patroniSwitchover, herd.ports.read, input, 'shop', signal)
    expect(plan.reason).toBeNull()
    const journal = new MemoryJournal(passingClock())
    const options = { driver: 'test', signal, isCancelRequested: () => false, clock: systemClock }
    const job = { id: 'job', targetId: 'shop', input, digest: plan.digest }
    expect([await drive(patroniSwitchover, job, journal.open(), herd.ports, options), journal.lines]).toEqual(['done', expect.anything()])
    const leader = await patroni.leader()
    expect(leader).not.toBe(from)
    if (to !== undefined) expect(leader).toBe(to)
    expect(await sql(leader, 'select count(*) from kept where not pg_is_in_recovery()')).toBe(String(count))
    for (const password of patroni.passwords) expect(JSON.stringify(journal.lines)).not.toContain(password)
  }
})

test('a restart through Patroni makes a setting that waited for it active, and the leader stays the leader', async () => {
  const leader = await patroni.leader()
  await patroni.rest(leader, '/config', { postgresql: { parameters: { max_connections: 123 } } })
  // Raised on the standbys first: one with fewer than its primary would stop replaying.
  for (const host of [...members.filter((one) => one !== leader), leader]) {
    const target = herd.instance(host)
    await until(`${host} to know the setting`, async () => (await sql(host, pendingSql)) === 't', patient)
    const plan = await makeTargetPlan(patroniRestart, herd.ports.read, {}, target.id, signal)
    expect(plan.reason).toBeNull()
    const journal = new MemoryJournal(passingClock())
    const options = { driver: 'test', signal, isCancelRequested: () => false, clock: systemClock }
    const job = { id: 'job', targetId: target.id, input: {}, digest: plan.digest }
    expect([await drive(patroniRestart, job, journal.open(), herd.ports, options), journal.lines]).toEqual(['done', expect.anything()])
    expect(await sql(host, 'show max_connections')).toBe('123')
  }
  expect(await patroni.leader()).toBe(leader)
})

test('the cluster is read whole from one member: its members, etcd and the other clusters in its namespace; and nothing of a password or a key', async () => {
  const leader = await patroni.leader()
  // Another cluster in the same namespace, and a stranger there that is no Patroni.
  await patroni.putKey('/service/billing/initialize', '7000000000000000001')
  await patroni.putKey('/service/registry/web1', '{"conn_url": "postgres://10.9.9.9/"}')
  const host = await standby()
  const seen = await herd.ports.read.hosts.patroniClusters(herd.instance(host).address.host, { timeoutMs: 20_000 })
  expect(seen.unreadable).toEqual([])
  expect(seen.clusters).toEqual([
    expect.objectContaining({
      scope,
      namespace: '/service/',
      configPath: configOf(scope),
      isRunning: true,
      member: host,
      dataDirectory,
      port: 5432,
      socketDirectory: null,
      systemIdentifier: (await sql(host, 'select system_identifier from pg_control_system()')).trim(),
      dcsProblem: null,
      neighbours: ['billing'],
    }),
  ])
  const [cluster] = seen.clusters
  const byName = [...cluster!.members].sort((a, b) => a.name.localeCompare(b.name))
  expect(byName.map(({ name, host: at, port, isLeader, state }) => [name, at, port, isLeader, state])).toEqual(
    members.map((name) => [name, herd.lab.host(name).address, 5432, name === leader, 'running']),
  )
  expect(cluster!.dcs).toMatchObject({
    kind: 'etcd3',
    members: [{ name: 'edge', isLeader: true, version: expect.stringMatching(/^3\./), databaseBytes: expect.any(Number) }],
    alarms: [],
  })
  for (const secret of [...patroni.passwords, 'PRIVATE KEY']) expect(JSON.stringify(seen)).not.toContain(secret)
})

/** Who owns Patroni's files: a plain user's lab has no root, and there everything is its only user's. */
const asOwner = { user: process.getuid!() === 0 ? ('root' as const) : ('postgres' as const) }

test('an etcd that cannot be asked is said, and the REST API tells the members in its place', async () => {
  const host = await standby()
  const file = configOf(scope)
  // As its own host sees it: Patroni has read its file long ago.
  const changed = (script: string) => herd.lab.hosts.mustExec(host, ['sh', '-c', script], asOwner)
  await changed(`cp -p ${file} ${file}.aside && sed -i 's/:2379/:2378/' ${file} && chown postgres ${file}`)
  try {
    const { clusters } = await herd.ports.read.hosts.patroniClusters(herd.instance(host).address.host, { timeoutMs: 20_000 })
    expect(clusters[0]!.dcsProblem).toContain(':2378')
    expect(clusters[0]!.members.map(({ name }) => name).sort()).toEqual([...members])
    expect(clusters[0]!.members.filter(({ isLeader }) => isLeader)).toHaveLength(1)
  } finally {
    await changed(`mv ${file}.aside ${file}`)
  }
})

test('a configuration as pg_createconfig_patroni writes it is found beside the running one, with its own scope and namespace', async () => {
  const host = await standby()
  const [name, file] = [`${postgresMajor()}-other`, `/etc/patroni/${postgresMajor()}-other.yml`]
  const changed = (...argv: string[]) => herd.lab.hosts.mustExec(host, argv, asOwner)
  herd.lab.hosts.writeFile(host, '/etc/patroni/config.yml.in', readFileSync('/etc/patroni/config.yml.in', 'utf8'))
  herd.lab.hosts.writeFile(host, '/etc/patroni/dcs.yml', dcsFile(herd.lab.host('edge').address))
  await changed(
    'pg_createconfig_patroni',
    '--hostip=198.18.9.9',
    '--network=198.18.0.0/16',
    '--port=5499',
    String(postgresMajor()),
    'other',
  )
  await changed('chown', 'postgres', file)
  try {
    const { clusters } = await herd.ports.read.hosts.patroniClusters(herd.instance(host).address.host, { timeoutMs: 20_000 })
    expect(clusters.find((one) => one.scope === name)).toMatchObject({
      namespace: '/postgresql-common/',
      configPath: file,
      isRunning: false,
      port: 5499,
      dcs: { kind: 'etcd3', endpoints: [`https://${herd.lab.host('edge').address}:2379`] },
      dcsProblem: expect.stringContaining(':2379'),
      members: [],
      dataDirectory: `/var/lib/postgresql/${postgresMajor()}/other`,
    })
    expect(clusters.find((one) => one.scope === scope)).toMatchObject({ isRunning: true })
  } finally {
    await changed('rm', '-f', file, '/etc/patroni/config.yml.in', '/etc/patroni/dcs.yml')
  }
})

test('the observer gets the dynamic configuration with a look at the leader’s host, and from no other; passwords in it are hidden', async () => {
  const leader = await patroni.leader()
  await patroni.rest(leader, '/config', { postgresql: { parameters: { restore_command: 'curl https://me:hunter2@store/%f -o %p' } } })
  const configsOn = async (host: string) =>
    (await herd.hostFacts(herd.instance(host).address.host, [dataDirectory], { timeoutMs: 20_000 })).managers?.configs
  try {
    expect(await configsOn(await standby())).toBeUndefined()
    expect(await configsOn(leader)).toEqual([
      {
        dataDirectory,
        config: expect.objectContaining({
          ...pace,
          postgresql: expect.objectContaining({
            parameters: expect.objectContaining({ restore_command: 'curl https://me:…@store/%f -o %p' }),
          }),
        }),
      },
    ])
  } finally {
    await patroni.rest(leader, '/config', { postgresql: { parameters: { restore_command: null } } })
  }
})

/** As a person fills in the file of Debian’s package; its tool takes no slash in it, so the certificates are missing. */
const dcsFile = (address: string): string => `etcd3:
  hosts:
    - ${address}:2379
  protocol: https
`

/** Planned and driven to its end, as a worker does. */
const runOn = async (name: string, host: string, raw: JsonObject = {}) => {
  const operation = operationByName(name)!
  const targetId = operation.on === 'dr-pair' ? 'shop' : herd.instance(host).id
  const plan = await planOf(name, host, raw)
  expect(plan.reason).toBeNull()
  const journal = new MemoryJournal(passingClock())
  const options = { driver: 'test', signal, isCancelRequested: () => false, clock: systemClock }
  const state = await drive(
    operation,
    { id: 'job', targetId, input: inputOf(name, raw), digest: plan.digest },
    journal.open(),
    herd.ports,
    options,
  )
  expect([state, state === 'done' ? null : journal.lines]).toEqual(['done', null])
  return JSON.stringify(journal.lines)
}
const areAllPaused = async (isPaused: boolean) => (await Promise.all(members.map(found))).every((one) => one?.isPaused === isPaused)

test('a reload through Patroni makes the server read what Patroni writes for it', async () => {
  const host = await standby()
  const before = await sql(host, 'select pg_conf_load_time()')
  await runOn('patroni-reload', host)
  await until('the server to be reloaded', async () => (await sql(host, 'select pg_conf_load_time()')) !== before, patient)
})

test('an edit of the configuration reaches every member, is refused while it is not what the plan showed, and its journal says how to go back', async () => {
  const leader = await patroni.leader()
  const said = await runOn('patroni-configure', leader, { settings: 'postgresql.parameters.work_mem = 9MB\nmax_timelines_history = 7' })
  expect(said).toContain('postgresql.parameters.work_mem = null\\nmax_timelines_history = null')
  for (const host of members) await until(`${host} to have it`, async () => (await sql(host, 'show work_mem')) === '9MB', patient)
  expect((await planOf('patroni-configure', leader, { settings: 'max_timelines_history = 7' })).reason).toBe('Every setting is so already.')

  const { host, dataDirectory: directory } = herd.instance(leader).address
  const text = await herd.ports.read.hosts.patroniConfig(host, directory, { timeoutMs: 20_000 })
  await patroni.rest(leader, '/config', { max_timelines_history: 8 })
  const late = { dataDirectory: directory, method: 'PATCH', path: '/config', body: { ttl: 45 }, whileConfigIs: text } as const
  expect((await herd.ports.act.hosts.askPatroni(host, late, { timeoutMs: 20_000 })).status).toBe(409)
  const now = async () => JSON.parse(await herd.ports.read.hosts.patroniConfig(host, directory, { timeoutMs: 20_000 }))
  // What it tells is what its last loop has read.
  await until('Patroni to tell of it', async () => (await now()).max_timelines_history === 8, patient)
  expect((await now()).ttl).toBe(pace.ttl)

  await runOn('patroni-configure', leader, { settings: 'postgresql.parameters.work_mem = null\nmax_timelines_history = null' })
  for (const one of members) await until(`${one} to be as it was`, async () => (await sql(one, 'show work_mem')) === '4MB', patient)
})

test('a pause ends when its time is up though nobody of ours is left, and Resume ends it sooner; a pause of somebody else is left alone', async () => {
  const leader = await patroni.leader()
  const { address } = herd.instance(leader)
  const timer = async (key: string, seconds: number) => {
    const argv = await herd.ports.read.hosts.endPauseCommand(dataDirectory, key, seconds)
    await herd.ports.act.work.launch(address.host, key, argv, { timeoutMs: 20_000 })
  }
  const isRunning = async (key: string) => (await herd.ports.read.work.look(address.host, key, { timeoutMs: 20_000 })).state === 'running'

  await runOn('patroni-pause', leader, { minutes: 30 })
  expect(await areAllPaused(true)).toBe(true)
  expect((await planOf('patroni-pause', leader)).reason).toContain('It is paused already')
  await runOn('patroni-resume', leader)
  expect(await areAllPaused(false)).toBe(true)
  expect((await planOf('patroni-resume', leader)).reason).toBe('It is not paused.')

  await timer('pause-of-ours', 6)
  await patroni.rest(leader, '/config', { pause: true, matriarch_pause: 'pause-of-ours' })
  await until('every member to be paused', () => areAllPaused(true).then((is) => is || undefined), patient)
  await until('the timer to end it', () => areAllPaused(false).then((is) => is || undefined), patient)
  expect(await patroni.rest(leader, '/config')).not.toContain('matriarch_pause')

  await timer('pause-long-over', 3)
  await patroni.rest(leader, '/config', { pause: true })
  await until('the timer to be over', async () => ((await isRunning('pause-long-over')) ? undefined : true), patient)
  expect(await patroni.rest(leader, '/config')).toContain('"pause": true')
  await runOn('patroni-resume', leader)
})

test('a member that is reinitialised through Patroni is a new copy of the leader and follows it; the leader is refused', async () => {
  const [leader, host] = [await patroni.leader(), await standby()]
  await sh(host, `touch ${dataDirectory}/was-there`)
  await runOn('patroni-reinit', host)
  expect((await sh(host, `ls ${dataDirectory}`)).split('\n')).not.toContain('was-there')
  expect(await patroni.leader()).toBe(leader)
  expect((await planOf('patroni-reinit', leader)).reason).toBe('It is the leader: switch over first.')
})

test('a switchover that Patroni refuses is told in its own words', async () => {
  const [leader, host] = [await patroni.leader(), await standby()]
  const request = { dataDirectory, method: 'POST', path: '/switchover', body: { leader: host, candidate: leader } } as const
  const answer = await herd.ports.act.hosts.askPatroni(herd.instance(host).address.host, request, { timeoutMs: 20_000 })
  expect(answer).toEqual({ status: 412, text: 'leader name does not match' })
  await expect(
    herd.ports.act.hosts.askPatroni(herd.instance(host).address.host, { ...request, dataDirectory: '/srv/other' }, { timeoutMs: 20_000 }),
  ).rejects.toMatchObject({ code: 'shell.failed', facts: { isOver: true } })
})

test('a Patroni that is installed and not running still owns its server; one that comes back after the plan is met before the first step', async () => {
  const host = await standby()
  await patroni.signal(host, 'KILL')
  await until('Patroni to be gone', async () => (await found(host))?.state === 'stopped', patient)
  expect(await gateOf('restart', host)).toMatchObject({ verdict: 'refuse', because: expect.stringContaining('which is not running') })

  // Somebody takes its configuration away: only a trace is left, and the server may be restarted.
  const move = (...paths: string[]) => herd.lab.hosts.mustExec(host, ['mv', ...paths], asOwner)
  await move(configOf(scope), `${configOf(scope)}.aside`)
  const restart = operationByName('restart')!
  const plan = await planOf('restart', host)
  expect(plan.gates.find(({ name }) => name === 'manager')).toMatchObject({
    verdict: 'warn',
    because: expect.stringContaining('patroni.dynamic.json'),
  })
  expect(plan.eligible).toBe(true)

  // And somebody brings it back before the job begins.
  await move(`${configOf(scope)}.aside`, configOf(scope))
  patroni.start(host)
  await until('Patroni to answer again', async () => (await found(host))?.isPaused === false, patient)
  const before = await startedAt(host)
  const journal = new MemoryJournal(passingClock())
  const options = { driver: 'test', signal, isCancelRequested: () => false, clock: systemClock }
  const job = { id: 'job', targetId: herd.instance(host).id, input: inputOf('restart', {}), digest: plan.digest }
  const state = await drive(restart, job, journal.open(), herd.ports, options)
  expect(state).toBe('refused')
  expect(journal.lines.some((line) => JSON.stringify(line).includes('is managed by Patroni (cluster 15-shop'))).toBe(true)
  expect(await startedAt(host)).toBe(before)
})
