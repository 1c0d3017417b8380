import { afterAll, beforeAll, expect, test } from 'vitest'
import { getRun, readEvents } from '@/db/runs/runs'
import { holdActs, until } from '@/e2e/harness/hold'
import { plan, runAndWait, submit } from '@/e2e/harness/submit'
import { type Bench, instanceId, openBench } from '@/e2e/harness/workers'
import { systemActor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { cancelRun, resumeJob, retryFailed, submitRun, waitForPlan, waitForRun } from './requests'

const trio = (name: string) => ({ environment: 'dev', name, hosts: [`${name}-1`, `${name}-2`, `${name}-3`] })
const lone = (name: string) => Array.from({ length: 5 }, (_, n) => ({ environment: 'dev', name: `${name}${n}`, hosts: [`${name}-h${n}`] }))
const shapes = [
  trio('order'),
  trio('lock'),
  trio('cut'),
  ...lone('stop'),
  ...lone('late'),
  ...lone('cancel'),
  ...lone('lost'),
  ...lone('retry'),
  trio('dark'),
]

const idsOf = (herd: string) => shapes.find(({ name }) => name === herd)!.hosts.map((host) => instanceId(`${herd} on ${host}`))
const loneIds = (name: string) => Array.from({ length: 5 }, (_, n) => instanceId(`${name}${n} on ${name}-h${n}`))
const appliedTo = (title: string) => bench.served.fleet.instance(title).applied
const stateOf = async (runId: string) => Object.fromEntries((await getRun(systemActor, runId)).jobs.map((job) => [job.title, job.state]))

let bench: Bench
beforeAll(async () => {
  bench = await openBench(shapes, 'postgres')
  await bench.startWorker()
})
afterAll(() => bench?.close())

test('standbys are restarted before their primary, one at a time in the herd, whatever the order of the targets', async () => {
  const before = bench.served.fleet.calls.made.length
  const run = await runAndWait({ operation: 'restart', targets: idsOf('order'), policy: { parallel: 10 } })
  expect(run.state).toBe('done')
  const acts = bench.served.fleet.calls.made.slice(before).map(({ act, target }) => `${act} ${target}`)
  expect(acts.slice(-2)).toEqual(['stop fast order on order-1', 'start order on order-1'])
  for (let n = 0; n < acts.length; n += 2) expect(acts[n + 1]!.replace('start', 'stop fast')).toBe(acts[n])
})

test('a second run on the same herd waits, names who holds it, and goes on when it is free', async () => {
  const hold = holdActs(bench.served.fleet, ({ act, target }) => act.startsWith('stop') && target === 'lock on lock-2')
  const [primary, standby] = idsOf('lock')
  const first = await submit({ operation: 'restart', targets: [standby!] })
  await hold.waitFor(1)
  const second = await submit({ operation: 'restart', targets: [primary!] })
  const waiting = await until('the second run to say what it waits for', async () => {
    const [job] = (await getRun(systemActor, second.runId)).jobs
    return job?.because ? job : null
  })
  expect(waiting.state).toBe('waiting')
  expect(waiting.because).toMatch(/^Waits: the herd is held by restart of lock on lock-2 \(matriarch\), driven by .+:\d+\.$/)
  expect(appliedTo('lock on lock-1')).toEqual([])
  hold.open()
  expect((await waitForRun(systemActor, first.runId, { timeoutMs: 110_000 })).state).toBe('done')
  expect((await waitForRun(systemActor, second.runId, { timeoutMs: 110_000 })).state).toBe('done')
  expect(bench.served.fleet.world.violations).toEqual([])
})

test('a run stops after N failures, and the rest says why it never started', async () => {
  bench.served.fleet.calls.interfere = ({ act, target }) =>
    act === 'reload' && target.startsWith('stop')
      ? { how: 'fail', fault: new Fault('shell.failed', { because: 'disk on fire', isOver: true }) }
      : undefined
  const run = await runAndWait({ operation: 'reload', targets: loneIds('stop'), policy: { parallel: 1, stopAfterFailures: 2 } })
  expect(run.state).toBe('failed')
  expect(run.jobs.map((job) => job.state)).toEqual(['failed', 'failed', 'cancelled', 'cancelled', 'cancelled'])
  expect(run.jobs[2]!.because).toBe('Not started: 2 targets failed, and the run stops after 2.')
})

test('retrying takes up the failed targets only, in a new run that knows the old one', async () => {
  let isBroken = true
  bench.served.fleet.calls.interfere = ({ act, target }) =>
    isBroken && act === 'reload' && target === 'retry3 on retry-h3'
      ? { how: 'fail', fault: new Fault('shell.failed', { because: 'no', isOver: true }) }
      : undefined
  const run = await runAndWait({ operation: 'reload', targets: loneIds('retry'), policy: { stopAfterFailures: null } })
  expect(run.jobs.filter((job) => job.state === 'failed').map((job) => job.title)).toEqual(['retry3 on retry-h3'])
  isBroken = false
  const { planId } = await retryFailed(systemActor, run.id)
  const again = await waitForPlan(systemActor, planId, { timeoutMs: 110_000 })
  expect(again.targets).toEqual([instanceId('retry3 on retry-h3')])
  const submitted = await submitRun(systemActor, { planId, digest: again.digest!, phrase: again.plan!.phrase ?? undefined })
  if (!submitted.submitted) throw new Error('something changed')
  const retried = await waitForRun(systemActor, submitted.runId, { timeoutMs: 110_000 })
  expect(retried.state).toBe('done')
  expect(retried.retryOf).toBe(run.id)
  await expect(retryFailed(systemActor, retried.id)).rejects.toMatchObject({ code: 'plan.refused' })
})

test('a cancel lets what runs come to a safe point and starts nothing more', async () => {
  const hold = holdActs(bench.served.fleet, ({ act, target }) => act.startsWith('stop') && target.startsWith('cancel'))
  const { runId } = await submit({ operation: 'restart', targets: loneIds('cancel'), policy: { parallel: 2 } })
  await hold.waitFor(2)
  await cancelRun(systemActor, runId)
  await cancelRun(systemActor, runId)
  expect((await getRun(systemActor, runId)).state).toBe('cancelling')
  expect(Object.values(await stateOf(runId)).toSorted()).toEqual(['cancelled', 'cancelled', 'cancelled', 'running', 'running'])
  hold.open()
  const run = await waitForRun(systemActor, runId, { timeoutMs: 110_000 })
  expect(run.state).toBe('cancelled')
  // Both were past the point where stopping is safe: they were completed, not left stopped.
  expect(run.jobs.filter((job) => job.state === 'done')).toHaveLength(2)
  expect(bench.served.fleet.instance('cancel0 on cancel-h0').state).toBe('running')
  expect(run.jobs.find((job) => job.state === 'cancelled')!.because).toBe('Not started: cancelled by matriarch.')
  await expect(cancelRun(systemActor, runId)).rejects.toMatchObject({ code: 'run.closed' })
})

test('past its deadline a run starts nothing more and lets what runs come to its end', async () => {
  const hold = holdActs(bench.served.fleet, ({ act, target }) => act.startsWith('stop') && target.startsWith('late'))
  const { runId } = await submit({ operation: 'restart', targets: loneIds('late'), policy: { parallel: 1, deadlineSeconds: 4 } })
  await hold.waitFor(1)
  await until(
    'the others to be closed',
    async () => Object.values(await stateOf(runId)).filter((state) => state === 'cancelled').length === 4,
  )
  hold.open()
  const run = await waitForRun(systemActor, runId, { timeoutMs: 110_000 })
  expect(run.state).toBe('cancelled')
  expect(run.jobs[1]!.because).toBe('Not started: the deadline of the run has passed.')
  expect(run.jobs.filter((job) => job.state === 'done')).toHaveLength(1)
})

test('a job that cannot tell whether it happened asks, holds the run open, and goes on with the answer of a person', async () => {
  const targets = loneIds('lost').slice(0, 1)
  const host = bench.served.fleet.host('lost-h0')
  bench.served.fleet.calls.interfere = ({ act, target }) => {
    if (act !== 'start' || target !== 'lost0 on lost-h0') return undefined
    host.power = 'off'
    return { how: 'fail', fault: new Fault('shell.unreachable', { because: 'the connection was lost' }) }
  }
  const run = await runAndWait({ operation: 'restart', targets })
  expect(run.state).toBe('attention')
  const [job] = run.jobs
  expect(job!.fold.attention!.question).not.toBe('')
  bench.served.fleet.calls.interfere = () => undefined
  host.power = 'on'
  await resumeJob(systemActor, job!.id, 'resume')
  const ended = await until('the run to end', async () => {
    const now = await getRun(systemActor, run.id)
    return now.finishedAt ? now : null
  })
  expect(ended.state).toBe('done')
  expect(appliedTo('lost0 on lost-h0')).toEqual(['stop fast', 'start'])
  await expect(resumeJob(systemActor, job!.id, 'abandon')).rejects.toMatchObject({ code: 'run.closed' })
  const kinds = (await readEvents(systemActor, run.id, 0, 1000)).map(({ line }) => line.kind)
  expect(kinds).toEqual(expect.arrayContaining(['attention', 'decided', 'resumed', 'closed']))
})

test('a host that does not answer is an excluded target with its name and the reason, not a failed plan', async () => {
  bench.served.fleet.host('dark-2').power = 'off'
  const { plan: made } = await plan({ operation: 'restart', targets: idsOf('dark') })
  const dark = made!.targets.find((target) => target.title === 'dark on dark-2')!
  expect(dark.eligible).toBe(false)
  expect(dark.reason).toMatch(/\S/)
  expect(dark.environmentId).not.toBeNull()
  expect(made!.eligible + made!.excluded).toBe(3)
})
