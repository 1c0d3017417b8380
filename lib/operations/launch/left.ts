import { dollars, hoursPerMonth, notKnown } from '@/lib/domain/prices/month'
import type { InventoryBlueprint, Launched, LaunchedMachine } from '@/lib/ports'

type Priced = Pick<InventoryBlueprint, 'choices' | 'storageUsdGbMonth'>

/** Of a root disk and of a volume in the herd’s region. */
export const volumeMonth = ({ storageUsdGbMonth }: Priced, sizeGb: number): string =>
  storageUsdGbMonth === null ? `price ${notKnown}` : `${dollars(storageUsdGbMonth * sizeGb)} per month`

const machineMonth = ({ choices }: Priced, { type, market }: Pick<LaunchedMachine, 'type' | 'market'>): string => {
  const hour = choices.find((one) => one.type === type && one.market === market)?.hourUsd ?? null
  return hour === null ? `price ${notKnown}` : `${dollars(hour * hoursPerMonth)} per month`
}

/** What there is, by id and with its price; what is on its way out costs nothing and is not named. */
export const sayLaunched = ({ machines, volumes, groups }: Launched, priced: Priced): string[] => [
  ...machines
    .filter(({ state }) => state !== 'terminated' && state !== 'shutting-down')
    .map((one) => `machine ${one.id} (${one.type}, ${one.market}, ${one.zone}, ${one.state}): ${machineMonth(priced, one)}`),
  ...volumes
    .filter(({ state }) => state !== 'deleting')
    .map((one) => `volume ${one.id} (${one.kind}, ${one.sizeGb} GB, ${one.zone}, ${one.state}): ${volumeMonth(priced, one.sizeGb)}`),
  ...groups.map(({ id, name }) => `security group ${id} (${name}): $0.00 per month`),
]

/** The ids of it. */
export const isLeft = (launched: Launched): string[] => [
  ...launched.machines.filter(({ state }) => state !== 'terminated').map(({ id, state }) => `${id} (${state})`),
  ...launched.volumes.map(({ id, state }) => `${id} (${state})`),
  ...launched.groups.map(({ id }) => id),
]
