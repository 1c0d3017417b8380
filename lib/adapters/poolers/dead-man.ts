import { Fault } from '@/lib/kernel/ground/errors'
import type { CommandResult, DeadManSeen, DeadManSpec, PoolerAddress, PoolersAct, PoolersRead } from '@/lib/ports'
import type { CallOptions } from '@/lib/ports/postgres'
import type { Ssh } from '../ssh'
import { linesOf, readSeen, readTrial } from './dead-man-lines'
import { armScript, deadManScript, disarmScript, extendScript, tryScript } from './dead-man-script'

/** One that is firing writes a file and sends a few commands: its last try is over by then, or something is wrong with the host. */
const firingTenthsMax = 80

export interface DeadMan {
  read: Pick<PoolersRead, 'tryDeadMan' | 'deadMan'>
  act: Pick<PoolersAct, 'armDeadMan' | 'extendDeadMan' | 'disarmDeadMan'>
}

/** Timers on the hosts of poolers. They need psql there, and a login that the pooler has itself. */
export const makeDeadMan = (ssh: Ssh): DeadMan => {
  const run = async (
    { host }: PoolerAddress,
    script: string,
    values: readonly string[],
    options: CallOptions & { stdin?: string },
    known: readonly number[] = [],
  ): Promise<CommandResult> => {
    const result = await ssh.exec(host, ['sh', '-c', script, 'sh', ...values], options)
    if (result.exitCode === 0 || known.includes(result.exitCode ?? -1)) return result
    const why = result.stderr.trim().split('\n').at(-1) || `exit code ${result.exitCode}`
    const because = `The timer on ${host.hostname} could not be handled: ${why}`
    throw new Fault('shell.failed', { isOver: true, host: host.hostname, because })
  }
  const see = async (pooler: PoolerAddress, script: string, values: readonly string[], options: CallOptions): Promise<DeadManSeen> =>
    readSeen((await run(pooler, script, values, options)).stdout)

  return {
    read: {
      tryDeadMan: async (pooler, spec, options) => {
        const { stdout } = await run(pooler, tryScript, placeOf(pooler, spec), { ...options, stdin: linesOf(spec) })
        return readTrial(stdout, spec.members)
      },
      deadMan: (pooler, key, options) => see(pooler, deadManScript, [workOf(pooler, key)], options),
    },
    act: {
      armDeadMan: async (pooler, arming, options) => {
        const { key, token, expiryMs, herdId } = arming
        const values = [workOf(pooler, key), ofPooler(pooler), herdId, String(token), String(expiryMs), ...placeOf(pooler, arming)]
        const { exitCode, stdout } = await run(pooler, armScript, values, { ...options, stdin: linesOf(arming) }, [6, 7, 9])
        const said = stdout.trim()
        if (exitCode === 9)
          throw new Fault('pooler.fenced', {
            isOver: true,
            because: `A later writer (token ${said}, ours is ${token}) is at ${pooler.configPath} on ${pooler.host.hostname}: no timer was armed.`,
          })
        if (exitCode === 7)
          throw refused(pooler, 'another job’s timer is resuming its clients right now: look at the pooler, then try again')
        if (exitCode === 6 || said !== 'started') throw refused(pooler, `the timer of this job is over (${said}), and is not armed again`)
      },
      extendDeadMan: (pooler, { key, expiryMs, token }, options) =>
        see(pooler, extendScript, [workOf(pooler, key), String(expiryMs), String(token)], options),
      disarmDeadMan: (pooler, key, options) => {
        const tenths = Math.min(firingTenthsMax, Math.floor(options.timeoutMs / 150))
        return see(pooler, disarmScript, [workOf(pooler, key), String(tenths)], options)
      },
    },
  }
}

const refused = ({ host }: PoolerAddress, because: string): Fault =>
  new Fault('pooler.refused', { isOver: true, host: host.hostname, because: `On ${host.hostname} ${because}.` })

/** What the work of all timers of a pooler begins with: it becomes the name of a directory. */
const ofPooler = ({ poolerId }: PoolerAddress): string => `dead-man-${poolerId.replaceAll(/[^A-Za-z0-9.-]/g, '-').slice(0, 40)}`

const workOf = (pooler: PoolerAddress, key: string): string => {
  if (/^[A-Za-z0-9.-]{1,40}$/.test(key)) return `${ofPooler(pooler)}-${key}`
  throw new Fault('input.invalid', { because: `“${key}” is no name of a timer: it needs letters, digits, dots and dashes, at most 40.` })
}

const placeOf = ({ configPath, socketDirectory, port }: PoolerAddress, { systemIdentifier, foreignLines }: DeadManSpec): string[] => [
  configPath,
  socketDirectory,
  String(port),
  systemIdentifier ?? '',
  foreignLines.map((line) => line + 1).join(' '),
]
