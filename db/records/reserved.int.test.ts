import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { systemActor } from '@/lib/kernel/access/access'
import { defaultPolicy } from '@/lib/kernel/operation/plan'
import type { Resource } from '@/lib/kernel/resource/resource'
import { resourceByName } from '@/lib/resources'
import { getPool } from '../pg/client'
import { addRecord, changeRecord, deleteRecord, getRecord, previewDelete } from './records'

const named = (name: string): Resource => resourceByName(name)!
const [environment, server, herd, instance, pooler] = ['environment', 'server', 'herd', 'instance', 'pooler'].map(named) as [
  Resource,
  Resource,
  Resource,
  Resource,
  Resource,
]
const ada = { ...systemActor, kind: 'person' as const, name: 'ada' }

let database: TestDatabase
let prod: string
beforeAll(async () => {
  database = await startDatabase()
  prod = (await addRecord(ada, environment, { name: 'prod', colour: 'red', protection: 'confirm' })).id
})
afterAll(() => database?.stop())

let counter = 0
const newServer = async () =>
  (await addRecord(ada, server, { hostname: `host-${++counter}`, environmentId: prod, address: `10.0.0.${counter}` })).id
const newMember = async (herdId: string, state: string) => {
  const { id } = await addRecord(ada, instance, { herdId, serverId: await newServer() })
  await getPool().query('update instances set state = $2 where id = $1', [id, state])
  return id
}
const newHerd = async () =>
  (
    await addRecord(ada, herd, {
      ...{ name: `herd-${++counter}`, environmentId: prod, baseName: `base${counter}`, port: '5432', dataDirectory: '/data' },
    })
  ).id

/** An open job that has the herd for itself. */
const reserve = async (herdId: string, state: 'waiting' | 'running' | 'attention', isDriven = false): Promise<string> => {
  const run = await getPool().query<{ id: string }>(
    `insert into runs (operation, resource, title, actor_name, policy, digest, jobs) values ('switchover', 'dr-pair', 'A run', 'anna', $1, 'd', 1) returning id`,
    [JSON.stringify(defaultPolicy)],
  )
  const job = await getPool().query<{ id: string }>(
    `insert into jobs (run_id, operation, resource, target_id, title, digest, locks, state, started_at)
     values ($1, 'switchover', 'dr-pair', $2::uuid, 'orders', 'd', array['herd:' || $2::text], $3, clock_timestamp()) returning id`,
    [run.rows[0]!.id, herdId, state],
  )
  if (isDriven)
    await getPool().query(
      `insert into leases (name, token, holder, reason, job_id, acquired_at, expires_at)
       values ('job:' || $1::text, gen_random_uuid(), 'test:1', 'driving', $1::uuid, clock_timestamp(), clock_timestamp() + interval '1 minute')`,
      [job.rows[0]!.id],
    )
  return job.rows[0]!.id
}
const end = (jobId: string) => getPool().query(`update jobs set state = 'done' where id = $1`, [jobId])
const whyNot = async (resource: Resource, id: string) => (await previewDelete(ada, resource, id)).blockers.join(' ')

test('a member is not deleted while a job has its herd for itself, driven or not, seen or not: the refusal names the job and what ends it; once it has ended the member goes', async () => {
  const herdId = await newHerd()
  const id = await newMember(herdId, 'unreachable')
  const driven = await reserve(herdId, 'running', true)
  expect(await whyNot(instance, id)).toBe('Its herd is reserved by switchover of orders (anna), which is at work: wait until it has ended.')
  await expect(deleteRecord(ada, instance, id)).rejects.toMatchObject({ code: 'record.in-use' })
  await end(driven)
  const left = await reserve(herdId, 'running')
  expect(await whyNot(instance, id)).toBe(
    'Its herd is reserved by switchover of orders (anna), which no worker drives just now: it is taken up again.',
  )
  await end(left)
  await deleteRecord(ada, instance, id)
  await expect(getRecord(ada, instance, id)).rejects.toMatchObject({ code: 'record.missing' })
})

test('while the job asks a person, only a member that cannot be seen may be deleted, as its question says; of any other one the refusal says what abandoning means', async () => {
  const herdId = await newHerd()
  const [seen, gone] = [await newMember(herdId, 'stopped'), await newMember(herdId, 'unreachable')]
  await reserve(herdId, 'attention')
  expect(await whyNot(instance, seen)).toBe(
    'Its herd is reserved by switchover of orders (anna), which needs attention: resume that job first, or abandon it, which frees the herd and leaves what it has done as it is. Until then only a member that cannot be seen may be deleted.',
  )
  await expect(deleteRecord(ada, instance, seen)).rejects.toMatchObject({ code: 'record.in-use' })
  await deleteRecord(ada, instance, gone)
})

test('nor is a member moved to another herd, server, port or directory meanwhile, where the job would not look for it; its note may be changed', async () => {
  const herdId = await newHerd()
  const id = await newMember(herdId, 'online')
  await reserve(herdId, 'attention')
  const message = expect.stringContaining('Its herd is reserved by switchover of orders (anna)')
  for (const [path, value] of [
    ['herdId', await newHerd()],
    ['serverId', await newServer()],
    ['portOverride', '5433'],
    ['dataDirectoryOverride', '/other'],
  ] as const)
    await expect(changeRecord(ada, instance, id, { [path]: value }, 1)).rejects.toMatchObject({
      code: 'input.invalid',
      facts: { fields: [{ path, message }] },
    })
  await changeRecord(ada, instance, id, { note: 'slow disk' }, 1)
})

test('a pooler is not deleted while a job has one of its herds for itself; members and poolers of other herds go, and a job that waits for its turn holds nothing', async () => {
  const [busy, other] = [await newHerd(), await newHerd()]
  const { id } = await addRecord(ada, pooler, { herdId: busy, serverId: await newServer() })
  const waiting = await reserve(busy, 'waiting')
  expect(await whyNot(pooler, id)).toBe('')
  await end(waiting)
  await reserve(busy, 'running')
  expect(await whyNot(pooler, id)).toContain('A herd that it serves is reserved by switchover of orders (anna)')
  expect(await whyNot(instance, await newMember(other, 'online'))).toBe('')
})
