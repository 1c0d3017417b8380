import pg from 'pg'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { PoolerAddress } from '@/lib/ports'
import { applicationName, asSocket } from '../postgres/connection'
import type { Ssh } from '../ssh'
import { type Deadline, deadlineIn, remainingMs, within } from '../ssh/deadline'

/** pg turns numbers into numbers; which columns are numbers differs between versions. */
export type ConsoleRow = Record<string, string | number | boolean | null>
type ConsoleError = Error & { code?: string; severity?: string }

/** A session with the admin console. PgBouncer takes one command at a time and speaks the simple protocol alone. */
export interface PoolerSession {
  ask: (command: string, deadline: Deadline) => Promise<ConsoleRow[]>
}

interface Session extends PoolerSession {
  isOpen: boolean
  lastUsedAt: number
  destroy: () => void
}

export interface PoolerConsoles {
  /** A look: asked again on a new session when a kept one turns out to be dead. Throws `shell.*`, `pooler.*`. */
  look: <T>(pooler: PoolerAddress, deadline: Deadline, work: (session: PoolerSession) => Promise<T>) => Promise<T>
  /** An action, on a session that is known to live. The session of one that fails is closed, whatever it still runs. */
  act: <T>(pooler: PoolerAddress, deadline: Deadline, work: (session: PoolerSession) => Promise<T>) => Promise<T>
  count: () => number
  close: () => void
}

/** Sessions kept warm for each pooler: a move of a primary talks to all of them at once and must not wait for logins. */
const keptMax = 2
const idleMs = 120_000
/** A kept session that nobody used for this long is asked whether it lives before an action is sent over it. */
const trustMs = 3_000

const socketOf = ({ socketDirectory, port }: PoolerAddress): string => `${socketDirectory.replace(/\/+$/, '')}/.s.PGSQL.${port}`

export const poolerConsoles = (ssh: Ssh): PoolerConsoles => {
  const kept = new Map<string, Session[]>()
  const keyOf = ({ poolerId, host, port, socketDirectory }: PoolerAddress) =>
    JSON.stringify([poolerId, host.address, host.port, host.user, host.hostKey, socketDirectory, port])

  const sweep = setInterval(() => {
    for (const [key, sessions] of kept) {
      const [old, fresh] = [sessions.filter(isIdle), sessions.filter((one) => !isIdle(one))]
      for (const session of old) session.destroy()
      if (fresh.length > 0) kept.set(key, fresh)
      else kept.delete(key)
    }
  }, 30_000)
  sweep.unref()

  const takeKept = (key: string): Session | undefined => {
    const sessions = kept.get(key) ?? []
    for (let session = sessions.pop(); session; session = sessions.pop()) if (session.isOpen) return session
    return undefined
  }
  const keep = (key: string, session: Session): void => {
    const sessions = kept.get(key) ?? []
    if (!session.isOpen || sessions.length >= keptMax) session.destroy()
    else {
      session.lastUsedAt = performance.now()
      kept.set(key, [...sessions, session])
    }
  }
  const use = async <T>(key: string, session: Session, work: (session: PoolerSession) => Promise<T>): Promise<T> => {
    try {
      const result = await work(session)
      keep(key, session)
      return result
    } catch (error) {
      if (isFault(error, 'pooler.refused')) keep(key, session)
      else session.destroy()
      throw error
    }
  }

  return {
    look: async (pooler, deadline, work) => {
      const key = keyOf(pooler)
      const warm = takeKept(key)
      if (warm)
        try {
          return await use(key, warm, work)
        } catch (error) {
          if (!isFault(error, 'pooler.unreachable')) throw error
        }
      return use(key, await openSession(ssh, pooler, deadline), work)
    },
    act: async (pooler, deadline, work) => {
      const key = keyOf(pooler)
      const warm = takeKept(key)
      const session = warm && (await lives(warm, deadline)) ? warm : await openSession(ssh, pooler, deadline)
      return use(key, session, work)
    },
    count: () => [...kept.values()].reduce((sum, sessions) => sum + sessions.length, 0),
    close: () => {
      clearInterval(sweep)
      for (const sessions of kept.values()) for (const session of sessions) session.destroy()
      kept.clear()
    },
  }
}

