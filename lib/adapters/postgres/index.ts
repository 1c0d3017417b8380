import { quoteShell } from '@/lib/domain/values/shell-quote'
import type {
  ActivityAct,
  ActivityRead,
  PostgresAct,
  PostgresRead,
  ReadersAct,
  ReadersRead,
  ReplicationAct,
  ReplicationRead,
  ServerLogRead,
  ServerSettingsAct,
  ServerSettingsRead,
  StatementsRead,
} from '@/lib/ports'
import type { Ssh } from '../ssh'
import { commandFor } from '../ssh/profiles'
import { postgresAct } from './act'
import { makeActivity } from './activity'
import { countersOf } from './counters'
import { probeInstance } from './probe'
import { runStatement } from './query'
import { makeReaders } from './readers'
import { makeReplication } from './replication'
import { makeServerLog } from './server-log'
import { makeServerSettings } from './server-settings'
import { databaseBytes, fileSettings, settingsSeen, transactionFate } from './server-views'
import { makeStatements } from './statements'
import { warmPool } from './warm'

export interface PostgresOptions {
  /** Warm sessions kept at most, one per instance. */
  sessionsMax?: number
  /** Milliseconds without use after which a warm session is closed. */
  idleMs?: number
}

export interface Postgres {
  read: PostgresRead
  act: PostgresAct
  replication: { read: ReplicationRead; act: ReplicationAct }
  readers: { read: ReadersRead; act: ReadersAct }
  activity: { read: ActivityRead; act: ActivityAct }
  serverLog: ServerLogRead
  serverSettings: { read: ServerSettingsRead; act: ServerSettingsAct }
  statements: StatementsRead
  /** Warm sessions that are open now. */
  sessions: () => number
  close: () => void
}

/** PostgreSQL 10 to 18 on hosts that `ssh` reaches: SQL through the forwarded unix socket, everything else by the platform's own tools. */
export const makePostgres = (ssh: Ssh, options: PostgresOptions = {}): Postgres => {
  const warm = warmPool(ssh, { max: options.sessionsMax ?? 2000, idleMs: options.idleMs ?? 120_000 })
  const read: PostgresRead = {
    probe: (instance, callOptions) => probeInstance(ssh, warm, instance, callOptions),
    fileSettings: (instance, callOptions) => fileSettings(ssh, warm, instance, callOptions),
    settings: (instance, callOptions) => settingsSeen(ssh, warm, instance, callOptions),
    transactionFate: (instance, xid, callOptions) => transactionFate(ssh, warm, instance, xid, callOptions),
    databaseBytes: (instance, callOptions) => databaseBytes(ssh, instance, callOptions),
    counters: (instance, callOptions) => countersOf(ssh, warm, instance, callOptions),
    query: (instance, sql, sqlOptions) => runStatement(ssh, instance, sql, sqlOptions, { isReadOnly: true }),
    commands: {
      start: (instance) => [quoteShell(commandFor(instance, 'start'))],
      stop: (instance, mode) => [quoteShell(commandFor(instance, 'stop', mode))],
      restart: (instance, mode) => [quoteShell(commandFor(instance, 'stop', mode)), quoteShell(commandFor(instance, 'start'))],
      reload: (instance) => [
        `SELECT pg_reload_conf(); -- over the server's socket; if it takes no session: ${quoteShell(commandFor(instance, 'reload'))}`,
      ],
    },
  }
  return {
    read,
    act: postgresAct(ssh, warm),
    replication: makeReplication(ssh, warm),
    readers: makeReaders(ssh, warm),
    activity: makeActivity(ssh, warm),
    serverLog: makeServerLog(ssh),
    serverSettings: makeServerSettings(ssh, warm),
    statements: makeStatements(ssh),
    sessions: warm.count,
    close: warm.close,
  }
}
