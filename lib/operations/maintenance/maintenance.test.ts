import { expect, test } from 'vitest'
import { type MemoryFleet, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { healthKinds } from '@/lib/domain/health/kinds'
import { drive } from '@/lib/kernel/engine/engine'
import { Fault } from '@/lib/kernel/ground/errors'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { operationByName } from '..'

const newFleet = () => memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2'] }])
const named = (name: string) => operationByName(name)!
const planOf = (fleet: MemoryFleet, name: string, given: JsonObject, title = 'demo on n1') =>
  makeTargetPlan(
    named(name),
    fleet.read,
    named(name).input.parse(given) as JsonObject,
    fleet.instance(title).inventory.id,
    new AbortController().signal,
  )
const runOf = async (fleet: MemoryFleet, name: string, given: JsonObject) => {
  const { digest } = await planOf(fleet, name, given)
  const input = named(name).input.parse(given) as JsonObject
  const journal = new MemoryJournal(fleet.clock)
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  const job = { id: 'job', targetId: fleet.instance('demo on n1').inventory.id, input, digest }
  return { end: await drive(named(name), job, journal.open(), fleet, options), lines: journal.lines }
}

test('the remedy of each finding is an operation that takes its object by name, also where that needs quotes', () => {
  const details = { age: 1_200_000_000, freezeMaxAge: 200_000_000 }
  const offered = healthKinds.flatMap((kind) => {
    const { operation } = kind.remedy({ database: 'shop', object: 'public."Order lines"', value: 1, details, isStandby: false })
    return operation === undefined
      ? []
      : [`${kind.name}: ${operation.name} ${named(operation.name).input.safeParse(read(operation.input)).success}`]
  })
  expect(offered.filter((one) => /vacuum|index/.test(one))).toEqual([
    'wraparound: vacuum true',
    'multixact: vacuum true',
    'autovacuum: vacuum true',
    'index-bloat: reindex true',
    'invalid-index: reindex true',
  ])
})

/** As the page reads them from its address. */
const read = (input: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(input).map(([name, value]) => [
      name,
      value === 'true' || value === 'false' ? value === 'true' : name === 'minimumAge' ? Number(value) : value,
    ]),
  )

test('a plan names each table with its size and what can be used again, the lock, and who holds the cleaning up', async () => {
  const fleet = newFleet()
  const plan = await planOf(fleet, 'vacuum', { tables: 'public.*' })
  expect(plan.now.find(({ label }) => label === 'public.orders')!.value).toMatch(
    /^381 MB, 10 % dead rows \(about 38.1 MB reusable after it\)/,
  )
  expect(plan.gates.find(({ name }) => name === 'locks')!.because).toMatch(/^SHARE UPDATE EXCLUSIVE/)
  expect(plan.effects[0]!.commands).toEqual(['VACUUM (ANALYZE, TRUNCATE false) "public"."orders"'])
})

test('a standby, an unknown database, names that match nothing or only valid indexes, and a full disk are refused with the reason', async () => {
  const fleet = newFleet()
  const reason = async (...given: Parameters<typeof planOf> extends [unknown, ...infer Rest] ? Rest : never) =>
    (await planOf(fleet, ...given)).reason
  expect(await reason('vacuum', { tables: '*' }, 'demo on n2')).toMatch(/It is a standby and takes no writes/)
  expect(await reason('vacuum', { tables: '*', database: 'gone' })).toMatch(
    /Database gone on demo on n1 could not be read: database "gone" does not exist/,
  )
  expect(await reason('analyze', { tables: 'app.*' })).toBe('No table of database postgres matches app.*.')
  expect(await reason('vacuum', { tables: '*', minimumAge: 60_000_000 })).toMatch(/1 table is left out/)
  expect(await reason('drop-invalid-index', { indexes: '*_pkey' })).toMatch(/Every one of them is valid/)
  expect(await reason('reindex', { indexes: '*_pkey', minimumBloat: 80 })).toMatch(/Nothing to rebuild: 1 index with less bloat/)
  fleet.instance('demo on n1').freeBytes = 50_000_000
  expect(await reason('reindex', { indexes: '*_pkey' })).toMatch(/^Not enough: 47.7 MB free/)
  fleet.instance('demo on n1').version = '11.22'
  expect(await reason('reindex', { indexes: '*_pkey' })).toMatch(/has no REINDEX CONCURRENTLY/)
  expect(named('vacuum').input.safeParse({ tables: 'orders; drop table x' }).success).toBe(false)
})

test('one table that fails holds none of the others up, and is named at the end; a second run takes what is left', async () => {
  const fleet = newFleet()
  const primary = fleet.instance('demo on n1')
  primary.tables.push({ ...primary.tables[0]!, oid: 16_500, name: 'lines', bytes: 1 })
  const fault = new Fault('sql.failed', { because: 'canceling statement due to lock timeout', sqlstate: '55P03', isOver: true })
  fleet.calls.interfere = ({ nth }) => (nth === 1 ? { how: 'fail', fault } : undefined)
  const { end, lines } = await runOf(fleet, 'vacuum', { tables: 'lines, orders' })
  expect(end).toBe('failed')
  expect(JSON.stringify(lines)).toContain('public.lines: canceling statement due to lock timeout')
  expect(primary.applied).toEqual(['VACUUM (ANALYZE, TRUNCATE false) "public"."orders"'])
  expect((await runOf(fleet, 'vacuum', { tables: 'lines, orders', skipWithinHours: 1 })).end).toBe('done')
  expect(primary.applied.slice(1)).toEqual(['VACUUM (ANALYZE, TRUNCATE false) "public"."lines"'])
})
