import type { JsonObject } from '@/lib/kernel/ground/json'
import type { Operation } from '@/lib/kernel/operation/operation'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { demote } from '@/lib/operations/demote'
import { rebuild } from '@/lib/operations/rebuild'
import { rejoin } from '@/lib/operations/rejoin'
import { until } from '@/lib/playground/machine/processes'
import { titleOf } from './actions'
import { probeOf, spaceDirectory, walDirectory } from './canon'
import type { Ended } from './scenario'

const patience = { timeoutMs: 60_000 }
/** What brings back one that does not follow. */
const ways: readonly Operation[] = [rejoin, rebuild, demote]

/** Done, it streams from its upstream; else, unless it does all the same, a person is offered an operation that brings it back. `isAlways`: nothing that ends otherwise may leave it down. */
export const followsLaws = async (
  { lab, state, isGivenUp }: Ended,
  host: string,
  upstream: string,
  { isAlways = false } = {},
): Promise<string[]> => {
  let said = ''
  const isThere = async () => {
    const { state: server, role, upstream: seen } = await probeOf(lab, host)
    said = `${server} ${role}, ${seen?.status ?? 'no receiver'} from ${seen?.host ?? 'nobody'}`
    return server === 'online' && seen?.status === 'streaming' && seen.host === lab.lab.host(upstream).address
  }
  if (state === 'done' || (isAlways && !isGivenUp))
    return until(`${host} to stream`, isThere, patience).then(
      () => [],
      () => [`${state}, and ${host} does not stream from ${upstream}: ${said}`],
    )
  if (await isThere()) return []
  const refusals: string[] = []
  for (const operation of ways) {
    const input = operation.input.parse({}) as JsonObject
    const { reason } = await makeTargetPlan(operation, lab.ports.read, input, titleOf(host), AbortSignal.timeout(60_000))
    if (reason === null) return []
    refusals.push(`${operation.name}: ${reason}`)
  }
  return [`${state}, ${host} is ${said}, and nothing brings it back: ${refusals.join('; ')}`]
}

/** Nothing of a copy or a rewind lies anywhere: no slot, no sender, no directory, no work. The next rebuild cleans up after an abandoned one. */
export const copiedLaws = async ({ lab, state, isGivenUp }: Ended, host: string): Promise<string[]> => {
  if (isGivenUp) return []
  const { herds } = lab.lab.fleet
  const { members, port } = herds[0]!
  const on = async (of: string, ...argv: string[]) => (await lab.lab.hosts.exec(of, argv)).stdout.trim()
  const senders = async () => {
    const sql = `select count(*) from pg_stat_replication where application_name = 'matriarch_copy'`
    const counts = await Promise.all(members.map(({ host: of }) => on(of, 'psql', '-p', String(port), '-XAtqc', sql)))
    return counts.every((count) => count === '0' || count === '')
  }
  const [slots, { copy }, work, processes, isQuiet] = await Promise.all([
    Promise.all(members.map(({ host: of }) => probeOf(lab, of))).then((probes) =>
      probes.flatMap((probe) => probe.slots.map(({ name }) => name).filter((name) => name.endsWith('_copy'))),
    ),
    lab.ports.read.copies.look(lab.instance(host).address, patience),
    on(host, 'sh', '-c', 'cd .local/state/matriarch 2>/dev/null && ls long kept 2>/dev/null'),
    on(host, 'pgrep', '-la', 'pg_(basebackup|rewind)'),
    until('no sender of a copy', senders, patience).then(
      () => true,
      () => false,
    ),
  ])
  const left = work.split('\n').filter((line) => line !== '' && !line.endsWith(':'))
  return [
    ...slots.map((name) => `${state}, and the slot ${name} is left`),
    ...(isQuiet ? [] : [`${state}, and something is still copied`]),
    ...(copy.stage === 'none' ? [] : [`${state}, and a copy (${copy.stage}) is left in ${copy.paths.join(', ')}`]),
    ...(copy.isRewinding ? [`${state}, and it is half rewound`] : []),
    ...(left.length === 0 ? [] : [`${state}, and ${left.join(', ')} is left of its work`]),
    ...(processes === '' ? [] : [`${state}, and ${processes} runs`]),
  ]
}

/** pg_wal and the tablespace lie where they lay, and what is in them is there. */
export const keptLaws = async ({ lab, state, isGivenUp }: Ended, host: string): Promise<string[]> => {
  if (isGivenUp) return []
  const { dataDirectory, port } = lab.lab.fleet.herds[0]!
  const on = async (...argv: string[]) => (await lab.lab.hosts.exec(host, argv)).stdout.trim()
  const sql = `select pg_tablespace_location(oid), (select count(*) from far) from pg_tablespace where spcname = 'space'`
  const [link, space] = [await on('readlink', `${dataDirectory}/pg_wal`), await on('psql', '-p', String(port), '-XAtqc', sql)]
  return [
    ...(link === walDirectory ? [] : [`${state}, and pg_wal lies in ${link || 'the data directory'}`]),
    ...(space === `${spaceDirectory}|1000` ? [] : [`${state}, and its tablespace is ${space || 'gone'}`]),
  ]
}
