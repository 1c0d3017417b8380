import { isFault } from '@/lib/kernel/ground/errors'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { InventoryBlueprint, InventoryInstance, Launched, LaunchPlace, Probe, ReadPorts } from '@/lib/ports'
import { type Plain, probeTimeoutMs } from '../../facts/instance'
import { taggedBy } from '../facts'

export type TearDownFacts = {
  launch: Plain<InventoryBlueprint>
  /** By region of the blueprint, which do not change while a herd of it stands. */
  found: { place: Plain<LaunchPlace>; launched: Plain<Launched> }[]
  /** Why AWS did not say; null: it did. */
  unseen: string | null
  members: { place: Plain<InventoryInstance>; probe: Plain<Probe> }[]
  /** Titles of poolers and DNS names that need its registration. */
  needed: string[]
  /** Members on servers that the launch did not make. */
  foreign: string[]
}

export const gatherTearDown = async (ports: ReadPorts, _input: unknown, { targetId, signal }: GatherContext): Promise<TearDownFacts> => {
  const launch = (await ports.inventory.blueprint(targetId)) as Plain<InventoryBlueprint>
  const facts: TearDownFacts = { launch, ...(await findLaunched(ports, launch, signal)), members: [], needed: [], foreign: [] }
  return launch.herd === null ? facts : { ...facts, ...(await lookAtHerd(ports, launch.herd.id, facts, signal)) }
}

/** What carries the blueprint's tag, region by region. */
export const findLaunched = async (
  ports: ReadPorts,
  { id, account, blueprint }: Plain<InventoryBlueprint>,
  signal: AbortSignal,
): Promise<Pick<TearDownFacts, 'found' | 'unseen'>> => {
  const found: TearDownFacts['found'] = []
  try {
    for (const region of account === null ? [] : blueprint.regions) {
      const place = { accountId: account!.id, region }
      found.push({ place, launched: (await taggedBy(place, id, ports, signal)) as Plain<Launched> })
    }
    return { found, unseen: null }
  } catch (error) {
    if (!isFault(error) || signal.aborted) throw error
    return { found, unseen: error.message }
  }
}

const lookAtHerd = async (
  ports: ReadPorts,
  herdId: string,
  { found }: TearDownFacts,
  signal: AbortSignal,
): Promise<Pick<TearDownFacts, 'members' | 'needed' | 'foreign'>> => {
  const [all, poolers, names] = await Promise.all([
    ports.inventory.herdInstances(herdId),
    ports.inventory.herdPoolers(herdId),
    ports.inventory.herdNames(herdId),
  ])
  const own = new Set(found.flatMap(({ launched }) => launched.machines.flatMap((one) => [one.privateAddress, one.publicAddress])))
  return {
    members: await Promise.all(
      all.map(async (place) => ({
        place: place as Plain<InventoryInstance>,
        probe: (await ports.postgres.probe(place.address, { timeoutMs: probeTimeoutMs, signal })) as Plain<Probe>,
      })),
    ),
    needed: [...poolers.map(({ title }) => `the pooler ${title}`), ...names.map(({ title }) => `the DNS name ${title}`)],
    foreign: all.flatMap(({ title, address }) => (own.has(address.host.address) || found.every(isEmpty) ? [] : [title])),
  }
}

/** Of a herd whose machines are gone from EC2's list nobody can say which were its own. */
const isEmpty = ({ launched }: TearDownFacts['found'][number]): boolean => launched.machines.length === 0
