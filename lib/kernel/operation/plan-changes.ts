import { canonicalJson, type Json } from '../ground/json'
import type { Plan, PlanTarget } from './plan'
import { effectWords, verdictWords } from './verdict'

export interface PlanChange {
  /** null: it concerns the whole plan. */
  targetId: string | null
  title: string
  what: 'added' | 'removed' | 'eligible' | 'excluded' | 'reason' | 'now' | 'gate' | 'effect' | 'affected' | 'input' | 'policy'
  /** What it was and what it is; null: it was not there, or is no more. */
  before: string | null
  after: string | null
}

const same = (a: unknown, b: unknown) => canonicalJson(a as Json) === canonicalJson(b as Json)

/** What a person must read again after something changed: the differences that show, target by target, in the order of the new plan. */
export const planChanges = (before: Plan, after: Plan): PlanChange[] => {
  const changes: PlanChange[] = []
  if (!same(before.input, after.input))
    changes.push({
      targetId: null,
      title: after.title,
      what: 'input',
      before: JSON.stringify(before.input),
      after: JSON.stringify(after.input),
    })
  if (!same(before.policy, after.policy))
    changes.push({
      targetId: null,
      title: after.title,
      what: 'policy',
      before: JSON.stringify(before.policy),
      after: JSON.stringify(after.policy),
    })
  const old = new Map(before.targets.map((target) => [target.id, target]))
  for (const target of after.targets) {
    const was = old.get(target.id)
    if (was === undefined) changes.push({ targetId: target.id, title: target.title, what: 'added', before: null, after: target.title })
    else changes.push(...targetChanges(was, target))
  }
  const kept = new Set(after.targets.map((target) => target.id))
  for (const target of before.targets)
    if (!kept.has(target.id)) changes.push({ targetId: target.id, title: target.title, what: 'removed', before: target.title, after: null })
  return changes
}

const targetChanges = (was: PlanTarget, is: PlanTarget): PlanChange[] => {
  const about = { targetId: is.id, title: is.title }
  const changes: PlanChange[] = []
  if (was.eligible !== is.eligible)
    changes.push({ ...about, what: is.eligible ? 'eligible' : 'excluded', before: was.reason, after: is.reason })
  else if (was.reason !== is.reason) changes.push({ ...about, what: 'reason', before: was.reason, after: is.reason })
  const pairs = (
    what: PlanChange['what'],
    before: readonly { key: string; text: string }[],
    after: readonly { key: string; text: string }[],
  ) => {
    const texts = new Map(before.map(({ key, text }) => [key, text]))
    for (const { key, text } of after) {
      const old = texts.get(key)
      if (old !== text) changes.push({ ...about, what, before: old ?? null, after: text })
      texts.delete(key)
    }
    for (const text of texts.values()) changes.push({ ...about, what, before: text, after: null })
  }
  const nows = (target: PlanTarget) => target.now.map(({ label, value }) => ({ key: label, text: `${label}: ${value}` }))
  const gates = (target: PlanTarget) =>
    target.gates.map((gate) => ({
      key: gate.name,
      text: `${gate.title}: ${verdictWords[gate.verdict]}${gate.because ? `, ${gate.because}` : ''}`,
    }))
  const effects = (target: PlanTarget) =>
    target.effects.map((effect) => ({ key: effect.name, text: `${effect.preview} (${effectWords[effect.state]})` }))
  const affected = (target: PlanTarget) => target.affected.map((one, index) => ({ key: `${one.kind}${index}`, text: one.sentence }))
  pairs('now', nows(was), nows(is))
  pairs('gate', gates(was), gates(is))
  pairs('effect', effects(was), effects(is))
  pairs('affected', affected(was), affected(is))
  return changes
}
