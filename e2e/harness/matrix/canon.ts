import type { FleetHerd } from '@/lib/playground/fleet/fleet'
import { until } from '@/lib/playground/machine/processes'
import { primaryConnInfo } from '@/lib/playground/services/cluster-files'
import type { Probe } from '@/lib/ports'
import type { LabHerd } from './herd'

/** Who plays which part in a case. */
export interface Cast {
  primary: string
  candidate: string
  third: string
}

/** Beside the data directory of each member, where a case put them. */
export const spaceDirectory = '/var/lib/postgresql/space'
export const walDirectory = '/var/lib/postgresql/wal'

const slotOf = (herd: FleetHerd, host: string): string => `${herd.baseName}_${host.replaceAll('-', '_')}`

/**
 * Brings a herd of three on real hosts back to one primary with two standbys that stream from it through slots of their own, whatever a case has left, by
 * hand and not through the product: the one that takes writes stays, every member that does not follow it is copied again.
 */
export const restoreHerd = async (lab: LabHerd, herdName: string): Promise<Cast> => {
  await mend(lab)
  lab.replaced.clear()
  const herd = lab.lab.fleet.herds.find(({ name }) => name === herdName)!
  const hosts = herd.members.map(({ host }) => host)
  const primary = await findLeader(lab, herd, hosts)
  const standbys = hosts.filter((host) => host !== primary)
  await Promise.all(hosts.map((host) => clearLeft(lab, herd, host)))
  await Promise.all(standbys.map((host) => follow(lab, herd, host, primary)))
  const wanted = standbys.map((host) => slotOf(herd, host))
  for (const host of hosts) await dropSlots(lab, host, herd.port, host === primary ? wanted : [])
  await untilAllHave(lab, herd, primary, standbys)
  const [candidate, third] = standbys as [string, string]
  return { primary, candidate, third }
}

/** Work and directories that a case of a rebuild has left, and WAL that was saved aside. */
const clearLeft = async ({ lab }: LabHerd, { dataDirectory }: FleetHerd, host: string): Promise<void> => {
  const script = `pkill -KILL 'pg_(basebackup|rewind)'; rm -rf ${dataDirectory}.* ${spaceDirectory}.* ${walDirectory}.* .local/state/matriarch/long .local/state/matriarch/kept`
  await lab.hosts.mustExec(host, ['bash', '-c', script])
}

/** Every host on, thawed, and reached by everybody. */
export const mend = async (lab: LabHerd): Promise<void> => {
  for (const { name } of lab.lab.fleet.hosts) await mendHost(lab, name)
}

export const mendHost = async ({ lab }: LabHerd, host: string): Promise<void> => {
  await lab.network.heal(host)
  if (lab.hosts.mark(host)) lab.hosts.signal(host, 'SIGCONT')
  await lab.powerOn(host)
}

export const probeOf = (lab: LabHerd, host: string): Promise<Probe> =>
  lab.ports.read.postgres.probe(lab.instance(host).address, { timeoutMs: 15_000 })

export const isWritable = (probe: Probe): boolean => probe.state === 'online' && probe.role === 'primary'

const findLeader = async (lab: LabHerd, herd: FleetHerd, hosts: readonly string[]): Promise<string> => {
  const seen = await Promise.all(hosts.map(async (host) => ({ host, probe: await settledProbe(lab, host) })))
  const [leader] = seen.toSorted(
    (a, b) => Number(isWritable(b.probe)) - Number(isWritable(a.probe)) || (b.probe.timeline ?? 0) - (a.probe.timeline ?? 0),
  )
  const { host, probe } = leader!
  if (isWritable(probe)) return host
  const { postgresMajor } = lab.lab.fleet
  const pgCtl = `/usr/lib/postgresql/${postgresMajor}/bin/pg_ctl -D ${herd.dataDirectory} -w -s`
  const start = `/usr/local/lib/lab/start-cluster.sh ${postgresMajor} ${herd.baseName}`
  const script = `${pgCtl} status > /dev/null || ${start}; if [ -e ${herd.dataDirectory}/standby.signal ]; then ${pgCtl} promote; fi`
  await lab.lab.hosts.mustExec(host, ['bash', '-c', script], { timeoutMs: 60_000 })
  return host
}

