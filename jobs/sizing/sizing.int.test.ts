import { afterAll, beforeAll, expect, test } from 'vitest'
import { getPool } from '@/db/pg/client'
import { addRecord, changeRecord } from '@/db/records/records'
import { claimDue } from '@/db/rules/due'
import { claimStayBig } from '@/db/rules/stay-big'
import { makePartitions } from '@/db/samples/partitions'
import { twinSession } from '@/e2e/harness/twin/sessions'
import { type Bench, instanceId, openBench, type WorkerProcess } from '@/e2e/harness/workers'
import { idOf } from '@/lib/adapters/memory'
import type { CronTimes } from '@/lib/domain/rules/cron'
import { runsAfter } from '@/lib/domain/rules/cron'
import { parseSchedules } from '@/lib/domain/rules/schedules'
import { instanceMetrics, placeOf } from '@/lib/domain/samples/metrics'
import type { Actor } from '@/lib/kernel/access/access'
import { resourceByName } from '@/lib/resources'
import { approveRule, waitForRun } from '../requests'

const many = Array.from({ length: 12 }, (_, index) => `m${index}`)
const shapes = [
  ...['night', 'held', 'late', 'gone', 'left', 'again', 'year', 'hand', 'full', 'live', ...many].map((name) => ({
    environment: 'dev',
    name,
    hosts: [`${name}-1`, `${name}-2`, `${name}-3`],
  })),
  { environment: 'prod', name: 'kept', hosts: ['kept-1', 'kept-2', 'kept-3'] },
  { environment: 'pair', name: 'both', hosts: ['both-1', 'both-2', 'both-3'] },
]
const anna: Actor = { kind: 'person', personId: idOf('anna'), name: 'anna', grants: [{ role: 'dba', environmentId: null }] }
const leaver: Actor = { ...anna, personId: idOf('leaver'), name: 'leaver' }
const ben: Actor = { ...anna, personId: idOf('ben'), name: 'ben' }

let bench: Bench
let workers: WorkerProcess[] = []
beforeAll(async () => {
  bench = await openBench(shapes, 'redis')
  for (const { personId, name } of [anna, leaver, ben]) {
    await getPool().query('insert into people (id, user_name) values ($1, $2)', [personId, name])
    await getPool().query(`insert into grants (person_id, role) values ($1, 'dba')`, [personId])
  }
  await getPool().query(`update environments set protection = 'protected' where name = 'prod'`)
  await getPool().query(`update environments set protection = 'two-person' where name = 'pair'`)
  await getPool().query(`update instances set role = case when title like '%-1' then 'primary' else 'standby' end`)
  await getPool().query(`insert into cloud_accounts (environment_id, name) select id, name from environments`)
  await getPool().query(
    `insert into machines (account_id, environment_id, title, instance_id, region, zone, type, family, state, server_id, tie)
      select a.id, s.environment_id, s.hostname, 'i-' || s.hostname, 'us-east-1', 'us-east-1a', 'm5.xlarge', 'm5', 'running', s.id, 'tied'
      from servers s join cloud_accounts a on a.environment_id = s.environment_id`,
  )
  await makePartitions(new Date())
  for (const { hosts } of shapes) for (const host of hosts) machineOf(host).type = 'm5.xlarge'
  workers = await Promise.all([bench.startWorker({ sweepEveryMs: 200 }), bench.startWorker({ sweepEveryMs: 200 })])
})
afterAll(() => bench?.close())

const herdOf = (name: string) => bench.served.fleet.instance(`${name} on ${name}-1`).inventory.herdId
const machineOf = (host: string) => bench.served.fleet.host(host).machine!

const addRule = async (herd: string, values: object = {}, actor = anna): Promise<string> => {
  const rule = { name: 'shrink', herdId: herdOf(herd), action: 'down', type: 'm5.large', schedules: '0 0 1 1 *', ...values }
  return (await addRecord(actor, resourceByName('sizing-rule')!, rule)).id
}

