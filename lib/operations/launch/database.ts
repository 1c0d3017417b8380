import { launchPort, mainDatabase, passwordOf, proofOf, statementsOf } from '@/lib/domain/blueprints/launch/launched'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { ActPorts, HostAddress, StackDoor } from '@/lib/ports'
import { hostOf, keysIdOf, type LaunchFacts, lookTimeoutMs } from './facts'
import { checkOnHost } from './server'
import { mustRun } from './trust'

const actTimeoutMs = 60_000
const lookEveryMs = 300
const table = 'matriarch_smoke'
const isOver = 'over'
/** Nothing of it is logged, however the server logs: it holds verifiers. */
const quietly = "set log_statement = 'none'; set log_min_duration_statement = -1; set log_min_error_statement = 'panic';\n"

export const makeDatabase = (): Effect<LaunchFacts, null, null> => ({
  title: 'Create role, database and extensions',
  preview: ({ launch: { blueprint } }) => ({
    sentence: 'Create what the blueprint names. The password reaches the server as its SCRAM verifier alone.',
    commands: statementsOf(blueprint).map(({ database, sql }) => `in ${database}:\n${sql.trimEnd()}`),
  }),
  check: checkOnHost(async (facts, host, ports, signal) => {
    const options = { timeoutMs: lookTimeoutMs, signal }
    for (const { database, sql } of proofOf(facts.launch.blueprint))
      if ((await ports.stacks.value(host, { port: launchPort, database }, sql, options)) === null) return false
    return true
  }),
  run: async (facts, _before, ports, { signal }) => {
    const host = hostOf(facts, await mustRun(facts, ports, signal))
    for (const { database, sql } of statementsOf(facts.launch.blueprint))
      await ports.act.stacks.sql(host, keysIdOf(facts), { port: launchPort, database }, quietly + sql, { timeoutMs: actTimeoutMs, signal })
  },
  timeoutMs: 3 * actTimeoutMs,
  ending: { undo: async () => {}, sentence: 'They go with the machine.' },
})

const doorOf = ({ launch: { blueprint } }: LaunchFacts, host: HostAddress): StackDoor | null =>
  blueprint.adminUser === null
    ? null
    : {
        title: `${host.hostname} as ${blueprint.adminUser}`,
        address: host.address,
        port: launchPort,
        database: mainDatabase(blueprint),
        user: blueprint.adminUser,
        secret: passwordOf(blueprint.adminUser),
      }

/** What a client will do is done once, over TLS and with the password, before the herd is anybody’s. */
export const smokeTest = (): Effect<LaunchFacts, null, null> => ({
  title: 'Smoke test: log in, write, read',
  preview: ({ launch: { blueprint } }) => ({
    sentence:
      blueprint.adminUser === null
        ? 'Write a row through the socket and read it.'
        : `Log in as ${blueprint.adminUser} over TLS with the password, write a row and read it.`,
    commands: ['select 1', `create table ${table} (key text primary key)`, `insert into ${table} …`, `drop table ${table}`],
  }),
  check: async (_facts, _ports, { mark }) => (mark === isOver ? { found: 'done', output: null } : { found: 'ready', before: null }),
  run: async (facts, _before, ports, context) => {
    const { signal, jobId } = context
    const host = hostOf(facts, await mustRun(facts, ports, signal))
    const { blueprint } = facts.launch
    const sql = (text: string) => runSql(facts, host, text, ports, signal)
    const owner = blueprint.adminUser === null ? '' : ` alter table ${table} owner to "${blueprint.adminUser}";`
    await sql(`create table if not exists ${table} (key text primary key);${owner}`)
    const door = doorOf(facts, host)
    if (door === null) await sql(`insert into ${table} values ('${jobId}') on conflict do nothing;`)
    else {
      const options = { timeoutMs: lookTimeoutMs, signal }
      let answer = await ports.read.stacks.door(host, keysIdOf(facts), door, options)
      while (answer !== 'primary') {
        if (signal.aborted)
          throw new Fault('shell.failed', { because: typeof answer === 'string' ? `it is a ${answer}` : answer.because, isOver: true })
        await context.pauseUnlessCancelled(lookEveryMs)
        answer = await ports.read.stacks.door(host, keysIdOf(facts), door, options)
      }
      await ports.act.stacks.write(host, keysIdOf(facts), door, jobId, options)
    }
    context.note('info', door === null ? 'A row was written through the socket.' : `${door.title}: a row was written.`)
    if (door !== null)
      context.note('info', `Clients connect to postgresql://${door.user}@${door.address}:${door.port}/${door.database}?sslmode=require`)
    await sql(`drop table if exists ${table};`)
    await context.mark(isOver)
  },
  timeoutMs: 120_000,
  canInterrupt: true,
  ending: { undo: async () => {}, sentence: 'Its table goes with the machine.' },
})

const runSql = (facts: LaunchFacts, host: HostAddress, text: string, ports: ActPorts, signal: AbortSignal): Promise<void> =>
  ports.act.stacks.sql(host, keysIdOf(facts), { port: launchPort, database: mainDatabase(facts.launch.blueprint) }, text, {
    timeoutMs: actTimeoutMs,
    signal,
  })