const isIdle = (session: Session): boolean => !session.isOpen || performance.now() - session.lastUsedAt > idleMs

const lives = async (session: Session, deadline: Deadline): Promise<boolean> => {
  if (performance.now() - session.lastUsedAt < trustMs) return true
  try {
    await session.ask('SHOW VERSION', deadlineIn(Math.min(2_000, remainingMs(deadline)), deadline.signal))
    return true
  } catch {
    session.destroy()
    deadline.signal?.throwIfAborted()
    return false
  }
}

/** Over the pooler's unix socket as the SSH user, who is an administrator there by being the same OS user; elsewhere `admin_users` decides. */
const openSession = async (ssh: Ssh, pooler: PoolerAddress, deadline: Deadline): Promise<Session> => {
  const path = socketOf(pooler)
  const { hostname } = pooler.host
  const stream = asSocket(
    await ssh.forward(pooler.host, path, { timeoutMs: remainingMs(deadline), signal: deadline.signal }).catch((error: unknown) => {
      if (!isFault(error, 'sql.unreachable')) throw error
      const because = `Nothing on ${hostname} takes a connection to ${path}: no PgBouncer listens there, or sshd does not forward to sockets (AllowStreamLocalForwarding).`
      throw new Fault('pooler.unreachable', { host: hostname, isRefused: true, isOver: true, because }, { cause: error })
    }),
  )
  const client = new pg.Client({
    stream: () => stream,
    user: 'pgbouncer',
    database: 'pgbouncer',
    // A function, so that neither PGPASSWORD nor ~/.pgpass of the console is ever sent to a host.
    password: () => '',
    ssl: false,
    application_name: applicationName,
  } as pg.ClientConfig)
  const session: Session = {
    isOpen: true,
    lastUsedAt: performance.now(),
    destroy: () => {
      session.isOpen = false
      stream.destroy()
    },
    ask: async (command, until) => {
      try {
        return (await within(client.query<ConsoleRow>(command), until, () => late(pooler, command))).rows
      } catch (error) {
        throw consoleFault(pooler, command, error)
      }
    },
  }
  const shut = () => {
    session.isOpen = false
  }
  // PgBouncer that ends says so with an end of stream alone, and a channel stays half open after that.
  stream.once('end', () => stream.destroy())
  client.on('error', shut)
  client.on('end', shut)
  try {
    await within(client.connect(), deadline, () => late(pooler, 'The login'))
    return session
  } catch (error) {
    session.destroy()
    if (isFault(error)) throw new Fault(error.code, { ...error.facts, isOver: true }, { cause: error })
    const { code, message } = error as ConsoleError
    throw new Fault('pooler.unreachable', { host: hostname, sqlstate: code, because: message, isOver: true }, { cause: error })
  }
}

const late = ({ host }: PoolerAddress, command: string): Fault =>
  new Fault('pooler.timeout', { host: host.hostname, because: `${command} was not answered in time by PgBouncer on ${host.hostname}.` })

/** An ERROR leaves the session as it was, and nothing done; everything else ends it. */
const consoleFault = ({ host }: PoolerAddress, command: string, error: unknown): Fault => {
  if (isFault(error, 'shell.cancelled'))
    return new Fault('pooler.timeout', { because: `${command} on ${host.hostname} was cancelled while it waited.` }, { cause: error })
  if (isFault(error)) return error
  const { severity, message } = error as ConsoleError
  if (severity === 'ERROR')
    return new Fault(
      'pooler.refused',
      { host: host.hostname, isOver: true, because: `PgBouncer on ${host.hostname} refused ${command}: ${message}.` },
      { cause: error },
    )
  return new Fault(
    'pooler.unreachable',
    { host: host.hostname, because: `The session with PgBouncer on ${host.hostname} was lost: ${message}.` },
    { cause: error },
  )
}
