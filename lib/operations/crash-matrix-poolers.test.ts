import { expect, test } from 'vitest'
import { type MemoryFleet, MemoryJournal, type MemoryPooler, memoryFleet } from '@/lib/adapters/memory'
import { databaseLines } from '@/lib/domain/poolers/pgbouncer-ini'
import { brokenOf, countStates, crashMatrix, type Disturbance, type Stage } from '@/lib/kernel/engine/crash-matrix'
import type { JobState } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { Operation } from '@/lib/kernel/operation/operation'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { operationByName } from '.'

const title = 'orders pooler on front'

const stageOf = async (
  operation: Operation,
  given: JsonObject,
  arrange: (pooler: MemoryPooler, fleet: MemoryFleet) => void,
  broken: (pooler: MemoryPooler, state: JobState) => string[],
) => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'orders', hosts: ['n1', 'n2'], poolers: ['front'] }])
  const pooler = fleet.pooler(title)
  arrange(pooler, fleet)
  const input = operation.input.parse(given) as JsonObject
  const targetId = pooler.inventory.id
  const { digest, reason } = await makeTargetPlan(operation, fleet.read, input, targetId, new AbortController().signal)
  if (reason !== null) throw new Error(reason)
  const planned = new Map<number, Disturbance>()
  fleet.calls.interfere = ({ nth }) => planned.get(nth)
  return {
    operation,
    job: { id: 'job', targetId, input, digest },
    ports: fleet,
    clock: fleet.clock,
    journal: new MemoryJournal(fleet.clock),
    disturb: (nth: number, how: Disturbance) => void planned.set(fleet.calls.made.length + nth, how),
    snapshot: () =>
      JSON.stringify([[...pooler.databases], pooler.file, pooler.fence, pooler.isRunning, pooler.inventory.isManaged, pooler.applied]),
    broken: (state: JobState) => broken(pooler, state),
  } satisfies Stage
}

const orders = (pooler: MemoryPooler) => pooler.databases.get('orders')!
/** Undone, or never begun. */
const isBack = (state: JobState) => state === 'undone' || state === 'cancelled' || state === 'failed'
const nothing = () => {}
/** Abandoned after an undo failed, or while it is not known whether it was stopped, the job leaves it as it is. */
const unlessGivenUp = (broken: readonly string[]) => broken.filter((one) => !one.includes('abandon → failed'))

const matrix = (name: string, arrange: Parameters<typeof stageOf>[2], broken: Parameters<typeof stageOf>[3], stride = 1) =>
  crashMatrix(() => stageOf(operationByName(name)!, {}, arrange, broken), { stride })

test('pause-pooler ends with all clients paused or none, wherever drivers die and however PgBouncer answers', {
  timeout: 300_000,
}, async () => {
  const addSecond = (pooler: MemoryPooler) => void pooler.databases.set('reports', { ...orders(pooler), busy: [], idle: [] })
  const results = await matrix(
    'pause-pooler',
    addSecond,
    (pooler, state) => {
      const paused = [...pooler.databases.values()].filter(({ isPaused }) => isPaused).length
      return [
        ...(state === 'done' && paused < 2 ? ['done, and clients go on'] : []),
        ...(isBack(state) && paused > 0 ? [`${state}, and clients wait for ever`] : []),
      ]
    },
    3,
  )
  expect(unlessGivenUp(brokenOf(results))).toEqual([])
  expect(countStates(results).done).toBeGreaterThan(0)
})

test('resume-pooler ends with everybody served whenever it says so', { timeout: 300_000 }, async () => {
  const pause = (pooler: MemoryPooler) => {
    orders(pooler).isPaused = true
    pooler.isPausedWhole = true
  }
  const results = await matrix('resume-pooler', pause, (pooler, state) =>
    state === 'done' && (orders(pooler).isPaused || pooler.isPausedWhole) ? ['done, and clients still wait'] : [],
  )
  expect(unlessGivenUp(brokenOf(results))).toEqual([])
  expect(countStates(results).done).toBeGreaterThan(0)
})

test('reload-pooler ends as it says and changes no file', { timeout: 300_000 }, async () => {
  const results = await matrix('reload-pooler', nothing, (pooler) => (pooler.fence > 0 ? ['the file was written'] : []))
  expect(unlessGivenUp(brokenOf(results))).toEqual([])
  expect(countStates(results).done).toBeGreaterThan(0)
})

test('drain-pooler ends stopped, or open again for new clients, or asks', { timeout: 300_000 }, async () => {
  const results = await matrix('drain-pooler', nothing, (pooler, state) => [
    ...(state === 'done' && pooler.isRunning ? ['done, and it runs'] : []),
    ...(isBack(state) && pooler.isRunning && orders(pooler).isDisabled ? [`${state}, and new clients are rejected for ever`] : []),
    ...(pooler.applied.filter((act) => act === 'shut down').length > 1 ? ['it was shut down twice'] : []),
  ])
  expect(unlessGivenUp(brokenOf(results))).toEqual([])
  expect(countStates(results).done).toBeGreaterThan(0)
})

test('follow-primary ends with the pooler at the primary and managed, or with its file and its route as they were', {
  timeout: 300_000,
}, async () => {
  const template = '[databases]\norders = host={{host}} port={{port}} dbname=orders\n\n[pgbouncer]\nlisten_port = 6432\n'
  let [was, primary] = ['', '']
  const arrange = (pooler: MemoryPooler, fleet: MemoryFleet) => {
    pooler.inventory.template = template
    pooler.file!.text = pooler.file!.text.replace(/host=\S+/, 'host=10.9.9.9')
    orders(pooler).host = '10.9.9.9'
    was = pooler.file!.text
    primary = fleet.instance('orders on n1').inventory.address.host.address
  }
  const results = await matrix(
    'follow-primary',
    arrange,
    (pooler, state) => {
      const written = databaseLines(pooler.file!.text)[0]!.host
      return [
        ...(state === 'done' && (written !== primary || orders(pooler).host !== primary || !pooler.inventory.isManaged)
          ? ['done, and it is not']
          : []),
        ...(isBack(state) && (pooler.file!.text !== was || orders(pooler).host !== '10.9.9.9')
          ? [`${state}, and it leads elsewhere than before`]
          : []),
        ...(isBack(state) && pooler.inventory.isManaged ? [`${state}, and its file is managed`] : []),
      ]
    },
    7,
  )
  expect(unlessGivenUp(brokenOf(results))).toEqual([])
  expect(countStates(results).done).toBeGreaterThan(0)
})
