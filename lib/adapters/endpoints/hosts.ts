import { typeBehind } from '@/lib/domain/machines/classes'
import type { ManagersSeen } from '@/lib/domain/managers/manager'
import { GiB, MiB } from '@/lib/domain/values/bytes'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { DbFigures, DbInstanceSeen, HostAddress, HostFacts } from '@/lib/ports'
import type { EndpointSource } from '@/lib/ports/endpoints'
import type { Hosts } from '../hosts'
import { checkTitles } from '../hosts/check'
import { type Deadline, deadlineIn } from '../ssh/deadline'
import { noHost } from './index'
import { knock } from './tls'

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
    const { timeoutMs, signal, ports = [] } = options
    const deadline = deadlineIn(timeoutMs * knockShare, signal)
    const [knocked, standing] = await Promise.all([knockAt(host, ports, deadline), tried(() => source.standing(host, options))])
    const isKnown = standing !== null && !('fault' in standing)
    const answered = ports.length === 0 && isKnown ? await knockAt(host, [standing.port], deadline) : knocked
    const away = isAway(standing, answered)
    const figures = isKnown ? await tried(() => source.figures(host, options)) : null
    const facts = factsOf(host, dataDirectories, isKnown ? standing : null, figures !== null && !('fault' in figures) ? figures : null)
    return away === null ? facts : { ...facts, away }
  },
})

/** The share of the time that an endpoint has to answer. */
const knockShare = 0.6

/** null: one of them answers; a reason: none does; `unasked`: there is none. */
const knockAt = async (host: HostAddress, ports: readonly number[], deadline: Deadline): Promise<Fault | null | 'unasked'> => {
  if (ports.length === 0) return 'unasked'
  const asked = await Promise.all(
    ports.map((port) =>
      knock(host, port, deadline).then(
        () => null,
        (error: unknown) => {
          if (!isFault(error, 'shell.unreachable') || deadline.signal?.aborted) throw error
          return error
        },
      ),
    ),
  )
  return asked.find((one) => one === null) === null ? null : asked[0]!
}

/**
 * Nobody says of an endpoint that it is reachable because nothing was heard of it. One that RDS stopped is looked at all the same: its servers are what RDS
 * says of them. Throws `shell.unreachable` where it should answer and does not.
 */
const isAway = (standing: DbInstanceSeen | { fault: string } | null, answered: Fault | null | 'unasked'): HostFacts['away'] | null => {
  if (answered === null) return null
  const said =
    standing === null
      ? 'No DB instance of a cloud account is tied to it.'
      : 'fault' in standing
        ? `RDS did not say how it is: ${standing.fault}`
        : `RDS says that it is ${standing.status}.`
  if (standing !== null && !('fault' in standing) && stateByRds(standing) !== null) return { state: 'unreachable', because: said }
  if (answered === 'unasked') return { state: 'unknown', because: said }
  throw new Fault('shell.unreachable', { isOver: true, host: answered.facts.host, because: `${answered.message} ${said}` })
}

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