/** Lets the time of a rule come: its next run is one that was due so long ago. */
const comeDue = async (ruleId: string, agoMinutes = 0): Promise<void> => {
  await getPool().query(
    `update sizing_rules set next_at = at, next_occurrence = at, schedules = to_char(at at time zone 'UTC', 'MI HH24 DD MM') || ' *', zone = 'UTC'
      from (select date_trunc('minute', clock_timestamp()) - $2 * interval '1 minute' as at) t where id = $1`,
    [ruleId, agoMinutes],
  )
}

interface Decision {
  id: string
  state: string
  because: string
  attempt: number
  runId: string | null
  members: { title: string; verdict: string; because: string; leftOut: string | null; runId: string | null }[]
}

const decisionsOf = async (ruleId: string): Promise<Decision[]> =>
  (
    await getPool().query(
      `select id, state, because, attempt, members, run_id as "runId" from sizing_decisions where rule_id = $1 order by occurrence, attempt`,
      [ruleId],
    )
  ).rows

const decided = async (ruleId: string, count = 1): Promise<Decision[]> => {
  await expect
    .poll(async () => (await decisionsOf(ruleId)).filter(({ state }) => state !== 'deciding').length, { timeout: 110_000 })
    .toBeGreaterThanOrEqual(count)
  return decisionsOf(ruleId)
}

const sample = async (title: string, metric: string, figure: number, minutes = 5): Promise<void> => {
  const figures = instanceMetrics.map((_, index) => (index === placeOf(instanceMetrics, metric) - 1 ? figure : null))
  await getPool().query(
    `insert into samples_fresh (subject, at, figures) select $1, clock_timestamp() - n * interval '1 minute', $2::real[] from generate_series(0, $3) n
      on conflict do nothing`,
    [instanceId(title), figures, minutes],
  )
}

const sawType = (host: string) => getPool().query('update machines set type = $2 where title = $1', [host, machineOf(host).type])

test('a rule shrinks the standby whose conditions hold at its minute, in its owner’s name, and its reverse gives the earlier type back', async () => {
  await sample('night on night-2', 'active', 2)
  await sample('night on night-3', 'active', 40)
  const down = await addRule('night', { conditions: 'active < 5 for 3 min and active >= 0' })
  const back = await addRule('night', { name: 'grow again', action: 'return', reverseOf: down, type: undefined })
  await comeDue(down)
  const [decision] = await decided(down)
  expect(decision).toMatchObject({ state: 'submitted', because: 'night on night-2: m5.xlarge → m5.large.' })
  expect(decision!.members.map(({ verdict, because }) => [verdict, because])).toEqual([
    ['left-out', 'It is the primary.'],
    ['chosen', '2 of 2 passed, all needed'],
    ['fails', '1 of 2 passed, all needed'],
  ])
  const run = await waitForRun(anna, decision!.runId!, { timeoutMs: 110_000 })
  expect(run).toMatchObject({ state: 'done', actorName: 'anna', reason: 'Sizing rule shrink' })
  expect([machineOf('night-2').type, machineOf('night-3').type]).toEqual(['m5.large', 'm5.xlarge'])

  await sawType('night-2')
  await comeDue(back)
  const [returned] = await decided(back)
  expect(returned).toMatchObject({ state: 'submitted', because: 'night on night-2: m5.large → m5.xlarge.' })
  expect(returned!.members[2]).toMatchObject({ verdict: 'left-out', because: 'The rule that is reversed has not resized it.' })
  await waitForRun(anna, returned!.runId!, { timeoutMs: 110_000 })
  expect(machineOf('night-2').type).toBe('m5.xlarge')
})

