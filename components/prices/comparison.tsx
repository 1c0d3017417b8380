import type { Cheapest, Comparison as Compared } from '@/lib/domain/prices/compare'
import { dollars, hourlyDollars } from '@/lib/domain/prices/month'

const ways = [
  ['spot', 'Spot machine'],
  ['onDemand', 'On-demand machine'],
  ['rds', 'RDS for PostgreSQL, Single-AZ'],
] as const

/** `61 % less than RDS`; empty where one of them is not known. */
const against = (one: Cheapest | null, other: Cheapest | null): string => {
  if (one === null || other === null || one === other) return ''
  const percent = Math.round(100 * (1 - one.monthUsd / other.monthUsd))
  return percent === 0 ? 'as much' : percent > 0 ? `${percent} % less` : `${-percent} % more`
}

/** The cheapest of each way to run it, for the same requirements. */
export const Comparison = ({ compared }: { compared: Compared }) => (
  <>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard. */}
    <section className="overflow-x-auto" tabIndex={0} aria-label="Table: comparison">
      <table className="sheet">
        <thead>
          <tr>
            <th scope="col">The cheapest</th>
            <th scope="col" className="n">
              A month
            </th>
            <th scope="col" className="n">
              An hour
            </th>
            <th scope="col">Against RDS</th>
            <th scope="col">What and where</th>
          </tr>
        </thead>
        <tbody>
          {ways.map(([way, label]) => {
            const one = compared[way]
            return (
              <tr key={way}>
                <th scope="row">{label}</th>
                <td className="n">{one === null ? <span className="text-ink-3">not known</span> : dollars(one.monthUsd)}</td>
                <td className="n">{one === null ? '' : hourlyDollars(one.hourUsd)}</td>
                <td>{against(one, compared.rds)}</td>
                <td>{one === null ? '' : `${one.name} in ${one.place}`}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
    <p className="prices-said">
      For these requirements, whatever the limits of price and evictions. A month has 730 hours.{' '}
      {compared.storageMonthUsd === null
        ? 'Without storage: RDS has prices of its own for it.'
        : `The volume costs ${dollars(compared.storageMonthUsd)} a month besides; RDS has prices of its own for storage.`}
    </p>
  </>
)
