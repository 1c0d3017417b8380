import type { Moved } from '@/components/operation/operate'
import { scheduledOfPlan } from '@/db/runs/scheduled'
import { getPlan } from '@/jobs/requests'
import { iso } from '@/lib/domain/values/iso'
import { type Actor, isOwn } from '@/lib/kernel/access/access'
import { isFault } from '@/lib/kernel/ground/errors'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { Plan } from '@/lib/kernel/operation/plan'
import { type PlanChange, planChanges } from '@/lib/kernel/operation/plan-changes'
import type { PlanView } from '@/lib/shapes/plan'

/** A stored plan as its page shows it. Throws `record.missing`. */
export const planView = async (actor: Actor, planId: string): Promise<PlanView> => {
  const row = await getPlan(actor, planId)
  const scheduled = await scheduledOfPlan(row.id)
  return {
    id: row.id,
    state: row.state,
    targets: row.targets,
    input: row.input as JsonObject,
    policy: row.policy,
    actorName: row.actorName,
    isOwn: isOwn(actor, row.personId),
    plan: row.plan,
    because: row.because,
    approvalAskedAt: iso(row.approvalAskedAt),
    approvedByName: row.approvedByName,
    approvedAt: iso(row.approvedAt),
    runId: row.runId,
    scheduledId: scheduled?.id ?? null,
    waitsUntil: scheduled?.state === 'waiting' ? scheduled.at.toISOString() : null,
  }
}

const subjects: Partial<Record<PlanChange['what'], string>> = {
  added: 'is new in the plan',
  removed: 'is no longer in the plan',
  eligible: 'will run now',
  excluded: 'is excluded now',
}

const words = ({ what, before, after }: PlanChange): string => {
  const subject = subjects[what]
  if (subject) return after !== null && what === 'excluded' ? `${subject}: ${after}` : subject
  if (before === null) return `now: ${after}`
  if (after === null) return `no longer: ${before}`
  return `was “${bare(before)}”, is now “${bare(after)}”`
}

const bare = (sentence: string) => sentence.replace(/\.$/, '')

/** Of a target that fell out of the plan only that matters, not everything that can no longer be seen of it. */
const telling = (changes: readonly PlanChange[]): PlanChange[] => {
  const excluded = new Set(changes.filter((change) => change.what === 'excluded').map((change) => change.targetId))
  return changes.filter((change) => !excluded.has(change.targetId) || change.what === 'excluded')
}

/** What changed from the plan the person had read; null when that one cannot be read any more. */
export const movedSince = async (actor: Actor, beforeId: string, after: Plan): Promise<Moved | null> => {
  const before = await getPlan(actor, beforeId).catch((error) => {
    if (isFault(error, 'record.missing')) return null
    throw error
  })
  if (!before?.plan) return null
  const moved: Moved = { overall: [], targets: {} }
  const present = new Set(after.targets.map((target) => target.id))
  for (const change of telling(planChanges(before.plan, after))) {
    if (change.targetId !== null && present.has(change.targetId)) {
      moved.targets[change.targetId] ??= []
      moved.targets[change.targetId]!.push(words(change))
    } else moved.overall.push(`${change.title} ${words(change)}`)
  }
  return moved
}
