import { createHash } from 'node:crypto'
import { connect as connectSocket, type Socket } from 'node:net'
import ssh2, { type Client, type ConnectConfig, type ServerHostKeyAlgorithm } from 'ssh2'
import { Fault } from '@/lib/kernel/ground/errors'
import type { HostAddress } from '@/lib/ports'

/** As OpenSSH prints it: `SHA256:` and base64 without padding. `key` is the public key blob of the protocol. */
export const fingerprintOf = (key: Buffer): string => `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`

/** The type's name stands at the start of the blob, behind its 4-byte length. */
const keyTypeOf = (key: Buffer): string => key.toString('latin1', 4, 4 + key.readUInt32BE(0))

/** In the order in which a host is asked. The pin may be of any of its keys, so a mismatch is believed only after all were seen. */
const keyFamilies: ServerHostKeyAlgorithm[][] = [
  ['ssh-ed25519'],
  ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'],
]
const allFamilies = keyFamilies.flat()

export interface ConnectTimes {
  /** For TCP, key exchange and login together. */
  connectTimeoutMs: number
  keepaliveIntervalMs: number
  /** Unanswered keep-alives after which the connection counts as lost. */
  keepaliveCountMax: number
}

interface Attempt {
  address: Pick<HostAddress, 'address' | 'port' | 'hostname'>
  families: ServerHostKeyAlgorithm[]
  accept: (key: Buffer) => boolean
  login: Pick<ConnectConfig, 'username' | 'privateKey'>
  times: ConnectTimes
}

type HandshakeError = Error & { level?: string; code?: string }

/** Packets written in one turn of the loop leave together. */
const gatherWrites = (socket: Socket): void => {
  const write = socket.write
  let isCorked = false
  socket.write = ((...args: Parameters<typeof write>) => {
    if (!isCorked) {
      isCorked = true
      socket.cork()
      process.nextTick(() => {
        isCorked = false
        socket.uncork()
      })
    }
    return write.apply(socket, args)
  }) as typeof write
}

const sockets = new WeakMap<Client, Socket>()

/** Ends a connection that is dead. What it has not sent yet must never arrive: an abandoned order would be followed once the network is back. */
export const resetConnection = (client: Client): void => {
  sockets.get(client)?.resetAndDestroy()
}

/** Our own socket, because ssh2's would batch small packets (Nagle) and cost 40 ms a command. */
const attempt = ({ address, families, accept, login, times }: Attempt): Promise<Client> =>
  new Promise((resolve, reject) => {
    const socket: Socket = connectSocket({ host: address.address, port: address.port, noDelay: true })
    gatherWrites(socket)
    const client = new ssh2.Client()
    const fail = (error: HandshakeError) => {
      client.removeAllListeners('ready')
      client.on('error', () => undefined)
      client.destroy()
      socket.destroy()
      reject(error)
    }
    client.once('ready', () => {
      client.removeListener('error', fail)
      client.removeListener('close', closed)
      sockets.set(client, socket)
      resolve(client)
    })
    const closed = () => fail(Object.assign(new Error('the connection was closed during the handshake'), { level: 'client-socket' }))
    client.on('error', fail)
    client.once('close', closed)
    client.connect({
      sock: socket,
      username: login.username,
      privateKey: login.privateKey,
      readyTimeout: times.connectTimeoutMs,
      keepaliveInterval: times.keepaliveIntervalMs,
      keepaliveCountMax: times.keepaliveCountMax,
      agentForward: false,
      strictVendor: false,
      algorithms: { serverHostKey: families },
      hostVerifier: accept,
    })
  })

const isNoCommonKeyType = (error: HandshakeError) => error.level === 'handshake' && error.message.includes('no matching host key format')

const whyUnreachable = (error: HandshakeError, at: string): string => {
  switch (error.code) {
    case 'ECONNREFUSED':
      return `Nothing listens at ${at}: the connection was refused.`
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
      return `No route to ${at}: ${error.code === 'ENETUNREACH' ? 'network' : 'host'} unreachable.`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The name of ${at} cannot be resolved.`
    case 'ECONNRESET':
      return `${at} reset the connection.`
  }
  if (error.level === 'client-timeout') return `${at} did not answer in time.`
  return `${at}: ${error.message}.`
}

/**
 * A logged-in connection to a host that showed its pinned key.
 * Throws Fault `shell.host-key-unknown`, `shell.host-key-changed` (facts `expected`, `offered`), `shell.denied`, `shell.unreachable`.
 */
export const connectSsh = async (host: HostAddress, privateKey: string, times: ConnectTimes): Promise<Client> => {
  if (host.hostKey === null) throw new Fault('shell.host-key-unknown', { host: host.hostname, isOver: true })
  const offered: string[] = []
  const accept = (key: Buffer): boolean => {
    const fingerprint = fingerprintOf(key)
    if (fingerprint === host.hostKey) return true
    offered.push(fingerprint)
    return false
  }
  const login = { username: host.user, privateKey }
  const orders = [allFamilies, ...keyFamilies]
  for (const families of orders) {
    const seen = offered.length
    try {
      return await attempt({ address: host, families, accept, login, times })
    } catch (error) {
      const wasRefusedKey = offered.length > seen
      const isOtherFamilyMissing = offered.length > 0 && isNoCommonKeyType(error as HandshakeError)
      if (!wasRefusedKey && !isOtherFamilyMissing) throw connectFault(error as HandshakeError, host)
    }
  }
  throw new Fault('shell.host-key-changed', {
    host: host.hostname,
    isOver: true,
    expected: host.hostKey,
    offered: offered[0],
    because: `${host.hostname} shows the key ${offered[0]}, not the pinned ${host.hostKey}. Nothing runs there until somebody accepts the new key.`,
  })
}

const connectFault = (error: HandshakeError, host: HostAddress): Fault => {
  const at = `${host.address}:${host.port}`
  if (error.level === 'client-authentication')
    return new Fault(
      'shell.denied',
      { host: host.hostname, user: host.user, isOver: true, because: `${host.hostname} refuses the console’s key for ${host.user}.` },
      { cause: error },
    )
  return new Fault('shell.unreachable', { host: host.hostname, at, isOver: true, because: whyUnreachable(error, at) }, { cause: error })
}

/** The key a host shows, without logging in and without running anything. Throws `shell.unreachable`. */
export const lookAtHostKey = async (
  address: Pick<HostAddress, 'address' | 'port' | 'hostname'>,
  timeoutMs: number,
): Promise<{ fingerprint: string; keyType: string }> => {
  let shown: Buffer | null = null
  const accept = (key: Buffer): boolean => {
    shown = Buffer.from(key)
    return false
  }
  const times = { connectTimeoutMs: timeoutMs, keepaliveIntervalMs: 0, keepaliveCountMax: 0 }
  try {
    const client = await attempt({ address, families: allFamilies, accept, login: { username: 'matriarch' }, times })
    client.destroy()
  } catch (error) {
    if (shown !== null) return { fingerprint: fingerprintOf(shown), keyType: keyTypeOf(shown) }
    const at = `${address.address}:${address.port}`
    const because = whyUnreachable(error as HandshakeError, at)
    throw new Fault('shell.unreachable', { host: address.hostname, at, because }, { cause: error })
  }
  throw new Fault('internal.bug', { because: 'A host key was accepted that nobody accepted.' })
}
