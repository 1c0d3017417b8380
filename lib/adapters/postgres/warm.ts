import { Fault } from '@/lib/kernel/ground/errors'
import type { InstanceAddress } from '@/lib/ports'
import type { Ssh } from '../ssh'
import { type Deadline, Gate, within } from '../ssh/deadline'
import { connectPg, type Greeting, type PgConnection } from './connection'

type PgError = Error & { code?: string; position?: string; detail?: string; hint?: string }

interface WarmSession {
  turn: Gate
  connection: PgConnection | null
  lastUsedAt: number
}

export interface WarmPool {
  /** Runs one statement of ours on the instance's warm session. `name` lets the server keep its plan. Throws `shell.*`, `sql.*`. */
  query: <T>(
    instance: InstanceAddress,
    name: string,
    text: (greeting: Greeting) => string,
    deadline: Deadline,
  ) => Promise<{ row: T; greeting: Greeting }>
  /** Gives the instance's warm session to `work` alone, logged in if need be. Nothing is asked twice. Throws as `query` does. */
  hold: <T>(instance: InstanceAddress, deadline: Deadline, work: (connection: PgConnection) => Promise<T>) => Promise<T>
  /** Ends the session: a smart shutdown waits for every client, and we are one. */
  drop: (instance: InstanceAddress) => void
  count: () => number
  close: () => void
}

const statementTimeoutMs = 10_000

const late = () => new Fault('sql.timeout', { because: 'The server did not answer in time.' })

const disconnect = (session: WarmSession): void => {
  session.connection?.destroy()
  session.connection = null
}

/** An error of a statement by what it says about the server: refused, too slow, or gone. */
export const queryFault = (error: unknown): Fault => {
  if (error instanceof Fault) return error
  const { code, message, position, detail, hint } = error as PgError
  if (code === undefined || !/^[0-9A-Z]{5}$/.test(code))
    return new Fault('sql.unreachable', { because: `The session with the server was lost: ${message}.` }, { cause: error })
  const facts = { sqlstate: code, because: message, position, detail, hint }
  if (code === '57014') return new Fault('sql.timeout', facts, { cause: error })
  // 57P01 to 57P05 end the session: a shutdown, a crash of another backend, an administrator.
  if (code.startsWith('57P') || code.startsWith('08')) return new Fault('sql.unreachable', facts, { cause: error })
  return new Fault('sql.failed', facts, { cause: error })
}

/** One that nobody has used for so long, in which every instance of the fleet has had its turn, gives its place to another. */
const unusedMs = 60_000

/**
 * One read-only session per instance, kept for the observer and for looks, at most `max`. Who comes round again and again would never find the one that was
 * used longest ago, so it is not closed for the next: what does not fit is logged in for one look.
 */
export const warmPool = (ssh: Ssh, { max, idleMs }: { max: number; idleMs: number }): WarmPool => {
  const sessions = new Map<string, WarmSession>()
  const keyOf = ({ instanceId, host, port, socketDirectory }: InstanceAddress) =>
    JSON.stringify([instanceId, host.address, host.port, host.user, host.hostKey, port, socketDirectory])

  const forget = (key: string, session: WarmSession) => {
    if (sessions.get(key) === session) sessions.delete(key)
    disconnect(session)
  }
  const sessionOf = (key: string): WarmSession => {
    const found = sessions.get(key)
    if (found) {
      sessions.delete(key) // Put back at the end: the map is in the order of use.
      sessions.set(key, found)
      return found
    }
    for (const [oldKey, old] of sessions) {
      if (sessions.size < max || performance.now() - old.lastUsedAt < unusedMs) break
      if (old.turn.active === 0) forget(oldKey, old)
    }
    const made: WarmSession = { turn: new Gate(1), connection: null, lastUsedAt: performance.now() }
    if (sessions.size < max) sessions.set(key, made)
    return made
  }
  const sweep = setInterval(
    () => {
      for (const [key, session] of sessions)
        if (session.turn.active === 0 && performance.now() - session.lastUsedAt > idleMs) forget(key, session)
    },
    Math.min(idleMs, 15_000),
  )
  sweep.unref()

  const ask: WarmPool['query'] = async (instance, name, text, deadline) => {
    const key = keyOf(instance)
    const session = sessionOf(key)
    const leave = await session.turn.enter(deadline, late)
    try {
      session.lastUsedAt = performance.now()
      for (let isSecond = false; ; isSecond = true) {
        const wasWarm = session.connection?.isOpen === true
        if (!wasWarm)
          session.connection = await connectPg(ssh, instance, { database: 'postgres', isReadOnly: true, statementTimeoutMs }, deadline)
        const { client, greeting } = session.connection!
        try {
          const result = await within(client.query({ name, text: text(greeting) }), deadline, late)
          return { row: result.rows[0], greeting }
        } catch (error) {
          const fault = queryFault(error)
          if (fault.code !== 'sql.failed') disconnect(session)
          // A session that died while nobody used it is found out by its first use; our statements change nothing, so they are asked again.
          if (!wasWarm || isSecond || fault.code !== 'sql.unreachable') throw fault
        }
      }
    } finally {
      if (sessions.get(key) !== session) disconnect(session) // Dropped while it ran.
      leave()
    }
  }

  const hold: WarmPool['hold'] = async (instance, deadline, work) => {
    const key = keyOf(instance)
    const session = sessionOf(key)
    const leave = await session.turn.enter(deadline, late)
    try {
      session.lastUsedAt = performance.now()
      if (session.connection?.isOpen !== true)
        session.connection = await connectPg(ssh, instance, { database: 'postgres', isReadOnly: true, statementTimeoutMs }, deadline)
      return await work(session.connection)
    } catch (error) {
      const fault = queryFault(error)
      disconnect(session)
      throw fault
    } finally {
      if (sessions.get(key) !== session) disconnect(session)
      leave()
    }
  }

  return {
    query: ask,
    hold,
    drop: (instance) => {
      const key = keyOf(instance)
      const session = sessions.get(key)
      if (session) forget(key, session)
    },
    count: () => sessions.size,
    close: () => {
      clearInterval(sweep)
      for (const [key, session] of sessions) forget(key, session)
    },
  }
}
