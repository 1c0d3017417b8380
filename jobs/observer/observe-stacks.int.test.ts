import { afterAll, beforeAll, expect, test } from 'vitest'
import { fleetFacts } from '@/db/fleet/front-page'
import { forget } from '@/db/pg/cached'
import { getPool } from '@/db/pg/client'
import { stackLookOf } from '@/db/stacks/drift'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { shopFile, stackId, standingFleet } from '@/e2e/harness/twin/stack'
import type { MemoryFleet } from '@/lib/adapters/memory'
import { stackHost } from '@/lib/adapters/memory/stack-host'
import { systemActor } from '@/lib/kernel/access/access'
import { observeStacks } from './observe-stacks'

const path = '/etc/pgbouncer/pgbouncer.ini'
const { signal } = new AbortController()
let database: TestDatabase
let fleet: MemoryFleet
let asDeclared: string

const query = (text: string, values: unknown[] = []) => getPool().query(text, values)
const look = async () => {
  await observeStacks(fleet.read, signal)
  return (await stackLookOf(systemActor, stackId)).look
}
const lookLater = async () => {
  await query(`update stack_looks set tried_at = tried_at - interval '7 hours'`)
  return look()
}
const write = (content: string) => stackHost(fleet.world, 'edge').files.set(path, { content, before: null })
const told = async () => {
  forget('fleet')
  return (await fleetFacts(systemActor)).stacks
}

beforeAll(async () => {
  database = await startDatabase()
  fleet = await standingFleet()
  asDeclared = stackHost(fleet.world, 'edge').files.get(path)!.content
  await query(
    `with e as (insert into environments (name) values ('prod') returning id)
     insert into stacks (id, environment_id, name, file, built_at, built_file) select $1, id, 'shop', $2, now(), $2 from e`,
    [stackId, shopFile],
  )
}, 120_000)
afterAll(() => database.stop())

test('a built cluster is compared once in hours; what differs is told on the front page until a look finds it no more', async () => {
  expect(await look()).toMatchObject({ findings: [], because: null })
  write(asDeclared.replace('default_pool_size = 50', 'default_pool_size = 51'))
  expect(await look()).toMatchObject({ findings: [] })
  expect(await lookLater()).toMatchObject({ findings: [{ server: 'edge', what: path }], because: null })
  expect(await told()).toMatchObject([{ trouble: 'drift', name: 'shop', count: 1, first: `edge: ${path}`, total: 1 }])

  fleet.host('db2').power = 'cut'
  expect(await lookLater()).toMatchObject({ findings: [{ what: path }], because: expect.stringContaining('db2') })
  fleet.host('db2').power = 'on'
  write(asDeclared)
  expect(await lookLater()).toMatchObject({ findings: [], because: null })
  expect(await told()).toEqual([])
})

test('nothing is compared where the environment does not want it, and what was found there is not told', async () => {
  write(`${asDeclared}# more\n`)
  expect((await lookLater())?.findings).toHaveLength(1)
  await query('update environments set looks_for_drift = false')
  write(asDeclared)
  expect((await lookLater())?.findings).toHaveLength(1)
  expect(await told()).toEqual([])
  await query('update environments set looks_for_drift = true')
  expect(await look()).toMatchObject({ findings: [] })
})

test('certificates in use that end soon, or have ended, are told', async () => {
  const add = (server: string, until: string) =>
    query(
      `insert into authorities (stack_id, environment_id, title, kind, server, certificate, fingerprint, valid_from, valid_until, sealed_key)
       select id, environment_id, $2 || ' of shop', 'server', $2, '', '', now(), $3::timestamptz, '' from stacks where id = $1`,
      [stackId, server, until],
    )
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()
  for (const [server, days] of [
    ['db1', 300],
    ['db2', 20],
    ['edge', -1],
    ['next db1', 1],
  ] as const)
    await add(server, inDays(days))
  expect(await told()).toMatchObject([
    { trouble: 'ended', count: 1, first: `edge of shop until ${inDays(-1).slice(0, 10)}` },
    { trouble: 'ending', count: 1, first: `db2 of shop until ${inDays(20).slice(0, 10)}` },
  ])
})
