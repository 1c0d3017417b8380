import { z } from 'zod'
import { MiB } from '@/lib/domain/values/bytes'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, refuse, warn } from '@/lib/kernel/operation/verdict'
import { gatherInstance, type InstanceFacts } from './facts/instance'
import { aboutInstance, firmInstance, instanceNow } from './facts/instance-head'
import { acceptsConnections, seenRow } from './gates/seen'
import { askPostgres, type Statement } from './steps/postgres/ask'

type SqlFacts = InstanceFacts & { input: Statement }

const input = z.strictObject({
  sql: z
    .string()
    .trim()
    .min(1)
    .max(100_000)
    .meta({ title: 'Statement', description: 'One statement.', format: 'sql', examples: ['select 1'] }),
  database: z.string().min(1).max(63).default('postgres').meta({ title: 'Database' }),
  write: z.boolean().default(false).meta({
    title: 'May write',
    description:
      'Without it the statement runs in a read-only transaction that is rolled back. Writing needs its own permission and a typed phrase.',
  }),
  statementTimeoutSeconds: z.int().min(1).max(3600).default(30).meta({ title: 'Statement timeout (seconds)' }),
  rowsMax: z
    .int()
    .min(1)
    .max(10_000)
    .default(1000)
    .meta({ title: 'Maximum rows', description: 'For each instance; further rows are left out, and the result says so.' }),
  bytesMax: z
    .int()
    .min(1024)
    .max(4 * MiB)
    .default(MiB)
    .meta({ title: 'Maximum result size', unit: 'bytes', description: 'For each instance.' }),
})

export const runSql = defineOperation({
  name: 'run-sql',
  on: 'instance',
  role: 'dba',
  title: 'Run SQL',
  verb: 'Run SQL',
  danger: 'destructive',
  dangerWith: ({ write }) => (write ? 'destructive' : 'routine'),
  permission: ({ write }) => (write ? 'run-sql.write' : 'run-sql'),
  input,
  help: [
    'Runs one statement on every chosen instance and keeps the result of each. By default in a read-only transaction that is rolled back, with a statement timeout and caps on rows and bytes.',
    'With “may write” it runs in a transaction of its own that is committed, on primaries only. What cannot run in a transaction block (VACUUM, CREATE DATABASE) cannot be run here.',
    'If a worker dies after it may have sent the statement, the statement is never sent again: the status of its transaction is looked up instead.',
  ],
  gather: async (ports, input, context): Promise<SqlFacts> => ({ input, ...(await gatherInstance(ports, context)) }),
  about: aboutInstance,
  firm: firmInstance,
  locks: () => [],
  now: instanceNow,
  offered: (row) => acceptsConnections(seenRow(row)),
  asksPhrase: ({ write }) => write,
})
  .gate('running', 'Reachable and accepting connections', ({ probe }) => acceptsConnections(probe))
  .gate('writable', 'The statement may run here', writable)
  .effect(
    'run-sql',
    askPostgres(
      (facts) => facts.instance,
      (facts) => facts.input,
    ),
  )
  .build()

function writable({ input, probe }: SqlFacts): Verdict {
  if (!input.write) return pass
  if (probe.role === 'standby') return refuse('It is a standby and takes no writes.')
  return warn('What it writes is committed and cannot be undone.')
}
