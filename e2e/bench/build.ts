import { join } from 'node:path'
import { getPool } from '@/db/pg/client'
import { openStage, type Stage, untilSeen } from '@/e2e/harness/stage'
import { plan, runAndWait } from '@/e2e/harness/submit'
import type { Stack } from '@/lib/domain/stack/stack'
import type { Fleet, FleetHost } from '@/lib/playground/fleet/fleet'
import { postgresMajor } from '@/lib/playground/machine/machine'
import { ensurePackages } from '@/lib/playground/machine/packages.mjs'
import { readStackFile } from '@/lib/shapes/stack-file'
import { stackOf } from '@/lib/shapes/stack-schema'
import { buildPeer } from './build-peer'
import { mustBeBuilt } from './build-state'
import { ensurePeers } from './fanout-peers'
import { median, numberOf } from './numbers'

const environment = 'bench'
const membersOf = 3
const buildTimeoutMs = 300_000
const againTimes = 2
/** No further round begins after so long. */
const enoughMs = 170_000
const sides = ['ours', 'peer'] as const

const needed = [
  { program: '/usr/bin/ansible-playbook', package: 'ansible-core' },
  { program: '/usr/lib/python3/dist-packages/idna/__init__.py', package: 'python3-idna' },
  { program: '/usr/bin/sudo', package: 'sudo' },
]

const nameOf = (side: (typeof sides)[number], round: number) => `${side}${round + 1}`

/** Three bare hosts for each build of each side. */
const bareFleet = (rounds: number): Fleet => {
  const hosts = sides.flatMap((side, sideIndex) =>
    Array.from({ length: rounds * membersOf }, (_, index): FleetHost => {
      const round = Math.floor(index / membersOf)
      const name = `${nameOf(side, round)}-${(index % membersOf) + 1}`
      return { name, address: `198.18.${60 + sideIndex}.${index + 11}`, environment, site: 'ams', tags: [] }
    }),
  )
  const environments: Fleet['environments'] = [{ name: environment, colour: 'green', protection: 'open' }]
  return { name: 'build', postgresMajor: postgresMajor(), environments, hosts, herds: [], strays: [], groups: [], people: [] }
}

/** Every server has every part; the rest is as a cluster file has it that says nothing, but small. */
const fileOf = (cluster: string, hosts: readonly FleetHost[]): string =>
  JSON.stringify({
    cluster,
    network: '198.18.0.0/16',
    servers: Object.fromEntries(hosts.map(({ name }) => [name, ['postgres', 'etcd', 'pooler', 'proxy']])),
    postgres: { major: String(postgresMajor()), parameters: { shared_buffers: '16MB' } },
  })

const stackIn = (text: string, hosts: readonly FleetHost[]): Stack =>
  stackOf(readStackFile(text).file!, Object.fromEntries(hosts.map(({ name, address }) => [name, address])))

/** One series of either: the build, and runs after it that change nothing. */
interface Series {
  buildMs: number[]
  /** Without the smoke test, which the playbook has not: rows through every door, and two switchovers. */
  buildOnlyMs: number[]
  againMs: number[]
}

const timed = async <Answer>(work: () => Promise<Answer>): Promise<{ answer: Answer; tookMs: number }> => {
  const startedAt = performance.now()
  const answer = await work()
  return { answer, tookMs: performance.now() - startedAt }
}

const buildOurs = async (cluster: string, file: string, series: Series): Promise<() => Promise<void>> => {
  const { rows } = await getPool().query<{ id: string }>(
    'insert into stacks (environment_id, name, file) values ((select id from environments where name = $1), $2, $3) returning id',
    [environment, cluster, file],
  )
  const targets = [rows[0]!.id]
  /** From the click on the plan to the end of the run. */
  const run = async () => {
    const view = await runAndWait({ operation: 'build-cluster', targets }, { timeoutMs: buildTimeoutMs })
    const failed = view.jobs.find(({ state }) => state !== 'done')
    if (failed) throw new Error(`${failed.title} is ${failed.state} at ${failed.step}: ${failed.because}`)
    return view.id
  }
  const { answer, tookMs } = await timed(run)
  const { rows: steps } = await getPool().query<{ step: string; ms: number }>(
    `select step, (data->>'tookMs')::float8 as ms from journal where run_id = $1 and kind = 'finished' and data ? 'tookMs' order by seq`,
    [answer],
  )
  console.log(`  ${steps.map(({ step, ms }) => `${step} ${(ms / 1000).toFixed(1)} s`).join(' · ')}`)
  series.buildMs.push(tookMs)
  series.buildOnlyMs.push(tookMs - steps.filter(({ step }) => step === 'smoke').reduce((sum, { ms }) => sum + ms, 0))
  /** Every server is looked at, and the answer is that nothing is to be done: there is no run to submit. */
  const again = async () => {
    const { answer: made, tookMs: lookedMs } = await timed(() => plan({ operation: 'build-cluster', targets }))
    const [target] = made.plan!.targets
    if (!target!.reason?.startsWith('There is nothing to do'))
      throw new Error(
        `The second plan of ${cluster} would do something: ${target!.reason ?? JSON.stringify(target!.effects.map(({ name, state }) => `${name} ${state}`))}`,
      )
    series.againMs.push(lookedMs)
  }
  return again
}

