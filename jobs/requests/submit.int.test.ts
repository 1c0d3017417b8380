import { afterAll, beforeAll, expect, test } from 'vitest'
import { getPool } from '@/db/pg/client'
import { getRun } from '@/db/runs/runs'
import { verifyAudit } from '@/db/trail/audit'
import { holdActs } from '@/e2e/harness/hold'
import { plan, runAndWait, submit } from '@/e2e/harness/submit'
import { type Bench, instanceId, openBench, type WorkerProcess } from '@/e2e/harness/workers'
import { idOf } from '@/lib/adapters/memory'
import { type Actor, type Role, systemActor } from '@/lib/kernel/access/access'
import { approvePlan, askForPlan, cancelRun, getPlan, releaseLease, submitRun, waitForPlan, waitForRun } from './index'

const names = [...'abcdefghijklmnopqrstuvwxy']
const shapes = ['dev', 'prod'].flatMap((environment) =>
  names.map((name) => ({ environment, name: `${environment}-${name}`, hosts: [`${environment}-${name}-1`] })),
)
const id = (name: string) => instanceId(`${name} on ${name}-1`)
const applied = (name: string) => bench.served.fleet.instance(`${name} on ${name}-1`).applied

const person = (name: string, role: Role, environment?: string): Actor => ({
  kind: 'person',
  personId: idOf(name),
  name,
  grants: [{ role, environmentId: environment ? idOf(environment) : null }],
})
const anna = person('anna', 'dba')
const ben = person('ben', 'dba')
const dev = person('dev', 'operator', 'dev')
const viewer = person('viewer', 'viewer')

let bench: Bench
let worker: WorkerProcess
beforeAll(async () => {
  bench = await openBench(shapes, 'postgres')
  await getPool().query(`update environments set protection = 'two-person' where name = 'prod'`)
  worker = await bench.startWorker()
})
afterAll(() => bench?.close())

test('fifty targets are looked at all at once, so that a plan takes as long as its slowest host', async () => {
  const { postgres } = bench.served.fleet.read
  const { probe } = postgres
  let arrived = 0
  let open = () => {}
  const all = new Promise<void>((resolve) => {
    open = resolve
  })
  postgres.probe = async (...args) => {
    arrived += 1
    if (arrived === 50) open()
    await all
    return probe(...args)
  }
  const made = await plan({ operation: 'restart', targets: shapes.map(({ name }) => id(name)) })
  postgres.probe = probe
  expect(made.plan).toMatchObject({ eligible: 50, excluded: 0 })
  expect(made.plan!.environments.map((environment) => environment.name).toSorted()).toEqual(['dev', 'prod'])
})

test('who may not run it on one of the targets is told which one, and nothing is asked of a worker', async () => {
  const asking = askForPlan(dev, { operation: 'restart', targets: [id('dev-a'), id('prod-a')] })
  await expect(asking).rejects.toMatchObject({ code: 'input.invalid', facts: { fields: [{ path: 'targets.1' }] } })
  const everywhere: Actor = { ...dev, grants: [...dev.grants, { role: 'viewer', environmentId: null }] }
  await expect(askForPlan(everywhere, { operation: 'restart', targets: [id('dev-a'), id('prod-a')] })).rejects.toMatchObject({
    code: 'access.denied',
    message: 'You do not have the permission instance.run.restart for prod-a on prod-a-1.',
  })
  await expect(askForPlan(viewer, { operation: 'reload', targets: [id('dev-a')] })).rejects.toMatchObject({ code: 'access.denied' })
})

test('a question that makes no sense names every field that is wrong', async () => {
  await expect(askForPlan(anna, { operation: 'explode', targets: [id('dev-a')] })).rejects.toMatchObject({
    facts: { fields: [{ path: 'operation' }] },
  })
  await expect(askForPlan(anna, { operation: 'restart', targets: [] })).rejects.toMatchObject({ facts: { fields: [{ path: 'targets' }] } })
  await expect(askForPlan(anna, { operation: 'restart', targets: ['nonsense'], policy: { parallel: 0 } })).rejects.toMatchObject({
    facts: { fields: [{ path: 'targets.0' }, { path: 'policy.parallel' }] },
  })
  await expect(askForPlan(anna, { operation: 'restart', targets: [id('dev-a')], input: { mode: 'slow' } })).rejects.toMatchObject({
    facts: { fields: [{ path: 'input.mode' }] },
  })
})

