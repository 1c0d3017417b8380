import { type ChildProcess, spawn } from 'node:child_process'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Ssh, SshLogins } from '../ssh'
import { type Order, type Report, received, sendable } from './carrier-words'
import { type Carried, type CarryOptions, carry, type Wire } from './in-place-wire'

export interface Carrier {
  /** Carries what two rsyncs on two hosts say to each other. Throws as `Ssh.exec` does: `shell.*`. */
  carry: (wire: Wire, options: CarryOptions) => Promise<Carried>
  close: () => void
}

/** Every byte goes through this process's loop, between all else that it does. */
export const carryHere = (ssh: Ssh): Carrier => ({ carry: (wire, options) => carry(ssh, wire, options), close: () => {} })

/** How long the process is kept when nothing is carried: a herd's next copy often follows. */
const keptMs = 60_000
/** After its time is over, or it was cancelled, a copy is brought to its end within this; a process that does not is hung. */
const endingMs = 60_000

interface Work {
  resolve: (carried: Carried) => void
  reject: (fault: Fault) => void
  onProgress: (bytes: number) => void
}

/**
 * Bytes go through a process of their own (`command`, which calls `serveCarrier`), on connections of its own: a worker's loop stays free for leases, looks and
 * hand-overs however fast copies move. It starts with the first copy, ends a minute after the last, and with this process, however that ends.
 */
export const startCarrier = (logins: SshLogins, command: readonly string[]): Carrier => {
  const works = new Map<number, Work>()
  let lastId = 0
  let child: ChildProcess | null = null
  let leaving: NodeJS.Timeout | null = null

  const dismiss = () => {
    child?.disconnect()
    child = null
  }
  /** Its connections go with it, and so the ends of its commands; but nobody has seen those. */
  const lose = (how: string) => {
    child = null
    const because = `The process that copies go through ${how}; what the copy had done by then is not known.`
    for (const id of [...works.keys()]) done(id)?.reject(new Fault('shell.timeout', { isOver: false, because }))
  }
  const done = (id: number): Work | undefined => {
    const work = works.get(id)
    works.delete(id)
    if (works.size === 0) leaving = setTimeout(dismiss, keptMs).unref()
    return work
  }
  const answer = async (own: ChildProcess, id: number, ask: () => Promise<string>) => {
    const order = await ask().then(
      (value): Order => ({ kind: 'answer', id, value }),
      (error: unknown): Order => ({ kind: 'refusal', id, fault: sendable(error) }),
    )
    if (own.connected) own.send(order, () => {})
  }
  const hear = (own: ChildProcess, report: Report) => {
    switch (report.kind) {
      case 'progress':
        return works.get(report.id)?.onProgress(report.bytes)
      case 'carried':
        return done(report.id)?.resolve(report.carried)
      case 'failed':
        return done(report.id)?.reject(received(report.fault))
      case 'ask-key':
        return void answer(own, report.id, () => logins.keyFor(report.environmentId))
      case 'ask-machine':
        return void answer(own, report.id, async () => {
          await logins.recognise?.(report.host, report.machineId)
          return ''
        })
    }
  }
  const start = (): ChildProcess => {
    const [program, ...args] = command as [string, ...string[]]
    const own = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' })
    const lost = (how: string) => {
      if (child === own) lose(how)
    }
    own.on('message', (report: Report) => hear(own, report))
    own.once('error', (error) => lost(`could not be started (${error.message})`))
    own.once('exit', (code, signal) => lost(`ended (${signal ?? `exit code ${code}`})`))
    return own
  }

  return {
    carry: (wire, { timeoutMs, signal, onProgress }) =>
      new Promise<Carried>((resolve, reject) => {
        if (signal?.aborted) return reject(new Fault('shell.cancelled', { isOver: true }))
        if (leaving) clearTimeout(leaving)
        leaving = null
        child ??= start()
        const own = child
        lastId += 1
        const id = lastId
        const timers: NodeJS.Timeout[] = []
        const endWithin = (ms: number) => void timers.push(setTimeout(() => own.kill('SIGKILL'), ms))
        const cancel = () => {
          if (own.connected) own.send({ kind: 'cancel', id } satisfies Order, () => {})
          endWithin(endingMs)
        }
        const ended =
          <T>(settle: (value: T) => void) =>
          (value: T) => {
            signal?.removeEventListener('abort', cancel)
            for (const timer of timers) clearTimeout(timer)
            settle(value)
          }
        works.set(id, { resolve: ended(resolve), reject: ended(reject), onProgress })
        signal?.addEventListener('abort', cancel, { once: true })
        endWithin(timeoutMs + endingMs)
        // One that cannot be sent to is about to be lost, and says so then.
        own.send({ kind: 'carry', id, wire, timeoutMs } satisfies Order, () => {})
      }),
    close: () => {
      const own = child
      lose('was told to end')
      if (leaving) clearTimeout(leaving)
      own?.disconnect()
    },
  }
}
