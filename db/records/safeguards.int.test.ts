import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { actorIn } from '@/e2e/harness/two-territories'
import { systemActor } from '@/lib/kernel/access/access'
import { resourceByName } from '@/lib/resources'
import { getPool } from '../pg/client'
import { addRecord, changeRecord, getRecord } from './records'
import { allowLowering } from './safeguards'

const environment = resourceByName('environment')!
const windows = ['Sat 22:00-04:00 Europe/Berlin', 'Sun 22:00-04:00 Europe/Berlin']
let database: TestDatabase
let id: string
beforeAll(async () => {
  database = await startDatabase()
  ;({ id } = await addRecord(systemActor, environment, {
    name: 'stage',
    colour: 'amber',
    protection: 'two-person',
    maintenanceWindows: windows,
    parallelMax: 2,
  }))
})
afterAll(() => database.stop())

const adminOf = (name: string) => actorIn('admin', id, `00000000-0000-4000-8000-${name.padStart(12, '0')}`)
const [ada, bob] = [() => adminOf('a'), () => adminOf('b')]
const save = async (actor: ReturnType<typeof ada>, values: object) =>
  changeRecord(actor, environment, id, values, (await getRecord(systemActor, environment, id)).revision)
const refused = (field: string) => ({
  code: 'input.invalid',
  facts: { fields: [{ path: field, message: expect.stringContaining('another administrator') }] },
})

test('one administrator alone lowers nothing that protects a two-person environment, and tightens it freely', async () => {
  await expect(save(ada(), { protection: 'open' })).rejects.toMatchObject(refused('protection'))
  await expect(save(ada(), { protection: 'confirm' })).rejects.toMatchObject(refused('protection'))
  await expect(save(ada(), { maintenanceWindows: [] })).rejects.toMatchObject(refused('maintenanceWindows'))
  await expect(save(ada(), { maintenanceWindows: [...windows, '00:00-24:00'] })).rejects.toMatchObject(refused('maintenanceWindows'))
  await expect(save(ada(), { parallelMax: null })).rejects.toMatchObject(refused('parallelMax'))
  await expect(save(ada(), { allowsDrills: true })).rejects.toMatchObject(refused('allowsDrills'))
  await save(ada(), { maintenanceWindows: windows.slice(0, 1), parallelMax: 1, description: 'tighter' })
})

test('what another administrator allowed is lowered once, within an hour, and never by whoever allowed it', async () => {
  await allowLowering(ada(), id)
  await expect(save(ada(), { protection: 'open' })).rejects.toMatchObject(refused('protection'))
  await save(bob(), { protection: 'confirm' })
  await save(bob(), { protection: 'two-person' })
  await expect(save(bob(), { protection: 'confirm' })).rejects.toMatchObject(refused('protection'))
  await allowLowering(ada(), id)
  await getPool().query("update environments set lowering_allowed_until = now() - interval '1 second'")
  await expect(save(bob(), { protection: 'confirm' })).rejects.toMatchObject(refused('protection'))
  expect((await getPool().query("select count(*)::int as n from audit where act = 'environment.allow-lowering'")).rows).toEqual([{ n: 2 }])
})

test('only a person who administers the environment allows it, and not a token', async () => {
  await expect(allowLowering({ ...ada(), kind: 'token' }, id)).rejects.toMatchObject({ code: 'access.denied' })
  await expect(allowLowering(actorIn('dba', id), id)).rejects.toMatchObject({ code: 'access.denied' })
  await expect(allowLowering(actorIn('admin', crypto.randomUUID()), id)).rejects.toMatchObject({ code: 'record.missing' })
})
