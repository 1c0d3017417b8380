import { expect, test } from 'vitest'
import { diverge } from '@/e2e/harness/diverged'
import { type MemoryFleet, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { rebuild } from '.'

/** It was promoted by itself, wrote, and was stopped; pg_rewind cannot discard that, and no copy has room beside it. */
const newFleet = () => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'] }])
  diverge(fleet, 'demo on n2', 'demo on n1')
  fleet.instance('demo on n1').refusesRewind = 'replicator may not run pg_read_binary_file(text)'
  fleet.instance('demo on n2').freeBytes = 2 ** 28
  return fleet
}
const planOf = (fleet: MemoryFleet, raw: JsonObject = {}) =>
  makeTargetPlan(
    rebuild,
    fleet.read,
    rebuild.input.parse(raw) as JsonObject,
    fleet.instance('demo on n2').inventory.id,
    new AbortController().signal,
  )
const submit = async (fleet: MemoryFleet, raw: JsonObject = {}) => {
  const plan = await planOf(fleet, raw)
  expect(plan.reason).toBeNull()
  const input = rebuild.input.parse(raw) as JsonObject
  const job = { id: 'job', targetId: fleet.instance('demo on n2').inventory.id, input, digest: plan.digest }
  const journal = new MemoryJournal(fleet.clock)
  const go = (isCancelRequested = () => false) =>
    drive(rebuild, job, journal.open(), fleet, {
      driver: 'test',
      signal: new AbortController().signal,
      isCancelRequested,
      clock: fleet.clock,
    })
  const notes = () => journal.lines.flatMap((line) => (line.kind === 'note' && line.stream === 'info' ? [line.text] : []))
  return { plan, journal, go, notes }
}
const gate = (plan: Awaited<ReturnType<typeof planOf>>, name: string) => plan.gates.find((one) => one.name === name)
const actsOf = (fleet: MemoryFleet) => fleet.instance('demo on n2').applied.filter((act) => act !== 'follow')
const streams = (fleet: MemoryFleet) => {
  const { state, hasStandbySignal, timeline, upstreamId, inPlaceKey } = fleet.instance('demo on n2')
  return [state, hasStandbySignal, timeline, upstreamId !== null, inPlaceKey, fleet.instance('demo on n1').slots, fleet.world.violations]
}
const streaming = ['running', true, 1, true, null, ['n2', 'n3'], []]

test('where no copy has room and no rewind can work rsync is chosen, with why, what it moves at most and that nothing can be put back', async () => {
  const fleet = newFleet()
  const { plan, go, notes } = await submit(fleet)
  expect(gate(plan, 'strategy')).toMatchObject({ verdict: 'warn' })
  for (const part of [
    /^rsync, in place\. It wrote .* and pg_rewind could not read demo on n1/,
    /A copy beside it needs 1\.1\d GB .* 256 MB is free/,
    /transfers at most that. The old data cannot be restored/,
  ])
    expect(gate(plan, 'strategy')?.because).toMatch(part)
  expect(gate(plan, 'space')).toMatchObject({ verdict: 'pass', because: expect.stringContaining('data fit') })
  const willRun = plan.effects.filter((one) => one.state === 'will-run').map(({ name }) => name)
  expect(willRun).toEqual(['tail', 'copy-slot', 'bar', 'fill', 'follow', 'start'])
  expect(plan.effects.find(({ name }) => name === 'bar')?.ending.isPointOfNoReturn).toBe(true)
  expect(await go()).toBe('done')
  expect(actsOf(fleet)).toEqual(['save tail', 'begin in place', 'fill in place', 'start'])
  expect(notes()).toContainEqual(expect.stringMatching(/^512 MB of 1 GB \(50 %\)/))
  expect(notes()).toContain('1 GB compared, 128 MB moved')
  expect(streams(fleet)).toEqual(streaming)
})

test('it is refused where rsync is missing, with its name and host, and where even in the place of the old data there is no room', async () => {
  const fleet = newFleet()
  fleet.instance('demo on n2').refusesInPlace = 'on n2 rsync is not installed: apt-get install rsync'
  expect((await planOf(fleet)).reason).toMatch(
    /The copy needs .* Nor can rsync work in place: on n2 rsync is not installed: apt-get install rsync\.$/,
  )
  expect((await planOf(fleet, { strategy: 'in-place' })).reason).toBe(
    'rsync cannot be used: on n2 rsync is not installed: apt-get install rsync.',
  )
  Object.assign(fleet.instance('demo on n2'), { refusesInPlace: null, freeBytes: 2 ** 20 })
  expect((await planOf(fleet, { saveTail: false })).reason).toMatch(/^It needs 1\.1\d GB .*, counting the old data as free space\.$/)
})

test('it is never chosen by itself where a copy has room, and can be asked for; a standby that runs is stopped for it', async () => {
  const fleet = newFleet()
  fleet.instance('demo on n2').freeBytes = 2 ** 40
  expect(gate(await planOf(fleet), 'strategy')?.because).toMatch(/^A copy beside the old directory/)
  const running = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'] }])
  const { plan, go } = await submit(running, { strategy: 'in-place' })
  expect(gate(plan, 'strategy')?.because).toContain('It was asked for.')
  expect(await go()).toBe('done')
  expect(actsOf(running)).toEqual(['stop fast', 'begin in place', 'fill in place', 'start'])
  expect(streams(running)).toEqual(streaming)
})

test('what fails before the first change is undone, and the server runs as before', async () => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'] }])
  fleet.calls.interfere = ({ act }) => (act === 'begin in place' ? { how: 'fail' } : undefined)
  const { go } = await submit(fleet, { strategy: 'in-place' })
  expect(await go()).toBe('undone')
  expect(actsOf(fleet)).toEqual(['stop fast', 'start'])
  expect(streams(fleet)).toEqual(streaming)
})

test('one that fails or is cancelled in the middle cannot start and says what to do; going on, or another rebuild, completes it', async () => {
  const fleet = newFleet()
  fleet.calls.interfere = ({ act }) => (act === 'fill in place' ? { how: 'fail' } : undefined)
  const { go, journal } = await submit(fleet)
  expect(await go()).toBe('attention')
  expect(journal.lines.find(({ kind }) => kind === 'attention')).toMatchObject({
    because: expect.stringContaining('cannot start until rsync has come to its end: resume, or abandon the job and rebuild it again'),
  })
  const { address } = fleet.instance('demo on n2').inventory
  await expect(fleet.act.postgres.start(address, { timeoutMs: 1000 })).rejects.toMatchObject({
    message: expect.stringContaining('backup_label'),
  })
  journal.write([{ kind: 'decided', decision: 'abandon', by: 'ada' }])
  await go()
  fleet.calls.interfere = () => undefined
  const again = await submit(fleet)
  expect(gate(again.plan, 'strategy')?.because).toContain('started again there and transfers what still differs')
  expect(again.plan.effects.filter((one) => one.state === 'will-run').map(({ name }) => name)).toEqual([
    'copy-slot',
    'fill',
    'follow',
    'start',
  ])
  expect(await again.go()).toBe('done')
  expect(streams(fleet)).toEqual(streaming)
})
