import { openStage } from '@/e2e/harness/stage'
import { type Fleet, herd, standardEnvironments } from '@/lib/playground/fleet/fleet'
import type { Lab } from '@/lib/playground/lab/lab'
import { postgresMajor } from '@/lib/playground/machine/machine'
import { readSecrets } from '@/lib/playground/machine/secrets'
import { type PatroniHosts, patroniDatabase, patroniNeeds, startPatroni } from '../harness/patroni/room'
import { ensurePeers } from './fanout-peers'
import { median, numberOf, quantile } from './numbers'
import type { Losses, WindowAnswer } from './switchover-clients'
import { adoptPoolers, type Part, switchOver, untilReady } from './switchover-ours'
import { switchoverPeers } from './switchover-peers'
import { addSeriesPart, readSeries, sumSeries } from './switchover-summary'
import { startWriters, type Writers } from './switchover-writers'

const [writers, pauseMs, quietMs] = [16, 10, 10_000]
const [oursMembers, oursPooler] = [['a', 'b'] as const, 'pool']
const patroniHosts: PatroniHosts = { members: ['p1', 'p2'], edge: 'edge' }
const port = 5432

export const fleetOfBoth = (major: number): Fleet => ({
  name: 'switchover',
  postgresMajor: major,
  environments: standardEnvironments,
  hosts: [...oursMembers, oursPooler, ...patroniHosts.members, patroniHosts.edge].map((name, index) => ({
    name,
    address: `198.18.23.${index + 1}`,
    environment: 'dev',
    site: 'ams',
    tags: [],
  })),
  herds: [herd(major, 'dev', patroniDatabase, port, oursMembers.join(' > '), 'app')],
  strays: [],
  poolers: [{ host: oursPooler, herd: 'app' }],
  groups: [],
  people: [],
  hasNames: false,
})

export interface Series {
  name: string
  rounds: WindowAnswer[]
  losses: Losses
}

/** Every round must have moved the primary, and its old one must stream again. */
export const mustHaveMoved = (name: string, round: WindowAnswer): WindowAnswer => {
  if (round.moved === null) throw new Error(`${name}: no other server took a write.`)
  if (round.streamsAfterMs === null) throw new Error(`${name}: the old primary does not stream.`)
  const errors = Object.entries(round.errors).map(([code, count]) => `, ${count} × ${code}`)
  console.log(`  ${name}: ${whole(round.gapMs)} ms${errors.join('')}; the old primary streamed after ${whole(round.streamsAfterMs)} ms`)
  return round
}

export const opened = (
  lab: Lab,
  members: readonly string[],
  door: { host: string; port: number },
  database: string = patroniDatabase,
): Promise<Writers> =>
  startWriters(lab, {
    door: { host: lab.host(door.host).address, port: door.port },
    members: members.map((host) => ({ host: lab.host(host).address, port })),
    database,
    user: 'app',
    password: readSecrets(lab.layout).app,
    writers,
    pauseMs,
  })

interface Length {
  runs: number
  /** Of performance.now(): no switchover begins later. */
  endsAt: number
  /** Keeps what became of each part of a long series; null: nothing is kept. */
  summary: string | null
}

const benchOurs = async (lab: Lab, { runs, endsAt, summary }: Length): Promise<Series & { parts: Part[][]; quietMs: number }> => {
  const name = 'Matriarch'
  await lab.hosts.mustExec(oursMembers[0], ['psql', '-p', String(port), '-Xqc', 'grant pg_monitor to app'])
  await adoptPoolers()
  const clients = await opened(lab, oursMembers, { host: oursPooler, port: 6432 })
  try {
    const quiet = await clients.during(null, () => new Promise((resolve) => setTimeout(resolve, quietMs)))
    const [rounds, parts]: [WindowAnswer[], Part[][]] = [[], []]
    const move = async (round: number): Promise<void> => {
      await untilReady()
      const old = { host: lab.host(oursMembers[round % 2]!).address, port }
      rounds.push(mustHaveMoved(`${name} ${round + 1}`, await clients.during(old, async () => void parts.push(await switchOver()))))
    }
    const moveAll = async (): Promise<void> => {
      for (let round = 0; round < runs && performance.now() < endsAt; round++) await move(round)
    }
    // Of a series that one switchover ends, the others count all the same.
    const fault = await moveAll().catch((error: unknown) => error)
    const losses = await clients.judge()
    if (summary !== null && rounds.length > 0) addSeriesPart(summary, { rounds, parts, losses })
    if (fault !== undefined) throw fault
    return { name, rounds, parts, quietMs: quiet.gapMs, losses }
  } finally {
    clients.stop()
  }
}

