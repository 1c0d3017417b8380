import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLab, testFleet } from '@/e2e/harness/lab'
import { type LabAddresses, labAddresses } from '@/e2e/harness/lab-addresses'
import { stackStoreInMemory } from '@/e2e/harness/stack-store'
import { MemoryJournal, memoryFleet, passingClock } from '@/lib/adapters/memory'
import { makePortsOverSsh, type PortsOverSsh } from '@/lib/adapters/over-ssh'
import { openSsh, type Ssh } from '@/lib/adapters/ssh'
import { makeSshKey } from '@/lib/adapters/vault'
import { type AuthorityStep, certificatesIn } from '@/lib/domain/stack/authorities'
import { drive } from '@/lib/kernel/engine/engine'
import { systemClock } from '@/lib/kernel/ground/clock'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import type { Lab } from '@/lib/playground/lab/lab'
import { postgresMajor } from '@/lib/playground/machine/machine'
import type { InventoryServer, NewCluster } from '@/lib/ports'
import { buildCluster } from '.'
import { rotateCertificates } from './certificates'

const names = ['db1', 'db2', 'edge']
const spare = 'db3'
const stackId = 'stack'
let lab: Lab
let ssh: Ssh
let addresses: LabAddresses
let over: PortsOverSsh
let close: () => Promise<void>
const store = stackStoreInMemory()
const registered: NewCluster[] = []
/** Servers of registered members. */
let members: string[] = []

const serverOf = (name: string): InventoryServer => ({
  id: name,
  title: name,
  environmentId: 'dev',
  environmentName: 'dev',
  profile: 'debian',
  address: addresses.host(name),
})

beforeAll(async () => {
  ;({ lab, close } = await startLab(testFleet({}, { idleHosts: [...names, spare] })))
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
        herdInstances: async () => members.map((serverId) => ({ id: serverId, serverId }) as never),
      },
    },
    act: {
      names: beside.act.names,
      cloud: beside.act.cloud,
      inventory: {
        ...beside.act.inventory,
        registerCluster: async (cluster) => {
          registered.push(cluster)
          const servers = cluster.members.flatMap(({ server }) => ('id' in server ? [server.id] : []))
          members = [...new Set([...members, ...servers])]
        },
        unregister: async (id) => {
          members = members.filter((one) => one !== id)
        },
      },
    },
    stacks: store,
    canaryFolder: lab.layout.at('canary'),
  })
  declare('db1: [postgres, etcd], db2: [postgres, etcd], edge: [etcd, pooler, proxy]')
}, 60_000)
afterAll(async () => {
  addresses?.close()
  await over?.close()
  await ssh?.close()
  await close?.()
})

const declare = (servers: string) => {
  const all = [...names, spare]
  store.declare({
    id: stackId,
    title: 'shop',
    environmentId: 'dev',
    environmentName: 'dev',
    isBuilt: false,
    builtFile: null,
    servers: all.map(serverOf),
    file: `cluster: shop
network: 198.18.0.0/16
addresses: ${JSON.stringify(Object.fromEntries(all.map((name) => [name, lab.host(name).address])))}
servers: { ${servers} }
postgres: { major: "${postgresMajor()}", profile: plain, parameters: { shared_buffers: 16MB, fsync: off } }
patroni: { loopWait: 1, retryTimeout: 3 }
`,
  })
}

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

const daemons = 'pgrep -l "etcd|patroni|haproxy|pgbouncer|postgres$"; true'
const everything =
  '/etc/matriarch /etc/patroni/* /etc/haproxy/haproxy.cfg /etc/pgbouncer/* /etc/default/etcd /var/lib/etcd/* /var/lib/postgresql/*/shop'
/** Packages stay where a server leaves. */
const ofTheCluster = '/etc/matriarch /etc/patroni/config.yml /etc/default/etcd /var/lib/etcd/shop /var/lib/postgresql/*/shop'

/** Files and directories of the parts on these hosts, and which daemons run. */
const traces = async (paths: string, among: readonly string[] = names): Promise<string> => {
  const look = `ls -d ${paths} 2>/dev/null; ${daemons}`
  const answers = await Promise.all(among.map((name) => lab.hosts.exec(name, ['sh', '-c', look], { user: 'root' })))
  return answers.map(({ stdout }) => stdout).join('')
}

const said = (state: string, { lines }: MemoryJournal): string =>
  `${state} ${JSON.stringify(lines.filter(({ kind }) => ['failed', 'note', 'refused', 'attention'].includes(kind)).slice(-8), null, 1)}`

