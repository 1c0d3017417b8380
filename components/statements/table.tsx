import type { StatementOrder } from '@/lib/domain/statements/statement'
import { formatBytes } from '@/lib/domain/values/bytes'
import type { TopStatement } from '@/lib/shapes/statements'
import { lasting, orderWords } from './words'

const count = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const shown: Readonly<Record<StatementOrder, (one: TopStatement) => string>> = {
  totalMs: ({ totalMs }) => lasting(totalMs),
  meanMs: ({ meanMs }) => lasting(meanMs),
  calls: ({ calls }) => count.format(calls),
  rows: ({ rows }) => count.format(rows),
  blocksRead: ({ blocksRead }) => count.format(blocksRead),
  ioMs: ({ ioMs }) => lasting(ioMs),
  tempBlocks: ({ tempBlocks }) => count.format(tempBlocks),
  walBytes: ({ walBytes }) => formatBytes(walBytes),
}
const briefMax = 110
const brief = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > briefMax ? `${line.slice(0, briefMax - 1)}…` : line
}

/** The leading figure has a bar of its share of the whole list; the figure stands beside it. */
export const StatementsTable = ({ statements, order }: { statements: readonly TopStatement[]; order: StatementOrder }) => {
  const total = statements.reduce((sum, one) => sum + one[order], 0)
  const share = (one: TopStatement): number => (total === 0 || order === 'meanMs' ? 0 : (100 * one[order]) / total)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
    <section className="relative overflow-x-auto" tabIndex={0} aria-label="Table: statements">
      <table className="sheet" data-density="dense">
        <thead>
          <tr>
            <th scope="col">Statement</th>
            {(Object.keys(orderWords) as StatementOrder[]).map((name) => (
              <th key={name} scope="col" className="n" aria-sort={name === order ? 'descending' : undefined}>
                {orderWords[name]}
              </th>
            ))}
            <th scope="col">Database</th>
            <th scope="col">User</th>
          </tr>
        </thead>
        <tbody>
          {statements.map((one) => (
            <tr key={`${one.queryId} ${one.database} ${one.user}`}>
              <td className="statements-text">
                <details>
                  <summary>
                    <code>{brief(one.text)}</code> {one.isAtMost && <small>at most</small>}
                  </summary>
                  <pre>{one.text}</pre>
                  <small>queryid {one.queryId}</small>
                </details>
              </td>
              {(Object.keys(orderWords) as StatementOrder[]).map((name) => (
                <td key={name} className="n">
                  {shown[name](one)}
                  {name === order && order !== 'meanMs' && (
                    <span className="statements-share" aria-hidden="true">
                      <span style={{ width: `${share(one).toFixed(1)}%` }} />
                    </span>
                  )}
                </td>
              ))}
              <td>{one.database}</td>
              <td>{one.user}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
