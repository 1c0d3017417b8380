import { afterAll, beforeAll, expect, test } from 'vitest'
import { testFleet } from '@/e2e/harness/lab'
import { type LabHerd, openLabHerd } from '@/e2e/harness/matrix/herd'
import { disturbed } from '@/e2e/harness/matrix/troubles'
import { dataDirectoryOf, type PatroniCluster, patroniDatabase, startPatroni } from '@/e2e/harness/patroni/room'
import { MemoryJournal, passingClock } from '@/lib/adapters/memory'
import { adoptFile } from '@/lib/domain/poolers/template'
import { judgeMove } from '@/lib/domain/proof/certificate'
import { launch } from '@/lib/kernel/engine/crash-matrix'
import { drive } from '@/lib/kernel/engine/engine'
import { systemClock } from '@/lib/kernel/ground/clock'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { startLoad, verify } from '@/lib/playground/lab/load-cli'
import { readLedger } from '@/lib/playground/load/ledger'
import type { Target } from '@/lib/playground/load/load'
import { postgresMajor } from '@/lib/playground/machine/machine'
import { until } from '@/lib/playground/machine/processes'
import { readSecrets } from '@/lib/playground/machine/secrets'
import { switchoverEvidence } from '../../switchover/evidence'
import type { HandedOver } from '../../switchover/hand-over'
import { patroniZeroGap } from '.'

const scope = '15-shop'
const members = ['p1', 'p2', 'p3'] as const
const limits = { timeoutMs: 30_000 }
const patient = { timeoutMs: 60_000 }

/** Patroni with its own defaults: its loop runs every 10 s, and the leader key runs out after 30 s. */
let herd: LabHerd
let patroni: PatroniCluster
beforeAll(async () => {
  herd = await openLabHerd(testFleet({}, { idleHosts: [...members, 'edge', 'front'] }), 'shop', {
    hosts: members,
    port: 5432,
    dataDirectory: dataDirectoryOf(postgresMajor(), scope),
    poolers: ['front'],
    start: async (lab) => {
      patroni = await startPatroni(lab, { members, edge: 'edge' }, { scope, hasTls: true, fronts: ['front'] })
    },
  })
  const pooler = [...herd.poolers.values()][0]!
  const { address } = herd.instance(await patroni.leader())
  const file = await herd.ports.read.poolers.readFile(pooler.address, limits)
  const template = adoptFile(file!.text, { host: address.host.address, port: address.port })
  await herd.ports.act.inventory.managePooler(pooler.id, template, limits)
}, 240_000)
afterAll(async () => {
  patroni?.close()
  await herd?.close()
})

/** A standby that Patroni has just started may not stream yet. */
const planned = (input: JsonObject) =>
  until(
    'the switchover to be possible',
    async () => {
      const plan = await makeTargetPlan(patroniZeroGap, herd.ports.read, input, 'shop', new AbortController().signal)
      return plan.reason === null ? plan : undefined
    },
    patient,
  )

const run = async (to: string, raw: JsonObject = {}) => {
  const input = patroniZeroGap.input.parse({ candidate: `shop on ${to}`, ...raw }) as JsonObject
  const plan = await planned(input)
  const journal = new MemoryJournal(passingClock())
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: systemClock }
  const job = { id: 'job', targetId: 'shop', input, digest: plan.digest }
  const state = await drive(patroniZeroGap, job, journal.open(), herd.ports, options)
  const finished = journal.lines.find((line) => line.kind === 'finished' && line.step === 'hand-over')
  const handed = finished?.kind === 'finished' ? (finished.output as unknown as HandedOver) : null
  return { state, journal, handed, evidence: switchoverEvidence(journal.lines, { jobId: 'job', runId: 'run', by: 'test' }) }
}
/** The worker dies right after an action of that name. What it had begun goes on; nothing of it answers any more. */
const dying = async (to: string, at: string) => {
  const input = patroniZeroGap.input.parse({ candidate: `shop on ${to}`, canary: false }) as JsonObject
  const { digest } = await planned(input)
  const journal = new MemoryJournal(passingClock())
  const points = { passed: 0, acts: 0, broken: [] }
  const { ports, stops } = disturbed(herd.ports, { how: 'kill', at }, points, { strike: async () => {} }, () => false)
  const whole = { operation: patroniZeroGap, job: { id: 'job', targetId: 'shop', input, digest }, clock: systemClock, journal }
  const stage = { ...whole, disturb: () => {}, snapshot: () => '', broken: () => [] }
  const first = launch({ ...stage, ports }, points, stops[0], () => false)
  const came = await Promise.race([first.ended, first.stopped])
  expect([came, came === 'stopped' ? [] : journal.lines.filter(({ kind }) => kind === 'failed' || kind === 'refused')]).toEqual([
    'stopped',
    [],
  ])
  return { journal, goOn: () => launch({ ...stage, ports: herd.ports }, points, null, () => false).ended }
}
const trouble = ({ journal }: Awaited<ReturnType<typeof run>>) =>
  journal.lines.filter((line) => ['failed', 'attention', 'undo-failed'].includes(line.kind))
