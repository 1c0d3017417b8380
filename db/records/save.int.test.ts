import { afterAll, beforeAll, expect, test } from 'vitest'
import { admin, Registered } from '@/e2e/harness/registered'
import { actorIn } from '@/e2e/harness/two-territories'
import { emptyQuery } from '@/lib/kernel/resource/query'
import type { Resource } from '@/lib/kernel/resource/resource'
import { resourceByName } from '@/lib/resources'
import { getPool, listen } from '../pg/client'
import { verifyAudit } from '../trail/audit'
import {
  addRecord,
  changeRecord,
  deleteRecord,
  exportRecords,
  getRecord,
  listRecords,
  previewDelete,
  recordHistory,
  referenceOptions,
} from './records'
import { addView, deleteView, listViews } from './views'

const named = (name: string): Resource => resourceByName(name)!
const [environment, server, herd, instance] = [named('environment'), named('server'), named('herd'), named('instance')]
const [person, grant] = [named('person'), named('grant')]

let registered: Registered
let dev: string
let prod: string
beforeAll(async () => {
  registered = await Registered.open('confirm')
  ;({ dev, prod } = registered)
})
afterAll(() => registered.database.stop())

const newServer = (environmentId = prod) => registered.server(environmentId, { tags: 'debian, fast' })
const newHerd = (environmentId = prod) => registered.herd(environmentId)

test('a record is added with its defaults, its history and its audit line, and everybody hears of it', async () => {
  const heard: string[] = []
  let wake = () => {}
  const told = new Promise<void>((resolve) => {
    wake = resolve
  })
  const stop = await listen('records', (payload) => {
    heard.push(payload)
    if (payload === 'server') wake()
  })
  const id = await newServer()
  await told
  stop()
  const view = await getRecord(admin, server, id)
  expect(view).toMatchObject({
    revision: 1,
    environmentId: prod,
    values: { sshPort: 22, sshUser: 'postgres', profile: 'debian', tags: ['debian', 'fast'], state: 'unknown', hostKey: null },
  })
  expect(view.references.environmentId).toEqual({ id: prod, title: 'prod', resource: 'environment' })
  const history = await recordHistory(admin, server, id)
  expect(history).toMatchObject({
    total: 1,
    lines: [{ act: 'add', actorName: 'ada', fields: { tags: [null, ['debian', 'fast']] } }],
    references: { environmentId: { [prod]: 'prod' } },
  })
  const { rows } = await getPool().query('select act, actor_name, environment_id from audit where object_id = $1', [id])
  expect(rows).toEqual([{ act: 'server.add', actor_name: 'ada', environment_id: prod }])
})

test('what cannot be saved is refused field by field and leaves nothing behind', async () => {
  const before = await verifyAudit()
  await expect(
    addRecord(admin, server, { hostname: 'bad_host', environmentId: prod, sshPort: 99999, colour: 'red' }),
  ).rejects.toMatchObject({
    code: 'input.invalid',
    facts: {
      fields: expect.arrayContaining([
        { path: 'hostname', message: expect.stringContaining('bad_host') },
        { path: 'address', message: 'Address is needed.' },
        { path: 'sshPort', message: 'A port is a whole number from 1 to 65535.' },
        { path: 'colour', message: 'server has no field of this name that can be set.' },
      ]),
    },
  })
  expect(await verifyAudit()).toEqual(before)
})

test('names are unique case-blind, and the refusal names the fields', async () => {
  await addRecord(admin, server, { hostname: 'Alpha', environmentId: prod, address: '10.1.0.1' })
  await expect(addRecord(admin, server, { hostname: 'aLPHA', environmentId: dev, address: '10.1.0.2' })).rejects.toMatchObject({
    code: 'record.duplicate',
    facts: { fields: [{ path: 'hostname', message: 'Another server already has this host name.' }] },
  })
  const herdValues = { name: 'shop', environmentId: prod, baseName: 'main', port: 5432, dataDirectory: '/d' }
  await addRecord(admin, herd, herdValues)
  await addRecord(admin, herd, { ...herdValues, environmentId: dev })
  await expect(addRecord(admin, herd, { ...herdValues, name: 'other', baseName: 'MAIN' })).rejects.toMatchObject({
    facts: {
      fields: [
        { path: 'environmentId' },
        { path: 'baseName', message: 'Another herd already has this environment and cluster name and port.' },
        { path: 'port' },
      ],
    },
  })
})

