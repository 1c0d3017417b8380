import pg from 'pg'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import { type DrillPort, type DrillWay, drillDatabase } from '@/lib/ports'
import { applicationName, asSocket, connectPg, settings } from '../postgres/connection'
import type { Ssh } from '../ssh'
import { type Deadline, remainingMs, within } from '../ssh/deadline'

export interface WriterSession {
  client: pg.Client
  destroy: () => void
}

export const drillRole = 'matriarch_drill'
const statementTimeoutMs = 60_000
/** Under a name of its own: what looks at sessions leaves out those of the console itself. */
const lookSql = `select pg_is_in_recovery() as standby, set_config('application_name', 'matriarch drill', false)`

const isPort = (endpoint: DrillWay['endpoints'][number]): endpoint is DrillPort => 'address' in endpoint

/** On a member's own socket as the SSH user, through a proxy as the drill's role with its password. Throws `shell.*`, `sql.*`; refuses one that takes no writes. */
export const enter = async (
  ssh: Ssh,
  endpoint: DrillWay['endpoints'][number],
  password: string,
  deadline: Deadline,
): Promise<WriterSession> => {
  const session = isPort(endpoint)
    ? await throughPort(ssh, endpoint, password, deadline)
    : await connectPg(ssh, endpoint, { database: drillDatabase, isReadOnly: false, statementTimeoutMs }, deadline)
  try {
    const late = () => new Fault('sql.timeout', { because: `${endpoint.title} does not answer.` })
    const { rows } = await within(session.client.query(lookSql), deadline, late)
    if (rows[0].standby) throw new Fault('sql.unreachable', { because: `${endpoint.title} takes no writes.`, sqlstate: '25006' })
    return session
  } catch (error) {
    session.destroy()
    throw error
  }
}

const throughPort = async (ssh: Ssh, where: DrillPort, password: string, deadline: Deadline): Promise<WriterSession> => {
  const { host, address, port, title } = where
  const stream = asSocket(await ssh.forward(host, { address, port }, { timeoutMs: remainingMs(deadline), signal: deadline.signal }))
  const client = new pg.Client({
    stream: () => stream,
    user: drillRole,
    database: drillDatabase,
    password: () => password,
    ssl: false,
    application_name: applicationName,
    options: settings({ statement_timeout: statementTimeoutMs }),
  } as pg.ClientConfig)
  client.on('error', () => stream.destroy())
  const destroy = () => void stream.destroy()
  try {
    await within(client.connect(), deadline, () => new Fault('sql.timeout', { because: `${title} does not let anybody in.` }))
    return { client, destroy }
  } catch (error) {
    destroy()
    if (isFault(error)) throw error
    const { code, message } = error as Error & { code?: string }
    throw new Fault('sql.unreachable', { because: message, sqlstate: code }, { cause: error })
  }
}
