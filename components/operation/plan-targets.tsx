'use client'

import { useState } from 'react'
import { Button } from '@/components/ui/button'
import type { Plan, PlanTarget } from '@/lib/kernel/operation/plan'
import { worstVerdict } from '@/lib/kernel/operation/verdict'
import { PlanTargetRow } from './plan-target'
import type { Environments } from './shared'

const shownAtFirst = 50
const openAtFirstMax = 2

/** Changed ones first, then excluded, then warned, then in the order they will run: what needs reading is on top. */
const readingOrder =
  (changes: Readonly<Record<string, readonly string[]>>) =>
  (a: PlanTarget, b: PlanTarget): number =>
    rank(a, changes) - rank(b, changes) || a.order - b.order || a.title.localeCompare(b.title)

const rank = (target: PlanTarget, changes: Readonly<Record<string, readonly string[]>>): number =>
  changes[target.id] ? 0 : !target.eligible ? 1 : worstVerdict(target.gates) === 'warn' ? 2 : 3

export const PlanTargets = ({
  plan,
  path,
  environments,
  changes,
}: {
  plan: Plan
  path: string
  environments: Environments
  changes: Readonly<Record<string, readonly string[]>>
}) => {
  const [isAll, setAll] = useState(false)
  const changed = Object.keys(changes).length
  const ordered = [...plan.targets].sort(readingOrder(changes))
  const shown = isAll ? ordered : ordered.slice(0, shownAtFirst)
  return (
    <section className="card" aria-label="Targets">
      <header>
        <h2>Target by target</h2>
        <span className="text-ink-2">what needs your attention first</span>
      </header>
      <ul>
        {shown.map((target) => (
          <PlanTargetRow
            key={target.id}
            target={target}
            path={path}
            environments={environments}
            isOpenAtFirst={plan.targets.length <= openAtFirstMax || (changes[target.id] !== undefined && changed <= openAtFirstMax)}
            changes={changes[target.id] ?? []}
          />
        ))}
      </ul>
      {shown.length < ordered.length && (
        <p className="p-3">
          <Button onClick={() => setAll(true)}>Show all {ordered.length}</Button>
        </p>
      )}
    </section>
  )
}
