import { z } from 'zod'

/**
 * What EC2 says of a machine's end at the moment, as the agent on it reads it from the instance metadata service; null: nothing. Source: EC2, `spot/instance-action`
 * and `events/recommendations/rebalance`.
 */
export const noticeInput = z.looseObject({
  hostname: z.string().trim().min(1, 'must not be empty').max(253),
  instanceId: z.string().regex(/^i-[0-9a-f]{8,17}$/, 'must be the id of an EC2 instance such as i-0a1b2c3d4e5f60718'),
  agent: z.string().max(40).nullish(),
  interruption: z
    .looseObject({
      action: z.enum(['terminate', 'stop', 'hibernate'], 'must be terminate, stop or hibernate'),
      time: z.iso.datetime({ offset: true, error: 'must be a time such as 2026-11-25T02:10:00Z' }),
    })
    .nullable(),
  rebalance: z.looseObject({}).nullable(),
})

export type AgentNotice = z.output<typeof noticeInput>
