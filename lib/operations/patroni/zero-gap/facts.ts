import type { ManagedMember } from '@/lib/domain/managers/manager'
import { pauseKey } from '@/lib/domain/managers/patroni-config'
import { isObject, type Json, type JsonObject } from '@/lib/kernel/ground/json'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { InventoryInstance, ReadPorts } from '@/lib/ports'
import type { Plain } from '../../facts/instance'
import { orNull } from '../../facts/or-null'
import { newWorkKey } from '../../steps/host-work'
import { gatherSwitchover, type SwitchoverFacts } from '../../switchover/facts'
import type { SwitchoverInput } from '../../switchover/input'
import { readConfig } from '../cluster'
import { viewOf } from '../facts'

export type ZeroGapFacts = SwitchoverFacts & { patroni: PatroniStanding }

/** The cluster as all its members tell of it, and how it is paused for the hand-over. */
export type PatroniStanding = {
  cluster: string | null
  /** Why it cannot be asked through Patroni; null: it can. */
  why: string | null
  isPaused: boolean
  /** Names of the leaders that its members tell of. */
  leaders: string[]
  members: Plain<ManagedMember>[]
  /** Registered members whose Patroni answers. */
  places: Plain<InventoryInstance>[]
  /** Titles of those whose Patroni does not. */
  silent: string[]
  /** Patroni's name of each registered member, by its id. */
  names: Record<string, string | null>
  /** synchronous_mode; null: the configuration could not be read. */
  synchronous: 'off' | 'on' | 'strict' | null
  /** What every key of our pause begins with. */
  key: string
}

export const gatherZeroGap = async (ports: ReadPorts, input: SwitchoverInput, context: GatherContext): Promise<ZeroGapFacts> => {
  const instances = await ports.inventory.herdInstances(context.targetId)
  const [facts, view] = await Promise.all([gatherSwitchover(ports, input, context), viewOf(ports, instances, context.signal)])
  const answers = ({ id }: InventoryInstance) => typeof view.pauses.get(id) === 'boolean'
  const places = instances.filter(answers) as Plain<InventoryInstance>[]
  const text = await orNull(readConfig(places, ports, context.signal), context.signal)
  return {
    ...facts,
    patroni: {
      ...{ cluster: view.cluster, why: view.why, isPaused: view.isPaused, leaders: view.leaders, members: view.members },
      places,
      silent: instances.filter((one) => !answers(one)).map(({ title }) => title),
      names: Object.fromEntries(view.names),
      synchronous: text === null ? null : synchronousOf(parsed(text)),
      key: newWorkKey('hand-over', context.targetId, ports.now()),
    },
  }
}

const parsed = (text: string): JsonObject => {
  try {
    const config = JSON.parse(text) as Json
    return isObject(config) ? config : {}
  } catch {
    return {}
  }
}

const synchronousOf = (config: JsonObject): PatroniStanding['synchronous'] =>
  config.synchronous_mode === undefined || config.synchronous_mode === null || config.synchronous_mode === false
    ? 'off'
    : config.synchronous_mode_strict === true
      ? 'strict'
      : 'on'

/** Whether this configuration says that it is paused by this job. */
export const isOurPause = ({ key }: Pick<PatroniStanding, 'key'>, text: string): boolean => {
  const config = parsed(text)
  const said = config[pauseKey]
  return config.pause === true && typeof said === 'string' && said.startsWith(`${key}-`)
}

export const saysPaused = (text: string): boolean => parsed(text).pause === true

export const nameOf = ({ patroni }: ZeroGapFacts, { id }: { id: string }): string | null => patroni.names[id] ?? null
