import type { ReactNode } from 'react'

interface Props {
  /** As it is announced: clusters. */
  name: string
  columns: readonly string[]
  /** The first cell is the row's head. */
  rows: readonly { key: string; cells: readonly ReactNode[] }[]
  /** What stands there where there is none. */
  none: string
  max: number
}

/** Rows in the order given, as many as `max`; how many more there are is said. */
export const ScriptTable = ({ name, columns, rows, none, max }: Props) => {
  if (rows.length === 0) return <p className="prices-said">{none}</p>
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard. */}
      <section className="overflow-x-auto" tabIndex={0} aria-label={`Table: ${name}`}>
        <table className="sheet">
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, max).map(({ key, cells: [head, ...cells] }) => (
              <tr key={key}>
                <th scope="row">{head}</th>
                {cells.map((cell, index) => (
                  <td key={columns[index + 1]}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {rows.length > max && <p className="prices-said">And {rows.length - max} more.</p>}
    </>
  )
}
