import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Lab } from '@/lib/playground/lab/lab'
import type { Endpoint } from '@/lib/playground/load/load'
import type { ClientsOrder, Losses, Order, WindowAnswer } from './switchover-clients'

const program = fileURLToPath(new URL('./switchover-clients.ts', import.meta.url))
const answerTimeoutMs = 240_000

export interface Writers {
  /** What the clients saw while `work` ran and until `old` streams as a standby. `old` null: nothing moves. */
  during: (old: Endpoint | null, work: () => Promise<void>) => Promise<WindowAnswer>
  /** Ends them and counts their rows. */
  judge: () => Promise<Losses>
  stop: () => void
}

/** Clients in one process of their own, so that what the console does costs them nothing but processor time. Returns once they commit. */
export const startWriters = async (lab: Lab, order: ClientsOrder): Promise<Writers> => {
  const child = lab.spawn([process.execPath, '--import', 'tsx', program], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  child.stdin!.on('error', () => {})
  const ask = async <T>(message: ClientsOrder | Order): Promise<T> => {
    child.stdin!.write(`${JSON.stringify(message)}\n`)
    const timer = setTimeout(() => child.kill('SIGKILL'), answerTimeoutMs)
    const line = await lines.next().finally(() => clearTimeout(timer))
    if (line.done) throw new Error(`The writers through ${order.door.host}:${order.door.port} ended.`)
    return JSON.parse(line.value) as T
  }
  await ask(order)
  return {
    during: async (old, work) => {
      await ask({ verb: 'begin', old })
      await work()
      return ask<WindowAnswer>({ verb: 'end' })
    },
    judge: async () => {
      const losses = await ask<Losses>({ verb: 'judge' })
      child.stdin!.end()
      return losses
    },
    stop: () => void child.kill('SIGKILL'),
  }
}
