import { afterAll, beforeAll, expect, test } from 'vitest'
import { getPool, listen } from '@/db/pg/client'
import { getRun } from '@/db/runs/runs'
import { herdAppointments, type ScheduledRun } from '@/db/runs/scheduled'
import { tidy } from '@/db/tidy'
import { verifyAudit } from '@/db/trail/audit'
import { plan } from '@/e2e/harness/submit'
import { type Bench, instanceId, openBench, type WorkerProcess } from '@/e2e/harness/workers'
import { idOf } from '@/lib/adapters/memory'
import { type Actor, type Role, systemActor } from '@/lib/kernel/access/access'
import { startDue } from '../driver/start-scheduled'
import { getWaker } from '../queue/location'
import { cancelScheduled, moveScheduled, scheduleRun, submitRun, waitForRun } from './index'

const single = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({ environment: 'dev', name, hosts: [`${name}-1`] }))
const pair = { environment: 'dev', name: 'sick', hosts: ['sick-1', 'sick-2'] }
const elsewhere = { environment: 'qa', name: 'g', hosts: ['g-1'] }
const nightly = { environment: 'nightly', name: 'night', hosts: ['night-1'] }
const id = (name: string) => instanceId(`${name} on ${name}-1`)
const applied = (title: string) => bench.served.fleet.instance(title).applied
const herdOf = (name: string) => bench.served.fleet.instance(`${name} on ${name}-1`).inventory.herdId

const person = (name: string, role: Role): Actor => ({
  kind: 'person',
  personId: idOf(name),
  name,
  grants: [{ role, environmentId: null }],
})
const anna = person('anna', 'dba')
const bert = person('bert', 'dba')
const leaver = person('leaver', 'dba')
const viewer = person('viewer', 'viewer')

let bench: Bench
let workers: WorkerProcess[] = []
beforeAll(async () => {
  bench = await openBench([...single, elsewhere, pair, nightly], 'postgres')
  for (const { personId, name, grants } of [anna, leaver]) {
    await getPool().query(`insert into people (id, user_name) values ($1, $2)`, [personId, name])
    await getPool().query('insert into grants (person_id, role) values ($1, $2)', [personId, grants[0]!.role])
  }
  await getPool().query(`update environments set maintenance_windows = array[$1] where name = 'nightly'`, [
    `${hourIn(12)}:00-${hourIn(12)}:30`,
  ])
  workers = await Promise.all([bench.startWorker({ sweepEveryMs: 200 }), bench.startWorker({ sweepEveryMs: 200 })])
})
afterAll(() => bench?.close())

/** Of UTC, so many hours from when the tests began: two digits. */
const begunAt = Date.now()
const hourIn = (hours: number) => new Date(begunAt + hours * 3_600_000).toISOString().slice(11, 13)
const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString()

/** Plans and puts off; the id of what waits. */
const schedule = async (
  question: { actor?: Actor; operation: string; targets: string[]; input?: object },
  at = tomorrow(),
): Promise<string> => {
  const actor = question.actor ?? anna
  const made = await plan({ ...question, actor })
  const answer = await scheduleRun(actor, { planId: made.id, digest: made.digest!, phrase: made.plan!.phrase ?? undefined, at })
  if (!answer.scheduled) throw new Error('something changed')
  return answer.id
}

/** Lets its time come. `agoMinutes`: so long ago. */
const comeDue = async (scheduledId: string, agoMinutes = 0): Promise<ScheduledRun> => {
  const read = async () => {
    const { rows } = await getPool().query('select state, because, run_id as "runId" from scheduled_runs where id = $1', [scheduledId])
    return rows[0] as ScheduledRun
  }
  let wake = () => {}
  const stop = await listen('records', () => wake())
  try {
    await getPool().query(`update scheduled_runs set at = clock_timestamp() - $2 * interval '1 minute' where id = $1`, [
      scheduledId,
      agoMinutes,
    ])
    for (const deadline = Date.now() + 110_000; Date.now() < deadline; ) {
      const news = new Promise<void>((resolve) => {
        wake = resolve
        setTimeout(resolve, 1_000)
      })
      const row = await read()
      if (row.state !== 'waiting') return row
      await news
    }
    throw new Error('it was not looked at')
  } finally {
    stop()
  }
}

