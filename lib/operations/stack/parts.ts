import { etcdClientUrl } from '@/lib/domain/stack/files'
import { type StackPart, type StackServer, serversWith } from '@/lib/domain/stack/stack'
import type { ReadPorts } from '@/lib/ports'
import { orNull } from '../facts/or-null'
import { poolerDoor, proxyDoors } from './doors'
import { addressOf, type BuildFacts, lookTimeoutMs, stackIn } from './facts'
import { clusterNow, isGood, leads } from './members'
import { type PartSpec, setUp } from './part'

const named = (servers: readonly StackServer[]): string => servers.map(({ name }) => name).join(', ')

/** null: all of them are as they should be. Else what is missing, in words. */
type WhyNotUp = PartSpec['whyNotUp']

export const whyEtcdIll: WhyNotUp = async (facts, ports, servers, signal) => {
  const options = { timeoutMs: lookTimeoutMs, signal }
  const healthy = await Promise.all(
    servers.map((server) =>
      orNull(ports.stacks.isEtcdHealthy(addressOf(facts, server.name), etcdClientUrl(stackIn(facts), server), options), signal),
    ),
  )
  const ill = servers.filter((_one, index) => healthy[index] !== true)
  return ill.length === 0 ? null : `etcd is not healthy on ${named(ill)}.`
}

export const setUpEtcd = () =>
  setUp({
    part: 'etcd',
    title: 'Start etcd and wait for its quorum',
    sentence: (servers) =>
      `Start the ${servers.length} members of etcd on ${named(servers)} together, with TLS for clients and peers, and ask each for its health.`,
    whyNotUp: whyEtcdIll,
    timeoutMs: 120_000,
  })

export const setUpPrimary = () =>
  setUp({
    part: 'postgres',
    title: 'Found the cluster on the first member',
    sentence: (servers) =>
      `Start Patroni on ${named(servers)}, which runs initdb and becomes primary. Its dynamic configuration goes into etcd.`,
    among: (servers) => servers.slice(0, 1),
    whyNotUp: async (facts, ports, _servers, signal) => {
      const cluster = await clusterNow(facts, ports, signal)
      return cluster?.members.some((one) => leads(one) && isGood(one)) ? null : 'Patroni has no leader that runs.'
    },
    timeoutMs: 180_000,
  })

export const setUpStandbys = () =>
  setUp({
    part: 'postgres',
    title: 'Clone the other members',
    sentence: (servers) => `Start Patroni on ${named(servers)}: each copies the primary with pg_basebackup and follows it.`,
    among: (servers) => servers.slice(1),
    whyNotUp: whyMembersLate,
    timeoutMs: 600_000,
  })

/** Of a cluster that stands. */
export const setUpMembers = () =>
  setUp({
    part: 'postgres',
    title: 'Bring Patroni’s members to what is declared',
    sentence: (servers) =>
      `Let ${named(servers)} know one another: members that run reload their files, then new ones start, copy the primary with pg_basebackup and follow it.`,
    whyNotUp: whyMembersLate,
    timeoutMs: 3600_000,
  })

const whyMembersLate: WhyNotUp = async (facts, ports, servers, signal) => {
  const cluster = await clusterNow(facts, ports, signal)
  const late = servers.filter(({ name }) => !cluster?.members.some((one) => one.name === name && isGood(one)))
  return late.length === 0 ? null : `${named(late)} ${late.length === 1 ? 'does' : 'do'} not follow yet.`
}

export const setUpPoolers = () =>
  setUp({
    part: 'pooler',
    title: 'Start poolers and log in',
    sentence: (servers) =>
      `Start PgBouncer on ${named(servers)}, pointing to the primary, and log in through each as the application would.`,
    whyNotUp: whyPoolersShut,
    timeoutMs: 90_000,
  })

export const setUpProxies = () =>
  setUp({
    part: 'proxy',
    title: 'Start proxies',
    sentence: (servers) => `Start HAProxy on ${named(servers)}, and log in through the port for writes and the port for reads.`,
    whyNotUp: whyProxiesShut,
    timeoutMs: 90_000,
  })

const firstWhy = async (
  facts: BuildFacts,
  ports: ReadPorts,
  doors: readonly { server: StackServer; door: ReturnType<typeof poolerDoor>; wanted: 'primary' | 'standby' }[],
  signal: AbortSignal,
): Promise<string | null> => {
  const options = { timeoutMs: lookTimeoutMs, signal }
  const answers = await Promise.all(
    doors.map(({ server, door }) => orNull(ports.stacks.door(addressOf(facts, server.name), facts.declared.id, door, options), signal)),
  )
  for (const [index, { door, wanted }] of doors.entries()) {
    const answer = answers[index]
    if (answer === wanted) continue
    if (answer === null || answer === undefined) return `${door.title} was not reached.`
    return typeof answer === 'string' ? `${door.title} leads to a ${answer}, not to a ${wanted}.` : `${door.title}: ${answer.because}.`
  }
  return null
}

const whyPoolersShut: WhyNotUp = (facts, ports, servers, signal) =>
  firstWhy(
    facts,
    ports,
    servers.map((one) => ({ server: one, door: poolerDoor(facts, one), wanted: 'primary' })),
    signal,
  )

const whyProxiesShut: WhyNotUp = (facts, ports, servers, signal) =>
  firstWhy(
    facts,
    ports,
    servers.flatMap((server) => proxyDoors(facts, server).map(({ door, wanted }) => ({ server, door, wanted }))),
    signal,
  )

/** The whole cluster: every member of etcd and of Patroni, and every door. null: all is well. */
export const whyNotWhole = async (facts: BuildFacts, ports: ReadPorts, signal: AbortSignal): Promise<string | null> => {
  const of = (part: StackPart) => serversWith(stackIn(facts), part)
  const reasons = await Promise.all([
    whyEtcdIll(facts, ports, of('etcd'), signal),
    whyMembersLate(facts, ports, of('postgres'), signal),
    whyPoolersShut(facts, ports, of('pooler'), signal),
    whyProxiesShut(facts, ports, of('proxy'), signal),
  ])
  return reasons.find((because) => because !== null) ?? null
}

export const hasPart = (part: 'pooler' | 'proxy') => (facts: BuildFacts) =>
  facts.stack !== null && serversWith(stackIn(facts), part).length > 0
