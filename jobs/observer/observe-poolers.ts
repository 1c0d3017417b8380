import {
  allPoolers,
  linkPoolers,
  lockedHerds,
  type PoolerHerdRecord,
  type PoolerRecord,
  poolerMembers,
  type StrangeDatabase,
  savePoolers,
} from '@/db/fleet/poolers'
import { inPgTransaction } from '@/db/pg/transaction'
import { releaseLeases, renewLeases, takeLease } from '@/db/runs/leases'
import { databasesOf, type Follows, judgePooler, type PoolerMember } from '@/lib/domain/poolers/judge'
import { partLines } from '@/lib/domain/poolers/lines'
import { sayAims } from '@/lib/domain/poolers/pgbouncer-ini'
import { herdsNamed, renderTemplate } from '@/lib/domain/poolers/template'
import { isFault } from '@/lib/kernel/ground/errors'
import { sleep } from '@/lib/kernel/ground/sleep'
import { aimAt, partOf } from '@/lib/operations/facts/pooler-part'
import { aimPooler, herdAim, type PoolerAim, wholeAim } from '@/lib/operations/steps/poolers/aim'
import type { ActPorts, InventoryPooler, PoolerSeen, PoolerStats } from '@/lib/ports'
import type { Log } from '../queue/log'
import { repeat } from '../queue/schedule'

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
  const herdIds = [...new Set(all.flatMap(({ herds }) => herds.map(({ id }) => id)))]
  const [members, locked] = await Promise.all([poolerMembers(herdIds, freshSeconds), lockedHerds(herdIds)])
  for (let from = 0; from < all.length && !signal.aborted; from += looksMax) {
    const some = all.slice(from, from + looksMax)
    const records = await Promise.all(
      some.map(async (pooler) => {
        const first = await record(ports, pooler, members, signal)
        const stale = pooler.herds.filter(({ id }) => first.herds.some(({ herdId, follows }) => herdId === id && follows === 'stale'))
        const movable = stale.filter(({ id, name }) => !locked.has(id) && isNamedIn(pooler, name))
        if (movable.length === 0) return first
        const problems = new Map<string, string>()
        for (const herd of movable) {
          const problem = await bring(ports, pooler, herd, { members, locked }, log, signal)
          if (problem !== null) problems.set(herd.id, problem)
        }
        return withProblems(problems.size === movable.length ? first : await record(ports, pooler, members, signal), problems)
      }),
    )
    if (signal.aborted) return
    await savePoolers(records)
    await linkPoolers(...linksOf(some, records, members))
  }
}

type Member = PoolerMember & { id: string }
type Members = ReadonlyMap<string, readonly Member[]>
type Herd = InventoryPooler['herds'][number]

const isNamedIn = (pooler: InventoryPooler, herd: string): boolean => {
  const part = partOf(pooler, herd)
  return part !== null && partLines(part).own.length > 0
}

const primaryOf = (members: readonly Member[]): Member | null => {
  const primaries = members.filter(({ isPrimary, isOnline }) => isPrimary && isOnline)
  return primaries.length === 1 ? primaries[0]! : null
}

const record = async (ports: ActPorts, pooler: InventoryPooler, members: Members, signal: AbortSignal): Promise<PoolerRecord> => {
  const seen = await ports.read.poolers.look(pooler.address, { timeoutMs: lookTimeoutMs, signal })
  const pace = seen.state === 'online' ? await paceOf(ports, pooler, signal) : null
  const judged = pooler.herds.map((herd) => judge(pooler, herd, seen, members.get(herd.id) ?? []))
  const herds = judged.map((one) => one.record)
  const modes = [...new Set(seen.databases.map(({ poolMode }) => poolMode))]
  const ownerOf = (name: string) => judged.find(({ own }) => own.some((one) => one.name === name))?.record.herdId ?? null
  return {
    id: pooler.id,
    state: seen.state,
    because: seen.because ?? sayHerds(pooler, herds),
    version: seen.version,
    poolMode: modes.length > 1 ? 'mixed' : (modes[0] ?? null),
    paused: pausedOf(seen, seen.databases),
    databases: seen.state === 'online' ? seen.databases.length : null,
    clients: seen.clients,
    waiting: seen.waiting,
    longestWaitSeconds: seen.state === 'online' ? Math.max(0, ...seen.databases.map((one) => one.longestWaitSeconds)) : null,
    target: sayAims(seen.databases) || null,
    wanted: [...new Set(herds.flatMap(({ wanted }) => wanted ?? []))].join(', ') || null,
    follows: worstOf(herds.map(({ follows }) => follows)),
    seen: seen.databases.map((one) => ({ ...one, herdId: ownerOf(one.name), pace: pace?.get(one.name) ?? null })),
    herds,
  }
}

/** What a look says of one of its herds, and which of its databases are that herd's. */
const judge = (
  pooler: InventoryPooler,
  { id, name }: Herd,
  seen: PoolerSeen,
  members: readonly Member[],
): { own: PoolerSeen['databases']; record: PoolerHerdRecord } => {
  const part = partOf(pooler, name)
  const own = databasesOf(part, pooler.serverId, members, seen.databases)
  const isOnline = seen.state === 'online'
  const verdict = isOnline
    ? judgePooler({ serverId: pooler.serverId, part }, members, seen.databases)
    : { follows: 'unknown' as const, because: null, wanted: null }
  return {
    own,
    record: {
      herdId: id,
      databases: isOnline ? own.length : null,
      paused: pausedOf(seen, own),
      waiting: isOnline ? own.reduce((sum, { clientsWaiting }) => sum + clientsWaiting, 0) : null,
      target: sayAims(own) || null,
      ...verdict,
    },
  }
}

