import { isFault } from '@/lib/kernel/ground/errors'
import type { PooledDatabase, PoolerClient, PoolerSeen, PoolerStats, PoolMode } from '@/lib/ports'
import type { Deadline } from '../ssh/deadline'
import type { PoolerSession, ConsoleRow as Row } from './console'

/** The console's own database, in every list of PgBouncer's. */
const ownDatabase = 'pgbouncer'

const count = (row: Row, name: string): number => Number(row[name] ?? 0)
const text = (row: Row, name: string): string => String(row[name] ?? '')
const flag = (row: Row, name: string): boolean => ['1', 'true', 't', 'yes'].includes(text(row, name))
const sum = (rows: readonly Row[], ...names: string[]): number =>
  rows.reduce((total, row) => total + names.reduce((one, name) => one + count(row, name), 0), 0)

export const seenNothing = (state: PoolerSeen['state'], because: string, observedAt: string): PoolerSeen => ({
  state,
  because,
  version: null,
  isPausedWhole: null,
  databases: [],
  clients: null,
  waiting: null,
  observedAt,
})

/** Columns are read by name: their order and number differ between versions. */
export const lookAtConsole = async (session: PoolerSession, deadline: Deadline, observedAt: string): Promise<PoolerSeen> => {
  const version = await versionOf(session, deadline)
  const databases = (await session.ask('SHOW DATABASES', deadline)).filter((row) => row.name !== ownDatabase)
  const pools = (await session.ask('SHOW POOLS', deadline)).filter((row) => row.database !== ownDatabase)
  const ofDatabase = ({ name }: Row) => pools.filter((pool) => pool.database === name)
  const modes = databases.map((row) => row.pool_mode ?? ofDatabase(row)[0]?.pool_mode ?? null)
  const usualMode = modes.includes(null) ? await usualModeOf(session, deadline) : 'session'
  const seen = databases.map((row, index) => databaseOf(row, ofDatabase(row), (modes[index] ?? usualMode) as PoolMode))
  return {
    state: 'online',
    because: null,
    version,
    isPausedWhole: await isPausedWhole(session, version, deadline),
    databases: seen.sort((a, b) => (a.name < b.name ? -1 : 1)),
    clients: seen.reduce((total, one) => total + one.clientsActive + one.clientsWaiting, 0),
    waiting: seen.reduce((total, one) => total + one.clientsWaiting, 0),
    observedAt,
  }
}

const usualModeOf = async (session: PoolerSession, deadline: Deadline): Promise<string> =>
  text((await session.ask('SHOW CONFIG', deadline)).find((row) => row.key === 'pool_mode') ?? {}, 'value') || 'session'

const databaseOf = (row: Row, pools: readonly Row[], poolMode: PoolMode): PooledDatabase => ({
  name: text(row, 'name'),
  host: text(row, 'host') || null,
  port: count(row, 'port'),
  database: text(row, 'database'),
  poolMode,
  isPaused: flag(row, 'paused'),
  isDisabled: flag(row, 'disabled'),
  clientsActive: sum(pools, 'cl_active'),
  clientsWaiting: sum(pools, 'cl_waiting'),
  serversBusy: sum(pools, 'sv_active', 'sv_tested', 'sv_login'),
  serversIdle: sum(pools, 'sv_idle', 'sv_used'),
  longestWaitSeconds: pools.reduce((most, pool) => Math.max(most, count(pool, 'maxwait') + count(pool, 'maxwait_us') / 1e6), 0),
})

/** Up to 1.11 it comes as a notice, and no row. */
const versionOf = async (session: PoolerSession, deadline: Deadline): Promise<string | null> => {
  const [row] = await session.ask('SHOW VERSION', deadline)
  return /(\d{1,6}\.\d{1,6}(\.\d{1,6}){0,3})/.exec(Object.values(row ?? {}).join(' '))?.[1] ?? null
}

/** SHOW STATE came with 1.19. Before that the answer to a PAUSE that can never happen tells: a pooler that is paused as a whole refuses it for that reason. */
const isPausedWhole = async (session: PoolerSession, version: string | null, deadline: Deadline): Promise<boolean> => {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number)
  if (major > 1 || minor >= 19) {
    const rows = await session.ask('SHOW STATE', deadline)
    return rows.some((row) => Object.values(row).some((value) => /^yes$/i.test(String(value))) && /paused/i.test(JSON.stringify(row)))
  }
  try {
    await session.ask(`PAUSE ${ownDatabase}`, deadline)
    return false
  } catch (error) {
    if (!isFault(error, 'pooler.refused')) throw error
    return /already/.test(error.message)
  }
}

export const clientsOf = async (session: PoolerSession, deadline: Deadline): Promise<PoolerClient[]> => {
  const clients = (await session.ask('SHOW CLIENTS', deadline)).filter((row) => row.database !== ownDatabase)
  const servers = new Map((await session.ask('SHOW SERVERS', deadline)).map((row) => [row.ptr, row]))
  return clients.map((row) => ({
    database: text(row, 'database'),
    user: text(row, 'user'),
    address: row.addr === 'unix' ? 'unix' : `${row.addr}:${row.port}`,
    applicationName: text(row, 'application_name') || null,
    state: text(row, 'state'),
    waitSeconds: count(row, 'wait') + count(row, 'wait_us') / 1e6,
    connectedAt: text(row, 'connect_time') || null,
    remotePid: row.link ? count(servers.get(row.link) ?? {}, 'remote_pid') || null : null,
  }))
}

export const statsOf = async (session: PoolerSession, deadline: Deadline): Promise<PoolerStats[]> =>
  (await session.ask('SHOW STATS', deadline))
    .filter((row) => row.database !== ownDatabase)
    .map((row) => ({
      database: text(row, 'database'),
      transactions: count(row, 'total_xact_count'),
      queries: count(row, 'total_query_count'),
      transactionsPerSecond: count(row, 'avg_xact_count'),
      queriesPerSecond: count(row, 'avg_query_count'),
      transactionMicroseconds: count(row, 'avg_xact_time'),
      queryMicroseconds: count(row, 'avg_query_time'),
      waitMicroseconds: count(row, 'avg_wait_time'),
    }))
