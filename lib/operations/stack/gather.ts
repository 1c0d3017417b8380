import type { StackDrift } from '@/lib/domain/stack/drift'
import { packagesOf, unitOf } from '@/lib/domain/stack/files'
import { dataDirectoryOf, etcdDirectoryOf, portsOf, type Stack, type StackServer } from '@/lib/domain/stack/stack'
import { addressBytes } from '@/lib/domain/stack/x509'
import { isFault } from '@/lib/kernel/ground/errors'
import { sayWhy } from '@/lib/kernel/ground/fault-text'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { DeclaredStack, InventoryServer, ReadPorts, StackHostSeen } from '@/lib/ports'
import { readStackFile } from '@/lib/shapes/stack-file'
import { stackOf } from '@/lib/shapes/stack-schema'
import type { Plain } from '../facts/instance'
import { compare } from './compare'
import { type BuildFacts, type BuildHost, lookTimeoutMs } from './facts'

export const gatherBuild = async (ports: ReadPorts, _input: unknown, { targetId, signal }: GatherContext): Promise<BuildFacts> => {
  const { file, servers, ...declared } = await ports.stacks.declared(targetId)
  const { stack, problems } = readDeclared(file, servers)
  const herd = stack === null ? null : await ports.inventory.herdIn(declared.environmentId, stack.cluster)
  const hosts = stack === null ? [] : await Promise.all(stack.servers.map((one) => hostOf(ports, declared.id, stack, one, servers, signal)))
  const facts: BuildFacts = {
    declared,
    stack: stack as Plain<Stack> | null,
    problems,
    hosts,
    drift: [],
    otherHerd: herd !== null && !declared.isBuilt ? herd.name : null,
  }
  const isWhole = stack !== null && declared.isBuilt && hosts.every(({ seen }) => seen?.whyNotRoot === null)
  return isWhole ? { ...facts, drift: (await compare(facts, ports, signal)) as Plain<StackDrift>[] } : facts
}

const readDeclared = (text: string, servers: DeclaredStack['servers']): { stack: Stack | null; problems: string[] } => {
  const { file, problems } = readStackFile(text)
  if (file === null) return { stack: null, problems: problems.map(({ field, because }) => `${field}: ${because}`) }
  const stack = stackOf(file, Object.fromEntries(servers.map(({ title, address }) => [title, address.address])))
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
