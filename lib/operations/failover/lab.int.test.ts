import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testFleet } from '@/e2e/harness/lab'
import { type LabHerd, openLabHerd } from '@/e2e/harness/matrix/herd'
import { MemoryJournal, passingClock } from '@/lib/adapters/memory'
import { judgeMove } from '@/lib/domain/proof/certificate'
import { drive } from '@/lib/kernel/engine/engine'
import { systemClock } from '@/lib/kernel/ground/clock'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { startLoad, verify } from '@/lib/playground/lab/load-cli'
import { readLedger } from '@/lib/playground/load/ledger'
import { until } from '@/lib/playground/machine/processes'
import { demote } from '../demote'
import { promote } from '../promote'
import { rejoin } from '../rejoin'
import { repoint } from '../repoint'
import { failover } from '.'
import { failoverEvidence } from './evidence'
import { fenceReturned } from './fence-returned'
import { messageMaxSeconds } from './life'

let herd: LabHerd
const open = (topology: string) =>
  beforeAll(async () => {
    herd = await openLabHerd(testFleet({ shop: topology }), 'shop')
  })
const shut = () => afterAll(() => herd?.close())

const planOf = (raw: JsonObject = {}, operation = failover, targetId = 'shop') =>
  makeTargetPlan(operation, herd.ports.read, operation.input.parse(raw) as JsonObject, targetId, new AbortController().signal)
const run = async (raw: JsonObject = {}, operation = failover, targetId = 'shop') => {
  const plan = await planOf(raw, operation, targetId)
  expect(plan.reason).toBeNull()
  const journal = new MemoryJournal(passingClock())
  const job = { id: 'job', targetId, input: operation.input.parse(raw) as JsonObject, digest: plan.digest }
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: systemClock }
  const state = await drive(operation, job, journal.open(), herd.ports, options)
  const trouble = journal.lines.filter((line) => ['failed', 'attention', 'undo-failed'].includes(line.kind))
  const finished = (step: string) =>
    journal.lines.find((line) => line.kind === 'finished' && line.step === step) as { output: JsonObject } | undefined
  const evidence = operation === failover ? failoverEvidence(journal.lines, { jobId: 'job', runId: 'run', by: 'test' }) : null
  return { state, trouble, finished, plan, evidence }
}
const probe = (host: string) => herd.ports.read.postgres.probe(herd.instance(host).address, { timeoutMs: 15_000 })
const role = async (host: string) => {
  const { state, role, timeline, upstream } = await probe(host)
  return `${state} ${role} ${timeline}${upstream?.status ? ` ${upstream.status} from ${upstream.host}` : ''}`
}
/** What the canary left behind. */
const schemas = async (host: string) =>
  (await herd.lab.hosts.exec(host, ['psql', '-XAtqc', "select nspname from pg_namespace where nspname = 'matriarch_canary'"])).stdout.trim()
const addressOf = (host: string) => herd.lab.host(host).address
const ackedIn = (file: string) => [...readLedger(file).outcomes.values()].filter((outcome) => outcome === 'acked').length

