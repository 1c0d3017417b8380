import type { FoundManager } from '@/lib/domain/managers/manager'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { CommandOptions, CommandResult, HostAddress, HostsAct, HostsRead } from '@/lib/ports'
import { type CheckLooks, checkHost } from '../hosts/check'
import { rebootHost } from './cloud'
import { answerPatroni, clustersOn, configText, leaderOf } from './patroni'
import { type Calls, perform, reach } from './world/calls'
import { answering, hostAt } from './world/reached-host'
import type { MemoryHost, World } from './world/world'

const bootIdFile = '/proc/sys/kernel/random/boot_id'

/** The shell of the twin knows directories, no more: `test -d`, and the unforgiving `mkdir` and `rmdir`. */
export const memoryHostsRead = (world: World): HostsRead => {
  const showHostKey: HostsRead['showHostKey'] = async (address, options) => {
    const host = answering(world, address)
    try {
      if (host.power !== 'refuses-key') await reach(world.clock, host, options)
    } catch (error) {
      throw isFault(error, 'shell.timeout') ? new Fault('shell.unreachable', { because: error.message }) : error
    }
    return { fingerprint: host.server.address.hostKey ?? 'SHA256:unknown', keyType: 'ssh-ed25519' }
  }
  const logIn = async (address: HostAddress, options: { timeoutMs: number; signal?: AbortSignal }): Promise<MemoryHost> => {
    const host = hostAt(world, address)
    await reach(world.clock, host, options)
    return host
  }
  return {
    read: async (address, argv, options) => {
      const host = await logIn(address, options)
      const [command, flag, path = ''] = argv
      if (command === 'cat' && flag === bootIdFile) return { ...result(0), stdout: `${host.server.title}-${host.boots}\n1 (init) S 0 0` }
      const packages = packageAnswer(host, argv)
      if (packages !== null) return { ...result(0), stdout: packages }
      if (command === 'test' && flag === '-d') return result(host.directories.has(path) ? 0 : 1)
      return unknownCommand(command, options)
    },
    showHostKey,
    managers: async (address, _dataDirectories, options) => {
      const { managers, areHidden } = await logIn(address, options)
      return { isWhole: !areHidden, managers: areHidden ? [] : managers.map((one) => ({ ...one })) }
    },
    patroniClusters: async (address, options) => clustersOn(world, await logIn(address, options)),
    patroniLeader: async (address, dataDirectory, options) => leaderOf(world, ownPatroni(await logIn(address, options), dataDirectory)),
    patroniConfig: async (address, dataDirectory, options) => configText(world, ownPatroni(await logIn(address, options), dataDirectory)),
    watchRole: async (address, dataDirectory, { onRole, ...options }) => {
      const host = await logIn(address, options)
      const own = [...world.instances.values()].find((one) => one.host === host && one.inventory.address.dataDirectory === dataDirectory)
      onRole(own === undefined || own.state !== 'running' ? 'none' : own.hasStandbySignal ? 'standby' : 'primary')
    },
    endPauseCommand: async (dataDirectory, key, seconds) => ['end-pause', dataDirectory, key, String(seconds)],
    check: (address, options) =>
      checkHost(address, options, {
        showHostKey: () => showHostKey(address, options),
        logIn: async () => void (await logIn(address, options)),
        survey: async () => surveyOf(world, await logIn(address, options)),
      }),
  }
}

