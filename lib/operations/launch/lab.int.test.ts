import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLab, testFleet } from '@/e2e/harness/lab'
import { fingerprintOfLine } from '@/e2e/harness/lab-addresses'
import { sshIntoLab } from '@/e2e/harness/lab-ssh'
import { stackStoreInMemory } from '@/e2e/harness/stack-store'
import { shopBlueprint } from '@/e2e/harness/twin/launch'
import { makeMachines } from '@/lib/adapters/aws'
import { makeCloud } from '@/lib/adapters/aws/cloud'
import { makeLaunches } from '@/lib/adapters/aws/launches'
import { makeRds } from '@/lib/adapters/aws/rds'
import { MemoryJournal, memoryFleet, passingClock } from '@/lib/adapters/memory'
import { makePortsOverSsh, type PortsOverSsh } from '@/lib/adapters/over-ssh'
import { openSsh } from '@/lib/adapters/ssh'
import { scramVerifier } from '@/lib/adapters/stacks/verifier'
import { makeSshKey } from '@/lib/adapters/vault'
import { dataDirectoryOf } from '@/lib/domain/blueprints/launch/launched'
import { drive } from '@/lib/kernel/engine/engine'
import { systemClock } from '@/lib/kernel/ground/clock'
import type { Operation } from '@/lib/kernel/operation/operation'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { type RunningCloud, startCloud } from '@/lib/playground/cloud'
import type { Machine } from '@/lib/playground/cloud/state'
import type { Lab } from '@/lib/playground/lab/lab'
import { postgresMajor } from '@/lib/playground/machine/machine'
import type { InventoryBlueprint, InventoryInstance, NewLaunch } from '@/lib/ports'
import { packagedSockets } from '@/lib/ports/addresses'
import { launchHerd } from '.'
import { resumeHerd, stopHerd } from './rest'
import { launchStandby } from './standby'
import { tearDown } from './tear-down'

const [host, second] = ['shop-1', 'shop-2']
const password = 'a long pass'
const input = { consoleNetwork: '198.18.0.0/16' }
const key = makeSshKey('launch')
const bought = <One extends { market: string }>(all: One[]): One[] => all.map((one) => ({ ...one, market: 'on-demand' }))
const blueprint: InventoryBlueprint = {
  ...shopBlueprint(
    { choices: bought(shopBlueprint().choices), standbyChoices: bought(shopBlueprint().standbyChoices) },
    {
      ...{ storageGb: null, isPrivate: true, major: String(postgresMajor()), extensions: ['pg_trgm'], clientAddresses: ['198.18.0.0/16'] },
      settings: 'shared_buffers = 16MB\nmax_connections = 20\nfsync = off',
    },
  ),
  publicKey: key.publicKey.trim(),
}
let lab: Lab
let aws: RunningCloud
let over: PortsOverSsh
let herd: InventoryBlueprint['herd'] = null
let stoppedAt: string | null = null
const registered: NewLaunch[] = []
const members: InventoryInstance[] = []

const memberOf = (member: NewLaunch['members'][number], herdId: string): InventoryInstance => {
  const { instanceId, serverId, hostname, address, user, hostKey } = member
  const { environmentId, environmentName, blueprint: own } = blueprint
  return {
    ...{ id: instanceId, title: `shop on ${hostname}`, environmentId, environmentName, herdId, herdName: 'shop', serverId },
    systemIdentifier: registered[0]!.herd.systemIdentifier,
    address: {
      ...{ instanceId, herdId, clusterName: 'shop', major: own.major, port: 5432, dataDirectory: dataDirectoryOf(own) },
      ...{ socketDirectory: packagedSockets, profile: 'debian' as const, binDirectory: null },
      host: { serverId, environmentId, hostname, address, port: 22, user, hostKey },
    },
  }
}
const closers: (() => unknown)[] = []

