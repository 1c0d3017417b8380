import { afterAll, beforeAll, expect, test } from 'vitest'
import { testFleet } from '@/e2e/harness/lab'
import { type LabHerd, openLabHerd } from '@/e2e/harness/matrix/herd'
import { MemoryJournal, passingClock } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import { systemClock } from '@/lib/kernel/ground/clock'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { operationByName } from '..'

let herd: LabHerd
beforeAll(async () => {
  herd = await openLabHerd(testFleet({ shop: 'a > b, c' }), 'shop')
})
afterAll(() => herd?.close())

const targetOf = (name: string, host: string): string =>
  operationByName(name)!.on === 'instance' ? `shop on ${host}` : herd.instance(host).herdId
const planOf = (name: string, host: string, raw: JsonObject) => {
  const operation = operationByName(name)!
  const input = operation.input.parse(raw) as JsonObject
  return makeTargetPlan(operation, herd.ports.read, input, targetOf(name, host), new AbortController().signal)
}

const run = async (name: string, host: string, raw: JsonObject) => {
  const operation = operationByName(name)!
  const { digest, reason } = await planOf(name, host, raw)
  expect(reason).toBeNull()
  const journal = new MemoryJournal(passingClock())
  const job = { id: 'job', targetId: targetOf(name, host), input: operation.input.parse(raw) as JsonObject, digest }
  const state = await drive(operation, job, journal.open(), herd.ports, {
    driver: 'test',
    signal: new AbortController().signal,
    isCancelRequested: () => false,
    clock: systemClock,
  })
  const failed = journal.lines.find(({ kind }) => kind === 'failed')
  return { state, failed, lines: journal.lines }
}

const show = (host: string, name: string) => herd.lab.hosts.mustExec(host, ['psql', '-XAtq', '-d', 'postgres', '-c', `show ${name}`])
const shown = async (name: string) =>
  (await Promise.all(['a', 'b', 'c'].map((host) => show(host, name)))).map((text) => String(text).trim())

test('a parameter of a primary is in force for whoever logs in then, waits for a restart where it needs one, and is taken out again', async () => {
  const before = (await shown('work_mem'))[0]!
  const first = await run('set-parameters', 'a', { parameters: "work_mem = 17MB\nshared_buffers = 33MB\nTimeZone = 'europe/london'" })
  expect([first.state, first.failed]).toEqual(['done', undefined])
  expect((await shown('work_mem'))[0]).toBe('17MB')
  expect((await shown('timezone'))[0]).toBe('Europe/London')
  expect(first.lines.find((line) => line.kind === 'finished' && line.step === 'load')).toMatchObject({
    output: { members: [{ waiting: ['shared_buffers'] }] },
  })
  expect((await planOf('set-parameters', 'a', { parameters: "timezone = 'europe/london'" })).reason).toMatch(/already/)
  const out = await run('set-parameters', 'a', { parameters: 'work_mem = DEFAULT\nshared_buffers = DEFAULT\ntimezone = DEFAULT' })
  expect([out.state, (await shown('work_mem'))[0]]).toEqual(['done', before])
})

test('what the server itself refuses is not left half written', async () => {
  const { state, failed } = await run('set-parameters', 'b', { parameters: 'work_mem = 18MB\nlog_destination = nowhere' })
  expect([state, JSON.stringify(failed)]).toEqual(['undone', expect.stringContaining('invalid value for parameter')])
  expect((await shown('work_mem'))[1]).not.toBe('18MB')
  const auto = await herd.lab.hosts.mustExec('b', [
    'psql',
    '-XAtq',
    '-d',
    'postgres',
    '-c',
    "select count(*) from pg_file_settings where setting = '18MB'",
  ])
  expect(String(auto).trim()).toBe('0')
})

test('a limit rises on a herd standbys first, with a switchover, and falls again primary first; no standby stops replaying', async () => {
  const [before] = await shown('max_connections')
  const raised = Number(before) + 23
  const rise = await run('set-herd-parameters', 'a', { parameters: `max_connections = ${raised}`, restart: true, canary: false })
  expect([rise.state, rise.failed]).toEqual(['done', undefined])
  expect(await shown('max_connections')).toEqual([raised, raised, raised].map(String))
  const fall = await run('set-herd-parameters', 'a', {
    parameters: `max_connections = ${Number(before) - 5}`,
    restart: true,
    canary: false,
  })
  expect([fall.state, fall.failed]).toEqual(['done', undefined])
  expect(await shown('max_connections')).toEqual([1, 2, 3].map(() => String(Number(before) - 5)))
  const paused = await Promise.all(
    ['a', 'b', 'c'].map((host) =>
      herd.lab.hosts.mustExec(host, ['psql', '-XAtq', '-d', 'postgres', '-c', 'select pg_is_in_recovery() and pg_is_wal_replay_paused()']),
    ),
  )
  expect(paused.map((text) => String(text).trim())).toEqual(['f', 'f', 'f'])
})
