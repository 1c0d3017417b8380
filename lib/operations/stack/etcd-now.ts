import { type EtcdSeenMember, type EtcdWantedMember, forecastEtcd } from '@/lib/domain/stack/etcd-moves'
import { etcdClientUrl, etcdPeerUrl } from '@/lib/domain/stack/files'
import { etcdDirectoryOf, type StackServer, serversWith } from '@/lib/domain/stack/stack'
import { Fault } from '@/lib/kernel/ground/errors'
import type { HostAddress, ReadPorts, StackEtcdMember } from '@/lib/ports'
import { orNull } from '../facts/or-null'
import { addressOf, type BuildFacts, lookTimeoutMs, stackIn } from './facts'

/** An election takes a second or two: a quorum that is missing is looked for so often, every `quorumLookEveryMs`, before it is believed. */
export const quorumLooks = 20
export const quorumLookEveryMs = 500

/** Servers with etcd that answered when the facts were gathered, those that leave as well. */
const askable = (facts: BuildFacts): StackServer[] => {
  const all = [...serversWith(stackIn(facts), 'etcd'), ...(facts.before === null ? [] : serversWith(facts.before, 'etcd'))]
  const answers = (name: string) =>
    facts.hosts.find((one) => one.name === name)?.because === null || facts.leaving.find((one) => one.name === name)?.because === null
  return all.filter(({ name }, index) => answers(name) && all.findIndex((one) => one.name === name) === index)
}

/** The members as the first that answers lists them, the healthy ones asked first; null: none does. */
export const etcdNow = async (facts: BuildFacts, ports: ReadPorts, signal: AbortSignal): Promise<EtcdSeenMember[] | null> => {
  const stack = stackIn(facts)
  const servers = askable(facts)
  const options = { timeoutMs: lookTimeoutMs, signal }
  const healthy = await Promise.all(
    servers.map(async (server) => {
      const isHealthy = ports.stacks.isEtcdHealthy(addressOf(facts, server.name), etcdClientUrl(stack, server), options)
      return { server, isHealthy: (await orNull(isHealthy, signal)) === true }
    }),
  )
  let members: StackEtcdMember[] | null = null
  for (const { server } of [...healthy].sort((a, b) => Number(b.isHealthy) - Number(a.isHealthy)))
    members ??= await orNull(ports.stacks.etcdMembers(addressOf(facts, server.name), etcdClientUrl(stack, server), options), signal)
  return (
    members?.map(({ id, name, peerUrls, isLearner }) => {
      const peerUrl = peerUrls[0] ?? ''
      return { id, name, peerUrl, isLearner, isHealthy: healthy.some((one) => one.isHealthy && etcdPeerUrl(stack, one.server) === peerUrl) }
    }) ?? null
  )
}

/** A healthy member to ask for changes. Throws where there is none. */
export const etcdDoor = (facts: BuildFacts, members: readonly EtcdSeenMember[], but?: string): { host: HostAddress; url: string } => {
  const stack = stackIn(facts)
  const server = askable(facts).find((one) =>
    members.some(({ peerUrl, isHealthy, isLearner }) => isHealthy && !isLearner && peerUrl !== but && peerUrl === etcdPeerUrl(stack, one)),
  )
  if (server === undefined) throw new Fault('shell.failed', { because: 'No member of etcd is healthy.', isOver: true })
  return { host: addressOf(facts, server.name), url: etcdClientUrl(stack, server) }
}

export const etcdWanted = async (facts: BuildFacts, ports: ReadPorts, signal: AbortSignal): Promise<EtcdWantedMember[]> => {
  const stack = stackIn(facts)
  const what = { directories: [etcdDirectoryOf(stack)] }
  return Promise.all(
    serversWith(stack, 'etcd').map(async (server) => {
      const seen = await ports.stacks.look(addressOf(facts, server.name), facts.declared.id, what, { timeoutMs: lookTimeoutMs, signal })
      return { name: server.name, peerUrl: etcdPeerUrl(stack, server), isBare: seen.directories.every(({ state }) => state !== 'taken') }
    }),
  )
}

/** As far as the gathered facts tell. */
export const etcdForecast = (facts: BuildFacts): ReturnType<typeof forecastEtcd> => {
  const stack = stackIn(facts)
  const wanted = serversWith(stack, 'etcd').map((server) => ({
    name: server.name,
    peerUrl: etcdPeerUrl(stack, server),
    isBare:
      facts.hosts
        .find(({ name }) => name === server.name)
        ?.seen?.directories.some(({ path, state }) => path === etcdDirectoryOf(stack) && state !== 'taken') ?? false,
  }))
  return forecastEtcd(facts.etcd ?? [], wanted)
}
