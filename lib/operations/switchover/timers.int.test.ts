import { afterAll, beforeAll, expect, test } from 'vitest'
import { testFleet } from '@/e2e/harness/lab'
import { type LabHerd, openLabHerd } from '@/e2e/harness/lab-herd'
import { MemoryJournal, passingClock } from '@/lib/adapters/memory'
import { adoptFile } from '@/lib/domain/pooler-template'
import { systemClock } from '@/lib/kernel/clock'
import { deadly, type Points, type Stop } from '@/lib/kernel/crash-driver'
import { drive } from '@/lib/kernel/engine'
import type { JsonObject } from '@/lib/kernel/json'
import { makeTargetPlan } from '@/lib/kernel/plan-making'
import { readLedger } from '@/lib/playground/ledger'
import { startLoad, verify } from '@/lib/playground/load-cli'
import { until } from '@/lib/playground/processes'
import type { ActPorts } from '@/lib/ports'
import { switchover } from '.'
import type { SwitchoverFacts } from './facts'

const limits = { timeoutMs: 30_000 }
const patient = { timeoutMs: 60_000 }
/** Left of the timer's fifteen seconds once the worker is dead. */
const leftMs = 1_000

let herd: LabHerd
beforeAll(async () => {
  herd = await openLabHerd(testFleet({ shop: 'a > b' }, { idleHosts: ['front'], poolers: [{ host: 'front', herd: 'shop' }] }), 'shop')
  const { address } = herd.instance('a')
  for (const { id, address: pooler } of herd.poolers.values()) {
    const file = await herd.ports.poolers.readFile(pooler, limits)
    await herd.ports.inventoryAct.managePooler(id, adoptFile(file!.text, { host: address.host.address, port: address.port }), limits)
  }
})
afterAll(() => herd?.close())

/** The deed with which the worker dies: it happens, and nobody hears of it. */
const dyingPorts = (deed: 'pause' | 'takeLead', points: Points, stop: Stop): ActPorts => {
  const { poolersAct, replicationAct } = herd.ports
  const last = async <T>(name: typeof deed, work: Promise<T>): Promise<T> => {
    const answer = await work
    if (name === deed) stop.at = points.passed + 1
    return answer
  }
  return {
    ...herd.ports,
    poolersAct: {
      ...poolersAct,
      pause: (...call) => last('pause', poolersAct.pause(...call)),
    },
    replicationAct: { ...replicationAct, takeLead: (...call) => last('takeLead', replicationAct.takeLead(...call)) },
  }
}

/** A switchover whose worker dies; `resume` is the next worker. */
const dieAfter = async (deed: 'pause' | 'takeLead', candidate: string) => {
  const input = switchover.input.parse({ candidate, canary: false }) as JsonObject
  const plan = await makeTargetPlan(switchover, herd.ports, input, 'shop', new AbortController().signal)
  expect(plan.reason).toBeNull()
  const journal = new MemoryJournal(passingClock())
  const points: Points = { passed: 0, acts: 0, broken: [] }
  const stop: Stop = { at: Number.POSITIVE_INFINITY, how: 'kill' }
  const worker = deadly({ open: () => journal.open(), lines: journal.lines }, dyingPorts(deed, points, stop), points, stop)
  const job = { id: 'job', targetId: 'shop', input, digest: plan.digest }
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: systemClock }
  expect(await Promise.race([drive(switchover, job, worker.journal, worker.ports, options), worker.stopped])).toBe('stopped')
  const gathered = journal.lines.find((line) => line.kind === 'gathered')
  const { timers } = (gathered?.kind === 'gathered' ? gathered.facts : {}) as SwitchoverFacts
  await herd.ports.poolersAct.extendDeadMan(pooler(), { key: timers.key, expiryMs: leftMs, token: 0 }, limits)
  return {
    timer: () => herd.ports.poolers.deadMan(pooler(), timers.key, limits),
    resume: () => drive(switchover, job, journal.open(), herd.ports, options),
    lines: journal.lines,
  }
}
const pooler = () => [...herd.poolers.values()][0]!.address
const seen = async () => (await herd.ports.poolers.look(pooler(), limits)).databases[0]!
const addressOf = (host: string) => herd.instance(host).address.host.address
const role = async (host: string) => {
  const probe = await herd.ports.postgres.probe(herd.instance(host).address, limits)
  return `${probe.state} ${probe.role} ${probe.timeline}${probe.upstream?.status ? ` ${probe.upstream.status}` : ''}`
}
const ackedIn = (file: string) => [...readLedger(file).outcomes.values()].filter((outcome) => outcome === 'acked').length
const patience = { timeout: 60_000, interval: 50 }

test('a worker that dies with the clients held, and one that dies right after the promotion: the pooler’s host lets them go on to who leads, and the next worker takes back or finishes', async () => {
  const ledgerFile = herd.lab.layout.at('ledger-timers')
  const load = await startLoad(herd.lab, 'shop', { ledgerFile, writers: 4, through: ['front'] })
  await until('some commits', () => ackedIn(ledgerFile) > 50, patient)

  const held = await dieAfter('pause', 'shop on b')
  await expect.poll(held.timer, patience).toMatchObject({ state: 'fired', ledTo: 'shop on a', resumed: ['shop'] })
  const before = ackedIn(ledgerFile)
  await until('commits without any worker', () => ackedIn(ledgerFile) > before + 50, patient)
  expect(['undone', 'failed']).toContain(await held.resume())
  expect(await Promise.all([role('a'), role('b'), seen()])).toMatchObject([
    'online primary 1',
    'online standby 1 streaming',
    { isPaused: false },
  ])
  expect(JSON.stringify(held.lines)).toContain('has fired: it led there to shop on a and let the clients of shop go on.')

  const promoted = await dieAfter('takeLead', 'shop on b')
  await expect.poll(promoted.timer, patience).toMatchObject({ state: 'fired', ledTo: 'shop on b', resumed: ['shop'] })
  const after = ackedIn(ledgerFile)
  await until('commits on the new primary without any worker', () => ackedIn(ledgerFile) > after + 50, patient)
  expect(await seen()).toMatchObject({ isPaused: false, host: addressOf('b') })
  expect(await promoted.resume()).toBe('done')
  expect([await role('a'), await role('b')]).toEqual(['online standby 2 streaming', 'online primary 2'])

  const { failed, longestWaitMs } = await load.stop()
  console.info(
    `The longest wait of a client was ${Math.round(longestWaitMs)} ms, with ${leftMs} ms left on the timer when its worker died.`,
  )
  expect(failed).toBe(0)
  expect(await verify(herd.lab, 'shop', ledgerFile)).toMatchObject({ lost: [], duplicate: [], phantom: [], isClean: true })
})
