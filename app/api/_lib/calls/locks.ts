import { z } from 'zod'
import { defineCall } from '../call'

const tag = 'locks'
const ttlSeconds = z.int().min(5).max(3600).default(60).describe('Seconds after the last renewal until the lock expires.')

export const lockCalls = {
  lockHerd: defineCall({
    method: 'POST',
    path: '/api/v1/herds/{id}/lock',
    tag,
    caller: 'actor',
    summary: 'Lock a herd for work outside the console',
    description:
      'Until the lock is released, every job that needs the herd waits and says for whom. Renew it with PUT /api/v1/locks/{id} three times within each `ttlSeconds`.',
    input: z.strictObject({
      reason: z.string().trim().min(1, 'What the lock is for; shown to everybody who has to wait.').max(300),
      holder: z.string().trim().min(1).max(200).describe('Host and process of the command that runs under the lock.'),
      ttlSeconds,
    }),
    output: z.object({ id: z.uuid(), herd: z.string(), ttlSeconds: z.int() }),
    status: 201,
    faults: ['input.invalid', 'access.denied', 'record.missing', 'lock.held'],
  }),
  herdLock: defineCall({
    method: 'GET',
    path: '/api/v1/herds/{id}/lock',
    tag,
    caller: 'actor',
    summary: 'Read the lock of a herd',
    output: z.object({
      lock: z
        .object({ owner: z.string(), holder: z.string(), reason: z.string(), acquiredAt: z.string(), expiresAt: z.string() })
        .nullable(),
    }),
    faults: ['record.missing'],
  }),
  breakLock: defineCall({
    method: 'DELETE',
    path: '/api/v1/herds/{id}/lock',
    tag,
    caller: 'actor',
    summary: 'Break a herd’s lock',
    description: 'For administrators. The command that runs under the lock is told at its next renewal.',
    status: 204,
    faults: ['access.denied', 'record.missing'],
  }),
  keepLock: defineCall({
    method: 'PUT',
    path: '/api/v1/locks/{id}',
    tag,
    caller: 'actor',
    summary: 'Renew a lock',
    input: z.strictObject({ ttlSeconds }),
    output: z.object({ expiresAt: z.string() }),
    faults: ['input.invalid', 'lock.lost'],
  }),
  unlockHerd: defineCall({
    method: 'DELETE',
    path: '/api/v1/locks/{id}',
    tag,
    caller: 'actor',
    summary: 'Release a lock',
    description: 'Releasing a lock that no longer exists is not an error.',
    status: 204,
  }),
}
