import { afterEach, describe, expect, test } from 'vitest'
import { readEvents } from '@/db/runs/runs'
import { holdActs, until } from '@/e2e/harness/hold'
import { runAndWait, submit } from '@/e2e/harness/submit'
import { type Bench, instanceId, openBench } from '@/e2e/harness/workers'
import { systemActor } from '@/lib/kernel/access/access'
import { waitForRun } from './requests'

const alone = (count: number) => Array.from({ length: count }, (_, n) => ({ environment: 'dev', name: `herd${n}`, hosts: [`h${n}`] }))
const titlesOf = (bench: Bench) => [...bench.served.fleet.world.instances.values()].map((one) => one.inventory.title)
const targetsOf = (bench: Bench) => titlesOf(bench).map(instanceId)
const isStop = ({ act }: { act: string }) => act.startsWith('stop')
const policy = { parallel: 50, perServer: 50, stopAfterFailures: null }

const drivers = async (runId: string): Promise<string[]> => {
  const lines = (await readEvents(systemActor, runId, 0, 10_000)).map(({ line }) => line)
  return [...new Set(lines.flatMap((line) => (line.kind === 'opened' || line.kind === 'resumed' ? [line.driver] : [])))]
}

/** Each server was stopped once and started once, and all of them serve. */
const expectRestartedOnce = (bench: Bench) => {
  for (const instance of bench.served.fleet.world.instances.values()) {
    expect(instance.applied, instance.inventory.title).toEqual(['stop fast', 'start'])
    expect(instance.state).toBe('running')
  }
  expect(bench.served.fleet.world.violations).toEqual([])
}

let bench: Bench
afterEach(() => bench?.close())

describe.each(['postgres', 'redis'] as const)('with the queue on %s', (queue) => {
  test('two workers share a run, and the one that lives finishes the jobs of the one that is killed', async () => {
    bench = await openBench(alone(12), queue)
    const hold = holdActs(bench.served.fleet, isStop)
    const [first] = await Promise.all([bench.startWorker({ slots: 6 }), bench.startWorker({ slots: 6 })])
    const { runId } = await submit({ operation: 'restart', targets: targetsOf(bench), policy })
    // Neither has room for more than six: both are at work.
    await hold.waitFor(12)
    await first.kill()
    hold.open()
    const run = await waitForRun(systemActor, runId, { timeoutMs: 110_000 })
    expect(run.state).toBe('done')
    expect(run.jobs.map((job) => job.state)).toEqual(Array(12).fill('done'))
    expect(await drivers(runId)).toHaveLength(2)
    expectRestartedOnce(bench)
  })

  test('the metadata PostgreSQL killed in the middle of a run loses nothing and repeats nothing', async () => {
    bench = await openBench(alone(8), queue)
    const hold = holdActs(bench.served.fleet, isStop)
    const worker = await bench.startWorker()
    const { runId } = await submit({ operation: 'restart', targets: targetsOf(bench), policy })
    await hold.waitFor(8)
    await bench.postgres.kill()
    hold.open()
    await until('every driver to wait for the database', () => worker.log().split('the job waits').length > 8)
    await bench.postgres.restart()
    const run = await waitForRun(systemActor, runId, { timeoutMs: 110_000 })
    expect(run.state).toBe('done')
    expectRestartedOnce(bench)
  })

  test('a worker told to stop hands its jobs over, and another one goes on with them', async () => {
    bench = await openBench(alone(4), queue)
    const hold = holdActs(bench.served.fleet, isStop)
    const first = await bench.startWorker({ slots: 2 })
    const { runId } = await submit({ operation: 'restart', targets: targetsOf(bench), policy: { ...policy, parallel: 4 } })
    await hold.waitFor(2)
    const ended = first.stop()
    await bench.startWorker()
    await hold.waitFor(4)
    hold.open()
    expect(await ended).toBe(0)
    expect((await waitForRun(systemActor, runId, { timeoutMs: 110_000 })).state).toBe('done')
    expectRestartedOnce(bench)
  })
})

test('Redis killed in the middle and back empty loses nothing', async () => {
  bench = await openBench(alone(6), 'redis')
  const hold = holdActs(bench.served.fleet, isStop)
  await bench.startWorker()
  const { runId } = await submit({ operation: 'restart', targets: targetsOf(bench), policy: { ...policy, parallel: 3 } })
  await hold.waitFor(3)
  await bench.redis!.kill()
  await bench.redis!.start()
  hold.open()
  expect((await waitForRun(systemActor, runId, { timeoutMs: 110_000 })).state).toBe('done')
  expectRestartedOnce(bench)
})

test('without Redis a run is still accepted, says so, and is done by the sweep', async () => {
  bench = await openBench(alone(3), 'redis')
  await bench.startWorker()
  expect((await runAndWait({ operation: 'checkpoint', targets: targetsOf(bench), policy })).state).toBe('done')
  await bench.redis!.kill()
  const { runId, notice } = await submit({ operation: 'restart', targets: targetsOf(bench), policy })
  expect(notice).toMatch(/queue does not answer/)
  expect((await waitForRun(systemActor, runId, { timeoutMs: 110_000 })).state).toBe('done')
})

test('every worker gone: the run waits, and the next worker to come does it', async () => {
  bench = await openBench(alone(3), 'postgres')
  const hold = holdActs(bench.served.fleet, isStop)
  const worker = await bench.startWorker()
  const { runId } = await submit({ operation: 'restart', targets: targetsOf(bench), policy })
  await hold.waitFor(3)
  await worker.kill()
  hold.open()
  await bench.startWorker()
  expect((await waitForRun(systemActor, runId, { timeoutMs: 110_000 })).state).toBe('done')
  expectRestartedOnce(bench)
})

test('a worker that was frozen past its lease changes nothing when it wakes: the job is another one’s', async () => {
  bench = await openBench(alone(3), 'postgres')
  const hold = holdActs(bench.served.fleet, isStop)
  const first = await bench.startWorker()
  const { runId } = await submit({ operation: 'restart', targets: targetsOf(bench), policy })
  await hold.waitFor(3)
  first.freeze()
  hold.open()
  await bench.startWorker()
  expect((await waitForRun(systemActor, runId, { timeoutMs: 110_000 })).state).toBe('done')
  first.thaw()
  expect(await first.stop()).toBe(0)
  expect(bench.served.fleet.calls.made.filter(({ act }) => act === 'start')).toHaveLength(3)
  expectRestartedOnce(bench)
})
