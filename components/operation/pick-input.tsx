'use client'

import { useCallback, useEffect, useState } from 'react'
import { ReferenceInput } from '@/components/fields/reference-input'
import type { FieldIds } from '@/components/ui/field'
import type { InputChoice, InputPick } from '@/lib/kernel/operation/input-pick'
import type { Outcome } from '@/lib/shapes/outcome'
import type { InputField } from './input-fields'
import type { OperateActions } from './shared'

export type FindChoices = OperateActions['choices']

/** What an input may be for these targets; null: not known yet. */
export const useChoices = (of: InputPick, targets: readonly string[] | null, choices: FindChoices): Outcome<InputChoice[]> | null => {
  const [found, setFound] = useState<Outcome<InputChoice[]> | null>(null)
  useEffect(() => {
    let isMine = true
    if (targets !== null)
      choices(of, [...targets]).then(
        (outcome) => isMine && setFound(outcome),
        () => isMine && setFound({ ok: false, code: 'internal.bug', message: 'The console did not answer.', fields: [] }),
      )
    return () => {
      isMine = false
    }
  }, [of, targets, choices])
  return found
}

/** A search field over what the targets of the plan have; a link may have filled it with an id instead of a title. */
export const PickInput = ({
  field,
  of,
  ids,
  value,
  targets,
  choices,
  onChange,
}: {
  field: InputField
  of: InputPick
  ids: FieldIds
  value: string
  /** null: not known yet. */
  targets: readonly string[] | null
  choices: FindChoices
  onChange: (value: string) => void
}) => {
  const found = useChoices(of, targets, choices)
  const find = useCallback(
    async (_field: string, search: string) => {
      if (found === null) return []
      if (!found.ok) throw new Error(found.message)
      const words = search.toLowerCase().split(/\s+/).filter(Boolean)
      return found.value
        .filter(({ title }) => words.every((word) => title.toLowerCase().includes(word)))
        .map((choice) => ({ id: choice.value, title: choice.title, environmentId: null }))
    },
    [found],
  )
  const held = found?.ok ? found.value.find((choice) => choice.value === value || choice.id === value) : undefined
  return (
    <ReferenceInput
      field={{ name: field.name, label: field.label, kind: 'text', required: field.required }}
      ids={ids}
      name={field.name}
      value={value}
      title={held?.title}
      find={find}
      onChange={(next) => onChange(String(next))}
      onBlur={() => {}}
    />
  )
}
