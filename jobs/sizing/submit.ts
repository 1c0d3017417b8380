import { absentActor } from '@/db/people/actors'
import type { Tx } from '@/db/pg/client'
import { inPgTransaction, type Queryable } from '@/db/pg/transaction'
import { lockDecision, type OpenDecision, postponeDecision, tellDecided, writeDecided } from '@/db/rules/decisions'
import { noSlot } from '@/db/rules/slots'
import { startableJobs } from '@/db/runs/claims'
import type { PlanRow } from '@/db/runs/plans'
import type { DecidedMember } from '@/db/schema'
import type { MemberVerdict } from '@/lib/domain/rules/choose'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { GateVerdict, Plan, PlanTarget } from '@/lib/kernel/operation/plan'
import { withoutTargets } from '@/lib/kernel/operation/scheduled'
import { keepQuestion, knownOperation, waitForPlan } from '../requests/ask-plan'
import { mustRunIn } from '../requests/permission'
import { hitEnvironments, startRun } from '../requests/start-run'
import { mustBeTime } from '../requests/submit'
import type { Decider } from './decider'

/** Longer than any plan takes, and shorter than a claim holds. */
const planTimeoutMs = 60_000

interface Agreed {
  row: PlanRow
  plan: Plan
}

/**
 * Submits the resize of the chosen members as the rule's owner, a run for each type. A member whose checks do not pass is left out with the reason.
 * Throws what a submission throws, and then nothing has run.
 */
export const submitDecision = async (
  { waker }: Decider,
  decision: OpenDecision,
  members: readonly MemberVerdict[],
  at: Date,
): Promise<void> => {
  const actor = decision.personId === null ? null : await absentActor(decision.personId, decision.tokenId)
  if (actor === null)
    throw new Fault('access.denied', {
      because:
        'Who saved the rule may no longer sign in, or the token it was saved with was revoked. Somebody who may has to save it again.',
    })
  // A plan costs a look at every member: none is made for one that has to wait.
  const waits = (client: Queryable) => waitsForSlot(client, decision, members)
  if (await inPgTransaction(async (client) => !(await lockDecision(client, decision)) || (await waits(client)))) return
  const leftOut = new Map<string, string>()
  const agreed: Agreed[] = []
  const types = new Set(members.flatMap(({ verdict, to }) => (verdict === 'chosen' && to !== null ? [to] : [])))
  for (const type of types) {
    const targets = members.filter(({ verdict, to }) => verdict === 'chosen' && to === type).map(({ id }) => id)
    const one = await planOf({ waker }, actor, decision, type, targets)
    const kept = asAllowed(decision, one.plan, leftOut)
    if (kept.eligible > 0) agreed.push({ row: one.row, plan: kept })
  }
  for (const { plan } of agreed) await mustBeAllowed(actor, decision, plan)
  const runIds = await inPgTransaction(async (client, tx) => {
    if (!(await lockDecision(client, decision)) || (agreed.length > 0 && (await waits(client)))) return []
    return write(client, tx, { actor, decision, members, agreed, leftOut }, at)
  })
  if (runIds.length > 0) await waker.wakeJobs(await startableJobs(runIds))
}

/** Whether a limit makes it wait, which is written down. Throws `plan.refused` once it has waited for as long as it may start. */
const waitsForSlot = async (client: Queryable, decision: OpenDecision, members: readonly MemberVerdict[]): Promise<boolean> => {
  const because = await noSlot(
    client,
    members.filter(({ verdict }) => verdict === 'chosen').map(({ id }) => id),
  )
  if (because === null) return false
  if (Date.now() - decision.createdAt.getTime() > decision.startWithinMinutes * 60_000)
    throw new Fault('plan.refused', { because: `It could not start within ${decision.startWithinMinutes} min. ${because}` })
  await postponeDecision(client, decision, `It waits. ${because}`)
  return true
}

const planOf = async (
  { waker }: Pick<Decider, 'waker'>,
  actor: Actor,
  { fallbacks, ignoredClients, cutsClients }: OpenDecision,
  type: string,
  targets: readonly string[],
): Promise<Agreed> => {
  const input = { type, fallbacks, ignoredClients: ignoredClients.join(', '), readers: cutsClients ? 'cut' : 'wait' }
  const question = { operation: 'resize', targets: [...targets], input, policy: { parallel: 1 } }
  const planId = await keepQuestion(actor, question, null)
  // When the queue is down, the sweep finds the plan.
  await waker.wakePlan(planId)
  const row = await waitForPlan(actor, planId, { timeoutMs: planTimeoutMs })
  if (!row.plan) throw new Fault('plan.failed', { because: row.because ?? undefined })
  return { row, plan: row.plan }
}

