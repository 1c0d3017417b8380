import { sayAims } from '@/lib/domain/poolers/pgbouncer-ini'
import { counted } from '@/lib/domain/values/counted'
import { formatDuration } from '@/lib/domain/values/duration'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { About, GatherContext } from '@/lib/kernel/operation/operation'
import type { Affected, Verdict } from '@/lib/kernel/operation/plan'
import { pass, refuse, warn } from '@/lib/kernel/operation/verdict'
import type { InventoryPooler, PoolerSeen, ReadPorts } from '@/lib/ports'
import type { Plain } from './instance'

/** A look that takes longer is as good as no answer. */
export const lookTimeoutMs = 10_000

export type PoolerPlace = Plain<InventoryPooler>
export type PoolerFacts = { pooler: PoolerPlace; seen: Plain<PoolerSeen> }

/** The pooler, seen just now. One that is down gives a look that says so, not a fault. */
export const gatherPooler = async (ports: ReadPorts, { targetId, signal }: GatherContext): Promise<PoolerFacts> => {
  const pooler = await ports.inventory.pooler(targetId)
  return { pooler, seen: await ports.poolers.look(pooler.address, { timeoutMs: lookTimeoutMs, signal }) }
}

export const aboutPooler = ({ pooler }: PoolerFacts): About => ({
  title: pooler.title,
  environmentId: pooler.environmentId,
  herdId: pooler.herdId,
  serverId: pooler.serverId,
})

/** What it is and what is held in it: not its load. */
export const firmPooler = ({ pooler, seen }: PoolerFacts): JsonObject => ({
  address: pooler.address,
  state: seen.state,
  isPausedWhole: seen.isPausedWhole,
  databases: seen.databases.map(({ name, host, port, isPaused, isDisabled, poolMode }) => ({
    name,
    host,
    port,
    isPaused,
    isDisabled,
    poolMode,
  })),
})

/** A move of a herd's primary and a command on its pooler exclude each other. */
export const lockPoolerHerds = ({ pooler }: PoolerFacts): string[] => pooler.herds.map(({ id }) => `herd:${id}`)

export const poolerNow = ({ pooler, seen }: PoolerFacts): { label: string; value: string }[] => {
  const held = seen.databases.filter((one) => one.isPaused).map(({ name }) => name)
  const closed = seen.databases.filter((one) => one.isDisabled).map(({ name }) => name)
  const longest = Math.max(0, ...seen.databases.map((one) => one.longestWaitSeconds))
  return [
    { label: 'State', value: seen.because === null ? seen.state : `${seen.state}: ${seen.because}` },
    { label: 'In front of', value: pooler.herds.map(({ name }) => name).join(', ') },
    ...(seen.state === 'online'
      ? [
          { label: 'Points to', value: sayAims(seen.databases) || 'nothing: it has no database' },
          { label: 'Paused', value: seen.isPausedWhole ? 'as a whole' : held.join(', ') || 'not paused' },
          ...(closed.length > 0 ? [{ label: 'Closed to new clients', value: closed.join(', ') }] : []),
          {
            label: 'Clients',
            value: `${seen.clients ?? 0}, ${seen.waiting ?? 0} of them waiting${longest >= 1 ? `, the longest for ${formatDuration(longest)}` : ''}`,
          },
        ]
      : []),
  ]
}

export const clientsAffected = ({ pooler, seen }: PoolerFacts, what: string): Affected[] =>
  seen.clients === null || seen.clients === 0
    ? []
    : [{ kind: 'clients', count: seen.clients, sentence: `${counted(seen.clients, 'client')} of ${pooler.title} ${what}` }]

/** Unknown is untouchable: only what was seen may be acted on. */
export const poolerAnswers = ({ state, because }: { state: PoolerSeen['state']; because: string | null }): Verdict => {
  const why = because === null ? '' : `: ${because.replace(/\.$/, '')}`
  switch (state) {
    case 'online':
      return pass
    case 'stopped':
      return refuse('It is stopped; start PgBouncer on its host first.')
    case 'refused':
      return refuse(`PgBouncer runs, but refuses the console${why}. Run it as the SSH user, or name pgbouncer in admin_users.`)
    case 'unreachable':
      return refuse(`Its host does not answer${why}. A pooler that cannot be seen is not touched.`)
    default:
      return refuse(`Its state is unknown${why}. A pooler that cannot be seen is not touched.`)
  }
}

/** The last observed row as a gate reads it. */
export const seenPooler = (row: Record<string, unknown>) => ({
  state: (row.state as PoolerSeen['state'] | undefined) ?? 'unknown',
  because: typeof row.because === 'string' && row.because !== '' ? row.because : null,
})

export const isHeld = ({ seen }: PoolerFacts): boolean => seen.isPausedWhole === true || seen.databases.some((one) => one.isPaused)

/** A client of a session-mode pool keeps its server until it leaves: nothing that waits for it ends by itself. */
export const sessionClients = ({ seen }: PoolerFacts, what: string): Verdict => {
  const held = seen.databases.filter((one) => one.poolMode === 'session' && one.clientsActive > 0)
  return held.length === 0
    ? pass
    : warn(
        `${held.map((one) => `${one.name} (${counted(one.clientsActive, 'client')})`).join(', ')}: in session mode a client keeps its server connection until it disconnects. ${what}`,
      )
}
