import type { ReactNode } from 'react'
import { Field } from './field'

/** A choice among records by their names, kept by whoever shows it. `none`: the words for no choice, sent as an empty string; left out, one must be chosen. */
export const PickField = ({
  label,
  help,
  error,
  isRequired,
  value,
  choices,
  none,
  onPick,
}: {
  label: string
  help?: ReactNode
  error?: string
  isRequired?: boolean
  value: string
  choices: readonly { id: string; name: string }[]
  none?: string
  onPick: (id: string) => void
}) => (
  <Field label={label} help={help} error={error} isRequired={isRequired}>
    {(ids) => (
      <select {...ids} className="input" value={value} onChange={(event) => onPick(event.target.value)}>
        {none !== undefined && <option value="">{none}</option>}
        {choices.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    )}
  </Field>
)
