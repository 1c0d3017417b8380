import { expect, test } from 'vitest'
import { type MemoryFleet, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine'
import type { JsonObject } from '@/lib/kernel/json'
import { makeTargetPlan } from '@/lib/kernel/plan-making'
import { rebuild } from '.'

const newFleet = () => memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'] }])
const planOf = (fleet: MemoryFleet, raw: JsonObject = {}, title = 'demo on n2') =>
  makeTargetPlan(
    rebuild,
    fleet.read,
    rebuild.input.parse(raw) as JsonObject,
    fleet.instance(title).inventory.id,
    new AbortController().signal,
  )

const run = async (fleet: MemoryFleet, raw: JsonObject = {}, title = 'demo on n2') => {
  const plan = await planOf(fleet, raw, title)
  expect(plan.reason).toBeNull()
  const input = rebuild.input.parse(raw) as JsonObject
  const job = { id: 'job', targetId: fleet.instance(title).inventory.id, input, digest: plan.digest }
  const journal = new MemoryJournal(fleet.clock)
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  const state = await drive(rebuild, job, journal.open(), fleet.act, options)
  const notes = journal.lines.flatMap((line) => (line.kind === 'note' && line.stream === 'info' ? [line.text] : []))
  return { state, notes, plan }
}
const gate = (plan: Awaited<ReturnType<typeof planOf>>, name: string) => plan.gates.find((one) => one.name === name)
const slotsOf = (fleet: MemoryFleet, title = 'demo on n1') => fleet.instance(title).slots

test('a copy says how far it is, the old server is stopped only then, and nothing of it is left', async () => {
  const fleet = newFleet()
  const { state, notes, plan } = await run(fleet, { strategy: 'copy' })
  expect(state).toBe('done')
  expect(gate(plan, 'strategy')).toMatchObject({ verdict: 'warn', because: expect.stringContaining('A copy was asked for') })
  expect(gate(plan, 'space')?.because).toMatch(/^The copy needs 1\.1\d GB on the file system of .*1024 GB is free|TB is free/)
  expect(notes[0]).toMatch(/^512 MB of 1 GB \(50 %\)/)
  const { applied, copy, host } = fleet.instance('demo on n2')
  expect(applied.filter((act) => act !== 'follow')).toEqual(['copy', 'stop immediate', 'swap in', 'start', 'remove copy'])
  expect([copy, host.work.size, slotsOf(fleet)]).toEqual([null, 0, ['n2', 'n3']])
})

test('the old directory is kept where a person asks for it', async () => {
  const fleet = newFleet()
  const { state, plan } = await run(fleet, { strategy: 'copy', keepOld: true })
  expect(state).toBe('done')
  expect(fleet.instance('demo on n2').applied).toContain('keep old')
  expect(plan.effects.find(({ name }) => name === 'remove-old')?.ending.isPointOfNoReturn).toBe(false)
})

test('one that does not come up with the copy is put back as it was, and streams again', async () => {
  const fleet = newFleet()
  let isFirst = true
  fleet.calls.interfere = ({ act }) => {
    if (act !== 'start' || !isFirst) return undefined
    isFirst = false
    return { how: 'fail' }
  }
  const { state } = await run(fleet, { strategy: 'copy' })
  expect(state).toBe('undone')
  const n2 = fleet.instance('demo on n2')
  expect([n2.state, n2.copy, n2.applied.includes('put back'), slotsOf(fleet)]).toEqual(['running', null, true, ['n2', 'n3']])
})

test('a primary, also one that is down and the only one, is refused before anything is touched', async () => {
  const fleet = newFleet()
  expect((await planOf(fleet, {}, 'demo on n1')).reason).toContain('It is the primary of demo')
  fleet.instance('demo on n1').state = 'stopped'
  expect((await planOf(fleet, { upstream: 'demo on n2' }, 'demo on n1')).reason).toContain('may be the primary of demo')
  fleet.instance('demo on n1').state = 'running'
  Object.assign(fleet.instance('demo on n2'), { hasStandbySignal: false, timeline: 2, upstreamId: null })
  expect((await planOf(fleet, {}, 'demo on n2')).reason).toContain('demote it first')
  expect(fleet.calls.made).toEqual([])
})

test('an upstream is the primary or the member that is named, never one that is fed by the target', async () => {
  const fleet = newFleet()
  expect((await planOf(fleet, { strategy: 'copy', upstream: 'demo on n3' })).reason).toBeNull()
  expect((await planOf(fleet, { strategy: 'copy', upstream: 'nobody' })).reason).toBe('“nobody” is no other member of demo.')
  Object.assign(fleet.instance('demo on n3'), { upstreamId: fleet.instance('demo on n2').inventory.id })
  expect((await planOf(fleet, { strategy: 'copy', upstream: 'demo on n3' })).reason).toContain('circle')
  fleet.instance('demo on n1').state = 'stopped'
  expect((await planOf(fleet, { strategy: 'copy' })).reason).toContain('no primary that answers')
})

test('too little room for a copy is refused with the figures', async () => {
  const fleet = newFleet()
  fleet.instance('demo on n2').freeBytes = 2 ** 29
  expect((await planOf(fleet, { strategy: 'copy' })).reason).toMatch(/needs 1\.1\d GB .*512 MB is free/)
})

test('a directory that is gone is copied anew, after a word about its disk', async () => {
  const fleet = newFleet()
  fleet.instance('demo on n2').state = 'absent'
  const plan = await planOf(fleet)
  expect(plan.reason).toBeNull()
  expect(gate(plan, 'seen')).toMatchObject({ verdict: 'warn', because: expect.stringContaining('make sure that its disk is mounted') })
  expect((await run(fleet)).state).toBe('done')
})