test('what was scheduled starts at its time, once, in the name of the person who scheduled it, although the worker that knew of it is gone', async () => {
  const scheduledId = await schedule({ operation: 'reload', targets: [id('a')] })
  expect(applied('a on a-1')).toEqual([])
  await getPool().query(`update plans set created_at = created_at - interval '3 days'`)
  await tidy({ resultDays: 30 })
  expect(await workers[0]!.stop()).toBe(0)
  workers[0] = await bench.startWorker({ sweepEveryMs: 200 })
  const row = await comeDue(scheduledId)
  expect(row).toMatchObject({ state: 'started', because: null })
  const run = await waitForRun(systemActor, row.runId!, { timeoutMs: 110_000 })
  expect(run).toMatchObject({ state: 'done', actorName: 'anna' })
  expect(applied('a on a-1')).toEqual(['reload'])
  const { rows } = await getPool().query(`select act, actor_name from audit where title = $1 order by seq`, [run.title])
  expect(rows).toEqual([
    { act: 'run.schedule', actor_name: 'anna' },
    { act: 'run.submit', actor_name: 'anna' },
  ])
})

test('a switchover whose herd is not healthy at its time is skipped with the reason, and touches nothing', async () => {
  const scheduledId = await schedule({ operation: 'switchover', targets: [herdOf('sick')] })
  expect(await herdAppointments(viewer, herdOf('sick'))).toMatchObject([{ id: scheduledId, state: 'waiting', actorName: 'anna' }])
  bench.served.fleet.instance('sick on sick-2').state = 'stopped'
  const row = await comeDue(scheduledId)
  expect(row).toMatchObject({ state: 'skipped', runId: null, because: expect.stringMatching(/^sick on sick-2/) })
  expect(applied('sick on sick-1')).toEqual([])
  expect(await herdAppointments(viewer, herdOf('sick'))).toMatchObject([{ id: scheduledId, state: 'skipped', because: row.because }])
})

test('of several targets the one that is not what it was is left out by name, and the others run', async () => {
  const scheduledId = await schedule({ operation: 'reload', targets: [id('b'), id('c')] })
  bench.served.fleet.instance('b on b-1').state = 'stopped'
  const row = await comeDue(scheduledId)
  expect(row).toMatchObject({ state: 'started', because: expect.stringMatching(/^b on b-1: /) })
  await waitForRun(systemActor, row.runId!, { timeoutMs: 110_000 })
  expect([applied('b on b-1'), applied('c on c-1')]).toEqual([[], ['reload']])
  expect((await getRun(systemActor, row.runId!)).jobs).toHaveLength(1)
})

test('of a run over several environments it is said how many were left out and not which, for whoever sees one of them reads it', async () => {
  const scheduledId = await schedule({ operation: 'reload', targets: [id('c'), id('g')] })
  bench.served.fleet.instance('g on g-1').state = 'stopped'
  const row = await comeDue(scheduledId)
  expect(row).toMatchObject({ state: 'started', because: 'One of its targets was left out.' })
})

test('what no worker could begin in time is skipped and says so', async () => {
  const scheduledId = await schedule({ operation: 'reload', targets: [id('d')] })
  expect(await comeDue(scheduledId, 16)).toMatchObject({
    state: 'skipped',
    because: 'No worker was available to start it within 15 minutes of its scheduled time.',
  })
  expect(applied('d on d-1')).toEqual([])
})

