import { State } from '@/components/ui/state'
import type { ChangeKind } from '@/lib/domain/blueprints/effects'
import { dollars, hourlyDollars } from '@/lib/domain/prices/month'
import { counted } from '@/lib/domain/values/counted'
import type { Tone } from '@/lib/kernel/resource/field'
import type { JudgedBlueprint, JudgedOffer } from '@/lib/shapes/blueprints'

const looks: Readonly<Record<ChangeKind, readonly [Tone, string]>> = {
  nothing: ['neutral', 'Nothing'],
  reload: ['info', 'Reload'],
  restart: ['warn', 'Restart'],
  'new-machine': ['warn', 'New machine'],
  refused: ['bad', 'Refused'],
}

const NotKnown = () => <span className="text-ink-3">not known</span>

/** What the change would do, field by field. */
export const Effects = ({ effects }: Pick<JudgedBlueprint, 'effects'>) => (
  <section aria-label="What the change does" className="grid gap-2">
    <h3 className="font-semibold">What the change does</h3>
    <ul className="grid gap-2">
      {effects.map(({ field, label, kind, because }) => (
        <li key={field} className="grid gap-0.5">
          <span className="flex flex-wrap items-center gap-2">
            {label} <State tone={looks[kind][0]}>{looks[kind][1]}</State>
          </span>
          <span className="text-ink-2 [overflow-wrap:anywhere]">{because}</span>
        </li>
      ))}
    </ul>
  </section>
)

const Month = ({ judged }: { judged: JudgedBlueprint }) => (
  <p>
    {judged.monthUsd === null ? (
      <>
        A month costs: <NotKnown />
      </>
    ) : (
      <>
        About <strong>{dollars(judged.monthUsd)}</strong> a month for {counted(judged.machines, 'machine')} with{' '}
        {judged.machines === 1 ? 'its disks' : 'their disks'}
      </>
    )}
    {judged.rdsMonthUsd !== null && (
      <span className="text-ink-2">; RDS of that size from {dollars(judged.rdsMonthUsd)} without storage and standby</span>
    )}
    .
  </p>
)

const OfferRow = ({ offer }: { offer: JudgedOffer }) => (
  <tr>
    <th scope="row">
      {offer.type}
      <span className="block font-normal text-ink-2">
        {counted(offer.vcpus, 'vCPU')}, {Number(offer.memoryGib.toFixed(1))} GiB
      </span>
    </th>
    <td>{offer.zone ?? `${offer.region}, cheapest`}</td>
    <td className="n">
      {offer.spotUsd === null ? <NotKnown /> : hourlyDollars(offer.spotUsd)}
      <span className="block text-ink-2">{offer.onDemandUsd === null ? '' : `${hourlyDollars(offer.onDemandUsd)} on-demand`}</span>
    </td>
    <td className="n">{offer.evictionMax === null ? <NotKnown /> : `≤ ${offer.evictionMax} %`}</td>
  </tr>
)

const Nothing = ({ nearest }: Pick<JudgedBlueprint, 'nearest'>) => (
  <>
    <p role="status">No machine type fits. The nearest:</p>
    <ul className="grid gap-1">
      {nearest.map(({ type, reasons }) => (
        <li key={type} className="[overflow-wrap:anywhere]">
          <strong>{type}</strong>: {reasons.join('; ')}
        </li>
      ))}
    </ul>
  </>
)

const Tuning = ({ tuning }: Pick<JudgedBlueprint, 'tuning'>) => (
  <details>
    <summary>{counted(tuning.length, 'parameter')} of PostgreSQL on the best of them</summary>
    <dl className="mt-2 grid gap-2">
      {tuning.map(({ name, value, because }) => (
        <div key={name}>
          <dt className="font-mono [overflow-wrap:anywhere]">
            {name} = {value}
          </dt>
          <dd className="text-ink-2">{because}</dd>
        </div>
      ))}
    </dl>
  </details>
)

/** What fits a blueprint, what it costs, and what a change of it would do. */
export const Judged = ({ judged }: { judged: JudgedBlueprint }) => (
  <div className="grid gap-3">
    {judged.effects.length > 0 && <Effects effects={judged.effects} />}
    {judged.total === 0 ? (
      <Nothing nearest={judged.nearest} />
    ) : (
      <>
        <Month judged={judged} />
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard. */}
        <section className="overflow-x-auto" tabIndex={0} aria-label="Table: machines that fit">
          <table className="sheet" data-density="dense">
            <thead>
              <tr>
                <th scope="col">Type</th>
                <th scope="col">Zone</th>
                <th scope="col" className="n">
                  Spot, an hour
                </th>
                <th scope="col" className="n">
                  Evictions
                </th>
              </tr>
            </thead>
            <tbody>
              {judged.offers.map((offer) => (
                <OfferRow key={`${offer.type} ${offer.zone ?? offer.region}`} offer={offer} />
              ))}
            </tbody>
          </table>
        </section>
        <p className="text-ink-2">
          {counted(judged.total, 'offer')} of {counted(judged.fittingTypes, 'type')} fit, best first.{' '}
          {judged.account === null ? 'Prices are the console’s sample.' : `Prices of ${judged.account}`}
          {judged.account !== null && (judged.hasSample ? '; where it knows none, the console’s sample.' : '.')}
        </p>
        <Tuning tuning={judged.tuning} />
      </>
    )}
  </div>
)