test('a calendar that keeps standbys large gives them back the type that a rule took, once for each worker that looks, and holds the rule', async () => {
  await getPool().query(`update machines set type = 'm5.large' where title = 'night-2'`)
  machineOf('night-2').type = 'm5.large'
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
  const big = {
    herdId: herdOf('night'),
    environmentId: idOf('dev'),
    dates: tomorrow,
    holdsDown: false,
    staysBig: true,
    growBeforeMinutes: 1440,
  }
  await addRecord(anna, resourceByName('calendar')!, { name: 'Sale', ...big })
  const now = new Date()
  const claims = (await Promise.all([claimStayBig(now), claimStayBig(now)])).flat()
  expect(claims).toHaveLength(1)
  expect(await claimStayBig(now)).toEqual([])
  await getPool().query('update sizing_decisions set claimed_until = clock_timestamp() where id = $1', [claims[0]!.id])
  const stateOf = async () =>
    (await getPool().query('select kind, state, because from sizing_decisions where id = $1', [claims[0]!.id])).rows[0]
  await expect
    .poll(stateOf, { timeout: 110_000 })
    .toEqual({ kind: 'stay-big', state: 'submitted', because: 'night on night-2: m5.large → m5.xlarge.' })
  const [rule] = (
    await getPool().query<{ id: string }>(`select id from sizing_rules where herd_id = $1 and action = 'down'`, [herdOf('night')])
  ).rows
  await comeDue(rule!.id, 5)
  const held = (await decided(rule!.id, 3)).find(({ state }) => state === 'held')
  expect(held).toMatchObject({ because: `The calendar Sale keeps standbys large: ${tomorrow} (UTC).` })
})

test('where two must agree a rule submits nothing until somebody else has approved it as it is', async () => {
  const rule = await addRule('both', { actsInProtected: true })
  const revision = async () => (await getPool().query('select revision from sizing_rules where id = $1', [rule])).rows[0].revision
  await comeDue(rule)
  expect(await decided(rule)).toMatchObject([
    { state: 'refused', because: expect.stringContaining('nobody has approved the rule as it is') },
  ])
  await expect(approveRule(anna, rule, await revision())).rejects.toMatchObject({ code: 'plan.approval' })
  await expect(approveRule({ ...ben, kind: 'token' }, rule, await revision())).rejects.toMatchObject({ code: 'access.denied' })
  await expect(approveRule(ben, rule, (await revision()) + 1)).rejects.toMatchObject({ code: 'plan.moved' })
  await approveRule(ben, rule, await revision())
  await comeDue(rule, 5)
  const [, agreed] = (await decided(rule, 2)).sort((a, b) => a.state.localeCompare(b.state))
  expect(agreed).toMatchObject({ state: 'submitted' })
  expect(
    (await getPool().query(`select detail from audit where act = 'run.submit' and object_id = $1`, [agreed!.runId])).rows[0].detail,
  ).toMatchObject({ approvedBy: 'ben' })
  await changeRecord(anna, resourceByName('sizing-rule')!, rule, { type: 'm5.2xlarge' }, await revision())
  await comeDue(rule, 10)
  expect((await decided(rule, 3)).filter(({ state }) => state === 'refused')).toHaveLength(2)
})

test('a rule waits while as many herds are resized as its limit lets, and one that needs attention counts', async () => {
  const [job] = (
    await getPool().query<{ id: string }>(
      `select j.id from jobs j join runs r on r.id = j.run_id where r.idempotency_key like 'sizing:%' and j.state = 'done' limit 1`,
    )
  ).rows
  const set = (state: string) => getPool().query('update jobs set state = $2 where id = $1', [job!.id, state])
  await addRecord(anna, resourceByName('sizing-limit')!, { region: 'us-east-1', atOnce: 1 })
  const rule = await addRule('full')
  await set('attention')
  await comeDue(rule)
  await expect
    .poll(async () => (await decisionsOf(rule))[0]?.because, { timeout: 30_000 })
    .toMatch(/^It waits\. Rules resize \d herds? of us-east-1 already; the limit is 1 at once\.$/)
  await set('done')
  await getPool().query('delete from sizing_limits')
  expect(await decided(rule)).toMatchObject([{ state: 'submitted' }])
})

test('a calendar of its day holds it, and says which', async () => {
  const today = new Date().toISOString().slice(0, 10)
  await addRecord(anna, resourceByName('calendar')!, {
    name: 'Launch',
    herdId: herdOf('held'),
    environmentId: idOf('dev'),
    dates: `${today}..2999-01-01`,
  })
  const rule = await addRule('held')
  await comeDue(rule)
  expect(await decided(rule)).toMatchObject([
    { state: 'held', because: `The calendar Launch holds it: ${today}..2999-01-01 (UTC).`, runId: null },
  ])
  expect(machineOf('held-2').applied).toEqual([])
})

