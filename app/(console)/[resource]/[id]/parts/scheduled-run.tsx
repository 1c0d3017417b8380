import { ScheduledSummary } from '@/components/resource/appointments'
import { badgedEnvironments } from '@/db/fleet/environment-badges'
import { findPlan, planEnvironments } from '@/db/runs/plans'
import { getScheduled, type ScheduledRun } from '@/db/runs/scheduled'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { Plan } from '@/lib/kernel/operation/plan'
import { pathOf } from '@/lib/resources'
import { cancelScheduled, moveScheduled } from '../../../actions'
import { mayNotCancel, mayRunAll } from './herd-appointments'
import type { Loaded, ResourceParts } from './part'

/** What a scheduled run is about and what became of it. Its plan is kept as long as it is. */
const Above = async ({ loaded: { actor, record } }: { loaded: Loaded }) => {
  const { id } = record
  const [row, badged] = await Promise.all([getScheduled(actor, id), badgedEnvironments(actor)])
  const asked = await findPlan(row.planId)
  const path = pathOf[row.resource] ?? row.resource
  const targets = (asked?.plan?.targets ?? []).filter((target) => target.eligible)
  const address = `/${path}/run/${row.operation}`
  return (
    <ScheduledSummary
      scheduled={{
        id,
        state: row.state,
        because: row.because,
        at: row.at.toISOString(),
        revision: row.revision,
        plan: asked?.plan && row.state === 'waiting' && mayRunAll(actor, row) ? await timedPlan(row, asked.plan) : null,
        startWithinMinutes: row.startWithinMinutes,
        lacksApproval: asked?.plan?.needsApproval === true && row.approvedBy === null,
        runId: row.runId,
        targets: targets
          .filter(({ environmentId }) => environmentId === null || badged[environmentId])
          .map((target) => ({ id: target.id, title: target.title, href: `/${path}/${target.id}` })),
        environments: row.environmentIds.flatMap((environmentId) => badged[environmentId] ?? []),
        planHref: `${address}?plan=${row.planId}`,
        againHref: `${address}?${askAgain(targets, asked?.input ?? {})}`,
      }}
      mayNot={mayNotCancel(actor, row)}
      cancel={cancelScheduled}
      move={moveScheduled}
    />
  )
}

/** What a new time is judged by. */
const timedPlan = async (row: ScheduledRun, { isDisruptive }: Plan): Promise<Pick<Plan, 'environments' | 'isDisruptive'>> => ({
  isDisruptive,
  environments: (await planEnvironments(row.environmentIds)).map((environment) => ({ ...environment, targets: 1 })),
})

/** The same question as an address; what is no single value is asked on the form. */
const askAgain = (targets: readonly { id: string }[], input: unknown): URLSearchParams => {
  const values = Object.entries(input as JsonObject).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
  return new URLSearchParams([['ids', targets.map(({ id }) => id).join(',')], ...values.map(([name, value]) => [name, String(value)])])
}

export const scheduledRun: ResourceParts = { Above }
