import { formatDuration } from '@/lib/domain/values/duration'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { RunContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, PoolerClient } from '@/lib/ports'
import { restartDeadMan } from '../../steps/poolers/arm-dead-man'
import { blockersOf, sayClients } from '../../steps/poolers/each-pooler'
import type { SwitchoverFacts } from '../facts'
import type { FrontPooler } from '../front'
import { type Ready, resumeAll } from './front'

const sqlTimeoutMs = 2_000

type Holder = PoolerClient & { seconds: number | null; query: string | null }

/**
 * Holds every client of every pooler back, all at once and under one deadline, as often as the policy allows. Answers when the clients began to wait. What
 * does not come to rest is let go at once, before anybody is named. `hold` is called before each try.
 */
export const pauseAll = async (
  facts: SwitchoverFacts,
  { ready, hold }: { ready: readonly Ready[]; hold: () => Promise<void> },
  ports: ActPorts,
  context: RunContext,
): Promise<Date> => {
  const { pauseTries, pauseBackoffSeconds, holdUps } = facts.limits
  const tries = holdUps === 'abort' ? 1 : pauseTries
  for (let tried = 1; ; tried += 1) {
    await hold()
    await restartDeadMan(ports, facts.timers, (id) => ready.find(({ pooler }) => pooler.id === id)!.token, context.signal)
    const began = ports.read.now()
    const failed = await pauseOnce(facts, ports, context)
    if (failed === null) return began
    const clients = await holdersOf(facts.front, ports, context)
    if (holdUps === 'terminate' && (await terminate(facts, clients, ports, context)) && (await pauseOnce(facts, ports, context)) === null)
      return began
    await resumeAll(facts.front, ports, context)
    const because = await sayWhy(facts, clients, failed, ports, context)
    if (tried >= tries) throw new Fault('pooler.timeout', { isOver: true, because }, { cause: failed })
    context.note('warning', `${because} Trying again in ${pauseBackoffSeconds} s, ${tried} of ${tries} done.`)
    // Everybody is served, and nothing has been stopped: there is no better moment to give it up.
    await context.pauseUnlessCancelled(pauseBackoffSeconds * 1000)
  }
}

/** null: everybody waits. */
const pauseOnce = async ({ front, limits }: SwitchoverFacts, ports: ActPorts, { signal, note }: RunContext): Promise<unknown> => {
  const options = { timeoutMs: limits.pauseSeconds * 1000, signal }
  const paused = await Promise.allSettled(
    front.flatMap(({ pooler, databases }) =>
      databases.map((name) => {
        note('command', `PAUSE "${name}" on ${pooler.title}`)
        return ports.act.poolers.pause(pooler.address, name, options)
      }),
    ),
  )
  return paused.find((one) => one.status === 'rejected')?.reason ?? null
}

const holdersOf = async (front: readonly FrontPooler[], ports: ActPorts, { signal }: RunContext): Promise<PoolerClient[]> =>
  (await Promise.all(front.map(({ pooler, databases }) => blockersOf(ports.read, pooler, databases, signal)))).flat()

/** What they do, as the primary sees it. Nothing when it does not say: they are only named with it. */
const described = async (
  facts: SwitchoverFacts,
  clients: readonly PoolerClient[],
  ports: ActPorts,
  { signal }: RunContext,
): Promise<Holder[]> => {
  const pids = clients.flatMap(({ remotePid }) => (remotePid === null ? [] : [Number(remotePid)]))
  const sql = `select pid, floor(extract(epoch from clock_timestamp() - xact_start)), left(regexp_replace(query, '''[^'']*''', '''…''', 'g'), 80)
    from pg_stat_activity where pid = any('{${pids.join(',')}}')`
  const rows = await ports.read.postgres
    .query(facts.primary!.address, sql, { database: 'postgres', statementTimeoutMs: sqlTimeoutMs, rowsMax: 100, bytesMax: 20_000, signal })
    .then((grid) => grid.rows)
    .catch((error: unknown) => {
      if (!isFault(error) || signal.aborted) throw error
      return []
    })
  return clients.map((client) => {
    const row = rows.find(([pid]) => pid === String(client.remotePid))
    return { ...client, seconds: row?.[1] == null ? null : Number(row[1]), query: row?.[2] ?? null }
  })
}

const sayHolder = (one: Holder): string =>
  `${sayClients([one])}${one.seconds === null ? '' : `, for ${formatDuration(one.seconds)}`}${one.query === null ? '' : `: ${one.query}`}`

const sayWhy = async (
  facts: SwitchoverFacts,
  clients: readonly PoolerClient[],
  failed: unknown,
  ports: ActPorts,
  context: RunContext,
): Promise<string> => {
  if (!isFault(failed, 'pooler.timeout') || clients.length === 0)
    return `Clients could not be paused: ${failed instanceof Error ? failed.message : String(failed)} Everything was resumed.`
  const holders = await described(facts, clients, ports, context)
  return `Clients stayed in a transaction for more than ${facts.limits.pauseSeconds} s; everything was resumed. Held up by ${holders.map(sayHolder).join('; ')}.`
}

/** False: nobody is old enough to be ended. */
const terminate = async (
  facts: SwitchoverFacts,
  clients: readonly PoolerClient[],
  ports: ActPorts,
  context: RunContext,
): Promise<boolean> => {
  const old = (await described(facts, clients, ports, context)).filter(({ seconds }) => (seconds ?? 0) >= facts.limits.terminateSeconds)
  if (old.length === 0) return false
  for (const one of old) context.note('warning', `Ended: ${sayHolder(one)}.`)
  const sql = `select pg_terminate_backend(pid) from unnest('{${old.map(({ remotePid }) => Number(remotePid)).join(',')}}'::int[]) as pid`
  await ports.act.postgres.execute(facts.primary!.address, sql, {
    database: 'postgres',
    statementTimeoutMs: sqlTimeoutMs,
    rowsMax: 100,
    bytesMax: 2_000,
    signal: context.signal,
    onTransaction: async () => {},
  })
  return true
}
