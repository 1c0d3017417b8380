import { FieldValue } from '@/components/fields/value'
import { Card } from '@/components/ui/card'
import { Age } from '@/components/ui/zone'
import type { Json } from '@/lib/kernel/ground/json'
import { isApplicable } from '@/lib/kernel/resource/condition'
import type { FieldDescription } from '@/lib/kernel/resource/field'
import type { ResourceDescription } from '@/lib/kernel/resource/resource'
import type { BadgedEnvironment } from '@/lib/shapes/environment'

export interface ShownRecord {
  id: string
  title: string
  values: Readonly<Record<string, Json>>
  references: Readonly<Record<string, { id: string; title: string; resource: string }>>
  observedAt: string | null
  source: string | null
}

const isEmpty = (value: Json | undefined) =>
  value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)

/** Every field of the object, grouped. What was observed carries its age and source; what is empty is said to be, and a group that nobody fills and nothing has filled is left out. */
export const Facts = ({
  resource,
  record,
  environments,
  pathOf,
  leaveOut = [],
}: {
  resource: ResourceDescription
  record: ShownRecord
  environments: Readonly<Record<string, BadgedEnvironment>>
  pathOf: Readonly<Record<string, string>>
  /** Fields that the page shows in its own way. */
  leaveOut?: readonly string[]
}) => (
  <div className={resource.sections.length > 1 ? 'gap-3.5 xl:columns-2' : undefined}>
    {resource.sections.map((section) => {
      const fields = section.fields
        .filter((name) => !leaveOut.includes(name) && isApplicable(resource.fields, name, record.values))
        .map((name) => resource.fields[name])
        .filter((field): field is FieldDescription => field !== undefined)
      const isAllEmpty = fields.every((field) => !resource.form.includes(field.name) && isEmpty(record.values[field.name]))
      if (isAllEmpty && resource.sections.length > 1) return null
      const isObserved = fields.some((field) => field.observed)
      return (
        <Card
          key={section.title}
          title={section.title}
          className="mb-3.5 break-inside-avoid"
          actions={isObserved && <Seen record={record} />}
        >
          <dl className="facts">
            {fields.map((field) => (
              <div key={field.name} className="contents">
                <dt title={field.help}>{field.label}</dt>
                <dd>
                  {isEmpty(record.values[field.name]) ? (
                    <span className="text-ink-3">{field.observed && record.observedAt === null ? 'not known' : (field.empty ?? '–')}</span>
                  ) : field.kind === 'json' ? (
                    <pre className="code">{JSON.stringify(record.values[field.name], null, 2)}</pre>
                  ) : field.kind === 'longText' ? (
                    <span className="whitespace-pre-wrap">{String(record.values[field.name])}</span>
                  ) : (
                    <FieldValue
                      value={record.values[field.name]!}
                      field={field}
                      title={record.references[field.name]?.title}
                      environments={environments}
                      pathOf={pathOf}
                    />
                  )}
                </dd>
              </div>
            ))}
          </dl>
        </Card>
      )
    })}
  </div>
)

const Seen = ({ record }: { record: ShownRecord }) =>
  record.observedAt === null ? (
    <span className="st warn">never seen</span>
  ) : (
    <span className="text-ink-2">
      seen <Age at={record.observedAt} fades />
      {record.source && ` by ${record.source}`}
    </span>
  )
