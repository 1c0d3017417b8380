import { z } from 'zod'
import type { JsonObject } from '../ground/json'
import type { Operation, OperationDescription } from './operation'
import { defaultPolicy, type RunPolicy } from './plan'

/**
 * What takes as long as there is to copy has no deadline unless a person sets one: cut off near its end it would all have been in vain. A rolling job takes as
 * long as its herd is large.
 */
export const policyOf = ({ effects, segments }: Pick<Operation, 'effects' | 'segments'>): RunPolicy =>
  segments !== undefined || effects.some(({ isLong }) => isLong) ? { ...defaultPolicy, deadlineSeconds: null } : defaultPolicy

/** What a browser or a script may know: plain JSON. The schema is that of what is sent, before defaults are filled in. */
export const describeOperation = (operation: Operation): OperationDescription => ({
  name: operation.name,
  on: operation.on,
  title: operation.title,
  verb: operation.verb,
  danger: operation.danger,
  help: operation.help,
  hasResults: operation.results !== undefined,
  policy: policyOf(operation),
  input: z.toJSONSchema(operation.input, { io: 'input' }) as JsonObject,
})