/** What EC2 and cloud-init do with a machine: its host boots, lets in the key of the user data alone, and tells its own on the console. */
const boot = async (machine: Machine) => {
  const name = machine.tags.Name!
  await lab.powerOn(name)
  const [letIn] = /ssh-ed25519 \S+/.exec(machine.userData ?? '') ?? []
  lab.authorize(letIn!)
  const fingerprint = fingerprintOfLine(lab.hostKeys().find((one) => one.host === name)!.publicKey)
  machine.console = `-----BEGIN SSH HOST KEY FINGERPRINTS-----\n256 ${fingerprint} root@${name} (ED25519)\n-----END SSH HOST KEY FINGERPRINTS-----\n`
}

beforeAll(async () => {
  const started = await startLab(testFleet({}, { idleHosts: [host, second] }))
  lab = started.lab
  closers.push(started.close)
  await Promise.all([lab.powerOff(host), lab.powerOff(second)])
  aws = await startCloud({
    settleMs: 300,
    consistencyMs: 100,
    limits: { read: { burst: 500, perSecond: 100 }, change: { burst: 500, perSecond: 100 } },
    power: (machine, to) => {
      const name = machine.tags.Name!
      if (to === 'off') return void lab.powerOff(name).catch(() => {})
      machine.privateIp = lab.host(name).address
      void boot(machine)
    },
  })
  closers.push(aws.stop)
  const plain = openSsh({
    keyFor: async () => key.privateKey,
    recognise: async ({ serverId, hostname }) => {
      if (serverId !== '' && members.every((one) => one.serverId !== serverId))
        throw new Error(`${hostname} is no server of the console yet`)
    },
  })
  const { ssh, close } = await sshIntoLab(lab, plain)
  closers.push(close, plain.close)
  const [machines, rds, launches] = [makeMachines(), makeRds(), makeLaunches()]
  closers.push(machines.close, rds.close, launches.close)
  const cloud = makeCloud(machines, rds, launches, async (id) => ({
    ...{ id, name: 'cloud', endpoint: aws.endpoint, credentials: aws.user, role: null },
  }))
  const beside = memoryFleet([])
  const store = stackStoreInMemory()
  over = makePortsOverSsh(ssh, {
    read: {
      names: beside.read.names,
      cloud: cloud.read,
      inventory: {
        ...beside.read.inventory,
        blueprint: async () => ({ ...blueprint, herd, stoppedAt }),
        herdInstances: async () => members,
        herdStanding: async (herdId) => {
          const seen = members.map(({ id }, at) => ({ id, lastRole: at === 0 ? 'primary' : 'standby' }))
          return { herdId, name: 'shop', protection: 'low', members: seen } as never
        },
      },
    },
    act: {
      names: beside.act.names,
      cloud: cloud.act,
      inventory: {
        ...beside.act.inventory,
        registerLaunch: async (launch) => {
          registered.push(launch)
          herd = { id: launch.herd.id, name: launch.herd.name }
          members.push(memberOf(launch.members[0]!, launch.herd.id))
        },
        registerStandby: async ({ herdId, member }) => void members.push(memberOf(member, herdId)),
        moveMembers: async (moved) => {
          for (const { serverId, address, hostKey } of moved.members) {
            const member = members.find((one) => one.serverId === serverId)!
            member.address = { ...member.address, host: { ...member.address.host, address, hostKey } }
          }
        },
        noteRest: async ({ isStopped }) => {
          stoppedAt = isStopped ? new Date().toISOString() : null
        },
        forgetLaunch: async () => {
          herd = null
          members.length = 0
        },
      },
    },
    stacks: {
      ...store,
      secrets: async (id) => ({ ...(await store.secrets(id)), 'user app': password, 'verifier app': scramVerifier(password) }),
    },
    canaryFolder: lab.layout.at('canary'),
  })
  closers.push(over.close)
}, 60_000)
afterAll(async () => {
  for (const close of closers.reverse()) await close()
})

