import { askTest, type DeliverySeen, seeDelivery } from '@/db/notifications/subscriptions'
import { countWorkers } from '@/db/runs/workers'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { untilNews } from './until-news'

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
  return untilNews({ channel: 'records', of: 'message', signal: options.signal }, async () => {
    const seen = await seeDelivery(deliveryId)
    if (seen === null) throw new Fault('record.missing')
    if (seen.state !== 'waiting') return { id: deliveryId, ...seen }
    if ((await countWorkers()) === 0) throw new Fault('worker.absent')
    return Date.now() >= endsAt ? { id: deliveryId, ...seen } : undefined
  })
}
