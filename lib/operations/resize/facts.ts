import { sameRecords } from '@/lib/domain/dns/records'
import { wantedRecords } from '@/lib/domain/dns/wanted'
import { classOfType } from '@/lib/domain/machines/classes'
import { knownType } from '@/lib/domain/machines/described'
import { type FittedMachine, type OfferedType, whyNotFit } from '@/lib/domain/machines/fit'
import { sayPriceChange, sayPrices, type TypePrice } from '@/lib/domain/machines/prices'
import { standInsOf } from '@/lib/domain/machines/stand-ins'
import { isFault } from '@/lib/kernel/ground/errors'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { InventoryInstance, InventoryMachine, ReadPorts } from '@/lib/ports'
import { commandsOf, gatherHerd, type HerdFacts, type Member, type Place, type Plain } from '../facts/instance'
import { gatherMove, type NameMove } from '../facts/names'
import { isUnder } from '../facts/peers'
import type { DeadManFacts } from '../facts/timers'
import { type CountedClients, countClients } from './clients'
import { type DbSize, lookAtDbSize } from './db'
import { type ResizeInput, typesIn } from './input'
import { gatherReaderTimers } from './reader-timers'
import { gatherReaders, type Readers } from './readers'
import { gatherScripts, type ResizeScripts } from './scripts'

export type SeenMachine = Plain<FittedMachine> & {
  state: string
  privateAddress: string | null
  publicAddress: string | null
  keepsPublicAddress: boolean
}

export type ResizeFacts = HerdFacts & {
  input: ResizeInput
  /** null: none is tied to its server. */
  machine: Plain<InventoryMachine> | null
  /** As EC2 says; null: it could not be asked, and `unseen` says why. */
  now: SeenMachine | null
  unseen: string | null
  /** Of the present type, the wanted one and the fallbacks, as far as EC2 knows them. */
  types: Plain<OfferedType>[]
  /** What it becomes where neither the wanted types nor the present one can be had, in their order. */
  standIns: string[]
  /** Where it is a DB instance of RDS, and none of the three above is known; null: it is not. */
  db: DbSize | null
  /** Of what it is and what it may become, where it is; none of a machine that is not known. */
  prices: TypePrice[]
  /** Other instances on the same server. */
  neighbours: string[]
  /** Titles of poolers on the same server. */
  poolers: string[]
  upstream: Place | null
  /** Those that count, where some do not; `unseen`: they could not be told apart. null: all count. */
  clients: CountedClients | null
  scripts: ResizeScripts
  readers: Readers
  /** For what of it is paused. */
  timers: DeadManFacts
  /** Out of the names that standbys or all members share, and back. */
  leave: NameMove[]
  /** Names that hold nobody else, and stay as they are. */
  alone: string[]
}

const cloudTimeoutMs = 15_000

/** The types to try, in their order. */
export const wantedTypes = ({ input }: { input: Pick<ResizeInput, 'type' | 'fallbacks'> }): string[] => [
  ...new Set([input.type, ...typesIn(input.fallbacks)]),
]

export const gatherResize = async (ports: ReadPorts, input: ResizeInput, context: GatherContext): Promise<ResizeFacts> => {
  const herd = await gatherHerd(ports, context, input.mode)
  const members = await ports.inventory.herdInstances(herd.instance.herdId)
  const [machine, names] = await Promise.all([
    lookAtOwnMachine(ports, herd.instance, wantedTypes({ input }), context),
    gatherNames(ports, herd, members, context),
  ])
  const upstream = members.find((one) => isUnder(herd.probe, placeOf(ports, one, input))) ?? null
  const clients = await countClients(ports, herd, typesIn(input.ignoredClients), context.signal)
  const readers = await gatherReaders(ports, herd, context.signal)
  const timers = await gatherReaderTimers(ports, input.readers === 'leave' ? [] : readers.targets, context.signal)
  const scripts = await gatherScripts(ports, herd, members, machine.machine, context.signal)
  return {
    ...herd,
    ...machine,
    ...names,
    scripts,
    clients,
    readers,
    timers,
    input,
    upstream: upstream && placeOf(ports, upstream, input),
  }
}

const placeOf = (ports: ReadPorts, one: InventoryInstance, { mode }: ResizeInput): Place => ({
  ...one,
  commands: commandsOf(ports.postgres, one, mode),
})

/** Of its machine and of what else is on it. */
export type MachineFacts = Pick<
  ResizeFacts,
  'machine' | 'now' | 'unseen' | 'types' | 'standIns' | 'db' | 'prices' | 'neighbours' | 'poolers'
>

