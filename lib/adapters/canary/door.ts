import pg from 'pg'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { CanaryDoor, CanaryOptions, CanaryPooler } from '@/lib/ports'
import { applicationName, asSocket, socketPathOf } from '../postgres/connection'
import type { Ssh } from '../ssh'
import { type Deadline, deadlineIn, remainingMs, within } from '../ssh/deadline'

/** A client's session through a pooler: nothing is set at its start that a pooler would refuse. */
export interface DoorSession {
  client: pg.Client
  destroy: () => void
}

type Login = { user: string; password: string }
type Where = Pick<CanaryDoor, 'title' | 'host' | 'socketDirectory' | 'port' | 'database'>

/** Logins and databases are few where a pooler is set up with care; elsewhere the first ones are tried. */
const triesMax = 8
const tryMs = 2_000

/** Who it is, and whether rows of a new table would leave the server for subscribers that do not know the table. */
const seenSql = `select current_user::text as "user", pg_is_in_recovery() as "isStandby", exists (select from pg_publication where puballtables) as "publishesAll",
  (select system_identifier::text from pg_control_system()) as "systemIdentifier"`

/** `"user" "password"` a line, quotes doubled inside. Verifiers and empty ones are left out: nobody can log in with them. */
export const plainLogins = (authFile: string): Login[] =>
  [...authFile.matchAll(/^[ \t]*"((?:[^"]|"")*)"[ \t]+"((?:[^"]|"")*)"/gm)]
    .map(([, user, password]) => ({ user: user!.replaceAll('""', '"'), password: password!.replaceAll('""', '"') }))
    .filter(({ password }) => password !== '' && !/^(SCRAM-SHA-256\$|md5[0-9a-f]{32}$)/.test(password))

/** The password for a door, read on the pooler's host; the empty one where its auth_file has none for that user. Throws `shell.*`. */
export const passwordOf = async (ssh: Ssh, { host, user, authFile }: CanaryDoor, deadline: Deadline): Promise<string> =>
  (await loginsIn(ssh, host, authFile, deadline)).find((login) => login.user === user)?.password ?? ''

/** Of one without a file none; its host is reached all the same, so that nobody takes a host that is away for a pooler that accepts no login. */
const loginsIn = async (ssh: Ssh, host: CanaryDoor['host'], authFile: string | null, deadline: Deadline): Promise<Login[]> => {
  if (authFile === null) {
    await ssh.reach(host, { timeoutMs: remainingMs(deadline), signal: deadline.signal })
    return []
  }
  const read = await ssh.exec(host, ['cat', '--', authFile], { timeoutMs: remainingMs(deadline), signal: deadline.signal })
  return read.exitCode === 0 ? plainLogins(read.stdout) : []
}

/** Throws `shell.*` when the host is not reached, `sql.unreachable` otherwise. */
export const connectDoor = async (ssh: Ssh, where: Where, { user, password }: Login, deadline: Deadline): Promise<DoorSession> => {
  const stream = asSocket(await ssh.forward(where.host, socketPathOf(where), { timeoutMs: remainingMs(deadline), signal: deadline.signal }))
  const client = new pg.Client({
    stream: () => stream,
    user,
    database: where.database,
    password: () => password,
    ssl: false,
    application_name: applicationName,
  } as pg.ClientConfig)
  client.on('error', () => stream.destroy())
  const destroy = () => void stream.destroy()
  try {
    await within(client.connect(), deadline, () => new Fault('sql.timeout', { because: `${where.title} does not let anybody in.` }))
    return { client, destroy }
  } catch (error) {
    destroy()
    if (isFault(error)) throw error
    throw new Fault('sql.unreachable', { because: (error as Error).message }, { cause: error })
  }
}

export const findDoor = async (ssh: Ssh, pooler: CanaryPooler, options: CanaryOptions): Promise<CanaryDoor> => {
  const deadline = deadlineIn(options.timeoutMs, options.signal)
  const found = await loginsIn(ssh, pooler.host, pooler.authFile, deadline)
  const order = (user: string) => (pooler.users.includes(user) ? pooler.users.indexOf(user) : pooler.users.length)
  const logins = [...found.sort((a, b) => order(a.user) - order(b.user)), { user: pooler.host.user, password: '' }]
  const tries = pooler.databases.flatMap((pooled) => logins.map((login) => ({ pooled, login }))).slice(0, triesMax)
  const reasons = new Set<string>()
  for (const { pooled, login } of tries) {
    const where = { ...pooler, database: pooled.name }
    const each = deadlineIn(Math.min(tryMs, remainingMs(deadline)), options.signal)
    try {
      const serverUser = await lookThrough(ssh, where, login, pooler.systemIdentifier, each)
      const { title, host, socketDirectory, port, authFile } = pooler
      return {
        title,
        host,
        socketDirectory,
        port,
        authFile,
        ...{ database: pooled.name, user: login.user },
        serverDatabase: pooled.database,
        serverUser,
      }
    } catch (error) {
      if (!isFault(error) || error.code.startsWith('shell.')) throw error
      reasons.add(`${login.user} in ${pooled.name}: ${error.facts.because}`)
    }
  }
  const because = reasons.size === 0 ? 'The pooler has no database that a canary can use.' : [...reasons].join('; ')
  throw new Fault('sql.unreachable', { because: `${pooler.title} accepts no login. ${because}`, isOver: true })
}

/** The user that the server sees. */
const lookThrough = async (ssh: Ssh, where: Where, login: Login, systemIdentifier: string | null, deadline: Deadline): Promise<string> => {
  const session = await connectDoor(ssh, where, login, deadline)
  const no = (because: string) => new Fault('sql.unreachable', { because, isOver: true })
  try {
    const { rows } = await within(session.client.query(seenSql), deadline, () => no('The pooler did not answer in time.'))
    const [seen] = rows as { user: string; isStandby: boolean; publishesAll: boolean; systemIdentifier: string }[]
    if (seen!.isStandby) throw no('it points to a standby.')
    if (systemIdentifier !== null && seen!.systemIdentifier !== systemIdentifier)
      throw no('it points to a server with another system identifier.')
    if (seen!.publishesAll) throw no('a publication of all its tables would carry the canary’s rows to subscribers that do not know them.')
    return seen!.user
  } catch (error) {
    if (isFault(error)) throw error
    throw new Fault('sql.unreachable', { because: (error as Error).message, isOver: true }, { cause: error })
  } finally {
    session.destroy()
  }
}
