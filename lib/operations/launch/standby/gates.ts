import type { Verdict } from '@/lib/kernel/operation/plan'
import { passBecause, refuse, unknown, warn } from '@/lib/kernel/operation/verdict'
import { memberName } from '../facts'
import type { StandbyFacts } from './facts'

export const hasHerd = (facts: StandbyFacts): Verdict => {
  const { launch, taken, members } = facts
  if (launch.herd === null) return refuse('No herd was launched from it. Launch one first.')
  if (taken.length > 0) return refuse(`${taken.join(' and ')} are taken.`)
  return passBecause(`${memberName(facts)} joins ${members.join(', ') || launch.herd.name}.`)
}

export const hasUpstream = ({ launch, upstream, why }: StandbyFacts): Verdict => {
  if (launch.herd === null) return unknown('There is no herd.')
  return upstream === null ? refuse(why ?? 'There is nobody to copy from.') : passBecause(`${upstream.title}.`)
}

export const isSpread = ({ launch, zones }: StandbyFacts): Verdict => {
  if (zones.length === 0) return unknown('In which zones the herd’s machines are is not known.')
  const [first] = launch.choices
  if (first === undefined) return unknown('No machine type fits.')
  const near = launch.choices.filter(({ zone }) => zone !== null && zones.includes(zone))
  if (near.includes(first))
    return warn(`The herd is in ${zones.join(', ')}, and no other zone has a machine that fits: one zone that fails takes both.`)
  return near.length === 0
    ? passBecause(`${first.zone ?? 'A zone that EC2 chooses'}; the herd is in ${zones.join(', ')}.`)
    : passBecause(
        `${first.zone ?? 'A zone that EC2 chooses'}; the herd is in ${zones.join(', ')}. Only where no other zone has a machine to give it is one of these.`,
      )
}
