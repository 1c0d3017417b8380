import { type ChildProcess, spawn } from 'node:child_process'
import { hostname } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { getPool } from '@/db/pg/client'
import { agent, runAgent, shells } from '@/e2e/harness/agent-runs'
import { type AgentStage, openAgentStage } from '@/e2e/harness/agent-stage'
import { type RunningCloud, startCloud } from '@/lib/playground/cloud'
import { interrupt, recommendRebalance, withdrawNotice } from '@/lib/playground/cloud/launch/interruptions'
import { serveMetadata } from '@/lib/playground/cloud/launch/metadata'

const region = 'us-east-1'
let stage: AgentStage
let cloud: RunningCloud
let child: ChildProcess | undefined
let stopMetadata = async () => {}
let metadataUrl: string
let machineId: string
let log = ''

beforeAll(async () => {
  ;[stage, cloud] = await Promise.all([openAgentStage('mnot-'), startCloud({ consistencyMs: 0 })])
  const { state } = cloud.cloud
  machineId = state.add(region, { market: 'spot', httpTokens: 'required' }).id
  const served = await serveMetadata({ state, region, id: machineId }, { host: '127.0.0.1', port: 0 })
  stopMetadata = served.stop
  metadataUrl = `http://127.0.0.1:${served.port}`
})
afterAll(async () => {
  child?.kill()
  await stopMetadata()
  await cloud?.stop()
  await stage?.stop()
})

const query = async (text: string, values: unknown[] = []) => (await getPool().query(text, values)).rows
const homeWith = (state: string) => ({ account: stage.account, home: stage.folder, state, url: stage.url, bin: '/nonexistent' })

/** From now until it is so, in ms. */
const until = async (isSo: () => Promise<boolean>): Promise<number> => {
  const startedAt = performance.now()
  await expect.poll(isSo, { timeout: 30_000, interval: 20 }).toBe(true)
  return performance.now() - startedAt
}
const open = async (): Promise<string[]> =>
  (await query('select kind from evictions where withdrawn_at is null and instance_id = $1 order by kind', [machineId])).map(
    ({ kind }) => kind,
  )

test.each(shells.map((shell) => [shell.join(' '), shell] as const))(
  'in %s a host that is no spot machine is not watched',
  async (name, shell) => {
    const elsewhere = { MATRIARCH_METADATA_URL: 'http://127.0.0.1:9' }
    expect((await runAgent(homeWith(stage.stateFolder(name.replaceAll(' ', '-'))), ['--notices'], elsewhere, shell)).code).toBe(4)
  },
)

test('what EC2 says of a spot machine is known to the console within two seconds, and what it takes back as well', async () => {
  const state = stage.stateFolder('state')
  const environment = { MATRIARCH_METADATA_URL: metadataUrl }
  expect((await runAgent(homeWith(state), ['--enrol', stage.key], environment, shells[0]!)).code).toBe(0)
  await query(
    `with s as (insert into servers (environment_id, hostname, address) select id, $1, '10.9.9.1' from environments returning id)
     update discovered_hosts set server_id = (select id from s)`,
    [hostname()],
  )
  child = spawn(shells[0]![0]!, [...shells[0]!.slice(1), agent, '--config', '/nonexistent', '--notices'], {
    uid: stage.account.uid,
    gid: stage.account.gid,
    cwd: '/',
    env: { ...process.env, HOME: stage.folder, MATRIARCH_URL: stage.url, MATRIARCH_STATE: state, ...environment } as NodeJS.ProcessEnv,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  child.stderr!.on('data', (text) => (log += text))
  recommendRebalance(cloud.cloud.state, region, machineId)
  await until(async () => (await open()).includes('rebalance'))
  interrupt(cloud.cloud.state, region, machineId)
  const heardMs = await until(async () => (await open()).includes('interruption'))
  console.info(`The console knew of the notice after ${Math.round(heardMs)} ms.`)
  // Two seconds where the processors are its own.
  expect(heardMs).toBeLessThan(6_000)
  const [told] = await query(`select action, due_at, source, title from evictions where kind = 'interruption'`)
  expect(told).toMatchObject({ action: 'terminate', source: 'agent', title: hostname() })
  expect(told.due_at.getTime() - Date.now()).toBeGreaterThan(110_000)
  withdrawNotice(cloud.cloud.state, region, machineId)
  await until(async () => (await open()).length === 0)
  expect((await query(`select act from audit where act like 'machine.%' order by seq`)).map(({ act }) => act)).toEqual([
    'machine.eviction',
    'machine.eviction',
    'machine.eviction-withdrawn',
    'machine.eviction-withdrawn',
  ])
})
