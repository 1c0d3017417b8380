import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { InPlaceAnswer, InstanceAddress } from '@/lib/ports'
import type { CallOptions } from '@/lib/ports/postgres'
import { connectPg } from '../postgres/connection'
import type { Ssh } from '../ssh'
import { deadlineIn, within } from '../ssh/deadline'

const connectTimeoutMs = 15_000
const stopTimeoutMs = 300_000
/** The first checkpoint of it is asked for at once, and waited for. */
const startTimeoutMs = 1_800_000

interface Backup {
  /** Aborts when the session is lost, and with it the backup. */
  lost: AbortSignal
  /** Of the tablespaces that it began with. */
  oids: string[]
  /** Ends it; its label. The WAL is not waited for: it is streamed. */
  stop: () => Promise<string>
  /** Ends the session, and the backup where it has not come to its end. */
  close: () => void
}

const isFrom15 = (version: string): boolean => Number.parseInt(version, 10) >= 15
/** A site may end sessions that do nothing for a while, as this one does for hours. */
const patienceSql = `
select set_config(name, case name when 'application_name' then 'matriarch_backup' else '0' end, false)
from pg_settings where name in ('application_name', 'idle_session_timeout', 'statement_timeout')`
const oidsSql = `select oid::text from pg_tablespace where spcname not in ('pg_default', 'pg_global')`

const connect = (ssh: Ssh, instance: InstanceAddress, signal: AbortSignal | undefined) =>
  connectPg(
    ssh,
    instance,
    { database: 'postgres', isReadOnly: false, statementTimeoutMs: startTimeoutMs },
    deadlineIn(connectTimeoutMs, signal),
  )

/** A non-exclusive backup in a session of its own over the socket of its host: whatever becomes of us, the server ends it when that session ends. */
export const startBackup = async (
  ssh: Ssh,
  instance: InstanceAddress,
  label: string,
  { signal }: Pick<CallOptions, 'signal'>,
): Promise<Backup> => {
  const { client, greeting, stream, destroy } = await connect(ssh, instance, signal)
  const lost = new AbortController()
  const lose = () =>
    lost.abort(new Fault('sql.unreachable', { because: `The session of the backup on ${instance.host.hostname} was lost.` }))
  client.on('error', lose)
  for (const event of ['end', 'close']) stream.once(event, lose)
  const ask = async (sql: string, values: unknown[], timeoutMs: number): Promise<string[]> => {
    const late = () => new Fault('sql.timeout', { because: `${instance.host.hostname} did not answer to “${sql}” in time.` })
    const { rows } = await within(client.query<string[]>({ text: sql, values, rowMode: 'array' }), deadlineIn(timeoutMs, signal), late)
    return rows.map((row) => row[0] ?? '')
  }
  const asked: typeof ask = async (...args) => {
    try {
      return await ask(...args)
    } catch (error) {
      destroy()
      if (isFault(error)) throw error
      const because = `The backup on ${instance.host.hostname} failed: ${error instanceof Error ? error.message : String(error)}`
      throw new Fault('sql.failed', { because, isOver: true }, { cause: error })
    }
  }
  const is15 = isFrom15(greeting.version)
  await asked(patienceSql, [], connectTimeoutMs)
  await asked(is15 ? 'select pg_backup_start($1, true)' : 'select pg_start_backup($1, true, false)', [label], startTimeoutMs)
  return {
    lost: lost.signal,
    oids: await asked(oidsSql, [], connectTimeoutMs),
    stop: async () => {
      const sql = is15 ? 'select labelfile from pg_backup_stop(false)' : 'select labelfile from pg_stop_backup(false, false)'
      return (await asked(sql, [], stopTimeoutMs))[0]!
    },
    close: destroy,
  }
}

/** Whether the console's user may begin one there, over a socket. Throws only when the host cannot be used. */
export const mayBackUp = async (ssh: Ssh, instance: InstanceAddress, { timeoutMs, signal }: CallOptions): Promise<InPlaceAnswer> => {
  try {
    const { client, greeting, destroy } = await connect(ssh, instance, signal)
    const start = isFrom15(greeting.version) ? 'pg_backup_start(text, boolean)' : 'pg_start_backup(text, boolean, boolean)'
    const stop = isFrom15(greeting.version) ? 'pg_backup_stop(boolean)' : 'pg_stop_backup(boolean, boolean)'
    const sql = `select has_function_privilege('pg_catalog.${start}', 'execute') and has_function_privilege('pg_catalog.${stop}', 'execute')`
    const asked = client.query<boolean[]>({ text: sql, rowMode: 'array' })
    const { rows } = await within(asked, deadlineIn(timeoutMs, signal), () => new Fault('sql.timeout')).finally(destroy)
    if (rows[0]?.[0] === true) return { works: true }
    return {
      works: false,
      because: `${instance.host.user} may not begin a backup on ${instance.host.hostname}: grant execute on ${start} and ${stop}`,
    }
  } catch (error) {
    if (!isFault(error) || !error.code.startsWith('sql.') || signal?.aborted) throw error
    return { works: false, because: `no session of a backup can be opened on ${instance.host.hostname}: ${error.message}` }
  }
}
