import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import type { FleetFacts } from '@/lib/domain/problems/fleet'
import { GiB } from '@/lib/domain/values/bytes'
import { type Actor, systemActor } from '@/lib/kernel/access/access'
import { isFault } from '@/lib/kernel/ground/errors'
import { forget } from '../../pg/cached'
import { getPool, inTransaction } from '../../pg/client'
import { askForApproval } from '../../runs/approvals'
import { writeAudit } from '../../trail/audit'
import { herdTopology } from '../topology'
import { fleetFacts } from '.'

let database: TestDatabase
const ids: Record<string, string> = {}

const insert = async (key: string, text: string, values: unknown[]) => {
  const { rows } = await getPool().query(`${text} returning id`, values)
  ids[key] = rows[0].id
}

/** state, role, and any other column in SQL. */
const addInstance = async (herd: string, server: string, columns: Record<string, unknown>) => {
  const all = { herd_id: ids[herd], server_id: ids[server], observed_at: new Date(), ...columns }
  const names = Object.keys(all)
  await insert(
    `${herd}/${server}`,
    `insert into instances (${names.join(', ')}) values (${names.map((_, index) => `$${index + 1}`).join(', ')})`,
    Object.values(all),
  )
}

const actor = (environment: string | null, role: 'viewer' | 'admin' = 'viewer'): Actor => ({
  kind: 'person',
  personId: null,
  name: 'vera',
  grants: [{ role, environmentId: environment === null ? null : ids[environment]! }],
})

beforeAll(async () => {
  database = await startDatabase()
  for (const [name, position] of [
    ['dev', 0],
    ['prod', 1],
  ] as const)
    await insert(name, 'insert into environments (name, position) values ($1, $2)', [name, position])
  for (const [host, environment] of [
    ['d1', 'dev'],
    ['p1', 'prod'],
    ['p2', 'prod'],
    ['p3', 'prod'],
  ] as const)
    await insert(host, "insert into servers (environment_id, hostname, address, state) values ($1, $2, $2, 'reachable')", [
      ids[environment],
      host,
    ])
  for (const [index, herd] of ['shop', 'torn', 'headless', 'mixed'].entries())
    await insert(herd, 'insert into herds (environment_id, name, base_name, port, data_directory) values ($1, $2, $2, $3, $4)', [
      ids[herd === 'shop' ? 'dev' : 'prod'],
      herd,
      5432 + index,
      '/data',
    ])
  const primary = { state: 'online', role: 'primary', system_identifier: '7001', timeline: 1 }
  const standby = { state: 'online', role: 'standby', system_identifier: '7001', upstream_host: 'x', sync_state: 'async', timeline: 1 }
  await addInstance('shop', 'd1', primary)
  await addInstance('torn', 'p1', primary)
  await addInstance('torn', 'p2', { ...primary, has_pending_restart: true })
  await addInstance('headless', 'p1', { state: 'stopped', role: 'primary' })
  await addInstance('headless', 'p2', { ...standby, lag_bytes: 2 ** 30, upstream_id: ids['headless/p1'] })
  await addInstance('headless', 'p3', { ...standby, observed_at: new Date(Date.now() - 3_600_000) })
  await addInstance('mixed', 'p2', { ...standby, upstream_id: ids['headless/p2'], sync_state: null })
  await addInstance('mixed', 'p1', primary)
  await addInstance('mixed', 'p3', { ...primary, system_identifier: '9', has_pending_restart: true })
}, 120_000)

afterAll(() => database.stop())

const herd = (facts: FleetFacts, name: string) => facts.herds.find((found) => found.name === name)!

