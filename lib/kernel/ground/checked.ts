import type { z } from 'zod'
import { Fault, type FieldProblem } from './errors'

/** What was sent, as its schema reads it. Throws `input.invalid` with the dotted path, below `under`, of each value that does not fit. */
export const checked = <T extends z.ZodType>(schema: T, value: unknown, under: readonly string[] = []): z.infer<T> => {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new Fault('input.invalid', { fields: parsed.error.issues.flatMap((issue) => problemsOf(issue, under)) })
}

/** zod names unknown keys in one issue of the object that holds them: each is a problem of its own, at its own path. */
const problemsOf = (issue: z.core.$ZodIssue, under: readonly string[]): FieldProblem[] => {
  const path = [...under, ...issue.path.map(String)]
  return issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => ({ path: [...path, key].join('.'), message: 'is not a field of this.' }))
    : [{ path: path.join('.'), message: issue.message }]
}
