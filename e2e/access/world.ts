import { getTableName } from 'drizzle-orm'
import type pg from 'pg'
import { getPool } from '@/db/pg/client'
import { seedTerritories } from '@/e2e/harness/two-territories'
import { defaultPolicy, type Plan } from '@/lib/kernel/operation/plan'
import { planTarget } from '@/lib/kernel/operation/plan.fixture'
import { resources } from '@/lib/resources'

export type Place = 'here' | 'there'

/** Two environments with one of everything in each, a plan in each, and a run over both. */
export interface World {
  id: (kind: string, place: Place) => string
  /** What of the other environment a text tells, the ids given excepted; empty: nothing. */
  toldOf: (place: Place, text: string, said: readonly string[]) => string[]
  /** Changes with whatever changes in the other environment. */
  printOf: (place: Place) => Promise<string>
  sharedRun: string
}

/** By which scripts know what is in each. */
export const scriptNumbers: Record<Place, number> = { here: 900_001, there: 900_002 }

export const digest = 'd'.repeat(64)
/** Words that stand in what the other environment holds and in no sentence of the console's own. */
const words: Record<Place, RegExp> = { here: /[a-z]-here\b|\bhere\.test|nearby-land/g, there: /[a-z]-there\b|\bthere\.test|faraway-land/g }
const environmentNames: Record<Place, string> = { here: 'nearby-land', there: 'faraway-land' }

const planFor = (id: string, environmentId: string, place: Place): Plan => ({
  operation: 'reload',
  title: 'Reload configuration',
  resource: 'instance',
  input: {},
  policy: defaultPolicy,
  targets: [planTarget(id, { title: `target-${place}`, environmentId, digest })],
  eligible: 1,
  excluded: 0,
  environments: [
    { id: environmentId, name: environmentNames[place], colour: 'blue', protection: 'two-person', maintenanceWindows: [], targets: 1 },
  ],
  phrase: null,
  isDisruptive: false,
  isReversible: true,
  needsApproval: true,
  history: null,
  digest,
  madeAt: '2026-01-01T00:00:00Z',
  madeInMs: 1,
})

const jobOf = async (runId: string, environmentId: string, title: string): Promise<string> => {
  const { rows } = await getPool().query<{ id: string }>(
    `insert into jobs (run_id, operation, resource, target_id, title, environment_id, state, digest)
     values ($1, 'reload', 'instance', gen_random_uuid(), $2, $3, 'done', 'd') returning id`,
    [runId, title, environmentId],
  )
  const jobId = rows[0]!.id
  await getPool().query(`insert into journal (job_id, run_id, seq, kind, data) values ($1, $2, 1, 'note', $3)`, [
    jobId,
    runId,
    JSON.stringify({ text: `line of ${title}` }),
  ])
  await getPool().query('insert into canary_strips (job_id, seq, run_id, piece) values ($1, 1, $2, $3)', [
    jobId,
    runId,
    JSON.stringify({ startedAt: 0, isOver: true, note: title }),
  ])
  return jobId
}

/** The numbers that scripts know them by, and one of each of what scripts alone keep. */
const numberThem = async (pool: pg.Pool, ids: Record<string, string>): Promise<void> => {
  for (const [place, number] of Object.entries(scriptNumbers)) {
    const herd = ids[`herd:${place}`]
    await pool.query(
      `insert into pygmy_numbers (kind, number, herd_id, rule_id) values ('cluster', $1, $2, null), ('rule', $1, null, $3)`,
      [number, herd, ids[`sizing-rule:${place}`]],
    )
    await pool.query(`insert into pygmy_managements (number, herd_id, average_load) values ($1, $2, $3)`, [number, herd, `load-${place}`])
    await pool.query(
      `insert into pygmy_names (number, hosted_zone, dns_name, match_type, tag_role, herd_id) values ($1, 'n/a', $2, 'MATCH_ROLE', 'Slave', $3)`,
      [number, `shop.${place}.test`, herd],
    )
    await pool.query(`insert into pygmy_dates (number, day) values ($1, $2)`, [number, `2031-01-0${number % 10}`])
    await pool.query(`insert into calendars (environment_id, herd_id, name, dates, holds_up) values ($1, $2, $3, $4, true)`, [
      ids[`environment:${place}`],
      herd,
      `rest-${place}`,
      `2031-01-0${number % 10}`,
    ])
  }
}