test('cancelled once the first member leads, nothing of a cluster is left on its servers; built to its end every door serves, and again nothing is changed', {
  timeout: 300_000,
}, async () => {
  const hasMember = (journal: MemoryJournal) => journal.lines.some((line) => line.kind === 'finished' && line.step === 'primary')
  const cancelled = await run(hasMember)
  expect(cancelled.state).toBe('cancelled')
  expect(await traces(everything)).toBe('')
  const { state, journal } = await run()
  expect(said(state, journal)).toMatch(/^done/)
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

test('a server of the file replaced by another one: its members of Patroni and etcd come first, the other’s go, commits never wait for one that leaves, and nothing stays on it', {
  timeout: 300_000,
}, async () => {
  declare('db1: [postgres, etcd], db3: [postgres, etcd], edge: [etcd, pooler, proxy]')
  const { state, journal } = await run()
  expect(said(state, journal)).toMatch(/^done/)
  const moved = journal.lines.flatMap((line) => (line.kind === 'note' && line.stream === 'command' ? [line.text] : []))
  expect(moved).toEqual([
    'etcd: member add --learner db3',
    'db3: systemctl start etcd, with ETCD_INITIAL_CLUSTER_STATE=existing',
    ...moved.filter((text) => text === 'etcd: member promote db3'),
    'etcd: member remove db2',
  ])
  expect(await traces(ofTheCluster, ['db2'])).toBe('')
  expect(members).toEqual(['db1', 'db3'])
  const again = await planned()
  expect(again.effects.filter(({ state: is }) => is === 'will-run').map(({ name }) => name)).toEqual([])
})

const asRoot = (host: string, script: string, timeoutMs?: number) => lab.hosts.exec(host, ['sh', '-c', script], { user: 'root', timeoutMs })
const tls = '--cacert /etc/matriarch/tls/ca.pem --cert /etc/matriarch/tls/server.pem --key /etc/matriarch/tls/postgres.key'

/** `good` and `bad` of each of those commands, run on its host again and again while `work` is done. */
const underLoad = async (loops: Record<string, string>, work: () => Promise<void>): Promise<number[][]> => {
  const loop = (one: string) =>
    `touch /tmp/load; good=0; bad=0; while [ -e /tmp/load ]; do if ${one}; then good=$((good+1)); else bad=$((bad+1)); fi; done; echo $good $bad`
  const loads = Object.entries(loops).map(([host, one]) => asRoot(host, loop(one), 250_000))
  await work().finally(() => Promise.all(Object.keys(loops).map((host) => asRoot(host, 'rm -f /tmp/load'))))
  return (await Promise.all(loads)).map(({ stdout }) => stdout.trim().split(' ').map(Number))
}

const rotate = async (authority: AuthorityStep) => {
  const input = { newKeys: false, authority }
  const { digest, reason } = await makeTargetPlan(rotateCertificates, over.ports.read, input, stackId, new AbortController().signal)
  expect(reason).toBeNull()
  const journal = new MemoryJournal(passingClock())
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: systemClock }
  const job = { id: `rotate ${authority}`, targetId: stackId, input, digest }
  const state = await drive(rotateCertificates, job, journal.open(), over.ports, options)
  expect(said(state, journal)).toMatch(/^done/)
}

/** Clients of etcd, of any of these members, and of the pooler; the latter trust what the servers trusted when they began. */
const clients = async (members: string[]) => {
  const { 'user app': password, authority } = await store.secrets(stackId)
  const put = `{"key":"'$(printf load | base64)'","value":"bG9hZA=="}`
  const puts = members.map((name) => `curl -sf -m 5 ${tls} -o /dev/null -d '${put}' https://${lab.host(name).address}:2379/v3/kv/put`)
  await asRoot('edge', `cat > /tmp/trusted.pem <<'PEM'\n${authority}PEM`)
  return {
    db1: `{ ${puts.join(' || ')}; }`,
    edge: `PGPASSWORD='${password}' PGSSLMODE=verify-ca PGSSLROOTCERT=/tmp/trusted.pem psql -XAtqw -h ${lab.host('edge').address} -p 6432 -U app -d app -c 'select 1' >/dev/null`,
  }
}

const leader = async () =>
  (await asRoot('db1', `curl -s ${tls} https://${lab.host('db1').address}:8008/cluster`)).stdout.match(
    /"name": "(\w+)", "role": "leader"/,
  )?.[1]
const noErrors = [
  [true, 0],
  [true, 0],
]

test('certificates are rotated under clients of etcd and of the pooler that meet no error: every daemon shows its new one, nothing is restarted, and Patroni keeps its leader', {
  timeout: 300_000,
}, async () => {
  const before = await store.secrets(stackId)
  const pids = async () =>
    (await asRoot('db1', 'pgrep -x etcd; pgrep -x patroni; head -1 /var/lib/postgresql/*/shop/postmaster.pid')).stdout
  const [pidsBefore, leaderBefore] = [await pids(), await leader()]
  const counts = await underLoad(await clients(['edge']), () => rotate('keep'))
  expect(counts.map(([good, bad]) => [good! > 5, bad])).toEqual(noErrors)
  expect([await pids(), await leader()]).toEqual([pidsBefore, leaderBefore])
  const after = await store.secrets(stackId)
  expect(Object.keys(after).filter((name) => /^certificate (db1|db3|edge)/.test(name) && after[name] === before[name])).toEqual([])
  expect(after.authority).toBe(before.authority)
  expect((await planned()).effects.filter(({ state: is }) => is === 'will-run').map(({ name }) => name)).toEqual([])
})

test('another authority takes over under clients that meet no error: it is trusted by all before it signs, and no member of etcd or Patroni ever refuses another', {
  timeout: 300_000,
}, async () => {
  const before = await store.secrets(stackId)
  const leaderBefore = await leader()
  const refusals = async () => {
    const count = `cat /var/log/lab-etcd.log /var/log/lab-patroni.log 2>/dev/null | grep -ciE 'unknown authority|unknown ca|bad certificate|certificate.verify.failed'`
    return (await Promise.all(['db1', 'db3', 'edge'].map((name) => asRoot(name, count)))).map(({ stdout }) => stdout.trim())
  }
  const refusalsBefore = await refusals()
  for (const authority of ['add', 'use', 'retire'] as const) {
    const counts = await underLoad(await clients(['edge', 'db1', 'db3']), () => rotate(authority))
    expect([authority, ...counts.map(([good, bad]) => [good! > 5, bad])]).toEqual([authority, ...noErrors])
  }
  expect(await refusals()).toEqual(refusalsBefore)
  expect(await leader()).toBe(leaderBefore)
  expect(certificatesIn((await store.secrets(stackId)).authority!)).not.toContain(before.authority)
  expect((await planned()).effects.filter(({ state: is }) => is === 'will-run').map(({ name }) => name)).toEqual([])
})
