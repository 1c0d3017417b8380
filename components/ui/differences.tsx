import type { ReactNode } from 'react'

/** Before and after, one row a field. Values come ready to show. */
export const Differences = ({
  rows,
  before = 'Before',
  after = 'After',
}: {
  rows: readonly { field: string; before: ReactNode; after: ReactNode }[]
  before?: string
  after?: string
}) => (
  <div className="overflow-x-auto">
    <table className="plain">
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">{before}</th>
          <th scope="col">{after}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.field}>
            <th scope="row">{row.field}</th>
            <td className="was">
              <del>{row.before}</del>
            </td>
            <td className="is">
              <ins>{row.after}</ins>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
)
