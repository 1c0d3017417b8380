import { type RecordSet, type RecordType, rivalsOf, sameValues, sayRecords } from '@/lib/domain/dns/records'
import { type NameTarget, type Wanted, wantedRecords } from '@/lib/domain/dns/wanted'
import type { InventoryInstance, InventoryName, NameAnswer, ReadPorts } from '@/lib/ports'
import type { Plain } from './instance'

/** One name and what it is to hold: plain JSON, so that it can be stored as facts. */
export type NameMove = {
  nameId: string
  /** The whole name. */
  name: string
  zone: Plain<InventoryName['zone']>
  types: RecordType[]
  /** As it was seen when the facts were gathered; null: it could not be seen, and `unseen` says why. */
  now: Plain<RecordSet>[] | null
  unseen: string | null
  next: Plain<RecordSet>[]
}

/** Milliseconds for one question to a name server. */
export const askTimeoutMs = 5_000

/** Looks at the name now and says what it should become. A zone that cannot be read gives `unseen`, not a fault. */
export const gatherMove = async (
  ports: ReadPorts,
  name: InventoryName,
  next: readonly RecordSet[],
  signal: AbortSignal,
): Promise<NameMove> => {
  const types = rivalsOf(name.type)
  const move = { nameId: name.id, name: name.title, zone: name.zone, types, next: [...next] }
  try {
    const held = await ports.names.current(name.zone, name.title, { timeoutMs: askTimeoutMs, signal })
    return { ...move, now: held.filter(({ type }) => types.includes(type)), unseen: null }
  } catch (error) {
    signal.throwIfAborted()
    return { ...move, now: null, unseen: error instanceof Error ? error.message : String(error) }
  }
}

export type NameMoves = { moves: NameMove[]; problems: string[] }

/** What names are to be moved, and why some cannot be. */
const movesOf = async (ports: ReadPorts, wanted: readonly [InventoryName, Wanted][], signal: AbortSignal): Promise<NameMoves> => ({
  moves: await Promise.all(wanted.flatMap(([name, one]) => ('records' in one ? [gatherMove(ports, name, one.records, signal)] : []))),
  problems: wanted.flatMap(([name, one]) => ('because' in one ? [`${name.title}: ${one.because}`] : [])),
})

/**
 * How the herd's names must change once `primary` is its primary and `standbys` follow: those that point to the primary, and apart from them those that point to
 * its standbys or to all. A name that cannot hold these servers is listed in `problems`.
 */
export const movesTo = async (
  ports: ReadPorts,
  herdId: string,
  primary: InventoryInstance,
  standbys: readonly InventoryInstance[],
  signal: AbortSignal,
): Promise<{ names: NameMoves; readers: NameMoves }> => {
  const declared = await ports.inventory.herdNames(herdId)
  const targets = [targetOf(primary, 'primary'), ...standbys.map((one) => targetOf(one, 'standby'))]
  const wantedOf = (follows: (name: InventoryName) => boolean) =>
    declared.filter(follows).map((name): [InventoryName, Wanted] => [name, wantedRecords(name, targets)])
  const [names, readers] = await Promise.all([
    movesOf(
      ports,
      wantedOf((name) => name.follows === 'primary'),
      signal,
    ),
    movesOf(
      ports,
      wantedOf((name) => name.follows !== 'primary'),
      signal,
    ),
  ])
  return { names, readers }
}

/** As it will be, not as it is. */
const targetOf = ({ title, address }: InventoryInstance, role: NameTarget['role']): NameTarget => ({
  title,
  hostname: address.host.hostname,
  address: address.host.address,
  role,
  isOnline: true,
})

/** The records of these types at the name itself: what a move is about. */
export const ownRecords = ({ name, types }: Pick<NameMove, 'name' | 'types'>, records: readonly RecordSet[]): RecordSet[] =>
  records.filter((set) => set.name === name && types.includes(set.type))

/** A server that serves neither this nor anything else misleads nobody; one that answers must answer the right thing. */
export const isServing = ({ code, isAuthoritative }: NameAnswer): boolean => isAuthoritative && (code === 'NOERROR' || code === 'NXDOMAIN')

/** Seconds for which a resolver that asked just before the move may go on giving what the name held; 0: it held the same, or what it held was not seen. */
export const cachedSeconds = ({ now, next }: Pick<NameMove, 'now' | 'next'>): number =>
  now === null || sameValues(now, next) ? 0 : Math.max(0, ...now.map(({ ttlSeconds }) => ttlSeconds))

/** What clients notice of the names that point to the primary. */
export const sayPointing = (moves: readonly NameMove[]): string => {
  const seconds = Math.max(0, ...moves.map(cachedSeconds))
  const caches = seconds === 0 ? '' : `, but resolvers may give the old answer for up to ${seconds} s more`
  return `${moves.map(({ name }) => name).join(', ')} will point to the new primary${caches}.`
}

/** `orders.example.com: CNAME db1… for 60 s → CNAME db2… for 60 s`. */
export const sayMove = ({ name, now, next }: NameMove): string =>
  `${name}: ${now === null ? 'not seen' : sayRecords(now)} → ${sayRecords(next)}`

/** The update as nsupdate would take it. */
export const moveCommands = ({ name, zone, types, now, next }: NameMove): string[] => [
  `zone ${zone.name}`,
  ...(now ?? []).flatMap(({ type, values }) => values.map((value) => `prereq yxrrset ${name} ${type} ${value}`)),
  ...types.filter((type) => now !== null && !now.some((set) => set.type === type)).map((type) => `prereq nxrrset ${name} ${type}`),
  ...types.map((type) => `update delete ${name} ${type}`),
  ...next.flatMap(({ type, values, ttlSeconds }) => values.map((value) => `update add ${name} ${ttlSeconds} ${type} ${value}`)),
]
