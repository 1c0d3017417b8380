import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { RunPage } from '@/components/run/run-page'
import type { History } from '@/components/run/time-left'
import { FaultPage } from '@/components/shell/fault-page'
import { PageHeader } from '@/components/shell/page-header'
import { environmentLooks } from '@/db/fleet/environment-badges'
import { getRun } from '@/db/runs/runs'
import { scheduledOfRun } from '@/db/runs/scheduled'
import { getPlan } from '@/jobs/requests'
import { requireActor } from '@/lib/auth/actor'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { isFault } from '@/lib/kernel/ground/errors'
import { runPermission } from '@/lib/kernel/operation/run-permission'
import { statementIn } from '@/lib/kernel/operation/statement'
import { describeOperation, operationByName } from '@/lib/operations'
import { evidenceOf } from '@/lib/operations/evidence'
import { pathOf } from '@/lib/resources'
import { cancelRun, decideJob, retryFailed } from '../../actions'

const actions = { cancel: cancelRun, decide: decideJob, retryFailed }
const crumbs = [
  { href: '/', label: 'Fleet' },
  { href: '/runs', label: 'Runs' },
]

export const metadata: Metadata = { title: 'Run' }

/** What its plan knew of earlier runs, while the plan is kept; null afterwards. */
const historyOf = async (actor: Actor, planId: string | null): Promise<History | null> => {
  if (planId === null) return null
  try {
    const { plan } = await getPlan(actor, planId)
    if (!plan?.history) return null
    return { medianSeconds: plan.history.medianSeconds, isSerialInHerd: plan.targets.some((target) => target.locks.length > 0) }
  } catch (error) {
    if (isFault(error, 'record.missing') || isFault(error, 'access.denied')) return null
    throw error
  }
}

const Page = async ({ params }: { params: Promise<{ id: string }> }) => {
  const [{ id }, actor] = await Promise.all([params, requireActor()])
  try {
    const [run, environments] = await Promise.all([getRun(actor, id), environmentLooks(actor)])
    const scheduled = await scheduledOfRun(run.id)
    const operation = operationByName(run.operation)
    if (!operation) notFound()
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
            isCertified: Object.hasOwn(evidenceOf, operation.name),
            effects: operation.effects.map(({ name, title, timeoutMs }) => ({
              name,
              title,
              timeoutMs: typeof timeoutMs === 'number' ? timeoutMs : null,
            })),
            gates: operation.gates.map(({ name, title }) => ({ name, title })),
          }}
          statement={statementIn(describeOperation(operation).input, run.input)}
          environments={environments}
          history={await historyOf(actor, run.planId)}
          mayAct={run.environmentIds.every((environmentId) => mayIn(actor, permission, environmentId))}
          actions={actions}
        />
      </>
    )
  } catch (error) {
    if (!isFault(error) || error.code === 'internal.bug') throw error
    return <FaultPage fault={error} crumbs={crumbs} />
  }
}

export default Page