/** A server that was just powered on is on its way up. */
export const settledProbe = async (lab: LabHerd, host: string): Promise<Probe> => {
  const passing = ['starting', 'stopping', 'unreachable', 'unknown']
  let probe = await probeOf(lab, host)
  const isSettled = async () => {
    probe = await probeOf(lab, host)
    return !passing.includes(probe.state)
  }
  await until(`${host} to be up or down`, isSettled, { timeoutMs: 60_000 })
  return probe
}

const isFollowing = async (lab: LabHerd, host: string, primary: string): Promise<boolean> => {
  const { state, upstream } = await probeOf(lab, host)
  const { slots } = await probeOf(lab, primary)
  const isThere = upstream?.status === 'streaming' && upstream.host === lab.lab.host(primary).address
  return state === 'online' && isThere && slots.some(({ name, isActive }) => name === upstream.slotName && isActive)
}

const follow = async (lab: LabHerd, herd: FleetHerd, host: string, primary: string): Promise<void> => {
  if (await isFollowing(lab, host, primary)) return
  const { postgresMajor } = lab.lab.fleet
  const bin = `/usr/lib/postgresql/${postgresMajor}/bin`
  const slot = slotOf(herd, host)
  const drop = `select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = '${slot}'`
  const copy = [
    `${bin}/pg_ctl -D ${herd.dataDirectory} -s -m immediate stop || true`,
    `rm -rf ${herd.dataDirectory} ${walDirectory} ${spaceDirectory}/*`,
    `${bin}/pg_basebackup -D ${herd.dataDirectory} -R -c fast -d '${primaryConnInfo(lab.lab.host(primary).address, herd.port)} application_name=${slot}'`,
    `echo "primary_slot_name = '${slot}'" >> ${herd.dataDirectory}/postgresql.auto.conf`,
    `/usr/local/lib/lab/start-cluster.sh ${postgresMajor} ${herd.baseName}`,
  ]
  const psql = ['psql', '-XqAt', '-p', String(herd.port), '-c']
  await lab.lab.hosts.exec(host, ['bash', '-c', copy[0]!])
  await until(`nobody to read from ${slot}`, async () => (await lab.lab.hosts.exec(primary, [...psql, drop])).code === 0, {
    timeoutMs: 30_000,
  })
  await lab.lab.hosts.mustExec(primary, [...psql, `select pg_create_physical_replication_slot('${slot}', true)`])
  await lab.lab.hosts.mustExec(host, ['bash', '-c', copy.join(' && ')], { timeoutMs: 120_000 })
  await until(`${host} to stream from ${primary}`, () => isFollowing(lab, host, primary), { timeoutMs: 60_000 })
}

/** A connection that was cut looks alive until one end notices: what is written now must arrive over the one that stays. */
const untilAllHave = async ({ lab }: LabHerd, { port }: FleetHerd, primary: string, standbys: readonly string[]): Promise<void> => {
  const psql = ['psql', '-XqAt', '-p', String(port), '-c']
  const [, end] = (
    await lab.hosts.mustExec(primary, [...psql, `select pg_logical_emit_message(true, 'lab', ''); select pg_current_wal_lsn()`])
  ).split('\n')
  const hasIt = async (host: string) => {
    const sql = `select pg_last_wal_replay_lsn() >= '${end}' from pg_stat_wal_receiver where status = 'streaming'`
    return (await lab.hosts.exec(host, [...psql, sql])).stdout.trim() === 't'
  }
  await Promise.all(standbys.map((host) => until(`${host} to have what ${primary} writes`, () => hasIt(host), { timeoutMs: 60_000 })))
}

const dropSlots = async (lab: LabHerd, host: string, port: number, kept: readonly string[]): Promise<void> => {
  const list = kept.map((name) => `'${name}'`).join(', ') || `''`
  const sql = `select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active and slot_name not in (${list})`
  await lab.lab.hosts.mustExec(host, ['psql', '-XqAt', '-p', String(port), '-c', sql])
}
