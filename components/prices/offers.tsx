import type { Catalogue } from '@/lib/domain/prices/catalogue'
import type { ScoredOffer } from '@/lib/domain/prices/choose'
import { storageMonth } from '@/lib/domain/prices/compare'
import { savingOf } from '@/lib/domain/prices/fit'
import { dollars, hourlyDollars, perMonth } from '@/lib/domain/prices/month'
import type { Requirements } from '@/lib/domain/prices/requirements'
import { Sparkline } from './sparkline'

const NotKnown = () => <span className="text-ink-3">not known</span>

const Price = ({ hourUsd }: { hourUsd: number | null }) =>
  hourUsd === null ? (
    <NotKnown />
  ) : (
    <>
      {dollars(perMonth(hourUsd)!)} <span className="text-ink-2">{hourlyDollars(hourUsd)}/h</span>
    </>
  )

const gib = (mib: number) => `${Number((mib / 1024).toFixed(1))} GiB`

/** What fits, best first. */
export const Offers = ({ offers, catalogue, wanted }: { offers: readonly ScoredOffer[]; catalogue: Catalogue; wanted: Requirements }) => {
  const hasStorage = wanted.storage === 'network' && wanted.storageGb !== null
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
    <section className="overflow-x-auto" tabIndex={0} aria-label="Table: offers">
      <table className="sheet">
        <thead>
          <tr>
            <th scope="col">Type</th>
            <th scope="col">Zone</th>
            <th scope="col" className="n">
              vCPUs
            </th>
            <th scope="col" className="n">
              Memory
            </th>
            <th scope="col">Architecture</th>
            <th scope="col" className="n">
              Own disks
            </th>
            <th scope="col" className="n">
              Spot, a month
            </th>
            <th scope="col">Spot, 30 days</th>
            <th scope="col" className="n">
              On-demand, a month
            </th>
            <th scope="col" className="n">
              Saving
            </th>
            <th scope="col" className="n">
              Evictions, a month
            </th>
            {hasStorage && (
              <th scope="col" className="n">
                Volume, a month
              </th>
            )}
            <th scope="col" className="n">
              Score
            </th>
          </tr>
        </thead>
        <tbody>
          {offers.map(({ offer, type, score }) => {
            const place = offer.zone ?? offer.region
            const saving = savingOf(offer)
            const storage = hasStorage ? storageMonth(catalogue, wanted, place) : null
            return (
              <tr key={`${offer.type} ${place}`}>
                <th scope="row">{offer.type}</th>
                <td>{offer.zone ?? `${offer.region}, cheapest`}</td>
                <td className="n">{type.vcpus}</td>
                <td className="n">{gib(type.memoryMib)}</td>
                <td>{type.architectures.join(', ')}</td>
                <td className="n">{type.localStorageGb === null ? 'none' : `${type.localStorageGb} GB`}</td>
                <td className="n">
                  <Price hourUsd={offer.spotUsd} />
                </td>
                <td>
                  <Sparkline days={offer.days} name={`${offer.type} in ${place}`} />
                </td>
                <td className="n">
                  <Price hourUsd={offer.onDemandUsd} />
                </td>
                <td className="n">{saving === null ? <NotKnown /> : `${saving} %`}</td>
                <td className="n">{offer.evictionMax === null ? <NotKnown /> : `up to ${offer.evictionMax} %`}</td>
                {hasStorage && <td className="n">{storage === null ? <NotKnown /> : dollars(storage)}</td>}
                <td className="n">{score ?? <NotKnown />}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
  )
}
