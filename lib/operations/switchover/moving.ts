import { notAsked, notNeeded, notPossible, type When } from '@/lib/kernel/operation/only-when'
import type { Place } from '../facts/instance'
import type { NameMove } from '../facts/names'
import { herdAim } from '../steps/poolers/aim'
import type { SwitchoverFacts } from './facts'

/** What the steps of a switchover take of its facts, whoever promotes: the console itself, or the console for Patroni. */

export const primary = (facts: SwitchoverFacts) => facts.primary!
export const candidate = (facts: SwitchoverFacts) => facts.candidate!
export const canary = (facts: SwitchoverFacts) => facts.canary
export const timers = (facts: SwitchoverFacts) => facts.timers

export const ifCanary: When<SwitchoverFacts> = {
  when: (facts) => facts.canary !== null,
  otherwise: ({ noCanary }) => (noCanary === null ? notAsked('No canary was asked for.') : notPossible(noCanary)),
}
export const ifTimers: When<SwitchoverFacts> = {
  when: (facts) => facts.timers.hosts.length > 0,
  otherwise: notNeeded('No pooler is paused, so no timer is needed.'),
}

export const bothServers = (facts: SwitchoverFacts): [Place, Place] => [candidate(facts), primary(facts)]

export const writerNames = ({ names }: SwitchoverFacts): NameMove[] => names.moves

export const readerNames = ({ readers }: SwitchoverFacts): NameMove[] => readers.moves

export const aims = ({ front }: SwitchoverFacts) =>
  front.flatMap(({ pooler, herd, next }) => (next === null ? [] : [herdAim(pooler, herd, next)]))

export const heldDatabases = ({ front }: SwitchoverFacts) =>
  front.map(({ pooler, databases }) => ({ pooler, databases: pooler.herds.length > 1 ? databases : null }))

/** Clients of the poolers that are held while the primary moves. */
export const heldClients = ({ front }: SwitchoverFacts): number =>
  front
    .flatMap(({ seen, databases }) => seen.databases.filter(({ name }) => databases.includes(name)))
    .reduce((sum, { clientsActive, clientsWaiting }) => sum + clientsActive + clientsWaiting, 0)

/** What of the move a plan is held to. */
export const firmMove = ({ primary, primaryProbe, candidate, candidateProbe, names, readers, limits, front }: SwitchoverFacts) => ({
  primary: primary?.id ?? null,
  state: primaryProbe?.state ?? null,
  candidate: candidate?.id ?? null,
  timeline: candidateProbe?.timeline ?? null,
  names: [...names.moves, ...readers.moves].map(({ name, next }) => ({ name, next })),
  limits,
  poolers: front.map(({ pooler, databases, file, next }) => ({
    id: pooler.id,
    address: pooler.address,
    template: pooler.template,
    databases,
    isRight: file !== null,
    next,
  })),
})
