import { expect, test } from 'vitest'
import { diverge } from '@/e2e/harness/diverged'
import { type MemoryFleet, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import { Fault } from '@/lib/kernel/ground/errors'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
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
  const goOn = () => drive(rebuild, job, journal.open(), fleet, options)
  const state = await goOn()
  const notes = journal.lines.flatMap((line) => (line.kind === 'note' && line.stream === 'info' ? [line.text] : []))
  return { state, notes, plan, journal, goOn }
}
const gate = (plan: Awaited<ReturnType<typeof planOf>>, name: string) => plan.gates.find((one) => one.name === name)
const slotsOf = (fleet: MemoryFleet, title = 'demo on n1') => fleet.instance(title).slots

test('a copy says how far it is, the old server is stopped only then, and nothing of it is left', async () => {
  const fleet = newFleet()
  const { state, notes, plan } = await run(fleet, { strategy: 'copy' })
  expect(state).toBe('done')
  expect(gate(plan, 'strategy')).toMatchObject({ verdict: 'warn', because: expect.stringContaining('A copy was asked for') })
  expect(gate(plan, 'space')?.because).toMatch(/^The copy needs 1\.1\d GB on the file system of .*1024 GB is free|TB is free/)
  expect(plan.effects.filter((one) => one.state === 'will-run').map(({ name }) => name)).toEqual([
    'copy-slot',
    'copy',
    'stop-old',
    'swap',
    'follow',
    'start',
    'remove-old',
  ])
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

/** It was promoted by itself, wrote, and was stopped; pg_rewind of it fails half way. */
const divergedFleet = () => {
  const fleet = newFleet()
  diverge(fleet, 'demo on n2', 'demo on n1')
  fleet.calls.afterwards = ({ act }) => {
    if (act !== 'rewind') return
    for (const work of fleet.instance('demo on n2').host.work.values())
      work.action = () => {
        throw new Fault('shell.failed', { because: 'could not fetch file: the connection was lost' })
      }
  }
  return fleet
}

test('a rewind that fails half way is followed by a copy in the same job, and nothing of either is left', async () => {
  const fleet = divergedFleet()
  const { state, plan, journal } = await run(fleet)
  expect(gate(plan, 'strategy')?.because).toContain('pg_rewind discards that')
  expect(gate(plan, 'space')).toMatchObject({ verdict: 'pass', because: expect.stringContaining('If the rewind fails') })
  expect(plan.effects.find(({ name }) => name === 'copy')?.preview).toMatch(/^Only if the rewind fails: Copy demo on n1/)
  expect(journal.lines).toContainEqual(
    expect.objectContaining({
      kind: 'note',
      step: 'rewind',
      text: expect.stringMatching(/the connection was lost.*A copy is made instead/),
    }),
  )
  expect(state).toBe('done')
  const { applied, copy, host, timeline, isRewinding } = fleet.instance('demo on n2')
  expect(applied.filter((act) => act !== 'follow')).toEqual(['save tail', 'rewind', 'copy', 'swap in', 'start', 'remove copy'])
  expect([copy, host.work.size, timeline, isRewinding, slotsOf(fleet), fleet.world.violations]).toEqual([
    null,
    0,
    1,
    false,
    ['n2', 'n3'],
    [],
  ])
})

test('where its role may not run pg_rewind a copy is chosen and says why, and what the old directory alone has is saved before it goes', async () => {
  const fleet = divergedFleet()
  fleet.instance('demo on n1').refusesRewind = 'replicator may not run pg_read_binary_file(text)'
  const refused = await planOf(fleet, { strategy: 'rewind' })
  expect(refused.reason).toContain('replicator may not run pg_read_binary_file(text). Grant what is missing there')
  const { state, plan, notes } = await run(fleet)
  expect(gate(plan, 'strategy')?.because).toContain('and pg_rewind could not read demo on n1 to discard that: replicator may not run')
  expect(gate(plan, 'saveable')?.because).toBe('The WAL past the fork is copied to /var/lib/postgresql/15/demo.diverged-0-3000148 first.')
  expect(state).toBe('done')
  const { applied, tails, host } = fleet.instance('demo on n2')
  expect(applied.filter((act) => act !== 'follow')).toEqual(['save tail', 'copy', 'swap in', 'start', 'remove copy'])
  expect([[...tails.keys()], host.work.size]).toEqual([['/var/lib/postgresql/15/demo.diverged-0-3000148'], 0])
  expect(notes.some((text) => text.endsWith('/manifest.json names them.'))).toBe(true)
})

test('what a copy replaces is saved unless that is not wanted, the old directory is kept, or it still runs; without room it is refused with the way out', async () => {
  const saveable = async (raw: JsonObject, change: Partial<ReturnType<MemoryFleet['instance']>> = {}) => {
    const fleet = divergedFleet()
    Object.assign(fleet.instance('demo on n2'), change)
    const plan = await planOf(fleet, { strategy: 'copy', ...raw })
    return { ...gate(plan, 'saveable'), tail: plan.effects.find(({ name }) => name === 'tail')?.preview }
  }
  expect(await saveable({})).toMatchObject({
    verdict: 'pass',
    tail: expect.stringContaining('Copy the WAL of demo on n2 from 0/3000148 on'),
  })
  const unsaved = 'Archiving was turned off, or there is nothing to archive.'
  expect(await saveable({ saveTail: false })).toMatchObject({ verdict: 'warn', tail: unsaved })
  expect(await saveable({ keepOld: true })).toMatchObject({ because: expect.stringContaining('which is kept'), tail: unsaved })
  const running = await saveable({}, { state: 'running', hasStandbySignal: true })
  expect(running).toMatchObject({
    verdict: 'warn',
    because: expect.stringContaining('stop it first, or keep the old directory'),
    tail: unsaved,
  })
  const full = await saveable({}, { freeBytes: 2 ** 20 })
  expect(full).toMatchObject({ verdict: 'refuse', because: expect.stringContaining('or choose not to archive the discarded WAL') })
})

test('where no copy may follow, a rewind that fails half way stops and asks, and the next rebuild copies', async () => {
  const fleet = divergedFleet()
  const { state, journal } = await run(fleet, { copyInstead: false })
  expect(state).toBe('attention')
  expect(journal.lines.find(({ kind }) => kind === 'attention')).toMatchObject({
    because: expect.stringContaining('the connection was lost'),
  })
  expect(fleet.instance('demo on n2').state).toBe('stopped')
  const plan = await planOf(fleet)
  expect(gate(plan, 'strategy')?.because).toContain('interrupted')
  expect((await run(fleet)).state).toBe('done')
  expect(fleet.instance('demo on n2').isRewinding).toBe(false)
})

test('a copy that replaces a failed rewind and fails itself needs attention, and is started again on resume', async () => {
  const fleet = divergedFleet()
  const { afterwards } = fleet.calls
  let copies = 0
  fleet.calls.afterwards = (call) => {
    void afterwards(call)
    if (call.act === 'copy') copies += 1
    const work = [...fleet.instance('demo on n2').host.work.entries()].find(([key]) => key.startsWith('copy'))?.[1]
    if (copies === 1 && work)
      work.action = () => {
        throw new Fault('shell.failed', { because: 'No space left on device' })
      }
  }
  const { state, journal, goOn } = await run(fleet)
  expect(state).toBe('attention')
  journal.write([{ kind: 'decided', decision: 'resume', by: 'ada' }])
  expect(await goOn()).toBe('done')
  expect([copies, fleet.instance('demo on n2').copy, fleet.world.violations]).toEqual([2, null, []])
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

test('an upstream without free senders or slots is refused with the figures before a copy begins', async () => {
  const fleet = newFleet()
  const { sql } = fleet.world
  const withRoom = async (values: readonly number[], raw: JsonObject = { strategy: 'copy' }) => {
    fleet.world.sql = (instance, text, isWriting) => {
      const grid = sql(instance, text, isWriting)
      return text.includes('max_wal_senders') ? { ...grid, rows: [values.map(String)] } : grid
    }
    return (await planOf(fleet, raw)).reason
  }
  expect(await withRoom([10, 8, 10, 3])).toBeNull()
  expect(await withRoom([10, 9, 10, 3])).toContain('takes 2 WAL senders of demo on n1, and 1 of 10 are free')
  expect(await withRoom([10, 2, 4, 4])).toContain('takes 1 more replication slot on demo on n1, and 0 of 4 are free')
  fleet.instance('demo on n2').state = 'stopped'
  expect(await withRoom([10, 10, 4, 4], {})).toBeNull()
})

test('too little room for a copy is refused with the figures', async () => {
  const fleet = newFleet()
  fleet.instance('demo on n2').freeBytes = 2 ** 29
  expect((await planOf(fleet, { strategy: 'copy' })).reason).toMatch(/needs 1\.1\d GB .*512 MB is free/)
})

test('a directory that is gone is copied again, after a warning about its disk', async () => {
  const fleet = newFleet()
  fleet.instance('demo on n2').state = 'absent'
  const plan = await planOf(fleet)
  expect(plan.reason).toBeNull()
  expect(gate(plan, 'seen')).toMatchObject({ verdict: 'warn', because: expect.stringContaining('make sure that its disk is mounted') })
  expect((await run(fleet)).state).toBe('done')
})

test('one that was primary on a timeline of the primary’s number is copied: pg_rewind would take the two for the same', async () => {
  const fleet = newFleet()
  const [n1, n2] = [fleet.instance('demo on n1'), fleet.instance('demo on n2')]
  const fork = n1.walBytes
  Object.assign(n1, { timeline: 2, forks: [{ timeline: 1, bytes: fork }], walBytes: fork + 8192 })
  // Promoted independently at another position, and crashed before its first checkpoint.
  Object.assign(n2, { state: 'crashed', hasStandbySignal: false, ranAsStandby: false, forks: [{ timeline: 1, bytes: fork + 64 }] })
  const plan = await planOf(fleet)
  expect(gate(plan, 'strategy')?.because).toContain('so the WAL of the two cannot be told apart')
  expect(plan.effects.find(({ name }) => name === 'copy')?.state).toBe('will-run')
  expect(plan.effects.find(({ name }) => name === 'rewind')?.state).not.toBe('will-run')
})
