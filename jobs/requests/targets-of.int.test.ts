import { afterAll, beforeAll, expect, test } from 'vitest'
import { getPool } from '@/db/pg/client'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { type Actor, systemActor } from '@/lib/kernel/access/access'
import { targetsOf } from './targets-of'

let database: TestDatabase
const ids: Record<string, string> = {}
const add = async (key: string, text: string, values: unknown[]) => {
  ids[key] = (await getPool().query(`${text} returning id`, values)).rows[0].id
}

/** In prod the herd shop with two members and solo with one; in dev the herd play with one. */
beforeAll(async () => {
  database = await startDatabase()
  for (const name of ['prod', 'dev']) {
    await add(name, 'insert into environments (name) values ($1)', [name])
    for (const host of ['1', '2'])
      await add(`${name}${host}`, 'insert into servers (environment_id, hostname, address) values ($1, $2, $2)', [
        ids[name],
        `${name}${host}`,
      ])
  }
  for (const [herd, environment, members] of [
    ['shop', 'prod', ['prod1', 'prod2']],
    ['solo', 'prod', ['prod1']],
    ['play', 'dev', ['dev1']],
    ['bare', 'dev', []],
  ] as const) {
    await add(herd, `insert into herds (environment_id, name, base_name, data_directory) values ($1, $2, $2, '/data')`, [
      ids[environment],
      herd,
    ])
    for (const host of members)
      await add(`${herd} on ${host}`, 'insert into instances (herd_id, server_id) values ($1, $2)', [ids[herd], ids[host]])
  }
}, 120_000)
afterAll(() => database.stop())

const said = async (work: Promise<unknown>) =>
  work.then(
    () => [],
    (error) => error.facts?.fields?.map(({ message }: { message: string }) => message) ?? [String(error)],
  )
const of = (operation: string, ...herds: string[]) =>
  targetsOf(
    systemActor,
    operation,
    'herd',
    herds.map((name) => ids[name]!),
  )

test('a restart of herds runs on all their members, a failover on their pairs', async () => {
  expect((await of('restart', 'shop', 'play')).sort()).toEqual([ids['shop on prod1'], ids['shop on prod2'], ids['play on dev1']].sort())
  expect(await of('failover', 'shop')).toEqual([ids.shop])
})

test('a herd that has nothing to run it on is named, and not left out without a word', async () => {
  expect(await said(of('restart', 'shop', 'bare'))).toEqual(['bare has no instance: leave it out.'])
  expect(await said(of('failover', 'shop', 'solo'))).toEqual(['solo has no DR pair: leave it out.'])
})

test('an operation that is not offered for herds is refused', async () => {
  expect(await said(of('demote', 'shop'))).toEqual(['demote is not offered for herds.'])
})

test('members that the actor may not see are no targets', async () => {
  const dba: Actor = { kind: 'person', personId: null, name: 'd', grants: [{ role: 'dba', environmentId: ids.dev! }] }
  expect(await said(targetsOf(dba, 'restart', 'herd', [ids.shop!]))).toEqual([`${ids.shop} has no instance: leave it out.`])
})

test('a resize of machines runs on what is on their servers, and one without a server or an instance is named', async () => {
  await add('account', 'insert into cloud_accounts (environment_id, name) values ($1, $2)', [ids.prod, 'aws'])
  for (const [machine, server] of [
    ['i-1', 'prod2'],
    ['i-2', null],
  ] as const)
    await add(
      machine,
      `insert into machines (account_id, environment_id, title, instance_id, region, zone, type, family, state, server_id)
        values ($1, $2, $3, $3, 'eu-central-1', 'eu-central-1a', 'm5.large', 'm5', 'running', $4)`,
      [ids.account, ids.prod, machine, server && ids[server]],
    )
  const ofMachines = (...names: string[]) =>
    targetsOf(
      systemActor,
      'resize',
      'machine',
      names.map((name) => ids[name]!),
    )
  expect(await ofMachines('i-1')).toEqual([ids['shop on prod2']])
  expect(await said(ofMachines('i-1', 'i-2'))).toEqual(['i-2 has no instance: leave it out.'])
  expect(await said(ofMachines('i-2'))).toEqual(['i-2 has no instance: leave it out.'])
})