test('a plan is submitted once: a second submission, or one at the same moment, answers with the same run', async () => {
  const made = await plan({ actor: dev, operation: 'reload', targets: [id('dev-b')] })
  const submission = { planId: made.id, digest: made.digest! }
  const answers = await Promise.all([submitRun(dev, submission), submitRun(dev, submission), submitRun(dev, submission)])
  const runs = new Set(answers.map((answer) => answer.submitted && answer.runId))
  expect(runs.size).toBe(1)
  const [runId] = [...runs] as [string]
  expect(await submitRun(dev, submission)).toMatchObject({ submitted: true, runId })
  await waitForRun(dev, runId, { timeoutMs: 110_000 })
  expect(applied('dev-b')).toEqual(['reload'])
  expect((await getPlan(dev, made.id)).runId).toBe(runId)
})

test('the same idempotency key answers with the same run, and that of another person, or of a token of the same one, is another', async () => {
  const first = await plan({ actor: dev, operation: 'reload', targets: [id('dev-c')] })
  const one = await submitRun(dev, { planId: first.id, digest: first.digest!, idempotencyKey: 'k' })
  const second = await plan({ actor: dev, operation: 'reload', targets: [id('dev-c')] })
  expect(await submitRun(dev, { planId: second.id, digest: second.digest!, idempotencyKey: 'k' })).toEqual(one)
  const third = await plan({ actor: anna, operation: 'reload', targets: [id('dev-c')] })
  const other = await submitRun(anna, { planId: third.id, digest: third.digest!, idempotencyKey: 'k' })
  expect(other).not.toEqual(one)
  const fourth = await plan({ actor: dev, operation: 'reload', targets: [id('dev-c')] })
  const token: Actor = { ...dev, kind: 'token', tokenId: idOf('a token of dev') }
  expect(await submitRun(token, { planId: fourth.id, digest: fourth.digest!, idempotencyKey: 'k' })).not.toEqual(one)
})

test('when something changed nothing runs, and the answer is the plan as it would be now', async () => {
  const made = await plan({ actor: dev, operation: 'restart', targets: [id('dev-d'), id('dev-e')] })
  bench.served.fleet.instance('dev-d on dev-d-1').state = 'stopped'
  const answer = await submitRun(dev, { planId: made.id, digest: made.digest!, phrase: made.plan!.phrase ?? undefined })
  if (answer.submitted) throw new Error('it was submitted')
  expect(answer.moved.plan.digest).not.toBe(made.digest)
  expect(answer.moved.plan.excluded).toBe(1)
  expect(applied('dev-e')).toEqual([])
  const again = await submitRun(dev, {
    planId: answer.moved.planId,
    digest: answer.moved.plan.digest,
    phrase: answer.moved.plan.phrase ?? undefined,
  })
  expect(again.submitted).toBe(true)
})

test('a digest that is not the plan’s runs nothing', async () => {
  const made = await plan({ actor: dev, operation: 'reload', targets: [id('dev-f')] })
  const answer = await submitRun(dev, { planId: made.id, digest: 'something else' })
  expect(answer).toMatchObject({ submitted: false, moved: { planId: made.id } })
})

