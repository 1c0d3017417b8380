import type { FieldDescription } from '@/lib/kernel/resource/field'
import type { ResourceDescription } from '@/lib/kernel/resource/resource'

const examplesFor = (field: FieldDescription): string[] => {
  switch (field.kind) {
    case 'choice':
      return field.choices.length > 1 ? [`${field.name}:${field.choices[0]!.value}`, `-${field.name}:${field.choices[1]!.value}`] : []
    case 'bytes':
      return [`${field.name}>1GB`]
    case 'seconds':
      return [`${field.name}>=5m`]
    case 'moment':
      return [`${field.name}<-1h`]
    case 'flag':
      return [`${field.name}:yes`]
    case 'port':
    case 'integer':
      return [`${field.name}:5432`]
    default:
      return []
  }
}

const kindsShown = 6

/** The search box's language, with examples made of this list's own fields. */
export const SearchHelp = ({ resource }: { resource: ResourceDescription }) => {
  const seen = new Set<string>()
  const examples = Object.values(resource.fields)
    .filter((field) => !seen.has(field.kind) && seen.add(field.kind))
    .flatMap(examplesFor)
    .slice(0, kindsShown)
  return (
    <div className="grid max-w-[75ch] gap-2">
      <p>
        Words in the box match the {resource.noun[0]}’s names. <code>field:value</code>, <code>field&gt;value</code> and the like filter; a
        minus in front negates a filter; quotes keep words together; <code>*</code> matches anything. Several words must all match.
      </p>
      {examples.length > 0 && (
        <p>
          For example{' '}
          {examples.map((example, index) => (
            <span key={example}>
              {index > 0 && ', '}
              <code>{example}</code>
            </span>
          ))}
          .
        </p>
      )}
      <p>
        The address holds the whole list: a link shows a colleague the same rows, except those they may not see. A part of a link that this
        list does not know is ignored, and the page says so.
      </p>
      <p>
        Click a header to sort; Shift-click adds another column. Tick rows, Shift-click for a range, then “select all matching”: the
        selection stays what it was at that moment.
      </p>
    </div>
  )
}
