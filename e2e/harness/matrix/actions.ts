import { memberName, primaryConnInfo } from '@/lib/playground/services/cluster-files'
import { type Cast, probeOf } from './canon'
import type { LabHerd } from './herd'

export const matrixHerd = 'shop'

export const titleOf = (host: string): string => `${matrixHerd} on ${host}`
export const herdTarget = () => matrixHerd

export const pgCtl = ({ lab }: LabHerd, host: string, words: string): Promise<string> => {
  const { postgresMajor, herds } = lab.fleet
  const { dataDirectory } = herds.find(({ name }) => name === matrixHerd)!
  return lab.hosts.mustExec(host, ['bash', '-c', `/usr/lib/postgresql/${postgresMajor}/bin/pg_ctl -D ${dataDirectory} -w -s ${words}`])
}
export const start = ({ lab }: LabHerd, host: string): Promise<string> => {
  const { postgresMajor, herds } = lab.fleet
  const { baseName } = herds.find(({ name }) => name === matrixHerd)!
  return lab.hosts.mustExec(host, ['/usr/local/lib/lab/start-cluster.sh', String(postgresMajor), baseName], { timeoutMs: 60_000 })
}
export const crash = (lab: LabHerd, host: string) => pgCtl(lab, host, '-m immediate stop')
export const stop = (lab: LabHerd, host: string) => pgCtl(lab, host, '-m fast stop')

export const promoteByHand = async (lab: LabHerd, { primary, candidate }: Cast): Promise<void> => {
  await pgCtl(lab, candidate, 'promote')
  const { timeline } = await probeOf(lab, candidate)
  lab.replaced.set(titleOf(primary), {
    byId: titleOf(candidate),
    timeline: timeline ?? 0,
    because: `${titleOf(candidate)} was promoted in its place.`,
  })
}

/** The standby gets its WAL from another member from now on, through a slot of its own there. */
export const followByHand = async ({ lab }: LabHerd, host: string, upstream: string): Promise<void> => {
  const { baseName, port } = lab.fleet.herds.find(({ name }) => name === matrixHerd)!
  const slot = memberName(host, baseName)
  const psql = (on: string, sql: string) => lab.hosts.mustExec(on, ['psql', '-XqAt', '-p', String(port), '-c', sql])
  const isThere = `exists (select from pg_replication_slots where slot_name = '${slot}')`
  await psql(upstream, `select pg_create_physical_replication_slot('${slot}', true) where not ${isThere}`)
  const info = `${primaryConnInfo(lab.host(upstream).address, port)} application_name=${slot}`
  await psql(host, `alter system set primary_conninfo = '${info}'`)
  await psql(host, `alter system set primary_slot_name = '${slot}'`)
  await psql(host, 'select pg_reload_conf()')
}

/** Somebody promoted the other one without the console, and both go on writing. */
export const split = async (lab: LabHerd, { primary, candidate }: Cast): Promise<void> => {
  await lab.lab.network.cutBetween(primary, candidate)
  await pgCtl(lab, candidate, 'promote')
  await lab.lab.network.heal()
}

/** It writes what nobody receives, and is shut down cleanly after the other was promoted. */
export const fork = async (lab: LabHerd, cast: Cast): Promise<void> => {
  const { primary, candidate, third } = cast
  for (const other of [candidate, third]) await lab.lab.network.cutBetween(primary, other)
  await lab.lab.hosts.mustExec(primary, ['psql', '-Xqc', 'create table if not exists forked as select 1 as n'])
  await crash(lab, primary)
  await promoteByHand(lab, cast)
  await lab.lab.network.heal()
  await followByHand(lab, third, candidate)
  await start(lab, primary)
  await stop(lab, primary)
}
