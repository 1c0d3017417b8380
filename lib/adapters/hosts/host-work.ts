import { Fault } from '@/lib/kernel/ground/errors'
import type { CommandResult, HostAddress, HostWorkAct, HostWorkRead, HostWorkSeen } from '@/lib/ports'
import type { CallOptions } from '@/lib/ports/postgres'
import type { Ssh } from '../ssh'
import { endScript, forgetScript, launchScript, lookScript, waitStepMs } from './host-work-script'

/** Work that outlives the connection, over SSH. Nothing has to be installed on the host but a POSIX shell and setsid (util-linux). */
export const makeHostWork = (ssh: Ssh): { read: HostWorkRead; act: HostWorkAct } => {
  const run = async (host: HostAddress, what: string, script: string, values: readonly string[], options: CallOptions) => {
    const result = await ssh.exec(host, ['sh', '-c', script, 'sh', ...values], options)
    if (result.exitCode !== 0) throw failed(host, what, result)
    return result
  }
  return {
    read: {
      look: async (host, key, { waitMs = 0, timeoutMs, signal }) => {
        const values = [keyOf(key), String(Math.round(waitMs / waitStepMs))]
        return parseWork((await run(host, 'Looking at long work', lookScript, values, { timeoutMs: timeoutMs + waitMs, signal })).stdout)
      },
    },
    act: {
      launch: async (host, key, argv, options) => {
        const { stdout } = await run(host, 'Starting long work', launchScript, [keyOf(key), ...argv], options)
        if (stdout.trim() !== 'started')
          throw new Fault('shell.failed', {
            isOver: true,
            host: host.hostname,
            because: `Work of the name ${key} is there already on ${host.hostname}: look at it instead of starting it again.`,
          })
      },
      end: async (host, key, options) => {
        const { stdout } = await run(host, 'Ending long work', endScript, [keyOf(key)], options)
        if (stdout.trim() !== 'gone')
          throw new Fault('shell.failed', {
            host: host.hostname,
            because: `The work ${key} on ${host.hostname} does not end, not even by force (SIGKILL): see what its processes wait for.`,
          })
      },
      forget: async (host, key, options) => {
        await run(host, 'Forgetting long work', forgetScript, [keyOf(key)], options)
      },
    },
  }
}

/** The key becomes the name of a directory. */
const keyOf = (key: string): string => {
  if (/^[A-Za-z0-9][A-Za-z0-9.-]{0,99}$/.test(key)) return key
  throw new Fault('input.invalid', { because: `“${key}” is no name of work: it needs letters, digits, dots and dashes, at most 100.` })
}

const failed = (host: HostAddress, what: string, { exitCode, stderr }: CommandResult): Fault =>
  new Fault('shell.failed', {
    isOver: true,
    host: host.hostname,
    exitCode,
    because: `${what} on ${host.hostname} failed: ${stderr.trim().split('\n').at(-1) || `exit code ${exitCode}`}`,
  })

/** `state`, `exit`, `started` on lines of their own, then `tail` and all the rest. */
const parseWork = (output: string): HostWorkSeen => {
  const cut = output.indexOf('\ntail\n')
  const head = cut < 0 ? output : output.slice(0, cut)
  const one = (name: string) =>
    head
      .split('\n')
      .find((line) => line.startsWith(`${name}=`))
      ?.slice(name.length + 1)
  const state = (['absent', 'running', 'ended', 'lost'] as const).find((known) => known === one('state'))
  if (state === undefined) throw new Fault('shell.failed', { isOver: true, because: 'What became of long work could not be read.' })
  const started = Number(one('started') || Number.NaN)
  return {
    state,
    exitCode: state === 'ended' ? Number(one('exit')) : null,
    startedAt: Number.isFinite(started) ? new Date(started * 1000).toISOString() : null,
    tail: cut < 0 ? '' : output.slice(cut + '\ntail\n'.length),
  }
}
