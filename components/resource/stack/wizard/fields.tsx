'use client'

import type { UseFormReturn } from 'react-hook-form'
import { Field } from '@/components/ui/field'
import type { StackProblem } from '@/lib/domain/stack/stack'
import type { StackDraft } from '@/lib/shapes/stack-draft'

export interface StepProps {
  form: UseFormReturn<StackDraft>
  /** What is wrong now with a field of the cluster file, or with what is below it; told once the step was left. */
  problemOf: (field: string) => string | undefined
}

type TextName = { [K in keyof StackDraft]: StackDraft[K] extends string ? K : never }[keyof StackDraft]

export const firstProblem = (problems: readonly StackProblem[], field: string): string | undefined =>
  problems.find((one) => one.field === field || one.field.startsWith(`${field}.`))?.because

/** `of`: the field of the cluster file. */
export const Line = ({
  step: { form, problemOf },
  name,
  of,
  label,
  help,
  isNumber = false,
  isRequired = false,
}: {
  step: StepProps
  name: TextName
  of: string
  label: string
  help?: string
  isNumber?: boolean
  isRequired?: boolean
}) => (
  <Field label={label} help={help} error={problemOf(of)} isRequired={isRequired}>
    {(ids) => (
      <input
        {...ids}
        {...form.register(name)}
        className={isNumber ? 'input max-w-40 font-mono' : 'input font-mono'}
        inputMode={isNumber ? 'numeric' : 'text'}
        autoComplete="off"
        spellCheck={false}
      />
    )}
  </Field>
)

export const Choice = ({
  step: { form, problemOf },
  name,
  of,
  label,
  help,
  choices,
}: {
  step: StepProps
  name: TextName
  of: string
  label: string
  help?: string
  choices: Readonly<Record<string, string>>
}) => (
  <Field label={label} help={help} error={problemOf(of)}>
    {(ids) => (
      <select {...ids} {...form.register(name)} className="input w-auto">
        {Object.entries(choices).map(([one, words]) => (
          <option key={one} value={one}>
            {words}
          </option>
        ))}
      </select>
    )}
  </Field>
)

export const Rows = ({ children }: { children: React.ReactNode }) => <div className="grid gap-4 sm:grid-cols-2">{children}</div>
