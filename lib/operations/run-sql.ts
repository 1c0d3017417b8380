import { z } from 'zod'
import { holdsPassword } from '@/lib/domain/reader/mask-statement'
import { excessWords, readerRole } from '@/lib/domain/reader/reader-role'
import { deedOfStatement, whyNotReading } from '@/lib/domain/reader/reading-statement'
import { MiB } from '@/lib/domain/values/bytes'
import { isFault } from '@/lib/kernel/ground/errors'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import type { ReaderLogin, ReadPorts } from '@/lib/ports'
import { gatherInstance, type InstanceFacts, type Plain, probeTimeoutMs } from './facts/instance'
import { aboutInstance, firmInstance, instanceNow } from './facts/instance-head'
import { acceptsConnections, seenRow } from './gates/seen'
import { askPostgres, type Statement } from './steps/postgres/ask'

type SqlFacts = InstanceFacts & {
  input: Omit<Statement, 'login'>
  /** Whether the reader can be used there; null: nobody asked, for it writes or the server does not answer. */
  reader: Plain<ReaderLogin> | null
}

const passwordWords =
  'It holds a password in clear text, which would stay in the plan, the journal and the server’s log. Give its SCRAM verifier instead, as \\password of psql does, or put it into a passfile.'

const input = z.strictObject({
  sql: z
    .string()
    .trim()
    .min(1)
    .max(100_000)
    .refine((sql) => !holdsPassword(sql), passwordWords)
    .meta({ title: 'Statement', description: 'One statement.', format: 'sql', examples: ['select 1'] }),
  database: z.string().min(1).max(63).default('postgres').meta({ title: 'Database' }),
  write: z
    .boolean()
    .default(false)
    .meta({
      title: 'May write',
      description: `Without it the statement runs as ${readerRole}, in a read-only transaction that is rolled back. Writing needs its own permission and a typed phrase.`,
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
  results: 'dba',
  title: 'Run SQL',
  verb: 'Run SQL',
  danger: 'destructive',
  dangerWith: ({ write }) => (write ? 'destructive' : 'routine'),
  permission: ({ write }) => (write ? 'run-sql.write' : 'run-sql'),
  input,
  help: [
    'Runs one statement on every chosen instance and keeps the result of each. By default in a read-only transaction that is rolled back, with a statement timeout and caps on rows and bytes.',
    `A statement that reads begins with SELECT, WITH, VALUES, TABLE, SHOW or EXPLAIN, and runs as ${readerRole}, which can neither write nor run programs nor read passwords. *Add reader login* sets it up. Where it is not set up, the statement runs as a superuser and is treated like one that writes: phrase, maintenance window, second person.`,
    'With “may write” it runs in a transaction of its own that is committed, on primaries only. What cannot run in a transaction block (VACUUM, CREATE DATABASE) cannot be run here.',
    'If a worker dies after it may have sent the statement, the statement is never sent again: the status of its transaction is looked up instead.',
  ],
  gather: gatherSql,
  about: aboutInstance,
  firm: (facts) => ({ ...firmInstance(facts), login: loginOf(facts) }),
  managed: { deed: ({ sql }) => deedOfStatement(sql), servers: 'instance' },
  locks: () => [],
  now: instanceNow,
  offered: (row) => acceptsConnections(seenRow(row)),
  asksPhrase: ({ write }) => write,
  dangerSeen: (facts) => (readsAlone(facts) ? 'routine' : 'destructive'),
})
  .gate('running', 'Reachable and accepting connections', ({ probe }) => acceptsConnections(probe))
  .gate('writable', 'The statement may run here', writable)
  .gate('login', 'Login', (facts) => mayOnlyRead(facts))
  .gate('doors', 'No function lends more rights', opensNothing)
  .effect(
    'run-sql',
    askPostgres(
      ({ instance }) => instance,
      (facts) => ({ ...facts.input, login: loginOf(facts) }),
    ),
  )
  .build()

async function gatherSql(ports: ReadPorts, input: SqlFacts['input'], context: GatherContext): Promise<SqlFacts> {
  const facts = await gatherInstance(ports, context)
  const isAsked = !input.write && facts.probe.state === 'online'
  return { input, ...facts, reader: isAsked ? await readerOn(ports, facts, input.database, context.signal) : null }
}

/** What stands in its way is an answer: the statement then runs as it would without a reader, and is treated so. */
async function readerOn(ports: ReadPorts, { instance }: InstanceFacts, database: string, signal: AbortSignal): Promise<ReaderLogin> {
  try {
    return await ports.readers.login(instance.address, database, { timeoutMs: probeTimeoutMs, signal })
  } catch (error) {
    if (!isFault(error) || signal.aborted) throw error
    return { works: false, because: String(error.facts.because ?? error.message) }
  }
}

function readsAlone({ reader }: SqlFacts): boolean {
  return reader?.works === true && reader.excess.length === 0
}

/** null: the console's own, a superuser. */
function loginOf(facts: SqlFacts): string | null {
  return readsAlone(facts) ? readerRole : null
}

function writable({ input, probe }: SqlFacts): Verdict {
  if (!input.write) {
    const why = whyNotReading(input.sql)
    return why === null ? pass : refuse(why)
  }
  if (probe.role === 'standby') return refuse('It is a standby and takes no writes.')
  return warn('What it writes is committed and cannot be undone.')
}

function mayOnlyRead({ input, probe, reader, instance }: SqlFacts): Verdict {
  if (probe.state !== 'online') return pass
  const own = `as ${instance.address.host.user}, a superuser`
  if (input.write) return passBecause(`It runs ${own}.`)
  if (reader === null || (reader.works && reader.excess.length === 0)) return passBecause(`It runs as ${readerRole}.`)
  const why = reader.works ? `that role may do too much: ${excessWords(reader.excess)}` : reader.because.replace(/\.$/, '')
  return warn(
    `${readerRole} cannot be used (${why}), so it runs ${own}. A function that it calls can write, run programs and read passwords, so it is treated like a statement that writes. *Add reader login* sets the role up.`,
  )
}

function opensNothing({ reader }: SqlFacts): Verdict {
  if (!reader?.works || reader.openDoors.length === 0) return pass
  return warn(
    `PUBLIC may execute ${reader.openDoors.join(', ')}, declared SECURITY DEFINER by a superuser or in an untrusted language: through them a statement that reads can do more.`,
  )
}
