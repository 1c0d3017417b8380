import type { JsonObject } from '@/lib/kernel/ground/json'
import type { Gate, GatherContext } from '@/lib/kernel/operation/operation'
import type { ReadPorts } from '@/lib/ports'
import { commandsOf, gatherHerd, type HerdFacts, type Place } from '../facts/instance'
import { firmInstance } from '../facts/instance-head'
import type { NameMove } from '../facts/names'
import { isUnder } from '../facts/peers'
import { clientsWarned, standbysWarned, transactionsWarned } from '../gates/impact'
import { gatherLeaving, returning, targetsAmong } from '../resize/facts'
import { hasUpstream, isStandby, namesLeft, othersLeft } from '../resize/gates'
import { moveNames } from '../steps/dns/move-name'
import { watchResolvers } from '../steps/dns/watch-resolvers'
import { stillNoPrimary } from '../steps/postgres/still'
import { stopPostgres } from '../steps/postgres/stop'
import { catchUp } from '../steps/replication/catch-up'
import { startFollowing } from '../steps/replication/start-following'
import { type StopInput, stopOf } from '../steps/stop-input'

/** A standby that is taken out of its names and stopped, for something that is done to its host, and brought back. */
export type AwayFacts = HerdFacts & {
  input: StopInput
  /** Other instances on the same server. */
  neighbours: string[]
  upstream: Place | null
  leave: NameMove[]
  alone: string[]
}

const self = (facts: AwayFacts) => facts.instance

export const gatherAway = async (ports: ReadPorts, input: StopInput, context: GatherContext): Promise<AwayFacts> => {
  const herd = await gatherHerd(ports, context, input.mode)
  const { serverId, herdId, title } = herd.instance
  const [onServer, members] = await Promise.all([ports.inventory.serverInstances(serverId), ports.inventory.herdInstances(herdId)])
  const names = await gatherLeaving(ports, herdId, targetsAmong(members, herd.others), context.signal)
  const places = members.map((one) => ({ ...one, commands: commandsOf(ports.postgres, one, input.mode) }))
  const upstream = places.find((one) => isUnder(herd.probe, one)) ?? null
  return { ...herd, ...names, input, upstream, neighbours: onServer.filter((one) => one !== title) }
}

export const firmAway = (facts: AwayFacts): JsonObject => ({
  ...firmInstance(facts),
  upstream: facts.upstream?.id ?? null,
  leave: facts.leave,
  neighbours: facts.neighbours,
})

/** `moment`: `while its host reboots`. */
export const awayGates = (moment: string): Gate<AwayFacts>[] => [
  { name: 'upstream', title: 'It streams', look: hasUpstream },
  { name: 'others', title: 'Another standby is left', look: othersLeft },
  { name: 'names', title: 'It can leave its DNS names', look: namesLeft },
  { name: 'clients', title: 'No client connections', look: (facts) => clientsWarned(facts, 'they are cut and have to connect again') },
  { name: 'transactions', title: 'No open transactions', look: (facts) => transactionsWarned(facts, 'they are rolled back') },
  { name: 'standbys', title: 'No standby streams from this instance', look: (facts) => standbysWarned(facts, moment) },
]

export const standbyGate = ({ probe }: AwayFacts) => isStandby(probe)

export const leaveNames = <F extends AwayFacts>() =>
  moveNames<F>(({ leave }) => leave, stillNoPrimary(self), {
    title: 'Leave the DNS names',
    none: 'It shares no DNS name with other members.',
  })

export const watchLeft = <F extends AwayFacts>() => watchResolvers<F>(({ leave }) => leave)

export const stopAway = <F extends AwayFacts>() =>
  stopPostgres<F>(self, { mode: stopOf.mode, timeoutMs: stopOf.timeoutMs, still: stillNoPrimary(self) })

export const startAway = <F extends AwayFacts>() => ({
  ...startFollowing<F>(self, ({ upstream }) => upstream!),
  isRedone: () => true,
})

export const catchUpAway = <F extends AwayFacts>() => catchUp<F>(self, ({ upstream }) => upstream)

export const returnNames = <F extends AwayFacts>() => ({
  ...moveNames<F>(returning, stillNoPrimary(self), { title: 'Return to the DNS names', none: 'It left no DNS name.' }),
  isRedone: () => true,
})
