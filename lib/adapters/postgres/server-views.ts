import { quoteLiteral } from '@/lib/domain/values/sql-quote'
import { Fault } from '@/lib/kernel/ground/errors'
import type { FileSettingProblem, InstanceAddress } from '@/lib/ports'
import type { CallOptions, SettingsSeen, TransactionFate } from '@/lib/ports/postgres'
import type { Ssh } from '../ssh'
import { deadlineIn, within } from '../ssh/deadline'
import { connectPg, type PgConnection } from './connection'
import { isSocketRefused, psqlJson } from './psql'
import { queryFault, type WarmPool } from './warm'

/** Asks a statement of ours, that answers one JSON value, over the warm session, or through psql where sockets are not forwarded. */
export const askJson = async <T>(
  ssh: Ssh,
  warm: WarmPool,
  instance: InstanceAddress,
  name: string,
  sql: string,
  { timeoutMs, signal }: CallOptions,
): Promise<T> => {
  const deadline = deadlineIn(timeoutMs, signal)
  try {
    const { row } = await warm.query<{ answer: T }>(instance, name, () => `select (${sql}) as answer`, deadline)
    return row.answer
  } catch (error) {
    if (!isSocketRefused(error)) throw error
    return psqlJson<T>(ssh, instance, `select (${sql})`, deadline)
  }
}

/** Statements of ours that no transaction may hold, one after the other, in a session of their own: a checkpoint may take minutes and must not hold up the looks. */
export const runAlone = async (ssh: Ssh, instance: InstanceAddress, statements: readonly string[], options: CallOptions): Promise<void> => {
  const deadline = deadlineIn(options.timeoutMs, options.signal)
  let connection: PgConnection
  try {
    connection = await connectPg(
      ssh,
      instance,
      { database: 'postgres', isReadOnly: false, statementTimeoutMs: options.timeoutMs },
      deadline,
    )
  } catch (error) {
    if (!isSocketRefused(error)) throw error
    await psqlJson(ssh, instance, `${statements.join(';\n')};\nselect 'true'::json`, deadline)
    return
  }
  try {
    for (const statement of statements) await connection.client.query(statement)
  } catch (error) {
    throw queryFault(error)
  } finally {
    connection.destroy()
  }
}

/** In a session of its own, for a walk over many files must not hold up the looks. */
export const databaseBytes = async (ssh: Ssh, instance: InstanceAddress, options: CallOptions): Promise<number> => {
  const deadline = deadlineIn(options.timeoutMs, options.signal)
  const sum = 'select sum(pg_database_size(oid))::bigint from pg_database'
  let connection: PgConnection
  try {
    connection = await connectPg(ssh, instance, { database: 'postgres', isReadOnly: true, statementTimeoutMs: options.timeoutMs }, deadline)
  } catch (error) {
    if (!isSocketRefused(error)) throw error
    return Number(
      await psqlJson(
        ssh,
        instance,
        `set statement_timeout = ${Math.round(options.timeoutMs)};
select to_json((${sum}))`,
        deadline,
      ),
    )
  }
  try {
    const { rows } = await within(
      connection.client.query<[string]>({ text: sum, rowMode: 'array' }),
      deadline,
      () => new Fault('sql.timeout', { because: 'The sizes of the databases were not answered in time.' }),
    )
    return Number(rows[0]![0])
  } catch (error) {
    throw queryFault(error)
  } finally {
    connection.destroy()
  }
}

const reloadSql = 'do $$ begin perform pg_reload_conf(); end $$'

/** null takes the setting out of postgresql.auto.conf. `isLoaded` false: the server goes on with the value that it has loaded. */
export const alterSystem = (
  ssh: Ssh,
  instance: InstanceAddress,
  name: string,
  value: string | null,
  { isLoaded = true, ...options }: CallOptions & { isLoaded?: boolean },
): Promise<void> => {
  const change = value === null ? `alter system reset ${name}` : `alter system set ${name} = ${quoteLiteral(value)}`
  return runAlone(ssh, instance, isLoaded ? [change, reloadSql] : [change], options)
}

const problemsSql = `
  select coalesce(json_agg(json_build_object('file', f.sourcefile, 'line', f.sourceline, 'name', f.name, 'error', f.error) order by f.seqno), '[]')
  from pg_file_settings f where f.error is not null`
const waitingSql = `select coalesce(json_agg(name), '[]') from pg_settings where pending_restart`

/** The view calls a new value that waits for a restart "could not be applied" too; reading it marks those names, so they are asked for after it. */
export const fileSettings = async (
  ssh: Ssh,
  warm: WarmPool,
  instance: InstanceAddress,
  options: CallOptions,
): Promise<FileSettingProblem[]> => {
  const problems = await askJson<FileSettingProblem[]>(ssh, warm, instance, 'matriarch_file_settings', problemsSql, options)
  if (problems.length === 0) return []
  const waiting = new Set(await askJson<string[]>(ssh, warm, instance, 'matriarch_waiting_settings', waitingSql, options))
  return problems.filter(({ name }) => name === null || !waiting.has(name))
}

const utc = (moment: string) => `to_char(${moment} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
const settingsSql = `
  select json_build_object(
    'confLoadedAt', ${utc('pg_conf_load_time()')},
    'serverTime', ${utc('clock_timestamp()')},
    'values', coalesce(json_object_agg(s.name, s.setting order by s.name) filter (where s.source = 'configuration file'), '{}'),
    'pendingRestart', coalesce(json_agg(s.name order by s.name) filter (where s.pending_restart), '[]')
  ) from pg_settings s`

export const settingsSeen = (ssh: Ssh, warm: WarmPool, instance: InstanceAddress, options: CallOptions): Promise<SettingsSeen> =>
  askJson<SettingsSeen>(ssh, warm, instance, 'matriarch_settings', settingsSql, options)

/** PostgreSQL's word for a running one has a blank; null is a transaction too old to remember, an error one that was never begun. */
export const transactionFate = async (
  ssh: Ssh,
  warm: WarmPool,
  instance: InstanceAddress,
  xid: string,
  options: CallOptions,
): Promise<TransactionFate> => {
  if (!/^\d{1,19}$/.test(xid)) throw new Fault('input.invalid', { because: `"${xid}" is no transaction id.` })
  const fate = await askJson<string | null>(ssh, warm, instance, '', `select to_json(txid_status(${xid}::bigint))`, options)
  if (fate === 'committed' || fate === 'aborted') return fate
  return fate === 'in progress' ? 'in-progress' : 'unknown'
}
