import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { migrate } from '@/db/migrate'
import { ensureBuild, projectRoot } from '@/lib/playground/setup.mjs'
import { startEmbedded } from '@/lib/playground/start/embedded'
import { webCommand } from '@/lib/playground/start/web-command'
import { freePort } from '../harness/free-port'
import { hostCount, instancesPerHost, registerFleet } from './ingest/fleet'
import { type PeerTarget, preparePeers, runFloor, runOld } from './ingest/peers'

const senders = 8
const seconds = Number(process.env.BENCH_SECONDS ?? 8)
const rounds = Number(process.env.BENCH_ROUNDS ?? 3)
/** Bodies made ahead for one sample; more than it can send. */
const passesPerSample = Math.ceil((seconds * 5_000) / hostCount)

interface Sample {
  perSecond: number
  sent: number
  refused: number
  firstRefusal: string | null
  p50Ms: number
  p95Ms: number
}

const startWeb = async (databaseUrl: string): Promise<{ port: number; child: ChildProcess }> => {
  const port = await freePort()
  const [command, ...args] = webCommand
  const child = spawn(command, args, {
    cwd: projectRoot,
    env: {
      ...process.env,
      NODE_ENV: 'production',
      DATABASE_URL: databaseUrl,
      AUTH_SECRET: 'a secret of the bench that is long enough',
      PORT: String(port),
      HOSTNAME: '127.0.0.1',
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const deadline = Date.now() + 60_000
  for (;;) {
    const isUp = await fetch(`http://127.0.0.1:${port}/api/health`).then(
      (response) => response.ok,
      () => false,
    )
    if (isUp) return { port, child }
    if (child.exitCode !== null || Date.now() > deadline) throw new Error('the web process did not start')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

let passesSoFar = 0

const runOurs = async (ports: readonly number[]): Promise<Sample> => {
  const file = fileURLToPath(new URL('./ingest/sender.ts', import.meta.url))
  const args = [passesSoFar, passesPerSample, senders, seconds, ports.join(',')].map(String)
  passesSoFar += passesPerSample
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  await lines.next()
  child.stdin!.write('go\n')
  return JSON.parse((await lines.next()).value as string) as Sample
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!

const stop = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGTERM')
  })

/**
 * Reports a second with a new HTTP connection each: 10,000 hosts, four registered instances on each, eight senders. Answers come after the commit.
 * `ratio` is one web process against the old way; `floorShare` against one prepared upsert per report from pgbench.
 */
export async function bench(_args: string[]): Promise<{ bench: string; ratio: number; peer: string; [raw: string]: unknown }> {
  // With a folder of its own the build is the caller's.
  if (!process.env.NEXT_DIST_DIR) await ensureBuild()
  const folder = mkdtempSync(join(tmpdir(), 'mbench-'))
  const server = await startEmbedded(folder)
  const children: ChildProcess[] = []
  try {
    await migrate(server.connectionString)
    const client = new pg.Client({ connectionString: server.connectionString })
    await client.connect()
    console.log(`Registering ${hostCount} hosts with ${instancesPerHost} instances each …`)
    await registerFleet(client)
    await preparePeers(client)
    const { host, user, database } = client
    await client.end()
    const target: PeerTarget = { host, user: user ?? 'matriarch', database: database ?? 'matriarch', folder, senders, seconds }
    const [first, second] = [await startWeb(server.connectionString), await startWeb(server.connectionString)]
    children.push(first.child, second.child)

    const figures: Record<'old' | 'floor' | 'one' | 'two', number[]> = { old: [], floor: [], one: [], two: [] }
    const latencies: { p50Ms: number[]; p95Ms: number[] } = { p50Ms: [], p95Ms: [] }
    for (let round = 0; round < rounds; round++) {
      figures.old.push(await runOld(target))
      const one = await runOurs([first.port])
      figures.floor.push(await runFloor(target))
      const two = await runOurs([first.port, second.port])
      for (const sample of [one, two])
        if (sample.refused > 0) throw new Error(`${sample.refused} reports were not stored: ${sample.firstRefusal}`)
      figures.one.push(one.perSecond)
      figures.two.push(two.perSecond)
      latencies.p50Ms.push(one.p50Ms)
      latencies.p95Ms.push(one.p95Ms)
      console.log(
        `round ${round + 1}: old ${figures.old.at(-1)!.toFixed(0)}, one process ${one.perSecond.toFixed(0)}, two ${two.perSecond.toFixed(0)}, floor ${figures.floor.at(-1)!.toFixed(0)} reports/s`,
      )
    }
    const [old, floor, one, two] = [median(figures.old), median(figures.floor), median(figures.one), median(figures.two)]
    const row = (name: string, value: number) =>
      console.log(`${name.padEnd(46)} ${value.toFixed(0).padStart(7)} ${(value / old).toFixed(1).padStart(7)} ×`)
    console.log(`\n${'reports a second, medians'.padEnd(46)} ${'rate'.padStart(7)} ${'old way'.padStart(9)}`)
    row('one connection and call per instance (old way)', old)
    row('Matriarch, one web process', one)
    row('Matriarch, two web processes', two)
    row('one prepared upsert per report (pgbench)', floor)
    return {
      bench: 'ingest',
      ratio: one / old,
      peer: 'a PostgreSQL connection and a function call per instance, from pgbench -C',
      oursPerSecond: one,
      twoProcessesPerSecond: two,
      oldPerSecond: old,
      floorPerSecond: floor,
      floorShare: one / floor,
      p50Ms: median(latencies.p50Ms),
      p95Ms: median(latencies.p95Ms),
      samples: figures,
    }
  } finally {
    await Promise.all(children.map(stop))
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
