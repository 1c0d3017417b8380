import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { getPool } from '@/db/pg/client'
import { eventsOf, type MessengerBench, openMessenger } from '@/e2e/harness/messenger'
import { troubleOf } from '@/lib/domain/notifications/incident.fixture'
import type { Trouble } from '@/lib/domain/notifications/trouble'
import { watchTroubles } from './watch'

let bench: MessengerBench
beforeAll(async () => {
  bench = await openMessenger()
})
beforeEach(() => bench.clear())
afterAll(() => bench?.stop())

const inProd = (over: Partial<Trouble> = {}): Trouble => troubleOf({ environmentIds: [bench.prod], ...over })
const states = async () => (await bench.deliveries()).map(({ event, state }) => [event, state])

test('a trouble is told once when it begins and once when it ends, under one identity', async () => {
  await bench.subscribe()
  for (const _ of [1, 2, 3]) await bench.look([inProd()])
  await bench.later()
  await bench.send()
  await bench.look([])
  await bench.look([])
  await bench.later()
  await bench.send()
  expect(eventsOf(bench.receiver.received)).toEqual([
    ['begin', 'shop'],
    ['end', 'shop'],
  ])
  const identities = bench.receiver.received.map(({ body }) => JSON.parse(body).troubles[0].id)
  expect(identities[0]).toBe(identities[1])
  expect(JSON.parse(bench.receiver.received[0]!.body).troubles[0]).toMatchObject({
    environments: ['prod'],
    url: 'https://console.example.org/herds/shop',
    remedy: { label: 'Fail over…' },
  })
})

test('a trouble and its messages are written in one transaction: neither is there without the other', async () => {
  await bench.subscribe()
  await getPool().query(`create function no_room() returns trigger language plpgsql as $$ begin raise exception 'no room'; end $$`)
  await getPool().query('create trigger no_room before insert on deliveries for each row execute function no_room()')
  try {
    await expect(bench.look([inProd()])).rejects.toThrow('no room')
    expect((await getPool().query('select 1 from incidents')).rowCount).toBe(0)
  } finally {
    await getPool().query('drop trigger no_room on deliveries')
    await getPool().query('drop function no_room')
  }
  await bench.look([inProd()])
  expect(await states()).toEqual([['begin', 'waiting']])
})

test('one that is over before its time is never told, and neither is one that is acknowledged before', async () => {
  await bench.subscribe()
  await bench.look([inProd(), inProd({ key: 'taken' })])
  await bench.send()
  await bench.look([inProd({ key: 'taken' })], [{ kind: 'no-primary', key: 'taken', environmentId: bench.prod }])
  await bench.later()
  await bench.send()
  expect(bench.receiver.received).toEqual([])
  expect(await states()).toEqual([
    ['begin', 'folded'],
    ['begin', 'folded'],
  ])
})

test('one that was acknowledged is told when nobody has taken it on any more', async () => {
  await bench.subscribe()
  await bench.look([inProd()], [{ kind: 'no-primary', key: 'shop', environmentId: bench.prod }])
  await bench.look([inProd()], [{ kind: 'no-primary', key: 'shop', environmentId: bench.prod }])
  expect(await states()).toEqual([['begin', 'folded']])
  await bench.look([inProd()])
  await bench.later()
  await bench.send()
  expect(eventsOf(bench.receiver.received)).toEqual([['begin', 'shop']])
})

test('one that comes and goes is one message until it has stayed away', async () => {
  await bench.subscribe()
  await bench.look([inProd()])
  await bench.later()
  await bench.send()
  for (const _ of [1, 2, 3, 4, 5]) {
    await bench.look([])
    await bench.send()
    await bench.look([inProd()])
    await bench.send()
  }
  expect(eventsOf(bench.receiver.received)).toEqual([['begin', 'shop']])
  await bench.look([])
  await bench.later()
  await bench.send()
  expect(eventsOf(bench.receiver.received)).toEqual([
    ['begin', 'shop'],
    ['end', 'shop'],
  ])
  expect(JSON.parse(bench.receiver.received[1]!.body).troubles[0].returns).toBe(5)
  expect((await getPool().query('select 1 from incidents')).rowCount).toBe(1)
})

test('one that never lasts long enough to be told is told at its third return', async () => {
  await bench.subscribe()
  for (const _ of [1, 2, 3]) {
    await bench.look([inProd()])
    await bench.look([])
  }
  await bench.send()
  expect(bench.receiver.received).toEqual([])
  await bench.look([inProd()])
  await bench.send()
  expect(eventsOf(bench.receiver.received)).toEqual([['begin', 'shop']])
})

test('a subscription hears of its own environment, severities and kinds; of two environments only who listens to all', async () => {
  const names = new Map<string, string>()
  const subscribe = async (name: string, over: Record<string, unknown>) => names.set(await bench.subscribe({ name, ...over }), name)
  await subscribe('prod', {})
  await subscribe('dev', { environmentId: bench.dev })
  await subscribe('all', { environmentId: null })
  await subscribe('approvals', { tellsProblems: false, tellsAttention: false, tellsCertificates: false, tellsScheduled: false })
  await subscribe('errors', { leastSeverity: 'error' })
  await subscribe('paused', { isPaused: true })
  await bench.look([
    inProd({ key: 'a', label: 'a', severity: 2 }),
    inProd({ key: 'b', label: 'b', kind: 'approval', severity: 2 }),
    inProd({ key: 'c', label: 'c', environmentIds: [bench.prod, bench.dev] }),
  ])
  const { rows } = await getPool().query(
    `select s.name, d.title from deliveries d join subscriptions s on s.id = d.subscription_id order by 1, 2`,
  )
  expect(rows.map(({ name, title }) => `${name} ${title.slice(-1)}`)).toEqual([
    'all a',
    'all b',
    'all c',
    'approvals b',
    'prod a',
    'prod b',
  ])
})

