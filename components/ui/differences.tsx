import type { ReactNode } from 'react'

/** Before and after, one row a field; of what is new there is no before. Values come ready to show. */
export const Differences = ({
  rows,
  before = 'Before',
  after = 'After',
  isNew = false,
}: {
  rows: readonly { field: string; before: ReactNode; after: ReactNode }[]
  before?: string
  after?: string
  isNew?: boolean
}) => (
  <div className="overflow-x-auto">
    <table className="plain">
      <thead>
        <tr>
          <th scope="col">Field</th>
          {!isNew && <th scope="col">{before}</th>}
          <th scope="col">{isNew ? 'Value' : after}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.field}>
            <th scope="row">{row.field}</th>
            {!isNew && (
              <td className="was">
                <del>{row.before}</del>
              </td>
            )}
            <td className={isNew ? undefined : 'is'}>{isNew ? row.after : <ins>{row.after}</ins>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
)
