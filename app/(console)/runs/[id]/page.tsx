import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { RunPage } from '@/components/run/run-page'
import type { History } from '@/components/run/time-left'
import { PageHeader } from '@/components/shell/page-header'
import { badgedEnvironments } from '@/db/fleet/environment-badges'
import { getRun } from '@/db/runs/runs'
import { scheduledOfRun } from '@/db/runs/scheduled'
import { getPlan } from '@/jobs/requests'
import { requireActor } from '@/lib/auth/actor'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { isFault } from '@/lib/kernel/ground/errors'
import { inputAgain } from '@/lib/kernel/operation/input-again'
import type { Operation, Step } from '@/lib/kernel/operation/operation'
import type { Plan } from '@/lib/kernel/operation/plan'
import { resultsPermission, runPermission } from '@/lib/kernel/operation/run-permission'
import { statementIn } from '@/lib/kernel/operation/statement'
import { describeOperation, operationByName } from '@/lib/operations'
import { moveLineOf } from '@/lib/operations/evidence'
import { pathOf } from '@/lib/resources'
import type { RunView } from '@/lib/shapes/run'
import { askPlan, cancelRun, decideJob, retryFailed } from '../../actions'
import { NotedFault } from '../../noted-fault'

const crumbs = [
  { href: '/', label: 'Fleet' },
  { href: '/runs', label: 'Runs' },
]

export const metadata: Metadata = { title: 'Run' }

/** Its plan, while that is kept; null afterwards. */
const planOf = async (actor: Actor, planId: string | null): Promise<Plan | null> => {
  if (planId === null) return null
  try {
    return (await getPlan(actor, planId)).plan
  } catch (error) {
    if (isFault(error, 'record.missing') || isFault(error, 'access.denied')) return null
    throw error
  }
}

const historyOf = (plan: Plan | null): History | null =>
  plan?.history
    ? { medianSeconds: plan.history.medianSeconds, isSerialInHerd: plan.targets.some((target) => target.locks.length > 0) }
    : null

/** What each step does, of a run of one target. */
const sentencesOf = (plan: Plan | null, { jobs }: RunView): Record<string, string> => {
  const target = jobs.length === 1 ? plan?.targets.find(({ id }) => id === jobs[0]!.targetId) : undefined
  return Object.fromEntries((target?.effects ?? []).map(({ name, preview }) => [name, preview]))
}

/** With the segments that a rolling job leaves out, which its declaration cannot name. */
const stepsKnown = ({ effects, segments }: Operation, plan: Plan | null): readonly Pick<Step, 'name' | 'title' | 'timeoutMs'>[] =>
  segments === undefined
    ? effects
    : [...effects, ...(plan?.targets ?? []).flatMap((target) => target.effects.filter(({ name }) => !name.includes('/')))]

/** The role that may read the rows it answered with; null: this actor may, of one of its environments at least. */
const resultsFor = (actor: Actor, { operation, environmentIds }: RunView): string | null => {
  const known = operationByName(operation)
  const permission = known && resultsPermission(known)
  return !permission || environmentIds.some((id) => mayIn(actor, permission, id)) ? null : permission.role
}

const Page = async ({ params }: { params: Promise<{ id: string }> }) => {
  const [{ id }, actor] = await Promise.all([params, requireActor()])
  try {
    const [run, environments] = await Promise.all([getRun(actor, id), badgedEnvironments(actor)])
    const [scheduled, plan] = await Promise.all([scheduledOfRun(run.id), planOf(actor, run.planId)])
    const operation = operationByName(run.operation)
    if (!operation) notFound()
    const description = describeOperation(operation)
    const permission = runPermission(operation, run.input)
    const hit = run.environmentIds.flatMap((environmentId) => environments[environmentId] ?? [])
    return (
      <>
        <PageHeader
          crumbs={crumbs}
          title={run.title}
          environment={hit}
          subtitle={
            scheduled && (
              <Link href={`/scheduled-runs/${scheduled.id}`} prefetch={false}>
                {scheduled.because === null ? 'scheduled' : 'scheduled, with targets left out'}
              </Link>
            )
          }
        />
        <RunPage
          key={run.id}
          initial={run}
          operation={{
            name: operation.name,
            title: operation.title,
            verb: operation.verb,
            path: pathOf[operation.on] ?? operation.on,
            movesFrom: moveLineOf(operation.name),
            isRolling: operation.segments !== undefined,
            effects: stepsKnown(operation, plan).map(({ name, title, timeoutMs }) => ({
              name,
              title,
              timeoutMs: typeof timeoutMs === 'number' ? timeoutMs : null,
            })),
            gates: [...operation.gates, ...(operation.partGates ?? [])].map(({ name, title }) => ({ name, title })),
          }}
          statement={statementIn(description.input, run.input)}
          environments={environments}
          history={historyOf(plan)}
          sentences={sentencesOf(plan, run)}
          resultsFor={resultsFor(actor, run)}
          mayAct={run.jobsHidden === 0 && run.environmentIds.every((environmentId) => mayIn(actor, permission, environmentId))}
          actions={{
            cancel: cancelRun,
            decide: decideJob,
            retryFailed,
            again: askPlan.bind(null, {
              operation: run.operation,
              targets: run.jobs.map(({ targetId }) => targetId),
              input: inputAgain(description.input, run.input),
              policy: run.policy,
            }),
          }}
        />
      </>
    )
  } catch (error) {
    if (!isFault(error) || error.code === 'internal.bug') throw error
    return <NotedFault fault={error} crumbs={crumbs} />
  }
}

export default Page
