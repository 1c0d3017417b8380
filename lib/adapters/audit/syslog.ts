import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { hostname } from 'node:os'
import { connect as connectTls, rootCertificates } from 'node:tls'
import { promisify } from 'node:util'
import type { CheckpointSink } from '@/lib/ports/audit-places'

/** “log audit” of RFC 5424. */
const facility = 13
const severities = { checkpoint: 5, alarm: 1 } as const
const ports: Readonly<Record<string, number>> = { udp: 514, tcp: 601, tls: 6514 }
/** Every receiver takes as much (RFC 5424, 6.1); a checkpoint is shorter. */
const bytesMax = 2048

/** One message of RFC 5424; `msgid` tells the kinds apart. */
export const syslogMessage = (kind: keyof typeof severities, text: string, at: Date, host: string, pid: number): string => {
  const header = `<${facility * 8 + severities[kind]}>1 ${at.toISOString()} ${host.replace(/[^!-~]/g, '').slice(0, 255) || '-'} matriarch ${pid} ${kind} - `
  return Buffer.from(header + text)
    .subarray(0, bytesMax)
    .toString('utf8')
    .replace(/\ufffd+$/, '')
}

const byUdp = (host: string, port: number, message: string, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    const end = (error?: Error | null) => {
      signal.removeEventListener('abort', late)
      socket.close()
      error ? reject(error) : resolve()
    }
    const late = () => end(new Error('it did not answer in time'))
    signal.addEventListener('abort', late, { once: true })
    socket.once('error', end)
    socket.send(message, port, host, end)
  })

/** Octet counting (RFC 6587, RFC 5425). A receiver says nothing; what is known is that its side of the connection took it and closed without an error. */
const byStream = (url: URL, message: string, ca: string | null, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const port = Number(url.port) || ports[url.protocol.slice(0, -1)]!
    const socket =
      url.protocol === 'tls:'
        ? connectTls({ host, port, servername: host, ...(ca === null ? {} : { ca: [...rootCertificates, ca] }) })
        : connect({ host, port })
    const late = () => socket.destroy(new Error('it did not answer in time'))
    signal.addEventListener('abort', late, { once: true })
    socket.once(url.protocol === 'tls:' ? 'secureConnect' : 'connect', () => socket.end(`${Buffer.byteLength(message)} ${message}`))
    // Without a reader the end of the other side would not be seen.
    socket.resume()
    socket.once('error', reject)
    socket.once('close', () => {
      signal.removeEventListener('abort', late)
      resolve()
    })
  })

/** A local daemon's socket takes datagrams, which Node does not send; util-linux's `logger` does, in the form that local daemons expect. */
const bySocket = async (path: string, kind: keyof typeof severities, text: string, signal: AbortSignal): Promise<void> => {
  const priority = `authpriv.${kind === 'alarm' ? 'alert' : 'notice'}`
  const args = [
    '--socket',
    path,
    '--socket-errors=on',
    '--tag',
    'matriarch',
    '--priority',
    priority,
    '--size',
    `${bytesMax}`,
    '--',
    `${kind} ${text}`,
  ]
  await promisify(execFile)('logger', args, { signal })
}

/**
 * `udp://host:514`, `tcp://host:601`, `tls://host:6514` or `unix:///dev/log`. `ca`: PEM of an authority that TLS trusts besides those that Node trusts. Over UDP
 * and local sockets a message may be lost unseen. Throws TypeError for an address that is none.
 */
export const makeSyslog = (address: string, ca: string | null = null): CheckpointSink => {
  const url = new URL(address)
  const send = (kind: keyof typeof severities, text: string, signal: AbortSignal): Promise<void> => {
    if (url.protocol === 'unix:') return bySocket(url.pathname, kind, text, signal)
    const message = syslogMessage(kind, text, new Date(), hostname(), process.pid)
    if (url.protocol === 'udp:') return byUdp(url.hostname.replace(/^\[|\]$/g, ''), Number(url.port) || ports.udp!, message, signal)
    return byStream(url, message, ca, signal)
  }
  return {
    address,
    send: async (kind, text, signal) => {
      try {
        await send(kind, text, signal)
      } catch (error) {
        throw new Error(`AUDIT_SYSLOG ${address} did not take it: ${(error as Error).message.split('\n')[0]}`, { cause: error })
      }
    },
  }
}