const run = async (operation: Operation, asked: Record<string, string>) => {
  const { digest, reason } = await makeTargetPlan(operation, over.ports.read, asked, blueprint.id, new AbortController().signal)
  expect(reason).toBeNull()
  const journal = new MemoryJournal(passingClock())
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: systemClock }
  const job = { id: crypto.randomUUID(), targetId: blueprint.id, input: asked, digest }
  const state = await drive(operation, job, journal.open(), over.ports, options)
  const told = journal.lines.filter(({ kind }) => ['failed', 'note', 'refused', 'attention'].includes(kind)).slice(-8)
  expect(`${state} ${JSON.stringify(told, null, 1)}`).toMatch(/^done/)
  return journal
}
const tagged = () =>
  over.ports.read.cloud.launched(
    { accountId: 'account', region: 'us-east-1' },
    { 'matriarch:blueprint': blueprint.id },
    { timeoutMs: 5000 },
  )
const followers = `select application_name, state, r.usename, client_addr, ssl, slot_name from pg_stat_replication r
  join pg_stat_ssl using (pid) left join pg_replication_slots on active_pid = r.pid`
const client = () =>
  lab.run([
    'psql',
    `postgresql://app:${encodeURIComponent(password)}@${lab.host(host).address}:5432/shop?sslmode=require`,
    '-XAtc',
    'select 1',
  ])

/** What a new machine finds on the volume of a member: its data, and the passfile that was kept beside them. */
const leaveOnlyData = async (address: InventoryInstance['address']) => {
  const { act, read } = over.ports
  const limits = { timeoutMs: 60_000 }
  await act.postgres.stop(address, 'fast', limits)
  await act.clusters.keepPassfile(address, limits)
  await lab.hosts.exec(address.host.hostname, ['sh', '-c', `rm -rf ~/.pgpass /etc/postgresql/${address.major}/shop`])
  const spec = { hasChecksums: true, encoding: 'UTF8', locale: 'C.UTF-8', letsIn: 'samehost', settings: { max_connections: '20' } }
  for (const _again of [1, 2]) await act.clusters.adopt(address, spec, limits)
  expect(await read.clusters.look(address, limits)).toMatchObject({ isConfigured: true, directory: 'taken' })
  await act.postgres.start(address, limits)
}

test('from a blueprint to select 1 over TLS with a password, on a host whose key EC2 told, and to a standby in another zone that follows over TLS; stopped and resumed with the same data; and torn down to nothing that carries its tag', {
  timeout: 180_000,
}, async () => {
  const journal = await run(launchHerd, input)
  expect((await client()).stdout.trim()).toBe('1')
  expect(registered).toMatchObject([
    { herd: { name: 'shop', systemIdentifier: expect.stringMatching(/^\d{19}$/) }, members: [{ hostname: host }] },
  ])
  expect(JSON.stringify(journal.lines)).not.toContain(password)
  expect(aws.cloud.seen.filter(({ action }) => action === 'RunInstances')).toHaveLength(1)
  await run(launchStandby, {})
  expect(members.map(({ title }) => title)).toEqual(['shop on shop-1', 'shop on shop-2'])
  const follows = await lab.hosts.exec(host, ['psql', '-XAtc', followers])
  expect(follows.stdout.trim()).toBe(`shop_2|streaming|replicator|${lab.host(second).address}|t|shop_2`)
  const streams = async () => (await lab.hosts.exec(host, ['psql', '-XAtc', followers])).stdout.trim()
  const before = await streams()
  await run(stopHerd, {})
  expect((await tagged()).machines.map(({ state }) => state)).toEqual(['stopped', 'stopped'])
  await run(resumeHerd, {})
  expect([(await client()).stdout.trim(), await streams(), stoppedAt]).toEqual(['1', before, null])
  await leaveOnlyData(members[1]!.address)
  await expect.poll(streams, { timeout: 60_000 }).toBe(before)
  await run(tearDown, {})
  const { machines, volumes, groups } = await tagged()
  expect([machines.map(({ state }) => state), volumes, groups, herd]).toEqual([['terminated', 'terminated'], [], [], null])
  expect((await client()).code).not.toBe(0)
})