const worstOf = (all: readonly Follows[]): Follows => (['stale', 'unknown', 'right'] as const).find((one) => all.includes(one)) ?? 'unknown'

/** With the herd's name where there are several. */
const sayHerds = ({ herds }: InventoryPooler, records: readonly PoolerHerdRecord[]): string | null => {
  const said = records.flatMap(({ herdId, because }) => {
    const name = herds.find(({ id }) => id === herdId)!.name
    return because === null ? [] : [herds.length === 1 ? because : `${name}: ${because}`]
  })
  return said.join('; ') || null
}

/** Why its herds were not brought along, instead of what was seen of them. */
const withProblems = (found: PoolerRecord, problems: ReadonlyMap<string, string>): PoolerRecord => {
  const herds = found.herds.map((one) => ({ ...one, because: problems.get(one.herdId) ?? one.because }))
  return problems.size === 0 ? found : { ...found, herds, because: [...problems.values()].join('; ') }
}

/** Databases of no herd that is known, and herds that have none any more. */
const linksOf = (
  poolers: readonly InventoryPooler[],
  records: readonly PoolerRecord[],
  members: Members,
): [StrangeDatabase[], { poolerId: string; herdId: string }[]] => {
  const strange = records.flatMap(({ id: poolerId, seen }) =>
    seen.filter(({ herdId }) => herdId === null).map(({ host, port }) => ({ poolerId, host, port })),
  )
  const gone = records.flatMap(({ id: poolerId, state, herds }) =>
    herds
      .filter(({ herdId, databases }) => state === 'online' && databases === 0 && (members.get(herdId) ?? []).length > 0)
      .map(({ herdId }) => ({ poolerId, herdId })),
  )
  return [strange, gone.filter(({ poolerId, herdId }) => poolers.find(({ id }) => id === poolerId)!.herdId !== herdId)]
}

/** By database; null: it went away between the two questions, which the next look will tell. */
const paceOf = async (ports: ActPorts, pooler: InventoryPooler, signal: AbortSignal): Promise<Map<string, PoolerStats> | null> => {
  try {
    const stats = await ports.read.poolers.stats(pooler.address, { timeoutMs: lookTimeoutMs, signal })
    return new Map(stats.map((one) => [one.database, one]))
  } catch (error) {
    if (!isFault(error) || signal.aborted) throw error
    return null
  }
}

const pausedOf = ({ state, isPausedWhole }: PoolerSeen, databases: PoolerSeen['databases']): PoolerRecord['paused'] => {
  if (state !== 'online') return 'unknown'
  const held = databases.filter(({ isPaused }) => isPaused).length
  if (isPausedWhole || (held > 0 && held === databases.length)) return 'all'
  return held > 0 ? 'some' : 'no'
}

/** The fact may be old, so the primary is asked again before its pooler is pointed there. Null: it was pointed there; else why not. */
const bring = async (
  ports: ActPorts,
  pooler: InventoryPooler,
  herd: Herd,
  facts: { members: Members; locked: ReadonlySet<string> },
  log: Log,
  signal: AbortSignal,
): Promise<string | null> => {
  try {
    const primary = primaryOf(facts.members.get(herd.id) ?? [])
    if (primary === null) return 'the primary is not known'
    const instance = await ports.read.inventory.instance(primary.id)
    const limit = AbortSignal.any([signal, AbortSignal.timeout(moveTimeoutMs)])
    const { state, role } = await ports.read.postgres.probe(instance.address, { timeoutMs: lookTimeoutMs, signal: limit })
    if (state !== 'online' || role !== 'primary') return `${primary.title} is ${state}, ${role}`
    const file = await ports.read.poolers.readFile(pooler.address, { timeoutMs: lookTimeoutMs, signal: limit })
    const own = herdAim(pooler, herd, aimAt(instance))
    const aim = file === null || own.textFrom(file.text) !== null ? own : wholeOf(pooler, facts)
    if (aim === null)
      return 'its file is not what its template makes, and another of its herds has no primary that is known, or is worked on'
    await aimPooler(ports, aim, { signal: limit, note: () => {}, pause: sleep })
    log.info({ pooler: pooler.title, primary: primary.title }, 'a pooler points to the primary again')
    return null
  } catch (error) {
    signal.throwIfAborted()
    log.warn({ err: error, pooler: pooler.title }, 'a pooler could not be pointed to the primary')
    return isFault(error) ? error.message : 'it could not be pointed there; see the worker’s log'
  }
}

/** The whole new file; null unless each of its herds has a known primary and is not locked. */
const wholeOf = (pooler: InventoryPooler, { members, locked }: { members: Members; locked: ReadonlySet<string> }): PoolerAim | null => {
  const free = pooler.herds.filter(({ id }) => !locked.has(id))
  const primaries = new Map(free.map(({ id, name }) => [name, primaryOf(members.get(id) ?? [])]))
  const aims = herdsNamed(pooler.template!, pooler.herdName).map((name) => [name, primaries.get(name) ?? null] as const)
  const known = aims.flatMap(([name, one]) => (one === null ? [] : [[name, { host: one.address, port: one.port, hostname: one.hostname }]]))
  if (known.length < aims.length) return null
  return wholeAim(pooler, renderTemplate(pooler.template!, { pooler: pooler.title, herd: pooler.herdName }, Object.fromEntries(known)))
}
