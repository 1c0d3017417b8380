import { z } from 'zod'
import { env } from '@/lib/env'

const shape = z.array(
  z.object({
    user: z.string(),
    password: z.string(),
    fullName: z.string().default(''),
    /** What this person may do, in words. */
    note: z.string().default(''),
    groups: z.array(z.string()).default([]),
  }),
)

export type PlaygroundPerson = z.infer<typeof shape>[number]

/** The people a playground offers to try; null where this is no playground. */
export const playgroundPeople = (): PlaygroundPerson[] | null => {
  const text = env().PLAYGROUND_PEOPLE
  return text ? shape.parse(JSON.parse(text)) : null
}
