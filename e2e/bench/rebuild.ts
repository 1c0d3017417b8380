import { getPool } from '@/db/pg/client'
import { openStage } from '@/e2e/harness/stage'
import { plan } from '@/e2e/harness/submit'
import { submitRun, waitForRun } from '@/jobs/requests'
import { systemActor } from '@/lib/kernel/access/access'
import { type Fleet, herd, standardEnvironments } from '@/lib/playground/fleet/fleet'
import { postgresMajor } from '@/lib/playground/machine/machine'
import { until } from '@/lib/playground/machine/processes'
import { ensurePeers } from './fanout-peers'
import { median, numberOf } from './numbers'
import { type RebuildStage, rebuildPeers } from './rebuild-peers'

interface Round {
  name: string
  /** From the order until it streams. */
  seconds: number
  /** Until the command, or the run, has come to its end: pg_ctlcluster waits two seconds, and a run removes the old directory. */
  overSeconds: number
  /** Received by the standby's host until it streams. */
  receivedMB: number
}

const everyWay = ['auto', 'copy', 'in-place'] as const
type Way = (typeof everyWay)[number]
const peerOf: Record<Way, string> = { auto: 'pg_rewind alone', copy: 'pg_basebackup alone', 'in-place': 'rsync of everything' }

/** Milliseconds: of the plan, then of each thing that the journal says took its time. */
type Steps = Record<string, number>

const runTimeoutMs = 1_800_000
const rowsPerMB = 1000
const stopAlone = { parallel: 1, perServer: 1, standbysFirst: true, stopAfterFailures: 1, deadlineSeconds: null }

const fleetOfTwo = (major: number): Fleet => ({
  name: 'rebuild',
  postgresMajor: major,
  environments: standardEnvironments,
  hosts: ['a', 'b'].map((name, index) => ({ name, address: `198.18.22.${index + 1}`, environment: 'dev', site: 'ams', tags: [] })),
  herds: [herd(major, 'dev', 'app', 5432, 'a > b', 'app')],
  strays: [],
  groups: [],
  people: [],
  hasNames: false,
})

const sql = async ({ lab, port }: RebuildStage, host: string, statement: string): Promise<string> =>
  (await lab.hosts.mustExec(host, ['psql', '-p', String(port), '-XAtqc', statement], { timeoutMs: runTimeoutMs })).trim()

/** By asking the standby itself all the time, since the commands of all of them answer later. */
const untilStreaming = (stage: RebuildStage): Promise<unknown> =>
  until(
    `${stage.to} streams`,
    async () => {
      const seen = await stage.lab.hosts.exec(stage.to, [
        'psql',
        '-p',
        String(stage.port),
        '-XAtqc',
        'select status from pg_stat_wal_receiver',
      ])
      return seen.stdout.trim() === 'streaming'
    },
    { timeoutMs: runTimeoutMs },
  )

/** Bytes that came to a host over its cable since it is up. */
const received = async ({ lab, to }: RebuildStage): Promise<number> => {
  const text = await lab.hosts.mustExec(to, ['cat', '/proc/net/dev'])
  const rows = text.split('\n').map((line) => line.trim().split(/[:\s]+/))
  return rows.filter(([name, bytes]) => name !== 'lo' && /^\d+$/.test(bytes ?? '')).reduce((sum, [, bytes]) => sum + Number(bytes), 0)
}