export const benchPeers = async (lab: Lab, runs: number): Promise<Series[]> => {
  const cluster = await startPatroni(lab, patroniHosts, { scope: 'bench', hasDoors: true })
  try {
    const series: Series[] = []
    for (const { name, port: door, run } of await switchoverPeers(lab, patroniHosts, cluster, oursPooler)) {
      await cluster.untilServed(door)
      const clients = await opened(lab, patroniHosts.members, { host: patroniHosts.edge, port: door })
      try {
        const rounds: WindowAnswer[] = []
        for (let round = 0; round < runs; round++) {
          const from = await cluster.leader()
          const to = patroniHosts.members.find((host) => host !== from)!
          rounds.push(mustHaveMoved(name, await clients.during({ host: lab.host(from).address, port }, () => run(from, to))))
        }
        series.push({ name, rounds, losses: await clients.judge() })
      } finally {
        clients.stop()
      }
    }
    return series
  } finally {
    cluster.close()
  }
}

/**
 * Planned switchovers back and forth under 16 writers that each wait for their own commit: ours through PgBouncer by a real worker, with its plan, gates,
 * journal and proof; Patroni's seen through HAProxy, as shipped and tuned; and Patroni's with PgBouncer paused around it.
 * `--runs N` of ours (default 50), `--peer-runs N` of each peer (default 5). `--minutes N`: none of ours begins later. `--summary FILE` keeps ours: run
 * again with the same file, the parts add up to one long series, and its sum is printed.
 */
export const bench = async (args: string[]) => {
  const [runs, peerRuns] = [numberOf(args, '--runs', 50), numberOf(args, '--peer-runs', 5)]
  const minutes = numberOf(args, '--minutes', Number.POSITIVE_INFINITY)
  const summary = args.includes('--summary') ? (args[args.indexOf('--summary') + 1] ?? null) : null
  if (peerRuns > 0) await ensurePeers(patroniNeeds)
  const { lab, close } = await openStage(fleetOfBoth(postgresMajor()))
  try {
    const ours = await benchOurs(lab, { runs, endsAt: performance.now() + minutes * 60_000, summary })
    if (summary !== null) console.table([sumSeries(readSeries(summary))])
    const peers = peerRuns > 0 ? await benchPeers(lab, peerRuns) : []
    return report(ours, peers)
  } finally {
    await close()
  }
}

const whole = (ms: number): number => Math.round(ms)
const spread = (values: readonly number[]) => ({
  median: whole(median(values)),
  p95: whole(quantile(values, 0.95)),
  longest: whole(Math.max(...values)),
})

export const row = ({ name, rounds, losses }: Series) => {
  const gap = spread(rounds.map(({ gapMs }) => gapMs))
  const wait = spread(rounds.map(({ waitMs }) => waitMs))
  const errors = rounds.reduce((sum, one) => sum + Object.values(one.errors).reduce((a, b) => a + b, 0), 0)
  const streams = spread(rounds.map(({ streamsAfterMs }) => streamsAfterMs!))
  return {
    name,
    runs: rounds.length,
    gapMedian: gap.median,
    gapP95: gap.p95,
    gapLongest: gap.longest,
    waitLongest: wait.longest,
    errors,
    acked: losses.acked,
    lost: losses.lost,
    duplicate: losses.duplicate + losses.phantom,
    streamsMedian: streams.median,
    streamsLongest: streams.longest,
  }
}

/** Medians over all runs, in the order of the first. */
const partsOf = (runs: readonly Part[][]): Part[] =>
  (runs[0] ?? []).map(({ step }) => ({
    step,
    ms: whole(median(runs.flatMap((parts) => parts.filter((one) => one.step === step).map(({ ms }) => ms)))),
  }))

const report = (ours: Awaited<ReturnType<typeof benchOurs>>, peers: readonly Series[]) => {
  const [own, others] = [row(ours), peers.map(row)]
  const parts = partsOf(ours.parts)
  console.log(
    `\nPlanned switchovers under ${writers} writers; milliseconds. Nobody moved: the longest gap in ${quietMs / 1000} s is ${whole(ours.quietMs)}`,
  )
  console.table([own, ...others])
  console.log(`By the journal, medians: ${parts.map(({ step, ms }) => `${step} ${ms}`).join(', ')}\n`)
  const best = others.length === 0 ? null : others.reduce((a, b) => (a.gapMedian <= b.gapMedian ? a : b))
  return {
    bench: 'switchover',
    ratio: best === null ? Number.NaN : Number((best.gapMedian / own.gapMedian).toPrecision(3)),
    peer: best?.name ?? 'none was run',
    ours: own,
    peers: others,
    quietGapMs: whole(ours.quietMs),
    parts,
    partsOfRuns: ours.parts.map((run) => Object.fromEntries(run.map(({ step, ms }) => [step, whole(ms)]))),
    raw: [ours, ...peers].map(({ name, rounds }) => ({
      name,
      gapsMs: rounds.map(({ gapMs }) => whole(gapMs)),
      waitsMs: rounds.map(({ waitMs }) => whole(waitMs)),
      streamsAfterMs: rounds.map(({ streamsAfterMs }) => whole(streamsAfterMs!)),
      errors: rounds.map((one) => one.errors),
    })),
  }
}
