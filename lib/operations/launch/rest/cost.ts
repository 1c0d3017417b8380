import { dollars, hoursPerMonth, notKnown } from '@/lib/domain/prices/month'
import { canStop, isFresh, type RestFacts, type RestMember } from './facts'

/** USD of an hour of the machine that it has, or gets; null: not known. */
const hourOf = ({ launch }: RestFacts, { machine, choices }: RestMember): number | null => {
  if (machine === null) return choices[0]?.hourUsd ?? null
  const same = [...launch.choices, ...launch.standbyChoices].find(({ type, market }) => type === machine.type && market === machine.market)
  return same?.hourUsd ?? null
}

/** A system disk goes with a machine that is terminated. */
const diskGb = ({ launch }: RestFacts, member: RestMember, isUp: boolean): number =>
  (isUp || (member.machine !== null && canStop(member)) ? launch.blueprint.rootGb : 0) + (member.volume?.sizeGb ?? 0)

const monthOf = (facts: RestFacts, isUp: (member: RestMember) => boolean): string => {
  const { storageUsdGbMonth: perGb } = facts.launch
  let sum = 0
  for (const member of facts.members) {
    const hour = isUp(member) ? hourOf(facts, member) : 0
    if (hour === null || perGb === null) return `price ${notKnown}`
    sum += hour * hoursPerMonth + diskGb(facts, member, isUp(member)) * perGb
  }
  return `${dollars(sum)} for machines and volumes`
}

/** What a month costs as it is, and afterwards. */
export const sayCosts = (facts: RestFacts, isStopped: boolean): { label: string; value: string }[] => [
  { label: 'Per month now', value: monthOf(facts, (one) => one.machine !== null && isFresh(one)) },
  { label: isStopped ? 'Per month once stopped' : 'Per month once it runs', value: monthOf(facts, () => !isStopped) },
]
