import type { ClientChannel } from 'ssh2'
import { Fault, toFault } from '@/lib/kernel/ground/errors'
import type { CommandResult, HostAddress } from '@/lib/ports'
import type { CallOptions } from '@/lib/ports/postgres'
import type { Ssh } from '../ssh'

/** How long the other end may take to notice that one has ended. */
const endingMs = 15_000
/** rsync has something to say to its counterpart at least twice in its own patience. */
const silenceMs = 450_000
const saidMax = 40

/** Two rsyncs. The receiving one says what the sending one must be told of it; what else that is given follows there. */
export interface Wire {
  to: { host: HostAddress; argv: readonly string[] }
  from: { host: HostAddress; sending: readonly string[] }
}

export type CarryOptions = Pick<CallOptions, 'timeoutMs' | 'signal'> & { onProgress: (bytes: number) => void }

export interface Carried {
  exitCode: number | null
  /** What rsync said, less its progress: the last lines. */
  said: string[]
  /** Bytes carried, both ways. */
  moved: number
}

/** One line at a time, also where progress overwrites its line. */
const lineReader = (heard: (line: string) => void) => {
  let rest = ''
  return (chunk: Buffer) => {
    const lines = (rest + chunk.toString('utf8')).split(/[\r\n]+/)
    rest = lines.pop()!
    for (const line of lines) heard(line)
  }
}

/** A channel that nobody reads never closes. */
const readToItsEnd = (channel: ClientChannel) => channel.once('exit', () => channel.resume())

const tie = (near: ClientChannel, far: ClientChannel, count: (bytes: number) => void): void => {
  readToItsEnd(far)
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    from.on('data', (chunk: Buffer) => count(chunk.length))
    from.pipe(to)
    from.once('close', () => {
      to.end()
      to.unpipe(from)
      to.resume()
    })
  }
}

/**
 * Carries what two commands on two hosts say to each other, until the receiving one ends; the other one is then ended too. Throws as `exec` does when
 * either host is lost or nobody waits any more: neither command is left then, as far as their hosts can be asked.
 */
export const carry = async (ssh: Ssh, { to, from }: Wire, { timeoutMs, signal, onProgress }: CarryOptions): Promise<Carried> => {
  const over = new AbortController()
  let heardAt = performance.now()
  const watch = setInterval(() => {
    if (performance.now() - heardAt > silenceMs) over.abort()
  }, silenceMs / 10)
  const options = { timeoutMs, signal: AbortSignal.any(signal ? [signal, over.signal] : [over.signal]) }
  const carried: Carried = { exitCode: null, said: [], moved: 0 }
  let sending: Promise<CommandResult | Fault> | null = null
  const beginSending = (near: ClientChannel, capabilities: string) => {
    const wire = (far: ClientChannel) =>
      tie(near, far, (bytes) => {
        carried.moved += bytes
        heardAt = performance.now()
      })
    const argv = ['rsync', '--server', '--sender', `-prI${capabilities}`, ...from.sending]
    sending = ssh.exec(from.host, argv, { ...options, wire }).catch((error: unknown) => {
      over.abort()
      return toFault(error)
    })
  }
  const listen = (near: ClientChannel) => {
    readToItsEnd(near)
    near.stderr.on(
      'data',
      lineReader((line) => {
        const [, bytes] = /^\s*(\d+)\s+\d+%\s/.exec(line) ?? []
        const [, capabilities] = /^relay (e[0-9.]*[A-Za-z]*)$/.exec(line) ?? []
        if (bytes !== undefined) onProgress(Number(bytes))
        else if (capabilities !== undefined && sending === null) beginSending(near, capabilities)
        else if (line.trim() !== '' && !line.startsWith('matriarch-')) carried.said = [...carried.said, line].slice(-saidMax)
      }),
    )
  }
  const sent = async (): Promise<CommandResult | Fault | null> => sending
  try {
    const { exitCode } = await ssh.exec(to.host, to.argv, { ...options, wire: listen })
    carried.exitCode = exitCode
  } catch (error) {
    over.abort()
    const other = await sent()
    if (signal?.aborted) throw error
    if (performance.now() - heardAt > silenceMs)
      throw new Fault('shell.timeout', {
        because: `Nothing came through between ${from.host.hostname} and ${to.host.hostname} for ${silenceMs / 1000} s.`,
      })
    throw other instanceof Fault && other.code !== 'shell.cancelled' ? other : error
  } finally {
    clearInterval(watch)
  }
  const late = setTimeout(() => over.abort(), endingMs)
  const other = await sent().finally(() => clearTimeout(late))
  if (other !== null && !(other instanceof Fault) && other.exitCode !== 0 && carried.exitCode !== 0)
    carried.said = [...carried.said, ...other.stderr.trim().split('\n').filter(Boolean)].slice(-saidMax)
  return carried
}