describe('what is wrong with who follows whom', () => {
  const troubles = async () => {
    forget('fleet')
    const { replication } = await fleetFacts(actor(null, 'admin'))
    return replication.map(({ trouble, title, other, otherState, bytes }) => ({ trouble, title, other, otherState, bytes }))
  }
  const within = async (changes: string, look: () => Promise<void>) => {
    const before = await getPool().query('select * from instances')
    await getPool().query(changes)
    try {
      await look()
    } finally {
      for (const row of before.rows)
        await getPool().query(
          `update instances set timeline = $2, sync_state = $3, upstream_id = $4, idle_slots = 0, probe = null, postmaster_started_at = null, replaced_at = null, replaced_because = null where id = $1`,
          [row.id, row.timeline, row.sync_state, row.upstream_id],
        )
    }
  }

  test('a standby whose upstream is gone, or is no member, is orphaned; one that streams is not', async () => {
    expect(await troubles()).toEqual([])
    await within(`update instances set sync_state = null where title in ('headless on p2', 'headless on p3')`, async () => {
      // The upstream of the one on p2 was the herd's primary: that herd needs a primary, and nobody to be repointed.
      expect(await troubles()).toMatchObject([{ trouble: 'orphaned', title: 'headless on p3', other: 'x', otherState: null }])
    })
    const orphan = `update instances set sync_state = null, upstream_id = '${ids['headless/p1']}' where title = 'mixed on p2'`
    await within(orphan, async () => {
      expect(await troubles()).toMatchObject([
        { trouble: 'orphaned', title: 'mixed on p2', other: 'headless on p1', otherState: 'stopped' },
      ])
    })
  })

  test('a standby that does not stream and is on another timeline than the primary is forked, and not orphaned besides', async () => {
    await within(`update instances set timeline = 2, upstream_id = null where title = 'mixed on p2'`, async () => {
      expect(await troubles()).toMatchObject([{ trouble: 'forked', title: 'mixed on p2' }])
    })
  })

  test('idle slots, one server under two names, and a former primary are named', async () => {
    await within(
      `update instances set idle_slots = case when title = 'torn on p1' then 2 else 0 end, idle_slot_bytes = 5000000000,
         probe = '{"slots": [{"name": "small", "isActive": false, "retainedBytes": 1}, {"name": "big", "isActive": false, "retainedBytes": 4999999999}, {"name": "read", "isActive": true, "retainedBytes": 5999999999}]}',
         postmaster_started_at = case when title in ('torn on p1', 'mixed on p1') then timestamptz '2026-01-01 00:00:00.123456+00' end,
         port = case when title in ('torn on p1', 'mixed on p1') then 5432 else port end,
         replaced_at = case when title = 'headless on p1' then now() end, replaced_because = 'p2 was promoted'`,
      async () => {
        const found = await troubles()
        expect(found.map(({ trouble }) => trouble)).toEqual(['idle-slot', 'replaced', 'twice'])
        expect(found[0]).toMatchObject({ title: 'torn on p1', bytes: 5_000_000_000, other: 'big' })
        expect([found[2]!.title, found[2]!.other].sort()).toEqual(['mixed on p1', 'torn on p1'])
      },
    )
  })
})

