import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { actorIn, seedTerritories } from '@/e2e/harness/two-territories'
import { getPool } from '../pg/client'
import { acknowledge, showAgain } from './acknowledge'
import { fleetFacts } from './front-page'

let database: TestDatabase
let ids: Record<string, string>
beforeAll(async () => {
  database = await startDatabase()
  ids = await seedTerritories()
})
afterAll(() => database.stop())

const item = (place: 'here' | 'there') => ({
  kind: 'down',
  key: ids[`instance:${place}`]!,
  label: 'shop on h1',
  environmentId: ids[`environment:${place}`]!,
})
const wanted = (place: 'here' | 'there', over = {}) => ({ ...item(place), note: 'the disk is on its way', hours: 8, ...over })
const operator = () => actorIn('operator', ids['environment:here']!)
const seenBy = async (actor = operator()) => (await fleetFacts(actor)).acknowledged

test('what an operator acknowledges is seen by everybody of that environment and by nobody of another', async () => {
  await acknowledge(operator(), wanted('here'))
  expect(await seenBy()).toMatchObject([{ kind: 'down', key: item('here').key, note: 'the disk is on its way', by: 'operator test' }])
  expect(await seenBy(actorIn('viewer', ids['environment:here']!))).toHaveLength(1)
  expect(await seenBy(actorIn('admin', ids['environment:there']!))).toEqual([])
})

test('a second acknowledgement replaces the first, and withdrawing ends it; both are in the audit log', async () => {
  await acknowledge(operator(), wanted('here', { note: 'it is here', hours: 1 }))
  expect(await seenBy()).toMatchObject([{ note: 'it is here' }])
  await showAgain(operator(), item('here'))
  await showAgain(operator(), item('here'))
  expect(await seenBy()).toEqual([])
  const { rows } = await getPool().query(`select act from audit where act like 'fleet.%' order by seq`)
  expect(rows.map(({ act }) => act)).toEqual(['fleet.acknowledge', 'fleet.acknowledge', 'fleet.unacknowledge'])
})

test('an acknowledgement ends by itself', async () => {
  await acknowledge(operator(), wanted('here'))
  await getPool().query(`update acknowledgements set until = now() - interval '1 second'`)
  expect(await seenBy(actorIn('dba', ids['environment:here']!))).toEqual([])
})

test('a viewer, and an operator of another environment, may silence nothing', async () => {
  const denied = { code: 'access.denied' }
  await expect(acknowledge(actorIn('viewer', ids['environment:here']!), wanted('here'))).rejects.toMatchObject(denied)
  await expect(acknowledge(operator(), wanted('there'))).rejects.toMatchObject(denied)
  await expect(acknowledge(operator(), wanted('here', { environmentId: null }))).rejects.toMatchObject(denied)
  await expect(showAgain(actorIn('viewer', null), item('here'))).rejects.toMatchObject(denied)
})

test('a missing note and an odd time are refused by their fields', async () => {
  await expect(acknowledge(operator(), wanted('here', { note: '  ', hours: 1000 }))).rejects.toMatchObject({
    code: 'input.invalid',
    facts: { fields: [{ path: 'note' }, { path: 'hours' }] },
  })
})
