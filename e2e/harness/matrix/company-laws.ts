import { judgeMove } from '@/lib/domain/proof/certificate'
import type { JournalLine } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { Operation } from '@/lib/kernel/operation/operation'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { demote } from '@/lib/operations/demote'
import { moves } from '@/lib/operations/evidence'
import { isDown } from '@/lib/operations/facts/instance'
import { failover } from '@/lib/operations/failover'
import { promote } from '@/lib/operations/promote'
import { rebuild } from '@/lib/operations/rebuild'
import { rejoin } from '@/lib/operations/rejoin'
import { repoint } from '@/lib/operations/repoint'
import { start } from '@/lib/operations/start'
import { until } from '@/lib/playground/machine/processes'
import { herdTarget, matrixHerd, titleOf } from './actions'
import { isWritable, probeOf } from './canon'
import type { LabHerd } from './herd'

interface Offer {
  operation: Operation
  targetId: string
  input: JsonObject
}

const planTimeoutMs = 60_000
const followTimeoutMs = 15_000

/** Of a herd in which somebody else has acted, once its job has ended: at most one takes writes, and where anything is left to do an operation of the console does it. */
export const companyLaws = async (lab: LabHerd, hosts: readonly string[]): Promise<string[]> => {
  const seen = await Promise.all(hosts.map(async (host) => ({ host, probe: await probeOf(lab, host) })))
  const leaders = seen.filter(({ probe }) => isWritable(probe)).map(({ host }) => host)
  if (leaders.length > 1) return [`${leaders.join(' and ')} take writes`]
  const [leader] = leaders
  if (leader === undefined) return wayTo('a primary', lab, leading(hosts))
  const broken = await Promise.all(
    hosts
      .filter((host) => host !== leader)
      .map(async (host) =>
        (await follows(lab, host, leader)) ? [] : wayTo(`${host} as a standby of ${leader}`, lab, following(host, leader)),
      ),
  )
  return broken.flat()
}

const leading = (hosts: readonly string[]): Offer[] => [
  { operation: failover, targetId: herdTarget(), input: {} },
  { operation: failover, targetId: herdTarget(), input: { override: matrixHerd } },
  ...hosts.flatMap((host) => [promote, start].map((operation): Offer => ({ operation, targetId: titleOf(host), input: {} }))),
]

const following = (host: string, leader: string): Offer[] => [
  ...[rejoin, rebuild, demote, start].map((operation): Offer => ({ operation, targetId: titleOf(host), input: {} })),
  { operation: repoint, targetId: titleOf(host), input: { upstream: titleOf(leader) } },
]

const follows = async (lab: LabHerd, host: string, leader: string): Promise<boolean> => {
  const { address } = lab.lab.host(leader)
  const isThere = async () => {
    const { state, upstream } = await probeOf(lab, host)
    return state === 'online' && upstream?.status === 'streaming' && upstream.host === address
  }
  // Nobody points it elsewhere, or starts it, now that the job is over: only one that is on its way is waited for.
  const { state } = await probeOf(lab, host)
  const { following } = await lab.ports.read.replication.dataDirectory(lab.instance(host).address, { timeoutMs: followTimeoutMs })
  if (isDown(state) || following?.conninfo.host !== address) return isThere()
  return until(`${host} to stream`, isThere, { timeoutMs: followTimeoutMs }).then(
    () => true,
    () => false,
  )
}

/** One of the offers can be begun. */
const wayTo = async (what: string, lab: LabHerd, offers: readonly Offer[]): Promise<string[]> => {
  const refusals: string[] = []
  for (const { operation, targetId, input } of offers) {
    const given = operation.input.parse(input) as JsonObject
    const { reason } = await makeTargetPlan(operation, lab.ports.read, given, targetId, AbortSignal.timeout(planTimeoutMs))
    if (reason === null) return []
    refusals.push(`${operation.name} of ${targetId}: ${reason}`)
  }
  return [`nothing leads to ${what}: ${refusals.join('; ')}`]
}

/** A certificate says *proven* only where the new primary has every commit that was acknowledged. `lostOn`: those that a host lacks. */
export const certificateLaws = async (
  operation: Operation,
  lines: readonly JournalLine[],
  leader: string | null,
  lostOn: (host: string) => Promise<string[]>,
): Promise<string[]> => {
  const evidence = moves[operation.name]?.evidence(lines, { jobId: 'job', runId: 'run', by: 'ada' }) ?? null
  if (evidence === null || judgeMove(evidence).kind !== 'proven') return []
  if (evidence.newPrimary === null) return ['proven, and nobody is named as the new primary']
  if (leader === null || evidence.newPrimary !== titleOf(leader)) return []
  const lost = await lostOn(leader)
  return lost.length === 0 ? [] : [`proven, and ${lost.length} acknowledged commits are lost`]
}

/** Whoever is asked is told what can be done. */
export const questionLaws = (lines: readonly JournalLine[]): string[] =>
  lines.some((line) => line.kind === 'attention' && !/resume|abandon/i.test(line.question))
    ? ['a person is asked, and not told what to do']
    : []
