import { afterAll, beforeAll, expect, test } from 'vitest'
import { testFleet } from '@/e2e/harness/lab'
import { type LabHerd, openLabHerd } from '@/e2e/harness/matrix/herd'
import { MemoryJournal, passingClock } from '@/lib/adapters/memory'
import { readerRole } from '@/lib/domain/reader/reader-role'
import { drive } from '@/lib/kernel/engine/engine'
import { systemClock } from '@/lib/kernel/ground/clock'
import { Fault } from '@/lib/kernel/ground/errors'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { operationByName } from '..'

let herd: LabHerd
const limits = { timeoutMs: 60_000 }

const planOf = (name: string, host: string, raw: JsonObject = {}) => {
  const operation = operationByName(name)!
  const input = operation.input.parse(raw) as JsonObject
  return makeTargetPlan(operation, herd.ports.read, input, `shop on ${host}`, new AbortController().signal)
}

const run = async (name: string, host: string, raw: JsonObject = {}) => {
  const operation = operationByName(name)!
  const { digest, reason } = await planOf(name, host, raw)
  expect(reason).toBeNull()
  const journal = new MemoryJournal(passingClock())
  const job = { id: 'job', targetId: `shop on ${host}`, input: operation.input.parse(raw) as JsonObject, digest }
  const state = await drive(operation, job, journal.open(), herd.ports, {
    driver: 'test',
    signal: new AbortController().signal,
    isCancelRequested: () => false,
    clock: systemClock,
  })
  const finished = journal.lines.flatMap((line) => (line.kind === 'finished' ? [line] : []))
  return { state, output: finished.at(-1)?.output, lines: journal.lines }
}

const psql = (host: string, database: string, sql: string) => herd.lab.hosts.mustExec(host, ['psql', '-XAtq', '-d', database, '-c', sql])
const login = (host: string) => herd.ports.read.readers.login(herd.instance(host).address, 'shop', limits)
const asReader = { sql: 'select session_user, (select count(*) > 0 from item)', database: 'shop' }

/** As a herd is that nobody has set a reader up on. */
const removeReader = async () => {
  for (const host of ['a', 'b']) {
    const { address } = herd.instance(host)
    await herd.ports.act.readers.write(address, null, limits)
    await herd.ports.act.postgres.reload(address, limits)
  }
  await psql('a', 'shop', `drop owned by ${readerRole}`)
  await psql('a', 'postgres', `drop owned by ${readerRole}; drop role ${readerRole}`)
}

beforeAll(async () => {
  herd = await openLabHerd(testFleet({ shop: 'a > b' }), 'shop')
})
afterAll(() => herd?.close())

test('the playground’s herds have a reader, which reads their tables on primary and standby', async () => {
  for (const host of ['a', 'b']) {
    expect(await login(host)).toEqual({ works: true, excess: [], openDoors: [] })
    const { state, output } = await run('run-sql', host, asReader)
    expect([state, output]).toEqual(['done', expect.objectContaining({ rows: [[readerRole, 't']] })])
  }
})

test('where there is none, reading is destructive until the operation has set it up, on a standby first and then on the primary', async () => {
  await removeReader()
  const before = await planOf('run-sql', 'b', asReader)
  expect([before.danger, before.effects[0]!.preview]).toEqual(['destructive', expect.stringContaining('as postgres (superuser)')])
  for (const host of ['b', 'a']) expect((await run('add-reader', host)).state).toBe('done')
  await psql('a', 'shop', `grant select on item to ${readerRole}`)
  await expect
    .poll(async () => (await run('run-sql', 'b', asReader)).output, { timeout: 20_000 })
    .toMatchObject({ rows: [[readerRole, 't']] })
  expect((await planOf('run-sql', 'a', asReader)).danger).toBe('routine')
})

test('what fails half way leaves neither role nor lines', async () => {
  await removeReader()
  const { host } = herd.instance('a').address
  const broken = { ...herd.ports.act.postgres, reload: herd.ports.act.postgres.reload }
  let isFirst = true
  herd.ports.act.postgres = {
    ...broken,
    reload: async (instance, options) => {
      if (!isFirst) return broken.reload(instance, options)
      isFirst = false
      throw new Fault('shell.failed', { isOver: true, because: `${host.hostname} does not reload` })
    },
  }
  const { state } = await run('add-reader', 'a').finally(() => {
    herd.ports.act.postgres = broken
  })
  expect(state).toBe('undone')
  expect(await herd.ports.read.readers.role(herd.instance('a').address, limits)).toBeNull()
  expect((await herd.ports.read.readers.files(herd.instance('a').address, limits)).lines).toBeNull()
})
