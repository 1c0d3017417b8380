'use client'

import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Note } from '@/components/ui/note'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { Override, PlanTarget } from '@/lib/kernel/operation/plan'
import { overridesOf } from './summary'
import { TypedPhrase } from './typed-phrase'

const isTyped = (typed: string | undefined, { words }: Override) => typed?.trim().toLowerCase() === words.toLowerCase()

/** The input with the typed words added to what stands in it already. */
export const withWords = (input: JsonObject, overrides: readonly Override[]): JsonObject => {
  const next = { ...input }
  for (const { input: name, words } of overrides) {
    const now = typeof next[name] === 'string' ? next[name].split(',').map((one) => one.trim()) : []
    next[name] = [...new Set([...now.filter((one) => one !== ''), words])].join(', ')
  }
  return next
}

/** The refused box of targets that only a person's word keeps out: why, what they answer for, and the button that makes the plan under their word. */
export const Overrule = ({
  targets,
  input,
  isBusy,
  onPlan,
}: {
  targets: readonly PlanTarget[]
  /** Of the plan on the page. */
  input: JsonObject
  isBusy: boolean
  onPlan: (input: JsonObject) => void
}) => {
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>({})
  const open = targets.flatMap((target) =>
    overridesOf(target).map((override) => ({ target, override, key: `${target.id} ${override.input}` })),
  )
  if (open.length === 0) return null
  const answered = open.filter(({ key, override }) => isTyped(typed[key], override)).map(({ override }) => override)
  return (
    <Note
      tone="bad"
      title={open.length === 1 ? `${open[0]!.target.title} is refused` : `${open.length} are refused, unless you overrule it`}
    >
      <form
        className="grid gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          if (answered.length > 0) onPlan(withWords(input, answered))
        }}
      >
        {open.map(({ target, override, key }) => (
          <div key={key} className="grid gap-2">
            <p>{target.reason}</p>
            <TypedPhrase
              label={
                <>
                  {override.pledge} Type <code className="plan-phrase">{override.words}</code>
                </>
              }
              value={typed[key] ?? ''}
              onChange={(text) => setTyped((now) => ({ ...now, [key]: text }))}
            />
          </div>
        ))}
        <div>
          <Button variant="danger" type="submit" disabled={isBusy || answered.length === 0}>
            {open[0]!.override.action}
          </Button>
        </div>
      </form>
    </Note>
  )
}
