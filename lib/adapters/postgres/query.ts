import pg from 'pg'
import { Fault } from '@/lib/kernel/ground/errors'
import type { InstanceAddress, SqlGrid, SqlOptions } from '@/lib/ports'
import type { Ssh } from '../ssh'
import { type Deadline, deadlineIn, within } from '../ssh/deadline'
import { cancelStatement, connectPg, type PgConnection, socketPathOf } from './connection'
import { isSocketRefused } from './psql'
import { queryFault } from './warm'

const connectMs = 5000
/** Over the statement's own time: for the way there and back. */
const graceMs = 3000
/** One row is read whole before it can be cut; past this the session is ended rather than the worker's memory. */
const rawBytesMax = 64 * 1024 * 1024

interface Call {
  isReadOnly: boolean
  onTransaction?: (xid: string) => Promise<void>
}

/**
 * A person's statement in a session and a transaction of its own. It is sent by the extended protocol, which takes exactly one statement, so that a
 * `COMMIT;` in the text cannot end the read-only transaction and go on. Values are PostgreSQL's own text.
 */
export const runStatement = async (ssh: Ssh, instance: InstanceAddress, sql: string, options: SqlOptions, call: Call): Promise<SqlGrid> => {
  const deadline = deadlineIn(connectMs + options.statementTimeoutMs + graceMs, options.signal)
  const connection = await connectPg(
    ssh,
    instance,
    {
      database: options.database,
      isReadOnly: call.isReadOnly,
      statementTimeoutMs: options.statementTimeoutMs,
      ...(call.isReadOnly && options.as !== undefined ? { as: options.as } : {}),
      answerBytesMax: rawBytesMax + options.bytesMax,
    },
    deadline,
  ).catch((error: unknown) => {
    if (isSocketRefused(error))
      throw new Fault('sql.unreachable', {
        isOver: true,
        because: `Nothing on ${instance.host.hostname} takes a connection to ${socketPathOf(instance)}: no server listens there, or sshd does not forward to sockets (AllowStreamLocalForwarding).`,
      })
    throw error instanceof Fault ? new Fault(error.code, { ...error.facts, isOver: true }, { cause: error }) : error
  })
  let noteError: unknown
  let phase: 'before' | 'statement' | 'commit' = 'before'
  try {
    await plain(connection, call.isReadOnly ? 'BEGIN TRANSACTION READ ONLY' : 'BEGIN', deadline)
    if (call.onTransaction) {
      const { rows } = await within(connection.client.query('select txid_current()::text as xid'), deadline, () => late(options))
      await call.onTransaction(rows[0].xid).catch((cause: unknown) => {
        noteError = cause
        throw cause
      })
    }
    phase = 'statement'
    const { fields, ...grid } = await capped(
      connection,
      sql,
      options,
      deadline,
      call.isReadOnly ? () => cancelStatement(ssh, instance, connection, 2000) : null,
    )
    phase = 'commit'
    await plain(connection, call.isReadOnly ? 'ROLLBACK' : 'COMMIT', deadline)
    return { ...grid, types: await typesOf(connection, fields, deadline) }
  } catch (error) {
    if (error === noteError) throw error
    const fault = queryFault(error)
    // Whatever failed before COMMIT was sent cannot be committed: the session ends with its transaction.
    const isOver = call.isReadOnly || phase !== 'commit' || fault.code === 'sql.failed'
    if (phase === 'statement' && (fault.code === 'sql.timeout' || fault.code === 'shell.cancelled'))
      await cancelStatement(ssh, instance, connection, 2000)
    // The session would end it too, but only a moment later, and the caller may ask for the transaction's fate at once.
    if (phase === 'statement' && fault.code === 'sql.failed') await plain(connection, 'ROLLBACK', deadline).catch(() => {})
    const code = fault.code === 'shell.cancelled' ? 'sql.timeout' : fault.code
    throw new Fault(
      code,
      { ...fault.facts, because: fault.code === 'shell.cancelled' ? 'The statement was cancelled.' : fault.message, isOver },
      { cause: fault },
    )
  } finally {
    connection.destroy()
  }
}

type Field = Pick<pg.FieldDef, 'name' | 'dataTypeID' | 'dataTypeModifier'>

/** Asked once the statement's transaction is over, so that nothing of it hangs on the answer; null where the server did not say. */
const typesOf = async ({ client }: PgConnection, fields: readonly Field[], deadline: Deadline): Promise<(string | null)[]> => {
  if (fields.length === 0) return []
  const text = `select format_type(oid, modifier) as type from unnest($1::oid[], $2::int[]) with ordinality as f (oid, modifier, place) order by place`
  const values = [fields.map(({ dataTypeID }) => dataTypeID), fields.map(({ dataTypeModifier }) => dataTypeModifier)]
  try {
    const { rows } = await within(client.query<{ type: string }>(text, values), deadline, () => new Fault('sql.timeout'))
    return rows.map(({ type }) => (type === '???' ? null : type))
  } catch {
    return fields.map(() => null)
  }
}

const late = ({ statementTimeoutMs }: SqlOptions): Fault =>
  new Fault('sql.timeout', { because: `The statement did not end within ${statementTimeoutMs / 1000} s.` })

const plain = async (connection: PgConnection, sql: string, deadline: Deadline): Promise<void> => {
  await within(connection.client.query(sql), deadline, () => new Fault('sql.timeout', { because: `${sql} was not answered in time.` }))
}

/** Reads rows as they come and keeps those within the caps. `stop` is called once nothing more is wanted; null: the statement must run to its end. */
const capped = async (
  connection: PgConnection,
  sql: string,
  options: SqlOptions,
  deadline: Deadline,
  stop: (() => Promise<void>) | null,
): Promise<SqlGrid & { fields: Field[] }> => {
  const startedAt = performance.now()
  const rows: (string | null)[][] = []
  let bytes = 0
  let isCut = false
  const query = new pg.Query<(string | null)[]>({
    text: sql,
    values: [],
    rowMode: 'array',
    queryMode: 'extended',
    types: { getTypeParser: () => (value: string) => value },
  } as pg.QueryConfig)
  let fields: Field[] = []
  const ended = new Promise<{ command: string; rowCount: number }>((resolve, reject) => {
    query.on('row', (row, result) => {
      fields = result?.fields ?? fields
      if (isCut) return
      bytes += row.reduce((sum, value) => sum + (value === null ? 0 : Buffer.byteLength(value)), 0)
      if (rows.length >= options.rowsMax || bytes > options.bytesMax) {
        isCut = true
        void stop?.()
      } else rows.push(row)
    })
    query.on('error', (error) => (isCut && stop ? resolve({ command: 'SELECT', rowCount: rows.length }) : reject(error)))
    query.on('end', (result) => {
      fields = result.fields
      resolve({ command: result.command ?? '', rowCount: result.rowCount ?? 0 })
    })
    connection.client.query(query)
  })
  const { command, rowCount } = await within(ended, deadline, () => late(options))
  const columns = fields.map(({ name }) => name)
  return { fields, columns, rows, rowCount, isCut, command, tookMs: performance.now() - startedAt }
}
