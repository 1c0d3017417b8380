import type { EtcdMemberState, EtcdSeen } from '@/lib/domain/managers/etcd'
import { formatBytes } from '@/lib/domain/values/bytes'
import { isFault } from '@/lib/kernel/ground/errors'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse } from '@/lib/kernel/operation/verdict'
import type { EtcdPlace, InventoryInstance, ReadPorts } from '@/lib/ports'
import type { Plain } from '../../facts/instance'
import { type ClusterFacts, clusterNow, gatherCluster } from '../cluster'

/** The etcd of a herd's Patroni, as the first of its members' hosts that could ask it says. */
export type EtcdFacts = ClusterFacts & {
  etcd: Plain<EtcdSeen> | null
  /** Whose host asks it; null: none could. */
  asker: { title: string; place: Plain<EtcdPlace> } | null
  etcdProblem: string | null
}

export const askTimeoutMs = 20_000

export const placeOf = ({ address }: Pick<InventoryInstance, 'address'>): EtcdPlace => ({
  host: address.host,
  dataDirectory: address.dataDirectory,
})

export const gatherEtcd = async (ports: ReadPorts, context: GatherContext): Promise<EtcdFacts> => {
  const facts = await gatherCluster(ports, context)
  let etcdProblem: string | null = facts.why
  for (const one of facts.places)
    try {
      const place = placeOf(one as InventoryInstance)
      const etcd = await ports.etcd.look(place, { timeoutMs: askTimeoutMs, signal: context.signal })
      return { ...facts, etcd: etcd as Plain<EtcdSeen>, asker: { title: one.title, place: place as Plain<EtcdPlace> }, etcdProblem: null }
    } catch (error) {
      if (!isFault(error) || context.signal.aborted) throw error
      etcdProblem = error.message
    }
  return { ...facts, etcd: null, asker: null, etcdProblem: etcdProblem ?? 'No member of it answers.' }
}

export const nameOf = ({ name, id }: Pick<EtcdMemberState, 'name' | 'id'>): string => name || id

export const etcdNow = (facts: EtcdFacts): { label: string; value: string }[] => [
  ...clusterNow(facts),
  ...(facts.etcd?.members ?? []).map((one) => ({
    label: `etcd member ${nameOf(one as EtcdMemberState)}`,
    value: memberSaid(one as EtcdMemberState),
  })),
  { label: 'Alarms', value: facts.etcd === null ? 'not known' : facts.etcd.alarms.map(({ alarm }) => alarm).join(', ') || 'none' },
]

const memberSaid = ({ isUp, isLeader, version, databaseBytes, usedBytes, because }: EtcdMemberState): string => {
  if (!isUp) return because ?? 'does not answer'
  const size =
    databaseBytes === null
      ? 'size not known'
      : `${formatBytes(databaseBytes)}${usedBytes === null ? '' : `, ${formatBytes(usedBytes)} of it in use`}`
  return [isLeader ? 'leader' : 'follower', version, size].filter(Boolean).join(', ')
}

export const etcdAnswers = ({ etcd, etcdProblem }: EtcdFacts): Verdict =>
  etcd === null ? refuse(etcdProblem ?? 'It was not asked.') : passBecause(`It has ${etcd.members.length} members.`)

export const hasQuorum = ({ etcd }: EtcdFacts): Verdict =>
  etcd === null || etcd.hasQuorum ? pass : refuse('No majority of its members answers: bring those that are down back first.')

/** Names of those that do not answer. */
export const downIn = (etcd: Pick<Plain<EtcdSeen>, 'members'> | null): string[] =>
  (etcd?.members ?? []).filter(({ isUp }) => !isUp).map((one) => nameOf(one as EtcdMemberState))