test('the person who scheduled it must still be allowed to run it when its time comes', async () => {
  const scheduledId = await schedule({ actor: leaver, operation: 'reload', targets: [id('e')] })
  const barred = await schedule({ actor: leaver, operation: 'reload', targets: [id('e')] })
  await getPool().query('delete from grants where person_id = $1', [leaver.personId])
  expect(await comeDue(scheduledId)).toMatchObject({ state: 'skipped', because: expect.stringMatching(/may not see it/) })
  await getPool().query('update people set is_disabled = true where id = $1', [leaver.personId])
  expect(await comeDue(barred)).toMatchObject({ state: 'skipped', because: expect.stringMatching(/^leaver may no longer sign in/) })
  expect(applied('e on e-1')).toEqual([])
})

test('a cancelled one never starts; a person who may not run it may not cancel it, and it is cancelled once', async () => {
  const scheduledId = await schedule({ operation: 'reload', targets: [id('f')] })
  await expect(cancelScheduled(viewer, scheduledId)).rejects.toMatchObject({ code: 'access.denied' })
  await cancelScheduled(anna, scheduledId)
  await expect(cancelScheduled(anna, scheduledId)).rejects.toMatchObject({ code: 'run.closed' })
  expect(await comeDue(scheduledId)).toMatchObject({ state: 'cancelled', because: 'Cancelled by anna.' })
  expect(applied('f on f-1')).toEqual([])
})

test('a rescheduled one starts at its new time; a person who may not run it may not move it, nor may anybody from a stale page, nor once it has started', async () => {
  const scheduledId = await schedule({ operation: 'reload', targets: [id('f')] })
  const at = `${new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 17)}00.000Z`
  const move = (actor: Actor, revision: number) => moveScheduled(actor, scheduledId, { at, revision })
  await expect(move(viewer, 1)).rejects.toMatchObject({ code: 'access.denied' })
  expect(await move(bert, 1)).toEqual({ id: scheduledId, at, revision: 2 })
  await expect(moveScheduled(anna, scheduledId, { at: tomorrow(), revision: 1 })).rejects.toMatchObject({
    code: 'record.conflict',
    message: `Somebody moved it meanwhile, to ${at.slice(0, 16).replace('T', ' ')} UTC. Nothing was changed; review it again.`,
    facts: { revision: 2, current: { at } },
  })
  await expect(moveScheduled(anna, scheduledId, { at: '2026-01-01T00:00:00Z', revision: 2 })).rejects.toMatchObject({
    code: 'input.invalid',
    facts: { fields: [{ path: 'at' }] },
  })
  expect(await herdAppointments(viewer, herdOf('f'))).toContainEqual(expect.objectContaining({ id: scheduledId, state: 'waiting', at }))
  const { rows } = await getPool().query('select actor_name, fields, object_id from changes')
  expect(rows).toEqual([{ actor_name: 'bert', object_id: scheduledId, fields: { at: [expect.any(String), at] } }])
  const row = await comeDue(scheduledId)
  expect(await waitForRun(systemActor, row.runId!, { timeoutMs: 110_000 })).toMatchObject({ state: 'done', actorName: 'anna' })
  await expect(move(anna, 2)).rejects.toMatchObject({ code: 'run.closed' })
})

