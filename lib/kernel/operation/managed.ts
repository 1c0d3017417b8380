import { type FoundManager, isSure, type ManagedBy, type ManagersSeen, managerNames, managersOf } from '@/lib/domain/managers/manager'
import { isItsOwn, type ManagedDeed, maybePacemaker, traceOf, wayThrough, whilePaused } from '@/lib/domain/managers/way'
import type { InventoryInstance, ReadPorts } from '@/lib/ports'
import { isFault } from '../ground/errors'
import { sayWhy } from '../ground/fault-text'
import type { Facts, Gate, GatherContext } from './operation'
import type { Verdict } from './plan'
import { pass, refuse, unknown, warn, worstVerdict } from './verdict'

/** A server that an operation acts on, as far as it takes to ask who manages it. */
export type ManagedServer = Pick<InventoryInstance, 'id' | 'title'> & {
  address: Pick<InventoryInstance['address'], 'dataDirectory' | 'host'>
  /** What the observer last found; left out: nothing is known. */
  manager?: InventoryInstance['manager']
}

/** How an operation treats a server that Patroni or another manager looks after. There is no operation without it. */
export type Managed<I, F> =
  | {
      /** Why no manager minds: it may be run on every server. */
      harmless: string
    }
  | {
      /** Refused on these, with the way to do it; null: with this input it is harmless. */
      deed: ManagedDeed | ((input: I) => ManagedDeed | null)
      /** instance: the target. herd: every member of the herd that is the target. */
      servers: 'instance' | 'herd' | ((facts: F) => readonly (ManagedServer | { herdId: string })[])
    }

/** What was seen at one server. */
interface Sight {
  title: string
  dataDirectory: string
  seen: ManagersSeen | null
  because: string | null
  last: ManagedBy
}

/** During an outage nobody waits longer for a host that is gone; what was last seen of it counts then. */
const lookTimeoutMs = 3_000

type Gather<F> = (ports: ReadPorts, input: never, context: GatherContext) => Promise<F>

/** Who manages the servers is among the facts of each operation that a manager would undo, looked at on their hosts just now. */
export const gatherWithManagers =
  <I, F extends Facts>(gather: Gather<F>, managed: Managed<I, F>): Gather<Facts> =>
  async (ports, input, context) => {
    if ('harmless' in managed) return gather(ports, input, context)
    const deed = typeof managed.deed === 'function' ? managed.deed(input) : managed.deed
    if (deed === null) return { ...(await gather(ports, input, context)), managed: null }
    const gathering = gather(ports, input, context)
    const looking = serversOf(ports, managed.servers, gathering, context).then((servers) =>
      Promise.all(servers.map((server) => sightOf(ports, server, context))),
    )
    const [facts, sights] = await Promise.all([gathering, looking])
    return { ...facts, managed: { deed, sights } as unknown as Facts[string] }
  }

/** Both looks are under way at once wherever the target alone says which servers it is about. */
const serversOf = async <I, F extends Facts>(
  { inventory }: ReadPorts,
  servers: Extract<Managed<I, F>, { deed: unknown }>['servers'],
  gathering: Promise<F>,
  { targetId }: GatherContext,
): Promise<readonly ManagedServer[]> => {
  if (servers === 'instance') return [await inventory.instance(targetId)]
  if (servers === 'herd') return inventory.herdInstances(targetId)
  const named = servers(await gathering)
  return (await Promise.all(named.map((one) => ('herdId' in one ? inventory.herdInstances(one.herdId) : [one])))).flat()
}

const sightOf = async (ports: ReadPorts, { title, address, manager }: ManagedServer, { signal }: GatherContext): Promise<Sight> => {
  const { dataDirectory, host } = address
  const common = { title, dataDirectory, last: manager?.by ?? 'unknown' }
  try {
    const seen = await ports.hosts.managers(host, [dataDirectory], { timeoutMs: lookTimeoutMs, signal })
    // What its cluster did long ago is nothing that an operation decides by.
    return { ...common, because: null, seen: { isWhole: seen.isWhole, managers: seen.managers.map((one) => ({ ...one, history: [] })) } }
  } catch (error) {
    if (signal.aborted || !isFault(error)) throw error
    return { ...common, seen: null, because: sayWhy(error) }
  }
}

/** Nothing is done behind a manager’s back: whoever decides which member is primary would undo it, or make a second primary of it. */
export const managedGate = (): Gate<Facts> => ({
  name: 'manager',
  title: 'No other manager decides over it',
  again: true,
  look: ({ managed }) => {
    if (managed === null || managed === undefined) return pass
    const { deed, sights } = managed as unknown as { deed: ManagedDeed; sights: Sight[] }
    const verdicts = [...sights.flatMap(withoutManager), ...alike(sights).map((group) => judge(deed, group))]
    const verdict = worstVerdict(verdicts)
    const said = verdicts.flatMap((one) => (one.verdict === verdict && one.because !== undefined ? [one.because] : []))
    return said.length === 0 ? pass : ({ verdict, because: [...new Set(said)].join(' ') } as Verdict)
  },
})

/** Those at which no manager was found, be it that there is none. */
const withoutManager = ({ title, dataDirectory, seen, because, last }: Sight): Verdict[] => {
  if (seen === null) {
    const why = because === null ? '' : `: ${because.replace(/\.$/, '')}`
    if (last === 'unknown' || last === 'none')
      return [
        unknown(
          `Whether Patroni or the like manages ${title} is not known${why}.${last === 'none' ? ' When its host was last seen, nothing did.' : ''}`,
        ),
      ]
    const who = last === 'several' ? 'more than one manager' : managerNames[last]
    return [refuse(`${title} was managed by ${who} when it was last seen, and its host cannot be asked now${why}. Use ${who}’s own tools.`)]
  }
  if (seen.isWhole || managersOf(seen, dataDirectory).length > 0) return []
  return [
    unknown(
      `Whether Patroni or the like manages ${title} is not known: processes of other users are hidden from the SSH user on its host (hidepid).`,
    ),
  ]
}

interface Group {
  titles: string[]
  /** Of several members without the name of any. */
  manager: FoundManager
}

/** One sentence tells of all the members of a cluster. */
const alike = (sights: readonly Sight[]): Group[] => {
  const groups = new Map<string, Group>()
  for (const { title, dataDirectory, seen } of sights)
    for (const one of seen === null ? [] : managersOf(seen, dataDirectory)) {
      const { kind, state, cluster, configPath, isPaused, isReadable } = one
      const key = JSON.stringify([kind, state, cluster, configPath, isPaused, isReadable, one.dataDirectory === null])
      const group = groups.get(key)
      if (group === undefined) groups.set(key, { titles: [title], manager: one })
      else {
        group.titles.push(title)
        group.manager = { ...group.manager, member: null }
      }
    }
  return [...groups.values()]
}

/** Those that leave a server down, or up, as it is while the manager is paused. */
const whilePausedOnly: ReadonlySet<ManagedDeed> = new Set(['start', 'stop', 'restart', 'resize'])

const judge = (deed: ManagedDeed, { titles, manager }: Group): Verdict => {
  if (isItsOwn(manager.kind, deed)) return pass
  if (!isSure(manager)) return unknown(maybePacemaker(titles))
  if (manager.state === 'trace') return warn(traceOf(titles, manager))
  if (manager.isPaused === true && manager.dataDirectory !== null && whilePausedOnly.has(deed)) return warn(whilePaused(titles, manager))
  return refuse(wayThrough(titles, deed, manager))
}
