import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { listened } from '@/e2e/harness/listened'
import { type CandidateFacts, equalWithinBytes, rankCandidates } from '@/lib/domain/replication/candidates'
import { systemActor } from '@/lib/kernel/access/access'
import { parseListQuery } from '@/lib/kernel/resource/query'
import { resourceByName } from '@/lib/resources'
import { shownCandidates } from '../fleet/candidates'
import { readReplication } from '../fleet/front-page/replication'
import { getPool } from '../pg/client'
import { descriptionOf } from '../records/condition'
import { listRecords } from '../records/records'
import { seedLarge, seedWork } from '../seed-large'
import { laterWork } from './failovers'
import { herdAppointments } from './scheduled'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
}, 120_000)
afterAll(() => database.stop())

const run = (text: string, values: unknown[] = []) => getPool().query(text, values)
const pair = async () => (await run('select * from dr_pairs')).rows[0]

describe('the pair of a herd', () => {
  beforeEach(async () => {
    await run('truncate environments cascade')
    await run(`insert into environments (name) values ('dev')`)
    await run(`insert into herds (environment_id, name, base_name, data_directory, preferred_site, system_identifier)
      select id, 'shop', 'shop', '/data', 'ams', '7001' from environments`)
  })
  const add = async (host: string, over: Record<string, unknown> = {}) => {
    await run(`insert into servers (environment_id, hostname, address, site) select id, $1, $1, $2 from environments`, [
      host,
      over.site ?? 'fra',
    ])
    const { rows } = await run(
      'insert into instances (herd_id, server_id) select h.id, s.id from herds h, servers s where s.hostname = $1 returning id',
      [host],
    )
    const values = {
      state: 'online',
      role: 'standby',
      timeline: 2,
      system_identifier: '7001',
      received_lsn: '0/5000000',
      replayed_lsn: '0/5000000',
      observed_at: new Date(),
      lag_bytes: 0,
      lag_seconds: 0,
      failover_priority: 100,
      ...over,
    } as Record<string, unknown>
    delete values.site
    const names = Object.keys(values)
    await run(`update instances set ${names.map((name, at) => `${name} = $${at + 2}`).join(', ')} where id = $1`, [
      rows[0].id,
      ...Object.values(values),
    ])
    return rows[0].id as string
  }
  const primary = { role: 'primary', current_lsn: '0/5000000', received_lsn: null, replayed_lsn: null }

  test('a herd of one is no pair, and a pair names its primary and the candidate that the ranking would choose', async () => {
    const a = await add('a', primary)
    expect(await pair()).toBeUndefined()
    const b = await add('b', { received_lsn: '0/4E00000', replayed_lsn: '0/4E00000' })
    const c = await add('c', { received_lsn: '0/4FFFFFF', replayed_lsn: '0/4FFFFFF', lag_bytes: 1 })
    expect(await pair()).toMatchObject({ primary_id: a, candidate_id: c, candidates: 2, members: 3, verdict: 'ready', lag_bytes: '1' })
    const { rows } = await run('select i.*, s.site from instances i join servers s on s.id = i.server_id')
    const facts = rows.map(
      (row): CandidateFacts => ({
        id: row.id,
        title: row.title,
        site: row.site,
        state: row.state,
        role: row.role,
        timeline: row.timeline,
        systemIdentifier: row.system_identifier,
        receivedLsn: row.received_lsn,
        replayedLsn: row.replayed_lsn,
        isReplayPaused: null,
        applyDelayMs: null,
        followsPrimary: null,
        priority: row.failover_priority,
        observedAt: row.observed_at?.toISOString() ?? null,
      }),
    )
    expect(rankCandidates(facts, { systemIdentifier: '7001', timeline: 2, preferredSite: 'ams' }, equalWithinBytes)[0]?.id).toBe(c)
    await run(`update instances set received_lsn = '0/4FFD800' where id = $1`, [b])
    expect((await pair()).candidate_id, 'equal within the bound, so the name decides').toBe(b)
  })

  test('priority, then site, decide among equals; never seen, priority 0, another system and an older timeline are no candidates', async () => {
    await add('a', primary)
    const site = await add('b', { site: 'ams', received_lsn: '0/4FFFF00', replayed_lsn: '0/4FFFF00' })
    await add('c')
    expect((await pair()).candidate_id).toBe(site)
    const first = await add('d', { failover_priority: 200 })
    expect((await pair()).candidate_id).toBe(first)
    await run('update instances set failover_priority = 0 where id = $1', [first])
    await run(`update instances set system_identifier = '7002' where id = $1`, [site])
    await add('e', { observed_at: null })
    await add('f', { timeline: 1 })
    expect(await pair()).toMatchObject({ candidates: 1, members: 6 })
  })

  test('who follows another standby comes after those that follow the primary, in the pair and in the list of its page', async () => {
    const a = await add('a', primary)
    const direct = await add('b', { upstream_id: a, received_lsn: '0/4FFFF00', replayed_lsn: '0/4FFFF00' })
    const cascaded = await add('c', { upstream_id: direct, failover_priority: 200 })
    const { herd_id: herdId, candidate_id: candidate } = await pair()
    expect(candidate).toBe(direct)
    expect((await shownCandidates(herdId)).map(({ id }) => id)).toEqual([direct, cascaded])
    await run(`update instances set state = 'unreachable' where id = $1`, [a])
    expect((await pair()).candidate_id).toBe(cascaded)
    expect((await shownCandidates(herdId)).map(({ id }) => id)).toEqual([cascaded, direct])
  })

  test('verdicts: the primary gone, two of them, nobody to take over, a candidate that lags, facts gone stale', async () => {
    const a = await add('a', primary)
    const b = await add('b')
    const verdict = async (text: string, ...values: unknown[]) => {
      await run(text, values)
      return (await pair()).verdict
    }
    expect(await verdict(`update instances set state = 'unreachable' where id = $1`, a)).toBe('primary-lost')
    expect(await verdict(`update instances set state = 'online' where id = $1`, a)).toBe('ready')
    expect(await verdict('update instances set lag_seconds = 300 where id = $1', b)).toBe('lagging')
    expect(await verdict(`update instances set observed_at = now() - interval '5 min' where id = $1`, b)).toBe('stale')
    expect(await verdict(`update instances set role = 'primary' where id = $1`, b)).toBe('split-brain')
    expect(await verdict(`update instances set role = 'standby', state = 'stopped' where id = $1`, b)).toBe('no-candidate')
  })

  test('what failing back would take is foretold from the last looks: follow, rewind, rebuild, not known, or a failover alone', async () => {
    const forks = [{ timeline: 1, forkLsn: '0/4000000' }]
    const b = await add('b', { ...primary, probe: JSON.stringify({ forks }) })
    const a = await add('a', { role: 'unknown', timeline: 1, state: 'stopped', received_lsn: null, replayed_lsn: null })
    await add('c')
    const told = async (over: Record<string, unknown>, ended?: { checkpointLsn: string; canRewind?: boolean }) => {
      const { checkpointLsn = null, canRewind = true } = ended ?? {}
      const probe = ended === undefined ? {} : { canRewind, ended: { checkpointLsn, minRecoveryLsn: null } }
      const values = { replaced_at: new Date(), state: 'stopped', probe: JSON.stringify(probe), ...over }
      const names = Object.keys(values)
      await run(`update instances set ${names.map((name, at) => `${name} = $${at + 2}`).join(', ')} where id = $1`, [
        a,
        ...Object.values(values),
      ])
      const { fail_back, fail_back_because, fail_back_id } = await pair()
      return [fail_back, fail_back_because, fail_back_id]
    }
    expect(await told({ replaced_at: null })).toEqual(['none', null, null])
    expect(await told({}, { checkpointLsn: '0/3FFFF88' })).toEqual([
      'follow',
      'What shop on a has ends before the fork at 0/4000000: no rewind is needed.',
      a,
    ])
    expect(await told({}, { checkpointLsn: '0/4001000' })).toEqual([
      'rewind',
      'shop on a wrote 4096 bytes past the fork at 0/4000000: pg_rewind discards that.',
      a,
    ])
    expect((await told({}, { checkpointLsn: '0/4001000', canRewind: false }))[0]).toBe('rebuild')
    expect((await told({ state: 'crashed' }, { checkpointLsn: '0/3FFFF88' }))[0]).toBe('rewind')
    expect((await told({ state: 'absent' }))[0]).toBe('rebuild')
    expect(await told({ state: 'unreachable' })).toEqual(['unknown', expect.stringContaining('shop on a is unreachable'), a])
    await run('update instances set probe = null where id = $1', [b])
    expect((await told({}, { checkpointLsn: '0/3FFFF88' }))[0]).toBe('unknown')
    await run(
      `insert into failovers (id, run_id, herd_id, environment_id, title, state, mode, old_primary, new_primary, actor_name, started_at, lines)
      select gen_random_uuid(), gen_random_uuid(), id, environment_id, name, 'done', 'planned', 'shop on a', 'shop on b', 'ada', now(), '[]' from herds`,
    )
    expect(await told({ replaced_at: null, state: 'online', role: 'standby', timeline: 2, upstream_id: b })).toEqual([
      'ready',
      'shop on a follows again: fail over to it.',
      a,
    ])
    await run('delete from failovers')
  })

  test('the report of a failover is kept with every step, and outlives its run', async () => {
    const { rows } = await run(
      `insert into runs (operation, resource, title, actor_name, policy, digest) values ('failover', 'dr-pair', 'Fail over', 'ada', '{}', 'd') returning id`,
    )
    const job = await run(
      `insert into jobs (run_id, operation, resource, target_id, title, herd_id, digest) select $1, 'failover', 'dr-pair', id, name, id, 'd' from herds returning id`,
      [rows[0].id],
    )
    const line = (seq: number, kind: string, data: unknown) =>
      run('insert into journal (run_id, job_id, seq, kind, data) values ($1, $2, $3, $4, $5)', [
        rows[0].id,
        job.rows[0].id,
        seq,
        kind,
        JSON.stringify(data),
      ])
    await line(1, 'gathered', {
      facts: { mode: 'emergency', lossBytes: 42, primary: { title: 'shop on a' }, candidate: { title: 'shop on b' } },
    })
    await run(`update jobs set state = 'running', step = 'promote', started_at = now()`)
    await line(2, 'closed', { outcome: 'done', because: null })
    await run(`update jobs set state = 'done'`)
    await run('delete from runs')
    const kept = (await run('select * from failovers')).rows[0]
    expect(kept).toMatchObject({
      mode: 'emergency',
      state: 'done',
      old_primary: 'shop on a',
      new_primary: 'shop on b',
      loss_bytes: '42',
      actor_name: 'ada',
    })
    expect(kept.lines.map((one: { kind: string }) => one.kind)).toEqual(['gathered', 'closed'])

    await add('a')
    const rejoin = await run(
      `with r as (insert into runs (operation, resource, title, actor_name, policy, digest) values ('rejoin', 'instance', 'Rejoin', 'ada', '{}', 'd') returning id)
      insert into jobs (run_id, operation, resource, target_id, title, herd_id, server_id, digest, state, started_at, finished_at)
      select r.id, 'rejoin', 'instance', gen_random_uuid(), 'shop on a', h.id, s.id, 'd', 'done', now(), now() from r, herds h, servers s where s.hostname = 'a'
      returning id, run_id`,
    )
    const saved = { path: '/data.tail', files: 2, bytes: 4096, manifest: '/data.tail/manifest.json' }
    await run('insert into journal (run_id, job_id, seq, kind, step, data) values ($1, $2, 1, $3, $4, $5)', [
      rejoin.rows[0].run_id,
      rejoin.rows[0].id,
      'finished',
      'tail',
      JSON.stringify({ output: saved }),
    ])
    expect(await laterWork(kept.id)).toMatchObject([
      { operation: 'rejoin', title: 'shop on a', state: 'done', saved: { ...saved, host: 'a' } },
    ])
    await run(
      `insert into failovers (id, run_id, herd_id, title, state, mode, actor_name, started_at, lines)
      select gen_random_uuid(), gen_random_uuid(), herd_id, title, 'done', 'planned', 'ada', started_at + interval '1 microsecond', '[]' from failovers`,
    )
    expect(await laterWork(kept.id)).toEqual([])
    await run('delete from failovers')
  })
})