describe('what follows from something else', () => {
  const seen = async () => {
    forget('fleet')
    return fleetFacts(actor(null, 'admin'))
  }
  const during = async (changes: string[], undo: string[], look: () => Promise<void>) => {
    try {
      for (const text of changes) await getPool().query(text)
      await look()
    } finally {
      for (const text of undo) await getPool().query(text)
    }
  }

  test('a slot of a member that is down is offered to nobody; one that is nobody’s is, where it holds back a gigabyte or a tenth of what is free', async () => {
    const has = async (name: string, bytes: number, free: number | null) => {
      await getPool().query('update servers set disk_free_bytes = $1', [free])
      const probe = { slots: [{ name, isActive: false, retainedBytes: bytes }] }
      await getPool().query(`update instances set idle_slots = 1, probe = $1 where title = 'headless on p2'`, [probe])
      return (await seen()).replication.some((one) => one.trouble === 'idle-slot' && one.other === name && one.bytes === bytes)
    }
    await during([], ['update instances set idle_slots = 0, probe = null', 'update servers set disk_free_bytes = null'], async () => {
      // The member on p1 is stopped; a slot is its own by its host's name.
      expect([await has('p1', GiB, null), await has('o', GiB, null), await has('o', GiB - 1, null)]).toEqual([false, true, false])
      expect([await has('o', GiB - 1, 20 * GiB), await has('o', GiB - 1, 5 * GiB)]).toEqual([false, true])
    })
  })

  test('a server that does not answer takes along what is on it', async () => {
    await during(
      [
        `update servers set state = 'unreachable', state_since = '2026-01-01T08:32:14Z' where hostname = 'd1'`,
        `update instances set state = 'unreachable' where title = 'shop on d1'`,
      ],
      [
        `update servers set state = 'reachable', state_since = null where hostname = 'd1'`,
        `update instances set state = 'online' where title = 'shop on d1'`,
      ],
      async () => {
        const { servers, instances } = await seen()
        expect(servers).toMatchObject([
          { hostname: 'd1', instances: ['shop on d1'], poolers: 0, since: expect.stringContaining('2026-01-01T08:32:14') },
        ])
        expect(instances.filter(({ trouble }) => trouble === 'unreachable')).toEqual([])
      },
    )
  })

  test('a former primary that the console stopped is listed once, with who stopped it and when', async () => {
    await during(
      [`update instances set replaced_at = now(), replaced_because = 'p2 was promoted in its place.' where title = 'headless on p1'`],
      [`update instances set replaced_at = null, replaced_because = null`],
      async () => {
        const fence = {
          act: 'instance.fence',
          resource: 'herd',
          objectId: ids.headless!,
          title: 'headless on p1',
          environmentId: ids.prod!,
        }
        await inTransaction((tx) => writeAudit(tx, systemActor, { ...fence, detail: { action: 'stopped' } }))
        const { replication, instances, herds } = await seen()
        expect(replication).toMatchObject([
          { trouble: 'replaced', title: 'headless on p1', otherState: 'stopped', fenced: 'stopped', fencedAt: expect.any(String) },
        ])
        expect(instances.map(({ title }) => title)).not.toContain('headless on p1')
        expect(herds.find(({ name }) => name === 'headless')!.troubles).toMatchObject({ replaced: 1 })
      },
    )
  })

  test('a herd that lost its primary names who would take over and since when', async () => {
    await during(
      [
        `update instances set state_since = '2026-01-01T08:32:14Z' where title = 'headless on p1'`,
        `update instances set received_lsn = '0/3000000', replayed_lsn = '0/3000000' where title = 'headless on p2'`,
      ],
      [`update instances set state_since = null, received_lsn = null, replayed_lsn = null`],
      async () =>
        expect(herd(await seen(), 'headless')).toMatchObject({
          lostAt: '2026-01-01T08:32:14.000Z',
          successor: { title: 'headless on p2', lagBytes: 2 ** 30 },
        }),
    )
  })
})

describe('what was registered a moment ago', () => {
  const seen = async () => {
    forget('fleet')
    return fleetFacts(actor(null, 'admin'))
  }

  test('is awaited until somebody has looked at it or half a minute is over, and then told as never observed', async () => {
    const { id: environment } = (await getPool().query<{ id: string }>(`select id from environments where name = 'prod'`)).rows[0]!
    const newHerd = `insert into herds (environment_id, name, base_name, data_directory) values ($1, 'young', 'young', '/data') returning id`
    const { id: herdId } = (await getPool().query<{ id: string }>(newHerd, [environment])).rows[0]!
    try {
      const member = `insert into instances (herd_id, server_id, environment_id, title, port, data_directory)
        select $1, id, environment_id, 'young on p1', 5999, '/data' from servers where hostname = 'p1'`
      await getPool().query(member, [herdId])
      const at = await seen()
      expect(herd(at, 'young')).toMatchObject({ members: 1, awaited: 1, troubles: {} })
      expect(at.instances.map(({ title }) => title)).not.toContain('young on p1')
      await getPool().query(`update instances set created_at = now() - interval '31 s' where herd_id = $1`, [herdId])
      const after = await seen()
      expect(herd(after, 'young')).toMatchObject({ awaited: 0, troubles: { stale: 1 } })
      expect(after.instances).toContainEqual(expect.objectContaining({ title: 'young on p1', trouble: 'stale', since: null }))
    } finally {
      await getPool().query('delete from instances where herd_id = $1', [herdId])
      await getPool().query('delete from herds where id = $1', [herdId])
      forget('fleet')
    }
  })
})

