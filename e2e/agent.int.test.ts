import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { decideHostToken } from '@/db/discovery/host-tokens'
import { getPool } from '@/db/pg/client'
import { type AgentHome, agent, printedBy, runAgent, shells } from '@/e2e/harness/agent-runs'
import { type AgentStage, openAgentStage } from '@/e2e/harness/agent-stage'
import { dropCluster, makeCluster, type TestCluster } from '@/e2e/harness/daemons/cluster'
import type { TestSshd } from '@/e2e/harness/daemons/sshd'
import { createEnrolmentKey } from '@/lib/auth/hosts'
import type { AgentReport } from '@/lib/fields/agent-report'
import { systemActor } from '@/lib/kernel/access/access'

let stage: AgentStage
let account: AgentStage['account']
let folder: string
let primary: TestCluster
let standby: TestCluster
let key: string
let state: string
let runs = 0

const given = (): AgentHome => ({ account, home: folder, state, url: stage.url, bin: primary.bin })
const run = (args: string[], environment: Record<string, string> = {}, shell = shells[0]!) => runAgent(given(), args, environment, shell)
const printed = (environment: Record<string, string> = {}, shell = shells[0]!) => printedBy(given(), environment, shell)
const of = ({ instances }: AgentReport, cluster: TestCluster) => instances.find(({ dataDirectory }) => dataDirectory === cluster.data)
const query = async (text: string) => (await getPool().query(text)).rows

beforeAll(async () => {
  stage = await openAgentStage('magt-')
  ;({ account, folder, key } = stage)
  const owner = { folder, uid: account.uid, gid: account.gid, user: account.name, host: () => ({}) } as unknown as TestSshd
  primary = await makeCluster(owner, 'orders')
  standby = await makeCluster(owner, 'orders_standby', primary)
})
beforeEach(() => {
  state = stage.stateFolder(`state-${runs++}`)
})
afterEach(async () => void (await query('truncate discovered_hosts cascade')))
afterAll(async () => {
  if (standby) await dropCluster(standby)
  if (primary) await dropCluster(primary)
  await stage?.stop()
})

test.each(shells.map((shell) => [shell.join(' '), shell] as const))(
  'in %s a primary and its standby are found and told as PostgreSQL sees them',
  async (_name, shell) => {
    const report = await printed({ MATRIARCH_DATABASE_SIZES: 'yes' }, shell)
    expect(report).toMatchObject({ agent: '1.3.0', host: { hostname: hostname(), user: account.name } })
    expect(of(report, primary)).toMatchObject({
      name: 'orders',
      port: primary.port,
      state: 'online',
      role: 'primary',
      owner: account.name,
      timeline: 1,
      version: expect.stringMatching(/^\d+\.\d+$/),
    })
    expect(of(report, primary)).toMatchObject({
      standbys: [{ applicationName: 'orders_standby' }],
      slots: [{ name: 'orders_standby', kind: 'physical', isActive: true }],
    })
    expect((of(report, primary) as unknown as { databases: { name: string }[] }).databases.map(({ name }) => name)).toContain('postgres')
    expect(of(report, standby)).toMatchObject({
      state: 'online',
      role: 'standby',
      hasStandbySignal: true,
      upstream: { host: folder, port: primary.port, slotName: 'orders_standby', status: 'streaming' },
    })
    expect(of(report, standby)!.systemIdentifier).toBe(of(report, primary)!.systemIdentifier)
  },
)

