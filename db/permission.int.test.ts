import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { actorIn, seedTerritories } from '@/e2e/harness/two-territories'
import { type Actor, roles, systemActor } from '@/lib/kernel/access/access'
import { isFault } from '@/lib/kernel/ground/errors'
import { emptyQuery } from '@/lib/kernel/resource/query'
import { resourceByName, resources } from '@/lib/resources'
import { getPool } from './pg/client'
import {
  addRecord,
  changeRecord,
  deleteRecord,
  exportRecords,
  getRecord,
  getRecords,
  listIds,
  listRecords,
  previewDelete,
  recordHistory,
  referenceOptions,
} from './records/records'

let database: TestDatabase
let ids: Record<string, string>
beforeAll(async () => {
  database = await startDatabase()
  ids = await seedTerritories()
})
afterAll(() => database.stop())

/** What an actor gets, or nothing where the console refuses. Any other failure is a failure. */
const orRefused = async <T>(work: Promise<T>, refused: T): Promise<T> =>
  work.catch((error) => {
    if (isFault(error, 'access.denied') || isFault(error, 'record.missing')) return refused
    throw error
  })

const exported = async (actor: Actor, resource: (typeof resources)[number]) => {
  const rows: unknown[] = []
  for await (const row of exportRecords(actor, resource, { ...emptyQuery(), columns: Object.keys(resource.fields) })) rows.push(row)
  return rows
}

const elsewhere = () => Object.entries(ids).flatMap(([key, id]) => (key.endsWith(':there') ? [id] : []))

/** No id of the other environment, and none of its words, in anything that was handed out. */
const saysNothingOf = (answer: unknown, own: readonly string[]) => {
  const text = JSON.stringify(answer)
  for (const id of elsewhere()) if (!own.includes(id)) expect(text).not.toContain(id)
  if (own.length === 0) expect(text).not.toMatch(/there/)
}

describe.each(resources.map((resource) => [resource.name, resource] as const))('%s', (name, resource) => {
  test.each(roles)('a %s of one environment reads, counts, exports and refers to nothing of another', async (role) => {
    const actor = actorIn(role, ids['environment:here']!)
    const theirs = ids[`${name}:there`]!
    const page = await orRefused(
      listRecords(actor, resource, { ...emptyQuery(), columns: Object.keys(resource.fields) }, { facets: true }),
      null,
    )
    saysNothingOf([page?.ids, page?.rows, page?.references, page?.facets], [])
    expect(page?.total ?? 0).toBe(page?.ids.length ?? 0)
    if (role === 'admin' && resource.scope !== 'console' && !(typeof resource.scope === 'object' && 'owner' in resource.scope))
      expect(page?.ids).toContain(ids[`${name}:here`])
    saysNothingOf(await orRefused(listIds(actor, resource, emptyQuery(), 100), []), [])
    saysNothingOf(await orRefused(exported(actor, resource), []), [])
    saysNothingOf(await getRecords(actor, resource, [theirs, ids[`${name}:here`]!]), [])
    await expect(getRecord(actor, resource, theirs)).rejects.toMatchObject({ code: 'record.missing' })
    await expect(recordHistory(actor, resource, theirs)).rejects.toMatchObject({ code: 'record.missing' })
    for (const [field, spec] of Object.entries(resource.fields))
      if (spec.kind === 'reference')
        saysNothingOf(
          await referenceOptions(actor, resource, field, { search: '', environmentId: ids['environment:there'], limit: 100 }),
          [],
        )
    for (const [field, spec] of Object.entries(resource.fields)) {
      // A filter that names the other environment must not even show by its count that it exists.
      const query = { ...emptyQuery(), filters: { [field]: [spec.kind === 'reference' ? (ids[`${spec.to}:there`] ?? 'there') : 'isnull'] } }
      const filtered = await orRefused(listRecords(actor, resource, query), null)
      saysNothingOf([filtered?.rows, filtered?.references], [])
    }
  })

  test.each(roles)('a %s of one environment changes nothing of another', async (role) => {
    const actor = actorIn(role, ids['environment:here']!)
    const theirs = ids[`${name}:there`]!
    await expect(changeRecord(actor, resource, theirs, {}, 1)).rejects.toMatchObject({
      code: expect.stringMatching(/^(record.missing|access.denied)$/),
    })
    await expect(deleteRecord(actor, resource, theirs)).rejects.toMatchObject({
      code: expect.stringMatching(/^(record.missing|access.denied)$/),
    })
    await expect(previewDelete(actor, resource, theirs)).rejects.toMatchObject({ code: 'record.missing' })
  })

  test('somebody without any grant gets nothing at all', async () => {
    const nobody: Actor = { kind: 'person', personId: null, name: 'nobody', grants: [] }
    await expect(listRecords(nobody, resource, emptyQuery())).rejects.toMatchObject({ code: 'access.denied' })
    await expect(getRecord(nobody, resource, ids[`${name}:here`]!)).rejects.toMatchObject({ code: 'record.missing' })
    expect(await getRecords(nobody, resource, Object.values(ids))).toEqual([])
  })

  test('the console itself sees both', async () => {
    const seen = await listIds(systemActor, resource, emptyQuery(), 100)
    expect(seen).toEqual(expect.arrayContaining([ids[`${name}:here`], ids[`${name}:there`]]))
  })
})

