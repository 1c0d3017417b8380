import type { Duplex } from 'node:stream'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { CommandResult, HostAddress } from '@/lib/ports'
import { runCommand, type WiredOptions } from './command'
import { connectSsh, lookAtHostKey } from './connect'
import { deadlineIn, within } from './deadline'
import { isChannelRefusal, type LinkOptions, SshLink } from './link'

/** What a pool needs of the console to log in. */
export type SshLogins = Pick<SshOptions, 'keyFor' | 'recognise'>

export interface SshOptions extends Partial<Omit<LinkOptions, 'privateKey'>> {
  /** The console's private key for an environment, in OpenSSH or PEM format. */
  keyFor: (environmentId: string) => Promise<string>
  /** Milliseconds without use after which a connection is closed. */
  idleMs?: number
}

/** The path of a unix socket, or a port as the host reaches it. */
export type ForwardTo = string | { address: string; port: number }

export interface Ssh {
  /** A non-zero exit is a result. Throws Fault `shell.unreachable` (surely not started), `.timeout` (fate unknown), `.cancelled`, `.denied`, `.host-key-*`. */
  exec: (host: HostAddress, argv: readonly string[], options: WiredOptions) => Promise<CommandResult>
  /**
   * A byte stream to a unix socket on the host, or from there to a port of an address. Throws `shell.*` for the host, `sql.unreachable` with `facts.isRefused` when sshd answers no:
   * nothing listens there, or sshd does not forward to sockets (AllowStreamLocalForwarding); it does not say which.
   */
  forward: (host: HostAddress, to: ForwardTo, options: { timeoutMs: number; signal?: AbortSignal }) => Promise<Duplex>
  /** The key the host shows, without logging in. */
  showHostKey: (
    host: Pick<HostAddress, 'address' | 'port' | 'hostname'>,
    options: { timeoutMs: number; signal?: AbortSignal },
  ) => Promise<{ fingerprint: string; keyType: string }>
  /** Reconnects if need be, without regard to the pause after a failure. Throws as `exec` does. */
  reach: (host: HostAddress, options: { timeoutMs: number; signal?: AbortSignal }) => Promise<void>
  /** Whether the host with its pinned key lets this private key in, tried on a connection of its own. False: it refuses it. Throws as `exec` does. */
  accepts: (host: HostAddress, privateKey: string, options: { timeoutMs: number }) => Promise<boolean>
  /** Of the server at an endpoint, which asks for one; left out, or empty: a socket, where none is asked for. */
  passwordOf?: (host: HostAddress, port: number) => Promise<string>
  /** Open connections, and commands that run or wait. */
  counts: () => { connections: number; commands: number; waiting: number }
  /** For a pool of another process. */
  logins: SshLogins
  close: () => Promise<void>
}

const defaults = {
  connectTimeoutMs: 5000,
  keepaliveIntervalMs: 3000,
  keepaliveCountMax: 3,
  commandsMax: 8,
  forwardsMax: 64,
  backOffMs: 500,
  backOffMaxMs: 5000,
  idleMs: 300_000,
}

/** The pool of warm SSH connections of one process: one per server and pin. Close it, or the process does not end. */
export const openSsh = (given: SshOptions): Ssh => {
  const options = { ...defaults, ...given }
  const links = new Map<string, SshLink>()
  let isClosed = false

  const linkTo = (host: HostAddress): SshLink => {
    if (isClosed) throw new Fault('shell.unreachable', { because: 'The console is closing its connections.' })
    if (host.hostKey === null) throw new Fault('shell.host-key-unknown', { host: host.hostname, isOver: true })
    const key = JSON.stringify([host.serverId, host.environmentId, host.address, host.port, host.user, host.hostKey])
    let link = links.get(key)
    if (!link) {
      link = new SshLink(host, { ...options, privateKey: () => options.keyFor(host.environmentId) })
      links.set(key, link)
    }
    link.lastUsedAt = performance.now()
    return link
  }

  const sweep = setInterval(
    () => {
      for (const [key, link] of links) {
        if (!link.isIdle || performance.now() - link.lastUsedAt < options.idleMs) continue
        links.delete(key)
        link.close()
      }
    },
    Math.min(options.idleMs, 30_000),
  )
  sweep.unref()

  const forward: Ssh['forward'] = async (host, to, { timeoutMs, signal }) => {
    const link = linkTo(host)
    const deadline = deadlineIn(timeoutMs, signal)
    const leave = await link.forwards.enter(
      deadline,
      () => new Fault('shell.unreachable', { host: host.hostname, because: `Too many open sockets to ${host.hostname}.` }),
    )
    const wasWarm = link.isConnected
    try {
      // A connection that died unnoticed is found out here; opening a socket has no effect, so it is simply tried again.
      const channel = await link.openSocket(to, deadline).catch((error: unknown) => {
        if (error instanceof Fault || isChannelRefusal(error) || !wasWarm || link.isConnected) throw error
        return link.openSocket(to, deadline)
      })
      channel.once('close', leave)
      return channel
    } catch (error) {
      leave()
      if (error instanceof Fault) throw error
      if (!isChannelRefusal(error))
        throw new Fault('shell.unreachable', { host: host.hostname, because: `${host.hostname} does not answer.` }, { cause: error })
      throw new Fault(
        'sql.unreachable',
        { host: host.hostname, socketPath: typeof to === 'string' ? to : `${to.address}:${to.port}`, isRefused: true, isOver: true },
        { cause: error },
      )
    }
  }

  return {
    exec: async (host, argv, commandOptions) => runCommand(linkTo(host), argv, commandOptions),
    forward,
    showHostKey: (host, { timeoutMs, signal }) =>
      within(
        lookAtHostKey(host, timeoutMs),
        deadlineIn(timeoutMs + 100, signal),
        () => new Fault('shell.unreachable', { host: host.hostname }),
      ),
    reach: async (host, { timeoutMs, signal }) => {
      await linkTo(host).connection(deadlineIn(timeoutMs, signal), { fresh: true })
    },
    accepts: async (host, privateKey, { timeoutMs }) => {
      try {
        const client = await connectSsh(host, privateKey, { ...options, connectTimeoutMs: timeoutMs })
        client.on('error', () => {})
        client.destroy()
        return true
      } catch (error) {
        if (isFault(error, 'shell.denied')) return false
        throw error
      }
    },
    counts: () => {
      const all = [...links.values()]
      const sum = (of: (link: SshLink) => number) => all.reduce((total, link) => total + of(link), 0)
      return {
        connections: sum((link) => (link.isConnected ? 1 : 0)),
        commands: sum((link) => link.commands.active),
        waiting: sum((link) => link.commands.queued),
      }
    },
    logins: { keyFor: given.keyFor, recognise: given.recognise },
    close: async () => {
      isClosed = true
      clearInterval(sweep)
      for (const link of links.values()) link.close()
      links.clear()
    },
  }
}
