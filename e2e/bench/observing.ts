import { openStage, type Stage } from '@/e2e/harness/stage'
import { sleep } from '@/lib/kernel/ground/sleep'
import { largeFleet } from '@/lib/playground/fleet/large'
import { postgresMajor } from '@/lib/playground/machine/machine'
import { ensurePeers } from './fanout-peers'
import { numberOf } from './numbers'

const exporter = '/usr/bin/prometheus-postgres-exporter'
const exporterPort = 9187
/** How often the console samples in a small fleet, and so how often the peer is asked. */
const everySeconds = 10
const ticksASecond = 100

interface Used {
  /** CPU seconds of the server with all that it ever started. */
  postgres: number
  /** The same of everything on the host: sshd, its shells, the peer. */
  host: number
  logLines: number
  logBytes: number
}

/** Of a line of /proc/PID/stat the name of the program, and its own CPU seconds with those of its children that have ended: nothing is counted twice, and nothing is lost when one ends. */
const timesOf = (line: string): { name: string; seconds: number } => {
  const end = line.lastIndexOf(')')
  // proc(5): utime to cstime are fields 14 to 17, the name is the second.
  const ticks = line
    .slice(end + 2)
    .split(' ')
    .slice(11, 15)
  return { name: line.slice(line.indexOf('(') + 1, end), seconds: ticks.reduce((sum, one) => sum + Number(one), 0) / ticksASecond }
}

const used = async ({ lab }: Stage, host: string, log: string): Promise<Used> => {
  const said = await lab.hosts.mustExec(host, ['sh', '-c', 'cat /proc/[0-9]*/stat 2>/dev/null || true; echo; wc -lc < "$0"', log], {
    timeoutMs: 30_000,
  })
  const [processes, counted] = said.split('\n\n')
  const times = processes!.split('\n').filter(Boolean).map(timesOf)
  const sum = (some: typeof times) => some.reduce((total, { seconds }) => total + seconds, 0)
  const [logLines, logBytes] = counted!.trim().split(/\s+/).map(Number)
  return { postgres: sum(times.filter(({ name }) => name === 'postgres')), host: sum(times), logLines: logLines!, logBytes: logBytes! }
}

interface Cost {
  /** Per cent of one CPU. */
  postgres: number
  host: number
  /** An hour. */
  logLines: number
  logBytes: number
}

/** What is used in so many seconds, while `each` goes on. */
const costOf = async (
  stage: Stage,
  host: string,
  log: string,
  seconds: number,
  each: () => Promise<unknown> = async () => {},
): Promise<Cost> => {
  const before = await used(stage, host, log)
  const startedAt = performance.now()
  while (performance.now() - startedAt < seconds * 1000) {
    await each()
    await sleep(everySeconds * 1000)
  }
  const after = await used(stage, host, log)
  const took = (performance.now() - startedAt) / 1000
  return {
    postgres: (100 * (after.postgres - before.postgres)) / took,
    host: (100 * (after.host - before.host)) / took,
    logLines: (3600 * (after.logLines - before.logLines)) / took,
    logBytes: (3600 * (after.logBytes - before.logBytes)) / took,
  }
}

const less = (a: Cost, b: Cost): Cost => ({
  postgres: Math.max(0, a.postgres - b.postgres),
  host: Math.max(0, a.host - b.host),
  logLines: Math.max(0, a.logLines - b.logLines),
  logBytes: Math.max(0, a.logBytes - b.logBytes),
})

/**
 * What looking at it costs an idle server: per cent of one CPU of PostgreSQL and of its host, and lines of its log with connections logged, over what the same
 * server uses alone. By a worker that samples each ten seconds, and by prometheus-postgres-exporter asked as often. `--seconds N` each (default 180).
 */
export const bench = async (args: string[]) => {
  const seconds = numberOf(args, '--seconds', 180)
  await ensurePeers([{ program: exporter, package: 'prometheus-postgres-exporter' }])
  const stage = await openStage({ ...largeFleet(postgresMajor(), 4), name: 'observing', hasNames: false })
  const { baseName, members } = stage.lab.fleet.herds.find((herd) => herd.members.length === 2)!
  const host = members[0]!.host
  const log = `/var/log/postgresql/postgresql-${postgresMajor()}-${baseName}.log`
  const inside = (argv: string[]) => stage.lab.hosts.mustExec(host, argv, { timeoutMs: 30_000 })
  try {
    await inside([
      'psql',
      '-qXc',
      'alter system set log_connections = on',
      '-c',
      'alter system set log_disconnections = on',
      '-c',
      'select pg_reload_conf()',
    ])
    // A worker's first looks of an hour are behind it.
    await sleep(30_000)
    const watched = await costOf(stage, host, log, seconds)
    await stage.worker.stop()
    const alone = await costOf(stage, host, log, seconds)
    await inside([
      ...['sh', '-c'],
      `cd /tmp; DATA_SOURCE_NAME='user=postgres host=/var/run/postgresql dbname=postgres sslmode=disable' setsid ${exporter} --web.listen-address=127.0.0.1:${exporterPort} > /tmp/exporter.log 2>&1 &`,
    ])
    const scrape = () =>
      inside(['curl', '-sSf', '--retry', '5', '--retry-connrefused', '-o', '/dev/null', `http://127.0.0.1:${exporterPort}/metrics`])
    await scrape()
    const theirs = less(await costOf(stage, host, log, seconds, scrape), alone)
    const ours = less(watched, alone)
    const line = (name: string, cost: Cost) =>
      console.log(
        `${name.padEnd(38)} ${cost.postgres.toFixed(2).padStart(8)} % ${cost.host.toFixed(2).padStart(8)} % ${cost.logLines.toFixed(0).padStart(7)} ${(cost.logBytes / 1000).toFixed(1).padStart(8)} kB`,
      )
    console.log(`\nPer cent of one CPU over ${seconds} s each      PostgreSQL       host   lines of log an hour`)
    line('idle', alone)
    line('Matriarch, over idle', ours)
    line('prometheus-postgres-exporter, over idle', theirs)
    return {
      bench: 'observing',
      ratio: theirs.postgres / ours.postgres,
      hostRatio: theirs.host / ours.host,
      ours,
      theirs,
      alone,
      peer: 'prometheus-postgres-exporter',
    }
  } finally {
    await stage.close()
  }
}
