import type { z } from 'zod'
import { Fault } from './errors'

/** What was sent, as its schema reads it. Throws `input.invalid` with the dotted path, below `under`, of each value that does not fit. */
export const checked = <T extends z.ZodType>(schema: T, value: unknown, under: readonly string[] = []): z.infer<T> => {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new Fault('input.invalid', {
    fields: parsed.error.issues.map(({ path, message }) => ({ path: [...under, ...path].map(String).join('.'), message })),
  })
}
