import { changeOf, keptProblems } from '@/lib/domain/stack/change'
import type { StackDrift } from '@/lib/domain/stack/drift'
import { certificateFiles, packagesOf, unitOf } from '@/lib/domain/stack/files'
import { dataDirectoryOf, etcdDirectoryOf, portsOf, type Stack, type StackServer } from '@/lib/domain/stack/stack'
import { addressBytes } from '@/lib/domain/stack/x509'
import { isFault } from '@/lib/kernel/ground/errors'
import { sayWhy } from '@/lib/kernel/ground/fault-text'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { DeclaredStack, InventoryServer, ReadPorts, StackCluster, StackHostSeen } from '@/lib/ports'
import { readStackFile } from '@/lib/shapes/stack-file'
import { stackOf } from '@/lib/shapes/stack-schema'
import type { Plain } from '../facts/instance'
import { compare } from './compare'
import { etcdNow } from './etcd-now'
import { type BuildFacts, type BuildHost, type BuildLeaver, lookTimeoutMs } from './facts'
import { clusterNow } from './members'

export const gatherBuild = async (ports: ReadPorts, _input: unknown, { targetId, signal }: GatherContext): Promise<BuildFacts> => {
  const { servers, ...declared } = await ports.stacks.declared(targetId)
  const { stack, problems } = readDeclared(declared.file, servers)
  const before = builtBefore(declared.builtFile, servers)
  const herd = stack === null ? null : await ports.inventory.herdIn(declared.environmentId, stack.cluster)
  const hosts = stack === null ? [] : await Promise.all(stack.servers.map((one) => hostOf(ports, declared.id, stack, one, servers, signal)))
  const leaving =
    stack === null
      ? []
      : await Promise.all(changeOf(before, stack).leaving.map((one) => leaverOf(ports, declared.id, one, servers, signal)))
  const facts: BuildFacts = {
    declared,
    stack: stack as Plain<Stack> | null,
    before: before as Plain<Stack> | null,
    problems: [...problems, ...(stack === null ? [] : keptProblems(before, stack)).map(({ field, because }) => `${field}: ${because}`)],
    hosts,
    leaving,
    cluster: null,
    etcd: null,
    drift: [],
    otherHerd: herd !== null && !declared.isBuilt ? herd.name : null,
  }
  if (stack === null || !declared.isBuilt) return facts
  const [cluster, etcd] = await Promise.all([clusterNow(facts, ports, signal), etcdNow(facts, ports, signal)])
  const whole: BuildFacts = { ...facts, cluster: cluster as Plain<StackCluster> | null, etcd }
  const isWhole = hosts.every(({ seen }) => seen?.whyNotRoot === null)
  return isWhole ? { ...whole, drift: (await compare(whole, ports, signal)) as Plain<StackDrift>[] } : whole
}

const addressesOf = (servers: readonly InventoryServer[]): Record<string, string> =>
  Object.fromEntries(servers.map(({ title, address }) => [title, address.address]))

const builtBefore = (text: string | null, servers: readonly InventoryServer[]): Stack | null => {
  const { file } = readStackFile(text ?? '')
  return file === null ? null : stackOf(file, addressesOf(servers))
}

/** What is to be cleaned there is looked at when its turn comes. */
const leaverOf = async (
  ports: ReadPorts,
  stackId: string,
  { name, address, parts }: StackServer,
  servers: readonly InventoryServer[],
  signal: AbortSignal,
): Promise<BuildLeaver> => {
  const server = (servers.find(({ title }) => title === name) ?? null) as Plain<InventoryServer> | null
  const own = { name, address, parts: [...parts], server }
  if (server === null) return { ...own, because: 'It is not registered any more.' }
  try {
    const { whyNotRoot } = await ports.stacks.look(server.address, stackId, {}, { timeoutMs: lookTimeoutMs, signal })
    return { ...own, because: whyNotRoot }
  } catch (error) {
    if (signal.aborted || !isFault(error)) throw error
    return { ...own, because: sayWhy(error) }
  }
}

const readDeclared = (text: string, servers: DeclaredStack['servers']): { stack: Stack | null; problems: string[] } => {
  const { file, problems } = readStackFile(text)
  if (file === null) return { stack: null, problems: problems.map(({ field, because }) => `${field}: ${because}`) }
  const stack = stackOf(file, addressesOf(servers))
  const ill = stack.servers.flatMap(({ name, address }) => {
    if (address === '') return [`servers.${name}: The environment has no server of that name: register it first.`]
    return isIp(address)
      ? []
      : [`servers.${name}: Register it with an IP address, for which its certificate is made; ${address} is a name.`]
  })
  return { stack: ill.length === 0 ? stack : null, problems: ill }
}

const isIp = (address: string): boolean => {
  try {
    return addressBytes(address).length > 0
  } catch {
    return false
  }
}

const hostOf = async (
  ports: ReadPorts,
  stackId: string,
  stack: Stack,
  own: StackServer,
  servers: readonly InventoryServer[],
  signal: AbortSignal,
): Promise<BuildHost> => {
  const server = servers.find(({ title }) => title === own.name)! as Plain<InventoryServer>
  const what = {
    files: certificateFiles(own),
    programs: packagesOf(stack, own).map(({ program }) => program),
    units: own.parts.map((part) => unitOf[part]),
    directories: [
      ...(own.parts.includes('etcd') ? [etcdDirectoryOf(stack)] : []),
      ...(own.parts.includes('postgres') ? [dataDirectoryOf(stack)] : []),
    ],
    listeners: own.parts.flatMap((part) => portsOf(stack, part).map(([, port]) => port)),
  }
  try {
    const seen = await ports.stacks.look(server.address, stackId, what, { timeoutMs: lookTimeoutMs, signal })
    return { name: own.name, server, seen: seen as Plain<StackHostSeen>, because: null }
  } catch (error) {
    if (signal.aborted || !isFault(error)) throw error
    return { name: own.name, server, seen: null, because: sayWhy(error) }
  }
}
