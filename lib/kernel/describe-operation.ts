import { z } from 'zod'
import type { JsonObject } from './json'
import type { Operation, OperationDescription } from './operation'

/** What a browser or a script may know: plain JSON. The schema is that of what is sent, before defaults are filled in. */
export const describeOperation = (operation: Operation): OperationDescription => ({
  name: operation.name,
  on: operation.on,
  title: operation.title,
  verb: operation.verb,
  danger: operation.danger,
  help: operation.help,
  input: z.toJSONSchema(operation.input, { io: 'input' }) as JsonObject,
})
