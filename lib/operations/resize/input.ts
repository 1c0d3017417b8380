import { z } from 'zod'
import { stopInput } from '../steps/stop-input'

const typePattern = /^(db\.)?[a-z][a-z0-9-]*\.[a-z0-9-]+$/

const isType = (text: string): boolean => typePattern.test(text)

/** In their order, as they were written: `m6i.large, m5a.large`. */
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
  ...stopInput,
})

export type ResizeInput = z.infer<typeof resizeInput>