test('any number of workers look at once, and one writes', async () => {
  await bench.subscribe()
  await Promise.all([1, 2, 3, 4].map(() => bench.look([inProd()])))
  expect(await states()).toEqual([['begin', 'waiting']])
})

const seedShop = async () => {
  const id = async (text: string, values: unknown[]) => (await getPool().query(`${text} returning id`, values)).rows[0].id as string
  const herd = await id(
    `insert into herds (environment_id, name, base_name, port, data_directory) values ($1, 'shop', 'shop', 5432, '/data')`,
    [bench.prod],
  )
  const servers: string[] = []
  for (const host of ['p1', 'p2'])
    servers.push(
      await id(`insert into servers (environment_id, hostname, address, state) values ($1, $2, $2, 'reachable')`, [bench.prod, host]),
    )
  for (const [at, server] of servers.entries())
    await getPool().query(
      `insert into instances (herd_id, server_id, state, role, observed_at, system_identifier, timeline, sync_state, upstream_host)
       values ($1, $2, 'online', $3, now(), '7', 1, $4, $5)`,
      [herd, server, at === 0 ? 'primary' : 'standby', at === 0 ? null : 'async', at === 0 ? null : 'p1'],
    )
  return { herd, servers }
}

test('a host that is lost is told as that host, and not as everything on it', async () => {
  await bench.subscribe({ leastSeverity: 'info' })
  const { servers } = await seedShop()
  await watchTroubles()
  expect(await bench.deliveries()).toEqual([])
  // The observer may see the instance before it has given up its host.
  await getPool().query(`update instances set state = 'unreachable', state_since = now() where server_id = $1`, [servers[1]])
  await watchTroubles()
  await getPool().query(`update servers set state = 'unreachable', state_since = now() where id = $1`, [servers[1]])
  await watchTroubles()
  await bench.later()
  await bench.send()
  expect(eventsOf(bench.receiver.received)).toEqual([['begin', 'p2']])
  expect(JSON.parse(bench.receiver.received[0]!.body).troubles[0].detail).toContain('shop on p2')
  await getPool().query(`update instances set state = 'online', observed_at = now()`)
  await getPool().query(`update servers set state = 'reachable'`)
  await watchTroubles()
  await bench.later()
  await bench.send()
  expect(eventsOf(bench.receiver.received)).toEqual([
    ['begin', 'p2'],
    ['end', 'p2'],
  ])
})

test('every trouble is told however many there are, each by its own name', async () => {
  await bench.subscribe()
  await getPool().query(
    `insert into servers (environment_id, hostname, address, state, state_since) select $1, 'gone-' || n, 'gone-' || n, 'unreachable', now() from generate_series(1, 40) n`,
    [bench.prod],
  )
  await watchTroubles()
  expect(await bench.deliveries()).toHaveLength(40)
  await getPool().query(`delete from servers where hostname like 'gone-%'`)
})

test('a job that needs a decision, a move that is not proven and a skipped schedule are told without what they did', async () => {
  await bench.subscribe()
  const secret = `select 'the-secret'`
  const runId = (
    await getPool().query(
      `insert into runs (operation, resource, title, state, actor_name, policy, digest, environment_ids) values ('run-sql', 'instance', 'Run SQL', 'attention', 'dana', '{}', 'd', array[$1::uuid]) returning id`,
      [bench.prod],
    )
  ).rows[0].id
  await getPool().query(
    `insert into jobs (run_id, operation, resource, target_id, title, state, because, environment_id, digest, started_at)
     values ($1, 'run-sql', 'instance', gen_random_uuid(), 'shop on p1', 'attention', $2, $3, 'd', now())`,
    [runId, `syntax error in ${secret}`, bench.prod],
  )
  await getPool().query(
    `insert into certificates (id, run_id, environment_id, title, operation, verdict, because, key_id, issued_at, document)
     values (gen_random_uuid(), $1, $2, 'shop', 'failover', 'lost', 'At least 3 MB of WAL.', 'k', now(), '{}'),
       (gen_random_uuid(), $1, $2, 'other', 'failover', 'proven', 'All.', 'k', now(), '{}')`,
    [runId, bench.prod],
  )
  await watchTroubles()
  await bench.later()
  await bench.send()
  const bodies = bench.receiver.received.map(({ body }) => body).join('\n')
  expect(bodies).not.toContain('the-secret')
  expect(bench.receiver.received.map(({ body }) => JSON.parse(body).summary).sort()).toEqual([
    '[critical] prod: A failover lost commits: shop',
    '[critical] prod: A job needs a decision: run-sql shop on p1',
  ])
  expect(bodies).toContain(`https://console.example.org/runs/${runId}`)
})
