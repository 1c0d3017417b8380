import type { CommandProgress } from '@/lib/domain/activity/session'
import { maintenanceStatement } from '@/lib/domain/maintenance/work'
import { parsePgVersion } from '@/lib/domain/values/pg-version'
import { quoteLiteral } from '@/lib/domain/values/sql-quote'
import { Fault } from '@/lib/kernel/ground/errors'
import type { InstanceAddress, Maintained, MaintenanceAct, MaintenanceOptions, MaintenanceRead, MaintenanceSight } from '@/lib/ports'
import type { CallOptions } from '@/lib/ports/postgres'
import { progressSql } from '../postgres/activity'
import { cancelStatement, connectPg, type PgConnection } from '../postgres/connection'
import { queryFault } from '../postgres/warm'
import type { Ssh } from '../ssh'
import { type Deadline, deadlineIn, within } from '../ssh/deadline'
import { indexesSql, tablesSql } from './sql'

const readTimeoutMs = 10_000
const progressEveryMs = 2_000
/** For the way there and back of a statement that the server ends by itself. */
const graceMs = 3_000
/** VACUUM and index builds look for a cancel at every page. */
const cancelMs = 10_000

const majorOf = ({ greeting }: PgConnection): number => Number(parsePgVersion(greeting.version)?.major ?? 10)

/** Nothing of ours was sent yet. */
const open = async (...[ssh, instance, options, deadline]: Parameters<typeof connectPg>): Promise<PgConnection> => {
  try {
    return await connectPg(ssh, instance, options, deadline)
  } catch (error) {
    throw error instanceof Fault ? new Fault(error.code, { ...error.facts, isOver: true }, { cause: error }) : error
  }
}

const read = async <T>(
  ssh: Ssh,
  instance: InstanceAddress,
  sight: MaintenanceSight,
  sqlOf: (sight: MaintenanceSight, major: number) => string,
  { timeoutMs, signal }: CallOptions,
): Promise<Maintained<T>> => {
  const deadline = deadlineIn(timeoutMs, signal)
  const options = { database: sight.database, isReadOnly: true, statementTimeoutMs: Math.min(timeoutMs, readTimeoutMs) }
  const connection = await connectPg(ssh, instance, options, deadline)
  try {
    const late = () => new Fault('sql.timeout', { because: `The catalogue of ${sight.database} was not read in time.` })
    const asked = connection.client.query<{ answer: { at: string; total: number; found: T[] } }>(sqlOf(sight, majorOf(connection)))
    const { at, total, found } = (await within(asked, deadline, late)).rows[0]!.answer
    return { at, found, leftOut: Math.max(0, total - found.length) }
  } catch (error) {
    throw queryFault(error)
  } finally {
    connection.destroy()
  }
}

/** Tells how far it is until `stop`; a look that fails is left out. */
const tellProgress = (ssh: Ssh, instance: InstanceAddress, pid: number, { onProgress }: MaintenanceOptions): { stop: () => void } => {
  if (onProgress === undefined) return { stop: () => {} }
  let isStopped = false
  let connection: PgConnection | null = null
  let timer: NodeJS.Timeout
  const look = async () => {
    const deadline = deadlineIn(readTimeoutMs)
    try {
      if (connection?.isOpen !== true)
        connection = await connectPg(ssh, instance, { database: 'postgres', isReadOnly: true, statementTimeoutMs: readTimeoutMs }, deadline)
      const text = `select p.* from (${progressSql(majorOf(connection))}) p where p.pid = ${pid}`
      const { rows } = await within(connection.client.query<CommandProgress>(text), deadline, () => new Fault('sql.timeout'))
      const [row] = rows
      if (row !== undefined && !isStopped) onProgress({ ...row, done: Number(row.done), total: Number(row.total) })
    } catch {
      connection?.destroy()
    }
    if (isStopped) connection?.destroy()
    else timer = setTimeout(look, progressEveryMs)
  }
  timer = setTimeout(look, progressEveryMs)
  return {
    stop: () => {
      isStopped = true
      clearTimeout(timer)
      connection?.destroy()
    },
  }
}

const pidOf = ({ client }: PgConnection): number => (client as unknown as { processID: number }).processID

/** True once what was sent has ended, whatever came of it. */
const hasEnded = async (sent: Promise<unknown>, deadline: Deadline): Promise<boolean> => {
  try {
    await within(sent, deadline, () => new Fault('sql.timeout'))
    return true
  } catch (error) {
    return !(error instanceof Fault)
  }
}

const maintain =
  (ssh: Ssh): MaintenanceAct['maintain'] =>
  async (instance, { database, work, object }, options) => {
    const deadline = deadlineIn(options.timeoutMs, options.signal)
    const statementTimeoutMs = Math.max(1, Math.trunc(options.timeoutMs))
    const connection = await open(ssh, instance, { database, isReadOnly: false, statementTimeoutMs }, deadline)
    const late = () => new Fault('sql.timeout', { because: `It did not end within ${Math.round(options.timeoutMs / 1000)} s.` })
    let sent: Promise<unknown> | null = null
    let progress = { stop: () => {} }
    try {
      const lockMs = Math.max(0, Math.trunc(options.lockTimeoutMs))
      await within(
        connection.client.query(`set application_name = ${quoteLiteral(options.session)}; set lock_timeout = ${lockMs}`),
        deadline,
        late,
      )
      progress = tellProgress(ssh, instance, pidOf(connection), options)
      sent = connection.client.query(maintenanceStatement(work, object, majorOf(connection)))
      // Left to itself when the deadline comes first.
      sent.catch(() => {})
      await within(sent, deadline, late, () => new Fault('shell.cancelled', { because: 'It was cancelled.' }))
    } catch (error) {
      const fault = queryFault(error)
      if (sent === null) throw new Fault(fault.code, { ...fault.facts, isOver: true }, { cause: fault })
      // The server's own word, and not that of our clock: it has ended there.
      if (typeof fault.facts.sqlstate === 'string') throw new Fault(fault.code, { ...fault.facts, isOver: true }, { cause: fault })
      if (fault.code === 'sql.unreachable') throw fault
      await cancelStatement(ssh, instance, connection, graceMs)
      const isOver = await hasEnded(sent, deadlineIn(cancelMs))
      throw new Fault(fault.code, { ...fault.facts, because: fault.message, ...(isOver ? { isOver } : {}) }, { cause: fault })
    } finally {
      progress.stop()
      connection.destroy()
    }
  }

/** PostgreSQL 10 to 18. */
export const makeMaintenance = (ssh: Ssh): { read: MaintenanceRead; act: MaintenanceAct } => ({
  read: {
    tables: (instance, sight, options) => read(ssh, instance, sight, tablesSql, options),
    indexes: (instance, sight, options) => read(ssh, instance, sight, indexesSql, options),
  },
  act: { maintain: maintain(ssh) },
})
