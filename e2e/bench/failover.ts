import { join } from 'node:path'
import { getPool } from '@/db/pg/client'
import { openStage, untilSeen } from '@/e2e/harness/stage'
import { plan } from '@/e2e/harness/submit'
import { resumeJob, submitRun, waitForRun } from '@/jobs/requests'
import { systemActor } from '@/lib/kernel/access/access'
import type { RunPolicy } from '@/lib/kernel/operation/plan'
import type { Lab } from '@/lib/playground/lab/lab'
import { startLoad, verify } from '@/lib/playground/lab/load-cli'
import { postgresMajor } from '@/lib/playground/machine/machine'
import { inParallel } from '@/lib/playground/machine/processes'
import type { RunView } from '@/lib/shapes/run'
import { allowNames, breakHosts, type Fault, faultsFor, mendHosts, refuseNames } from './failover-faults'
import { clusterName, type Pair, pairFleet, pairsOf, writeFollowFiles } from './failover-fleet'
import { failoverPeers } from './failover-peers'
import { ensureFanoutPeers } from './fanout-peers'
import { median, numberOf, quantile } from './numbers'

const faultShare = 0.05
const runTimeoutMs = 900_000
const writersPerPair = 2

interface OurRound {
  planMs: number
  runMs: number
  view: RunView
  pairs: Timing[]
}

/** `gapMs`: from telling the old primary to stop until the new one had committed a write; null: one of the two did not happen. */
interface Timing {
  title: string
  state: string
  because: string | null
  tookMs: number | null
  gapMs: number | null
}

interface Losses {
  acked: number
  lost: number
}

const timings = `select j.title, j.state, j.because, extract(epoch from j.finished_at - j.started_at)::float8 * 1000 as "tookMs",
    extract(epoch from
      (select min(at) from journal where job_id = j.id and kind = 'finished' and step = 'write')
      - (select min(at) from journal where job_id = j.id and kind = 'intended' and step = 'stop-primary'))::float8 * 1000 as "gapMs"
  from jobs j where j.run_id = $1 order by j.title`
const notReady = `select count(*)::int as missing from dr_pairs where verdict <> 'ready' or candidate_id is null`