/** A herd that holds so much, whose standby was promoted by itself, rewrote a part of it, and was stopped. */
const diverge = async (stage: RebuildStage, sizeMB: number, share: number): Promise<void> => {
  const { lab, from, to, cluster, data } = stage
  const rows = sizeMB * rowsPerMB
  // pg_rewind needs the target's own WAL from before the fork, the start after it the source's since then; it copies all that the source holds.
  const keepMB = Math.ceil(sizeMB * share * 4) + 64
  for (const [host, lines] of [
    [from, `max_wal_size = 256MB\nmax_slot_wal_keep_size = -1\nwal_keep_size = ${keepMB}MB\n`],
    [to, 'max_wal_size = 256MB\nwal_keep_size = 8GB\n'],
  ] as const) {
    lab.hosts.writeFile(host, `/etc/postgresql/${lab.fleet.postgresMajor}/${cluster}/conf.d/bench.conf`, lines, { owner: 'postgres' })
    await sql(stage, host, 'select pg_reload_conf()')
  }
  await sql(stage, from, `create table filler as select n, repeat(md5(n::text), 30) as body from generate_series(1, ${rows}) n`)
  // Or the first read would rewrite every page, for its hint bits.
  await sql(stage, from, 'vacuum freeze filler')
  await sql(stage, from, 'checkpoint')
  const end = await sql(stage, from, 'select pg_current_wal_lsn()')
  await until('the standby has everything', async () => (await sql(stage, to, `select pg_last_wal_replay_lsn() >= '${end}'`)) === 't', {
    timeoutMs: runTimeoutMs,
  })
  await sql(stage, to, 'checkpoint')
  await sql(stage, to, 'select pg_promote()')
  const part = Math.round(rows * share)
  await sql(stage, to, `update filler set body = reverse(body) where n <= ${part}`)
  await sql(stage, from, `update filler set body = upper(body) where n > ${rows - part}`)
  await stopTarget(stage)
  await lab.hosts.mustExec(to, ['cp', '-a', data, `${data}.diverged`], { timeoutMs: runTimeoutMs })
}

const stopTarget = ({ lab, to, cluster }: RebuildStage): Promise<string> =>
  lab.hosts.mustExec(to, ['pg_ctlcluster', String(lab.fleet.postgresMajor), cluster, 'stop', '-m', 'fast'], { timeoutMs: runTimeoutMs })

/** Each begins from the same diverged directory, with everything else on the disk. It must hold what the source holds. */
const measure = async (stage: RebuildStage, name: string, run: () => Promise<void>): Promise<Round> => {
  const { lab, from, to, data } = stage
  await lab.hosts.mustExec(to, ['sh', '-ec', 'rm -rf "$1"; cp -a "$1.diverged" "$1"; sync', 'sh', data], { timeoutMs: runTimeoutMs })
  const before = await received(stage)
  const startedAt = performance.now()
  const secondsUntil = async (end: Promise<unknown>) => {
    await end
    return Number(((performance.now() - startedAt) / 1000).toFixed(2))
  }
  const [overSeconds, seconds] = await Promise.all([secondsUntil(run()), secondsUntil(untilStreaming(stage))])
  const receivedMB = Math.round(((await received(stage)) - before) / 1_000_000)
  const end = await sql(stage, from, 'select pg_current_wal_lsn()')
  await until(`${to} has everything`, async () => (await sql(stage, to, `select pg_last_wal_replay_lsn() >= '${end}'`)) === 't', {
    timeoutMs: runTimeoutMs,
  })
  const sum = 'select count(*), sum(hashtext(body)::bigint) from filler'
  const [theirs, ours] = [await sql(stage, from, sum), await sql(stage, to, sum)]
  if (ours !== theirs) throw new Error(`After ${name}, ${to} holds ${ours}, and ${from} ${theirs}.`)
  await stopTarget(stage)
  console.log(`  ${name}: ${seconds} s, ${receivedMB} MB`)
  return { name, seconds, overSeconds, receivedMB }
}

/** From asking for the plan to the end of the run. The WAL that is discarded is not archived, as the others do not save it. */
const rebuild = async (strategy: Way, steps: Steps): Promise<void> => {
  const { rows } = await getPool().query<{ id: string }>(
    `select i.id from instances i join servers s on s.id = i.server_id where s.hostname = 'b'`,
  )
  const askedAt = Date.now()
  const made = await plan({ operation: 'rebuild', targets: [rows[0]!.id], input: { strategy, saveTail: false }, policy: stopAlone })
  steps.plan = Date.now() - askedAt
  const [target] = made.plan!.targets
  if (!target!.eligible) throw new Error(`It cannot be rebuilt: ${target!.reason}`)
  const submittedAt = Date.now()
  const answer = await submitRun(systemActor, { planId: made.id, digest: made.digest!, phrase: made.plan!.phrase ?? undefined })
  if (!answer.submitted) throw new Error('The world moved between plan and submission.')
  const view = await waitForRun(systemActor, answer.runId, { timeoutMs: runTimeoutMs })
  const job = view.jobs[0]!
  if (job.state !== 'done') throw new Error(`The rebuild is ${job.state}: ${job.because}`)
  Object.assign(steps, await stepsOf(answer.runId, submittedAt))
}

