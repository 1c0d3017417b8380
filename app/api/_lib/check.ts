import type { z } from 'zod'
import { Fault, type FieldProblem } from '@/lib/kernel/ground/errors'

const problemsOf = (error: z.ZodError): FieldProblem[] =>
  error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }))

/** Throws `input.invalid` with the path of each value that does not fit. */
export const checked = <I extends z.ZodType>(schema: I, value: unknown): z.infer<I> => {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new Fault('input.invalid', { fields: problemsOf(parsed.error) })
}
