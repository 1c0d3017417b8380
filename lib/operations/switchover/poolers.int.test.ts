import { afterAll, beforeAll, expect, test } from 'vitest'
import { testFleet } from '@/e2e/harness/lab'
import { type LabHerd, openLabHerd } from '@/e2e/harness/matrix/herd'
import { MemoryJournal, passingClock } from '@/lib/adapters/memory'
import { adoptFile } from '@/lib/domain/poolers/template'
import { judgeMove } from '@/lib/domain/proof/certificate'
import { drive } from '@/lib/kernel/engine/engine'
import { systemClock } from '@/lib/kernel/ground/clock'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { startLoad, verify } from '@/lib/playground/lab/load-cli'
import { readLedger } from '@/lib/playground/load/ledger'
import { until } from '@/lib/playground/machine/processes'
import type { InventoryPooler } from '@/lib/ports'
import { switchover } from '.'
import { switchoverEvidence } from './evidence'
import type { HandedOver } from './hand-over'

const limits = { timeoutMs: 30_000 }
const patient = { timeoutMs: 60_000 }

/** Each of two poolers, one of them on a member’s host, serves two databases of the herd and one of another herd. c is synchronous and has a standby of its own. */
const members = ['a', 'b', 'c', 'd']
const poolerHosts = ['front', 'b']
const also = [
  { name: 'reports', herd: 'shop', database: 'postgres' },
  { name: 'stock', herd: 'stock' },
]

let herd: LabHerd
beforeAll(async () => {
  const poolers = poolerHosts.map((host) => ({ host, herd: 'shop', also }))
  herd = await openLabHerd(testFleet({ shop: 'a > b, c > d', stock: 'd' }, { idleHosts: ['front'], poolers }), 'shop')
  const { address } = herd.instance('a')
  for (const pooler of herd.poolers.values()) {
    const file = await herd.ports.read.poolers.readFile(pooler.address, limits)
    const template = adoptFile(file!.text, { host: address.host.address, port: address.port })
    await herd.ports.act.inventory.managePooler(pooler.id, template, limits)
  }
  const synchronous = ["alter system set synchronous_standby_names = 'FIRST 1 (shop_c)'", 'select pg_reload_conf()']
  for (const host of ['a', 'b']) await herd.lab.hosts.mustExec(host, ['psql', '-Xq', ...synchronous.flatMap((sql) => ['-c', sql])])
})
afterAll(() => herd?.close())