test('a pooler that runs on a registered server waits in the inbox from the first report on', async () => {
  const program = join(folder, 'pgbouncer')
  copyFileSync('/usr/bin/tail', program)
  chmodSync(program, 0o755)
  const config = join(folder, 'pooler.ini')
  writeFileSync(
    config,
    '[databases]\nshop = host=10.9.9.9 password=secret\n[pgbouncer]\nlisten_port = 6543\nunix_socket_dir = /run/pgbouncer\n',
  )
  const pooler = spawn(program, ['-f', config], { uid: account.uid, gid: account.gid, stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    await new Promise((resolve) => pooler.stdout.once('data', resolve))
    expect((await run(['--enrol', key])).code).toBe(0)
    const { rows } = await getPool().query(
      `with s as (insert into servers (environment_id, hostname, address) select id, $1, '10.9.9.1' from environments returning id)
       update discovered_hosts set server_id = (select id from s) returning server_id`,
      [hostname()],
    )
    expect((await run([])).code).toBe(0)
    const found = await query(`select server_id, port, socket_directory, config_path, databases from discovered_poolers where port = 6543`)
    const databases = [{ name: 'shop', host: '10.9.9.9', port: 5432 }]
    expect(found).toEqual([
      { server_id: rows[0].server_id, port: 6543, socket_directory: '/run/pgbouncer', config_path: config, databases },
    ])
  } finally {
    pooler.kill('SIGKILL')
    await query('delete from servers')
  }
})

test('a host enrols with a key from its configuration, reports, and keeps its token to itself', async () => {
  const config = join(folder, 'agent.env')
  writeFileSync(
    config,
    `# comment\nMATRIARCH_URL="${stage.url}"\nMATRIARCH_ENROL_KEY='${key}'\nMATRIARCH_STATE=${state}\nMATRIARCH_SOCKET_DIRECTORIES=${folder}\nEVIL=$(touch ${folder}/evil)\n`,
  )
  const { code, err } = await run(['--config', config], { MATRIARCH_URL: '', MATRIARCH_STATE: '' })
  expect(code, err).toBe(0)
  expect(existsSync(join(folder, 'evil'))).toBe(false)
  const token = join(state, 'token')
  expect(execFileSync('stat', ['-c', '%a %U', token], { encoding: 'utf8' }).trim()).toBe(`600 ${account.name}`)
  expect(await query('select hostname, agent_version, suggestion from discovered_hosts')).toEqual([
    { hostname: hostname().toLowerCase(), agent_version: '1.3.0', suggestion: 'Enrolled with the key prod of prod.' },
  ])
  expect(await query(`select name, state, role from discovered_instances where data_directory like '${folder}/%' order by name`)).toEqual([
    { name: 'orders', state: 'online', role: 'primary' },
    { name: 'orders_standby', state: 'online', role: 'standby' },
  ])
  expect(await run([])).toMatchObject({ code: 0 })
})

test('stopped, crashed, broken and missing ones are told too, and never hide the others', async () => {
  const owner = { folder, uid: account.uid, gid: account.gid, user: account.name, host: () => ({}) } as unknown as TestSshd
  const [stopped, crashed] = [await makeCluster(owner, 'stopped'), await makeCluster(owner, 'crashed')]
  await stopped.ctl('stop', '-m', 'fast')
  await crashed.ctl('stop', '-m', 'immediate')
  const odd = join(folder, 'cra"shed \\ ünï')
  renameSync(crashed.data, odd)
  const empty = join(folder, 'empty')
  mkdirSync(empty)
  chownSync(empty, account.uid, account.gid)
  const closed = join(folder, 'closed')
  mkdirSync(closed)
  chmodSync(closed, 0)
  const directories = [stopped.data, odd, empty, closed, join(folder, 'gone')].join(':')
  const report = await printed({ MATRIARCH_DATA_DIRECTORIES: directories })
  expect(of(report, stopped)).toMatchObject({
    state: 'stopped',
    role: 'primary',
    port: stopped.port,
    controlState: 'shut down',
    systemIdentifier: expect.stringMatching(/^\d+$/),
  })
  expect(of(report, { ...crashed, data: odd })).toMatchObject({ name: 'cra"shed \\ ünï', state: 'crashed', controlState: 'in production' })
  const states = Object.fromEntries(report.instances.map(({ name, state: found }) => [name, found]))
  expect(states).toMatchObject({ empty: 'absent', gone: 'absent', orders: 'online', orders_standby: 'online' })
  if (account.uid !== 0) expect(report.instances.find(({ name }) => name === 'closed')!.because).toContain('may not read it')
  await dropCluster(stopped)
  rmSync(odd, { recursive: true })
  rmSync(closed, { recursive: true })
})

test('a server that runs and does not answer is unreachable, and the report still comes in time', async () => {
  process.kill(primary.pid(), 'SIGSTOP')
  const startedAt = performance.now()
  try {
    const report = await printed()
    expect(['unreachable', 'refused']).toContain(of(report, primary)!.state)
    expect(of(report, primary)!.because).toMatch(/it runs/)
    expect(of(report, standby)!.state).toBe('online')
    expect(performance.now() - startedAt).toBeLessThan(60_000)
  } finally {
    process.kill(primary.pid(), 'SIGCONT')
  }
})

test('a report that cannot be sent is kept, sent first the next time, and dated back', async () => {
  expect((await run(['--enrol', key])).code).toBe(0)
  const dead = { MATRIARCH_URL: 'http://127.0.0.1:1' }
  const { code, err } = await run([], dead)
  expect(code).toBe(1)
  expect(err).toContain('kept for the next time')
  expect(existsSync(join(state, 'unsent'))).toBe(true)
  const before = JSON.parse(readFileSync(join(state, 'unsent'), 'utf8')) as { sequence: number }
  expect((await run([])).code).toBe(0)
  expect(existsSync(join(state, 'unsent'))).toBe(false)
  const [{ last_sequence: last }] = await query('select last_sequence from discovered_hosts')
  expect(Number(last)).toBeGreaterThan(before.sequence)
  expect(existsSync(join(state, 'lock'))).toBe(false)
})

test('a refused token ends with 3 and says so; lost sequence numbers are found again', async () => {
  await run(['--enrol', key])
  await query('update discovered_hosts set last_sequence = 9000000000000000')
  expect((await run([])).code).toBe(0)
  expect((await run([])).code).toBe(0)
  expect(Number((await query('select last_sequence from discovered_hosts'))[0].last_sequence)).toBeGreaterThan(9_000_000_000_000_000)
  await query('update discovered_hosts set token_revoked_at = now()')
  const { code, err } = await run([])
  expect(code).toBe(3)
  expect(err).toContain('refuses this host')
})

test('a host that lost its state folder, token and all, enrols again with a new key, and goes on as the same host once a person accepts it', async () => {
  expect((await run(['--enrol', key])).code).toBe(0)
  expect((await run([])).code).toBe(0)
  const [before] = await query('select id from discovered_hosts')
  rmSync(join(state, 'token'))
  rmSync(join(state, 'sequence'))
  const [{ id: environmentId }] = await query(`select id from environments where name = 'prod'`)
  const renewed = await createEnrolmentKey(systemActor, {
    name: 'prod, again',
    environmentId,
    expiresAt: new Date(Date.now() + 3_600_000),
    usesLeft: 1,
  })
  expect(await run(['--enrol', renewed.key])).toMatchObject({ code: 0 })
  const waiting = await run([])
  expect(waiting.code).toBe(3)
  expect(waiting.err).toContain('a person must accept its new token')
  await decideHostToken(systemActor, before.id, 'accept')
  expect((await run([])).code).toBe(0)
  const [after, ...others] = await query('select id, last_sequence from discovered_hosts')
  expect(others).toEqual([])
  expect(after).toMatchObject({ id: before.id })
  expect(Number(after.last_sequence)).toBeGreaterThan(0)
})

test('the token is never on a command line', async () => {
  await run(['--enrol', key])
  const token = readFileSync(join(state, 'token'), 'utf8').trim()
  const seen: string[] = []
  const spy = createServer((request, response) => {
    seen.push(String(request.headers.authorization), execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }))
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"stored":true}')
  })
  await new Promise<void>((resolve) => spy.listen(0, '127.0.0.1', resolve))
  expect((await run([], { MATRIARCH_URL: `http://127.0.0.1:${(spy.address() as { port: number }).port}` })).code).toBe(0)
  await new Promise((resolve) => spy.close(resolve))
  expect(seen[0]).toBe(`Bearer ${token}`)
  expect(seen[1]).not.toContain(token)
})