describe('the facts of the front page', () => {
  test('each member counts once, by its worst trouble', async () => {
    const facts = await fleetFacts(actor(null))
    expect(herd(facts, 'headless')).toMatchObject({
      members: 3,
      online: 2,
      primaries: 0,
      troubles: { down: 1, lagging: 1, stale: 1 },
      lagBytesMax: 2 ** 30,
    })
    expect(facts.instances.map((instance) => [instance.title, instance.trouble])).toEqual([
      ['headless on p1', 'down'],
      ['headless on p2', 'lagging'],
      ['mixed on p2', 'not-streaming'],
      ['mixed on p3', 'pending-restart'],
      ['torn on p2', 'pending-restart'],
      ['headless on p3', 'stale'],
    ])
  })

  test('two primaries of one identifier are told from two unrelated ones, whatever else is wrong with either', async () => {
    const facts = await fleetFacts(actor(null))
    expect(herd(facts, 'torn')).toMatchObject({ primaries: 2, primaryIdentifiers: 1 })
    expect(herd(facts, 'mixed')).toMatchObject({ primaries: 2, primaryIdentifiers: 2 })
  })

  test('a viewer of one environment gets nothing of another', async () => {
    const facts = await fleetFacts(actor('dev'))
    expect(facts.environments.map((environment) => environment.name)).toEqual(['dev'])
    expect(facts.herds.map((found) => found.name)).toEqual(['shop'])
    expect(facts.instances).toEqual([])
  })

  test('a plan asks for a second person only once its maker has asked for one', async () => {
    await insert('otto', 'insert into people (user_name) values ($1)', ['otto'])
    const plan = { title: 'Restart', resource: 'instance', eligible: 2, needsApproval: true, environments: [{ id: ids.prod, targets: 2 }] }
    await insert(
      'plan',
      "insert into plans (state, operation, targets, policy, person_id, actor_name, plan) values ('ready', 'restart', '{}', '{}', $1, 'otto', $2)",
      [ids.otto, JSON.stringify(plan)],
    )
    const dba: Actor = { ...actor('prod'), grants: [{ role: 'dba', environmentId: ids.prod! }] }
    expect((await fleetFacts({ ...dba, personId: ids.torn! })).approvals).toEqual([])
    await expect(askForApproval(dba, ids.plan!)).rejects.toSatisfy((error) => isFault(error, 'record.missing'))

    const maker: Actor = { ...dba, personId: ids.otto! }
    await askForApproval(maker, ids.plan!)
    await askForApproval(maker, ids.plan!)
    forget('fleet')
    expect((await fleetFacts(dba)).approvals).toMatchObject([{ planId: ids.plan, actorName: 'otto', isOwn: false, eligible: 2 }])
    expect((await fleetFacts(maker)).approvals).toMatchObject([{ isOwn: true }])
    expect((await fleetFacts(actor('dev'))).approvals).toEqual([])
    const { rows } = await getPool().query("select count(*)::int as lines from audit where act = 'plan.ask-approval'")
    expect(rows).toEqual([{ lines: 1 }])
  })

  test('an actor without grants gets empty lists', async () => {
    const facts = await fleetFacts({ ...actor(null), grants: [] })
    expect([facts.environments, facts.herds, facts.servers, facts.runs, facts.approvals]).toEqual([[], [], [], [], []])
  })
})

describe('the topology of a herd', () => {
  test('has every member with what was observed', async () => {
    const topology = await herdTopology(actor(null), ids.headless!)
    expect(topology.members.map((member) => [member.hostname, member.role, member.state, member.upstreamId])).toEqual([
      ['p1', 'primary', 'stopped', null],
      ['p2', 'standby', 'online', ids['headless/p1']],
      ['p3', 'standby', 'online', null],
    ])
    expect(topology.members[1]).toMatchObject({ lagBytes: 2 ** 30, slots: [] })
  })

  test('of another environment does not exist for a viewer of this one', async () => {
    await expect(herdTopology(actor('dev'), ids.headless!)).rejects.toSatisfy((error) => isFault(error, 'record.missing'))
  })
})
