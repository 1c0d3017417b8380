import { afterAll, beforeAll, expect, test } from 'vitest'
import { fleetFacts } from '@/db/fleet/front-page'
import { forget } from '@/db/pg/cached'
import { getPool } from '@/db/pg/client'
import { plan } from '@/e2e/harness/submit'
import { type Bench, instanceId, openBench } from '@/e2e/harness/workers'
import { idOf } from '@/lib/adapters/memory'
import type { Actor, Role } from '@/lib/kernel/access/access'
import { approvePlan, askForPlan, cancelScheduled, getPlan, moveScheduled, scheduleRun, submitRun, waitForPlan } from './index'

const shapes = ['dev-a', 'dev-b', 'prod-a', 'prod-b', 'prod-c', 'prod-d', 'prod-e'].map((name) => ({
  environment: name.slice(0, -2),
  name,
  hosts: [`${name}-1`],
}))
const id = (name: string) => instanceId(`${name} on ${name}-1`)
const person = (name: string, role: Role): Actor => ({
  kind: 'person',
  personId: idOf(name),
  name,
  grants: [{ role, environmentId: null }],
})
const anna = person('anna', 'dba')
const ben = person('ben', 'dba')
const carl = person('carl', 'dba')

let bench: Bench
beforeAll(async () => {
  bench = await openBench(shapes, 'postgres')
  await getPool().query(`update environments set protection = 'two-person' where name = 'prod'`)
  await bench.startWorker()
})
afterAll(() => bench?.close())

test('an API token approves nothing, whatever its owner may do', async () => {
  const made = await plan({ actor: anna, operation: 'restart', targets: [id('prod-a')] })
  await expect(approvePlan({ ...ben, kind: 'token', tokenId: idOf('token of ben') }, made.id, made.digest!)).rejects.toMatchObject({
    code: 'access.denied',
    message: expect.stringContaining('never an API token'),
  })
})

test('one approval lets a plan run once: what is scheduled is not submitted too, nor scheduled once it was', async () => {
  const restart = async (name: string) => {
    const made = await plan({ actor: anna, operation: 'restart', targets: [id(name)] })
    await approvePlan(ben, made.id, made.digest!)
    return { planId: made.id, digest: made.digest!, phrase: 'restart 1 in prod' }
  }
  const at = new Date(Date.now() + 86_400_000).toISOString()
  const scheduled = await restart('prod-b')
  const appointment = await scheduleRun(anna, { ...scheduled, at })
  if (!appointment.scheduled) throw new Error('something changed')
  await expect(submitRun(anna, scheduled)).rejects.toMatchObject({
    code: 'run.closed',
    message: expect.stringContaining('is scheduled for'),
  })

  // Another one than is scheduled: the run may be the one that is done, and what it restarts is no more as it was planned.
  const submitted = await restart('prod-e')
  // Asked at one moment, exactly one of the two is done.
  const [run, other] = await Promise.allSettled([submitRun(anna, submitted), scheduleRun(anna, { ...submitted, at })])
  expect([run.status, other.status].sort()).toEqual(['fulfilled', 'rejected'])
  expect(run.status === 'rejected' ? run.reason : (other as PromiseRejectedResult).reason).toMatchObject({ code: 'run.closed' })

  await cancelScheduled(anna, appointment.id)
  expect(await submitRun(anna, scheduled)).toMatchObject({ submitted: true })
})

test('an approval is for a time: a run that is moved waits for another one, which who moved it does not give', async () => {
  const made = await plan({ actor: anna, operation: 'restart', targets: [id('prod-c')] })
  await approvePlan(ben, made.id, made.digest!)
  const order = { planId: made.id, digest: made.digest!, phrase: 'restart 1 in prod' }
  const first = new Date(Date.now() + 86_400_000).toISOString()
  const appointment = await scheduleRun(anna, { ...order, at: first })
  if (!appointment.scheduled) throw new Error('something changed')
  const approverOf = async () =>
    (await getPool().query('select approved_by_name from scheduled_runs where id = $1', [appointment.id])).rows[0].approved_by_name
  expect(await approverOf()).toBe('ben')

  await getPool().query('insert into people (id, user_name) values ($1, $2)', [anna.personId, 'anna'])
  await getPool().query(`insert into grants (person_id, role) values ($1, 'dba')`, [anna.personId])
  const moved = await moveScheduled(carl, appointment.id, { at: new Date(Date.now() + 2 * 86_400_000).toISOString(), revision: 1 })
  expect(await approverOf()).toBe(null)
  expect(await getPlan(anna, made.id)).toMatchObject({ approvedByName: null, approvalAskedAt: expect.any(Date) })
  expect((await fleetFacts(ben)).approvals.map(({ planId }) => planId)).toContain(made.id)

  await expect(approvePlan(ben, made.id, made.digest!)).rejects.toMatchObject({
    code: 'plan.moved',
    message: expect.stringContaining('is scheduled for'),
  })
  await expect(approvePlan(ben, made.id, made.digest!, first)).rejects.toMatchObject({ code: 'plan.moved' })
  await expect(approvePlan(carl, made.id, made.digest!, moved.at)).rejects.toMatchObject({ code: 'plan.approval' })
  expect(await approverOf()).toBe(null)
  await approvePlan(ben, made.id, made.digest!, moved.at)
  expect(await approverOf()).toBe('ben')
  // What was shown a second ago may be shown again.
  forget('fleet')
  expect((await fleetFacts(ben)).approvals.map(({ planId }) => planId)).not.toContain(made.id)
})

test('a person has so many plans in the making, and others are not held up by them', async () => {
  const ask = (actor: Actor) => askForPlan(actor, { operation: 'reload', targets: [id('dev-a')] })
  const hasty = person('hasty', 'dba')
  const { postgres } = bench.served.fleet.read
  const { probe } = postgres
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  postgres.probe = async (...args) => {
    await opened
    return probe(...args)
  }
  const asked = await Promise.allSettled(Array.from({ length: 9 }, () => ask(hasty)))
  expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
  expect((asked.find(({ status }) => status === 'rejected') as PromiseRejectedResult).reason).toMatchObject({ code: 'limit.reached' })
  const other = await ask(anna)
  open()
  postgres.probe = probe
  await waitForPlan(anna, other.planId, { timeoutMs: 60_000 })
})

test('a token reads its owner’s plans where it may look itself, and nowhere else', async () => {
  const [inDev, inProd] = await Promise.all([
    plan({ actor: anna, operation: 'reload', targets: [id('dev-b')] }),
    plan({ actor: anna, operation: 'reload', targets: [id('prod-d')] }),
  ])
  const token: Actor = {
    ...anna,
    kind: 'token',
    tokenId: idOf('token of anna'),
    grants: [{ role: 'operator', environmentId: idOf('dev') }],
  }
  expect((await getPlan(token, inDev.id)).id).toBe(inDev.id)
  await expect(getPlan(token, inProd.id)).rejects.toMatchObject({ code: 'record.missing' })
  const own = await plan({ actor: token, operation: 'reload', targets: [id('dev-b')] })
  expect(own.state).toBe('ready')
})
