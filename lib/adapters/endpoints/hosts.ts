import { typeBehind } from '@/lib/domain/machines/classes'
import type { ManagersSeen } from '@/lib/domain/managers/manager'
import { GiB, MiB } from '@/lib/domain/values/bytes'
import { isFault } from '@/lib/kernel/ground/errors'
import type { DbFigures, DbInstanceSeen, HostAddress, HostFacts } from '@/lib/ports'
import type { EndpointSource } from '@/lib/ports/endpoints'
import type { Hosts } from '../hosts'
import { checkTitles } from '../hosts/check'
import { noHost } from './index'

/** The same hosts, of which endpoints are what RDS and CloudWatch say of them. */
export const endpointHosts = (hosts: Hosts, source: EndpointSource): Hosts => ({
  ...hosts,
  read: {
    ...hosts.read,
    managers: (host, dataDirectories, options) =>
      host.endpoint ? Promise.resolve(managedByRds(host, dataDirectories)) : hosts.read.managers(host, dataDirectories, options),
    check: async (host, options) => {
      if (!host.endpoint) return hosts.read.check(host, options)
      const standing = await tried(() => source.standing(host, options))
      const isKnown = standing !== null && !('fault' in standing)
      // One that is about to be registered is no server yet that a DB instance could be tied to.
      const isNew = host.serverId === ''
      const because = isKnown
        ? `RDS says that it is ${standing.status}.`
        : standing === null
          ? isNew
            ? 'What RDS says of it, and whether its server answers, shows once it is saved.'
            : 'No DB instance of a cloud account is tied to it: register its account with “Look for RDS”.'
          : standing.fault
      const steps = Object.entries(checkTitles).map(([name, title]) => ({
        name: name as keyof typeof checkTitles,
        title,
        ...(name === 'reachable'
          ? { verdict: isKnown ? ('pass' as const) : isNew ? ('skipped' as const) : ('fail' as const), because }
          : { verdict: 'skipped' as const, because: noHost(host).message }),
      }))
      for (const step of steps) options.onStep?.(step)
      return steps
    },
  },
  facts: async (host, dataDirectories, options) => {
    if (!host.endpoint) return hosts.facts(host, dataDirectories, options)
    const standing = await tried(() => source.standing(host, options))
    const isKnown = standing !== null && !('fault' in standing)
    const figures = isKnown ? await tried(() => source.figures(host, options)) : null
    return factsOf(host, dataDirectories, isKnown ? standing : null, figures !== null && !('fault' in figures) ? figures : null)
  },
})

/** What its cloud does not say is not known; its server is asked all the same. */
const tried = async <T>(ask: () => Promise<T>): Promise<T | { fault: string }> => {
  try {
    return await ask()
  } catch (error) {
    if (!isFault(error)) throw error
    return { fault: error.message }
  }
}

export const managedByRds = (host: HostAddress, dataDirectories: readonly string[]): ManagersSeen => ({
  isWhole: true,
  managers: dataDirectories.map((dataDirectory) => ({
    ...{ kind: 'rds', state: 'running', dataDirectory, configPath: null, isReadable: true, cluster: null },
    member: host.address.split('.')[0]!,
    ...{ dcs: null, api: null, version: null, isPaused: null, members: [], history: [] },
  })),
})

const factsOf = (
  host: HostAddress,
  dataDirectories: readonly string[],
  standing: DbInstanceSeen | null,
  figures: DbFigures | null,
): HostFacts => {
  const type = standing === null ? null : typeBehind(standing.class)
  return {
    os: standing === null ? 'Amazon RDS' : `Amazon RDS, ${standing.class}`,
    cpus: type?.vcpus ?? null,
    loadPerCpu: null,
    cpuBusy: null,
    cpuTotal: null,
    cpuPercent: figures?.cpu ?? null,
    memoryBytes: type === null ? null : type.memoryMib * MiB,
    memoryAvailableBytes: figures?.freeMemoryBytes ?? null,
    diskBytes: standing === null ? null : standing.storageGib * GiB,
    diskFreeBytes: figures?.freeStorageBytes ?? null,
    clockOffsetSeconds: null,
    poolers: [],
    managers: managedByRds(host, dataDirectories),
  }
}

/** The state of its server in the words of a probe; null: RDS says that it should answer. */
export const stateByRds = ({ status }: Pick<DbInstanceSeen, 'status'>): 'stopped' | 'stopping' | 'starting' | null => {
  if (status === 'stopped' || status === 'stopping') return status
  return status === 'available' || status === 'storage-optimization' || status === 'backing-up' ? null : 'starting'
}
