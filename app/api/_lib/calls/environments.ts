import { z } from 'zod'
import { keySteps } from '@/lib/shapes/environment-key'
import { defineCall } from '../call'

const tag = 'environments'

export const environmentCalls = {
  environmentKey: defineCall({
    method: 'GET',
    path: '/api/v1/environments/{id}/key',
    tag,
    caller: 'actor',
    summary: 'Read the public SSH key of an environment, and how far its replacement is',
    output: z.object({
      current: z.string().nullable(),
      next: z
        .object({ publicKey: z.string().nullable(), accepted: z.int(), servers: z.int(), missing: z.array(z.string()) })
        .nullable()
        .describe('missing: the first hosts that have not accepted it yet.'),
    }),
    faults: ['record.missing'],
  }),
  takeKeyStep: defineCall({
    method: 'POST',
    path: '/api/v1/environments/{id}/key',
    tag,
    caller: 'actor',
    summary: 'Replace the SSH key of an environment, step by step',
    description:
      'new: a worker makes a key beside the current one. Append its line to authorized_keys on every host; workers try it there every minute. switch: the new key is used from now on and the former is deleted; refused while hosts do not accept it, unless isForced. discard: the new key is deleted.',
    input: z.strictObject({ step: z.enum(keySteps), isForced: z.boolean().default(false) }),
    status: 204,
    faults: ['record.missing', 'access.denied', 'record.in-use'],
  }),
  allowLowering: defineCall({
    method: 'POST',
    path: '/api/v1/environments/{id}/allow-lowering',
    tag,
    caller: 'actor',
    summary: 'Allow another administrator to lower the safeguards of a two-person environment once within an hour',
    status: 204,
    faults: ['record.missing', 'access.denied', 'record.in-use'],
  }),
}
