import { z } from 'zod'
import { defineCall } from '../call'

const tag = 'locks'
const ttlSeconds = z.int().min(5).max(3600).default(60).describe('How long it outlives a holder that no longer says that it lives.')

export const lockCalls = {
  lockHerd: defineCall({
    method: 'POST',
    path: '/api/v1/herds/{id}/lock',
    tag,
    caller: 'actor',
    summary: 'Hold a herd around work outside the console',
    description:
      'Until it is given back, every job that needs the herd waits and says for whom. Say with PUT /api/v1/locks/{id} that the work goes on, three times as often as the lock would run out.',
    input: z.strictObject({
      reason: z.string().trim().min(1, 'Say what for: others read it who have to wait.').max(300),
      holder: z.string().trim().min(1).max(200).describe('Host and process of the command that runs under it.'),
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
    summary: 'Who holds a herd from outside',
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
    summary: 'Take a herd’s lock from its holder',
    description: 'For administrators. The command under it is told at its next sign of life.',
    status: 204,
    faults: ['access.denied', 'record.missing'],
  }),
  keepLock: defineCall({
    method: 'PUT',
    path: '/api/v1/locks/{id}',
    tag,
    caller: 'actor',
    summary: 'Say that the work under a lock goes on',
    input: z.strictObject({ ttlSeconds }),
    output: z.object({ expiresAt: z.string() }),
    faults: ['input.invalid', 'lock.lost'],
  }),
  unlockHerd: defineCall({
    method: 'DELETE',
    path: '/api/v1/locks/{id}',
    tag,
    caller: 'actor',
    summary: 'Give a lock back',
    description: 'One that is gone already is no error.',
    status: 204,
  }),
}
