import { State } from '@/components/ui/state'
import { sayCondition } from '@/lib/kernel/resource/condition'
import type { FieldDescription } from '@/lib/kernel/resource/field'
import type { ResourceDescription } from '@/lib/kernel/resource/resource'

const kindWords: Record<FieldDescription['kind'], string> = {
  text: 'text',
  longText: 'text, several lines',
  hostname: 'host name',
  path: 'absolute path',
  port: 'port',
  integer: 'whole number',
  bytes: 'size (1GB)',
  seconds: 'duration (5m)',
  flag: 'yes or no',
  secret: 'secret, never shown',
  choice: 'one of a few',
  moment: 'time',
  lsn: 'WAL position',
  tags: 'list',
  reference: 'reference',
  json: 'JSON',
}

/** Every field: its name in addresses and in the API, what it holds, who sets it. */
export const FieldHelp = ({ resource }: { resource: ResourceDescription }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
  <section className="overflow-x-auto" tabIndex={0} aria-label="Table: fields">
    <table className="plain">
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Name</th>
          <th scope="col">Holds</th>
          <th scope="col">Set by</th>
          <th scope="col">Meaning</th>
        </tr>
      </thead>
      <tbody>
        {Object.values(resource.fields).map((field) => (
          <tr key={field.name} id={`field-${field.name}`}>
            <th scope="row" className="whitespace-nowrap">
              {field.label}
            </th>
            <td>
              <code>{field.name}</code>
            </td>
            <td>
              {kindWords[field.kind]}
              {field.kind === 'choice' && (
                <ul className="mt-1 flex flex-wrap gap-x-3">
                  {field.choices.map((choice) => (
                    <li key={choice.value}>{choice.tone ? <State tone={choice.tone}>{choice.value}</State> : choice.value}</li>
                  ))}
                </ul>
              )}
            </td>
            <td className="whitespace-nowrap">
              {field.observed ? 'observed' : resource.form.includes(field.name) ? 'people' : 'the console'}
            </td>
            <td>{[field.help, sayCondition(resource.fields, field)].filter(Boolean).join(' ')}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </section>
)
