import { z } from 'zod'

const network = /^$|^(\d{1,3}(\.\d{1,3}){3}|[0-9a-fA-F:]+)\/\d{1,3}$/

export const launchInput = z.strictObject({
  consoleNetwork: z
    .string()
    .max(49)
    .regex(network, 'Write a network: 203.0.113.7/32.')
    .default('')
    .meta({
      title: 'Network of the console',
      examples: ['203.0.113.7/32'],
      description:
        'Where workers connect from, as the machine sees it: let in to SSH by the herd’s own security group. Not needed where the blueprint names security groups.',
    }),
})

export type LaunchInput = z.infer<typeof launchInput>