describe('planned, on real hosts', () => {
  open('a > b, c')
  shut()

  test('under load it loses no acknowledged commit, and everybody streams from the new primary', async () => {
    const ledgerFile = herd.lab.layout.at('ledger-planned')
    const load = await startLoad(herd.lab, 'shop', { ledgerFile })
    await until('some commits', () => ackedIn(ledgerFile) > 50, { timeoutMs: 60_000 })
    const { state, trouble, finished, evidence } = await run({ candidate: 'shop on b', canary: true })
    expect(trouble).toEqual([])
    expect(state).toBe('done')
    expect(judgeMove(evidence!), 'what the certificate will say').toMatchObject({ kind: 'proven' })
    expect(evidence!.notInWal, 'counted on real servers').toEqual({ unloggedTables: 0, logicalSlots: 0 })
    expect(evidence!.canary).toMatchObject({ found: { on: 'shop on b', lost: 0 }, timelines: [{ timeline: 1 }, { timeline: 2 }] })
    expect(evidence!.canary!.longestGapMs).toBeGreaterThan(0)
    expect(await schemas('b')).toBe('')
    const before = ackedIn(ledgerFile)
    await until('commits on the new primary', () => ackedIn(ledgerFile) > before + 50, { timeoutMs: 60_000 })
    await load.stop()
    expect(await verify(herd.lab, 'shop', ledgerFile)).toMatchObject({ lost: [], duplicate: [], phantom: [], isClean: true })
    expect(finished('promote')!.output).toMatchObject({ timeline: 2 })
    expect(await role('b')).toBe('online primary 2')
    for (const host of ['a', 'c']) expect(await role(host)).toBe(`online standby 2 streaming from ${addressOf('b')}`)
    expect(herd.replaced.size).toBe(0)
  })

  test('and back again, two clicks in all; an acknowledged commit that is removed meanwhile is a loss', async () => {
    const { rows } = herd.ports.read.canary
    herd.ports.read.canary.rows = async (...args) => {
      await herd.lab.hosts.exec('a', ['psql', '-Xqc', 'delete from matriarch_canary.commits where id = 3'])
      return rows(...args)
    }
    const { state, trouble, evidence } = await run({ candidate: 'shop on a', canary: true })
    herd.ports.read.canary.rows = rows
    expect(trouble).toEqual([])
    expect(state).toBe('done')
    expect(judgeMove(evidence!)).toMatchObject({ kind: 'lost', commits: 1 })
    expect(await role('a')).toBe('online primary 3')
    for (const host of ['b', 'c']) expect(await role(host)).toBe(`online standby 3 streaming from ${addressOf('a')}`)
  })

  test('a candidate that is cut off during the shutdown: everything is undone, and the old primary takes writes again', async () => {
    const { stop } = herd.ports.act.postgres
    herd.ports.act.postgres.stop = async (instance, mode, options) => {
      await herd.lab.network.cutBetween('a', 'b')
      await herd.lab.hosts.exec('a', ['psql', '-Xqc', 'create table written_late as select 1 as n'])
      return stop(instance, mode, options)
    }
    const { state } = await run({ candidate: 'shop on b', waitSeconds: 5, canary: true })
    herd.ports.act.postgres.stop = stop
    await herd.lab.network.heal()
    expect(state).toBe('undone')
    expect(await role('a')).toBe('online primary 3')
    expect((await probe('a')).hasStandbySignal).toBe(false)
    expect(await schemas('a')).toBe('')
  })

  test('a third standby that is frozen is parked by name, and holds nobody up', async () => {
    // b's receiver of before the cut still says streaming until it hears that its connection is gone: the plan asks both ends.
    await until('b to stream again', async () => (await planOf({ candidate: 'shop on b' })).reason === null, { timeoutMs: 60_000 })
    const { promote } = herd.ports.act.replication
    herd.ports.act.replication.promote = async (instance, options) => {
      herd.lab.hosts.signal('c', 'SIGSTOP')
      return promote(instance, options)
    }
    const { state, finished } = await run({ candidate: 'shop on b' })
    herd.ports.act.replication.promote = promote
    herd.lab.hosts.signal('c', 'SIGCONT')
    expect(state).toBe('done')
    expect(finished('followers')!.output).toMatchObject({ followed: [], parked: [{ title: 'shop on c' }] })
    expect(await role('b')).toBe('online primary 4')
    expect(await role('a')).toBe(`online standby 4 streaming from ${addressOf('b')}`)
  })
})

describe('repointing and rejoining, on real hosts', () => {
  open('a > b, c')
  shut()

  test('a standby goes under another one with a reload, streams from there, and its old slot is gone', async () => {
    const before = await probe('c')
    const { state, trouble } = await run({ upstream: 'shop on b' }, repoint, 'shop on c')
    expect(trouble).toEqual([])
    expect(state).toBe('done')
    expect(await role('c')).toBe(`online standby 1 streaming from ${addressOf('b')}`)
    expect((await probe('c')).postmasterPid).toBe(before.postmasterPid)
    expect((await probe('a')).slots.map(({ name }) => name)).toEqual(['shop_b'])
    expect((await planOf({ upstream: 'shop on c' }, repoint, 'shop on b')).reason).toContain('circle')
  })

  test('a cascade follows its upstream through a failover without being touched', async () => {
    const { state, trouble } = await run({ candidate: 'shop on b' })
    expect(trouble).toEqual([])
    expect(state).toBe('done')
    expect(await role('c')).toBe(`online standby 2 streaming from ${addressOf('b')}`)
  })

  test('a primary that was shut down before a promotion rejoins without rewind, and no slot that its standbys left stays on it', async () => {
    await herd.ports.act.postgres.stop(herd.instance('b').address, 'fast', { timeoutMs: 60_000 })
    const over = await run({ candidate: 'shop on a' })
    expect(over.state).toBe('done')
    expect(await role('a')).toBe('online primary 3')
    expect(herd.replaced.get('shop on b')).toMatchObject({ byId: 'shop on a' })
    const left = (await herd.ports.read.replication.dataDirectory(herd.instance('b').address, { timeoutMs: 15_000 })).slots
    expect(left).not.toEqual([])
    const { state, trouble, plan, finished } = await run({}, rejoin, 'shop on b')
    expect(finished('left-slots')?.output.dropped).toEqual(left)
    expect((await probe('b')).slots).toEqual([])
    expect(plan.now.find(({ label }) => label === 'Prediction')?.value).toContain('no rewind is needed')
    expect(trouble).toEqual([])
    expect(state).toBe('done')
    expect(await role('b')).toBe(`online standby 3 streaming from ${addressOf('a')}`)
    expect(herd.replaced.size).toBe(0)
  })
})

