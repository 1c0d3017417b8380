import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { type Actor, systemActor } from '@/lib/kernel/access/access'
import { resourceByName } from '@/lib/resources'
import { keepRegion, keepSweep } from '../fleet/machines'
import { getPool } from '../pg/client'
import { addRecord } from '../records/records'
import { ledgerMonths, readLedger } from './ledger'

let database: TestDatabase
let ids: { environment: string; herd: string; account: string; member: string; rule: string }
const admin: Actor = { ...systemActor, kind: 'person' }
const insert = async (text: string, ...values: unknown[]): Promise<string> =>
  (await getPool().query(`${text} returning id`, values)).rows[0].id

beforeAll(async () => {
  database = await startDatabase()
  const add = async (resource: string, values: object) => (await addRecord(admin, resourceByName(resource)!, values)).id
  const environment = await add('environment', { name: 'prod', colour: 'red', protection: 'confirm' })
  const account = await insert(`insert into cloud_accounts (environment_id, name, regions) values ($1, 'aws', '{us-east-1}')`, environment)
  const server = await add('server', { hostname: 'db2', environmentId: environment, address: '10.0.0.2' })
  const herd = await add('herd', { name: 'shop', environmentId: environment, baseName: 'shop', port: 5432, dataDirectory: '/d' })
  const member = await add('instance', { herdId: herd, serverId: server })
  const rule = await insert(
    `insert into sizing_rules (herd_id, name, action, type, fallbacks, schedules) values ($1, 'shrink', 'down', 'm5.large', 'm5a.large', '22:00')`,
    herd,
  )
  ids = { environment, herd, account, member, rule }
})
afterAll(() => database?.stop())

const sweep = async (at: string, type: string | null, state = 'running') => {
  const account = { settings: { id: ids.account }, herdTemplate: '' } as unknown as Parameters<typeof keepRegion>[0]
  const machine = {
    ...{ instanceId: 'i-1', tags: { Name: 'db2' }, zone: 'us-east-1a', state, market: 'on-demand', architecture: 'x86_64' },
    ...{ privateAddress: '10.0.0.2', publicAddress: null, addresses: ['10.0.0.2'], volumes: [], launchedAt: null },
  }
  await keepRegion(account, 'us-east-1', (type === null ? [] : [{ ...machine, type }]) as never, new Date(at))
  await keepSweep(ids.account, { state: 'reachable', because: null, awsAccount: null })
}

/** A look every ten minutes, its ends included. */
const watched = async (from: string, to: string, type: string, state?: string) => {
  for (let at = Date.parse(from); at <= Date.parse(to); at += 600_000) await sweep(new Date(at).toISOString(), type, state)
}

/** As a decision of the rule and its job left it. */
const noteResize = async (from: string, to: string, begun: string, ended: string) => {
  const run = await insert(
    `insert into runs (operation, resource, title, plan_id, digest, input, policy, actor_name, state)
      values ('resize', 'instance', 'Resize', gen_random_uuid(), '', '{}', '{}', 'anna', 'done')`,
  )
  await insert(
    `insert into jobs (run_id, operation, resource, target_id, title, herd_id, environment_id, state, digest, created_at, started_at, finished_at)
      values ($1, 'resize', 'instance', $2, '', $3, $4, 'done', '', $5, $5, $6)`,
    ...[run, ids.member, ids.herd, ids.environment, begun, ended],
  )
  await insert(
    `insert into sizing_decisions (rule_id, herd_id, environment_id, title, occurrence, rule_revision, state, members, run_id)
      values ($1, $2, $3, 'shrink', $4, 1, 'submitted', $5, $6)`,
    ...[ids.rule, ids.herd, ids.environment, begun, JSON.stringify([{ id: ids.member, title: 'shop on db2', from, to, runId: run }]), run],
  )
}

const priced = (usd: number, readAt: string) =>
  getPool().query(
    `insert into price_lists (account_id, region, kind, source, as_of, content, read_at, tried_at)
      values ($1, 'us-east-1', 'on-demand', 'list', $2, $3, $2, $2)
      on conflict (account_id, region, kind) do update set as_of = excluded.as_of, read_at = excluded.read_at, content = excluded.content`,
    [ids.account, readAt, JSON.stringify({ 'm5.large': usd, 'm5.xlarge': 2 * usd })],
  )

test('a month adds up from what sweeps saw: a shrunken night is saved, a gap is unknown, a stopped hour costs nothing, and each hour has its price', async () => {
  const at = (time: string) => `2026-10-05T${time}:00Z`
  await priced(0.1, '2026-10-01T00:00:00Z')
  await watched(at('00:00'), at('02:00'), 'm5.xlarge')
  await noteResize('m5.xlarge', 'm5.large', at('02:01'), at('02:09'))
  await watched(at('02:10'), at('08:10'), 'm5.large')
  // Nobody looks for two hours.
  await watched(at('10:10'), at('11:10'), 'm5.large', 'stopped')
  await priced(0.2, at('11:10'))
  await noteResize('m5.large', 'm5.xlarge', at('11:11'), at('11:19'))
  await watched(at('11:20'), at('12:20'), 'm5.xlarge')
  await sweep(at('12:30'), null)

  const october = ledgerMonths('2026-10', '2026-10', new Date('2026-11-24T00:00:00Z'))
  const { lines, days, sources } = await readLedger(admin, { herdId: null, ...october })
  expect(lines).toHaveLength(1)
  const [line] = lines
  expect(line).toMatchObject({ herd: 'shop', month: '2026-10', machine: 'db2', memberId: ids.member, unpricedHours: 0 })
  expect(line!.types.map(({ type, hours }) => [type, Number(hours.toFixed(2))])).toEqual([
    ['m5.xlarge', 3.17],
    ['m5.large', 6],
  ])
  expect(line!.unknownHours).toBeCloseTo(2)
  // 2 h 10 min large and 6 h small at the old prices, an hour large at the new one.
  expect(line!.usd).toBeCloseTo((130 / 60) * 0.2 + 6 * 0.1 + 0.4)
  expect(line!.savedUsd).toBeCloseTo(6 * 0.1)
  expect(days).toEqual([{ day: '2026-10-05', usd: line!.usd, bigUsd: line!.bigUsd, savedUsd: line!.savedUsd }])
  expect(sources).toEqual(['list'])
})

test('who sees another environment alone sees nothing of it, and months are checked', async () => {
  const elsewhere: Actor = { ...admin, grants: [{ role: 'viewer', environmentId: crypto.randomUUID() }] }
  const october = ledgerMonths('2026-10', null, new Date('2026-11-24T00:00:00Z'))
  expect((await readLedger(elsewhere, { herdId: null, ...october })).lines).toEqual([])
  await expect(readLedger(elsewhere, { herdId: ids.herd, ...october })).rejects.toMatchObject({ code: 'record.missing' })
  expect(() => ledgerMonths('2026-13', null, new Date())).toThrow(expect.objectContaining({ code: 'input.invalid' }))
  expect(() => ledgerMonths('2026-10', '2026-09', new Date())).toThrow(expect.objectContaining({ code: 'input.invalid' }))
})

test('the newest hours count up to the last look at a machine, also between two writes of its row', async () => {
  const at = (time: string) => `2026-10-07T${time}:00Z`
  await watched(at('00:00'), at('01:00'), 'm5.xlarge')
  await sweep(at('01:04'), 'm5.xlarge')
  const { lines } = await readLedger(admin, { herdId: ids.herd, from: new Date(at('00:00')), to: new Date(at('02:00')) })
  expect(lines[0]!.hours).toBeCloseTo(64 / 60)
})
