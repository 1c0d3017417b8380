import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { getPool } from '@/db/pg/client'
import { dropCluster, makeCluster } from '@/e2e/harness/daemons/cluster'
import { runAsOwner, sqlAsOwner } from '@/e2e/harness/daemons/owner'
import { startSshd } from '@/e2e/harness/daemons/sshd'
import { projectRoot } from '@/lib/playground/setup.mjs'
import { bundled } from '@/lib/playground/start/bundled'
import { type Child, startChild } from '@/lib/playground/start/processes'
import { seedFleet } from '@/lib/playground/start/seed'
import { quantile } from '../numbers'
import { layoutOf } from './layout'

/** Two real servers, a primary and its standby, that are asked once what all others then answer. */
const startRecorded = async () => {
  const sshd = await startSshd()
  const primary = await makeCluster(sshd, 'recorded')
  const standby = await makeCluster(sshd, 'standby', primary)
  for (const cluster of [primary, standby]) {
    writeFileSync(join(cluster.data, 'pg_hba.conf'), 'local all all trust\nlocal replication all trust\n')
    await cluster.ctl('reload')
  }
  if (sshd.user !== 'postgres') await sqlAsOwner(sshd, primary, 'create role postgres superuser login')
  await runAsOwner(sshd, 'chmod 755 "$1"', sshd.folder)
  const socketOf = (port: number) => join(sshd.folder, `.s.PGSQL.${port}`)
  return {
    primarySocket: socketOf(primary.port),
    standbySocket: socketOf(standby.port),
    stop: async () => {
      await dropCluster(standby)
      await dropCluster(primary)
      await sshd.stop()
    },
  }
}

export interface StandIn {
  port: number
  /** By address. */
  fingerprints: Record<string, string>
  die: (address: string) => void
  stats: () => Promise<{ questions: number; strange: Record<string, number> }>
  process: ChildProcess
}

/** The hosts of a fleet, and what their answers come from. */
export const startHosts = async (hosts: number): Promise<StandIn & { stop: () => Promise<void> }> => {
  const recorded = await startRecorded()
  const argv = [
    '--import',
    'tsx',
    join(projectRoot, 'e2e/bench/fleet/hosts.ts'),
    String(hosts),
    recorded.primarySocket,
    recorded.standbySocket,
  ]
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', process.execPath, ...argv], {
    cwd: projectRoot,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines: Interface = createInterface({ input: child.stdout })
  const next = () => new Promise<string>((resolve) => lines.once('line', resolve))
  const { port, fingerprints } = JSON.parse(await next()) as Pick<StandIn, 'port' | 'fingerprints'>
  return {
    port,
    fingerprints,
    process: child,
    die: (address) => child.stdin.write(`die ${address}\n`),
    stats: async () => {
      child.stdin.write('stats\n')
      return JSON.parse(await next())
    },
    stop: async () => {
      const exited = new Promise((resolve) => child.once('exit', resolve))
      child.stdin.end()
      await exited
      await recorded.stop()
    },
  }
}

export const seedHosts = async (hosts: number, { port, fingerprints }: StandIn): Promise<void> => {
  const { fleet } = layoutOf(hosts)
  await seedFleet(fleet, Object.fromEntries(fleet.hosts.map(({ name, address }) => [name, fingerprints[address]!])))
  await getPool().query('update servers set ssh_port = $1', [port])
  await getPool().query('vacuum analyze')
}

export interface Workers {
  children: readonly Child[]
  /** Of the seconds since `from` (ms since 1970), over all workers. */
  seen: (from: number) => { loopP99Ms: number; loopMaxMs: number; socketsEach: number; rssMbEach: number; cpuShareEach: number }
  stop: () => Promise<void>
}

export const startWorkers = (count: number, databaseUrl: string, vaultKey: string, folder: string): Workers => {
  const own = join(folder, `workers-${count}`)
  mkdirSync(own, { recursive: true })
  const meter = new URL(`file://${join(projectRoot, 'e2e/bench/fleet/loop-delay.mjs')}?to=${own}`).href
  const children = Array.from({ length: count }, (_, n) =>
    startChild({
      name: `worker-${n + 1}`,
      argv: bundled('jobs/worker.ts'),
      environment: {
        DATABASE_URL: databaseUrl,
        AUTH_SECRET: 'x'.repeat(32),
        VAULT_KEY: vaultKey,
        LOG_LEVEL: 'warn',
        NODE_OPTIONS: `--import=${meter}`,
      },
      logDirectory: join(own, 'log'),
      lab: null,
    }),
  )
  return {
    children,
    seen: (from) => {
      const files = readdirSync(own).filter((name) => name.endsWith('.jsonl'))
      const each = files.map((name) =>
        readFileSync(join(own, name), 'utf8')
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as Record<'at' | 'p99' | 'max' | 'sockets' | 'rssMb' | 'cpu', number>)
          .filter(({ at }) => at >= from),
      )
      const mean = (of: 'sockets' | 'rssMb' | 'cpu') => each.flat().reduce((sum, one) => sum + one[of], 0) / Math.max(1, each.flat().length)
      return {
        // A second's own 99th percentile, and of those the worst but 5 %.
        loopP99Ms: Math.round(
          quantile(
            each.flat().map(({ p99 }) => p99),
            0.95,
          ),
        ),
        loopMaxMs: Math.round(Math.max(...each.flat().map(({ max }) => max))),
        socketsEach: Math.round(mean('sockets')),
        rssMbEach: Math.round(mean('rssMb')),
        cpuShareEach: Number(mean('cpu').toFixed(2)),
      }
    },
    stop: async () => {
      await Promise.all(children.map((child) => child.stop()))
    },
  }
}
