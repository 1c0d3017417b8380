import { expect, test } from 'vitest'
import type { Sample } from '@/db/samples/save'
import { type InstanceMetric, instanceMetrics } from '@/lib/domain/samples/metrics'
import type { InstanceCounters } from '@/lib/domain/samples/rates'
import { Fault } from '@/lib/kernel/ground/errors'
import type { HostFacts, InventoryInstance } from '@/lib/ports'
import { makeSampler } from './observe-samples'

const { signal } = new AbortController()
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const instance = { id: 'a', serverId: 'host-a', address: {} } as InventoryInstance
const counters = (at: number, commits: number, epoch = 'first'): InstanceCounters => ({
  ...{ epoch, at, commits, active: 1, idle: 2, idleInTransaction: 0, waiting: 0, oldestTransaction: null },
  ...{ rollbacks: 0, blocksRead: 0, blocksHit: 0, tempBytes: 0, checkpoints: 0, walBytes: null },
})
const facts = { diskBytes: 100, diskFreeBytes: 40, cpuBusy: 1, cpuTotal: 2 } as HostFacts

const sampler = (answers: (InstanceCounters | Fault)[], save?: (samples: readonly Sample[]) => Promise<void>) => {
  const saved: Sample[] = []
  let now = 0
  const made = makeSampler({
    counters: async () => {
      const answer = answers.shift()!
      if (answer instanceof Fault) throw answer
      return answer
    },
    log,
    save: save ?? (async (samples) => void saved.push(...samples)),
    now: () => now,
  })
  made.load(['a', 'host-a'], [])
  const wait = (seconds: number): void => {
    now += seconds * 1000
  }
  return { made, saved, wait }
}
const figure = (name: InstanceMetric, { figures }: Sample) => figures[instanceMetrics.findIndex((one) => one.name === name)]

test('an instance is sampled every ten seconds, and a look that brought no answer or new counters is a gap in its rates', async () => {
  const { made, saved, wait } = sampler([
    counters(0, 0),
    counters(10, 50),
    new Fault('sql.timeout'),
    counters(30, 250),
    counters(40, 3, 'second'),
  ])
  await made.offer(instance, signal)
  expect(made.offer(instance, signal)).toBeNull()
  for (let n = 0; n < 4; n++) {
    wait(10)
    await made.offer(instance, signal)
  }
  await made.close()
  expect(saved.map((sample) => figure('commits', sample))).toEqual([null, 5, 10, null])
  expect(saved.map(({ secondsAgo }) => secondsAgo)).toEqual([40, 30, 10, 0])
})

test('nothing is asked, of instance or host, where the environment keeps no samples', async () => {
  const { made, saved } = sampler([])
  made.load(['a', 'host-a'], ['host-a'])
  expect(made.offer(instance, signal)).toBeNull()
  made.addHost('host-a', facts)
  await made.close()
  expect(saved).toEqual([])
})

test('what cannot be written is dropped, and the next is written again', async () => {
  let isDown = true
  const written: number[] = []
  const { made, wait } = sampler([counters(0, 0), counters(10, 50)], async (samples) => {
    if (isDown) throw new Fault('database.down')
    written.push(samples.length)
  })
  await made.offer(instance, signal)
  await made.close()
  isDown = false
  wait(10)
  await made.offer(instance, signal)
  await made.close()
  expect(written).toEqual([1])
})
