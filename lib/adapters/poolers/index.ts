import { quoteIdentifier } from '@/lib/domain/values/sql-quote'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import { sleep } from '@/lib/kernel/ground/sleep'
import type { PoolerAddress, PoolerSeen, PoolersAct, PoolersRead, PoolerVerb } from '@/lib/ports'
import type { CallOptions } from '@/lib/ports/postgres'
import type { Ssh } from '../ssh'
import { deadlineIn, remainingMs } from '../ssh/deadline'
import { type PoolerSession, poolerConsoles } from './console'
import { makeDeadMan } from './dead-man'
import { readPoolerFile, writePoolerFile } from './file'
import { clientsOf, lookAtConsole, seenNothing, statsOf } from './look'

export interface Poolers {
  read: PoolersRead
  act: PoolersAct
  /** Warm sessions that are kept now. */
  sessions: () => number
  close: () => void
}

/** PgBouncer 1.12 and later, through the admin console on its unix socket, forwarded over SSH. */
export const makePoolers = (ssh: Ssh): Poolers => {
  const consoles = poolerConsoles(ssh)
  const deadMan = makeDeadMan(ssh)
  const ask = <T>(pooler: PoolerAddress, options: CallOptions, work: (session: PoolerSession) => Promise<T>): Promise<T> =>
    consoles.look(pooler, deadlineIn(options.timeoutMs, options.signal), work)
  const command = async (pooler: PoolerAddress, text: string, options: CallOptions): Promise<void> => {
    const deadline = deadlineIn(options.timeoutMs, options.signal)
    await consoles.act(pooler, deadline, (session) => session.ask(text, deadline))
  }
  const act = (verb: PoolerVerb) => (pooler: PoolerAddress, database: string, options: CallOptions) =>
    command(pooler, commandOf(verb, database), options)

  return {
    read: {
      look: async (pooler, options) => {
        const observedAt = new Date().toISOString()
        const deadline = deadlineIn(options.timeoutMs, options.signal)
        try {
          return await consoles.look(pooler, deadline, (session) => lookAtConsole(session, deadline, observedAt))
        } catch (error) {
          if (!isFault(error) || options.signal?.aborted) throw error
          return seenNothing(stateOf(error), error.message, observedAt)
        }
      },
      clients: (pooler, options) => {
        const deadline = deadlineIn(options.timeoutMs, options.signal)
        return consoles.look(pooler, deadline, (session) => clientsOf(session, deadline))
      },
      stats: (pooler, options) => {
        const deadline = deadlineIn(options.timeoutMs, options.signal)
        return consoles.look(pooler, deadline, (session) => statsOf(session, deadline))
      },
      settings: async (pooler, options) => {
        const deadline = deadlineIn(options.timeoutMs, options.signal)
        const rows = await ask(pooler, options, (session) => session.ask('SHOW CONFIG', deadline))
        return Object.fromEntries(rows.map((row) => [String(row.key), String(row.value ?? '')]))
      },
      readFile: (pooler, options) => readPoolerFile(ssh, pooler, options),
      ...deadMan.read,
      commands: { of: commandOf },
    },
    act: {
      pause: act('pause'),
      resume: act('resume'),
      reconnect: act('reconnect'),
      disable: act('disable'),
      enable: act('enable'),
      kill: act('kill'),
      resumeWhole: (pooler, options) => command(pooler, 'RESUME', options),
      reload: (pooler, options) => command(pooler, 'RELOAD', options),
      shutDown: (pooler, options) => shutDown(pooler, options, command, ask),
      writeFile: (pooler, write, options) => writePoolerFile(ssh, pooler, write, options),
      restoreFile: (pooler, write, options) => writePoolerFile(ssh, pooler, { ...write, text: null }, options),
      ...deadMan.act,
    },
    sessions: consoles.count,
    close: consoles.close,
  }
}

const commandOf = (verb: PoolerVerb, database: string): string => `${verb.toUpperCase()} ${quoteIdentifier(database)}`

const stateOf = ({ code, facts }: Fault): PoolerSeen['state'] => {
  if (code.startsWith('shell.')) return code === 'shell.timeout' ? 'unknown' : 'unreachable'
  if (code !== 'pooler.unreachable') return 'unknown'
  if (facts.isRefused === true) return 'stopped'
  return typeof facts.sqlstate === 'string' ? 'refused' : 'unknown'
}

/** The process ends without an answer: the broken session is the sign, and the proof is that nothing listens there. */
const shutDown = async (
  pooler: PoolerAddress,
  options: CallOptions,
  command: (pooler: PoolerAddress, text: string, options: CallOptions) => Promise<void>,
  ask: (pooler: PoolerAddress, options: CallOptions, work: (session: PoolerSession) => Promise<unknown>) => Promise<unknown>,
): Promise<void> => {
  const deadline = deadlineIn(options.timeoutMs, options.signal)
  await command(pooler, 'SHUTDOWN', options).catch((error: unknown) => {
    if (!isFault(error, 'pooler.unreachable') || error.facts.isOver) throw error
  })
  for (;;) {
    const left = { ...options, timeoutMs: remainingMs(deadline) }
    try {
      await ask(pooler, left, (session) => session.ask('SHOW VERSION', deadline))
    } catch (error) {
      if (isFault(error, 'pooler.unreachable') && error.facts.isRefused) return
      if (!isFault(error, 'pooler.unreachable')) throw error
    }
    if (remainingMs(deadline) === 0)
      throw new Fault('pooler.timeout', { because: `PgBouncer on ${pooler.host.hostname} was told to end and still listens.` })
    await sleep(50)
  }
}
