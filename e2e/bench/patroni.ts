import { getPool } from '@/db/pg/client'
import { openStage, untilSeen } from '@/e2e/harness/stage'
import { runAndWait } from '@/e2e/harness/submit'
import { withPatroni } from '@/lib/playground/fleet/default'
import type { FleetPatroni } from '@/lib/playground/fleet/fleet'
import type { Lab } from '@/lib/playground/lab/lab'
import { postgresMajor } from '@/lib/playground/machine/machine'
import { ensurePackages } from '@/lib/playground/machine/packages.mjs'
import { ports } from '@/lib/playground/services/patroni/files'
import { poolerPort } from '@/lib/playground/services/poolers'
import { seedPatroni } from '@/lib/playground/start/seed'
import { patroniNeeds } from '../harness/patroni/room'
import { ensurePeers } from './fanout-peers'
import { numberOf } from './numbers'
import { benchPeers, fleetOfBoth, mustHaveMoved, opened, row, type Series } from './switchover'

const runTimeoutMs = 300_000
const alone = { parallel: 1, perServer: 1, standbysFirst: true, stopAfterFailures: 1, deadlineSeconds: null }

/** Every member is seen as Patroni’s, one as primary, and the pooler points to it. */
const ready = (herd: string) => `select (count(*) filter (where i.state <> 'online' or i.manager <> 'patroni')
    + abs(1 - count(*) filter (where i.role = 'primary')) + (select count(*) from poolers p where p.herd_id = h.id and p.follows <> 'right'))::int as missing
  from herds h join instances i on i.herd_id = h.id where h.name = '${herd}' group by h.id`

const benchOurs = async (lab: Lab, cluster: FleetPatroni, runs: number): Promise<Series> => {
  const name = 'Matriarch, zero-gap'
  await lab.patroniUp()
  await lab.hosts.mustExec(cluster.members[0]!, ['psql', '-Xqc', 'grant pg_monitor to app'])
  await seedPatroni(cluster, lab.fleet.postgresMajor, { ...lab.names(), zones: [] })
  await untilSeen(`select 3 - count(*)::int as missing from instances where state = 'online' and manager = 'patroni'`)
  const clients = await opened(lab, cluster.members, { host: cluster.doors[0]!, port: poolerPort }, cluster.baseName)
  const { rows } = await getPool().query<{ id: string }>('select id from herds where name = $1', [cluster.name])
  try {
    const rounds: Series['rounds'] = []
    for (let round = 0; round < runs; round++) {
      await untilSeen(ready(cluster.name))
      const [primary] = (
        await getPool().query<{ address: string }>(
          `select s.address from instances i join servers s on s.id = i.server_id where i.herd_id = $1 and i.role = 'primary'`,
          [rows[0]!.id],
        )
      ).rows
      const move = async () => {
        const view = await runAndWait({ operation: 'patroni-zero-gap', targets: [rows[0]!.id], policy: alone }, { timeoutMs: runTimeoutMs })
        const failed = view.jobs.find(({ state }) => state !== 'done')
        if (failed) throw new Error(`${failed.title} is ${failed.state} at ${failed.step}: ${failed.because}`)
      }
      rounds.push(mustHaveMoved(`${name} ${round + 1}`, await clients.during({ host: primary!.address, port: ports.postgres }, move)))
    }
    return { name, rounds, losses: await clients.judge() }
  } finally {
    clients.stop()
  }
}

/**
 * Switchovers of a Patroni herd of three with its own etcd of three over TLS, back and forth under 16 writers: ours without a gap, in maintenance mode, by a real
 * worker; and Patroni's own seen through HAProxy, as shipped and tuned, and with PgBouncer paused around it, each on a herd of two with one etcd, which is
 * faster. `--runs N` of ours (default 20), `--peer-runs N` of each peer (default 20).
 */
export const bench = async (args: string[]) => {
  const [runs, peerRuns] = [numberOf(args, '--runs', 20), numberOf(args, '--peer-runs', 20)]
  await ensurePackages('patroni')
  await ensurePeers(patroniNeeds)
  const fleet = withPatroni({ ...fleetOfBoth(postgresMajor()), hasNames: true })
  const { lab, close } = await openStage(fleet)
  try {
    const ours = row(await benchOurs(lab, fleet.patroni![0]!, runs))
    const peers = peerRuns > 0 ? (await benchPeers(lab, peerRuns)).map(row) : []
    console.table([ours, ...peers])
    const best = peers.length === 0 ? null : peers.reduce((a, b) => (a.gapMedian <= b.gapMedian ? a : b))
    return {
      bench: 'patroni',
      ratio: best === null ? Number.NaN : Number((best.gapMedian / ours.gapMedian).toPrecision(3)),
      peer: best?.name ?? 'none was run',
      ours,
      peers,
    }
  } finally {
    await close()
  }
}
