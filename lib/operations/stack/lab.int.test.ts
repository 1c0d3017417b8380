import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLab, testFleet } from '@/e2e/harness/lab'
import { type LabAddresses, labAddresses } from '@/e2e/harness/lab-addresses'
import { stackStoreInMemory } from '@/e2e/harness/stack-store'
import { MemoryJournal, memoryFleet, passingClock } from '@/lib/adapters/memory'
import { makePortsOverSsh, type PortsOverSsh } from '@/lib/adapters/over-ssh'
import { openSsh, type Ssh } from '@/lib/adapters/ssh'
import { makeSshKey } from '@/lib/adapters/vault'
import { drive } from '@/lib/kernel/engine/engine'
import { systemClock } from '@/lib/kernel/ground/clock'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import type { Lab } from '@/lib/playground/lab/lab'
import { postgresMajor } from '@/lib/playground/machine/machine'
import type { InventoryServer, NewCluster } from '@/lib/ports'
import { buildCluster } from '.'

const names = ['db1', 'db2', 'edge']
const stackId = 'stack'
let lab: Lab
let ssh: Ssh
let addresses: LabAddresses
let over: PortsOverSsh
let close: () => Promise<void>
const store = stackStoreInMemory()
const registered: NewCluster[] = []

const serverOf = (name: string): InventoryServer => ({
  id: name,
  title: name,
  environmentId: 'dev',
  environmentName: 'dev',
  profile: 'debian',
  address: addresses.host(name),
})

beforeAll(async () => {
  ;({ lab, close } = await startLab(testFleet({}, { idleHosts: names })))
  const key = makeSshKey('build')
  lab.authorize(key.publicKey)
  addresses = await labAddresses(lab)
  ssh = openSsh({ keyFor: async () => key.privateKey })
  const beside = memoryFleet([])
  over = makePortsOverSsh(ssh, {
    read: {
      names: beside.read.names,
      cloud: beside.read.cloud,
      inventory: {
        ...beside.read.inventory,
        herdIn: async () =>
          registered.length === 0
            ? null
            : {
                id: 'shop',
                name: 'shop',
                environmentId: 'dev',
                environmentName: 'dev',
                baseName: 'shop',
                port: 5432,
                dataDirectory: '',
                systemIdentifier: null,
              },
        herdInstances: async () => names.slice(0, 2).map((serverId) => ({ serverId }) as never),
      },
    },
    act: {
      names: beside.act.names,
      cloud: beside.act.cloud,
      inventory: { ...beside.act.inventory, registerCluster: async (cluster) => void registered.push(cluster) },
    },
    stacks: store,
    canaryFolder: lab.layout.at('canary'),
  })
  store.declare({
    id: stackId,
    title: 'shop',
    environmentId: 'dev',
    environmentName: 'dev',
    isBuilt: false,
    servers: names.map(serverOf),
    file: `cluster: shop
network: 198.18.0.0/16
addresses: ${JSON.stringify(Object.fromEntries(names.map((name) => [name, lab.host(name).address])))}
servers: { db1: [postgres, etcd], db2: [postgres, etcd], edge: [etcd, pooler, proxy] }
postgres: { major: "${postgresMajor()}", profile: plain, parameters: { shared_buffers: 16MB, fsync: off } }
patroni: { loopWait: 1, retryTimeout: 3 }
`,
  })
}, 60_000)
afterAll(async () => {
  addresses?.close()
  await over?.close()
  await ssh?.close()
  await close?.()
})

const planned = () => makeTargetPlan(buildCluster, over.ports.read, {}, stackId, new AbortController().signal)

const run = async (isCancelRequested: (journal: MemoryJournal) => boolean = () => false) => {
  const { digest, reason } = await planned()
  expect(reason).toBeNull()
  const journal = new MemoryJournal(passingClock())
  const options = {
    driver: 'test',
    signal: new AbortController().signal,
    isCancelRequested: () => isCancelRequested(journal),
    clock: systemClock,
  }
  const state = await drive(buildCluster, { id: 'job', targetId: stackId, input: {}, digest }, journal.open(), over.ports, options)
  return { state, journal }
}

/** Files and directories of the parts on every host, and which daemons run. */
const traces = async (): Promise<string> => {
  const look =
    'ls -d /etc/matriarch /etc/patroni/* /etc/haproxy/haproxy.cfg /etc/pgbouncer/* /etc/default/etcd /var/lib/etcd/* /var/lib/postgresql/*/shop 2>/dev/null; pgrep -l "etcd|patroni|haproxy|pgbouncer|postgres$"; true'
  const said = await Promise.all(names.map((name) => lab.hosts.exec(name, ['sh', '-c', look], { user: 'root' })))
  return said.map(({ stdout }) => stdout).join('')
}

test('cancelled once the first member leads, nothing of a cluster is left on its servers; built to its end every door serves, and again nothing is changed', {
  timeout: 300_000,
}, async () => {
  const hasMember = (journal: MemoryJournal) => journal.lines.some((line) => line.kind === 'finished' && line.step === 'primary')
  const cancelled = await run(hasMember)
  expect(cancelled.state).toBe('cancelled')
  expect(await traces()).toBe('')
  const { state, journal } = await run()
  expect(
    `${state} ${JSON.stringify(journal.lines.filter(({ kind }) => ['failed', 'note', 'refused', 'attention'].includes(kind)).slice(-8), null, 1)}`,
  ).toMatch(/^done/)
  expect(registered).toMatchObject([
    {
      herd: { name: 'shop', systemIdentifier: expect.stringMatching(/^\d{19}$/) },
      members: [{ server: { id: 'db1' } }, { server: { id: 'db2' } }],
    },
  ])
  const secrets = Object.values(await store.secrets(stackId))
  expect(secrets.filter((secret) => JSON.stringify(journal.lines).includes(secret))).toEqual([])
  const again = await planned()
  expect(again.effects.filter(({ state: is }) => is === 'will-run').map(({ name }) => name)).toEqual([])
})
