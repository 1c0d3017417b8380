import { z } from 'zod'
import { orders } from '@/lib/domain/statements/statement'

const statement = z.object({
  queryId: z.string().describe('As the extension has it: the same statement has another one in another database.'),
  user: z.string(),
  database: z.string(),
  text: z
    .string()
    .describe('Normalised by the extension; without any value for those who may not run SQL there. 2,000 characters at most.'),
  calls: z.number(),
  totalMs: z.number(),
  meanMs: z.number(),
  rows: z.number(),
  blocksHit: z.number(),
  blocksRead: z.number(),
  ioMs: z.number().describe('Of blocks, where track_io_timing is on.'),
  tempBlocks: z.number(),
  walBytes: z.number(),
  isAtMost: z.boolean().describe('It did not lead at the first moment: some of it may have been before.'),
})

export const topStatements = z.object({
  instanceId: z.uuid(),
  title: z.string(),
  environmentId: z.uuid(),
  state: z
    .enum(['seen', 'not-loaded', 'not-created', 'unknown'])
    .describe('not-loaded: missing in shared_preload_libraries; not-created: no database has the extension; unknown: nobody has looked.'),
  libraries: z.string().nullable().describe('shared_preload_libraries, where the extension is missing.'),
  seenAt: z.string().nullable(),
  because: z.string().nullable().describe('Why a look that was asked for saw nothing.'),
  showsStatements: z.boolean(),
  from: z.string().nullable().describe('null: since the counters began.'),
  to: z.string().nullable(),
  resetAt: z.string().nullable().describe('When the counters began, by the server’s clock.'),
  moments: z.array(z.string()).describe('Of the samples, newest first: what `from` and `to` may be.'),
  statements: z.array(statement),
})
export type TopStatements = z.infer<typeof topStatements>
export type TopStatement = TopStatements['statements'][number]

export const statementsQuery = z.strictObject({
  from: z
    .string()
    .max(40)
    .default('')
    .describe('A moment of `moments`, or `start`: since the counters began. Default: the one about an hour before `to`.'),
  to: z.string().max(40).default('').describe('A moment of `moments`; default: the latest.'),
  order: z.enum(orders).default('totalMs').describe('What leads.'),
  look: z.enum(['now']).optional().describe('A worker looks first, and is waited for 15 s at most.'),
})
