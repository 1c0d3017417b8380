import type { Duplex } from 'node:stream'
import pg from 'pg'
import { formatBytes, MiB } from '@/lib/domain/values/bytes'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { InstanceAddress } from '@/lib/ports'
import type { Ssh } from '../ssh'
import { type Deadline, remainingMs, within } from '../ssh/deadline'

/** What the server says of itself at login, without being asked. */
export interface Greeting {
  /** `15.18` */
  version: string
  isSuperuser: boolean
}

export interface PgConnection {
  client: pg.Client
  greeting: Greeting
  stream: Duplex
  isOpen: boolean
  /** At once, whatever runs. */
  destroy: () => void
}

interface ConnectOptions {
  database: string
  /** For every transaction of the session; a statement cannot lift it inside its own transaction. */
  isReadOnly: boolean
  statementTimeoutMs: number
  /** The role to log in as; left out: the one that is named like the SSH user. */
  as?: string
  /** Default 8 MiB: our own questions are answered in far less. */
  answerBytesMax?: number
}

type PgError = Error & { code?: string; severity?: string }
/** What pg keeps to itself and its types leave out. */
type Inner = {
  processID: number | null
  secretKey: number | null
  connection: { on: (event: 'parameterStatus', heard: (message: { parameterName: string; parameterValue: string }) => void) => void }
}

/** Where a server or a pooler listens on its host. */
export type SocketAddress = Pick<InstanceAddress, 'host' | 'socketDirectory' | 'port'>

export const socketPathOf = (instance: SocketAddress): string => `${instance.socketDirectory.replace(/\/+$/, '')}/.s.PGSQL.${instance.port}`

type WriteDone = (error?: Error | null) => void
/** What a stream is underneath; the types of ssh2's channel leave it out. */
type Underneath = { _write: (data: Buffer, encoding: string, done: WriteDone) => void }

/**
 * pg wants a net.Socket's manners; the forwarded channel is connected already. pg sends the four messages of a query corked, and the channel would still
 * make a packet of each: they are put together, which is a packet, its cipher and its system calls instead of four.
 *
 * A server that answers one question with more than `answerBytesMax` loses the session, whatever asked: its host may be anybody's, and the worker's memory
 * and time are everybody's.
 */
export const asSocket = (channel: Duplex, answerBytesMax = ownAnswerBytesMax): Duplex => {
  let answered = 0
  const write = channel.write.bind(channel) as (...sent: unknown[]) => boolean
  channel.on('data', (chunk: Buffer) => {
    answered += chunk.length
    if (answered <= answerBytesMax || channel.destroyed) return
    channel.emit('error', tooLong(answerBytesMax))
    channel.destroy()
  })
  // A channel stays half open where a socket would close: without this a session that is cut waits for an answer that nobody will give.
  channel.once('end', () => channel.destroy())
  return Object.assign(channel, {
    write: (...sent: unknown[]) => {
      answered = 0
      return write(...sent)
    },
    connect: () => process.nextTick(() => channel.emit('connect')),
    setNoDelay: () => channel,
    setKeepAlive: () => channel,
    ref: () => channel,
    unref: () => channel,
    _writev: (pieces: { chunk: Buffer }[], done: WriteDone) =>
      (channel as unknown as Underneath)._write(Buffer.concat(pieces.map(({ chunk }) => chunk)), 'buffer', done),
  })
}

const ownAnswerBytesMax = 8 * MiB

const tooLong = (bytes: number): Fault =>
  new Fault('sql.unreachable', { because: `The server answered with more than ${formatBytes(bytes)}. The session was ended.` })

/**
 * A session over the instance's unix socket on its host, as the role of the SSH user unless `as` says otherwise (peer authentication); at an endpoint over
 * TLS, with its password.
 * Throws `shell.*` when the host is not reached, `sql.unreachable` otherwise: facts `sqlstate` when the server answered, `refusal` when nothing did.
 */
export const connectPg = async (ssh: Ssh, instance: SocketAddress, options: ConnectOptions, deadline: Deadline): Promise<PgConnection> => {
  const path = socketPathOf(instance)
  const place = instance.host.endpoint ? `${instance.host.address}:${instance.port}` : path
  const password = (await ssh.passwordOf?.(instance.host, instance.port)) ?? ''
  const stream = asSocket(
    await ssh.forward(instance.host, path, { timeoutMs: remainingMs(deadline), signal: deadline.signal }),
    options.answerBytesMax,
  )
  const client = new pg.Client({
    stream: () => stream,
    user: options.as ?? instance.host.user,
    database: options.database,
    // A function, so that neither PGPASSWORD nor ~/.pgpass of the console is ever sent to a host.
    password: () => password,
    ssl: false,
    application_name: applicationName,
    client_encoding: 'UTF8',
    options: settings({
      statement_timeout: options.statementTimeoutMs,
      lock_timeout: Math.min(options.statementTimeoutMs, 5000),
      default_transaction_read_only: options.isReadOnly ? 'on' : 'off',
      standard_conforming_strings: 'on',
    }),
  } as pg.ClientConfig)
  const greeting: Greeting = { version: '', isSuperuser: false }
  ;(client as unknown as Inner).connection.on('parameterStatus', ({ parameterName, parameterValue }) => {
    if (parameterName === 'server_version') greeting.version = parameterValue.split(' ')[0]!
    if (parameterName === 'is_superuser') greeting.isSuperuser = parameterValue === 'on'
  })
  const connection: PgConnection = {
    client,
    greeting,
    stream,
    isOpen: true,
    destroy: () => {
      connection.isOpen = false
      stream.destroy()
    },
  }
  const shut = () => {
    connection.isOpen = false
  }
  client.on('error', shut)
  client.on('end', shut)
  try {
    await within(client.connect(), deadline, () => new Fault('sql.timeout', { because: `The server behind ${place} does not answer.` }))
    return connection
  } catch (error) {
    connection.destroy()
    if (isFault(error)) throw error
    const { code, message } = error as PgError
    throw new Fault('sql.unreachable', { host: instance.host.hostname, sqlstate: code, because: message }, { cause: error })
  }
}

/** The name under which PostgreSQL's own views show the console's sessions. */
export const applicationName = 'matriarch'

export const settings = (values: Record<string, string | number>): string =>
  Object.entries(values)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ')

/** Asks the server to stop what the session runs, as psql does on Ctrl-C. Never throws: a session that is gone runs nothing. */
export const cancelStatement = async (ssh: Ssh, instance: InstanceAddress, connection: PgConnection, timeoutMs: number): Promise<void> => {
  const { processID, secretKey } = connection.client as unknown as Inner
  if (processID === null || secretKey === null) return
  const request = Buffer.alloc(16)
  request.writeInt32BE(16, 0)
  request.writeInt32BE(80877102, 4)
  request.writeInt32BE(processID, 8)
  request.writeInt32BE(secretKey, 12)
  try {
    const stream = await ssh.forward(instance.host, socketPathOf(instance), { timeoutMs })
    stream.on('error', () => undefined)
    stream.resume()
    stream.end(request)
  } catch {
    // The deadline of the caller ends the session itself.
  }
}
