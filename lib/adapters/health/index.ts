import type { HealthKind, HealthLook } from '@/lib/domain/health/kind'
import { healthKind } from '@/lib/domain/health/kinds'
import { parsePgVersion } from '@/lib/domain/values/pg-version'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { HealthRead, InstanceAddress } from '@/lib/ports'
import { connectPg, type PgConnection } from '../postgres/connection'
import { queryFault } from '../postgres/warm'
import type { Ssh } from '../ssh'
import { type Deadline, deadlineIn, remainingMs, within } from '../ssh/deadline'
import { lookAtBackups } from './backups'

/** A server that takes longer over one of these has more pressing things to do. */
const statementTimeoutMs = 5_000
/** Nobody waits behind us, and we behind nobody. */
const lockTimeoutMs = 250
const databasesMax = 50

const databasesSql = `
select d.datname as name from pg_database d where d.datallowconn and not d.datistemplate and has_database_privilege(d.oid, 'connect')
order by d.oid limit ${databasesMax + 1}`

interface Row {
  object: string | null
  value: number | null
  atLeast: HealthLook['found'][number]['atLeast']
  details: Record<string, string | number | boolean | null>
}

const late = () => new Fault('sql.timeout', { because: 'The questions of health were not answered in time.' })

/** In words, for the look; what is no expected fault is thrown on. */
const becauseOf = (error: unknown): string => {
  if (!isFault(error)) throw error
  return String(error.facts.because ?? error.message)
}

const open = async (ssh: Ssh, instance: InstanceAddress, database: string, deadline: Deadline): Promise<PgConnection> => {
  const connection = await connectPg(ssh, instance, { database, isReadOnly: true, statementTimeoutMs }, deadline)
  try {
    await within(connection.client.query(`set lock_timeout = ${lockTimeoutMs}`), deadline, late)
    return connection
  } catch (error) {
    connection.destroy()
    throw queryFault(error)
  }
}

const ask = async ({ client, greeting }: PgConnection, kind: HealthKind, deadline: Deadline): Promise<Row[]> => {
  const major = Number(parsePgVersion(greeting.version)?.major ?? 0)
  const text = `select coalesce(json_agg(q), '[]') as rows from (${kind.question(major)}\n) q`
  try {
    return (await within(client.query<{ rows: Row[] }>(text), deadline, late)).rows[0]!.rows
  } catch (error) {
    throw queryFault(error)
  }
}

/** One session, from question to question; each look is filled in as far as the database was seen. */
const askAll = async (
  connection: PgConnection,
  database: string,
  looks: readonly [HealthKind, HealthLook][],
  deadline: Deadline,
): Promise<void> => {
  for (const [kind, look] of looks) {
    try {
      for (const { object, value, atLeast, details } of await ask(connection, kind, deadline))
        if (object === null) look.notApplicable = String(details.because)
        else look.found.push({ database, object, value: Number(value), atLeast, details })
    } catch (error) {
      look.because ??= database === '' ? becauseOf(error) : `In ${database}: ${becauseOf(error)}`
      // A session that is lost answers none of the others either.
      if (!connection.isOpen || remainingMs(deadline) <= 0) {
        for (const [, other] of looks) other.because ??= look.because
        return
      }
    }
  }
}

const namesOf = async ({ client }: PgConnection, deadline: Deadline): Promise<string[]> => {
  try {
    return (await within(client.query<{ name: string }>(databasesSql), deadline, late)).rows.map(({ name }) => name)
  } catch (error) {
    throw queryFault(error)
  }
}

/** PostgreSQL 10 to 18. */
export const makeHealth = (ssh: Ssh): HealthRead => ({
  look: async (instance, names, { timeoutMs, signal }) => {
    const deadline = deadlineIn(timeoutMs, signal)
    const looks = names.flatMap((name): [HealthKind, HealthLook][] => {
      const kind = healthKind(name)
      return kind === undefined ? [] : [[kind, { kind: name, found: [], because: null, notApplicable: null }]]
    })
    const of = (where: HealthKind['of']) => looks.filter(([kind]) => kind.of === where)
    const inDatabases = of('database')
    const connection = await open(ssh, instance, 'postgres', deadline)
    try {
      await askAll(connection, '', of('instance'), deadline)
      for (const [, look] of of('host')) await lookAtBackups(ssh, instance, connection, look, deadline)
      if (inDatabases.length === 0) return looks.map(([, look]) => look)
      const databases = await namesOf(connection, deadline)
      if (databases.length > databasesMax)
        for (const [, look] of inDatabases) look.because = `Only its first ${databasesMax} databases are looked into.`
      for (const database of databases.slice(0, databasesMax)) {
        if (database === 'postgres') await askAll(connection, database, inDatabases, deadline)
        else await askIn(ssh, instance, database, inDatabases, deadline)
      }
    } finally {
      connection.destroy()
    }
    return looks.map(([, look]) => look)
  },
})

const askIn = async (
  ssh: Ssh,
  instance: InstanceAddress,
  database: string,
  looks: readonly [HealthKind, HealthLook][],
  deadline: Deadline,
): Promise<void> => {
  let connection: PgConnection
  try {
    connection = await open(ssh, instance, database, deadline)
  } catch (error) {
    const because = `In ${database}: ${becauseOf(error)}`
    for (const [, look] of looks) look.because ??= because
    return
  }
  try {
    await askAll(connection, database, looks, deadline)
  } finally {
    connection.destroy()
  }
}
