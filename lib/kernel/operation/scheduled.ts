import type { GateVerdict, Plan, PlanTarget } from './plan'
import { planChanges } from './plan-changes'

export interface LeftOut {
  id: string
  title: string
  because: string
}

/**
 * Holds the plan that a person read and scheduled against the plan as it is at the time, and gives what may run of it. Left out is each target that would
 * have run and must not now: a gate refuses, a gate warns of something the person never read, or it is not what it was. Targets that were excluded when
 * the plan was read stay excluded.
 */
export const asAgreed = (read: Plan, now: Plan): { plan: Plan; leftOut: LeftOut[] } => {
  const agreed = read.targets.filter((target) => target.eligible)
  const current = new Map(now.targets.map((target) => [target.id, target]))
  const leftOut = agreed.flatMap((was) => {
    const is = current.get(was.id)
    const because = is === undefined ? 'It is not registered any more.' : whyNot(was, is, read, now)
    return because === null ? [] : [{ id: was.id, title: is?.title ?? was.title, because }]
  })
  const reasons = new Map(leftOut.map(({ id, because }) => [id, because]))
  const known = new Set(agreed.map(({ id }) => id))
  const targets = now.targets.map((target) => {
    const because = reasons.get(target.id) ?? (known.has(target.id) ? null : (target.reason ?? 'It was excluded when this was scheduled.'))
    return because === null ? target : { ...target, eligible: false, reason: because }
  })
  return { plan: withTargets(now, targets), leftOut }
}

/** What somebody who read the plan had to take into account. */
const isSaid = ({ verdict }: GateVerdict): boolean => verdict === 'warn' || verdict === 'unknown'

const whyNot = (was: PlanTarget, is: PlanTarget, read: Plan, now: Plan): string | null => {
  if (!is.eligible) return is.reason
  const knew = new Set(was.gates.filter(isSaid).map((gate) => gate.name))
  const news = is.gates.find((gate) => isSaid(gate) && !knew.has(gate.name))
  if (news) return `${news.title}: ${news.because}`
  if ((was.lasting ?? was.digest) === (is.lasting ?? is.digest)) return null
  const change = planChanges(read, now).find(({ targetId, what }) => targetId === is.id && (what === 'now' || what === 'effect'))
  if (!change) return 'It has changed since this was scheduled.'
  const before = change.before === null ? '' : ` (it was ${change.before})`
  return `It has changed since this was scheduled: ${change.after ?? 'no longer'}${before}.`
}

/** The same plan for those of its targets that are not named here, each of which is excluded with its reason. */
export const withoutTargets = (plan: Plan, reasons: ReadonlyMap<string, string>): Plan =>
  withTargets(
    plan,
    plan.targets.map((target) => {
      const reason = reasons.get(target.id)
      return reason === undefined ? target : { ...target, eligible: false, reason }
    }),
  )

const withTargets = (plan: Plan, targets: PlanTarget[]): Plan => {
  const eligible = targets.filter((target) => target.eligible)
  return {
    ...plan,
    targets,
    eligible: eligible.length,
    excluded: targets.length - eligible.length,
    environments: plan.environments.map((environment) => ({
      ...environment,
      targets: eligible.filter((target) => target.environmentId === environment.id).length,
    })),
  }
}
