import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { type Actor, systemActor } from '@/lib/kernel/access/access'
import { blueprint } from '@/lib/resources/blueprint'
import { fleetFacts } from '../fleet/front-page'
import { launches } from '../fleet/launches'
import { writeProbes } from '../fleet/observations'
import { forget } from '../pg/cached'
import { getPool } from '../pg/client'
import { inPgTransaction } from '../pg/transaction'
import { getRecord } from '../records/records'
import { changeRecord } from '../records/save'
import { beginExpiry, claimExpired, nameExpiryRun, refuseExpiry } from './expiry'

let database: TestDatabase
const ids: Record<string, string> = {}
const query = async (text: string, values: unknown[] = []) => (await getPool().query(text, values)).rows
const person = (role: 'operator' | 'dba'): Actor => ({
  kind: 'person',
  personId: ids.ada!,
  name: 'ada',
  grants: [{ role, environmentId: null }],
})

beforeAll(async () => {
  database = await startDatabase()
  const add = async (name: string, text: string, values: unknown[] = []) => {
    ids[name] = (await query(`${text} returning id`, values))[0].id
  }
  await add('dev', `insert into environments (name) values ('dev')`)
  await add('ada', `insert into people (user_name) values ('ada')`)
  await add('server', `insert into servers (environment_id, hostname, address, state) values ($1, 'shop-1', '10.0.0.1', 'unreachable')`, [
    ids.dev,
  ])
  await add('herd', `insert into herds (environment_id, name, base_name, port, data_directory) values ($1, 'shop', 'shop', 5432, '/d')`, [
    ids.dev,
  ])
  await add('member', `insert into instances (herd_id, server_id, role) values ($1, $2, 'primary')`, [ids.herd, ids.server])
  await add('blueprint', `insert into blueprints (environment_id, name, regions, herd_id) values ($1, 'shop', '{us-east-1}', $2)`, [
    ids.dev,
    ids.herd,
  ])
}, 120_000)
afterAll(() => database.stop())

const expireAt = (when: string) =>
  query(
    `update blueprints set expires_at = clock_timestamp() + $1::interval, is_protected = false, expiry_person_id = $2, expiry_next_at = null, expiry_run_id = null,
      expiry_because = null`,
    [when, ids.ada],
  )
beforeEach(() => expireAt('-1 min'))

test('a launched herd whose time is over is torn down by one worker, and again only once the run that does so has ended', async () => {
  const claimed = (await Promise.all([claimExpired(), claimExpired(), claimExpired()])).flat()
  expect(claimed.map(({ name, personId }) => [name, personId])).toEqual([['shop', ids.ada]])
  const [run] = await query(
    `insert into runs (operation, resource, title, state, actor_name, policy, digest) values ('tear-down', 'blueprint', '', 'attention', 'ada', '{}', '') returning id`,
  )
  await inPgTransaction(async (client) => {
    expect(await beginExpiry(client, claimed[0]!)).toBe(true)
    await nameExpiryRun(client, claimed[0]!, run.id)
  })
  await query('update blueprints set expiry_next_at = null')
  expect(await claimExpired()).toEqual([])
  await query(`update runs set state = 'cancelled'`)
  expect(await claimExpired()).toHaveLength(1)
})

test('one that was prolonged or protected meanwhile stands, also while a worker is about to begin', async () => {
  const [claimed] = await claimExpired()
  await query('update blueprints set is_protected = true')
  expect(await inPgTransaction((client) => beginExpiry(client, claimed!))).toBe(false)
  await query('update blueprints set expiry_next_at = null')
  expect(await claimExpired()).toEqual([])
  await expireAt('1 hour')
  expect(await claimExpired()).toEqual([])
  await refuseExpiry(claimed!, 'AWS did not answer.')
  expect(await query('select expiry_because from blueprints')).toEqual([{ expiry_because: null }])
})

test('an expiry is set by somebody who may tear the herd down, to a time to come, and is announced days before', async () => {
  const { revision } = await getRecord(person('dba'), blueprint, ids.blueprint!)
  const set = (role: 'operator' | 'dba', expiresAt: string) =>
    changeRecord(person(role), blueprint, ids.blueprint!, { expiresAt }, revision)
  await expect(set('dba', '2020-01-01T00:00:00.000Z')).rejects.toMatchObject({ facts: { fields: [{ path: 'expiresAt' }] } })
  await expect(set('operator', new Date(Date.now() + 86_400_000).toISOString())).rejects.toThrow()
  await query(`update blueprints set expiry_because = 'AWS did not answer.'`)
  await set('dba', new Date(Date.now() + 86_400_000).toISOString())
  expect(await query('select expiry_person_id, expiry_because from blueprints')).toEqual([
    { expiry_person_id: ids.ada, expiry_because: null },
  ])
  forget(null)
  expect((await fleetFacts(systemActor)).expiring).toMatchObject([{ kind: 'blueprint', id: ids.blueprint, name: 'shop' }])
})

test('a herd that was stopped on purpose is stopped and no trouble, until it is resumed', async () => {
  const miss = () =>
    writeProbes([
      {
        instanceId: ids.member!,
        probe: {
          state: 'unreachable',
          because: 'No answer.',
          observedAt: new Date().toISOString(),
          hostFault: { code: 'shell.unreachable' } as never,
        },
        source: 'observer',
      },
    ])
  const seen = async () => {
    forget(null)
    const facts = await fleetFacts(systemActor)
    const [row] = await query('select h.state as herd, i.state as member from herd_list h join instances i on i.herd_id = h.id')
    return { ...row, isStopped: facts.herds[0]!.isStopped, troubles: [...facts.instances, ...facts.servers].map(({ trouble }) => trouble) }
  }
  await miss()
  expect(await seen()).toEqual({ herd: 'no-primary', member: 'unreachable', isStopped: false, troubles: ['unreachable'] })
  await launches.noteRest({ blueprintId: ids.blueprint!, isStopped: true }, { timeoutMs: 5_000 })
  await miss()
  expect(await seen()).toEqual({ herd: 'stopped', member: 'stopped', isStopped: true, troubles: [] })
  await launches.noteRest({ blueprintId: ids.blueprint!, isStopped: false }, { timeoutMs: 5_000 })
  await miss()
  expect(await seen()).toEqual({ herd: 'no-primary', member: 'unreachable', isStopped: false, troubles: ['unreachable'] })
})
