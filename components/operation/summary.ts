import type { Affected, Override, Plan, PlanEnvironment, PlanTarget } from '@/lib/kernel/operation/plan'

export interface GroupedGate {
  title: string
  verdict: 'warn' | 'unknown' | 'refuse'
  /** Every distinct reason with the targets it holds for. */
  reasons: { because: string; targets: PlanTarget[] }[]
  targets: number
}

/** The warnings of the targets that will run, folded so that forty equal ones are one line. */
export const groupGates = (targets: readonly PlanTarget[], verdict: GroupedGate['verdict']): GroupedGate[] => {
  const groups = new Map<string, Map<string, PlanTarget[]>>()
  for (const target of targets)
    for (const gate of target.gates) {
      if (gate.verdict !== verdict) continue
      const reasons = groups.get(gate.title) ?? new Map<string, PlanTarget[]>()
      const because = gate.because ?? ''
      reasons.set(because, [...(reasons.get(because) ?? []), target])
      groups.set(gate.title, reasons)
    }
  return [...groups].map(([title, reasons]) => {
    const listed = [...reasons].map(([because, held]) => ({ because, targets: held })).sort((a, b) => b.targets.length - a.targets.length)
    return { title, verdict, reasons: listed, targets: new Set(listed.flatMap((reason) => reason.targets.map((target) => target.id))).size }
  })
}

export interface AffectedTotal {
  kind: Affected['kind']
  /** Sum of the known counts. */
  count: number
  /** Targets for which the count is not known: the sum is then a lower bound. */
  unknown: number
  sentences: { target: PlanTarget; sentence: string }[]
}

export const totalAffected = (targets: readonly PlanTarget[]): AffectedTotal[] => {
  const totals = new Map<Affected['kind'], AffectedTotal>()
  for (const target of targets)
    for (const affected of target.affected) {
      const total = totals.get(affected.kind) ?? { kind: affected.kind, count: 0, unknown: 0, sentences: [] }
      if (affected.count === null) total.unknown += 1
      else total.count += affected.count
      total.sentences.push({ target, sentence: affected.sentence })
      totals.set(affected.kind, total)
    }
  return [...totals.values()]
}

/** Index of the first effect after which nothing is undone any more; null: there is none. */
export const pointOfNoReturn = (target: PlanTarget): number | null => {
  const index = target.effects.findIndex((effect) => effect.state === 'will-run' && effect.ending.isPointOfNoReturn)
  return index < 0 ? null : index
}

/** Of a rolling operation each part has its own, as its steps are named `part/step`. */
export const pointsOfNoReturn = ({ effects }: PlanTarget): ReadonlySet<number> => {
  const firsts = new Map<string, number>()
  for (const [index, { name, state, ending }] of effects.entries()) {
    const part = name.includes('/') ? name.split('/')[0]! : ''
    if (state === 'will-run' && ending.isPointOfNoReturn && !firsts.has(part)) firsts.set(part, index)
  }
  return new Set(firsts.values())
}

/** True when nothing of a target would run because all of it is already so, or does not apply. Such a target is not eligible, but nothing is wrong with it. */
export const isAlreadySo = (target: PlanTarget): boolean =>
  target.effects.length > 0 && target.effects.every(({ state }) => state !== 'will-run' && state !== 'blocked')

/** The refusals that keep a target out, when a person may overrule each of them; empty: it runs, or no word of a person lets it run. */
export const overridesOf = (target: PlanTarget): Override[] => {
  const refused = target.gates.filter((gate) => gate.verdict === 'refuse')
  return refused.every(({ override }) => override) ? refused.flatMap(({ override }) => override ?? []) : []
}

/** What a page sums up: the targets that will run; where none will, those that would once a person overrules what refuses them. */
export const summedUp = (plan: Plan): { targets: PlanTarget[]; isWouldBe: boolean } => {
  const eligible = plan.targets.filter((target) => target.eligible)
  if (eligible.length > 0) return { targets: eligible, isWouldBe: false }
  return { targets: plan.targets.filter((target) => overridesOf(target).length > 0), isWouldBe: true }
}

/** How often the commonest name occurs. */
const busiest = (names: readonly string[]): number => {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return Math.max(0, ...counts.values())
}

/** Seconds a run over these targets should take by what earlier ones took; null without history. Targets that share a lock take turns; waves are not in it. */
export const estimateSeconds = (plan: Pick<Plan, 'history' | 'policy'>, targets: readonly PlanTarget[]): number | null => {
  if (!plan.history || targets.length === 0) return null
  const onServer = busiest(targets.flatMap((target) => (target.serverId === null ? [] : [target.serverId])))
  const rounds = Math.max(
    Math.ceil(targets.length / plan.policy.parallel),
    Math.ceil(onServer / plan.policy.perServer),
    busiest(targets.flatMap((target) => target.locks)),
  )
  return rounds * plan.history.medianSeconds
}

/** "PROD", "PROD and STAGE", "3 environments": what the button carries. */
export const environmentWords = (plan: Plan): string => {
  const names = plan.environments.filter((environment) => environment.targets > 0).map((environment) => environment.name.toUpperCase())
  if (names.length <= 2) return names.join(' and ')
  return `${names.length} environments`
}

/** Those in which something would run; where nothing would, those of all targets. */
export const hitEnvironments = (plan: Plan): PlanEnvironment[] => {
  const hit = plan.environments.filter((environment) => environment.targets > 0)
  return hit.length > 0 ? hit : plan.environments
}

/** What a failure leaves behind, in one line: whether all is undone, some of it stays and is harmless, or there is a point of no return. */
export const rollback = (targets: readonly PlanTarget[]): string => {
  if (targets.some((target) => pointOfNoReturn(target) !== null))
    return 'Contains a step that cannot be undone; see the point of no return in each target'
  const endings = targets.flatMap(({ effects }) => effects.filter(({ state }) => state === 'will-run').map(({ ending }) => ending.kind))
  if (!endings.includes('final')) return 'Every step can be undone if one fails'
  return endings.every((kind) => kind === 'final')
    ? 'Nothing to undo: its effect is permanent and harmless'
    : 'What matters is undone if a step fails; the rest is permanent and harmless'
}