/** As the packages bring them, which the lab's hosts share and whose folders in /etc they have not. */
const packageFolders = ['/etc/default', '/etc/patroni', '/etc/pgbouncer', '/etc/haproxy', '/etc/postgresql-common/createcluster.d']

const powerOff = async ({ lab }: Stage, hosts: readonly FleetHost[]): Promise<void> => {
  for (const { name } of hosts) await lab.powerOff(name)
}

/**
 * A cluster of three on bare lab hosts whose packages are there already, made by *Build a cluster* with a real worker, and by Ansible with a playbook for the
 * same files, units, database and doors; then again, which finds nothing to do, as every server is looked at by a plan here, and by the playbook there. Both end states are checked in the same way. `--rounds N` (default 3; fewer where they take
 * longer than three minutes).
 */
export const bench = async (args: string[]) => {
  const rounds = numberOf(args, '--rounds', 3)
  await ensurePackages('patroni')
  await ensurePeers(needed)
  const fleet = bareFleet(rounds)
  const stage = await openStage(fleet)
  const { lab, worker } = stage
  const ours: Series = { buildMs: [], buildOnlyMs: [], againMs: [] }
  const peer: Pick<Series, 'buildMs' | 'againMs'> = { buildMs: [], againMs: [] }
  try {
    for (const { name } of fleet.hosts) await lab.hosts.mustExec(name, ['mkdir', '-p', ...packageFolders], { user: 'root' })
    await untilSeen(`select count(*)::int as missing from servers where state <> 'reachable'`)
    const startedAt = performance.now()
    for (let round = 0; round < rounds && performance.now() - startedAt < enoughMs; round++) {
      for (const side of sides) {
        const cluster = nameOf(side, round)
        const hosts = fleet.hosts.filter(({ name }) => name.startsWith(`${cluster}-`))
        const file = fileOf(cluster, hosts)
        const stack = stackIn(file, hosts)
        console.log(`${side === 'ours' ? 'Matriarch' : 'Ansible'}, round ${round + 1} of ${rounds}`)
        if (side === 'ours') {
          const again = await buildOurs(cluster, file, ours)
          await mustBeBuilt(lab, stack)
          for (let time = 0; time < againTimes; time++) await again()
        } else {
          // Our worker looks at its servers all the time, and is no part of this.
          worker.process.kill('SIGSTOP')
          try {
            const { play } = await buildPeer(lab, join(stage.folder, cluster), stack)
            peer.buildMs.push((await play()).tookMs)
            await mustBeBuilt(lab, stack)
            for (let time = 0; time < againTimes; time++) {
              const { tookMs, changed } = await play()
              if (changed > 0) throw new Error(`The playbook changed ${changed} things the second time.`)
              peer.againMs.push(tookMs)
            }
          } finally {
            worker.process.kill('SIGCONT')
          }
        }
        await powerOff(stage, hosts)
      }
    }
    return report(ours, peer)
  } finally {
    await stage.close()
  }
}

const report = (ours: Series, peer: Pick<Series, 'buildMs' | 'againMs'>) => {
  const [build, only, again] = [median(ours.buildMs), median(ours.buildOnlyMs), median(ours.againMs)]
  const [peerBuild, peerAgain] = [median(peer.buildMs), median(peer.againMs)]
  const seconds = (ms: number) => Number((ms / 1000).toFixed(2))
  const times = (theirs: number, own: number) => Number((theirs / own).toPrecision(3))
  console.table([
    { who: 'Matriarch, with plan and smoke test', build: seconds(build), again: seconds(again) },
    { who: 'Matriarch, without the smoke test', build: seconds(only), again: '' },
    { who: 'ansible-playbook', build: seconds(peerBuild), again: seconds(peerAgain) },
  ])
  return {
    bench: 'build',
    ratio: times(peerBuild, build),
    peer: 'ansible-playbook',
    againRatio: times(peerAgain, again),
    withoutSmokeRatio: times(peerBuild, only),
    buildMs: ours.buildMs.map(Math.round),
    againMs: ours.againMs.map(Math.round),
    peerBuildMs: peer.buildMs.map(Math.round),
    peerAgainMs: peer.againMs.map(Math.round),
  }
}
