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

/** Of a herd; the latest. */
export const herdEntriesMax = 1000

/** What workers saw of the logs of a herd's members, as one. */
export const herdLog = z.object({
  herdId: z.uuid(),
  title: z.string(),
  environmentId: z.uuid(),
  members: z
    .array(
      z.object({
        instanceId: z.uuid(),
        title: z.string(),
        seenAt: z.string().nullable().describe('When its log was read; null: never.'),
        because: z.string().nullable().describe('Why the last look saw nothing; null: it did.'),
        file: z.string().nullable(),
        writtenAt: z.string().nullable().describe('Last written to, by the host’s clock.'),
        searchedBytes: z.number(),
        count: z.int().describe('How many messages of it were found.'),
      }),
    )
    .describe('All of them: one that cannot be read says why.'),
  entries: z
    .array(entry.extend({ instanceId: z.uuid(), title: z.string().describe('The member that wrote it.') }))
    .describe(
      `Oldest first by their times, the latest ${herdEntriesMax} at most. A zone whose abbreviation is not known is taken for UTC, so members should have one log_timezone.`,
    ),
  hasMore: z.boolean().describe('A member has matching messages before these, or files that were not looked at.'),
  errors: z
    .array(
      z.object({
        code: z.string().nullable().describe('SQLSTATE; null where the server writes none: then errors are counted by their words.'),
        level: z.enum(logLevels),
        text: z.string().describe('The message of one of them, without what is particular to it.'),
        count: z.int(),
        lastAt: z.string().nullable(),
        members: z.array(z.object({ title: z.string(), count: z.int() })),
      }),
    )
    .describe('Errors among `entries`, by code, most frequent first.'),
})

export type HerdLog = z.infer<typeof herdLog>

export const logWordsMax = 200

/** What of a log is asked for. */
export const logQuery = z.strictObject({
  search: z.string().max(logWordsMax).default('').describe('Words, in any case, anywhere in a message or what belongs to it.'),
  level: z.enum(['all', 'warnings', 'errors']).default('all').describe('Leaves out what is no worse.'),
  files: z.enum(['end', 'all']).default('end').describe('end: the last 256 KB of the present file; all: older files too, up to 256 MB.'),
})