/** As a Debian host with a disk that is large enough and a clock that is right. */
const surveyOf = (world: World, host: MemoryHost): Awaited<ReturnType<CheckLooks['survey']>> => {
  const { user } = host.server.address
  const members = [...world.instances.values()].filter((one) => one.host === host && one.state !== 'absent')
  const bin = (major: string) => `/usr/lib/postgresql/${major}/bin`
  return {
    clockOffsetSeconds: 0,
    survey: {
      clockSeconds: world.clock.now().getTime() / 1000,
      user,
      os: 'Debian GNU/Linux 12 (bookworm)',
      ...{ cpus: 2, loadPerCpu: 0, cpuBusy: 0, cpuTotal: 0 },
      memoryBytes: 2 ** 34,
      memoryAvailableBytes: 2 ** 33,
      disks: [{ mount: '/var/lib/postgresql', bytes: 2 ** 41, freeBytes: Math.min(2 ** 40, ...members.map(({ freeBytes }) => freeBytes)) }],
      clusters: members.map(({ inventory: { address }, state, hasStandbySignal }) => ({
        version: address.major ?? '',
        name: address.clusterName,
        port: address.port,
        status: state !== 'running' ? 'down' : hasStandbySignal ? 'online,recovery' : 'online',
        owner: user,
        data: address.dataDirectory,
      })),
      programs: Object.fromEntries(['pg_ctlcluster', 'pg_lsclusters', 'psql', 'systemctl'].map((name) => [name, `/usr/bin/${name}`])),
      servers: host.majors.map((major) => ({ bin: bin(major), version: `${major}.18` })),
      poolers: [],
      managers: { isWhole: !host.areHidden, managers: host.managers },
    },
  }
}

export const memoryHostsAct = (world: World, calls: Calls): HostsAct => ({
  askPatroni: async (address, request, options) => {
    const host = hostAt(world, address)
    const { method, path, dataDirectory } = request
    return perform(calls, world.clock, host, { act: `${method} ${path}`, target: address.hostname }, options, () => {
      return answerPatroni(world, ownPatroni(host, dataDirectory), request)
    })
  },
  run: async (address, argv, options) => {
    const host = hostAt(world, address)
    return perform(calls, world.clock, host, { act: argv.join(' '), target: address.hostname }, options, () => {
      const [command, path = ''] = argv
      if (argv.join(' ') === 'sudo -n systemctl reboot') {
        rebootHost(world, host, host.machine?.startsPostgres ?? true)
        return result(0)
      }
      if (command === 'mkdir') {
        if (host.directories.has(path)) return refusal(1, `mkdir: cannot create directory ‘${path}’: File exists`, options)
        host.directories.add(path)
        return result(0)
      }
      if (command === 'rmdir')
        return host.directories.delete(path)
          ? result(0)
          : refusal(1, `rmdir: failed to remove '${path}': No such file or directory`, options)
      return unknownCommand(command, options)
    })
  },
})

const ownPatroni = ({ managers }: MemoryHost, dataDirectory: string): FoundManager => {
  const own = managers.find((one) => one.kind === 'patroni' && one.state === 'running' && one.dataDirectory === dataDirectory)
  if (own === undefined) throw new Fault('shell.failed', { because: 'No Patroni looks after it on this host.', isOver: true })
  return own
}

const result = (exitCode: number, stderr = ''): CommandResult => ({ exitCode, signal: null, stdout: '', stderr, isCut: false, tookMs: 1 })

const refusal = (exitCode: number, words: string, { onOutput }: CommandOptions): CommandResult => {
  onOutput?.('stderr', words)
  return result(exitCode, words)
}

const unknownCommand = (command: string | undefined, options: CommandOptions) => refusal(127, `${command}: command not found`, options)

/** What Debian's tools say of its packages; null: another command. */
const packageAnswer = ({ packages, aptSays }: MemoryHost, argv: readonly string[]): string | null => {
  const [command, ...rest] = argv.filter((word) => word !== 'env' && word !== 'LC_ALL=C')
  const all = [...packages]
  if (command === 'dpkg-query')
    return all.map(([name, one]) => `${name} ${one.installed} ${one.isHeld ? 'h' : 'i'}${one.isHalfConfigured ? 'F' : 'i'} `).join('\n')
  if (command === 'apt-mark') return all.flatMap(([name, { isHeld }]) => (isHeld ? [name] : [])).join('\n')
  if (command === 'apt-cache') return all.map(([name, one]) => `${name}:\n  Candidate: ${one.candidate ?? '(none)'}`).join('\n')
  return command === 'apt-get' && rest.includes('--simulate') ? aptSays : null
}
