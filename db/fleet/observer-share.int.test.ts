import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { getPool } from '../pg/client'
import { readShare } from './observer-share'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())
beforeEach(async () => {
  await getPool().query('truncate instances, herds, servers, environments cascade')
})

/** Ten herds of three members on each of 40 groups of three hosts. */
const layOut = () =>
  getPool().query(`
    with e as (insert into environments (name) values ('prod') returning id),
      s as (insert into servers (environment_id, hostname, address)
        select e.id, 'h' || n, '10.0.' || n / 250 || '.' || n % 250 + 1 from e, generate_series(0, 119) n returning id, hostname),
      h as (insert into herds (environment_id, name, base_name, data_directory)
        select e.id, 'herd' || n, 'herd' || n, '/data/' || n from e, generate_series(0, 399) n returning id, name)
    insert into instances (herd_id, server_id, port)
    select h.id, s.id, 5432 + substr(h.name, 5)::int / 40 from h, generate_series(0, 2) m
      join s on true where s.hostname = 'h' || (substr(h.name, 5)::int % 40 * 3 + m)`)

test('the shares of four observers are the whole fleet, keep each herd together, and each host has its instances with one of them', async () => {
  await layOut()
  const shares = await Promise.all([0, 1, 2, 3].map((index) => readShare({ index, of: 4 })))
  const all = shares.flatMap(({ instances }, index) => instances.map((one) => ({ ...one, index })))
  expect(new Set(all.map(({ id }) => id)).size).toBe(1200)
  expect(all).toHaveLength(1200)
  const observersOf = (by: 'herdId' | 'serverId') => {
    const found = new Map<string, Set<number>>()
    for (const one of all) found.set(one[by], (found.get(one[by]) ?? new Set()).add(one.index))
    return new Set([...found.values()].map(({ size }) => size))
  }
  expect(observersOf('herdId')).toEqual(new Set([1]))
  expect(observersOf('serverId')).toEqual(new Set([1]))
  for (const { instances } of shares) expect(instances.length).toBeGreaterThan(100)
})
