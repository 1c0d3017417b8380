import type { ReactNode } from 'react'
import { Field } from '@/components/ui/field'

/** Words that are typed out, so that nobody confirms by habit. */
export const TypedPhrase = ({
  label,
  error,
  value,
  onChange,
}: {
  label: ReactNode
  error?: string
  value: string
  onChange: (value: string) => void
}) => (
  <Field label={label} error={error}>
    {(ids) => (
      <input
        {...ids}
        className="input max-w-96 font-mono"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    )}
  </Field>
)
