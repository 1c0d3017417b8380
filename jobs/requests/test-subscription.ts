import { askTest, type DeliverySeen, seeDelivery } from '@/db/notifications/subscriptions'
import { listen } from '@/db/pg/client'
import { countWorkers } from '@/db/runs/workers'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'

const pollMs = 1_000

/**
 * Has a worker send a test to a subscription's destination, and waits for what it answers. `waiting`: it took longer than `timeoutMs`; the log of messages will
 * show it. Throws `record.missing`, `access.denied`, `worker.absent`.
 */
export const testSubscription = async (
  actor: Actor,
  id: string,
  options: { timeoutMs: number; signal?: AbortSignal },
): Promise<{ id: string } & DeliverySeen> => {
  const deliveryId = await askTest(actor, id)
  const endsAt = Date.now() + options.timeoutMs
  let wake = () => {}
  const stop = await listen('records', (payload) => {
    if (payload === 'message' || payload === '') wake()
  })
  try {
    for (;;) {
      options.signal?.throwIfAborted()
      const news = new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pollMs)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      const seen = await seeDelivery(deliveryId)
      if (seen === null) throw new Fault('record.missing')
      if (seen.state !== 'waiting') return { id: deliveryId, ...seen }
      if ((await countWorkers()) === 0) throw new Fault('worker.absent')
      if (Date.now() >= endsAt) return { id: deliveryId, ...seen }
      await news
    }
  } finally {
    wake()
    stop()
  }
}
