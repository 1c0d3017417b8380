import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startLab, testFleet } from '@/e2e/harness/lab'
import { type LabAddresses, labAddresses } from '@/e2e/harness/lab-addresses'
import { stackStoreInMemory } from '@/e2e/harness/stack-store'
import { MemoryJournal, memoryFleet, passingClock } from '@/lib/adapters/memory'
import { makePortsOverSsh } from '@/lib/adapters/over-ssh'
import { openSsh } from '@/lib/adapters/ssh'
import { makeSshKey } from '@/lib/adapters/vault'
import { drive } from '@/lib/kernel/engine/engine'
import { systemClock } from '@/lib/kernel/ground/clock'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import type { ActPorts, InventoryInstance, Replacement } from '@/lib/ports'
import { operationByName } from '.'

/** A herd of two on real hosts, reached as a worker reaches it; only the journal and the inventory are in memory. */
const openFleet = async () => {
  const { lab, close } = await startLab(testFleet({ shop: 'a > b' }))
  const key = makeSshKey('operations')
  lab.authorize(key.publicKey)
  const addresses = await labAddresses(lab)
  const ssh = openSsh({ keyFor: async () => key.privateKey })
  const replaced = new Map<string, Replacement>()
  const over = makePortsOverSsh(ssh, {
    read: { names: nameless.read.names, cloud: nameless.read.cloud, inventory: inventoryOf(addresses, replaced) },
    act: {
      names: nameless.act.names,
      cloud: nameless.act.cloud,
      inventory: {
        ...nameless.act.inventory,
        replace: async (id, by) => void replaced.set(id, by),
        restore: async (id) => void replaced.delete(id),
      },
    },
    stacks: stackStoreInMemory(),
    canaryFolder: lab.layout.at('canary'),
  })
  const stop = async () => {
    await over.close()
    await ssh.close()
    await addresses.close()
    await close()
  }
  return { ports: over.ports, addresses, stop }
}

/** These herds have no DNS names. */
const nameless = memoryFleet([])

const inventoryOf = (addresses: LabAddresses, replaced: ReadonlyMap<string, Replacement>): ActPorts['read']['inventory'] => {
  const instanceOn = (host: string): InventoryInstance => {
    const address = addresses.instance('shop', host)
    const { serverId, environmentId } = address.host
    const id = address.instanceId
    return {
      id,
      title: id,
      environmentId,
      environmentName: environmentId,
      herdId: 'shop',
      herdName: 'shop',
      serverId,
      systemIdentifier: null,
      address,
    }
  }
  return {
    ...nameless.read.inventory,
    instance: async (id) => instanceOn(id.split(' on ')[1]!),
    herdInstances: async () => ['a', 'b'].map(instanceOn),
    herdStanding: async (herdId) => ({
      herdId,
      name: herdId,
      environmentId: 'dev',
      environmentName: 'dev',
      preferredSite: '',
      allowsDrills: true,
      systemIdentifier: null,
      members: ['a', 'b'].map(instanceOn).map(({ id }) => ({
        id,
        site: '',
        failoverPriority: 1,
        lastRole: 'unknown',
        isReported: false,
        isUnreachable: false,
        lastTimeline: null,
        lastLsn: null,
        seenAt: null,
        replaced: replaced.get(id) ?? null,
      })),
    }),
    server: async (id) => {
      const address = addresses.host(id)
      return { id, title: id, environmentId: address.environmentId, environmentName: address.environmentId, profile: 'debian', address }
    },
  }
}

