import { afterAll, beforeAll, expect, test } from 'vitest'
import { getPool } from '@/db/pg/client'
import { plan } from '@/e2e/harness/submit'
import { actorIn } from '@/e2e/harness/two-territories'
import { type Bench, instanceId, openBench } from '@/e2e/harness/workers'
import { systemActor } from '@/lib/kernel/access/access'
import { askForPlan, submitRun, waitForRun } from './requests'

const shapes = [
  { environment: 'calm', name: 'slow', hosts: ['calm-1', 'calm-2'] },
  { environment: 'free', name: 'quick', hosts: ['free-1'] },
]
const slow = ['slow on calm-1', 'slow on calm-2'].map(instanceId)
const quick = [instanceId('quick on free-1')]
const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
/** Of no day that is today in any time zone. */
const elsewhen = `${days[(new Date().getUTCDay() + 3) % 7]} 00:00-01:00 UTC`

let bench: Bench
beforeAll(async () => {
  bench = await openBench(shapes, 'postgres')
  await bench.startWorker()
  await getPool().query(
    `update environments set maintenance_windows = array[$1], parallel_max = 2, stop_after_failures_max = 3 where name = 'calm'`,
    [elsewhen],
  )
})
afterAll(() => bench?.close())

const ask = (targets: string[], operation: string, policy = {}) => plan({ operation, targets, policy })

test('disruptive work outside the windows is refused with the window and its next opening, and nothing runs', async () => {
  const made = await ask(slow.slice(1), 'restart')
  expect(made.plan).toMatchObject({ isDisruptive: true, environments: [{ name: 'calm', maintenanceWindows: [elsewhen] }] })
  const submission = { planId: made.id, digest: made.digest!, phrase: made.plan!.phrase ?? undefined }
  await expect(submitRun(systemActor, submission)).rejects.toMatchObject({
    code: 'plan.window',
    message: expect.stringContaining(`calm accepts disruptive work ${elsewhen} only; it opens next at `),
    facts: { fields: [{ path: 'isOutsideWindow' }] },
  })
  await expect(submitRun(systemActor, { ...submission, isOutsideWindow: true, reason: ' ' })).rejects.toMatchObject({
    code: 'input.invalid',
    facts: { fields: [{ path: 'reason' }] },
  })
  const { rows } = await getPool().query('select 1 from runs')
  expect(rows).toEqual([])
})

test('an operator does not go around a window; a DBA does, with a reason that the audit log keeps', async () => {
  const made = await ask(slow.slice(1), 'restart')
  const environmentId = made.plan!.environments[0]!.id
  const submission = {
    planId: made.id,
    digest: made.digest!,
    phrase: made.plan!.phrase ?? undefined,
    isOutsideWindow: true,
    reason: 'the disk is full',
  }
  await expect(submitRun(actorIn('operator', environmentId), submission)).rejects.toMatchObject({ code: 'access.denied' })
  const answer = await submitRun(systemActor, submission)
  expect(answer.submitted && (await waitForRun(systemActor, answer.runId, { timeoutMs: 110_000 })).state).toBe('done')
  const { rows } = await getPool().query(`select detail from audit where act = 'run.submit' order by seq desc limit 1`)
  expect(rows[0].detail).toMatchObject({ outsideWindow: ['calm'], reason: 'the disk is full' })
})

test('work that nobody notices waits for no window, and an environment without windows has none to wait for', async () => {
  for (const [targets, operation] of [
    [slow, 'reload'],
    [quick, 'restart'],
  ] as const) {
    const made = await ask([...targets], operation)
    const answer = await submitRun(systemActor, { planId: made.id, digest: made.digest!, phrase: made.plan!.phrase ?? undefined })
    expect(answer.submitted).toBe(true)
  }
})

test('a policy is tightened to what its environments allow, and a looser one that was asked for is refused by its fields', async () => {
  expect((await ask(slow, 'reload')).policy).toMatchObject({ parallel: 2, stopAfterFailures: 1 })
  expect((await ask(quick, 'reload')).policy).toMatchObject({ parallel: 10 })
  expect((await ask([...slow, ...quick], 'reload', { stopAfterFailures: 2 })).policy).toMatchObject({ parallel: 2, stopAfterFailures: 2 })
  await expect(
    askForPlan(systemActor, { operation: 'reload', targets: slow, policy: { parallel: 3, stopAfterFailures: null } }),
  ).rejects.toMatchObject({
    code: 'input.invalid',
    facts: {
      fields: [
        { path: 'policy.parallel', message: 'calm allows at most 2 at once.' },
        { path: 'policy.stopAfterFailures', message: 'calm wants a run to stop after 3 failures at the latest.' },
      ],
    },
  })
})
