import { join } from 'node:path'
import { getPool } from '@/db/pg/client'
import { openStage } from '@/e2e/harness/stage'
import { plan } from '@/e2e/harness/submit'
import { submitRun, waitForRun } from '@/jobs/requests'
import { systemActor } from '@/lib/kernel/access/access'
import { type Fleet, herd } from '@/lib/playground/fleet/fleet'
import { largeFleet } from '@/lib/playground/fleet/large'
import { postgresMajor } from '@/lib/playground/machine/machine'
import { ensureFanoutPeers, fanoutPeers } from './fanout-peers'
import { median, numberOf } from './numbers'

const clusterName = 'app'

/** Every host has one cluster of the same name, so that one command line suits all of them. */
const fanoutFleet = (hostCount: number): Fleet => {
  const fleet = largeFleet(postgresMajor(), hostCount)
  const herds = fleet.herds.map((one, index) => ({
    ...herd(fleet.postgresMajor, one.environment, clusterName, 5432 + index, 'x', one.name),
    members: one.members,
    virtualHost: one.virtualHost,
  }))
  return { ...fleet, name: 'fanout', herds, groups: [], people: [], hasNames: false }
}

interface Ours {
  /** From the click on the plan page to the plan: every host looked at. */
  planMs: number
  /** From submission to the end of the run: looked at again, reloaded, proved, journalled. */
  runMs: number
}

const runOurs = async (targets: string[]): Promise<Ours> => {
  const policy = { parallel: targets.length, perServer: 2, standbysFirst: false, stopAfterFailures: null }
  const askedAt = performance.now()
  const made = await plan({ operation: 'reload', targets, policy })
  const plannedAt = performance.now()
  const answer = await submitRun(systemActor, { planId: made.id, digest: made.digest!, phrase: made.plan!.phrase ?? undefined })
  if (!answer.submitted) throw new Error('The world moved between plan and submission.')
  const run = await waitForRun(systemActor, answer.runId, { timeoutMs: 120_000 })
  const endedAt = performance.now()
  const failed = run.jobs.filter((job) => job.state !== 'done')
  if (run.jobs.length !== targets.length || failed.length > 0)
    throw new Error(`${failed.length} of ${run.jobs.length} jobs failed: ${failed[0]?.title} ${failed[0]?.because}`)
  return { planMs: plannedAt - askedAt, runMs: endedAt - plannedAt }
}

const ms = (value: number): number => Math.round(value)

/**
 * Reloads one instance on each of 50 lab hosts: as a bulk run of a real worker (submission, a second look at every host, journal, reload, proof by looking
 * again), and by Ansible, parallel-ssh and clush, which run `pg_ctlcluster … reload` and look at its exit code. Rounds are interleaved, medians quoted.
 * `--hosts N` (default 50), `--rounds N` (default 5).
 */
export const bench = async (args: string[]) => {
  const [hostCount, rounds] = [numberOf(args, '--hosts', 50), numberOf(args, '--rounds', 5)]
  await ensureFanoutPeers()
  const fleet = fanoutFleet(hostCount)
  const { lab, folder, close } = await openStage(fleet)
  try {
    const targets = (await getPool().query<{ id: string }>('select id from instances')).rows.map(({ id }) => id)
    const peers = await fanoutPeers(lab, join(folder, 'p'), ['pg_ctlcluster', String(fleet.postgresMajor), clusterName, 'reload'])

    const ours: Ours[] = []
    const theirs = new Map(peers.map(({ name }) => [name, [] as number[]]))
    // The first round opens the warm ones' connections and counts for nobody.
    for (let round = 0; round <= rounds; round += 1) {
      const own = await runOurs(targets)
      if (round > 0) ours.push(own)
      for (const { name, reload } of peers) {
        const tookMs = await reload()
        if (round > 0) theirs.get(name)!.push(tookMs)
      }
    }
    return report(hostCount, ours, theirs)
  } finally {
    await close()
  }
}

const warmPeer = 'parallel-ssh, warm'

const report = (hosts: number, ours: Ours[], theirs: Map<string, number[]>) => {
  const runMs = median(ours.map((one) => one.runMs))
  const planMs = median(ours.map((one) => one.planMs))
  const peers = Object.fromEntries([...theirs].map(([name, values]) => [name, median(values)]))
  const line = (name: string, value: number) =>
    console.log(`${name.padEnd(38)} ${`${ms(value)} ms`.padStart(9)}  ${(value / runMs).toFixed(1).padStart(6)}`)
  console.log(`\nReload of ${hosts} instances on ${hosts} hosts, median of ${ours.length} rounds (times ours on the right)`)
  line('Matriarch, run with proof and journal', runMs)
  line('Matriarch, plan and run', planMs + runMs)
  for (const [name, value] of Object.entries(peers)) line(name, value)
  console.log('')
  return {
    bench: 'fanout',
    ratio: Number((peers[warmPeer]! / runMs).toPrecision(3)),
    peer: warmPeer,
    hosts,
    runMs: ms(runMs),
    planMs: ms(planMs),
    runsMs: ours.map((one) => ms(one.runMs)),
    peersMs: Object.fromEntries(Object.entries(peers).map(([name, value]) => [name, ms(value)])),
    ratios: Object.fromEntries(Object.entries(peers).map(([name, value]) => [name, Number((value / runMs).toPrecision(3))])),
  }
}