test('a second save on an older form is refused with the differences and who made them', async () => {
  const id = await newHerd()
  await changeRecord(admin, herd, id, { port: 5433, description: '' }, 1)
  await expect(changeRecord({ ...admin, name: 'otto' }, herd, id, { port: 5434, preferredSite: 'fra' }, 1)).rejects.toMatchObject({
    code: 'record.conflict',
    facts: { revision: 2, by: 'ada', current: { port: 5433 }, changes: { port: [5433, 5434], preferredSite: ['', 'fra'] } },
  })
  expect((await getRecord(admin, herd, id)).values).toMatchObject({ port: 5433, preferredSite: '' })
})

test('of two saves at once one wins and the other is told', async () => {
  const id = await newHerd()
  const results = await Promise.allSettled([1, 2, 3, 4].map((n) => changeRecord(admin, herd, id, { port: 6000 + n }, 1)))
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'record.conflict' })
  expect(await getRecord(admin, herd, id)).toMatchObject({ revision: 2 })
})

test('saving what is already so writes no history and keeps the revision', async () => {
  const id = await newHerd()
  const { values } = await getRecord(admin, herd, id)
  await changeRecord(admin, herd, id, Object.fromEntries(herd.form.map((name) => [name, values[name]])), 1)
  expect((await recordHistory(admin, herd, id)).total).toBe(1)
  expect(await getRecord(admin, herd, id)).toMatchObject({ revision: 1 })
})

test('an emptied field goes back to its default', async () => {
  const id = await newServer()
  await changeRecord(admin, server, id, { tags: '', sshPort: '', site: null }, 1)
  expect((await getRecord(admin, server, id)).values).toMatchObject({ tags: [], sshPort: 22, site: '' })
})

test('an instance belongs to a server of the environment of its herd, once', async () => {
  const [herdId, serverId, other] = [await newHerd(), await newServer(), await newServer(dev)]
  await expect(addRecord(admin, instance, { herdId, serverId: other })).rejects.toMatchObject({
    facts: { fields: [{ path: 'serverId', message: 'This server is in dev, the herd in prod. Choose a server of prod.' }] },
  })
  const { id } = await addRecord(admin, instance, { herdId, serverId })
  expect((await getRecord(admin, instance, id)).environmentId).toBe(prod)
  await expect(addRecord(admin, instance, { herdId, serverId })).rejects.toMatchObject({ code: 'record.duplicate' })
  const options = await referenceOptions(admin, instance, 'serverId', { search: 'host', environmentId: prod, limit: 100 })
  expect(options.map((option) => option.id)).toContain(serverId)
  expect(options.map((option) => option.id)).not.toContain(other)
})

test('what is in use cannot be deleted, and the tree says by what', async () => {
  const [herdId, serverId] = [await newHerd(), await newServer()]
  const { id } = await addRecord(admin, instance, { herdId, serverId })
  const { title } = await getRecord(admin, instance, id)
  const tree = await previewDelete(admin, herd, herdId)
  expect(tree).toMatchObject({
    canDelete: false,
    blockers: ['1 instance still needs it. Delete or move that first.'],
    children: [{ resource: 'instance', action: 'block', count: 1, examples: [{ id, title }] }],
  })
  await expect(deleteRecord(admin, herd, herdId)).rejects.toMatchObject({
    code: 'record.in-use',
    facts: { tree: { blockers: tree.blockers } },
  })
  await expect(deleteRecord(admin, environment, prod)).rejects.toMatchObject({ code: 'record.in-use' })

  await getPool().query(
    "insert into runs (id, operation, resource, title, actor_name, policy, digest) values ($1, 'stop', 'instance', 'stop', 'ada', '{}', 'd')",
    [herdId],
  )
  await getPool().query(
    "insert into jobs (run_id, operation, resource, target_id, title, digest, state) values ($1, 'stop', 'instance', $2, 'stop', 'd', 'attention')",
    [herdId, id],
  )
  await expect(deleteRecord(admin, instance, id)).rejects.toMatchObject({
    code: 'record.in-use',
    message: 'A job that has not ended acts on it.',
  })
  await getPool().query("update jobs set state = 'done'")
  await deleteRecord(admin, instance, id)
  await deleteRecord(admin, herd, herdId)
  expect(await recordHistory(admin, herd, herdId)).toMatchObject({
    total: 2,
    lines: [{ act: 'delete', fields: { port: [5432, null] } }, { act: 'add' }],
  })
  await expect(getRecord(admin, herd, herdId)).rejects.toMatchObject({ code: 'record.missing' })
})