test('a time must lie ahead, carry its zone, and lie inside the maintenance window; the next opening of the window is a time too', async () => {
  const made = await plan({ actor: anna, operation: 'restart', targets: [id('night')] })
  const order = { planId: made.id, digest: made.digest!, phrase: made.plan!.phrase ?? undefined }
  const wrong = (at: string) => expect(scheduleRun(anna, { ...order, at })).rejects
  await wrong('2026-01-01T00:00:00Z').toMatchObject({ code: 'input.invalid', message: 'This time has passed. Give one that lies ahead.' })
  await wrong('2099-01-01 02:00').toMatchObject({ code: 'input.invalid', facts: { fields: [{ path: 'at' }] } })
  const closed = `${tomorrow().slice(0, 10)} ${hourIn(6)}:00 UTC`
  await wrong(closed).toMatchObject({ code: 'plan.window' })
  const answer = await scheduleRun(anna, { ...order, at: 'window' })
  expect(answer).toMatchObject({ scheduled: true, at: expect.stringContaining(`T${hourIn(12)}:00:00.000Z`) })
  expect(await scheduleRun(anna, { ...order, at: 'window' })).toEqual(answer)

  if (!answer.scheduled) throw new Error('something changed')
  const move = (more: object, revision = 1) => moveScheduled(anna, answer.id, { at: closed, revision, ...more })
  await expect(move({})).rejects.toMatchObject({ code: 'plan.window' })
  await expect(move({ isOutsideWindow: true })).rejects.toMatchObject({ code: 'input.invalid', facts: { fields: [{ path: 'reason' }] } })
  const moved = await move({ isOutsideWindow: true, reason: 'the disk fails' })
  expect(moved).toMatchObject({ at: expect.stringContaining(`T${hourIn(6)}:00:00.000Z`), revision: 2 })
  expect(await move({ at: 'window' }, 2)).toMatchObject({ at: answer.at, revision: 3 })
})

test('what is moved while a worker begins it does not start, and what runs in the name of somebody who left is not moved', async () => {
  const scheduledId = await schedule({ operation: 'reload', targets: [id('d')] })
  await Promise.all(workers.map((worker) => worker.stop()))
  await getPool().query('update scheduled_runs set at = clock_timestamp() where id = $1', [scheduledId])
  const makePlan = async (planId: string) => {
    await moveScheduled(anna, scheduledId, { at: tomorrow(), revision: 1 })
    workers = [await bench.startWorker({ sweepEveryMs: 200 })]
    await getWaker().wakePlan(planId)
  }
  await startDue({ holder: 'test', waker: getWaker(), makePlan, log: { info: () => {}, warn: () => {}, error: () => {} } })
  const read = async () => (await getPool().query('select state, run_id from scheduled_runs where id = $1', [scheduledId])).rows[0]
  expect(await read()).toEqual({ state: 'waiting', run_id: null })
  expect(applied('d on d-1')).toEqual([])

  await getPool().query('update scheduled_runs set person_id = $2 where id = $1', [scheduledId, leaver.personId])
  await expect(moveScheduled(anna, scheduledId, { at: tomorrow(), revision: 2 })).rejects.toMatchObject({
    code: 'access.denied',
    message: expect.stringMatching(/^It runs in the name of anna, who may no longer sign in/),
  })
})

test('who answers for what the console cannot know has just proved who they are, whether it is to run now or later', async () => {
  const breaking = async (override: string, actor: Actor, work: typeof submitRun | typeof later) => {
    const made = await plan({ operation: 'reload', targets: [id('f')], actor: anna })
    await getPool().query(`update plans set plan = jsonb_set(plan, '{input,override}', to_jsonb($2::text)) where id = $1`, [
      made.id,
      override,
    ])
    return work(actor, { planId: made.id, digest: made.digest! }).then(
      () => 'no fault',
      (error) => error.code,
    )
  }
  const later = (actor: Actor, submission: Parameters<typeof submitRun>[1]) =>
    scheduleRun(actor, { ...submission, at: new Date(Date.now() + 3_600_000).toISOString() })
  const stale = { ...anna, isProofStale: true }
  for (const work of [submitRun, later]) {
    expect(await breaking('f', stale, work)).toBe('auth.proof')
    expect(await breaking(' ', stale, work)).not.toBe('auth.proof')
  }
  expect(await breaking('f', anna, submitRun)).not.toBe('auth.proof')
})

test('everything that was scheduled, moved, skipped and cancelled is in the audit log, and its chain holds', async () => {
  const { rows } = await getPool().query<{ act: string }>('select distinct act from audit order by act')
  expect(rows.map((row) => row.act)).toEqual(['run.reschedule', 'run.schedule', 'run.skip', 'run.submit', 'run.unschedule'])
  expect(await verifyAudit()).toMatchObject({ ok: true })
})