describe('among 100,000 instances', () => {
  beforeAll(async () => {
    await run('truncate environments cascade')
    await seedLarge({ instances: 100_000, herds: 8_000, servers: 10_000 })
    await run('vacuum analyze')
  }, 600_000)

  test('what is wrong with who follows whom is found through indexes within a second', async () => {
    await run(`update instances set sync_state = null where role = 'standby' and state = 'online' and hashtext(id::text) % 100 = 0`)
    await run('vacuum analyze instances')
    const { rows } = await run(
      `explain (analyze, format json) ${readReplication.text.replaceAll('$1::uuid[]', 'null::uuid[]').replaceAll('any($1)', 'any(null)').replaceAll('$2::bigint', '12')}`,
    )
    const plan = JSON.stringify(rows[0])
    for (const index of ['instances_facets_idx', 'instances_started_idx', 'instances_idle_slots_idx', 'instances_replaced_idx'])
      expect(plan, index).toContain(index)
    expect(rows[0]['QUERY PLAN'][0]['Execution Time']).toBeLessThan(1_000)
  })

  test('the first page looks at no more herds than it shows', async () => {
    const { rows } = await run('explain (analyze, format json) select * from dr_pairs order by name, id limit 50')
    const plan = JSON.stringify(rows[0])
    expect(plan).toContain('herds_name_idx')
    expect(plan).toContain('instances_herd_server_key')
    expect(plan).not.toMatch(/Seq Scan[^}]*"Relation Name":"(instances|servers|herds)"/)
  })

  test('the lists of poolers, of scheduled runs and of certificates, and what a herd has scheduled, are read through indexes in a few statements', async () => {
    await seedWork()
    for (const [name, text, index] of [
      ['pooler', '', 'poolers_title_idx'],
      ['pooler', 'q=db00123', 'poolers_search_trgm'],
      ['scheduled-run', '', 'scheduled_runs_at_idx'],
      ['scheduled-run', 'state=waiting', 'scheduled_runs_due_idx'],
      ['scheduled-run', 'q=herd 1234', 'scheduled_runs_title_trgm'],
      ['certificate', '', 'certificates_issued_idx'],
      ['certificate', 'verdict=lost', 'certificates_verdict_idx'],
      ['certificate', 'environmentId=prod', 'certificates_'],
      ['certificate', `herdId=${(await run(`select md5('herd 7')::uuid as id`)).rows[0].id}`, 'certificates_herd_idx'],
      ['certificate', 'q=billing0123', 'certificates_title_trgm'],
    ] as const) {
      const resource = resourceByName(name)!
      const { query } = parseListQuery(descriptionOf(resource), new URLSearchParams(text))
      const asked = await listened(() => listRecords(systemActor, resource, { ...query, perPage: 100 }, { facets: true }))
      // The page, the total, the counts, and one for the titles of each kind of reference.
      expect(asked.length, `${name} ${text}`).toBeLessThanOrEqual(8)
      const page = asked.find((one) => / limit /.test(one.text) && one.text.includes('order by'))!
      expect(await planOf(page), `${name} ${text}`).toContain(index)
    }
    const [herd] = (await run(`select md5('herd 7')::uuid as id`)).rows
    const [ofHerd] = await listened(() => herdAppointments(systemActor, herd.id))
    expect(await planOf(ofHerd!)).toContain('scheduled_runs_herds_idx')
  })
})

const planOf = async ({ text, values }: { text: string; values: unknown[] }): Promise<string> =>
  JSON.stringify((await run(`explain (analyze, format json) ${text}`, values)).rows[0])