/** Between one line that ends something and the next: what lies between steps counts to the later one. */
const stepsOf = async (runId: string, submittedAt: number): Promise<Steps> => {
  const { rows } = await getPool().query<{ name: string; at: Date }>(
    `select case kind when 'opened' then 'pick up' when 'gathered' then 'gather' when 'closed' then 'close' when 'released' then 'end of ' || step else step end as name, at
     from journal where run_id = $1 and kind in ('opened', 'gathered', 'finished', 'released', 'closed') order by event_id`,
    [runId],
  )
  const times = [submittedAt, ...rows.map(({ at }) => at.getTime())]
  return Object.fromEntries(rows.map(({ name }, index) => [name, times[index + 1]! - times[index]!]))
}

/**
 * Makes a diverged standby stream again: by the operation rebuild with its plan, gates, journal and proofs, and by pg_rewind, pg_basebackup and rsync alone.
 * `--size-mb N` (default 2048), of which `--share N` percent (default 5) were rewritten on each side. `--way auto`, `copy` or `in-place`: that one alone,
 * against the command it is made of. `--rounds N` of each (default 1).
 */
export const bench = async (args: string[]) => {
  const [sizeMB, share] = [numberOf(args, '--size-mb', 2048), numberOf(args, '--share', 5) / 100]
  const rounds = numberOf(args, '--rounds', 1)
  const way = args.includes('--way') ? args[args.indexOf('--way') + 1] : null
  const ways = everyWay.filter((one) => way === null || one === way)
  if (ways.length === 0) throw new Error(`--way is ${everyWay.join(', ')}.`)
  await ensurePeers([{ program: '/usr/bin/rsync', package: 'rsync' }])
  const { lab, close } = await openStage(fleetOfTwo(postgresMajor()))
  try {
    const [{ name, port, dataDirectory }] = lab.fleet.herds as [Fleet['herds'][number]]
    const stage: RebuildStage = { lab, from: 'a', to: 'b', cluster: name, port, data: dataDirectory }
    console.log(`Filling ${sizeMB} MB …`)
    await diverge(stage, sizeMB, share)
    const steps: Record<string, Steps> = {}
    const [ours, peers]: [Round[], Round[]] = [[], []]
    const wanted = rebuildPeers(stage).filter(({ name }) => ways.length > 1 || name === peerOf[ways[0]!])
    // In turns, so that whatever else the machine does is shared.
    for (let round = 1; round <= rounds; round++) {
      for (const way of ways) {
        const own: Steps = {}
        ours.push(await measure(stage, way === 'auto' ? 'Matriarch, rebuild' : `Matriarch, rebuild, ${way}`, () => rebuild(way, own)))
        steps[rounds === 1 ? way : `${way} ${round}`] = own
      }
      for (const peer of wanted) peers.push(await measure(stage, peer.name, peer.run))
    }
    console.log(`\nA diverged standby of ${sizeMB} MB; from the order until it streams`)
    console.table([...ours, ...peers])
    console.log('Milliseconds of ours, step by step')
    console.table(steps)
    const secondsOf = (all: readonly Round[], name: string) => median(all.filter((one) => one.name === name).map(({ seconds }) => seconds))
    const best = [...new Set(peers.map(({ name }) => name))].toSorted((a, b) => secondsOf(peers, a) - secondsOf(peers, b))[0]!
    const ratio = Number((secondsOf(peers, best) / secondsOf(ours, ours[0]!.name)).toPrecision(3))
    return { bench: 'rebuild', ratio, peer: best, sizeMB, share, ours, peers, steps }
  } finally {
    await close()
  }
}
