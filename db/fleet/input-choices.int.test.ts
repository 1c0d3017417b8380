import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { actorIn, seedTerritories } from '@/e2e/harness/two-territories'
import { getPool } from '../pg/client'
import { inputChoices } from './input-choices'

let database: TestDatabase
let ids: Record<string, string>
beforeAll(async () => {
  database = await startDatabase()
  ids = await seedTerritories()
  const slots = [
    { name: 'gone', isActive: false, retainedBytes: 2 ** 30 },
    { name: 'read', isActive: true, retainedBytes: 0 },
    { name: 'never', isActive: false, retainedBytes: null },
  ]
  await getPool().query(`update instances set probe = $2, role = 'primary', state = 'online' where id = $1`, [
    ids['instance:here'],
    JSON.stringify({ slots }),
  ])
}, 120_000)
afterAll(() => database.stop())

test('an upstream is picked from the other members of the herd, with what each is; all of them for several targets', async () => {
  const actor = actorIn('dba', null)
  expect(await inputChoices(actor, 'herd-member', [ids['standby:here']!])).toEqual([
    { value: 'herd-here on host-here', id: ids['instance:here'], title: 'herd-here on host-here (primary)' },
  ])
  const both = await inputChoices(actor, 'herd-member', [ids['standby:here']!, ids['instance:here']!])
  expect(both.map(({ value }) => value)).toEqual(['herd-here on host-here', 'herd-here on second-here'])
})

test('a slot is picked from those that nobody reads, with the WAL each holds back', async () => {
  expect(await inputChoices(actorIn('dba', null), 'idle-slot', [ids['instance:here']!])).toEqual([
    { value: 'gone', id: 'gone', title: 'gone (1024 MB retained)' },
    { value: 'never', id: 'never', title: 'never (retains no WAL)' },
  ])
  expect(await inputChoices(actorIn('dba', null), 'idle-slot', [ids['standby:here']!])).toEqual([])
})

test('a herd is picked from those of the server’s environment, with how many members each has', async () => {
  const found = await inputChoices(actorIn('dba', null), 'herd', [ids['server:here']!])
  expect(found).toContainEqual({ value: 'herd-here', id: ids['herd:here'], title: expect.stringMatching(/^herd-here \(.+, 2 members\)$/) })
  expect(found.map(({ value }) => value)).not.toContain('herd-there')
  expect(await inputChoices(actorIn('dba', ids['environment:there']!), 'herd', [ids['server:here']!])).toEqual([])
})

test('a candidate is picked from the standbys of the one herd, best first, each with its rank, site, position, lag and priority', async () => {
  await getPool().query(
    `update instances set state = 'online', role = 'standby', timeline = 1, received_lsn = '0/3000000', replayed_lsn = '0/3000000', lag_bytes = 0,
      lag_seconds = 0.2, observed_at = now() where id = $1`,
    [ids['standby:here']],
  )
  const [first] = await inputChoices(actorIn('dba', null), 'candidate', [ids['herd:here']!])
  expect(first).toMatchObject({ value: ids['standby:here'], title: 'herd-here on second-here' })
  expect(first!.details).toEqual(expect.arrayContaining(['rank 1', 'received to 0/3000000', '0 B, 0.2 s behind', 'priority 100']))
  expect(await inputChoices(actorIn('dba', null), 'candidate', [ids['herd:here']!, ids['herd:there']!])).toEqual([])
  expect(await inputChoices(actorIn('dba', ids['environment:there']!), 'candidate', [ids['herd:here']!])).toEqual([])
})

test('nothing is told of an environment that one may not look into, and nothing of what is no choice', async () => {
  const elsewhere = actorIn('dba', ids['environment:there']!)
  expect(await inputChoices(elsewhere, 'herd-member', [ids['standby:here']!])).toEqual([])
  expect(await inputChoices(elsewhere, 'idle-slot', [ids['instance:here']!])).toEqual([])
  expect(await inputChoices(actorIn('dba', null), 'herd-member', ['x'])).toEqual([])
  await expect(inputChoices(elsewhere, 'people', [])).rejects.toThrow('not a list of choices')
})
