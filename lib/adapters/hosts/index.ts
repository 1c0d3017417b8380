import { keptConfig } from '@/lib/domain/managers/config-history'
import { isLeading } from '@/lib/domain/managers/found-cluster'
import type { ManagersSeen } from '@/lib/domain/managers/manager'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { CommandOptions, HostAddress, HostFacts, HostsAct, HostsRead, PatroniAnswer, PatroniLeader, ServerRole } from '@/lib/ports'
import type { Ssh } from '../ssh'
import { askPatroniScript, endPauseScript, patroniAnswer } from './ask-patroni'
import { checkHost } from './check'
import { findClustersScript, parseClusters } from './find-clusters'
import { findManagersScript, parseManagers } from './find-managers'
import { parseSurvey, type Survey, surveyScript } from './survey'
import { watchRoleScript } from './watch-role'

export interface Hosts {
  read: HostsRead
  act: HostsAct
  /** Load, memory, space under `dataDirectories` and clock, in one round trip. `ports`: of the servers on it; asked only where there is no host. Throws `shell.*`. */
  facts: (
    host: HostAddress,
    dataDirectories: readonly string[],
    options: { timeoutMs: number; signal?: AbortSignal; ports?: readonly number[] },
  ) => Promise<HostFacts>
}

/** A watch says something every five seconds. */
const watchSilenceMs = 12_000
/** What is left of the time for the answer to come back. */
const answerSeconds = 2

interface LookOptions {
  timeoutMs: number
  signal?: AbortSignal
}

