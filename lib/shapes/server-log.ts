import { z } from 'zod'
import { logLevels } from '@/lib/domain/server-log/entry'

const entry = z.object({
  at: z.string().nullable().describe('As the server wrote it, in its log_timezone.'),
  pid: z.int().nullable(),
  user: z.string().nullable(),
  database: z.string().nullable(),
  application: z.string().nullable(),
  client: z.string().nullable(),
  level: z.enum(logLevels),
  code: z.string().nullable().describe('SQLSTATE, where log_line_prefix has %e or the log is JSON.'),
  text: z.string(),
  more: z.array(z.object({ kind: z.string(), text: z.string() })).describe('DETAIL, HINT, CONTEXT, STATEMENT …'),
})

/** What a worker saw of an instance's log. */
export const serverLog = z.object({
  instanceId: z.uuid(),
  title: z.string(),
  environmentId: z.uuid(),
  seenAt: z.string().nullable().describe('When `log` was read; null: never.'),
  because: z.string().nullable().describe('Why the last look saw nothing; null: it did.'),
  log: z
    .object({
      file: z.string(),
      sizeBytes: z.number(),
      writtenAt: z.string().describe('Last written to, by the host’s clock.'),
      entries: z.array(entry).describe('Oldest first; 500 at most.'),
      hasMore: z.boolean().describe('There are matching messages before these, or files that were not looked at.'),
      searchedBytes: z.number(),
    })
    .nullable(),
})

export type ServerLog = z.infer<typeof serverLog>

export const logWordsMax = 200

/** What of a log is asked for. */
export const logQuery = z.strictObject({
  search: z.string().max(logWordsMax).default('').describe('Words, in any case, anywhere in a message or what belongs to it.'),
  level: z.enum(['all', 'warnings', 'errors']).default('all').describe('Leaves out what is no worse.'),
  files: z.enum(['end', 'all']).default('end').describe('end: the last 256 KB of the present file; all: older files too, up to 256 MB.'),
})
