import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { inputInAddress } from '@/components/operation/input-fields'
import { Operate } from '@/components/operation/operate'
import { hitEnvironments } from '@/components/operation/summary'
import { PageHeader } from '@/components/shell/page-header'
import { LinkButton } from '@/components/ui/button'
import { badgedEnvironments } from '@/db/fleet/environment-badges'
import { requireActor } from '@/lib/auth/actor'
import { capital } from '@/lib/domain/values/capital'
import { counted } from '@/lib/domain/values/counted'
import { env } from '@/lib/env'
import { mayIn } from '@/lib/kernel/access/access'
import { isFault } from '@/lib/kernel/ground/errors'
import type { Plan } from '@/lib/kernel/operation/plan'
import { runPermission } from '@/lib/kernel/operation/run-permission'
import { describeOperation, operationByName } from '@/lib/operations'
import { describedResource } from '@/lib/resources/described'
import { approvePlan, askPlan, askPlanApproval, pickInput, schedulePlan, submitPlan } from '../../../actions'
import { NotedFault } from '../../../noted-fault'
import { movedSince, planView } from './plan-row'

interface Props {
  params: Promise<{ resource: string; operation: string }>
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

const actions = {
  ask: askPlan,
  submit: submitPlan,
  schedule: schedulePlan,
  askApproval: askPlanApproval,
  approve: approvePlan,
  choices: pickInput,
}
const one = (value: string | string[] | undefined): string | null => (Array.isArray(value) ? value[0] : value) ?? null

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => ({
  title: operationByName((await params).operation)?.title ?? 'Not found',
})

/** A JSON schema carries methods that do not cross to the browser. */
const plain = <T,>(value: T): T => JSON.parse(JSON.stringify(value))

const titleOf = (verb: string, plan: Plan | null, targets: number | null, noun: readonly [string, string]) =>
  plan?.targets.length === 1
    ? `${verb}: ${plan.targets[0]!.title}`
    : plan && plan.eligible > 0
      ? `${verb}: ${counted(plan.eligible, ...noun)}`
      : targets === null
        ? verb
        : `${verb}: ${counted(targets, ...noun)}`

const OperatePage = async ({ params, searchParams }: Props) => {
  const [{ resource: path, operation: name }, given, actor] = await Promise.all([params, searchParams, requireActor()])
  const described = describedResource(path)
  const operation = operationByName(name)
  if (!described || !operation || operation.on !== described.resource.name) notFound()
  const { resource } = described
  const crumbs = [
    { href: '/', label: 'Fleet' },
    { href: `/${path}`, label: capital(resource.noun[1]) },
  ]
  const description = plain(describeOperation(operation))
  const planId = one(given.plan)
  const beforeId = one(given.before)
  try {
    const [environments, row] = await Promise.all([badgedEnvironments(actor), planId === null ? null : planView(actor, planId)])
    const plan = row?.plan ?? null
    const permission = runPermission(operation, row?.input ?? {})
    const mayApprove =
      plan?.environments.every((environment) => environment.targets === 0 || mayIn(actor, permission, environment.id)) ?? false
    return (
      <>
        <PageHeader
          crumbs={crumbs}
          title={titleOf(operation.verb, plan, row?.targets.length ?? null, resource.noun)}
          environment={plan && hitEnvironments(plan)}
          actions={
            <LinkButton variant="quiet" href={`/${path}/help#${operation.name}`}>
              Help
            </LinkButton>
          }
        />
        <Operate
          key={planId ?? 'new'}
          description={description}
          resource={{ name: resource.name, path, noun: resource.noun }}
          environments={environments}
          row={row}
          moved={plan && beforeId ? await movedSince(actor, beforeId, plan) : null}
          mayApprove={mayApprove}
          idsInAddress={one(given.ids)}
          of={one(given.of)}
          inputGiven={inputInAddress(description.input, given)}
          origin={new URL(env().MATRIARCH_URL).origin}
          actions={actions}
        />
      </>
    )
  } catch (error) {
    if (!isFault(error) || error.code === 'internal.bug') throw error
    return <NotedFault fault={error} crumbs={crumbs} />
  }
}

export default OperatePage