describe('emergency, on real hosts', () => {
  open('a > b, c')
  shut()

  test('a primary that only the console cannot reach is seen alive through its standbys, and refused', async () => {
    await herd.lab.network.cutBetween('console', 'a')
    const plan = await planOf({ override: 'shop' })
    await herd.lab.network.heal()
    expect(plan.reason).toMatch(/shop on a is alive: .*shop on b says that it (heard from|reaches)/)
  })

  test('a primary whose host is off is replaced at a person’s word: the others follow, and it is recorded', async () => {
    await herd.lab.powerOff('a')
    await until('the last message to be old', async () => ((await probe('b')).upstream?.messageSecondsAgo ?? 99) > messageMaxSeconds, {
      timeoutMs: 60_000,
    })
    expect((await planOf()).reason).toContain('Nothing proves that shop on a is down')
    const { state, trouble, evidence } = await run({ override: 'shop' })
    expect(trouble).toEqual([])
    expect(state).toBe('done')
    expect(judgeMove(evidence!)).toMatchObject({ kind: 'not-provable' })
    expect(await role('b')).toBe('online primary 2')
    expect(await role('c')).toBe(`online standby 2 streaming from ${addressOf('b')}`)
    expect(herd.replaced.get('shop on a')).toMatchObject({ byId: 'shop on b', timeline: 2 })
  })

  test('powered on again, the old primary is stopped and fenced at once, and from then on cannot start as a primary', async () => {
    await herd.lab.powerOn('a')
    await until('the old primary to be up, as its host starts it', async () => (await probe('a')).state === 'online', { timeoutMs: 60_000 })
    const fenced = await fenceReturned(herd.ports, 'shop', new AbortController().signal)
    expect(fenced).toMatchObject([{ title: 'shop on a', action: 'stopped' }])
    expect(await probe('a')).toMatchObject({ state: 'stopped', hasStandbySignal: true })
    await herd.lab.powerOff('a')
    await herd.lab.powerOn('a')
    await until('it to be up again', async () => ['online', 'starting'].includes((await probe('a')).state), { timeoutMs: 60_000 })
    expect((await probe('a')).role).not.toBe('primary')
    expect(await role('b')).toBe('online primary 2')
  })

  test('and it rejoins with a rewind, what it wrote past the fork said before', async () => {
    const { state, trouble, plan } = await run({}, rejoin, 'shop on a')
    expect(plan.gates.find(({ name }) => name === 'history')?.because).toMatch(/past the fork at .*pg_rewind discards that/)
    expect(trouble).toEqual([])
    expect(state).toBe('done')
    expect(await role('a')).toBe(`online standby 2 streaming from ${addressOf('b')}`)
    expect(herd.replaced.size).toBe(0)
  })

  test('a standby that was detached and written to is demoted: rewound onto the primary, although its own timeline is the later one', async () => {
    expect((await run({ detach: true }, promote, 'shop on c')).state).toBe('done')
    expect(await role('c')).toBe('online primary 3')
    await herd.lab.hosts.exec('c', ['psql', '-Xqc', 'create table tried as select generate_series(1, 10000) as n'])
    const onB = (sql: string) => herd.lab.hosts.mustExec('b', ['psql', '-XqAtc', sql])
    await onB('revoke execute on function pg_read_binary_file(text) from replicator')
    expect((await planOf({}, demote, 'shop on c')).reason).toContain('replicator may not run pg_read_binary_file(text)')
    await onB('grant execute on function pg_read_binary_file(text) to replicator')
    const { state, trouble, plan, finished } = await run({}, demote, 'shop on c')
    expect(plan.gates.find(({ name }) => name === 'history')?.because).toMatch(
      /diverge at .* It wrote .* after that: pg_rewind discards that/,
    )
    expect(trouble).toEqual([])
    expect(state).toBe('done')
    expect(await role('c')).toBe(`online standby 2 streaming from ${addressOf('b')}`)
    await herd.lab.hosts.exec('c', ['psql', '-XqAtc', `select 1 / (to_regclass('tried') is null)::int`])
    expect(herd.replaced.size).toBe(0)
    const saved = finished('tail')?.output.path as string
    expect(plan.gates.find(({ name }) => name === 'saveable')?.because).toContain(saved)
    const manifest = JSON.parse(await herd.lab.hosts.mustExec('c', ['cat', `${saved}/manifest.json`]))
    const sums = (manifest.contents as { name: string; sha256: string }[]).map(({ name, sha256 }) => `${sha256}  ${name}`).join('\n')
    await herd.lab.hosts.mustExec('c', ['sh', '-c', `cd ${saved} && sha256sum -c -`], { input: sums })
    const read = `/usr/lib/postgresql/15/bin/pg_waldump -p ${saved} -t 3 -s ${manifest.forkLsn} 2>/dev/null || true`
    expect(await herd.lab.hosts.mustExec('c', ['sh', '-c', read])).toMatch(/COMMIT/)
  })
})