const run = async (raw: JsonObject = {}) => {
  const input = switchover.input.parse(raw) as JsonObject
  const plan = await makeTargetPlan(switchover, herd.ports.read, input, 'shop', new AbortController().signal)
  expect(plan.reason).toBeNull()
  const journal = new MemoryJournal(passingClock())
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: systemClock }
  const state = await drive(switchover, { id: 'job', targetId: 'shop', input, digest: plan.digest }, journal.open(), herd.ports, options)
  const finished = journal.lines.find((line) => line.kind === 'finished' && line.step === 'hand-over')
  const handed = finished?.kind === 'finished' ? (finished.output as unknown as HandedOver) : null
  return { state, journal, handed, evidence: switchoverEvidence(journal.lines, { jobId: 'job', runId: 'run', by: 'test' }) }
}
const role = async (host: string) => {
  const probe = await herd.ports.read.postgres.probe(herd.instance(host).address, limits)
  return `${probe.state} ${probe.role} ${probe.timeline}${probe.upstream?.status ? ` ${probe.upstream.status}` : ''}`
}
const look = async ([, { address }]: [string, InventoryPooler]) => (await herd.ports.read.poolers.look(address, limits)).databases
const seen = async () => (await look([...herd.poolers][0]!)).find(({ name }) => name === 'shop')!
/** A pooler that does not answer in time is asked again. */
const isHeld = async () => (await look([...herd.poolers][0]!)).some(({ name, isPaused }) => name === 'shop' && isPaused)
/** What each database of each pooler points to, which are paused, and which were ever paused, as PgBouncer’s log says. */
const led = async () => {
  const databases = (await Promise.all([...herd.poolers].map(look))).flat()
  const logs = await Promise.all(poolerHosts.map((host) => herd.lab.hosts.mustExec(host, ['cat', '/var/log/postgresql/pgbouncer.log'])))
  const hostAt = (address: string | null) => herd.lab.fleet.hosts.find((one) => one.address === address)?.name
  return {
    to: databases.map(({ name, host, isPaused }) => `${name} to ${hostAt(host)}${isPaused ? ', held' : ''}`),
    // What PgBouncer always refuses tells the console whether the whole is held.
    paused: [...new Set(logs.flatMap((log) => [...log.matchAll(/PAUSE '(?!pgbouncer')(\w+)'/g)].map(([, name]) => name)))].sort(),
  }
}
const leadTo = (host: string) => poolerHosts.flatMap(() => [`reports to ${host}`, `shop to ${host}`, 'stock to d'])
const upstream = async (host: string) => {
  const probe = await herd.ports.read.postgres.probe(herd.instance(host).address, limits)
  return herd.lab.fleet.hosts.find(({ address }) => address === probe.upstream?.host)?.name
}
const ackedIn = (file: string) => [...readLedger(file).outcomes.values()].filter((outcome) => outcome === 'acked').length
/** As the application, through the pooler. */
const ask = (sql: string) => {
  const password = '$(sed -n \'s/.* "\\(.*\\)"/\\1/p\' /etc/pgbouncer/userlist.txt)'
  const script = `PGPASSWORD="${password}" exec psql -X -A -t -h 127.0.0.1 -p 6432 -U app -d "$1" -c "$2"`
  return herd.lab.hosts.exec('front', ['sh', '-c', script, 'sh', herd.lab.fleet.herds[0]!.baseName, sql])
}
const failureOf = ({ journal }: Awaited<ReturnType<typeof run>>) => journal.lines.find((line) => line.kind === 'failed')?.because

const trouble = ({ journal }: Awaited<ReturnType<typeof run>>) =>
  journal.lines.filter((line) => ['failed', 'refused', 'attention', 'undo-failed'].includes(line.kind))
/** d notices by itself that c is on another timeline now. */
const settled = (first: string, timeline: number) => {
  const standby = `online standby ${timeline} streaming`
  const wanted = members.map((host) => (host === first ? `online primary ${timeline}` : standby))
  return expect.poll(() => Promise.all(members.map(role)), { timeout: 60_000 }).toEqual(wanted)
}

test('through two poolers of several databases sixteen writers see the two swap roles there and back without an error, past a synchronous standby with one of its own; no acknowledged commit is lost, and the database of another herd is left alone', {
  timeout: 300_000,
}, async () => {
  const ledgerFile = herd.lab.layout.at('ledger-poolers')
  const load = await startLoad(herd.lab, 'shop', { ledgerFile, writers: 16, through: poolerHosts })
  await until('some commits', () => ackedIn(ledgerFile) > 200, patient)
  for (const [to, timeline] of [
    ['b', 2],
    ['a', 3],
  ] as const) {
    const candidate = `shop on ${to}`
    const moved = await run({ candidate })
    expect(trouble(moved)).toEqual([])
    expect(moved.state).toBe('done')
    expect(judgeMove(moved.evidence!)).toMatchObject({ kind: 'proven' })
    expect(moved.evidence!.canary).toMatchObject({ through: 'pgbouncer on front as app, database reports', errors: [], found: { lost: 0 } })
    const parts = moved.handed!.parts.map(({ name, tookMs }) => `${name} ${tookMs}`).join(', ')
    console.info(`To ${candidate}: ${moved.handed!.gapMs} ms (${parts}).`)
    await settled(to, timeline)
  }
  const before = ackedIn(ledgerFile)
  await until('commits after both', () => ackedIn(ledgerFile) > before + 100, patient)
  const { failed, unknown, longestWaitMs, acked } = await load.stop()
  console.info(`${acked} commits; the longest wait of a client was ${longestWaitMs} ms.`)
  expect({ failed, unknown }).toEqual({ failed: 0, unknown: 0 })
  expect(await verify(herd.lab, 'shop', ledgerFile)).toMatchObject({ lost: [], duplicate: [], phantom: [], isClean: true })
  expect(await Promise.all(['b', 'c', 'd'].map(upstream))).toEqual(['a', 'a', 'c'])
  // Who streams again may still have a part of what sixteen writers wrote meanwhile before it.
  const behind = 'select max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn))::bigint from pg_stat_replication'
  await expect.poll(async () => (await herd.lab.hosts.mustExec('a', ['psql', '-XAtc', behind])).trim(), { timeout: 60_000 }).toBe('0')
  expect(await led()).toEqual({ to: leadTo('a'), paused: ['reports', 'shop'] })
})

test('a transaction that does not end is named and continues, and nothing was touched; with the policy to end it, it is ended and the two swap roles', async () => {
  const sleeping = ask('begin; select pg_sleep(3600); commit')
  await until('the transaction to hold its server', async () => (await seen()).serversBusy === 1, patient)
  const given = await run({ candidate: 'shop on b', holdUps: 'abort', pauseSeconds: 1, blockers: 'cut', canary: false })
  expect(given.state).toBe('undone')
  expect(failureOf(given)).toMatch(
    /Clients stayed in a transaction for more than 1 s; everything was resumed\. Held up by app from 127\.0\.0\.1:\d+ in .*process \d+ of the server, for .*pg_sleep\(3600\)/,
  )
  expect(await seen()).toMatchObject({ isPaused: false, serversBusy: 1 })
  expect(await role('a')).toBe('online primary 3')
  const ended = await run({
    candidate: 'shop on b',
    holdUps: 'terminate',
    pauseSeconds: 1,
    terminateSeconds: 0,
    blockers: 'cut',
    canary: false,
  })
  expect(trouble(ended)).toEqual([])
  expect(ended.state).toBe('done')
  expect((await sleeping).stderr).toMatch(/terminating connection|server closed|pgbouncer/i)
  expect((await ask('select pg_is_in_recovery()')).stdout.trim()).toBe('f')
})

test('a candidate that lives and is not promoted: it is stopped and proven never to have been primary, the old primary is primary again, a client that waited gets its answer, and the candidate follows', async () => {
  const { ports } = herd
  const { replication } = ports.act
  const { now } = ports.read
  const { promoteAndCommit } = replication
  const onCandidate = (script: string) => herd.lab.hosts.exec('a', ['sh', '-ec', script])
  const inDirectory = 'cd /var/lib/postgresql/*/*/'
  // Before it begins a timeline the startup process asks the archive for its history.
  const set = `psql -Xqc "alter system set restore_command = 'test ! -e held || sleep 600; false'" -c 'select pg_reload_conf()'`
  expect(await onCandidate(set)).toMatchObject({ code: 0 })
  let passedMs = 0
  replication.promoteAndCommit = async (place, options) => {
    await onCandidate(`${inDirectory}; touch held`)
    try {
      return await promoteAndCommit(place, { ...options, timeoutMs: 500 })
    } finally {
      await onCandidate(`${inDirectory}; rm held`)
      passedMs = options.timeoutMs
    }
  }
  ports.read.now = () => new Date(now().getTime() + passedMs)
  try {
    const asking = until('clients to be held back', isHeld, { ...patient, everyMs: 5 }).then(() => ask('select 42'))
    const moved = await run({ candidate: 'shop on a', canary: false })
    expect(failureOf(moved)).toMatch(/It was never primary, and cannot become one any more: shop on b is primary again\.$/)
    expect(moved.state).toBe('undone')
    expect((await asking).stdout.trim()).toBe('42')
    expect(await role('b')).toBe('online primary 4')
    await expect.poll(() => role('a'), { timeout: 60_000 }).toBe('online standby 4 streaming')
    expect(herd.replaced.size).toBe(0)
  } finally {
    Object.assign(replication, { promoteAndCommit })
    ports.read.now = now
    await onCandidate(`psql -Xqc 'alter system reset restore_command' -c 'select pg_reload_conf()'`)
  }
})

test('a candidate that dies while the primary stops: the old primary is primary again, and a client that waited gets its answer', async () => {
  const { replication } = herd.ports.act
  const { stopAsStandby } = replication
  replication.stopAsStandby = async (...call) => {
    await herd.lab.hosts.exec('a', ['sh', '-c', 'kill -9 $(head -n 1 /var/lib/postgresql/*/*/postmaster.pid)'])
    return stopAsStandby(...call)
  }
  try {
    const asking = until('clients to be held back', isHeld, { ...patient, everyMs: 5 }).then(() => ask('select 42'))
    const moved = await run({ candidate: 'shop on a', canary: false })
    expect(moved.state).toBe('undone')
    expect((await asking).stdout.trim()).toBe('42')
    expect(await role('b')).toBe('online primary 4')
    expect(herd.replaced.size).toBe(0)
  } finally {
    replication.stopAsStandby = stopAsStandby
  }
})
