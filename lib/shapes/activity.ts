import { z } from 'zod'

const seconds = z.number().nullable()

const session = z.object({
  pid: z.int(),
  startedAt: z.string().describe('Start of the session. `pid@startedAt` is how operations are told of it.'),
  kind: z.string(),
  database: z.string().nullable(),
  user: z.string().nullable(),
  application: z.string(),
  client: z.string().nullable(),
  state: z.string().nullable(),
  waitType: z.string().nullable(),
  wait: z.string().nullable(),
  ageSeconds: z.number(),
  transactionSeconds: seconds,
  statementSeconds: seconds,
  stateSeconds: seconds,
  statementAt: z.string().nullable(),
  heldBack: z.number().nullable().describe('Transactions since the oldest that it keeps VACUUM from cleaning up after.'),
  statement: z.string().nullable().describe('Its beginning, passwords masked; without its values for those who may not run SQL.'),
  blockedBy: z.array(z.int()).describe('pids of those it waits for; 0: a prepared transaction.'),
})

const progress = z.object({
  pid: z.int(),
  command: z.string(),
  database: z.string().nullable(),
  phase: z.string().nullable(),
  done: z.number(),
  total: z.number().describe('0: not known.'),
  unit: z.enum(['blocks', 'tuples', 'bytes']),
})

/** What the sessions of one instance did at one moment. */
export const memberActivity = z.object({
  instanceId: z.uuid(),
  title: z.string(),
  environmentId: z.uuid(),
  seenAt: z.string().nullable().describe('When `activity` was seen; null: never.'),
  because: z.string().nullable().describe('Why the last look saw nothing; null: it did.'),
  showsStatements: z.boolean(),
  activity: z
    .object({
      at: z.string(),
      sessions: z.array(session),
      leftOut: z.int().describe('Sessions past the thousand that are listed.'),
      prepared: z.array(z.object({ name: z.string(), database: z.string(), user: z.string(), ageSeconds: z.number() })),
      progress: z.array(progress),
    })
    .nullable(),
})

export type MemberActivity = z.infer<typeof memberActivity>
