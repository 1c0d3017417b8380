import { z } from 'zod'
import { clientPattern, isClientPattern } from '@/lib/domain/activity/client-patterns'
import { isType } from '@/lib/domain/machines/type-names'
import { stopInput } from '../steps/stop-input'

/** What is written with commas between, in its order: `m6i.large, m5a.large`. */
export const typesIn = (text: string): string[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')

export const resizeInput = z.strictObject({
  type: z
    .string()
    .trim()
    .max(40)
    .refine(isType, 'Write a type as EC2 does: m5.large.')
    .meta({
      title: 'Type',
      examples: ['m5.xlarge'],
      description: 'The type that the machine is to become; of a DB instance of RDS the class that runs on it: m5.xlarge is db.m5.xlarge.',
    }),
  fallbacks: z
    .string()
    .trim()
    .max(200)
    .refine((text) => typesIn(text).every(isType), 'Write types with commas between: m6i.large, m5a.large.')
    .default('')
    .meta({
      title: 'Else',
      description:
        'Types to take in this order if EC2 has no capacity for the first one or refuses it, with commas between. Last comes the type it has now.',
    }),
  patienceMinutes: z.int().min(0).max(15).default(3).meta({
    title: 'Wait for capacity (minutes)',
    description:
      'How long EC2 is asked again and again for these types and the one it has now, the machine stopped, before it becomes one of another family or the next larger one, as the plan names them.',
  }),
  ignoredClients: z
    .string()
    .trim()
    .max(1000)
    .refine((text) => typesIn(text).every(isClientPattern), clientPattern.message)
    .default('')
    .meta({
      title: 'Clients that do not count',
      description:
        'LIKE patterns of users, or with application: or address: before them, with commas between: monitor%, application:pg_repack%. Checks of clients and transactions pass over them; they are cut all the same.',
    }),
  readers: z.enum(['wait', 'cut', 'leave']).default('wait').meta({
    title: 'Clients of poolers',
    description:
      'Of databases of poolers on other hosts that point to it. wait: they are paused until it is back, and if one stays in a transaction nothing is stopped; cut: that one is cut; leave: nobody is paused, and all are cut.',
  }),
  drainSeconds: z.int().min(1).max(3600).default(30).meta({
    title: 'Drain timeout (seconds)',
    description: 'How long transactions of clients of poolers may take to end.',
  }),
  ...stopInput,
})

export type ResizeInput = z.infer<typeof resizeInput>
