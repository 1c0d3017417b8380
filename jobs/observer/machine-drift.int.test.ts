import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ignoreMachines, recordMachine, tieMachine, waitingMachines } from '@/db/discovery/machines'
import { makeCloudAccountSource } from '@/db/fleet/machines'
import { getPool } from '@/db/pg/client'
import { addRecord, getRecord, listRecords } from '@/db/records/records'
import { publishSealingKey } from '@/db/records/sealing-key'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { makeMachines } from '@/lib/adapters/aws'
import { makeRds } from '@/lib/adapters/aws/rds'
import { makeVault } from '@/lib/adapters/vault'
import { systemActor } from '@/lib/kernel/access/access'
import { emptyQuery } from '@/lib/kernel/resource/query'
import { type RunningCloud, startCloud } from '@/lib/playground/cloud'
import { resourceByName } from '@/lib/resources'
import { observeMachines } from './observe-machines'

const admin = { ...systemActor, kind: 'person' as const, name: 'ada' }
const vault = makeVault(randomBytes(32).toString('base64'))
const machines = makeMachines()
const rds = makeRds()
let database: TestDatabase
let aws: RunningCloud
let prod: string
let account: string

beforeAll(async () => {
  ;[database, aws] = await Promise.all([startDatabase(), startCloud({ settleMs: 0, consistencyMs: 0 })])
  await publishSealingKey(vault.publicKey)
  prod = await add('environment', { name: 'prod', colour: 'red', protection: 'confirm' })
  account = await add('cloud-account', {
    ...{ name: 'twin', environmentId: prod, regions: ['us-east-1'], endpoint: aws.endpoint },
    ...{ accessKeyId: aws.user.accessKeyId, accessSecret: aws.user.secretAccessKey, herdTemplate: '{cluster}' },
  })
})
afterAll(async () => {
  machines.close()
  rds.close()
  await Promise.all([database?.stop(), aws?.stop()])
})

const add = async (resource: string, values: object) => (await addRecord(admin, resourceByName(resource)!, values)).id
const sweep = () => observeMachines({ machines, rds, accountOf: makeCloudAccountSource(vault) }, new AbortController().signal)
const machineCalled = async (title: string): Promise<Record<string, unknown> & { id: string }> => {
  const { rows } = await getPool().query<{ id: string }>('select id from machines where account_id = $1 and title = $2', [account, title])
  const { values } = await getRecord(admin, resourceByName('machine')!, rows[0]!.id)
  return { ...(values as Record<string, unknown>), id: rows[0]!.id }
}
const audited = async () => (await getPool().query<{ act: string }>('select act from audit order by seq desc limit 1')).rows[0]!.act
const boot = (Name: string, privateIp: string, more: object = {}) =>
  aws.cloud.state.add('us-east-1', { privateIp, type: 'r5.large', tags: { Name, Cluster: 'shop' }, ...more })
/** A run that asked for one type, and got another that stood in for it. */
const works = async (operation: string, serverId: string, input: object, sent: string) => {
  const { rows } = await getPool().query<{ id: string }>(
    `insert into runs (operation, resource, title, actor_name, input, policy, digest) values ($1, 'instance', 'Resize db2', 'ada', $2, '{}', 'd') returning id`,
    [operation, JSON.stringify(input)],
  )
  await getPool().query(
    `with job as (insert into jobs (run_id, operation, resource, target_id, title, environment_id, server_id, digest, state, started_at, finished_at)
       values ($1, $2, 'instance', gen_random_uuid(), 'db2', $3, $4, 'd', 'done', now(), now()) returning id, run_id)
     insert into journal (job_id, run_id, seq, kind, step, data) select id, run_id, 1, 'note', 'resize', $5 from job`,
    [rows[0]!.id, operation, prod, serverId, JSON.stringify({ stream: 'command', text: sent })],
  )
}