test('what came while nobody was there is missed, or made up for once, as the rule says', async () => {
  const skipped = await addRule('late', { conditions: 'active < 5' })
  const made = await addRule('late', { name: 'made up for', conditions: 'active < 5', missedRuns: 'run' })
  await Promise.all([comeDue(skipped, 61), comeDue(made, 61)])
  expect(await decided(skipped)).toMatchObject([{ state: 'missed', because: 'No worker was available within 15 min.' }])
  expect(await decided(made)).toMatchObject([{ state: 'unknown', because: expect.stringContaining('Active sessions < 5: not recorded') }])
})

test('a rule whose owner is gone, or whose environment is protected against it, submits nothing and says so', async () => {
  const orphan = await addRule('gone', {}, leaver)
  await getPool().query('update people set is_disabled = true where id = $1', [leaver.personId])
  const guarded = await addRule('kept')
  await Promise.all([comeDue(orphan), comeDue(guarded)])
  expect(await decided(orphan)).toMatchObject([{ state: 'refused', because: expect.stringContaining('may no longer sign in') }])
  expect(await decided(guarded)).toMatchObject([{ state: 'refused', because: expect.stringContaining('The environment is protected') }])
  expect([machineOf('gone-2').applied, machineOf('kept-2').applied]).toEqual([[], []])
})

test('a member that a check refuses is left out with the reason, and the other one is resized', async () => {
  bench.served.fleet.instance('left on left-2').state = 'stopped'
  const rule = await addRule('left', { leavesNoStandby: true })
  await comeDue(rule)
  const [decision] = await decided(rule)
  expect(decision).toMatchObject({
    state: 'submitted',
    members: [{}, { leftOut: expect.stringMatching(/./), runId: null }, { leftOut: null }],
  })
  await waitForRun(anna, decision!.runId!, { timeoutMs: 110_000 })
  expect([machineOf('left-2').type, machineOf('left-3').type]).toEqual(['m5.xlarge', 'm5.large'])
})

test('one that may try again does so as often as it says, each attempt with a row of its own', async () => {
  const rule = await addRule('again', { conditions: 'active < 5', retryMinutes: 1, retryMax: 2 })
  await comeDue(rule)
  await decided(rule)
  for (const count of [2, 3]) {
    expect((await getPool().query('select next_attempt from sizing_rules where id = $1', [rule])).rows).toEqual([{ next_attempt: count }])
    await getPool().query('update sizing_rules set next_at = clock_timestamp() where id = $1', [rule])
    await decided(rule, count)
  }
  expect((await getPool().query('select next_attempt from sizing_rules where id = $1', [rule])).rows).toEqual([{ next_attempt: 1 }])
  expect((await decisionsOf(rule)).map(({ attempt, state }) => [attempt, state])).toEqual([
    [1, 'unknown'],
    [2, 'unknown'],
    [3, 'unknown'],
  ])
})

test('clients are counted on the server itself when a rule decides, by its patterns, and the figure is in its verdict', async () => {
  const { sessions } = bench.served.fleet.instance('live on live-2')
  sessions.push(...['app_1', 'app_2', 'report'].map((user, at) => twinSession(100 + at, { user, state: 'active' })))
  const few = await addRule('live', { conditions: 'busyClients < 2', countedClients: ['app%'] })
  await comeDue(few)
  expect((await decided(few))[0]!.members.map(({ title, because }) => [title, because])).toEqual([
    ['live on live-1', 'It is the primary.'],
    ['live on live-2', 'Busy clients that count < 2: was 2'],
    ['live on live-3', 'Busy clients that count < 2: was 0'],
  ])
  bench.served.fleet.host('live-2').power = 'off'
  const unseen = await addRule('live', { name: 'unseen', conditions: 'busyClients < 2', memberTypes: ['live-3:m5.xlarge'] })
  await comeDue(unseen)
  expect((await decided(unseen))[0]).toMatchObject({ state: 'unknown', because: expect.stringContaining('not counted') })
})

