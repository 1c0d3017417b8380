import { describe, expect, test } from 'vitest'
import { type MemoryFleet, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { readerLines, readerRole } from '@/lib/domain/reader/reader-role'
import { drive } from '@/lib/kernel/engine/engine'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { defaultPolicy, type PlanEnvironment } from '@/lib/kernel/operation/plan'
import { composePlan, makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { operationByName } from '..'

const newFleet = () => memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2'] }])
const idOf = (fleet: MemoryFleet, title: string) => fleet.instance(title).inventory.id

const planOf = (fleet: MemoryFleet, name: string, title: string, raw: JsonObject = {}) => {
  const operation = operationByName(name)!
  return makeTargetPlan(operation, fleet.read, operation.input.parse(raw) as JsonObject, idOf(fleet, title), new AbortController().signal)
}

const run = async (fleet: MemoryFleet, name: string, title: string, raw: JsonObject = {}, meanwhile = () => {}) => {
  const operation = operationByName(name)!
  const { digest } = await planOf(fleet, name, title, raw)
  meanwhile()
  const journal = new MemoryJournal(fleet.clock)
  const job = { id: 'job', targetId: idOf(fleet, title), input: operation.input.parse(raw) as JsonObject, digest }
  const state = await drive(operation, job, journal.open(), fleet, {
    driver: 'test',
    signal: new AbortController().signal,
    isCancelRequested: () => false,
    clock: fleet.clock,
  })
  return { state, lines: journal.lines }
}

const withReader = async (): Promise<MemoryFleet> => {
  const fleet = newFleet()
  for (const title of ['demo on n1', 'demo on n2']) expect((await run(fleet, 'add-reader', title)).state).toBe('done')
  return fleet
}

const system = (fleet: MemoryFleet) => fleet.instance('demo on n1').systemIdentifier
const gateOf = (plan: Awaited<ReturnType<typeof planOf>>, name: string) => plan.gates.find((gate) => gate.name === name)!

describe('the login that reads', () => {
  test('is set up from a standby too: the role on the primary, the lines on the member alone', async () => {
    const fleet = newFleet()
    expect((await run(fleet, 'add-reader', 'demo on n2')).state).toBe('done')
    expect(fleet.world.readers.has(system(fleet))).toBe(true)
    expect(fleet.instance('demo on n2').activeReaderLines).toEqual(readerLines('postgres'))
    expect(fleet.instance('demo on n1').activeReaderLines).toBeNull()
    expect((await planOf(fleet, 'add-reader', 'demo on n2')).reason).toContain('nothing to do')
    expect((await planOf(fleet, 'add-reader', 'demo on n1')).effects.map(({ state }) => state)).toEqual([
      'already-so',
      'will-run',
      'will-run',
    ])
  })

  test('is planned for both members before either has run, and the second job finds the role there', async () => {
    const fleet = newFleet()
    const first = await run(fleet, 'add-reader', 'demo on n1', {}, () => {})
    expect(first.state).toBe('done')
    const late = newFleet()
    const { state } = await run(late, 'add-reader', 'demo on n2', {}, () => {
      late.world.readers.set(system(late), { madeBy: 'the other job', excess: [] })
    })
    expect([state, late.world.readers.get(system(late))?.madeBy]).toEqual(['done', 'the other job'])
  })

  test('is not taken from a role of that name that may do more, nor is that role changed', async () => {
    const fleet = newFleet()
    fleet.world.readers.set(system(fleet), { madeBy: null, excess: ['is a superuser'] })
    expect((await planOf(fleet, 'add-reader', 'demo on n1')).reason).toContain(`${readerRole} is a superuser`)
  })

  test('is refused where there is neither the role nor a primary that answers', async () => {
    const fleet = newFleet()
    fleet.instance('demo on n1').state = 'stopped'
    expect((await planOf(fleet, 'add-reader', 'demo on n2')).reason).toContain('no single primary answers')
  })

  test('comes to a new standby together with the standby, where the upstream has it', async () => {
    const fleet = memoryFleet([
      { environment: 'prod', name: 'demo', hosts: ['n1', 'n2'] },
      { environment: 'prod', name: 'other', hosts: ['n4', 'n5'], port: 5440 },
    ])
    await run(fleet, 'add-reader', 'demo on n1')
    const create = operationByName('create')!
    const input = create.input.parse({ herd: 'demo' }) as JsonObject
    const targetId = fleet.host('n4').server.id
    const { digest } = await makeTargetPlan(create, fleet.read, input, targetId, new AbortController().signal)
    const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
    expect(await drive(create, { id: 'job', targetId, input, digest }, new MemoryJournal(fleet.clock).open(), fleet, options)).toBe('done')
    expect(fleet.instance('demo on n4').activeReaderLines).toEqual(readerLines('postgres'))
  })
})

describe('a statement that reads', () => {
  const sql = { sql: 'select 1' }
  const asked = async (fleet: MemoryFleet, protection: PlanEnvironment['protection'], raw: JsonObject = sql) => {
    const operation = operationByName('run-sql')!
    const input = operation.input.parse(raw) as JsonObject
    const targets = [await planOf(fleet, 'run-sql', 'demo on n1', raw), await planOf(fleet, 'run-sql', 'demo on n2', raw)]
    const prod = { id: targets[0]!.environmentId!, name: 'prod', colour: 'red', protection, maintenanceWindows: [] }
    const { phrase, isDisruptive, needsApproval } = composePlan(operation, input, defaultPolicy, targets, [prod], null, {
      at: new Date(0),
      inMs: 1,
    })
    return { phrase, isDisruptive, needsApproval }
  }
  const asWriting = { phrase: 'run sql 2 in prod', isDisruptive: true, needsApproval: true }

  test('runs as the reader, asks for nothing, and its plan names the login', async () => {
    const fleet = await withReader()
    const plan = await planOf(fleet, 'run-sql', 'demo on n2', sql)
    expect(plan.effects[0]!.preview).toContain(`as ${readerRole}, in a read-only transaction`)
    expect(gateOf(plan, 'login')).toMatchObject({ verdict: 'pass', because: `It runs as ${readerRole}.` })
    expect(await asked(fleet, 'two-person')).toEqual({ phrase: null, isDisruptive: false, needsApproval: false })
  })

  test('is treated like one that writes where one of its targets has no reader, and the plan says why and what helps', async () => {
    const fleet = await withReader()
    fleet.instance('demo on n2').activeReaderLines = null
    expect(await asked(fleet, 'two-person')).toEqual(asWriting)
    expect(await asked(fleet, 'open')).toMatchObject({ phrase: 'run sql 2 in prod' })
    const plan = await planOf(fleet, 'run-sql', 'demo on n2', sql)
    expect(plan.effects[0]!.preview).toContain('as postgres (superuser)')
    const { verdict, because } = gateOf(plan, 'login')
    expect(verdict).toBe('warn')
    expect(because).toContain('Peer authentication failed')
    expect(because).toContain('*Add reader login* sets the role up.')
  })

  test('does not run as a reader that was given too much', async () => {
    const fleet = await withReader()
    fleet.world.readers.get(system(fleet))!.excess = ['member of pg_execute_server_program']
    expect(await asked(fleet, 'two-person')).toEqual(asWriting)
    expect(gateOf(await planOf(fleet, 'run-sql', 'demo on n1', sql), 'login').because).toContain('member of pg_execute_server_program')
  })

  test('that was planned as the reader is refused, and never falls back to the superuser, once the reader is gone', async () => {
    const fleet = await withReader()
    const asked: (string | undefined)[] = []
    const { query } = fleet.read.postgres
    fleet.read.postgres.query = (instance, text, options) => {
      asked.push(options.as)
      return query(instance, text, options)
    }
    const { state } = await run(fleet, 'run-sql', 'demo on n1', sql, () => fleet.world.readers.clear())
    expect([state, asked]).toEqual(['refused', []])
    const other = await withReader()
    const { state: done } = await run(other, 'run-sql', 'demo on n1', sql)
    expect(done).toBe('done')
  })

  test.each(["copy (select 1) to program 'id'", 'do $$ begin end $$', 'call p()', "load 'x'"])(
    '%s is refused in the reading form, with and without a reader',
    async (text) => {
      for (const fleet of [newFleet(), await withReader()])
        expect((await planOf(fleet, 'run-sql', 'demo on n1', { sql: text })).reason).toContain('is no form that reads')
    },
  )
})