const other = (leader: string) => members.find((host) => host !== leader)!
const viaPooler = (): Target => {
  const { lab } = herd
  const endpoints = [{ host: lab.host('front').address, port: 6432 }]
  return { endpoints, database: patroniDatabase, user: 'app', password: readSecrets(lab.layout).app, answerTimeoutMs: 60_000 }
}
const direct = (): Target => ({ ...viaPooler(), endpoints: members.map((host) => ({ host: herd.lab.host(host).address, port: 5432 })) })
const ackedIn = (file: string) => [...readLedger(file).outcomes.values()].filter((outcome) => outcome === 'acked').length
/** That nobody says that it is paused, nor the DCS. */
const unpaused = async () => !(await patroni.rest(await patroni.leader(), '/config')).includes('pause')

test('writers through the pooler see the leader move there and back without an error; no acknowledged commit is lost, Patroni leads what it is shown, and is paused no more', {
  timeout: 300_000,
}, async () => {
  const ledgerFile = herd.lab.layout.at('ledger-zero-gap')
  const load = await startLoad(herd.lab, viaPooler(), { ledgerFile, writers: 8 })
  await until('some commits', () => ackedIn(ledgerFile) > 200, patient)
  for (let moves = 0; moves < 2; moves++) {
    const [from, to] = await patroni.leader().then((leader) => [leader, other(leader)] as const)
    const moved = await run(to)
    expect(trouble(moved)).toEqual([])
    expect(moved.state).toBe('done')
    expect(judgeMove(moved.evidence!)).toMatchObject({ kind: 'proven' })
    const parts = moved.handed!.parts.map(({ name, tookMs }) => `${name} ${tookMs}`).join(', ')
    const times = moved.journal.lines.flatMap((line) => (line.kind === 'finished' ? [`${line.step} ${line.tookMs}`] : []))
    console.info(`${from} to ${to}: ${moved.handed!.gapMs} ms (${parts}). ${times.join(', ')}`)
    expect(await patroni.leader()).toBe(to)
    expect(await unpaused()).toBe(true)
  }
  const before = ackedIn(ledgerFile)
  await until('commits after them', () => ackedIn(ledgerFile) > before + 100, patient)
  const { failed, unknown, longestWaitMs, acked } = await load.stop()
  console.info(`${acked} commits; the longest wait of a client was ${longestWaitMs} ms.`)
  expect({ failed, unknown }).toEqual({ failed: 0, unknown: 0 })
  expect(await verify(herd.lab, direct(), ledgerFile)).toMatchObject({ lost: [], duplicate: [], phantom: [], isClean: true })
})

const roles = () =>
  Promise.all(members.map(async (host) => (await herd.ports.read.postgres.probe(herd.instance(host).address, limits)).role))

test.each([
  ['pause', true],
  ['stopAsStandby', true],
  ['stopAsStandby', false],
  ['promoteAndCommit', true],
] as const)(
  'a worker that dies after %s, and the next one comes only when the timers have rung (%s): clients get their answers, none an error, one primary holds the leader key, Patroni is paused no more',
  { timeout: 300_000 },
  async (at, isLate) => {
    const ledgerFile = herd.lab.layout.at(`ledger-${at}-${isLate}`)
    const load = await startLoad(herd.lab, viaPooler(), { ledgerFile, writers: 4 })
    const from = await patroni.leader()
    const { goOn, journal } = await dying(other(from), at)
    const diedAt = Date.now()
    const before = ackedIn(ledgerFile)
    const served = () => ackedIn(ledgerFile) > before + 20
    if (isLate) {
      await until('clients to be served though nobody of ours is left', served, patient)
      const servedMs = Date.now() - diedAt
      await until(
        'Patroni to be resumed',
        async () => !(await patroni.rest('p1', '/config')).includes('"pause": true') || undefined,
        patient,
      )
      console.info(`Dead after ${at}: clients served after ${servedMs} ms, Patroni resumed after ${Date.now() - diedAt} ms.`)
    }
    const state = await goOn()
    const notes = journal.lines.flatMap((line) => (line.kind === 'attention' || line.kind === 'failed' ? [line.because] : []))
    console.info(`Dead after ${at}, ${isLate ? 'late' : 'at once'}: ${state}. ${notes.join(' ')}`)
    expect(['done', 'undone', 'attention']).toContain(state)
    await until('clients to be served', served, patient)
    const leader = await patroni.leader()
    expect(await roles()).toEqual(members.map((host) => (host === leader ? 'primary' : 'standby')))
    await until('the pause to be over', async () => (await unpaused()) || undefined, patient)
    const { failed, unknown, longestWaitMs } = await load.stop()
    console.info(`The longest wait of a client was ${longestWaitMs} ms.`)
    expect({ failed, unknown }).toEqual({ failed: 0, unknown: 0 })
    expect(await verify(herd.lab, direct(), ledgerFile)).toMatchObject({ lost: [], duplicate: [], phantom: [], isClean: true })
  },
)
