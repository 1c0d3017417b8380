import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { SelectField } from '@/components/ui/select-field'
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
    <SelectField label="Whose value" name="compare" value={query.compare} choices={comparisons} problem={problems.compare} />
    <Field label="Value" error={problems.value}>
      {(ids) => <input {...ids} className="input" name="value" defaultValue={query.value} placeholder="any" autoComplete="off" />}
    </Field>
    <SelectField
      label="Environment"
      name="environment"
      value={query.environment}
      choices={Object.fromEntries([['', 'all'], ...environments.map(({ name }) => [name, name])])}
      problem={problems.environment}
    />
    <SelectField label="Set" name="source" value={query.source} choices={sources} />
    <SelectField label="Pending restart" name="pending" value={query.pending} choices={{ '': 'yes or no', yes: 'yes' }} />
    <Button type="submit" variant="primary">
      Find
    </Button>
  </form>
)