/** Without the targets that must not run, each of which is noted with its reason. */
const asAllowed = (decision: OpenDecision, plan: Plan, leftOut: Map<string, string>): Plan => {
  for (const target of plan.targets) {
    const because = target.eligible ? unacceptable(decision, target) : (target.reason ?? 'A check refuses.')
    if (because !== null) leftOut.set(target.id, because)
  }
  return withoutTargets(plan, leftOut)
}

/** What the machine loses with its type is what the rule is for. */
const unacceptable = (decision: OpenDecision, { gates }: PlanTarget): string | null => {
  const accepted = new Set([
    'fits',
    ...(decision.cutsClients ? ['hooks', 'readers', 'clients', 'transactions'] : []),
    ...(decision.leavesNoStandby ? ['others', 'names', 'standbys'] : []),
  ])
  const said = gates.find((gate: GateVerdict) => gate.verdict === 'unknown' || (gate.verdict === 'warn' && !accepted.has(gate.name)))
  return said ? `${said.title}: ${said.because}` : null
}

/** What would be asked of a person who submits it. */
const mustBeAllowed = async (actor: Actor, decision: OpenDecision, plan: Plan): Promise<void> => {
  if (plan.needsApproval) await mustBeApproved(actor, decision, plan)
  if (plan.phrase !== null && !decision.actsInProtected)
    throw new Fault('plan.phrase', { because: 'The environment is protected, and the rule does not say that it acts there.' })
  mustBeTime(actor, plan, { isOutsideWindow: decision.isOutsideWindow, reason: decision.title }, new Date())
}

/** The second person approved the rule as it is, and may still run what it does. */
const mustBeApproved = async (actor: Actor, { approvedBy, approvedByName }: OpenDecision, plan: Plan): Promise<void> => {
  if (approvedBy === null)
    throw new Fault('plan.approval', {
      because:
        'The environment asks a second person for approval, and nobody has approved the rule as it is. Somebody else who may resize here approves it on its page.',
    })
  if (approvedBy === actor.personId)
    throw new Fault('plan.approval', { because: 'Who approved the rule must be somebody other than the person in whose name it acts.' })
  const approver = await absentActor(approvedBy, null)
  if (approver === null)
    throw new Fault('plan.approval', {
      because: `${approvedByName} approved the rule and may no longer sign in. Somebody else has to approve it.`,
    })
  try {
    mustRunIn(approver, knownOperation(plan.operation), plan.input, hitEnvironments(plan))
  } catch (cause) {
    throw new Fault(
      'plan.approval',
      { because: `${approvedByName} approved the rule and may no longer resize here. Somebody else has to approve it.` },
      { cause },
    )
  }
}

const write = async (
  client: Queryable,
  tx: Tx,
  made: {
    actor: Actor
    decision: OpenDecision
    members: readonly MemberVerdict[]
    agreed: readonly Agreed[]
    leftOut: ReadonlyMap<string, string>
  },
  at: Date,
): Promise<string[]> => {
  const { actor, decision, members, agreed, leftOut } = made
  const runOf = new Map<string, string>()
  const runIds: string[] = []
  for (const [index, { row, plan }] of agreed.entries()) {
    const runId = await startRun(client, tx, actor, {
      row,
      plan,
      reason: `Sizing rule ${decision.title}`,
      ticket: '',
      approvedBy: decision.approvedByName,
      idempotencyKey: `sizing:${decision.id}:${index}`,
    })
    runIds.push(runId)
    for (const target of plan.targets) if (target.eligible) runOf.set(target.id, runId)
  }
  const decided = members.map((one): DecidedMember => ({ ...one, runId: runOf.get(one.id) ?? null, leftOut: leftOut.get(one.id) ?? null }))
  const { id, claim } = decision
  const because = [
    ...decided.filter(({ runId }) => runId !== null).map(({ title, from, to }) => `${title}: ${from} → ${to}.`),
    ...decided.filter((one) => one.leftOut !== null).map((one) => `${one.title} was left out: ${one.leftOut}`),
  ].join(' ')
  await writeDecided(
    client,
    [{ id, claim, state: runIds.length > 0 ? 'submitted' : 'refused', because, members: decided, actorName: actor.name }],
    at,
  )
  await tellDecided(tx)
  return runIds
}
