import { afterAll, beforeAll, expect, test } from 'vitest'
import { testFleet } from '@/e2e/harness/lab'
import { type LabHerd, openLabHerd } from '@/e2e/harness/matrix/herd'
import { MemoryJournal, passingClock } from '@/lib/adapters/memory'
import { drillReport } from '@/lib/domain/drill/report'
import { judgeEtcd } from '@/lib/domain/managers/etcd'
import { isServed } from '@/lib/domain/managers/haproxy'
import { drive } from '@/lib/kernel/engine/engine'
import { systemClock } from '@/lib/kernel/ground/clock'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { Operation } from '@/lib/kernel/operation/operation'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { withPatroni } from '@/lib/playground/fleet/default'
import { postgresMajor } from '@/lib/playground/machine/machine'
import { until } from '@/lib/playground/machine/processes'
import { dataDirectoryOf } from '@/lib/playground/services/patroni/files'
import { drill } from '../../drill'
import { etcdDefragment } from './defragment'
import { placeOf } from './facts'
import { etcdSnapshot } from './snapshot'

/** The playground's own cluster of Patroni, as `npm start` makes it. */
const fleet = withPatroni(testFleet({}))
const { name, members, doors, scope } = fleet.patroni![0]!
const [first, second, third] = members as [string, string, string]
const limits = { timeoutMs: 30_000 }

let herd: LabHerd
beforeAll(async () => {
  const dataDirectory = dataDirectoryOf(postgresMajor(), scope)
  herd = await openLabHerd(fleet, name, { hosts: members, port: 5432, dataDirectory, poolers: doors, start: (lab) => lab.patroniUp() })
}, 240_000)
afterAll(() => herd?.close())

const look = (host = first) => herd.ports.read.etcd.look(placeOf(herd.instance(host)), limits)
const put = (host: string, times: number) =>
  herd.lab.hosts.mustExec(host, [
    'sh',
    '-c',
    `for n in $(seq ${times}); do curl -sf -m 5 --cacert /etc/patroni/tls/ca.pem --cert /etc/patroni/tls/own.pem --key /etc/patroni/tls/own.key -o /dev/null \
-d '{"key":"'$(printf fill | base64)'","value":"'$(head -c 60000 /dev/zero | base64 -w 0)'"}' https://${herd.lab.host(host).address}:2379/v3/kv/put; done`,
  ])

const run = async (operation: Operation, raw: JsonObject = {}) => {
  const input = operation.input.parse(raw) as JsonObject
  const plan = await makeTargetPlan(operation, herd.ports.read, input, name, new AbortController().signal)
  expect(plan.reason).toBeNull()
  const journal = new MemoryJournal(passingClock())
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: systemClock }
  const state = await drive(operation, { id: 'job', targetId: name, input, digest: plan.digest }, journal.open(), herd.ports, options)
  return { state, lines: journal.lines }
}

test('etcd tells its members, versions, sizes, leader, alarms and the dates of its certificates, and no key leaves the host', async () => {
  const seen = await look()
  expect(judgeEtcd(seen, new Date())).toEqual({ state: 'healthy', because: null })
  expect(seen.members.map((one) => one.name).sort()).toEqual([...members].sort())
  expect(seen.members.filter(({ isLeader }) => isLeader)).toHaveLength(1)
  expect(seen.members.every(({ version, databaseBytes, isUp }) => isUp && version !== null && databaseBytes! > 0)).toBe(true)
  expect(seen.certificates.map(({ use }) => use)).toEqual([
    ...seen.members.map((one) => `etcd member ${one.name}`),
    'Patroni to etcd',
    'etcd authority',
    'Patroni REST API',
  ])
  expect(seen.certificates.every(({ until: end }) => Date.parse(end) > Date.now() + 300 * 86_400_000)).toBe(true)
  expect(JSON.stringify(seen)).not.toContain('PRIVATE KEY')
})

test('HAProxy tells by its runtime socket which member takes writes, and where it listens', async () => {
  const host = herd.poolers.get(`pgbouncer on ${doors[0]}`)!.address.host
  const part = async (wanted: string) => (await herd.ports.read.proxies.look(host, limits))[0]?.parts.find((one) => one.name === wanted)
  await until('HAProxy to have found the leader', async () => (await part('primary'))?.servers.filter(isServed).length === 1, limits)
  const primary = await part('primary')
  expect(primary!.binds).toEqual([`${herd.lab.host(doors[0]!).address}:15432`])
  expect(primary!.servers.find(isServed)!.name).toBe(first)
  expect((await part('replicas'))!.servers.filter(isServed)).toHaveLength(2)
})