test('a DBA of one environment cannot put anything into another, nor move anything there', async () => {
  const actor = actorIn('dba', ids['environment:here']!)
  const [herd, server, instance] = ['herd', 'server', 'instance'].map(resourceByName)
  const there = ids['environment:there']
  const invalid = {
    code: 'input.invalid',
    facts: { fields: [{ path: expect.stringMatching(/Id$/), message: expect.stringContaining('you may not see it') }] },
  }
  await expect(
    addRecord(actor, herd!, { name: 'x', environmentId: there, baseName: 'x', port: 1, dataDirectory: '/x' }),
  ).rejects.toMatchObject(invalid)
  await expect(addRecord(actor, instance!, { herdId: ids['herd:there'], serverId: ids['server:here'] })).rejects.toMatchObject({
    code: 'input.invalid',
  })
  await expect(changeRecord(actor, server!, ids['server:here']!, { environmentId: there }, 1)).rejects.toMatchObject(invalid)
  expect((await getPool().query('select count(*)::int from herds')).rows[0].count).toBe(2)
})

test('a viewer everywhere moves nothing, and sees neither people, tokens, sessions nor their history', async () => {
  const viewer = actorIn('viewer', null, ids['person:here']!)
  const byName = new Map(resources.map((resource) => [resource.name, resource]))
  await expect(changeRecord(viewer, byName.get('herd')!, ids['herd:here']!, { name: 'x' }, 1)).rejects.toMatchObject({
    code: 'access.denied',
  })
  await expect(listRecords(viewer, byName.get('person')!, emptyQuery())).rejects.toMatchObject({ code: 'access.denied' })
  expect((await listRecords(viewer, byName.get('token')!, emptyQuery())).ids).toEqual([ids['token:here']])
  expect((await listRecords(viewer, byName.get('session')!, emptyQuery())).ids).toEqual([ids['session:here']])
  await getPool().query(
    "insert into changes (actor_name, resource, object_id, title, act) values ('x', 'person', gen_random_uuid(), 'secret', 'add')",
  )
  expect(JSON.stringify(await listRecords(viewer, byName.get('change')!, emptyQuery(), { facets: true }))).not.toContain('secret')
})

test('an administrator of one environment cannot give a role in another, nor in all', async () => {
  const admin = actorIn('admin', ids['environment:here']!)
  const grant = resources.find((resource) => resource.name === 'grant')!
  await expect(addRecord(admin, grant, { groupName: 'g', role: 'admin', environmentId: ids['environment:there'] })).rejects.toMatchObject({
    code: 'input.invalid',
  })
  await expect(addRecord(admin, grant, { groupName: 'g', role: 'admin' })).rejects.toMatchObject({ code: 'access.denied' })
  await expect(changeRecord(admin, grant, ids['grant:here']!, { environmentId: null }, 1)).rejects.toMatchObject({ code: 'access.denied' })
  await expect(addRecord(admin, grant, { groupName: 'g', role: 'viewer', environmentId: ids['environment:here'] })).resolves.toHaveProperty(
    'id',
  )
})
