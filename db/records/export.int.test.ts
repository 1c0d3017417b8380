import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { until } from '@/e2e/harness/hold'
import { actorIn } from '@/e2e/harness/two-territories'
import type { Actor } from '@/lib/kernel/access/access'
import { emptyQuery } from '@/lib/kernel/resource/query'
import { resourceByName } from '@/lib/resources'
import { getPool } from '../pg/client'
import { exportRecords } from './records'

let database: TestDatabase
let people: Actor[]
beforeAll(async () => {
  database = await startDatabase()
  await getPool().query(
    "insert into environments (name, colour, protection) select 'env' || n, 'blue', 'open' from generate_series(1, 2500) n",
  )
  const { rows } = await getPool().query("insert into people (user_name) select 'p' || n from generate_series(1, 6) n returning id")
  people = await Promise.all(rows.map(({ id }) => actorIn('viewer', null, id)))
})
beforeEach(() => until('no export to be open', async () => (await open()) === 0))
afterAll(() => database.stop())

const begin = (actor: Actor, longestMs?: number) => {
  const query = { ...emptyQuery(), columns: ['name'] }
  return exportRecords(actor, resourceByName('environment')!, query, longestMs === undefined ? {} : { longestMs })
}
const open = async (): Promise<number> =>
  (await getPool().query("select count(*)::int as n from pg_stat_activity where application_name = 'matriarch export'")).rows[0].n
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no fault',
    (error) => error.code,
  )

test('slow readers hold four connections together and two each, whoever comes, and give them back', async () => {
  const own = [begin(people[0]!), begin(people[0]!), begin(people[0]!)]
  expect(await Promise.all(own.map((rows) => codeOf(rows.next())))).toEqual(['no fault', 'no fault', 'limit.reached'])
  const others = people.slice(1, 5).map((person) => begin(person))
  expect((await Promise.all(others.map((rows) => codeOf(rows.next())))).sort()).toEqual([
    'limit.reached',
    'limit.reached',
    'no fault',
    'no fault',
  ])
  expect(await open()).toBe(4)
  expect((await getPool().query('select 1 as one')).rows).toEqual([{ one: 1 }])
  await own[0]!.return(undefined)
  const late = begin(people[5]!)
  expect(await codeOf(late.next()), 'a place given back is taken again').toBe('no fault')
  await Promise.all([...own, ...others, late].map((rows) => rows.return(undefined)))
})

test('a reader that stops reading loses its connection and its place after the longest time, without being asked anything', async () => {
  const stalled = [begin(people[0]!, 300), begin(people[0]!, 300)]
  for (const rows of stalled) await rows.next()
  await until('the connections to be gone', async () => (await open()) === 0)
  const next = begin(people[0]!)
  expect(await codeOf(next.next())).toBe('no fault')
  const rest = async () => {
    for await (const _row of stalled[0]!);
  }
  await expect(rest()).rejects.toMatchObject({ code: 'limit.reached', message: 'This export took too long to be read.' })
  await next.return(undefined)
})

test('a whole export ends with every row, and its place is free again', async () => {
  for (let again = 0; again < 3; again++) {
    let count = 0
    for await (const _row of begin(people[0]!)) count += 1
    expect(count).toBe(2_500)
  }
})
