import { serversWith } from '@/lib/domain/stack/stack'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, unknown, warn } from '@/lib/kernel/operation/verdict'
import { etcdForecast } from './etcd-now'
import { type BuildFacts, stackIn } from './facts'
import { isGood, leads } from './members'

const nobodyLeaves = passBecause('No member leaves.')

/** What a lost host holds nobody deletes, so nobody must start it where it could reach the others. */
export const leaversAnswer = ({ leaving }: BuildFacts): Verdict => {
  const lost = leaving.filter(({ because }) => because !== null)
  if (leaving.length === 0) return passBecause('No server loses a part.')
  if (lost.length === 0) return passBecause(`${leaving.map(({ name, parts }) => `${name}: ${parts.join(', ')}`).join('; ')}.`)
  return warn(
    `${lost.map(({ name, because }) => `${name}: ${because}`).join(' ')} The cluster goes on without; nothing is deleted there. Do not let it back on the network before its data and certificates are deleted.`,
  )
}

export const leaderStays = ({ stack, leaving, cluster }: BuildFacts): Verdict => {
  if (stack === null || !leaving.some(({ parts }) => parts.includes('postgres'))) return nobodyLeaves
  const leader = cluster?.members.find(leads)?.name
  if (leader === undefined) return unknown('Patroni has no leader. Repair the cluster first, then build again.')
  return serversWith(stack, 'postgres').some(({ name }) => name === leader)
    ? passBecause(`${leader} is primary, and stays.`)
    : refuse(`${leader} is primary. Switch over to a member that stays (Switch over on the herd’s page), then build again.`)
}

/** Someone who stays, or comes before anybody leaves, must be able to be what commits wait for. */
export const standbyStays = ({ stack, before, leaving, cluster }: BuildFacts): Verdict => {
  if (stack === null || cluster === null || !leaving.some(({ parts }) => parts.includes('postgres'))) return nobodyLeaves
  if (stack.postgres.synchronous === 'off') return passBecause('Commits wait for no standby.')
  const stays = serversWith(stack, 'postgres').filter(({ name }) => !cluster.members.some((one) => one.name === name && leads(one)))
  const streams = stays.filter(({ name }) => cluster.members.some((one) => one.name === name && isGood(one)))
  if (streams.length > 0) return passBecause(`${streams.map(({ name }) => name).join(', ')} can be the synchronous standby.`)
  const comes = stays.filter(({ name }) => !before?.servers.some((one) => one.name === name && one.parts.includes('postgres')))
  if (comes.length > 0) return passBecause(`${comes.map(({ name }) => name).join(', ')} is cloned before anybody leaves.`)
  const gone = leaving.filter(({ parts }) => parts.includes('postgres')).map(({ name }) => name)
  return refuse(
    `${gone.join(', ')} is the last standby that commits can wait for: ${stays.map(({ name }) => name).join(', ')} does not follow. Repair that one, or add another member, then build again.`,
  )
}

export const quorumStays = (facts: BuildFacts): Verdict => {
  if (facts.stack === null || !facts.declared.isBuilt) return pass
  if (facts.etcd === null)
    return refuse('No member of etcd answers. Start members until a majority of them is healthy, or restore a snapshot.')
  const { join, leave, refused } = etcdForecast(facts)
  if (refused !== null) return refuse(refused)
  const healthy = facts.etcd.filter(({ isHealthy }) => isHealthy).length
  return passBecause(
    join.length + leave.length === 0
      ? `${healthy} of ${serversWith(stackIn(facts), 'etcd').length} members are healthy.`
      : 'A majority of its members is healthy before and after each change.',
  )
}
