import { hostnameOf } from '@/lib/domain/blueprints/launch/tags'
import { isFault } from '@/lib/kernel/ground/errors'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { InventoryBlueprint, Launched, MachineSpec, ReadPorts } from '@/lib/ports'
import type { Plain } from '../facts/instance'
import { cloudTimeoutMs, type LaunchFacts, placeIn, taggedBy } from './facts'
import type { LaunchInput } from './input'
import { machineSpec } from './spec'

export const gatherLaunch = async (ports: ReadPorts, input: LaunchInput, { targetId, signal }: GatherContext): Promise<LaunchFacts> => {
  const launch = (await ports.inventory.blueprint(targetId)) as Plain<InventoryBlueprint>
  const [first] = launch.choices
  const place = launch.account === null || first === undefined ? null : { accountId: launch.account.id, region: first.region }
  const ids = { herd: crypto.randomUUID(), server: crypto.randomUUID(), instance: crypto.randomUUID() }
  const facts: LaunchFacts = {
    input,
    number: 1,
    launch,
    place,
    images: {},
    left: null,
    unseen: null,
    refusal: null,
    taken: await takenNames(ports, launch),
    atLeast: {},
    kept: null,
    ids,
    insteadOf: null,
  }
  if (place === null) return facts
  return { ...facts, ...(await askCloud(facts, ports, signal)) }
}

/** What EC2 has of the blueprint, and whether it would launch the first choice. */
export const askCloud = async (
  facts: LaunchFacts,
  ports: ReadPorts,
  signal: AbortSignal,
): Promise<Pick<LaunchFacts, 'left' | 'images' | 'refusal' | 'unseen'>> => {
  const { launch } = facts
  const place = placeIn(facts)
  const seen: Pick<LaunchFacts, 'left' | 'images' | 'refusal' | 'unseen'> = { left: null, images: {}, refusal: null, unseen: null }
  try {
    const options = { timeoutMs: cloudTimeoutMs, signal }
    seen.left = (await taggedBy(place, launch.id, ports, signal)) as Plain<Launched>
    for (const architecture of new Set(launch.choices.map((one) => one.architecture))) {
      const image = await ports.cloud.image(place, architecture, options)
      if (image !== null) seen.images[architecture] = { ...image }
    }
    seen.refusal = await whyRefused({ ...facts, images: seen.images }, ports, signal)
  } catch (error) {
    if (!isFault(error) || signal.aborted) throw error
    seen.unseen = error.message
  }
  return seen
}

const takenNames = async (ports: ReadPorts, { environmentId, blueprint, title }: Plain<InventoryBlueprint>): Promise<string[]> => {
  const hostname = hostnameOf(blueprint.name, 1)
  const [herd, { servers }] = await Promise.all([
    ports.inventory.herdIn(environmentId, title),
    ports.inventory.clusterStanding(environmentId, null, [hostname]),
  ])
  return [...(herd === null ? [] : [`the herd ${herd.name}`]), ...servers.map((one) => `the server ${one.hostname}`)]
}

/** As EC2 judges the first choice, in words. Its own group does not exist yet, so the request is made without one. */
const whyRefused = async (facts: LaunchFacts, ports: ReadPorts, signal: AbortSignal): Promise<string | null> => {
  const choice = facts.launch.choices[0]!
  if (facts.images[choice.architecture] === undefined || facts.launch.publicKey === null) return null
  const spec: MachineSpec = machineSpec(facts, 0, { part: 'dry-run', groupIds: facts.launch.blueprint.securityGroupIds, jobId: 'none' })
  try {
    await ports.cloud.mayLaunch(facts.place!, spec, { timeoutMs: cloudTimeoutMs, signal })
    return null
  } catch (error) {
    if (!isFault(error) || error.code === 'cloud.unreachable' || signal.aborted) throw error
    return error.message
  }
}