test('in an environment of two persons the phrase and another person’s approval are needed, and each is asked for', async () => {
  const made = await plan({ actor: anna, operation: 'restart', targets: [id('prod-a')] })
  expect(made.plan).toMatchObject({ needsApproval: true, phrase: 'restart 1 in prod' })
  const submission = { planId: made.id, digest: made.digest!, phrase: 'restart 1 in prod' }
  await expect(submitRun(anna, { ...submission, phrase: 'restart 1 in dev' })).rejects.toMatchObject({ code: 'plan.phrase' })
  await expect(submitRun(anna, submission)).rejects.toMatchObject({ code: 'plan.approval' })
  await expect(approvePlan(anna, made.id, made.digest!)).rejects.toMatchObject({ code: 'plan.approval' })
  await expect(approvePlan(dev, made.id, made.digest!)).rejects.toMatchObject({ code: 'record.missing' })
  await expect(approvePlan(viewer, made.id, made.digest!)).rejects.toMatchObject({ code: 'access.denied' })
  await expect(approvePlan(ben, made.id, 'another digest')).rejects.toMatchObject({ code: 'plan.moved' })
  await approvePlan(ben, made.id, made.digest!)
  await expect(submitRun(ben, submission)).rejects.toMatchObject({ code: 'plan.approval' })
  await getPool().query(`update plans set approved_at = approved_at - interval '61 minutes' where id = $1`, [made.id])
  await expect(submitRun(anna, submission)).rejects.toThrow(/more than an hour old/)
  await approvePlan(ben, made.id, made.digest!)
  const answer = await submitRun(anna, submission)
  if (!answer.submitted) throw new Error('something changed')
  expect((await waitForRun(anna, answer.runId, { timeoutMs: 110_000 })).state).toBe('done')
})

test('a plan whose targets are all excluded cannot be submitted', async () => {
  const made = await plan({ actor: dev, operation: 'start', targets: [id('dev-g')] })
  await expect(submitRun(dev, { planId: made.id, digest: made.digest! })).rejects.toMatchObject({ code: 'plan.refused' })
})

test('a run is seen and steered only by those who may', async () => {
  const hold = holdActs(bench.served.fleet, ({ target }) => target.startsWith('prod-b'))
  const { runId } = await submit({ operation: 'reload', targets: [id('prod-b')] })
  await hold.waitFor(1)
  await expect(getRun(dev, runId)).rejects.toMatchObject({ code: 'record.missing' })
  await expect(cancelRun(viewer, runId)).rejects.toMatchObject({ code: 'access.denied' })
  expect((await getRun(viewer, runId)).state).toBe('running')
  hold.open()
  await waitForRun(systemActor, runId, { timeoutMs: 110_000 })
})

test('an administrator takes the lease of a driver away: it stops before its next act, and the job is driven to its end by the next one', async () => {
  const hold = holdActs(bench.served.fleet, ({ act, target }) => act.startsWith('stop') && target.startsWith('dev-h'))
  const { runId } = await submit({ operation: 'restart', targets: [id('dev-h')] })
  await hold.waitFor(1)
  const [job] = (await getRun(systemActor, runId)).jobs
  await expect(releaseLease(anna, `job:${job!.id}`)).rejects.toMatchObject({ code: 'access.denied' })
  await releaseLease(person('root', 'admin'), `job:${job!.id}`)
  hold.open()
  expect((await waitForRun(systemActor, runId, { timeoutMs: 110_000 })).state).toBe('done')
  expect(applied('dev-h')).toEqual(['stop fast', 'start'])
})

test('everything that was submitted, approved, cancelled and taken away is in the audit log, and its chain holds', async () => {
  const { rows } = await getPool().query<{ act: string }>('select distinct act from audit order by act')
  expect(rows.map((row) => row.act)).toEqual(['lease.release', 'plan.approve', 'run.submit'])
  expect(await verifyAudit()).toMatchObject({ ok: true })
})

test('without a worker a plan says so within seconds instead of waiting', async () => {
  await runAndWait({ operation: 'reload', targets: [id('dev-i')] })
  expect(await worker.stop()).toBe(0)
  const { planId } = await askForPlan(dev, { operation: 'reload', targets: [id('dev-j')] })
  await expect(waitForPlan(dev, planId, { timeoutMs: 30_000 })).rejects.toMatchObject({ code: 'worker.absent' })
})
