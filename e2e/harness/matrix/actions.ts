import { type Cast, probeOf } from './canon'
import type { LabHerd } from './herd'

export const matrixHerd = 'shop'

export const titleOf = (host: string): string => `${matrixHerd} on ${host}`
export const herdTarget = () => matrixHerd

const pgCtl = ({ lab }: LabHerd, host: string, words: string): Promise<string> => {
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
  await start(lab, primary)
  await stop(lab, primary)
}
