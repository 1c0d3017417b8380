import { openSsh } from '../ssh'
import { type Order, type Report, received, sendable } from './carrier-words'
import { carry } from './in-place-wire'

/**
 * The other end of `startCarrier`: this process carries until its parent lets go of it or is gone. Signals are the parent's to hear: told to stop, it still
 * brings its copies to a safe point.
 */
export const serveCarrier = (): void => {
  const send = (report: Report) => process.connected && process.send!(report)
  const questions = new Map<number, { resolve: (value: string) => void; reject: (error: Error) => void }>()
  const running = new Map<number, AbortController>()
  let lastQuestion = 0
  const ask = (question: (id: number) => Report) =>
    new Promise<string>((resolve, reject) => {
      lastQuestion += 1
      questions.set(lastQuestion, { resolve, reject })
      send(question(lastQuestion))
    })
  const ssh = openSsh({
    keyFor: (environmentId) => ask((id) => ({ kind: 'ask-key', id, environmentId })),
    recognise: async (host, machineId) => {
      await ask((id) => ({ kind: 'ask-machine', id, host, machineId }))
    },
    // Only the parent has anything asked here, and it has just reached the host.
    backOffMs: 0,
  })
  const begin = async ({ id, wire, timeoutMs }: Extract<Order, { kind: 'carry' }>) => {
    const cancelling = new AbortController()
    running.set(id, cancelling)
    const options = { timeoutMs, signal: cancelling.signal, onProgress: (bytes: number) => void send({ kind: 'progress', id, bytes }) }
    const report = await carry(ssh, wire, options).then(
      (carried): Report => ({ kind: 'carried', id, carried }),
      (error: unknown): Report => ({ kind: 'failed', id, fault: sendable(error) }),
    )
    running.delete(id)
    send(report)
  }
  process.on('message', (order: Order) => {
    switch (order.kind) {
      case 'carry':
        return void begin(order)
      case 'cancel':
        return running.get(order.id)?.abort()
      case 'answer':
        questions.get(order.id)?.resolve(order.value)
        return questions.delete(order.id)
      case 'refusal':
        questions.get(order.id)?.reject(received(order.fault))
        return questions.delete(order.id)
    }
  })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {})
  process.once('disconnect', () => process.exit(0))
}
