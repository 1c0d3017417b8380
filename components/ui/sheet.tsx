import type { ReactNode } from 'react'

/** A dense table that scrolls by itself where it is wider than its place. `children`: its rows. */
export const Sheet = ({
  label,
  columns,
  children,
}: {
  label: string
  columns: readonly { text: string; isNumber?: boolean }[]
  children: ReactNode
}) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
  <section className="overflow-x-auto" tabIndex={0} aria-label={`Table: ${label}`}>
    <table className="sheet" data-density="dense">
      <thead>
        <tr>
          {columns.map(({ text, isNumber }) => (
            <th key={text} scope="col" className={isNumber ? 'n' : undefined}>
              {text}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </section>
)