test('deleting a person takes grants along, each with its own history line, and says so before', async () => {
  const { id } = await addRecord(admin, person, { userName: 'leaver' })
  const { id: grantId } = await addRecord(admin, grant, { personId: id, role: 'viewer' })
  await addRecord(admin, grant, { groupName: 'admins', role: 'admin' })
  expect(await previewDelete(admin, person, id)).toMatchObject({
    canDelete: true,
    children: [{ resource: 'grant', action: 'delete', count: 1, examples: [{ id: grantId }] }],
  })
  await deleteRecord(admin, person, id)
  const { rows } = await getPool().query("select resource from changes where act = 'delete' and object_id = any($1) order by 1", [
    [id, grantId],
  ])
  expect(rows.map((row) => row.resource)).toEqual(['grant', 'person'])
})

test('the last administrator of everything cannot be taken away', async () => {
  const { rows } = await getPool().query("select id from grants where role = 'admin' and environment_id is null")
  expect(rows).toHaveLength(1)
  await expect(deleteRecord(admin, grant, rows[0].id)).rejects.toMatchObject({ code: 'record.in-use' })
  await expect(changeRecord(admin, grant, rows[0].id, { role: 'viewer' }, 1)).rejects.toMatchObject({ code: 'record.in-use' })
})

test('a grant names a person or a group, and nobody disables or deletes themselves', async () => {
  await expect(addRecord(admin, grant, { role: 'viewer' })).rejects.toMatchObject({ facts: { fields: [{ path: 'personId' }] } })
  const { id } = await addRecord(admin, person, { userName: 'self' })
  const self = actorIn('admin', null, id)
  await expect(changeRecord(self, person, id, { isDisabled: 'yes' }, 1)).rejects.toMatchObject({
    facts: { fields: [{ path: 'isDisabled' }] },
  })
  await expect(deleteRecord(self, person, id)).rejects.toMatchObject({ message: 'You cannot delete yourself.' })
})

test('a save shows in the next list of the same process, counts included', async () => {
  const count = async () =>
    (await listRecords(admin, herd, { ...emptyQuery(), filters: { environmentId: ['dev'] } }, { facets: true })).total
  const before = await count()
  await newHerd(dev)
  expect(await count()).toBe(before + 1)
})

test('an export gives every row once in the list’s order, with titles or ids', async () => {
  const query = { ...emptyQuery(), sort: [{ field: 'hostname', down: true }], columns: ['hostname', 'environmentId', 'tags'] }
  const rows = []
  for await (const row of exportRecords(admin, server, query)) rows.push(row)
  const page = await listRecords(admin, server, { ...query, perPage: 500 })
  expect(rows.map((row) => row.id)).toEqual(page.ids)
  expect(rows.find((row) => row.hostname === 'Alpha')).toEqual({
    id: expect.any(String),
    hostname: 'Alpha',
    environmentId: 'prod',
    tags: [],
  })
  for await (const row of exportRecords(admin, server, query, { references: 'ids' })) {
    expect([dev, prod]).toContain(row.environmentId)
    break
  }
})

test('views are one’s own unless shared, replaced under the same name, and only their owner deletes them', async () => {
  const [one, two] = await Promise.all(
    ['one', 'two'].map(async (userName) => actorIn('viewer', null, (await addRecord(admin, person, { userName })).id)),
  )
  await addView(one!, { resource: 'herd', name: 'Mine', query: '?port=5432', isShared: false })
  const { id } = await addView(one!, { resource: 'herd', name: 'Ours', query: 'port=1', isShared: true })
  await addView(one!, { resource: 'herd', name: 'ours', query: 'port=2', isShared: true })
  expect(await listViews(one!, 'herd')).toMatchObject([
    { name: 'Mine', query: 'port=5432', isOwn: true },
    { name: 'ours', query: 'port=2', isOwn: true },
  ])
  expect(await listViews(two!, 'herd')).toMatchObject([{ id, name: 'ours', isOwn: false, owner: 'one' }])
  await expect(deleteView(two!, id)).rejects.toMatchObject({ code: 'record.missing' })
  await deleteView(one!, id)
  expect(await listViews(two!, 'herd')).toEqual([])
})

test('after all of this the audit chain holds', async () => {
  expect(await verifyAudit()).toMatchObject({ ok: true })
})