const waitForAll = async (runId: string): Promise<RunView> => {
  for (;;) {
    const view = await waitForRun(systemActor, runId, { timeoutMs: runTimeoutMs })
    if (view.jobs.every(({ state }) => state !== 'waiting' && state !== 'running')) return view
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** One run over every pair: plan, submission with its second look, waves, a journal of each. */
const runOurs = async (policy: RunPolicy, onSubmitted: () => Promise<void> = async () => {}): Promise<OurRound> => {
  const { rows } = await getPool().query<{ id: string }>('select id from dr_pairs')
  const askedAt = performance.now()
  const made = await plan({ operation: 'failover', targets: rows.map(({ id }) => id), policy })
  const plannedAt = performance.now()
  const excluded = made.plan!.targets.filter(({ eligible }) => !eligible)
  if (excluded.length > 0) throw new Error(`${excluded.length} pairs are excluded: ${excluded[0]!.title}: ${excluded[0]!.reason}`)
  const answer = await submitRun(systemActor, { planId: made.id, digest: made.digest!, phrase: made.plan!.phrase ?? undefined })
  if (!answer.submitted) throw new Error('The world moved between plan and submission.')
  await onSubmitted()
  const view = await waitForAll(answer.runId)
  const endedAt = performance.now()
  const pairs = (await getPool().query<Timing>(timings, [answer.runId])).rows
  return { planMs: plannedAt - askedAt, runMs: endedAt - plannedAt, view, pairs }
}

const mustBeDone = ({ pairs }: OurRound): void => {
  const failed = pairs.filter(({ state }) => state !== 'done')
  if (failed.length > 0)
    throw new Error(`${failed.length} of ${pairs.length} are not done: ${failed[0]!.title} is ${failed[0]!.state}: ${failed[0]!.because}`)
}

/** Exactly these members take writes, and nobody else of their herds. Throws for any other herd. */
const mustLead = async (lab: Lab, leaders: readonly { pair: Pair; host: string }[]): Promise<void> => {
  const wrong: string[] = []
  await inParallel(leaders, 8, async ({ pair, host }) => {
    const writes = await Promise.all(
      [pair.from.host, pair.to.host].map(async (one) => {
        const { stdout } = await lab.hosts.exec(one, ['psql', '-p', String(pair.port), '-XAtc', 'select not pg_is_in_recovery()'])
        return stdout.trim() === 't' ? [one] : []
      }),
    )
    const found = writes.flat()
    if (found.length !== 1 || found[0] !== host) wrong.push(`${pair.herd}: ${found.join(' and ') || 'nobody'} takes writes, not ${host}`)
  })
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
}

const nameWrong = async (lab: Lab, pairs: readonly Pair[]): Promise<string[]> => {
  const { primary } = lab.names()
  const argv = [
    'dig',
    `@${primary.address}`,
    '-p',
    String(primary.port),
    '+noall',
    '+answer',
    ...pairs.flatMap(({ name }) => [name, 'CNAME']),
  ]
  const { stdout } = await lab.run(argv)
  const held = new Map(
    stdout
      .split('\n')
      .map((line) => line.split(/\s+/))
      .map((words) => [words[0], words[4]]),
  )
  return pairs.flatMap(({ name, to, zone }) =>
    held.get(`${name}.`) === `${to.host}.${zone}.` ? [] : [`${name} is ${held.get(`${name}.`)}`],
  )
}

/** Writers with a ledger in some pairs while `work` runs; what they were told is committed must be there afterwards. */
const underLoad = async <T>(
  lab: Lab,
  herds: readonly string[],
  name: string,
  work: () => Promise<T>,
): Promise<{ result: T; losses: Losses }> => {
  const files = herds.map((herd) => lab.layout.at(`ledger-${name.replaceAll(/\W+/g, '-')}-${herd}`))
  const loads = await Promise.all(
    herds.map((herd, index) => startLoad(lab, herd, { ledgerFile: files[index]!, writers: writersPerPair, pauseMs: 50 })),
  )
  const result = await work()
  await Promise.all(loads.map((load) => load.stop()))
  const verdicts = await Promise.all(herds.map((herd, index) => verify(lab, herd, files[index]!)))
  return { result, losses: { acked: sum(verdicts.map(({ acked }) => acked)), lost: sum(verdicts.map(({ lost }) => lost.length)) } }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const seconds = (ms: number): number => Number((ms / 1000).toFixed(2))
const spread = (values: readonly number[]) => ({ median: seconds(median(values)), p95: seconds(quantile(values, 0.95)) })

/**
 * Fails over many pairs in one run and back again: by a real worker, with its plan, waves, stop rule, journal, fence, proof and DNS, once clean and once
 * with faults in 5 % of the pairs; and by plain scripts over ssh that do the same actions and check nothing. Writers with ledgers run in three of the pairs.
 * `--pairs N` (default 50), `--parallel N` at once (default 10).
 */
export const bench = async (args: string[]) => {
  const [pairCount, parallel] = [numberOf(args, '--pairs', 50), numberOf(args, '--parallel', 10)]
  await ensureFanoutPeers()
  const { lab, folder, close } = await openStage(pairFleet(postgresMajor(), pairCount))
  try {
    writeFollowFiles(lab)
    await untilSeen(notReady)
    const loaded = lab.fleet.herds.slice(0, 3).map(({ name }) => name)
    const policy: RunPolicy = {
      parallel,
      perServer: 1,
      standbysFirst: false,
      stopAfterFailures: Math.ceil(pairCount * 0.2),
      deadlineSeconds: null,
    }

    let leads: 'ams' | 'fra' = 'ams'
    const turned = async (): Promise<void> => {
      const pairs = pairsOf(lab, leads)
      await mustLead(
        lab,
        pairs.map((pair) => ({ pair, host: pair.to.host })),
      )
      const wrong = await nameWrong(lab, pairs)
      if (wrong.length > 0) throw new Error(`Names were not moved: ${wrong.join(', ')}`)
      leads = leads === 'ams' ? 'fra' : 'ams'
      await untilSeen(notReady)
    }
    const clean = await underLoad(lab, loaded, 'clean', () => runOurs(policy))
    mustBeDone(clean.result)
    await turned()
    const peers: { name: string; losses: Losses; result: Awaited<ReturnType<Awaited<ReturnType<typeof failoverPeers>>[number]['run']>> }[] =
      []
    for (const { name, run } of await failoverPeers(lab, join(folder, 'p'), clusterName)) {
      peers.push({ name, ...(await underLoad(lab, loaded, name, () => run(pairsOf(lab, leads)))) })
      await turned()
    }
    const pairs = pairsOf(lab, leads)
    const faults = faultsFor(pairs, faultShare)
    await refuseNames(lab, faults)
    const injected = await underLoad(lab, loaded, 'injected', () => runOurs(policy, () => breakHosts(lab, faults)))
    const verdicts = await judge(lab, pairs, faults, injected.result)
    const finishedMs = await finish(lab, faults, injected.result)
    return report(pairCount, parallel, clean, peers, { ...injected, faults, verdicts, finishedMs })
  } finally {
    await close()
  }
}

/** Every pair ended as it should: those with a fault with nothing done or a question, all others failed over. */
const judge = async (lab: Lab, pairs: readonly Pair[], faults: readonly Fault[], round: OurRound): Promise<Record<string, number>> => {
  const faultOf = new Map(faults.map((fault) => [fault.pair.herd, fault]))
  const counts: Record<string, number> = {}
  for (const { title, state, because } of round.pairs) {
    const fault = faultOf.get(title)
    counts[state] = (counts[state] ?? 0) + 1
    if (!(fault?.ends ?? ['done']).includes(state)) throw new Error(`${title} (${fault?.kind ?? 'no fault'}) is ${state}: ${because}`)
    if (fault) console.log(`  ${title}, ${fault.kind}: ${state}: ${because}`)
  }
  await mendHosts(lab, faults)
  await mustLead(
    lab,
    pairs.map((pair) => ({
      pair,
      host: (faultOf.get(pair.herd)?.kind ?? 'names-refused') === 'names-refused' ? pair.to.host : pair.from.host,
    })),
  )
  return counts
}

/** The names may be changed again: *go on* finishes what held. Milliseconds until it has. */
const finish = async (lab: Lab, faults: readonly Fault[], { view }: OurRound): Promise<number> => {
  await allowNames(lab, faults)
  const startedAt = performance.now()
  for (const { id } of view.jobs.filter(({ state }) => state === 'attention')) await resumeJob(systemActor, id, 'resume')
  const resumed = await waitForAll(view.id)
  const stuck = resumed.jobs.find(({ state }) => state === 'attention')
  if (stuck) throw new Error(`${stuck.title} still asks: ${stuck.because}`)
  const wrong = await nameWrong(
    lab,
    faults.filter(({ kind }) => kind === 'names-refused').map(({ pair }) => pair),
  )
  if (wrong.length > 0) throw new Error(`“Go on” did not finish: ${wrong.join(', ')}`)
  return performance.now() - startedAt
}

type Peers = { name: string; losses: Losses; result: { tookMs: number; promotedMs: number; gapsMs: number[] } }[]
type Clean = { result: OurRound; losses: Losses }
type Injected = Clean & { faults: readonly Fault[]; verdicts: Record<string, number>; finishedMs: number }

const report = (pairs: number, parallel: number, clean: Clean, peers: Peers, injected: Injected) => {
  const row = (name: string, took: number, gaps: readonly number[], { acked, lost }: Losses) => ({
    name,
    seconds: seconds(took),
    pairMedian: spread(gaps).median,
    pairP95: spread(gaps).p95,
    acked,
    lost,
  })
  const gapsOf = ({ pairs }: OurRound) => pairs.flatMap(({ gapMs }) => (gapMs === null ? [] : [gapMs]))
  const ours = row(`Matriarch, ${parallel} at once`, clean.result.runMs, gapsOf(clean.result), clean.losses)
  const faulty = row('Matriarch, faults in 5 %', injected.result.runMs, gapsOf(injected.result), injected.losses)
  const others = peers.map(({ name, result, losses }) => row(name, result.tookMs, result.gapsMs, losses))
  console.log(`\n${pairs} pairs failed over; seconds for all of them, and without a primary for each`)
  console.table([ours, faulty, ...others])
  console.log(`Verdicts with faults: ${JSON.stringify(injected.verdicts)}; “go on” finished in ${seconds(injected.finishedMs)} s\n`)
  const best = others.reduce((a, b) => (a.seconds <= b.seconds ? a : b))
  return {
    bench: 'failover',
    ratio: Number((best.seconds / ours.seconds).toPrecision(3)),
    peer: best.name,
    pairs,
    parallel,
    planSeconds: seconds(clean.result.planMs),
    clean: { ...ours, whole: spread(clean.result.pairs.flatMap(({ tookMs }) => (tookMs === null ? [] : [tookMs]))) },
    faulty: {
      ...faulty,
      verdicts: injected.verdicts,
      goOnSeconds: seconds(injected.finishedMs),
      faults: injected.faults.map(({ pair, kind }) => `${pair.herd}: ${kind}`),
    },
    peers: others.map((one, index) => ({ ...one, promotedSeconds: seconds(peers[index]!.result.promotedMs) })),
  }
}
