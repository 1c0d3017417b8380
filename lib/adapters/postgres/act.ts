import { Fault, isFault } from '@/lib/kernel/ground/errors'
import { sleep } from '@/lib/kernel/ground/sleep'
import type { CommandResult, InstanceAddress, PostgresAct } from '@/lib/ports'
import type { CallOptions } from '@/lib/ports/postgres'
import type { Ssh } from '../ssh'
import { deadlineIn, remainingMs } from '../ssh/deadline'
import { commandFor } from '../ssh/profiles'
import { applicationName, connectPg, type PgConnection } from './connection'
import { probeInstance } from './probe'
import { runStatement } from './query'
import { askJson, runAlone } from './server-views'
import type { WarmPool } from './warm'

const smartPollMs = 150

export const postgresAct = (ssh: Ssh, warm: WarmPool): PostgresAct => {
  const majors = new Map<string, string>()

  /** The address with its major version, looked up on the host once when the inventory does not know it yet. */
  const withMajor = async (instance: InstanceAddress, options: CallOptions): Promise<InstanceAddress> => {
    const known = instance.major ?? majors.get(instance.instanceId)
    if (known) return { ...instance, major: known }
    const result = await ssh.exec(instance.host, ['cat', '--', `${instance.dataDirectory}/PG_VERSION`], options)
    const major = result.stdout.trim()
    if (result.exitCode !== 0 || !/^\d+(\.\d+)?$/.test(major))
      throw new Fault('shell.failed', {
        isOver: true,
        because: `The major version of the instance is not known: ${result.stderr.trim() || `${instance.dataDirectory}/PG_VERSION says nothing`}.`,
      })
    majors.set(instance.instanceId, major)
    return { ...instance, major }
  }

  const act = async (instance: InstanceAddress, argv: string[], options: CallOptions): Promise<void> => {
    const result = await ssh.exec(instance.host, argv, options)
    if (result.exitCode !== 0) throw failed(instance, argv, result)
  }

  /** systemctl calls it a success to start what runs and to stop what does not; PostgreSQL's own tools, and our callers, do not. */
  const refuseNothingToDo = async (instance: InstanceAddress, command: 'start' | 'stop', options: CallOptions): Promise<void> => {
    if (!instance.profile.endsWith('-systemd')) return
    const { state, postmasterPid } = await probeInstance(ssh, warm, instance, options)
    const isRunning = state === 'online' || postmasterPid !== null
    if (isRunning !== (command === 'start')) return
    throw new Fault('shell.failed', {
      isOver: true,
      host: instance.host.hostname,
      because: `The instance on ${instance.host.hostname} ${isRunning ? 'runs already' : 'does not run'}.`,
    })
  }

  const start: PostgresAct['start'] = async (given, options) => {
    const instance = await withMajor(given, options)
    await refuseNothingToDo(instance, 'start', options)
    await act(instance, commandFor(instance, 'start'), options)
  }

  const stop: PostgresAct['stop'] = async (given, mode, options) => {
    const instance = await withMajor(given, options)
    await refuseNothingToDo(instance, 'stop', options)
    warm.drop(instance)
    const held = mode === 'smart' ? await heldSession(ssh, instance, options) : null
    const stopping = act(instance, commandFor(instance, 'stop', mode), options)
    await Promise.all([stopping, held && stepAside(ssh, instance, held, stopping, options)])
  }

  return {
    start,
    stop,
    reload: async (instance, options) => {
      try {
        const done = await askJson<boolean>(ssh, warm, instance, 'matriarch_reload', 'select to_json(pg_reload_conf())', options)
        if (!done) throw new Fault('sql.failed', { because: 'pg_reload_conf() could not signal the server.' })
      } catch (error) {
        // A server that runs but takes no session (too many clients, a broken pg_hba.conf) is reloaded by signal.
        if (!isFault(error, 'sql.unreachable')) throw error
        const known = await withMajor(instance, options)
        await act(known, commandFor(known, 'reload'), options)
      }
    },
    checkpoint: (instance, options) => runAlone(ssh, instance, ['checkpoint'], options),
    execute: (instance, sql, options) =>
      runStatement(ssh, instance, sql, options, { isReadOnly: false, onTransaction: options.onTransaction }),
  }
}

/** The first line says what is wrong; the rest (a server log) stays in the facts. */
const failed = (instance: InstanceAddress, argv: readonly string[], result: CommandResult): Fault => {
  const words = (result.stderr.trim() || result.stdout.trim()).split('\n')[0]
  const ending = result.signal ? `was ended by ${result.signal}` : `ended with exit code ${result.exitCode}`
  return new Fault('shell.failed', {
    isOver: true,
    host: instance.host.hostname,
    exitCode: result.exitCode,
    stdout: result.stdout.slice(-4000),
    stderr: result.stderr.slice(-4000),
    because: `${argv[0]} on ${instance.host.hostname} ${ending}${words ? `: ${words}` : '.'}`,
  })
}

const aside = { database: 'postgres', isReadOnly: true, statementTimeoutMs: 5000 }

/** Opened before the shutdown begins, since none can be opened after; null: the server takes no session, so none of ours holds it up. */
const heldSession = (ssh: Ssh, instance: InstanceAddress, { timeoutMs, signal }: CallOptions): Promise<PgConnection | null> =>
  connectPg(ssh, instance, aside, deadlineIn(timeoutMs, signal)).catch(() => null)

/**
 * A smart shutdown waits for every client, and the console's own sessions (of all its workers) are clients. Once new sessions are refused, which
 * tells that the shutdown has begun, the old ones of ours are ended through the one that is held, and then that one.
 */
const stepAside = async (
  ssh: Ssh,
  instance: InstanceAddress,
  held: PgConnection,
  stopping: Promise<void>,
  options: CallOptions,
): Promise<void> => {
  let isOver = false
  const over = stopping.then(
    () => undefined,
    () => undefined,
  )
  void over.then(() => {
    isOver = true
  })
  const deadline = deadlineIn(options.timeoutMs, options.signal)
  try {
    while (!isOver && remainingMs(deadline) > 0) {
      try {
        ;(await connectPg(ssh, instance, aside, deadline)).destroy()
      } catch {
        await held.client.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and usename = current_user and pid <> pg_backend_pid()`,
          [applicationName],
        )
        return
      }
      await Promise.race([over, sleep(smartPollMs)])
    }
  } catch {
    // The server is gone: then none of ours holds it up.
  } finally {
    held.destroy()
  }
}
