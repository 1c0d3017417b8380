import { connect, isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { HostAddress } from '@/lib/ports'
import { type Deadline, within } from '../ssh/deadline'

/** PostgreSQL's request for TLS, before anything else is sent. Source: Frontend/Backend Protocol, SSLRequest. */
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])
const accepted = 'S'.charCodeAt(0)

/** Throws `shell.unreachable` where nothing answers. The socket is open, and what it answered is whether it offers TLS. */
const greet = async (host: HostAddress, port: number, deadline: Deadline): Promise<{ socket: Socket; offersTls: boolean }> => {
  const silent = silence(host, port)
  const socket = connect({ host: host.address, port, noDelay: true, keepAlive: true })
  try {
    await within(opened(socket), deadline, silent).catch((error: unknown) => {
      throw error instanceof Fault ? error : silent(error)
    })
    socket.write(sslRequest)
    return { socket, offersTls: (await within(firstByte(socket), deadline, silent)) === accepted }
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** Whether something answers there at all, as PostgreSQL or not. Throws `shell.unreachable` where nothing does. */
export const knock = async (host: HostAddress, port: number, deadline: Deadline): Promise<void> => {
  try {
    const { socket } = await greet(host, port, deadline)
    socket.destroy()
  } catch (error) {
    if (!isFault(error, 'sql.unreachable')) throw error
  }
}

const silence =
  (host: HostAddress, port: number) =>
  (cause?: unknown): Fault =>
    new Fault(
      'shell.unreachable',
      {
        host: host.hostname,
        isOver: true,
        because: `${host.address}:${port} does not answer${cause === undefined ? '' : `: ${(cause as Error).message}`}.`,
      },
      { cause },
    )

/**
 * A byte stream to PostgreSQL at an endpoint, whose certificate names the endpoint and is signed by one of the authorities. Nothing is ever sent in the clear
 * but the request for TLS. Throws `shell.unreachable` where nothing answers, `sql.unreachable` where what answers is not believed.
 */
export const openTls = async (host: HostAddress, port: number, ca: string | null, deadline: Deadline): Promise<Duplex> => {
  const place = `${host.address}:${port}`
  const { socket, offersTls } = await greet(host, port, deadline)
  try {
    if (!offersTls)
      throw new Fault('sql.unreachable', {
        isOver: true,
        because: `The server at ${place} does not offer TLS. The console sends no password without it.`,
      })
    const secure = connectTls({
      socket,
      host: host.address,
      ...(isIP(host.address) === 0 ? { servername: host.address } : {}),
      ...(ca === null ? {} : { ca }),
      minVersion: 'TLSv1.2',
    })
    await within(secured(secure), deadline, silence(host, port)).catch((error: unknown) => {
      throw error instanceof Fault ? error : notBelieved(place, ca, error as Error)
    })
    return secure
  } catch (error) {
    socket.destroy()
    throw error
  }
}

const notBelieved = (place: string, ca: string | null, { message }: Error): Fault =>
  new Fault('sql.unreachable', {
    isOver: true,
    because: `The certificate of ${place} is not believed: ${message}. ${
      ca === null
        ? 'Give the worker the authority’s certificates with RDS_CA_FILE: AWS publishes them as global-bundle.pem.'
        : 'The authority that signed it is not in RDS_CA_FILE, or it names another endpoint.'
    }`,
  })

const opened = (socket: Socket): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once('connect', () => resolve())
    socket.once('error', reject)
  })

const firstByte = (socket: Socket): Promise<number> =>
  new Promise((resolve, reject) => {
    const closed = () => reject(new Fault('sql.unreachable', { isOver: true, because: 'The server closed the connection.' }))
    socket.once('close', closed)
    socket.once('readable', () => {
      const piece = socket.read(1) as Buffer | null
      socket.off('close', closed)
      if (piece === null) closed()
      else resolve(piece[0]!)
    })
  })

const secured = (socket: ReturnType<typeof connectTls>): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once('secureConnect', () => resolve())
    socket.once('error', reject)
  })