/** What a resize asks of the machine of an instance. */
export const lookAtOwnMachine = async (
  ports: ReadPorts,
  { serverId, title }: Pick<Place, 'serverId' | 'title'>,
  wanted: readonly string[],
  context: Pick<GatherContext, 'signal'>,
): Promise<MachineFacts> => {
  const [machine, onServer] = await Promise.all([ports.inventory.serverMachine(serverId), ports.inventory.serverInstances(serverId)])
  const neighbours = onServer.filter((one) => one !== title)
  const none = { machine, neighbours, poolers: [], now: null, unseen: null, types: [], standIns: [], db: null, prices: [] }
  if (machine === null) return none
  const pricesOf = (type: string | undefined, others: readonly string[]) =>
    type === undefined ? [] : ports.inventory.typePrices(machine, [...new Set([type, ...others])])
  if (machine.kind === 'rds') {
    const db = await lookAtDbSize(ports, machine, wanted, context)
    return { ...none, db, prices: await pricesOf(db.now?.class, wanted.map(classOfType)) }
  }
  const [seen, { poolers }] = await Promise.all([lookAtMachine(ports, machine, wanted, context), ports.inventory.wholeMachine(machine.id)])
  return { ...none, ...seen, poolers, prices: await pricesOf(seen.now?.type, [...wanted, ...seen.standIns]) }
}

export const priceIn = ({ prices }: Pick<MachineFacts, 'prices'>, type: string): TypePrice | null =>
  prices.find((one) => one.type === type) ?? null

/** Empty where what it is is not known. */
export const priceRow = (facts: Pick<MachineFacts, 'prices'>, from: string, to: string, times = 1) => {
  const [before, after] = [priceIn(facts, from), priceIn(facts, to)]
  return before === null || after === null ? [] : [{ label: 'Price per month', value: sayPriceChange(before, after, times) }]
}

/** What else it may become, and what each costs; empty where it may become nothing else. */
export const otherPrices = (facts: Pick<MachineFacts, 'prices' | 'standIns'>, fallbacks: readonly string[], times = 1) => {
  const prices = [...new Set([...fallbacks, ...facts.standIns])].flatMap((type) => priceIn(facts, type) ?? [])
  return prices.length === 0 ? [] : [{ label: 'Price per month of another type that it may become', value: sayPrices(prices, times) }]
}

const lookAtMachine = async (
  ports: ReadPorts,
  machine: InventoryMachine,
  wanted: readonly string[],
  { signal }: Pick<GatherContext, 'signal'>,
): Promise<Pick<ResizeFacts, 'now' | 'unseen' | 'types' | 'standIns'>> => {
  const options = { timeoutMs: cloudTimeoutMs, signal }
  try {
    const now = await ports.cloud.machine(machine, options)
    const named = [...new Set([now.type, ...wanted])]
    const cached = await ports.inventory.describedTypes(machine)
    // One that is newer than what was read last, and than the sample, EC2 describes itself.
    const own = knownType(now.type, cached) === null ? await ports.cloud.types(machine, now.zone, [now.type], options) : []
    const described = { ...cached, ...Object.fromEntries(own.map((one) => [one.type, { ...one, localStorageGb: one.instanceStorageGb }])) }
    const others = standInsOf(now.type, now.architecture, described).filter((type) => !named.includes(type))
    const types = await ports.cloud.types(machine, now.zone, [...named, ...others], options)
    const known = (name: string) => types.find(({ type }) => type === name) ?? null
    return {
      now: { ...now },
      unseen: null,
      types: types.filter(({ type }) => named.includes(type)).sort((a, b) => (a.type < b.type ? -1 : 1)),
      standIns: others.filter((type) => whyNotFit(now, known(now.type), type, known(type)) === null),
    }
  } catch (error) {
    if (!isFault(error) || signal.aborted) throw error
    return { now: null, unseen: error.message, types: [], standIns: [] }
  }
}

/** How the names that it is in are to be without it. */
const gatherNames = (
  ports: ReadPorts,
  { instance, others }: HerdFacts,
  members: readonly InventoryInstance[],
  { signal }: GatherContext,
): Promise<Pick<ResizeFacts, 'leave' | 'alone'>> => gatherLeaving(ports, instance.herdId, targetsAmong(members, others), signal)

/** Those members that were seen. */
export const targetsAmong = (members: readonly InventoryInstance[], seen: readonly Member[]): NameTarget[] =>
  members.flatMap((member) => {
    const one = seen.find(({ id }) => id === member.id)
    return one === undefined ? [] : [targetOf(member, one)]
  })

/** How the names that standbys or all members share are to be with these members in them, and nobody else. */
export const gatherLeaving = async (
  ports: ReadPorts,
  herdId: string,
  targets: readonly NameTarget[],
  signal: AbortSignal,
): Promise<Pick<ResizeFacts, 'leave' | 'alone'>> => {
  const names = (await ports.inventory.herdNames(herdId)).filter(({ follows }) => follows !== 'primary')
  const leave: NameMove[] = []
  const alone: string[] = []
  for (const name of names) {
    const wanted = wantedRecords(name, targets)
    if ('because' in wanted) alone.push(name.title)
    else leave.push(await gatherMove(ports, name, wanted.records, signal))
  }
  return { leave: leave.filter(({ now, next }) => now === null || !sameRecords(now, next)), alone }
}

type NameTarget = Parameters<typeof wantedRecords>[1][number]

export const targetOf = ({ title, address }: InventoryInstance, { role, state }: Member) => ({
  title,
  hostname: address.host.hostname,
  address: address.host.address,
  role,
  isOnline: state === 'online',
})

/** The same names the other way: what they hold now. */
export const returning = ({ leave }: Pick<ResizeFacts, 'leave'>): NameMove[] =>
  leave.map((move) => ({ ...move, now: move.next, next: move.now ?? [] }))
