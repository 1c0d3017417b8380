import { expect, test } from 'vitest'
import { memberOf, patroniHosts, patroniOn } from '@/e2e/harness/twin/patroni'
import { idOf, type MemoryFleet, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import type { FoundManager } from '@/lib/domain/managers/manager'
import { brokenOf, countStates, crashMatrix, type Disturbance, type Stage } from '@/lib/kernel/engine/crash-matrix'
import { drive } from '@/lib/kernel/engine/engine'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { defaultPolicy } from '@/lib/kernel/operation/plan'
import { composePlan, makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { adopt } from '.'

/** A cluster of three that stands, of which the console knows one server and nothing else. */
const standing = (manage: (host: string) => FoundManager[] = (host) => [patroniOn(host)]): MemoryFleet => {
  const fleet = memoryFleet([
    { environment: 'prod', name: 'shop', hosts: patroniHosts },
    { environment: 'prod', name: 'spare', hosts: ['n9'] },
  ])
  for (const host of patroniHosts) {
    fleet.host(host).managers = manage(host)
    fleet.host(host).isUnregistered = host !== 'n1'
    fleet.instance(`shop on ${host}`).isRegistered = false
  }
  fleet.world.herds.delete(idOf('prod/shop'))
  return fleet
}
const planOf = (fleet: MemoryFleet, raw: JsonObject = {}) =>
  makeTargetPlan(adopt, fleet.read, adopt.input.parse(raw) as JsonObject, fleet.host('n1').server.id, new AbortController().signal)

const jobOn = async (fleet: MemoryFleet, raw: JsonObject = {}) => {
  const { digest, reason } = await planOf(fleet, raw)
  if (reason !== null) throw new Error(reason)
  const planned = new Map<number, Disturbance>()
  fleet.calls.interfere = ({ nth }) => planned.get(nth)
  return {
    operation: adopt,
    job: { id: 'job', targetId: fleet.host('n1').server.id, input: adopt.input.parse(raw) as JsonObject, digest },
    ports: fleet,
    clock: fleet.clock,
    journal: new MemoryJournal(fleet.clock),
    disturb: (nth: number, how: Disturbance) => void planned.set(fleet.calls.made.length + nth, how),
  }
}
const run = async (fleet: MemoryFleet, raw: JsonObject = {}) => {
  const { job, journal, clock } = await jobOn(fleet, raw)
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock }
  return drive(adopt, job, journal.open(), fleet, options)
}
const registered = ({ world }: MemoryFleet): string[] =>
  [...world.instances.values()].flatMap(({ isRegistered, inventory: { herdName, serverId } }) =>
    isRegistered ? [`${herdName} on ${[...world.hosts.values()].find(({ server }) => server.id === serverId)!.server.title}`] : [],
  )

test('the plan names the herd, each member with its role, the servers that are new and etcd, and changes nothing', async () => {
  const fleet = standing()
  const planned = await planOf(fleet)
  const prod = { id: planned.environmentId!, name: 'prod', colour: 'red', protection: 'confirm' as const, maintenanceWindows: [] }
  const made = { at: fleet.clock.now(), inMs: 0 }
  const plan = composePlan(adopt, { cluster: '', herd: '' }, defaultPolicy, [planned], [prod], { medianSeconds: 3, count: 12 }, made)
  await expect(`${JSON.stringify(plan, null, 2)}\n`).toMatchFileSnapshot('../__snapshots__/plans/adopt-patroni.txt')
  expect(planned.eligible).toBe(true)
  expect(fleet.calls.made).toEqual([])
})

test('herd, servers and members are registered, no host is touched, and run again there is nothing to do', async () => {
  const fleet = standing()
  expect(await run(fleet)).toBe('done')
  expect(registered(fleet).sort()).toEqual(['15-shop on n1', '15-shop on n2', '15-shop on n3', 'spare on n9'])
  expect(fleet.calls.made.map(({ act }) => act)).toEqual(['registerCluster'])
  expect((await planOf(fleet)).reason).toBe('All of it is registered already.')
})

test('a member that was added to the cluster since joins the herd of its system identifier, whatever name was typed', async () => {
  const fleet = standing()
  fleet.host('n1').managers = [patroniOn('n1', { members: patroniHosts.slice(0, 2).map(memberOf) })]
  expect(await run(fleet, { herd: 'Orders' })).toBe('done')
  fleet.host('n1').managers = [patroniOn('n1')]
  const plan = await planOf(fleet, { herd: 'Other' })
  expect(plan.effects[0]!.preview).toBe('Register server n3 (10.0.0.136); 1 member of Orders. Nothing on the hosts is changed.')
  expect(await run(fleet)).toBe('done')
  expect(registered(fleet)).toContain('Orders on n3')
})

test('Patroni 3 says master and Patroni 4 primary: the leader is found by either', async () => {
  for (const role of ['master', 'primary', 'leader']) {
    const members = patroniHosts.map((name, index) => ({ ...memberOf(name, index), role: index === 1 ? role : 'replica' }))
    const fleet = standing((host) => [patroniOn(host, { members })])
    const { now, gates } = await planOf(fleet)
    expect(now.find(({ label }) => label === 'Member n2')?.value).toMatch(/^leader, /)
    expect(gates.find(({ name }) => name === 'leader')?.verdict).toBe('pass')
  }
})

test('of several clusters one has to be named, by its scope or with its namespace; one that is not there is told with those that are', async () => {
  const fleet = standing((host) => [
    patroniOn(host),
    patroniOn(host, { cluster: 'billing', dataDirectory: '/var/lib/postgresql/15/billing' }),
  ])
  expect((await planOf(fleet)).reason).toBe('There are several: /service/15-shop, /service/billing. Name the one to adopt.')
  expect((await planOf(fleet, { cluster: '/service/15-shop' })).eligible).toBe(true)
  expect((await planOf(fleet, { cluster: 'shop' })).reason).toContain('There is no cluster shop here, but /service/15-shop')
})

test('what would mix two things up is refused: a herd’s name that is taken, a server of another environment, an address that only its host reaches', async () => {
  expect((await planOf(standing(), { herd: 'spare' })).reason).toContain('has a herd spare already')
  const abroad = standing()
  const { server } = abroad.host('n3')
  abroad.host('n3').isUnregistered = false
  abroad.host('n3').server = { ...server, environmentId: idOf('stage') }
  expect((await planOf(abroad)).reason).toBe('n3: 10.0.0.136 is registered as a server of another environment.')
  const local = standing()
  const { server: third } = local.host('n3')
  local.host('n3').server = { ...third, address: { ...third.address, address: '127.0.0.1' } }
  expect((await planOf(local)).reason).toContain('which only its own host reaches: mend postgresql.connect_address')
})

test('a host without Patroni has nothing to adopt', async () => {
  expect((await planOf(standing(() => []))).reason).toBe('No Patroni runs or is configured on this host.')
})

test('wherever its driver dies or the database goes silent, a cluster is registered once and whole, or not at all', {
  timeout: 120_000,
}, async () => {
  const stage = async (): Promise<Stage> => {
    const fleet = standing()
    const job = await jobOn(fleet)
    return {
      ...job,
      snapshot: () => JSON.stringify(registered(fleet)),
      broken: (state) => {
        const count = registered(fleet).length - 1
        const twice = [...fleet.world.instances.values()].some(({ applied }) => applied.filter((one) => one === 'registered').length > 1)
        return [
          ...fleet.world.violations,
          ...(count === 0 || count === 3 ? [] : [`${count} of three members`]),
          ...(state === 'done' && count !== 3 ? ['done, and it is not registered'] : []),
          ...(twice ? ['registered twice'] : []),
        ]
      },
    }
  }
  const results = await crashMatrix(stage)
  expect(brokenOf(results)).toEqual([])
  expect(Object.keys(countStates(results)).sort()).toEqual(['cancelled', 'done', 'failed'])
})
