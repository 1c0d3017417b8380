import { lookupSql, poolerRole } from '@/lib/domain/stack/pooler-files'
import { secretMark, userSecret } from '@/lib/domain/stack/secrets'
import type { Stack } from '@/lib/domain/stack/stack'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { ActPorts, ReadPorts } from '@/lib/ports'
import { addressOf, type BuildFacts, lookTimeoutMs, stackIn } from './facts'
import { primaryNow } from './members'

const actTimeoutMs = 60_000

/** Nothing of it is logged, however the server logs: it holds passwords. */
const quietly = "set log_statement = 'none'; set log_min_duration_statement = -1; set log_min_error_statement = 'panic';\n"

const roleSql = (role: string, secret: string): string =>
  `do $$ begin if not exists (select from pg_roles where rolname = '${role}') then create role ${role}; end if; end $$;
alter role ${role} login password ${secretMark(secret)};
`

/** What is run where, in its order. Names are of the cluster file, which has letters, digits and underscores alone in them. */
export const statements = ({ database, servers }: Stack): { database: string; sql: string }[] => {
  const hasPooler = servers.some(({ parts }) => parts.includes('pooler'))
  const [owner, ...others] = database.users
  return [
    {
      database: 'postgres',
      sql: [
        ...database.users.map((user) => roleSql(user, userSecret(user))),
        ...(hasPooler ? [roleSql(poolerRole, 'pooler')] : []),
        `select 'create database "${database.name}" owner ${owner}' where not exists (select from pg_database where datname = '${database.name}')\\gexec\n`,
      ].join(''),
    },
    ...(hasPooler ? ['template1', database.name].map((name) => ({ database: name, sql: lookupSql })) : []),
    ...(others.length === 0
      ? []
      : [{ database: database.name, sql: `grant connect, temporary on database "${database.name}" to ${others.join(', ')};\n` }]),
  ]
}

/** The last of them is there, and so all are: they are run in their order. */
const proof = ({ database, servers }: Stack): { database: string; sql: string } =>
  servers.some(({ parts }) => parts.includes('pooler'))
    ? { database: database.name, sql: "select 1 from pg_proc where proname = 'login_of' and pronamespace = to_regnamespace('pgbouncer')" }
    : { database: 'postgres', sql: `select 1 from pg_database where datname = '${database.name}'` }

export const makeDatabase = (): Effect<BuildFacts, null, null> => {
  const isThere = async (facts: BuildFacts, ports: ReadPorts, signal: AbortSignal): Promise<boolean> => {
    const stack = stackIn(facts)
    const primary = await primaryNow(facts, ports, signal)
    if (primary === null) return false
    const options = { timeoutMs: lookTimeoutMs, signal }
    const host = addressOf(facts, primary.name)
    const value = (database: string, sql: string) => ports.stacks.value(host, { port: stack.postgres.port, database }, sql, options)
    const found = await value('postgres', `select 1 from pg_database where datname = '${stack.database.name}'`)
    if (found === null) return false
    const roles = stack.database.users.map((user) => `'${user}'`).join(', ')
    const many = await value(
      'postgres',
      `select 1 where (select count(*) from pg_roles where rolname in (${roles})) = ${stack.database.users.length}`,
    )
    if (many === null) return false
    const last = proof(stack)
    return (await value(last.database, last.sql)) !== null
  }
  return {
    title: 'Create the application’s database and users',
    preview: (facts) => ({
      sentence: `Create the database ${stackIn(facts).database.name}, its users with passwords of their own, and the lookup of passwords for poolers, also in template1.`,
      commands: statements(stackIn(facts)).map(({ database, sql }) => `in ${database}:\n${sql.trimEnd()}`),
    }),
    check: async (facts, ports, { signal }) =>
      (await isThere(facts, ports, signal)) ? { found: 'done', output: null } : { found: 'ready', before: null },
    run: async (facts, _before, ports: ActPorts, { signal }) => {
      const stack = stackIn(facts)
      const primary = await primaryNow(facts, ports.read, signal)
      if (primary === null) throw new Fault('shell.failed', { because: 'Patroni has no leader that runs.', isOver: true })
      for (const { database, sql } of statements(stack)) {
        const at = { port: stack.postgres.port, database }
        await ports.act.stacks.sql(addressOf(facts, primary.name), facts.declared.id, at, quietly + sql, {
          timeoutMs: actTimeoutMs,
          signal,
        })
      }
    },
    timeoutMs: actTimeoutMs * 2,
    ending: { undo: async () => {}, sentence: 'They go with the data directories of the cluster.' },
  }
}
