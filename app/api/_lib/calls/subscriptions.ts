import { z } from 'zod'
import { defineCall } from '../call'

const tag = 'subscriptions'

export const subscriptionCalls = {
  testSubscription: defineCall({
    method: 'POST',
    path: '/api/v1/subscriptions/{id}/test',
    tag,
    caller: 'actor',
    summary: 'Send a test to a subscription’s destination',
    description:
      'A worker sends it once, also while the subscription is paused or quiet, and the response says what the destination answered. `waiting`: it took longer than 20 s; read GET /api/v1/messages/{id} then.',
    output: z.object({ id: z.uuid(), state: z.enum(['waiting', 'sent', 'given-up', 'folded']), answer: z.string().nullable() }),
    faults: ['access.denied', 'record.missing', 'worker.absent'],
  }),
  renewSigningSecret: defineCall({
    method: 'POST',
    path: '/api/v1/subscriptions/{id}/secret',
    tag,
    caller: 'actor',
    summary: 'Create a new signing secret for a webhook',
    description:
      'Only for a person who is signed in, never for an API token. The secret appears in this response and nowhere else. The one before it signs as well until previousUntil.',
    output: z.object({ secret: z.string(), previousUntil: z.string().nullable() }),
    status: 201,
    isSecret: true,
    faults: ['input.invalid', 'access.denied', 'record.missing', 'worker.absent'],
  }),
}
