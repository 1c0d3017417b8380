import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import type { BadgedEnvironment } from '@/lib/shapes/environment'
import type { SettingQuery } from '@/lib/shapes/settings'

const comparisons = { not: 'is not', is: 'is', more: 'is more than', less: 'is less than' } as const
const sources = { '': 'anywhere or nowhere', set: 'somewhere', default: 'nowhere (its default)' } as const

/** Sends its fields as the page's address. */
export const FindForm = ({
  query,
  names,
  environments,
  problems,
}: {
  query: SettingQuery
  names: readonly string[]
  environments: readonly BadgedEnvironment[]
  problems: Readonly<Record<string, string>>
}) => (
  <form method="get" className="settings-bar">
    <Field label="Setting" error={problems.name}>
      {(ids) => (
        <>
          <input
            {...ids}
            className="input settings-name"
            name="name"
            list="setting-names"
            defaultValue={query.name}
            maxLength={63}
            autoComplete="off"
          />
          <datalist id="setting-names">
            {names.map((one) => (
              <option key={one} value={one} />
            ))}
          </datalist>
        </>
      )}
    </Field>
    <Select label="Whose value" name="compare" value={query.compare} choices={comparisons} problem={problems.compare} />
    <Field label="Value" error={problems.value}>
      {(ids) => <input {...ids} className="input" name="value" defaultValue={query.value} placeholder="any" autoComplete="off" />}
    </Field>
    <Select
      label="Environment"
      name="environment"
      value={query.environment}
      choices={Object.fromEntries([['', 'all'], ...environments.map(({ name }) => [name, name])])}
      problem={problems.environment}
    />
    <Select label="Set" name="source" value={query.source} choices={sources} />
    <Select label="Pending restart" name="pending" value={query.pending} choices={{ '': 'yes or no', yes: 'yes' }} />
    <Button type="submit" variant="primary">
      Find
    </Button>
  </form>
)

const Select = ({
  label,
  name,
  value,
  choices,
  problem,
}: {
  label: string
  name: string
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