test('what somebody changes in the cloud is a difference until a person takes it over; what a run of the console changed is none', async () => {
  await add('server', { hostname: 'db1', environmentId: prod, address: '10.4.0.1' })
  const second = await add('server', { hostname: 'db2', environmentId: prod, address: '10.4.0.2' })
  const [one, two] = [boot('db1', '10.4.0.1'), boot('db2', '10.4.0.2')]
  await sweep()
  expect(await machineCalled('db1')).toMatchObject({ tie: 'tied', drift: 'none', recordedBy: 'the sweep that tied it' })
  for (const [machine, type] of [
    [one, 'r5.xlarge'],
    [two, 'r5.2xlarge'],
  ] as const) {
    machine.type = type
    aws.cloud.state.remember(machine)
  }
  await works(
    'resize',
    second,
    { type: 'm5.2xlarge' },
    `aws ec2 modify-instance-attribute --instance-id ${two.id} --instance-type r5.2xlarge`,
  )
  await sweep()
  expect(await machineCalled('db2')).toMatchObject({ drift: 'none', type: 'r5.2xlarge', recordedBy: 'Resize db2' })
  const found = await machineCalled('db1')
  const differs = { field: 'type' as const, cloud: ['r5.xlarge'], console: ['r5.large'] }
  expect(found).toMatchObject({ drift: 'drifted', driftFields: ['type'], differences: [differs] })
  const { facets } = await listRecords(admin, resourceByName('machine')!, emptyQuery(), { facets: true })
  expect(JSON.stringify(facets)).toContain('drifted')

  const viewer = { ...admin, grants: [{ role: 'operator' as const, environmentId: prod }] }
  await expect(recordMachine(viewer, found.id, [differs])).rejects.toMatchObject({ code: 'access.denied' })
  const stale = recordMachine(admin, found.id, [{ ...differs, cloud: ['m5.large'] }])
  await expect(stale).rejects.toMatchObject({ code: 'record.conflict' })
  await recordMachine(admin, found.id, [differs])
  expect([(await machineCalled('db1')).drift, (await machineCalled('db1')).recordedBy, await audited()]).toEqual([
    'none',
    'ada',
    'machine.record',
  ])
  await sweep()
  expect((await machineCalled('db1')).drift).toBe('none')

  aws.cloud.state.machines.delete(one.id)
  await sweep()
  expect(await machineCalled('db1')).toMatchObject({ state: 'gone', driftFields: ['gone'] })
  await getPool().query(`update machines set observed_at = now() - interval '2 days' where title = 'db1'`)
  await sweep()
  await recordMachine(admin, found.id, [{ field: 'gone', cloud: ['gone'] }])
  await sweep()
  await expect(machineCalled('db1')).rejects.toThrow()
})

test('an untied machine waits until it is tied by hand or ignored, and a tie by hand outlives sweeps and keeps other machines off its server', async () => {
  const db3 = await add('server', { hostname: 'db3', environmentId: prod, address: 'db3.example.com' })
  const elsewhere = await add('environment', { name: 'dev', colour: 'green', protection: 'open' })
  const foreign = await add('server', { hostname: 'db4', environmentId: elsewhere, address: '10.4.0.4' })
  boot('db3', '10.4.0.3')
  boot('db4', '10.4.0.4')
  boot('web', '10.4.0.9')
  await sweep()
  const waiting = async () => (await waitingMachines(admin)).machines.map(({ title }) => title)
  expect(await waiting()).toEqual(['db3', 'db4', 'web'])
  const nobody = { ...admin, grants: [{ role: 'admin' as const, environmentId: elsewhere }] }
  expect(await waitingMachines(nobody)).toEqual({ machines: [], total: 0 })
  const [third, fourth, web] = [await machineCalled('db3'), await machineCalled('db4'), await machineCalled('web')]
  expect(third.driftFields).toEqual(['appeared'])
  await expect(tieMachine(nobody, third.id, db3)).rejects.toMatchObject({ code: 'record.missing' })
  await expect(tieMachine(admin, fourth.id, foreign)).rejects.toMatchObject({ code: 'input.invalid' })
  await tieMachine(admin, third.id, db3)
  expect(await audited()).toBe('machine.tie')
  await expect(tieMachine(admin, fourth.id, db3)).rejects.toMatchObject({ code: 'record.in-use' })
  expect(await ignoreMachines(nobody, [web.id], true)).toEqual([])
  expect(await ignoreMachines(admin, [web.id], true)).toEqual([web.id])
  await sweep()
  expect(await machineCalled('db3')).toMatchObject({ tie: 'tied', serverId: db3, handServerId: db3, drift: 'none' })
  expect([await waiting(), (await machineCalled('web')).drift]).toEqual([['db4'], 'none'])
  await tieMachine(admin, third.id, null)
  expect(await machineCalled('db3')).toMatchObject({ recordedAt: null, driftFields: ['appeared'] })
  await sweep()
  expect([(await machineCalled('db3')).tie, await waiting()]).toEqual(['untied', ['db3', 'db4']])
})
