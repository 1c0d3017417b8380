import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { ActPorts, SqlGrid } from '@/lib/ports'
import { type Place, type Plain, probeTimeoutMs } from '../../facts/instance'

export type Statement = {
  sql: string
  database: string
  write: boolean
  statementTimeoutSeconds: number
  rowsMax: number
  bytesMax: number
  /** The role that a reading statement runs as; null: the console's own, a superuser. */
  login: string | null
}

type Output = Plain<SqlGrid>
/** The transaction a writing statement runs in. Without a mark the statement was never sent. */
type Mark = { xid: string }

/** Getting there and back, on top of the statement's own time. */
const aroundMs = 30_000

/**
 * Sends one statement and keeps its grid. A reading statement may be repeated; whether a writing one happened is asked of PostgreSQL by its
 * transaction id, which is journalled before the statement is sent.
 */
export const askPostgres = <F extends Facts>(of: (facts: F) => Place, statement: (facts: F) => Statement): Effect<F, null, Output> => ({
  title: 'Run the statement',
  preview: (facts) => {
    const { database, write, statementTimeoutSeconds, sql, login } = statement(facts)
    const how = write ? 'in a transaction that is committed' : 'in a read-only transaction that is rolled back'
    return {
      sentence: `Run it on ${of(facts).title} in database ${database} as ${login ?? `${of(facts).address.host.user} (superuser)`}, ${how}, for at most ${statementTimeoutSeconds} s.`,
      commands: [sql],
    }
  },
  check: async (facts, ports, { signal, intended, mark }) => {
    if (intended === null || mark === null || !statement(facts).write) return { found: 'ready', before: null }
    const { xid } = mark as Mark
    const fate = await ports.postgres.transactionFate(of(facts).address, xid, { timeoutMs: probeTimeoutMs, signal })
    if (fate === 'committed') return { found: 'done', output: lostGrid(xid) }
    if (fate === 'aborted') return { found: 'ready', before: null }
    if (fate === 'in-progress') return { found: 'blocked', because: `transaction ${xid} is still in progress`, isPassing: true }
    throw unknown(of(facts), `transaction ${xid} is too old for PostgreSQL to say`)
  },
  run: async (facts, _before, ports, context) => {
    context.note('command', statement(facts).sql)
    return statement(facts).write ? write(of(facts), statement(facts), ports, context) : read(of(facts), statement(facts), ports, context)
  },
  timeoutMs: (facts) => statement(facts).statementTimeoutSeconds * 1000 + aroundMs,
  proof: 'answer',
  canInterrupt: true,
  ending: { final: 'What a statement has written stays written.', harmless: (facts) => !statement(facts).write },
})

type Context = Parameters<Effect<Facts>['run']>[3]

const optionsOf = (statement: Statement, signal: AbortSignal) => ({
  database: statement.database,
  statementTimeoutMs: statement.statementTimeoutSeconds * 1000,
  rowsMax: statement.rowsMax,
  bytesMax: statement.bytesMax,
  signal,
})

const read = (place: Place, statement: Statement, ports: ActPorts, { signal }: Context): Promise<SqlGrid> =>
  ports.read.postgres.query(place.address, statement.sql, {
    ...optionsOf(statement, signal),
    ...(statement.login === null ? {} : { as: statement.login }),
  })

const write = (place: Place, statement: Statement, ports: ActPorts, { signal, mark }: Context): Promise<SqlGrid> =>
  ports.act.postgres.execute(place.address, statement.sql, {
    ...optionsOf(statement, signal),
    onTransaction: (xid) => mark({ xid } satisfies Mark),
  })

const unknown = (place: Place, why: string): Fault =>
  new Fault('step.unknown', {
    because: `Whether the statement was committed on ${place.title} is not known: ${why}`,
    question: `Look in the database whether the statement took effect on ${place.title}. It is never sent a second time by itself: abandon this job, and run it again if it did not.`,
  })

const lostGrid = (xid: string): Output => ({
  columns: [],
  rows: [],
  rowCount: 0,
  isCut: true,
  command: `committed as transaction ${xid}; its result was lost with the connection`,
  tookMs: 0,
})
