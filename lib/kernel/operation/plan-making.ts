import type { ReadPorts } from '@/lib/ports'
import { digestOf } from '../ground/digest'
import { isFault } from '../ground/errors'
import { sayWhy } from '../ground/fault-text'
import type { JsonObject } from '../ground/json'
import type { LeftOut } from '../ground/left-out'
import { gatherFacts } from './gathering'
import { deadlineOf, endingKind, type Facts, isPointOfNoReturn, type Operation, type Segment, type Step, stepInSegment } from './operation'
import type { Danger, GateVerdict, Plan, PlanEnvironment, PlannedEffect, PlanTarget, RunPolicy } from './plan'

/** What must be the same when the job starts. */
export const targetDigest = (operation: Operation, targetId: string, facts: Facts): string =>
  digestOf({ operation: operation.name, target: targetId, firm: operation.firm(facts) })

/**
 * Looks at one target and says what would happen to it; nothing can be changed from here. A target that cannot be looked at is excluded with the reason.
 * Throws only when `signal` aborts. `input` is what the operation's schema gave, defaults filled in.
 */
export const makeTargetPlan = async (
  operation: Operation,
  read: ReadPorts,
  input: JsonObject,
  targetId: string,
  signal: AbortSignal,
): Promise<PlanTarget> => {
  try {
    const facts = await gatherFacts(operation, read, input, { targetId, signal })
    return await planFacts(operation, read, targetId, facts, signal)
  } catch (error) {
    if (signal.aborted) throw error
    return unseen(
      operation,
      targetId,
      isFault(error, 'record.missing') ? 'It is not registered any more, or you may not see it.' : sayWhy(error),
    )
  }
}

/** The target of a plan that could not be made: shown and excluded. */
export const unseen = (operation: Operation, targetId: string, reason: string): PlanTarget => ({
  id: targetId,
  title: targetId,
  environmentId: null,
  herdId: null,
  serverId: null,
  now: [],
  eligible: false,
  reason,
  gates: [],
  effects: [],
  affected: [],
  locks: [],
  order: 0,
  digest: digestOf({ operation: operation.name, target: targetId, unseen: true }),
})

const planFacts = async (
  operation: Operation,
  read: ReadPorts,
  targetId: string,
  facts: Facts,
  signal: AbortSignal,
): Promise<PlanTarget> => {
  const gates = operation.gates.map((gate): GateVerdict => {
    const verdict = gate.look(facts)
    const override = verdict.verdict === 'refuse' ? verdict.override : undefined
    return { name: gate.name, title: gate.title, verdict: verdict.verdict, because: verdict.because ?? null, ...(override && { override }) }
  })
  const rolled = operation.segments && (await planSegments(operation.segments(facts), read, signal))
  gates.push(...(rolled?.gates ?? []))
  const refusals = gates.filter((gate) => gate.verdict === 'refuse')
  const refusal = refusals[0]
  // What a person may overrule is read whole before anybody does.
  const isReadable = refusals.every(({ override }) => override !== undefined)
  const effects = isReadable ? (rolled?.effects ?? (await planEffects(operation.effects, facts, read, signal))) : []
  const blocked = effects.find((effect) => effect.state === 'blocked')
  const isNothingToDo = effects.length > 0 && effects.every(({ state }) => state !== 'will-run' && state !== 'blocked')
  const reason = refusal?.because ?? blocked?.because ?? (isNothingToDo ? 'There is nothing to do: it is already in this state.' : null)
  return {
    id: targetId,
    ...operation.about(facts),
    now: operation.now(facts),
    eligible: reason === null,
    reason,
    gates,
    effects,
    affected: isReadable && reason === (refusal?.because ?? null) ? operation.affected(facts) : [],
    ...(operation.dangerSeen && { danger: operation.dangerSeen(facts) }),
    locks: operation.locks(facts),
    order: operation.order(facts),
    digest: targetDigest(operation, targetId, facts),
    ...(operation.lasting ? { lasting: digestOf({ operation: operation.name, target: targetId, lasting: operation.lasting(facts) }) } : {}),
  }
}

/** Every step of every segment. What a later one will find is foretold as it is now, or told from its declaration alone. */
const planSegments = async (
  segments: readonly Segment[],
  read: ReadPorts,
  signal: AbortSignal,
): Promise<Pick<PlanTarget, 'gates' | 'effects'>> => {
  const planned = await Promise.all(segments.map((segment) => planSegment(segment, read, signal)))
  return { gates: planned.flatMap(({ gates }) => gates), effects: planned.flatMap(({ effects }) => effects) }
}

const planSegment = async (
  { key, title, operation, forecast, leftOut, targetId, input }: Segment,
  read: ReadPorts,
  signal: AbortSignal,
): Promise<Pick<PlanTarget, 'gates' | 'effects'>> => {
  const within = <T extends { name: string; title: string }>(one: T): T => ({
    ...one,
    name: stepInSegment(key, one.name),
    title: `${title}: ${one.title}`,
  })
  if (leftOut !== null) return { gates: [], effects: [leftOutEffect({ key, title }, leftOut)] }
  // What is to come of all its steps is said once.
  if (typeof forecast === 'string') {
    const sentence = (at: number) => (at === 0 ? forecast : '')
    return {
      gates: [],
      effects: operation.effects.map((step, at) => within(plannedOf(step, null, { sentence: sentence(at), commands: [] }))),
    }
  }
  const { gates, effects, reason } = await makeTargetPlan(forecast, read, input, targetId, signal)
  // It could not be looked at, so no gate of its own says so.
  const unseen: GateVerdict[] = gates.length > 0 ? [] : [{ name: 'seen', title: 'It can be looked at', verdict: 'refuse', because: reason }]
  return {
    gates: [...gates, ...unseen].map(within),
    effects: effects.map(within),
  }
}