test('compacting and defragmenting gives space back on every member, and Patroni keeps its leader; a snapshot has the checksum that etcd gave it', async () => {
  await put(second, 15)
  // etcd says how large its file is once it has written a batch.
  const smallest = async () => Math.min(...(await look()).members.map(({ databaseBytes }) => databaseBytes ?? 0))
  await expect.poll(smallest, { timeout: 30_000 }).toBeGreaterThan(1_000_000)
  const grown = await look()
  const { state } = await run(etcdDefragment)
  expect(state).toBe('done')
  const after = await look()
  for (const { id, databaseBytes } of after.members)
    expect(databaseBytes!).toBeLessThan(grown.members.find((one) => one.id === id)!.databaseBytes! / 2)
  const taken = await run(etcdSnapshot)
  expect(taken.state).toBe('done')
  const output = taken.lines.flatMap((line) => (line.kind === 'finished' && line.step === 'snapshot' ? [line.output] : []))
  expect(output).toEqual([{ bytes: expect.any(Number), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }])
})

test('a drill ends sessions, hands over, and kills Patroni and an etcd member under writers through HAProxy and to the members: no acknowledged commit is lost, all runs again, and nothing of it is left', {
  timeout: 240_000,
}, async () => {
  const faults = { sessions: true, switchover: true, killPatroni: true, killEtcd: true, calmSeconds: 1, downSeconds: 2 }
  const { state, lines } = await run(drill, faults)
  const told = lines.filter(({ kind }) => ['failed', 'refused', 'attention', 'release-failed'].includes(kind))
  expect([state, told]).toEqual(['done', []])
  const report = drillReport(lines)!
  for (const { finding, verdict } of report.findings)
    console.info(
      `${finding.kind}: ${verdict.kind}, ${finding.acked} acknowledged, ${finding.lost} lost, longest gap ${finding.longestGapMs} ms, errors ${JSON.stringify(finding.errors)}`,
    )
  expect(report.findings.map(({ finding, verdict }) => [finding.kind, verdict])).toEqual(
    ['sessions', 'switchover', 'kill-patroni', 'kill-etcd'].map((kind) => [kind, { kind: 'within', because: [] }]),
  )
  expect(report).toMatchObject({ lost: 0, duplicated: 0, unmeasured: [], left: [] })
  expect(report.findings[0]!.finding.errors).not.toEqual([])
  const notes = lines.flatMap((line) => (line.kind === 'note' && line.stream === 'warning' ? [line.text] : []))
  expect(notes.filter((text) => text.includes('Nobody writes through'))).toEqual([])
  const gathered = lines.find((line) => line.kind === 'gathered')
  expect(JSON.stringify(gathered)).toContain('HAProxy primary on')
  // Which may be a standby by now, a moment behind.
  const left = () =>
    herd.lab.hosts.mustExec(first, ['psql', '-XAtqc', "select count(*) from pg_database where datname = 'matriarch_drill'"])
  await expect.poll(async () => (await left()).trim(), { timeout: 30_000 }).toBe('0')
  expect(judgeEtcd(await look(), new Date()).state).toBe('healthy')
})

test('with one member dead etcd is degraded and defragmenting is refused; with two it has no majority, and says what that means', async () => {
  const kill = (host: string) => herd.lab.hosts.signal(host, 'SIGKILL', 'unit.sh etcd|^etcd ')
  kill(third)
  expect(judgeEtcd(await look(), new Date())).toEqual({ state: 'degraded', because: `${third} does not answer` })
  const plan = await makeTargetPlan(etcdDefragment, herd.ports.read, {}, name, new AbortController().signal)
  expect(plan.reason).toContain('the majority may be lost')
  kill(second)
  await until('etcd to notice', async () => !(await look()).hasQuorum, limits)
  expect(judgeEtcd(await look(), new Date())).toMatchObject({ state: 'no-quorum', because: expect.stringContaining('leader key') })
})
