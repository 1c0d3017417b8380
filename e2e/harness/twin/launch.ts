import { idOf, type MemoryFleet, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { blueprintOf } from '@/lib/domain/blueprints/blueprint'
import { drive } from '@/lib/kernel/engine/engine'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { Operation } from '@/lib/kernel/operation/operation'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import type { InventoryBlueprint, LaunchChoice } from '@/lib/ports'

export const blueprintId = idOf('blueprint shop')
export const launchInput = { consoleNetwork: '198.51.100.7/32' }

const choice = (type: string, given: Partial<LaunchChoice> = {}): LaunchChoice => ({
  ...{ type, region: 'us-east-1', zone: 'us-east-1a', market: 'spot', hourUsd: 0.04, vcpus: 2, memoryMib: 8192, architecture: 'x86_64' },
  ...given,
})

export const shopBlueprint = (given: Partial<InventoryBlueprint> = {}, blueprint: Record<string, unknown> = {}): InventoryBlueprint => {
  const {
    imported: _imported,
    note: _note,
    ...own
  } = blueprintOf({
    ...{ name: 'shop', regions: ['us-east-1'], storageGb: 100, fallsBack: true, major: '15', clientAddresses: ['203.0.113.0/24'] },
    ...{ database: 'shop', adminUser: 'app', extensions: ['pg_trgm'], tags: ['team=orders'], ...blueprint },
  })
  return {
    id: blueprintId,
    title: 'shop',
    environmentId: idOf('prod'),
    environmentName: 'prod',
    account: { id: 'account', title: 'cloud' },
    herd: null,
    stoppedAt: null,
    isExpired: false,
    blueprint: own,
    hasPassword: true,
    publicKey: 'ssh-ed25519 AAAA matriarch',
    choices: [choice('m5.large'), choice('m5a.large', { zone: 'us-east-1b' }), choice('m5.large', { market: 'on-demand', hourUsd: 0.096 })],
    standbyChoices: [choice('m5a.large', { zone: 'us-east-1b' }), choice('m5.large')],
    storageUsdGbMonth: 0.08,
    hasSamplePrices: false,
    asksFor: [],
    ...given,
  }
}

/** A fleet with a blueprint from which nothing is launched yet. */
export const launchFleet = (given: InventoryBlueprint = shopBlueprint()): MemoryFleet => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'other', hosts: ['n1'], port: 5999 }])
  fleet.world.launches.blueprints.set(given.id, given)
  return fleet
}

const signal = new AbortController().signal

export const planOnBlueprint = (fleet: MemoryFleet, operation: Operation, input: JsonObject = {}) =>
  makeTargetPlan(operation, fleet.read, input, blueprintId, signal)

/** Plans and drives it to its end. Throws where the plan has nothing to do or refuses. */
export const runOnBlueprint = async (fleet: MemoryFleet, operation: Operation, id: string, input: JsonObject = {}) => {
  const { digest, reason } = await planOnBlueprint(fleet, operation, input)
  if (reason !== null) throw new Error(reason)
  const journal = new MemoryJournal(fleet.clock)
  const options = { driver: 'test', signal, isCancelRequested: () => false, clock: fleet.clock }
  return { state: await drive(operation, { id, targetId: blueprintId, input, digest }, journal.open(), fleet, options), journal }
}

/** What there is of the launched herd on AWS and in the console, in words; nothing: none of it. */
export const launchedTraces = ({ world }: MemoryFleet): string[] => [
  ...[...world.launches.machines.values()].filter(({ state }) => state !== 'terminated').map(({ id, state }) => `${id} ${state}`),
  ...[...world.launches.volumes.values()].map(({ id, state }) => `${id} ${state}`),
  ...[...world.launches.groups.keys()],
  ...(world.stacks.keys.size === 0 ? [] : ['keys']),
  ...[...world.launches.blueprints.values()].flatMap(({ herd }) => (herd === null ? [] : [`herd ${herd.name}`])),
  ...[...world.hosts.keys()].filter((name) => name !== 'n1'),
]
