import { plainValue } from '@/components/fields/cells'
import { Differences } from '@/components/ui/differences'
import { Moment } from '@/components/ui/zone'
import type { Json } from '@/lib/kernel/ground/json'
import type { FieldDescription } from '@/lib/kernel/resource/field'

export interface ShownChange {
  id: string
  at: string
  actorName: string
  act: 'add' | 'change' | 'delete'
  /** field → before, after */
  fields: Readonly<Record<string, readonly [Json, Json]>>
}

const words = { add: 'added it', change: 'changed it', delete: 'deleted it' } as const

/** Who changed what, newest first, with before and after. References show the title where it is known. */
export const ChangeList = ({
  changes,
  fields,
  titles,
}: {
  changes: readonly ShownChange[]
  fields: Readonly<Record<string, FieldDescription>>
  /** id → title, for references. */
  titles?: Readonly<Record<string, string>>
}) => (
  <ol className="grid grid-cols-[minmax(0,1fr)] gap-4">
    {changes.map((change) => {
      const entries = Object.entries(change.fields)
      const shown = (name: string, value: Json) =>
        fields[name]?.kind === 'moment' && typeof value === 'string' ? (
          <span className="[&>time]:whitespace-normal">
            <Moment at={value} />
          </span>
        ) : (
          (titles?.[String(value)] ?? plainValue(value, fields[name], 'UTC'))
        )
      return (
        <li key={change.id}>
          <p className="mb-1">
            <strong>{change.actorName}</strong> {words[change.act]} <Moment at={change.at} />
          </p>
          {entries.length > 0 && (
            <Differences
              isNew={change.act === 'add'}
              rows={entries.map(([name, [before, after]]) => ({
                field: fields[name]?.label ?? name,
                before: shown(name, before),
                after: shown(name, after),
              }))}
            />
          )}
        </li>
      )
    })}
  </ol>
)
