import { lockedHerds, type PoolerHerdRecord, type PoolerRecord } from '@/db/fleet/poolers'
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

const lookTimeoutMs = 4_000
const moveTimeoutMs = 15_000

export type Members = ReadonlyMap<string, readonly Member[]>

/** What was known of the herds when the round began. */
export interface HerdsKnown {
  members: Members
  locked: ReadonlySet<string>
}

/** Looks at one pooler, and brings it to a primary that moved behind the console's back. Answers for what is true of it then. */
export const lookAtPooler = async (
  ports: ActPorts,
  pooler: InventoryPooler,
  known: HerdsKnown,
  log: Log,
  signal: AbortSignal,
): Promise<PoolerRecord> => {
  const { members, locked } = known
  const first = await record(ports, pooler, members, signal)
  const stale = pooler.herds.filter(({ id }) => first.herds.some(({ herdId, follows }) => herdId === id && follows === 'stale'))
  const movable = stale.filter(({ id, name }) => !locked.has(id) && isNamedIn(pooler, name))
  if (movable.length === 0) return first
  const problems = new Map<string, string>()
  for (const herd of movable) {
    const problem = await bring(ports, pooler, herd, known, log, signal)
    if (problem !== null) problems.set(herd.id, problem)
  }
  return withProblems(problems.size === movable.length ? first : await record(ports, pooler, members, signal), problems)
}

type Member = PoolerMember & { id: string }
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
  facts: HerdsKnown,
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
    // Its job may have begun since the round did.
    if ((await lockedHerds([herd.id])).has(herd.id)) return 'a job works on the herd'
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
const wholeOf = (pooler: InventoryPooler, { members, locked }: HerdsKnown): PoolerAim | null => {
  const free = pooler.herds.filter(({ id }) => !locked.has(id))
  const primaries = new Map(free.map(({ id, name }) => [name, primaryOf(members.get(id) ?? [])]))
  const aims = herdsNamed(pooler.template!, pooler.herdName).map((name) => [name, primaries.get(name) ?? null] as const)
  const known = aims.flatMap(([name, one]) => (one === null ? [] : [[name, { host: one.address, port: one.port, hostname: one.hostname }]]))
  if (known.length < aims.length) return null
  return wholeAim(pooler, renderTemplate(pooler.template!, { pooler: pooler.title, herd: pooler.herdName }, Object.fromEntries(known)))
}
