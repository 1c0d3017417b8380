import { clusterNameOf, dataDirectoryOf, launchPort } from '@/lib/domain/blueprints/launch/launched'
import { hostnameOf } from '@/lib/domain/blueprints/launch/tags'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { InventoryBlueprint, Launched, ReadPorts } from '@/lib/ports'
import { packagedSockets } from '@/lib/ports/addresses'
import { type MemberFacts, sizeOf, upstreamSettings } from '../../create/facts'
import { commandsOf, type Place, type Plain } from '../../facts/instance'
import { followingTo, gatherPeers, type Peer } from '../../facts/peers'
import { isAlive, type LaunchFacts, memberName } from '../facts'
import { askCloud } from '../gather'

/** Where `instance` is reached is known once its machine runs. */
export type StandbyFacts = LaunchFacts &
  MemberFacts & {
    /** In which the herd's machines are. */
    zones: string[]
  }

const membersMax = 20

export const gatherStandby = async (ports: ReadPorts, _input: unknown, context: GatherContext): Promise<StandbyFacts> => {
  const { targetId, signal } = context
  const found = (await ports.inventory.blueprint(targetId)) as Plain<InventoryBlueprint>
  const launch = { ...found, choices: found.standbyChoices }
  const [first] = launch.choices
  const place = launch.account === null || first === undefined ? null : { accountId: launch.account.id, region: first.region }
  const ids = { herd: launch.herd?.id ?? '', server: crypto.randomUUID(), instance: crypto.randomUUID() }
  const peers = launch.herd === null ? [] : await peersOf(ports, launch.herd.id, context)
  const leading = peers.filter(({ probe }) => probe.state === 'online' && probe.role === 'primary')
  const upstream = leading.length === 1 ? leading[0]! : null
  const bare: LaunchFacts = {
    ...{ input: { consoleNetwork: '' }, number: 2, launch, place, ids, taken: [] },
    ...{ images: {}, left: null, unseen: null, refusal: null, atLeast: {}, kept: null, insteadOf: null },
  }
  const cloud = place === null ? {} : await askCloud(bare, ports, signal)
  const named = { ...bare, ...cloud, ...(await nameFor(ports, { ...bare, ...cloud })) }
  const instance = placeFor(ports, named)
  const following = upstream === null ? null : followingTo(upstream.place, { place: instance, following: null }, peers)
  return {
    ...named,
    instance,
    members: peers.map(({ place: { title } }) => title),
    zones: [...new Set((named.left?.machines ?? []).filter(isAlive).map(({ zone }) => zone))].sort(),
    upstream: upstream?.place ?? null,
    upstreamProbe: upstream?.probe ?? null,
    why: upstream === null ? whyNobody(leading) : null,
    following,
    copySlot: following === null ? null : `${(following.slotName ?? 'standby').slice(0, 58)}_copy`,
    ...(upstream === null
      ? { upstreamDisk: null, totalBytes: null }
      : { ...(await sizeOf(ports, upstream.place, signal)), atLeast: (await upstreamSettings(ports, upstream.place, signal)) ?? {} }),
  }
}

const peersOf = async (ports: ReadPorts, herdId: string, context: GatherContext): Promise<Peer[]> => {
  const { members } = await ports.inventory.herdStanding(herdId)
  return gatherPeers(ports, herdId, members, context)
}

const whyNobody = (leading: readonly Peer[]): string =>
  leading.length === 0
    ? 'No primary of the herd answers. Bring it back, or fail the herd over first.'
    : `${leading.map(({ place }) => place.title).join(' and ')} both take writes. Demote one of them first.`

/** The first number whose name neither a server nor a machine has. */
const nameFor = async (ports: ReadPorts, { launch, left }: LaunchFacts): Promise<Pick<LaunchFacts, 'number' | 'taken'>> => {
  const numbers = Array.from({ length: membersMax }, (_one, at) => at + 1)
  const names = numbers.map((number) => hostnameOf(launch.blueprint.name, number))
  const { servers } = await ports.inventory.clusterStanding(launch.environmentId, null, names)
  const used = new Set([...servers.map(({ hostname }) => hostname), ...machinesNamed(left).map((name) => name ?? '')])
  const number = numbers.find((_one, at) => !used.has(names[at]!))
  return number === undefined ? { number: membersMax, taken: ['the names of all its members'] } : { number, taken: [] }
}

const machinesNamed = (left: Plain<Launched> | null): (string | undefined)[] =>
  (left?.machines ?? []).filter(({ state }) => state !== 'terminated').map(({ tags }) => tags.Name)

const placeFor = (ports: ReadPorts, facts: LaunchFacts): Place => {
  const { launch, ids } = facts
  const { blueprint, environmentId, environmentName, herd } = launch
  const hostname = memberName(facts)
  const host = { serverId: ids.server, environmentId, hostname, address: '', port: 22, user: 'postgres', hostKey: null }
  const instance = {
    id: ids.instance,
    title: `${herd?.name ?? launch.title} on ${hostname}`,
    environmentId,
    environmentName,
    herdId: ids.herd,
    herdName: herd?.name ?? '',
    serverId: ids.server,
    systemIdentifier: null,
    address: {
      instanceId: ids.instance,
      herdId: ids.herd,
      host,
      clusterName: clusterNameOf(blueprint),
      major: blueprint.major,
      port: launchPort,
      dataDirectory: dataDirectoryOf(blueprint),
      socketDirectory: packagedSockets,
      profile: 'debian' as const,
      binDirectory: null,
    },
  }
  return { ...instance, commands: commandsOf(ports.postgres, instance, 'fast') }
}
