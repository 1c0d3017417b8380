import { Field } from './field'

/** A choice among a few, sent with its form under `name`. `choices`: what is sent, and the words for it. */
export const SelectField = ({
  name,
  label,
  value,
  choices,
  problem,
}: {
  name: string
  label: string
  value: string
  choices: Readonly<Record<string, string>>
  problem?: string
}) => (
  <Field label={label} error={problem}>
    {(ids) => (
      <select {...ids} className="input w-auto" name={name} defaultValue={value}>
        {Object.entries(choices).map(([one, words]) => (
          <option key={one} value={one}>
            {words}
          </option>
        ))}
      </select>
    )}
  </Field>
)