describe('on real hosts', () => {
  let fleet: Awaited<ReturnType<typeof openFleet>>
  beforeAll(async () => {
    fleet = await openFleet()
  })
  afterAll(() => fleet?.stop())

  const begin = async (name: string, targetId: string, raw: JsonObject = {}) => {
    const operation = operationByName(name)!
    const input = operation.input.parse(raw) as JsonObject
    const plan = await makeTargetPlan(operation, fleet.ports.read, input, targetId, new AbortController().signal)
    if (plan.reason !== null) throw new Error(plan.reason)
    const journal = new MemoryJournal(passingClock())
    const go = (signal = new AbortController().signal) =>
      drive(operation, { id: 'job', targetId, input, digest: plan.digest }, journal.open(), fleet.ports, {
        driver: 'test',
        signal,
        isCancelRequested: () => false,
        clock: systemClock,
      })
    const output = (step?: string) =>
      journal.lines.flatMap((line) => (line.kind === 'finished' && (step === undefined || line.step === step) ? [line.output] : []))[0]
    return { plan, journal, go, output }
  }
  const probe = (host: string) => fleet.ports.read.postgres.probe(fleet.addresses.instance('shop', host), { timeoutMs: 30_000 })

  test('a reload names what it did, a checkpoint answers, a server is checked', async () => {
    const reload = await begin('reload', 'shop on a')
    expect(await reload.go()).toBe('done')
    expect(reload.output()).toEqual({ changed: [], needsRestart: [] })
    expect(await (await begin('checkpoint', 'shop on b')).go()).toBe('done')
    expect(await (await begin('check-server', 'a')).go()).toBe('done')
  })

  test('SQL reads on a standby and writes on a primary, noting its transaction first', async () => {
    const read = await begin('run-sql', 'shop on b', { sql: 'select 40 + 2 as answer' })
    expect(await read.go()).toBe('done')
    expect(read.output()).toMatchObject({ columns: ['answer'], rows: [['42']] })
    const write = await begin('run-sql', 'shop on a', { sql: 'create table noted (a int)', write: true })
    expect(await write.go()).toBe('done')
    expect(write.journal.lines.filter((line) => line.kind === 'marked')).toHaveLength(1)
  })

  test('a standby is stopped, proven from its control file, and started again', async () => {
    const stop = await begin('stop', 'shop on b')
    expect(await stop.go()).toBe('done')
    expect(stop.output()).toEqual({ controlState: 'shut down in recovery' })
    expect((await probe('b')).state).toBe('stopped')
    expect(await (await begin('start', 'shop on b')).go()).toBe('done')
    expect((await probe('b')).state).toBe('online')
  })

  test('a primary is restarted: a newer postmaster, the same role', async () => {
    const before = await probe('a')
    const restart = await begin('restart', 'shop on a')
    expect(await restart.go()).toBe('done')
    const after = await probe('a')
    expect([after.role, after.postmasterPid === before.postmasterPid]).toEqual(['primary', false])
  })

  test('a restart whose worker dies as soon as the server is down is completed by the next one', async () => {
    const restart = await begin('restart', 'shop on b')
    const death = new AbortController()
    const { start } = fleet.ports.act.postgres
    fleet.ports.act.postgres.start = async () => {
      death.abort(new Fault('lease.lost'))
      throw new Fault('shell.cancelled', { isOver: true })
    }
    await expect(restart.go(death.signal)).rejects.toSatisfy((error) => isFault(error, 'lease.lost'))
    expect((await probe('b')).state).toBe('stopped')
    fleet.ports.act.postgres.start = start
    expect(await restart.go()).toBe('done')
    expect((await probe('b')).state).toBe('online')
  })

  test('a slot that nobody reads is dropped, its age told by the WAL it keeps; one that is read from is refused', async () => {
    await fleet.ports.act.replication.createSlot(fleet.addresses.instance('shop', 'a'), 'left_over', { timeoutMs: 30_000 })
    const drop = await begin('drop-slot', 'shop on a', { slot: 'left_over' })
    expect(drop.plan.gates.find(({ name }) => name === 'held')?.because).toMatch(/ of WAL; the oldest was written .* ago\.$/)
    expect(await drop.go()).toBe('done')
    expect((await probe('a')).slots.map(({ name, isActive }) => [name, isActive])).toEqual([['shop_b', true]])
    await expect(begin('drop-slot', 'shop on a', { slot: 'shop_b' })).rejects.toThrow(/shop_b at .* is using it/)
  })

  test('a standby whose primary is down is promoted: it takes writes on a timeline of its own, and is no standby for a second time', async () => {
    expect(await (await begin('stop', 'shop on a')).go()).toBe('done')
    const promote = await begin('promote', 'shop on b')
    expect(promote.plan.gates.map(({ verdict }) => verdict)).toEqual(['pass', 'pass', 'pass', 'pass', 'pass', 'pass', 'pass'])
    expect(await promote.go()).toBe('done')
    expect(promote.output('promote')).toMatchObject({ timeline: 2 })
    expect(await probe('b')).toMatchObject({ state: 'online', role: 'primary', timeline: 2 })
    const write = await begin('run-sql', 'shop on b', { sql: 'create table after (a int)', write: true })
    expect(await write.go()).toBe('done')
    await expect(begin('promote', 'shop on b')).rejects.toThrow('It is a primary already.')
    await expect(begin('start', 'shop on a')).rejects.toThrow('It must not start as a primary: shop on b was promoted in its place.')
  })
})
