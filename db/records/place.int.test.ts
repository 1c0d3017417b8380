import { afterAll, beforeAll, expect, test } from 'vitest'
import { admin, Registered } from '@/e2e/harness/registered'
import { actorIn } from '@/e2e/harness/two-territories'
import type { Actor } from '@/lib/kernel/access/access'
import type { Fault } from '@/lib/kernel/ground/errors'
import type { Resource } from '@/lib/kernel/resource/resource'
import { resourceByName } from '@/lib/resources'
import { getPool } from '../pg/client'
import { addRecord, changeRecord, deleteRecord, getRecord } from './records'

const named = (name: string): Resource => resourceByName(name)!
const [server, herd, instance] = [named('server'), named('herd'), named('instance')]

let registered: Registered
let dev: string
let prod: string
beforeAll(async () => {
  registered = await Registered.open('two-person')
  ;({ dev, prod } = registered)
})
afterAll(() => registered.database.stop())

const newServer = (environmentId = prod) => registered.server(environmentId)
const newHerd = (environmentId = prod) => registered.herd(environmentId)
const hostKey = (letter: string) => `SHA256:${letter.repeat(43)}`

test('one machine is one server over all environments, and the refusal names the field and who has it as far as the actor may know', async () => {
  const machineId = 'a'.repeat(32)
  const values = { environmentId: prod, address: 'fra-1.Example', hostKey: hostKey('A'), machineId }
  await addRecord(admin, server, { ...values, hostname: 'fra-1' })
  const same = { address: 'FRA-1.example', hostKey: hostKey('A'), machineId }
  const refused = (actor: Actor, over: object) =>
    addRecord(actor, server, { hostname: 'x1', environmentId: dev, address: '10.9.9.9', ...over }).then(
      () => null,
      (error: Fault) => [error.code, error.facts.fields],
    )
  const stranger = 'another server, in an environment that you may not see,'
  for (const [path, words] of [
    ['address', 'has this address with this SSH port already.'],
    ['hostKey', 'has this host key pinned already.'],
    ['machineId', 'is registered as this machine already.'],
  ] as const) {
    const over = { [path]: same[path] }
    expect(await refused(admin, over)).toEqual(['record.duplicate', [{ path, message: `fra-1 in prod ${words}` }]])
    expect(await refused(actorIn('dba', dev), over)).toEqual(['record.duplicate', [{ path, message: `${stranger} ${words}` }]])
  }
  expect(await refused(admin, { address: same.address, sshPort: 2222 })).toBeNull()
  const other = await newServer(dev)
  await expect(changeRecord(actorIn('dba', dev), server, other, { hostKey: same.hostKey }, 1)).rejects.toMatchObject({
    code: 'record.duplicate',
  })
})

test('a new pinned key lets the next login record the machine anew; accepting a machine ends the alarm and leaves the key', async () => {
  const id = await newServer()
  const set = (text: string) => getPool().query(`update servers set ${text} where id = $1`, [id])
  const values = async () => (await getRecord(admin, server, id)).values
  await set(`host_key = '${hostKey('B')}', machine_id = '${'b'.repeat(32)}', machine_id_offered = '${'c'.repeat(32)}'`)
  await changeRecord(admin, server, id, { machineId: 'c'.repeat(32) }, 1)
  expect(await values()).toMatchObject({ hostKey: hostKey('B'), machineId: 'c'.repeat(32), machineIdOffered: null })
  await changeRecord(admin, server, id, { hostKey: hostKey('D') }, 2)
  expect(await values()).toMatchObject({ hostKey: hostKey('D'), machineId: null })
})

test('a herd does not leave the protection of the environment that its servers are in, nor do they; what is empty is moved', async () => {
  const [herdId, serverId] = [await newHerd(prod), await newServer(prod)]
  const { id } = await addRecord(admin, instance, { herdId, serverId })
  const said = {
    path: 'environmentId',
    message: expect.stringMatching(/has 1 instance in prod\. The protection, windows and SSH key of prod/),
  }
  for (const [resource, one] of [
    [herd, herdId],
    [server, serverId],
  ] as const)
    await expect(changeRecord(admin, resource, one, { environmentId: dev }, 1)).rejects.toMatchObject({
      code: 'input.invalid',
      facts: { fields: [said] },
    })
  // Two at once, or a hand in the database: the keys hold it too.
  for (const table of ['herds', 'servers'])
    await expect(getPool().query(`update ${table} set environment_id = $1 where id = any($2)`, [dev, [herdId, serverId]])).rejects.toThrow(
      'instances_server_fk',
    )
  await deleteRecord(admin, instance, id)
  await expect(changeRecord(actorIn('dba', dev), herd, herdId, { environmentId: dev }, 1)).rejects.toMatchObject({ code: 'record.missing' })
  await changeRecord(admin, herd, herdId, { environmentId: dev }, 1)
  await changeRecord(admin, server, serverId, { environmentId: dev }, 1)
  expect((await getRecord(admin, server, serverId)).environmentId).toBe(dev)
})