/** `pool` is the owner's: it sees every column. */
export const makeWorld = async (pool: pg.Pool): Promise<World> => {
  const ids = await seedTerritories()
  for (const place of ['here', 'there'] as const) {
    const id = (kind: string) => ids[`${kind}:${place}`]!
    await pool.query('update environments set name = $2 where id = $1', [id('environment'), environmentNames[place]])
    await pool.query(`update discovered_hosts set server_id = null where id = $1`, [id('discovered-host')])
    await pool.query(
      `update runs set operation = 'reload', resource = 'instance', state = 'done', jobs = 1, person_id = null where id = $1`,
      [id('run')],
    )
    await pool.query(`update failovers set lines = '[]' where id = $1`, [id('failover')])
    const { rows } = await pool.query<{ id: string }>(
      `insert into plans (state, operation, targets, policy, actor_name, plan, digest, approval_asked_at, ready_at)
       values ('ready', 'reload', array[$1::uuid], $2, 'somebody', $3, $4, now(), now()) returning id`,
      [id('instance'), JSON.stringify(defaultPolicy), JSON.stringify(planFor(id('instance'), id('environment'), place)), digest],
    )
    const scheduledPlan = await pool.query<{ id: string }>(
      `insert into plans (state, operation, targets, policy, actor_name, plan, digest, ready_at)
       select state, operation, targets, policy, actor_name, plan, digest, ready_at from plans where id = $1 returning id`,
      [rows[0]!.id],
    )
    await pool.query(
      `update scheduled_runs set plan_id = $2, person_id = null, token_id = null, run_id = null, operation = 'reload', resource = 'instance', state = 'waiting',
         at = now() + interval '1 day', herd_ids = array[$3::uuid] where id = $1`,
      [id('scheduled-run'), scheduledPlan.rows[0]!.id, id('herd')],
    )
    ids[`plan:${place}`] = rows[0]!.id
    ids[`scheduled-plan:${place}`] = scheduledPlan.rows[0]!.id
  }
  await numberThem(pool, ids)
  const shared = await pool.query<{ id: string }>(
    `insert into runs (operation, resource, title, state, actor_name, policy, digest, environment_ids, jobs)
     values ('reload', 'instance', 'Reload configuration: 2 instances', 'done', 'somebody', $1, 'd', $2, 2) returning id`,
    [JSON.stringify(defaultPolicy), [ids['environment:here'], ids['environment:there']]],
  )
  const sharedRun = shared.rows[0]!.id
  for (const place of ['here', 'there'] as const)
    ids[`shared-job:${place}`] = await jobOf(sharedRun, ids[`environment:${place}`]!, `target-${place}`)

  const of = (place: Place) => Object.entries(ids).flatMap(([key, id]) => (key.endsWith(`:${place}`) ? [id] : []))
  const tables = [...new Set([...resources.map(({ keptIn }) => getTableName(keptIn)), 'plans', 'journal'])]
  return {
    id: (kind, place) => {
      const found = ids[`${kind}:${place}`]
      if (!found) throw new Error(`there is no ${kind} ${place}`)
      return found
    },
    toldOf: (place, text, said) => [
      ...(text.match(words[place]) ?? []),
      ...of(place).filter((id) => !said.includes(id) && text.includes(id)),
    ],
    printOf: async (place) => {
      // That somebody was refused names what they asked for, and changes nothing of it.
      const but = (table: string) => (table === 'audit' ? ` and act <> 'access.refused'` : '')
      const parts = tables.map((table) => `select ${table}::text as line from ${table} where ${table}::text like any($1)${but(table)}`)
      const { rows } = await pool.query<{ print: string }>(
        `select md5(string_agg(line, '|' order by line)) as print from (${parts.join(' union all ')}) all_lines`,
        [of(place).map((id) => `%${id}%`)],
      )
      return rows[0]!.print
    },
    sharedRun,
  }
}
