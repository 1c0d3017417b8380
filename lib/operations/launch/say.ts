import { dollars, hourlyDollars, hoursPerMonth, notKnown } from '@/lib/domain/prices/month'
import type { LaunchChoice } from '@/lib/ports'
import type { LaunchFacts } from './facts'
import { volumeMonth } from './left'
import { sayChoice } from './machine'

const noPlace = 'Nothing is asked of AWS yet.'

export const sayPriced = (choice: LaunchChoice): string =>
  `${sayChoice(choice)}: ${choice.hourUsd === null ? `price ${notKnown}` : `${hourlyDollars(choice.hourUsd)} per hour, ${dollars(choice.hourUsd * hoursPerMonth)} per month`}`

/** The choices in their order, each with its price. */
export const sayPrices = ({ launch }: LaunchFacts): { label: string; value: string }[] =>
  launch.choices.map((choice, at) => ({ label: at === 0 ? 'First choice' : `Choice ${at + 1}`, value: sayPriced(choice) }))

export const saySource = ({ launch }: LaunchFacts): string =>
  launch.hasSamplePrices
    ? 'partly of the sample that comes with the console: the account’s own were not read'
    : 'as the account’s price lists have them'

export function sayVolumes(facts: LaunchFacts): string {
  const { blueprint } = facts.launch
  const root = `system disk of ${blueprint.rootGb} GB gp3 (${volumeMonth(facts.launch, blueprint.rootGb)})`
  return blueprint.storageGb === null
    ? root
    : `${root}; volume of ${blueprint.storageGb} GB ${blueprint.volumeKind} (${volumeMonth(facts.launch, blueprint.storageGb)})`
}

/** Of the first choice with its volumes. */
export function sayMonth({ launch, place }: LaunchFacts): string {
  const [first] = launch.choices
  if (place === null || first === undefined) return noPlace
  const { storageUsdGbMonth, blueprint } = launch
  if (first.hourUsd === null || storageUsdGbMonth === null) return `price ${notKnown}`
  const gb = blueprint.rootGb + (blueprint.storage === 'local' ? 0 : (blueprint.storageGb ?? 0))
  return `${dollars(first.hourUsd * hoursPerMonth + gb * storageUsdGbMonth)} for machine and volumes; traffic and addresses are not counted`
}
