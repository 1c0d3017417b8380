import { releaseLeases, renewLeases, takeLease } from '@/db/leases'
import { allPoolers, lockedHerds, type PoolerRecord, poolerMembers, savePoolers } from '@/db/poolers'
import { inPgTransaction } from '@/db/transaction'
import { sayAims } from '@/lib/domain/pgbouncer-ini'
import { judgePooler, type PoolerMember } from '@/lib/domain/pooler-judge'
import { isFault } from '@/lib/kernel/errors'
import { renderFor } from '@/lib/operations/poolers/follow'
import { aimPooler } from '@/lib/operations/steps/aim-poolers'
import type { ActPorts, InventoryPooler, PoolerSeen, PoolerStats } from '@/lib/ports'
import type { Log } from './log'
import { repeat } from './schedule'

const everyMs = 2_000
const leaseTtlMs = 30_000
const lookTimeoutMs = 4_000
const moveTimeoutMs = 15_000
/** Poolers looked at in the same moment. */
const looksMax = 32
/** A member that was not seen for longer is not taken for the primary. */
const freshSeconds = 20
const lease = 'pooler-observer'

/** Looks at all poolers every two seconds, in one worker at a time, and brings those that the console manages to a primary that moved behind its back. */
export const startPoolerObserver = ({
  ports,
  holder,
  log,
}: {
  ports: ActPorts
  holder: string
  log: Log
}): { stop: () => Promise<void> } => {
  const token = crypto.randomUUID()
  const stopping = new AbortController()
  const isMine = async () => {
    if (((await renewLeases([token], leaseTtlMs)).get(token) ?? 0) > 0) return true
    return (await takeLease({ names: [lease], token, holder, reason: 'looks after every pooler', jobId: null }, leaseTtlMs)) === null
  }
  const work = async () => {
    if (await isMine()) await observePoolers(ports, log, stopping.signal)
  }
  const repeated = repeat([{ name: 'poolers', everyMs, work }], log)
  return {
    stop: async () => {
      stopping.abort()
      await repeated.stop()
      await inPgTransaction((client) => releaseLeases(client, [token])).catch((err: unknown) =>
        log.warn({ err }, 'a lease could not be given back'),
      )
    },
  }
}

/** One round over every pooler. */
export const observePoolers = async (ports: ActPorts, log: Log, signal: AbortSignal): Promise<void> => {
  const all = await allPoolers()
  const herdIds = [...new Set(all.map(({ herdId }) => herdId))]
  const [members, locked] = await Promise.all([poolerMembers(herdIds, freshSeconds), lockedHerds(herdIds)])
  for (let from = 0; from < all.length && !signal.aborted; from += looksMax) {
    const some = all.slice(from, from + looksMax)
    const records = await Promise.all(
      some.map(async (pooler) => {
        const own = members.get(pooler.herdId) ?? []
        const first = await record(ports, pooler, own, signal)
        if (first.follows !== 'stale' || !pooler.isManaged || locked.has(pooler.herdId)) return first
        const problem = await bring(ports, pooler, own, log, signal)
        return problem === null ? record(ports, pooler, own, signal) : { ...first, because: problem }
      }),
    )
    if (!signal.aborted) await savePoolers(records)
  }
}

type Member = PoolerMember & { id: string }

const primaryOf = (members: readonly Member[]): Member | null => {
  const primaries = members.filter(({ isPrimary, isOnline }) => isPrimary && isOnline)
  return primaries.length === 1 ? primaries[0]! : null
}

/** Null while there is no single primary, or no template. */
const textFor = async (ports: ActPorts, pooler: InventoryPooler, members: readonly Member[]): Promise<string | null> => {
  const primary = primaryOf(members)
  if (primary === null || !pooler.isManaged || pooler.template === null) return null
  return renderFor(pooler, pooler.template, await ports.inventory.instance(primary.id))
}

const record = async (ports: ActPorts, pooler: InventoryPooler, members: readonly Member[], signal: AbortSignal): Promise<PoolerRecord> => {
  const seen = await ports.poolers.look(pooler.address, { timeoutMs: lookTimeoutMs, signal })
  const pace = seen.state === 'online' ? await paceOf(ports, pooler, signal) : null
  const text = await textFor(ports, pooler, members)
  const verdict =
    seen.state === 'online'
      ? judgePooler({ serverId: pooler.serverId, text }, members, seen.databases)
      : { follows: 'unknown' as const, because: null, wanted: null }
  const modes = [...new Set(seen.databases.map(({ poolMode }) => poolMode))]
  return {
    id: pooler.id,
    state: seen.state,
    because: seen.because ?? verdict.because,
    version: seen.version,
    poolMode: modes.length > 1 ? 'mixed' : (modes[0] ?? null),
    paused: pausedOf(seen),
    databases: seen.state === 'online' ? seen.databases.length : null,
    clients: seen.clients,
    waiting: seen.waiting,
    longestWaitSeconds: seen.state === 'online' ? Math.max(0, ...seen.databases.map((one) => one.longestWaitSeconds)) : null,
    target: sayAims(seen.databases) || null,
    wanted: verdict.wanted,
    follows: verdict.follows,
    seen: seen.databases.map((one) => ({ ...one, pace: pace?.get(one.name) ?? null })),
  }
}

/** By database; null: it went away between the two questions, which the next look will tell. */
const paceOf = async (ports: ActPorts, pooler: InventoryPooler, signal: AbortSignal): Promise<Map<string, PoolerStats> | null> => {
  try {
    const stats = await ports.poolers.stats(pooler.address, { timeoutMs: lookTimeoutMs, signal })
    return new Map(stats.map((one) => [one.database, one]))
  } catch (error) {
    if (!isFault(error) || signal.aborted) throw error
    return null
  }
}

const pausedOf = ({ state, isPausedWhole, databases }: PoolerSeen): PoolerRecord['paused'] => {
  if (state !== 'online') return 'unknown'
  const held = databases.filter(({ isPaused }) => isPaused).length
  if (isPausedWhole || (held > 0 && held === databases.length)) return 'all'
  return held > 0 ? 'some' : 'no'
}

/** The fact is as old as it is, so the primary is asked again before its pooler is led there. Null: it was; else why not. */
const bring = async (
  ports: ActPorts,
  pooler: InventoryPooler,
  members: readonly Member[],
  log: Log,
  signal: AbortSignal,
): Promise<string | null> => {
  try {
    const primary = primaryOf(members)
    const text = await textFor(ports, pooler, members)
    if (primary === null || text === null) return 'the primary is not known'
    const { address } = await ports.inventory.instance(primary.id)
    const limit = AbortSignal.any([signal, AbortSignal.timeout(moveTimeoutMs)])
    const { state, role } = await ports.postgres.probe(address, { timeoutMs: lookTimeoutMs, signal: limit })
    if (state !== 'online' || role !== 'primary') return `${primary.title} is ${state}, ${role}`
    const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
    await aimPooler(ports, { pooler, text }, { signal: limit, note: () => {}, pause })
    log.info({ pooler: pooler.title, primary: primary.title }, 'a pooler was led to the primary')
    return null
  } catch (error) {
    signal.throwIfAborted()
    log.warn({ err: error, pooler: pooler.title }, 'a pooler could not be led to the primary')
    return isFault(error) ? error.message : 'it could not be led there; see the worker’s log'
  }
}