test('with --every it goes on, one at a time for a state folder, until it is told to end', async () => {
  await run(['--enrol', key])
  const child: ChildProcess = spawn(shells[0]![0]!, [...shells[0]!.slice(1), agent, '--config', '/nonexistent', '--every', '1s'], {
    uid: account.uid,
    gid: account.gid,
    cwd: '/',
    env: {
      PATH: process.env.PATH!,
      HOME: folder,
      MATRIARCH_URL: stage.url,
      MATRIARCH_STATE: state,
      MATRIARCH_SOCKET_DIRECTORIES: folder,
    } as unknown as NodeJS.ProcessEnv,
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const numbers = new Set<string>()
  while (numbers.size < 3) {
    numbers.add((await query('select last_sequence from discovered_hosts'))[0].last_sequence)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  expect((await run([])).err).toContain('another one is at work')
  child.kill('SIGTERM')
  await ended
  expect(existsSync(join(state, 'lock'))).toBe(false)
})

test('usage and configuration faults end with 2', async () => {
  for (const args of [['--sometimes'], ['--every', 'often'], ['--every'], ['--enrol']])
    expect((await run(args)).code, args.join(' ')).toBe(2)
  expect(await run([], { MATRIARCH_URL: '' })).toMatchObject({ code: 2, err: expect.stringContaining('MATRIARCH_URL is not set') })
  expect(await run([])).toMatchObject({ code: 2, err: expect.stringContaining('--enrol KEY') })
})
