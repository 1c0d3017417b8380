import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { InstanceAddress } from '@/lib/ports'
import type { Ssh } from '../ssh'
import { type Deadline, remainingMs } from '../ssh/deadline'
import { applicationName } from './connection'

/** Nothing took the forwarded connection: no server, or an sshd that does not forward to sockets. psql on the host can tell, and do the asking. */
export const isSocketRefused = (error: unknown): boolean => isFault(error, 'sql.unreachable') && error.facts.isRefused === true

/** psql says `psql: error: …FATAL:  57P03: …` only with VERBOSITY verbose, which does not hold for the login; so its words decide. */
const sqlstateOf = (message: string): string | undefined => {
  if (/starting up|shutting down|not (yet )?accepting connections|recovery mode/i.test(message)) return '57P03'
  return /FATAL/.test(message) ? '28000' : undefined
}

/**
 * One statement of ours (never a person's: psql would take several) that answers one JSON value, through psql on the host.
 * Throws `shell.*`, `sql.unreachable` and `sql.failed`.
 */
export const psqlJson = async <T>(ssh: Ssh, instance: InstanceAddress, sql: string, deadline: Deadline): Promise<T> => {
  const psql = instance.binDirectory ? `${instance.binDirectory}/psql` : 'psql'
  const environment = ['env', `PGAPPNAME=${applicationName}`, 'PGOPTIONS=-c default_transaction_read_only=on', 'PGCONNECT_TIMEOUT=5']
  const result = await ssh.exec(
    instance.host,
    [
      ...environment,
      psql,
      '-X',
      '-A',
      '-t',
      '-q',
      '-w',
      '-v',
      'ON_ERROR_STOP=1',
      '-h',
      instance.socketDirectory,
      '-p',
      String(instance.port),
      '-d',
      'postgres',
      '-f',
      '-',
    ],
    { timeoutMs: remainingMs(deadline), signal: deadline.signal, stdin: sql },
  )
  const because = result.stderr.trim().split('\n').at(-1) ?? ''
  if (result.exitCode === 0) return JSON.parse(result.stdout) as T
  if (result.exitCode === 2)
    throw new Fault('sql.unreachable', {
      host: instance.host.hostname,
      because: because || 'psql could not connect.',
      sqlstate: sqlstateOf(because),
    })
  throw new Fault('sql.failed', { host: instance.host.hostname, because: because || `psql ended with ${result.exitCode}.` })
}
