import { type StackServer, serversWith } from '@/lib/domain/stack/stack'
import type { ReadPorts, StackCluster } from '@/lib/ports'
import { orNull } from '../facts/or-null'
import { addressOf, type BuildFacts, lookTimeoutMs, stackIn } from './facts'

export const leads = ({ role }: { role: string }): boolean => ['leader', 'master', 'primary'].includes(role)
export const isGood = (one: StackCluster['members'][number]): boolean =>
  leads(one) ? one.state === 'running' : ['running', 'streaming'].includes(one.state) && one.lag !== null

export const restUrlOf = (facts: BuildFacts, { address }: StackServer): string => `https://${address}:${stackIn(facts).patroni.restPort}`

/** As the first Patroni that answers says; null: none does. */
export const clusterNow = async (facts: BuildFacts, ports: ReadPorts, signal: AbortSignal): Promise<StackCluster | null> => {
  for (const server of serversWith(stackIn(facts), 'postgres')) {
    const options = { timeoutMs: lookTimeoutMs, signal }
    const found = await orNull(ports.stacks.cluster(addressOf(facts, server.name), restUrlOf(facts, server), options), signal)
    if (found !== null && found.members.length > 0) return found
  }
  return null
}

export const primaryNow = async (facts: BuildFacts, ports: ReadPorts, signal: AbortSignal): Promise<StackServer | null> => {
  const cluster = await clusterNow(facts, ports, signal)
  const name = cluster?.members.find((one) => leads(one) && one.state === 'running')?.name
  return stackIn(facts).servers.find((one) => one.name === name) ?? null
}
