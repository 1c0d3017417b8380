import { afterAll, beforeAll, expect, test } from 'vitest'
import { testFleet } from '@/e2e/harness/lab'
import { type LabHerd, openLabHerd } from '@/e2e/harness/lab-herd'
import { MemoryJournal, passingClock } from '@/lib/adapters/memory'
import { judgeMove } from '@/lib/domain/certificate'
import { adoptFile } from '@/lib/domain/pooler-template'
import { systemClock } from '@/lib/kernel/clock'
import { drive } from '@/lib/kernel/engine'
import type { JsonObject } from '@/lib/kernel/json'
import { makeTargetPlan } from '@/lib/kernel/plan-making'
import { readLedger } from '@/lib/playground/ledger'
import { startLoad, verify } from '@/lib/playground/load-cli'
import { until } from '@/lib/playground/processes'
import { switchover } from '.'
import { switchoverEvidence } from './evidence'
import type { HandedOver } from './hand-over'

const limits = { timeoutMs: 30_000 }
const patient = { timeoutMs: 60_000 }

let herd: LabHerd
beforeAll(async () => {
  herd = await openLabHerd(testFleet({ shop: 'a > b' }, { idleHosts: ['front'], poolers: [{ host: 'front', herd: 'shop' }] }), 'shop')
  const { address } = herd.instance('a')
  for (const pooler of herd.poolers.values()) {
    const file = await herd.ports.poolers.readFile(pooler.address, limits)
    const template = adoptFile(file!.text, { host: address.host.address, port: address.port })
    await herd.ports.inventoryAct.managePooler(pooler.id, template, limits)
  }
})
afterAll(() => herd?.close())

const run = async (raw: JsonObject = {}) => {
  const input = switchover.input.parse(raw) as JsonObject
  const plan = await makeTargetPlan(switchover, herd.ports, input, 'shop', new AbortController().signal)
  expect(plan.reason).toBeNull()
  const journal = new MemoryJournal(passingClock())
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: systemClock }
  const state = await drive(switchover, { id: 'job', targetId: 'shop', input, digest: plan.digest }, journal.open(), herd.ports, options)
  const finished = journal.lines.find((line) => line.kind === 'finished' && line.step === 'hand-over')
  const handed = finished?.kind === 'finished' ? (finished.output as unknown as HandedOver) : null
  return { state, journal, handed, evidence: switchoverEvidence(journal.lines, { jobId: 'job', runId: 'run', by: 'test' }) }
}
const role = async (host: string) => {
  const probe = await herd.ports.postgres.probe(herd.instance(host).address, limits)
  return `${probe.state} ${probe.role} ${probe.timeline}${probe.upstream?.status ? ` ${probe.upstream.status}` : ''}`
}
const seen = async () => (await herd.ports.poolers.look([...herd.poolers.values()][0]!.address, limits)).databases[0]!
const ackedIn = (file: string) => [...readLedger(file).outcomes.values()].filter((outcome) => outcome === 'acked').length
const trouble = ({ journal }: Awaited<ReturnType<typeof run>>) =>
  journal.lines.filter((line) => ['failed', 'attention', 'undo-failed'].includes(line.kind))

test('through the pooler sixteen writers see the two change places there and back without an error, and no acknowledged commit is lost', async () => {
  const ledgerFile = herd.lab.layout.at('ledger-poolers')
  const load = await startLoad(herd.lab, 'shop', { ledgerFile, writers: 16, through: ['front'] })
  await until('some commits', () => ackedIn(ledgerFile) > 200, patient)
  for (const candidate of ['shop on b', 'shop on a']) {
    const moved = await run({ candidate })
    expect(trouble(moved)).toEqual([])
    expect(moved.state).toBe('done')
    expect(judgeMove(moved.evidence!)).toMatchObject({ kind: 'proven' })
    const parts = moved.handed!.parts.map(({ name, tookMs }) => `${name} ${tookMs}`).join(', ')
    console.info(`To ${candidate}: ${moved.handed!.gapMs} ms (${parts}).`)
  }
  const before = ackedIn(ledgerFile)
  await until('commits after both', () => ackedIn(ledgerFile) > before + 100, patient)
  const { failed, unknown, longestWaitMs, acked } = await load.stop()
  console.info(`${acked} commits; the longest wait of a client was ${longestWaitMs} ms.`)
  expect({ failed, unknown }).toEqual({ failed: 0, unknown: 0 })
  expect(await verify(herd.lab, 'shop', ledgerFile)).toMatchObject({ lost: [], duplicate: [], phantom: [], isClean: true })
  expect([await role('a'), await role('b')]).toEqual(['online primary 3', 'online standby 3 streaming'])
  expect(await seen()).toMatchObject({ isPaused: false, host: herd.instance('a').address.host.address })
})