const leftOutEffect = ({ key, title }: Pick<Segment, 'key' | 'title'>, { word, because }: LeftOut): PlannedEffect => ({
  name: key,
  title,
  preview: because,
  commands: [],
  state: word,
  because,
  ending: { kind: 'final', sentence: 'Nothing is done.', isPointOfNoReturn: false },
  timeoutMs: 0,
})

/** As it will run. `facts` null: they are not known yet. */
const plannedOf = (step: Step, facts: Facts | null, { sentence, commands }: ReturnType<Step['preview']>): PlannedEffect => ({
  name: step.name,
  title: step.title,
  preview: sentence,
  commands,
  state: 'will-run',
  because: null,
  ending: {
    kind: endingKind(step.ending),
    sentence: 'final' in step.ending ? step.ending.final : step.ending.sentence,
    isPointOfNoReturn: isPointOfNoReturn(step.ending, facts),
  },
  timeoutMs: facts === null ? (typeof step.timeoutMs === 'number' ? step.timeoutMs : 0) : deadlineOf(step, facts),
})

/** A later step may be blocked only because an earlier one has not run yet, so "blocked" counts only while nothing runs before it. */
const planEffects = async (steps: readonly Step[], facts: Facts, read: ReadPorts, signal: AbortSignal): Promise<PlannedEffect[]> => {
  const founds = await Promise.all(steps.map((step) => step.check(facts, read, { signal, intended: null, mark: null })))
  const planned: PlannedEffect[] = []
  for (const [index, step] of steps.entries()) {
    const found = founds[index]!
    const willBefore = planned.some((effect) => effect.state === 'will-run')
    const isBlocked = found.found === 'blocked' && !willBefore
    const isAlreadySo = found.found === 'done' && !(willBefore && step.isRedone?.(facts))
    planned.push({
      ...plannedOf(step, facts, step.preview(facts)),
      state: found.found === 'left-out' ? found.word : isBlocked ? 'blocked' : isAlreadySo ? 'already-so' : 'will-run',
      because: found.found === 'left-out' || (found.found === 'blocked' && isBlocked) ? found.because : null,
    })
  }
  return planned
}

/**
 * Joins the targets into the plan a person reads and confirms. `history` holds seconds of earlier jobs; `made` is when and how long it took to look.
 * Its digest covers the operation, input, policy, and for every target its firm facts and whether it would run.
 */
export const composePlan = (
  operation: Operation,
  input: JsonObject,
  policy: RunPolicy,
  targets: readonly PlanTarget[],
  environments: readonly Omit<PlanEnvironment, 'targets'>[],
  history: Plan['history'],
  made: { at: Date; inMs: number },
): Plan => {
  const eligible = targets.filter((target) => target.eligible)
  const touched = environments
    .map((environment) => ({ ...environment, targets: eligible.filter((target) => target.environmentId === environment.id).length }))
    .filter((environment) => targets.some((target) => target.environmentId === environment.id))
  const danger = worst([operation.dangerWith(input), ...eligible.flatMap((target) => target.danger ?? [])])
  const isRoutine = danger === 'routine'
  const asksPhrase = operation.asksPhrase(input) || eligible.some((target) => target.danger === 'destructive')
  return {
    operation: operation.name,
    title: operation.title,
    resource: operation.on,
    input,
    policy,
    targets: [...targets],
    eligible: eligible.length,
    excluded: targets.length - eligible.length,
    environments: touched,
    phrase: phraseFor(operation, { isRoutine, asksPhrase }, touched, eligible.length),
    isDisruptive: !isRoutine,
    isReversible: !eligible.some((target) => target.effects.some((one) => one.state === 'will-run' && one.ending.isPointOfNoReturn)),
    needsApproval: !isRoutine && touched.some((one) => one.protection === 'two-person' && one.targets > 0),
    history,
    digest: digestOf({
      operation: operation.name,
      input,
      policy: { ...policy },
      targets: [...targets].sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ id, digest, eligible }) => ({ id, digest, eligible })),
    }),
    madeAt: made.at.toISOString(),
    madeInMs: made.inMs,
  }
}

const dangers: readonly Danger[] = ['routine', 'disruptive', 'destructive']

const worst = (seen: readonly Danger[]): Danger => dangers[Math.max(...seen.map((one) => dangers.indexOf(one)))]!

/** `restart 3 in prod`: what is done, to how many, where. */
const phraseFor = (
  operation: Operation,
  { isRoutine, asksPhrase }: { isRoutine: boolean; asksPhrase: boolean },
  environments: readonly PlanEnvironment[],
  count: number,
): string | null => {
  if (count === 0 || operation.neverAsksPhrase) return null
  const hit = environments.filter((environment) => environment.targets > 0)
  const isProtected = !isRoutine && hit.some((environment) => environment.protection !== 'open')
  if (!isProtected && !asksPhrase) return null
  const where = hit.map((environment) => environment.name).join(', ')
  return `${operation.verb.toLowerCase()} ${count}${where === '' ? '' : ` in ${where}`}`
}
