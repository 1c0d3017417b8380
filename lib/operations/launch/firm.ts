import { digestOf } from '@/lib/kernel/ground/digest'
import { notAsked } from '@/lib/kernel/operation/only-when'
import type { LaunchFacts } from './facts'
import { sayChoice } from './machine'

/** What a person who read the plan of a launch relies on, of a primary as of a standby. */
export const firmLaunch = ({ launch, place, images, taken }: LaunchFacts) => {
  const [first] = launch.choices
  return {
    blueprint: digestOf({ ...launch.blueprint, hasPassword: launch.hasPassword }),
    account: launch.account?.id ?? null,
    herd: launch.herd?.id ?? null,
    place,
    images,
    first: first === undefined ? null : sayChoice(first),
    taken,
  }
}

export const hasVolume = ({ launch }: Pick<LaunchFacts, 'launch'>): boolean =>
  launch.blueprint.storage !== 'local' && launch.blueprint.storageGb !== null

/** Where a step on the volume applies. */
export const ifVolume = {
  when: hasVolume,
  otherwise: notAsked('The blueprint asks for no volume: the data lie on the system disk.'),
}
