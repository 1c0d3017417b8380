import { createSocket } from 'node:dgram'
import { connect, isIPv6 } from 'node:net'
import { Fault } from '@/lib/kernel/ground/errors'
import { cancelledFault, type Deadline, remainingMs } from '../../ssh/deadline'

/** An address literal and a port. */
export interface ServerAddress {
  /** As people know it, for sentences. */
  name: string
  address: string
  port: number
}

export const sayServer = ({ name, address, port }: ServerAddress): string => {
  const place = port === 53 ? address : isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`
  return name === address ? place : `${name} (${place})`
}

const unreachable = (server: ServerAddress, why: string, cause?: unknown): Fault =>
  new Fault('dns.unreachable', { because: `${sayServer(server)} does not answer: ${why}.`, isOver: true }, { cause })
const late = (server: ServerAddress, hasSent: boolean): Fault =>
  hasSent
    ? new Fault('dns.timeout', { because: `${sayServer(server)} took the message and did not answer in time.` })
    : unreachable(server, 'no connection in time')

/**
 * One message there and one back over TCP. Throws `dns.unreachable` when nothing was sent, `dns.timeout` when it was and no answer came,
 * `shell.cancelled` (`isOver` only when nothing was sent).
 */
export const exchangeTcp = (server: ServerAddress, message: Buffer, deadline: Deadline): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    let hasSent = false
    let received = Buffer.alloc(0)
    const { signal } = deadline
    if (signal?.aborted) return reject(cancelledFault())
    const socket = connect({ host: server.address, port: server.port, noDelay: true })
    const finish = (act: () => void) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      socket.destroy()
      act()
    }
    const abort = () => finish(() => reject(hasSent ? new Fault('shell.cancelled') : cancelledFault()))
    const timer = setTimeout(() => finish(() => reject(late(server, hasSent))), remainingMs(deadline))
    signal?.addEventListener('abort', abort, { once: true })
    const lost = (why: string, cause?: unknown) =>
      finish(() =>
        reject(
          hasSent
            ? new Fault('dns.timeout', { because: `${sayServer(server)} broke the connection before it answered: ${why}.` }, { cause })
            : unreachable(server, why, cause),
        ),
      )
    socket.once('connect', () => {
      hasSent = true
      const length = Buffer.from([message.length >> 8, message.length & 255])
      socket.write(Buffer.concat([length, message]))
    })
    socket.on('data', (piece) => {
      received = Buffer.concat([received, piece])
      if (received.length < 2) return
      const length = received.readUInt16BE(0)
      if (received.length >= length + 2) finish(() => resolve(received.subarray(2, length + 2)))
    })
    socket.once('error', (error: NodeJS.ErrnoException) => lost(error.code ?? error.message, error))
    socket.once('close', () => lost('it was closed'))
  })

/** A datagram may be lost: it is sent again this often while there is time. */
const sendAgainMs = 1_000

/** One question over UDP, sent again while no answer comes. `isAnswer` tells the answer from what somebody else may send. Throws as `exchangeTcp`, never `dns.timeout`. */
export const exchangeUdp = (
  server: ServerAddress,
  message: Buffer,
  deadline: Deadline,
  isAnswer: (answer: Buffer) => boolean,
): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const { signal } = deadline
    if (signal?.aborted) return reject(cancelledFault())
    const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4')
    const finish = (act: () => void) => {
      clearTimeout(timer)
      clearInterval(again)
      signal?.removeEventListener('abort', abort)
      socket.close()
      act()
    }
    const abort = () => finish(() => reject(cancelledFault()))
    const fail = (error: NodeJS.ErrnoException) => finish(() => reject(unreachable(server, error.code ?? error.message, error)))
    const send = () => socket.send(message, (error) => error && !isClosed && fail(error))
    let isClosed = false
    const timer = setTimeout(() => finish(() => reject(unreachable(server, 'no answer in time'))), remainingMs(deadline))
    const again = setInterval(send, sendAgainMs)
    signal?.addEventListener('abort', abort, { once: true })
    socket.once('close', () => {
      isClosed = true
    })
    socket.on('error', fail)
    socket.on('message', (answer) => isAnswer(answer) && finish(() => resolve(answer)))
    // Connected, so that the system refuses datagrams from elsewhere and tells of a closed port.
    socket.connect(server.port, server.address, send)
  })
