import { counted } from '@/lib/domain/values/counted'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, unknown, warn } from '@/lib/kernel/operation/verdict'
import { isDown } from '../../facts/instance'
import { sayChoice } from '../machine'
import { canStop, isFresh, type RestFacts, type RestMember } from './facts'

const titles = (members: readonly RestMember[]): string => members.map(({ place }) => place.title).join(', ')

export const isLaunched = ({ launch }: RestFacts): Verdict => {
  if (launch.account === null) return refuse('It names no cloud account. Choose the one that it was launched in.')
  return launch.herd === null ? refuse('No herd was launched from it.') : passBecause(`The herd ${launch.herd.name} was.`)
}

/** Every member belongs to the launch, and what it has on AWS is known. */
export const isSeen = ({ launch, unseen, members }: RestFacts): Verdict => {
  if (launch.herd === null) return unknown('There is no herd.')
  if (unseen !== null) return unknown(unseen)
  const foreign = members.filter(({ number }) => number === null)
  if (foreign.length > 0) return refuse(`${titles(foreign)}: on a server that was not launched with it.`)
  const lost = members.filter(({ machine, volume }) => machine === null && volume === null)
  return lost.length > 0
    ? refuse(`${titles(lost)}: neither machine nor volume is there any more. Remove the member, or restore the herd from a backup.`)
    : passBecause(members.map(({ machine, volume }) => machine?.id ?? volume!.id).join(', '))
}

/** The data stay when the machines go. */
export const areKept = ({ members }: RestFacts): Verdict => {
  const lost = members.filter((one) => one.machine !== null && !canStop(one) && one.volume === null)
  if (lost.length > 0)
    return refuse(
      `${titles(lost)}: on a one-time spot machine, which EC2 cannot stop, and the data lie on its system disk, which goes with it. Launch a standby once the blueprint has a volume or falls back to on-demand, switch over to it, and remove this member.`,
    )
  const moved = members.filter((one) => !canStop(one))
  return moved.length === 0
    ? passBecause('Each machine stops, and keeps its disks.')
    : warn(
        `${titles(moved)}: on a one-time spot machine, which EC2 cannot stop. It is terminated, its volume stays, and Resume attaches it to a new machine.`,
      )
}

export const hasOnePrimary = ({ members }: RestFacts): Verdict => {
  const leading = members.filter(({ probe }) => probe.role === 'primary' && !isDown(probe.state))
  if (leading.length > 1) return refuse(`${titles(leading)} both take writes. Demote one of them first.`)
  const unseen = members.filter(
    ({ machine, probe }) => machine?.state === 'running' && (probe.state === 'unreachable' || probe.state === 'unknown'),
  )
  if (unseen.length > 0) return unknown(`${titles(unseen)} cannot be seen.`)
  const former = members.filter(({ probe }) => isDown(probe.state) && probe.hasStandbySignal === false)
  if (leading.length > 0 && former.length > 0)
    return refuse(`${titles(former)} is down, and would come back as a second primary when its machine starts. Rejoin it first.`)
  const late = members.filter(({ probe }) => probe.role === 'standby' && probe.state === 'online' && probe.upstream?.status !== 'streaming')
  return late.length === 0 ? pass : warn(`${titles(late)} does not stream: it stays behind the primary until it is resumed.`)
}

export const isUnused = ({ members, leading }: RestFacts): Verdict => {
  const clients = members.reduce((sum, { probe }) => sum + (probe.clients ?? 0), 0)
  const said = [
    ...(clients > 0 ? [`${counted(clients, 'client is', 'clients are')} connected, and cut.`] : []),
    ...(leading.length > 0 ? [`${leading.join(' and ')} lead nowhere until it is resumed.`] : []),
  ]
  return said.length === 0 ? pass : warn(said.join(' '))
}

/** Its data can come back as they were left. */
export const canResume = ({ launch, members }: RestFacts): Verdict => {
  if (launch.herd === null) return unknown('There is no herd.')
  const primaries = members.filter(({ isPrimary }) => isPrimary)
  if (primaries.length !== 1)
    return refuse(
      primaries.length === 0
        ? 'Which member was the primary is not known: none was seen as one last.'
        : `${titles(primaries)} were all seen as a primary last.`,
    )
  if (members.every(({ probe }) => probe.state === 'online')) return refuse('It runs.')
  return passBecause(`${titles(primaries)} becomes the primary again.`)
}

export const canRelaunch = ({ members, images }: RestFacts): Verdict => {
  const fresh = members.filter(({ machine }) => machine === null)
  if (fresh.length === 0) return passBecause('Each machine is there, and is started.')
  const without = fresh.filter(({ choices }) => choices.every(({ architecture }) => images[architecture] === undefined))
  if (without.length > 0)
    return refuse(`${titles(without)}: no machine type fits in the zone of its volume, or the region has no image of Debian 13 for it.`)
  return passBecause(fresh.map(({ place, choices }) => `${place.title}: ${sayChoice(choices[0]!)}`).join('; '))
}

/** Whoever was told an address has to be told the next one. */
export const keepsAddresses = ({ launch, members, leading }: RestFacts): Verdict => {
  if (launch.blueprint.isPrivate && !members.some(isFresh)) return passBecause('Machines that were stopped keep their private addresses.')
  const led = leading.length === 0 ? '' : ` ${leading.join(' and ')} must be pointed at them afterwards: Refresh DNS, or the pooler’s own.`
  return warn(`Addresses change. The console, the herd’s security group, certificates and standbys follow; clients use the new ones.${led}`)
}
