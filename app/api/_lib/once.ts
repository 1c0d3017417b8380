import { createHash } from 'node:crypto'
import { type Kept, keepAnswer, releaseKey, takeKey } from '@/db/runs/idempotency'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'

export interface OnceRequest {
  actor: Actor
  key: string
  path: string
  body: Buffer
  /** Keep that it was answered, not the answer. */
  isSecret: boolean
}

const replay = (kept: Kept): Response => {
  if (kept.body === null)
    throw new Fault('record.duplicate', {
      because: 'This Idempotency-Key was used already; the secret it made was shown once and is not kept.',
    })
  return new Response(kept.body, {
    status: kept.status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', 'idempotency-replayed': 'true' },
  })
}

/**
 * Does the work at most once per caller, be it a person or one of their tokens, and key for a day. The same key with the same request answers as the first time; with another request it is
 * refused, and while the first is still at work it is told to wait. A failed attempt gives the key back.
 */
export const once = async ({ actor, key, path, body, isSecret }: OnceRequest, work: () => Promise<Response>): Promise<Response> => {
  if (key.length < 1 || key.length > 200)
    throw new Fault('input.invalid', { fields: [{ path: 'Idempotency-Key', message: 'has 1 to 200 characters' }] })
  const name = `${actor.tokenId ?? actor.personId}:${key}`
  const requestHash = createHash('sha256').update(`POST ${path}\n`).update(body).digest('hex')
  const taken = await takeKey(name, requestHash)
  if (taken.state === 'other') {
    const message = 'was used for another request'
    throw new Fault('input.invalid', { because: `This Idempotency-Key ${message}.`, fields: [{ path: 'Idempotency-Key', message }] })
  }
  if (taken.state === 'busy')
    throw new Fault('record.conflict', { because: 'The first request with this Idempotency-Key is still at work.' })
  if (taken.state === 'kept') return replay(taken.kept)
  try {
    const response = await work()
    if (!response.ok) await releaseKey(name)
    else await keepAnswer(name, { status: response.status, body: isSecret ? null : await response.clone().text() })
    return response
  } catch (error) {
    await releaseKey(name)
    throw error
  }
}