test('a decision whose worker died is made by another one, once', async () => {
  const rule = await addRule('hand')
  await getPool().query(
    `insert into sizing_decisions (rule_id, herd_id, environment_id, title, occurrence, rule_revision, person_id, claim, claimed_until)
      select id, herd_id, environment_id, name, now(), revision, person_id, gen_random_uuid(), clock_timestamp() from sizing_rules where id = $1`,
    [rule],
  )
  const [decision] = await decided(rule)
  expect(decision).toMatchObject({
    state: 'submitted',
    because: 'hand on hand-2: m5.xlarge → m5.large. hand on hand-3: m5.xlarge → m5.large.',
  })
})

test('a decision whose rule was deleted meanwhile ends and says so', async () => {
  const { rows } = await getPool().query<{ id: string }>(
    `insert into sizing_decisions (herd_id, environment_id, title, occurrence, rule_revision, claimed_until)
      values ($1, $2, 'deleted', now(), 1, clock_timestamp()) returning id`,
    [herdOf('hand'), idOf('dev')],
  )
  const stateOf = async () => (await getPool().query('select state, because from sizing_decisions where id = $1', [rows[0]!.id])).rows[0]
  await expect.poll(stateOf, { timeout: 110_000 }).toEqual({ state: 'failed', because: 'The rule was deleted.' })
})

test('two workers and a lost Redis decide each of many rules that are due at once exactly once, and each machine changes once', async () => {
  const rules = []
  for (const herd of many) rules.push(await addRule(herd, { memberTypes: [`${herd}-3:m5.xlarge`] }))
  await bench.redis!.kill()
  await Promise.all(rules.map((rule) => comeDue(rule)))
  const decisions = await Promise.all(rules.map((rule) => decided(rule)))
  expect(decisions.map((of) => of.map(({ state }) => state))).toEqual(many.map(() => ['submitted']))
  for (const [decision] of decisions)
    expect(await waitForRun(anna, decision!.runId!, { timeoutMs: 110_000 })).toMatchObject({ state: 'done' })
  expect(many.map((herd) => machineOf(`${herd}-2`).applied)).toEqual(many.map(() => ['stop', 'set m5.large', 'start m5.large']))
  expect(many.map((herd) => machineOf(`${herd}-3`).applied)).toEqual(many.map(() => []))
  await bench.redis!.start()
})

test('in a year with its changes of clocks in three zones, two workers are given each time of each rule exactly once', async () => {
  await Promise.all(workers.map((worker) => worker.kill()))
  const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe']
  const from = new Date('2030-01-01T00:00:00Z')
  const until = Date.parse('2031-01-01T00:00:00Z')
  const lines = '15 2 * * *\n0/30 1 * * *'
  const rules = []
  for (const zone of zones) rules.push({ zone, id: await addRule('year', { name: zone, zone, schedules: lines }) })
  const ids = rules.map(({ id }) => id)
  // The other rules of these tests are nobody's business here.
  await getPool().query('update sizing_rules set is_paused = true, next_at = $2 where not id = any($1)', [ids, new Date(until * 2)])
  await claimDue(from)
  for (;;) {
    const next = (await getPool().query<{ at: Date }>('select min(next_at) as at from sizing_rules where id = any($1)', [ids])).rows[0]!.at
    if (next.getTime() >= until) break
    await Promise.all([claimDue(next), claimDue(next)])
  }
  for (const { zone, id } of rules) {
    const wanted: string[] = []
    for (const run of runsAfter(parseSchedules(lines) as CronTimes[], zone, from)) {
      if (run.getTime() >= until) break
      wanted.push(run.toISOString())
    }
    const { rows } = await getPool().query<{ occurrence: Date }>('select occurrence from sizing_decisions where rule_id = $1 order by 1', [
      id,
    ])
    expect(rows.map(({ occurrence }) => occurrence.toISOString())).toEqual(wanted)
    expect(wanted.length).toBeGreaterThan(3 * 364)
  }
})