export const makeHosts = (ssh: Ssh): Hosts => {
  /** The clock is the first thing printed, so it was read between sending the command and hearing from it. */
  const survey = async (
    host: HostAddress,
    argv: string[],
    options: LookOptions,
  ): Promise<{ survey: Survey; clockOffsetSeconds: number | null }> => {
    const sentAt = Date.now()
    let heardAt = 0
    const result = await ssh.exec(host, ['sh', '-c', surveyScript, 'sh', ...argv], {
      ...options,
      onOutput: () => {
        heardAt ||= Date.now()
      },
    })
    if (result.exitCode !== 0)
      throw new Fault('shell.failed', {
        because: `sh ended with ${result.exitCode ?? result.signal}: ${result.stderr.trim().slice(0, 500)}`,
      })
    const seen = parseSurvey(result.stdout)
    const offset = seen.clockSeconds === null ? null : offsetOf(seen.clockSeconds, sentAt / 1000, (heardAt || Date.now()) / 1000)
    return { survey: seen, clockOffsetSeconds: offset }
  }

  const ask = async (host: HostAddress, argv: readonly string[], stdin: string, options: CommandOptions): Promise<PatroniAnswer> => {
    const [dataDirectory, method, path] = argv
    const seconds = Math.max(1, Math.floor(options.timeoutMs / 1000) - answerSeconds)
    const { stdout } = await ssh.exec(host, ['sh', '-c', askPatroniScript, 'sh', dataDirectory!, method!, path!, String(seconds)], {
      ...options,
      stdin,
    })
    return patroniAnswer(stdout)
  }

  /** Of each member that leads its own Patroni is asked; one that does not answer in time is left out. */
  const withConfigs = async (host: HostAddress, seen: ManagersSeen, options: LookOptions): Promise<ManagersSeen> => {
    const leaders = seen.managers.filter(
      ({ state, member, members }) => state === 'running' && members.some(({ name, role }) => name === member && isLeading(role)),
    )
    const configs = await Promise.all(
      leaders.map(async ({ dataDirectory }) => {
        if (dataDirectory === null) return []
        try {
          const { status, text } = await ask(host, [dataDirectory, 'GET', '/config'], '', options)
          const config = status === 200 ? keptConfig(JSON.parse(text)) : null
          return config === null ? [] : [{ dataDirectory, config }]
        } catch (error) {
          if (options.signal?.aborted || !(isFault(error) || error instanceof SyntaxError)) throw error
          return []
        }
      }),
    )
    return configs.flat().length === 0 ? seen : { ...seen, configs: configs.flat() }
  }

  return {
    read: {
      read: ssh.exec,
      patroniConfig: async (host, dataDirectory, options) => {
        const { status, text } = await ask(host, [dataDirectory, 'GET', '/config'], '', options)
        if (status === 200) return text
        throw new Fault('shell.failed', { because: `Patroni answered ${status} for its configuration: ${text}`, isOver: true })
      },
      patroniClusters: async (host, options) => {
        const { exitCode, signal, stdout, stderr } = await ssh.exec(host, ['sh', '-c', findClustersScript, 'sh'], options)
        const seen = parseClusters(stdout)
        if (seen !== null) return seen
        const problem = /^problem=(.*)$/m.exec(stdout)?.[1]
        throw new Fault('shell.failed', {
          because: problem ?? `Looking for Patroni ended with ${exitCode ?? signal}: ${stderr.trim().slice(-500)}`,
          isOver: true,
        })
      },
      patroniLeader: async (host, dataDirectory, options) => {
        const { status, text } = await ask(host, [dataDirectory, 'LEADER', '/'], '', options)
        if (status === 200) return JSON.parse(text) as PatroniLeader
        throw new Fault('shell.failed', { because: `Patroni answered ${status} for its leader: ${text}`, isOver: true })
      },
      watchRole: async (host, dataDirectory, { timeoutMs, signal, onRole }) => {
        const silent = new AbortController()
        let timer = setTimeout(() => silent.abort(), watchSilenceMs)
        let rest = ''
        const onOutput = (_stream: string, text: string) => {
          clearTimeout(timer)
          timer = setTimeout(() => silent.abort(), watchSilenceMs)
          const lines = `${rest}${text}`.split('\n')
          rest = lines.pop()!
          for (const line of lines) {
            const [, role] = /^role=(primary|standby|none)$/.exec(line) ?? []
            if (role !== undefined) onRole(role as ServerRole)
          }
        }
        const limit = AbortSignal.any([silent.signal, ...(signal ? [signal] : [])])
        try {
          const { stdout } = await ssh.exec(host, ['sh', '-c', watchRoleScript, 'sh', dataDirectory], {
            timeoutMs,
            signal: limit,
            onOutput,
          })
          const problem = /^problem=(.*)$/m.exec(stdout)?.[1]
          if (problem !== undefined) throw new Fault('shell.failed', { because: problem, isOver: true })
        } catch (error) {
          if (silent.signal.aborted && !signal?.aborted)
            throw new Fault('shell.timeout', { because: `${host.hostname} fell silent.` }, { cause: error })
          throw error
        } finally {
          clearTimeout(timer)
        }
      },
      endPauseCommand: async (dataDirectory, key, seconds) => ['sh', '-c', endPauseScript, 'sh', dataDirectory, key, String(seconds)],
      showHostKey: ssh.showHostKey,
      managers: async (host, dataDirectories, options) => {
        const argv = ['sh', '-c', findManagersScript, 'sh', ...dataDirectories]
        const { exitCode, signal, stdout, stderr } = await ssh.exec(host, argv, options)
        const seen = parseManagers(stdout)
        if (seen === null)
          throw new Fault('shell.failed', { because: `sh ended with ${exitCode ?? signal}: ${stderr.trim().slice(0, 500)}` })
        return seen
      },
      check: (host, options) => {
        const { timeoutMs, signal } = options
        const each = { timeoutMs, signal }
        return checkHost(host, options, {
          showHostKey: () => ssh.showHostKey(host, each),
          logIn: () => ssh.reach(host, each),
          survey: () => survey(host, [], each),
        })
      },
    },
    act: {
      run: ssh.exec,
      askPatroni: (host, { dataDirectory, method, path, body, whileConfigIs }, options) => {
        const expected = whileConfigIs === undefined ? '' : `\0${whileConfigIs}`
        return ask(host, [dataDirectory, method, path], `${JSON.stringify(body)}${expected}`, options)
      },
    },
    facts: async (host, dataDirectories, options) => {
      const { survey: seen, clockOffsetSeconds } = await survey(host, ['facts', ...dataDirectories], options)
      const fullest = seen.disks.filter(({ bytes }) => bytes > 0).toSorted((a, b) => a.freeBytes / a.bytes - b.freeBytes / b.bytes)[0]
      return {
        os: seen.os,
        cpus: seen.cpus,
        loadPerCpu: seen.loadPerCpu,
        cpuBusy: seen.cpuBusy,
        cpuTotal: seen.cpuTotal,
        memoryBytes: seen.memoryBytes,
        memoryAvailableBytes: seen.memoryAvailableBytes,
        diskFreeBytes: fullest?.freeBytes ?? null,
        diskBytes: fullest?.bytes ?? null,
        clockOffsetSeconds,
        poolers: seen.poolers,
        managers: seen.managers === null ? null : await withConfigs(host, seen.managers, options),
      }
    },
  }
}

/** 0 while the host's time lies in the window in which it must have been read: what is less than that is not known. */
const offsetOf = (host: number, from: number, to: number): number => (host < from ? host - from : host > to ? host - to : 0)
