import { afterAll, beforeAll, expect, test } from 'vitest'
import { certificateKeys } from '@/db/keys/certificate-key'
import { getPool } from '@/db/pg/client'
import { getRun } from '@/db/runs/runs'
import { runAndWait } from '@/e2e/harness/submit'
import { type Bench, openBench } from '@/e2e/harness/workers'
import { idOf } from '@/lib/adapters/memory'
import { makeVault } from '@/lib/adapters/vault'
import { systemActor } from '@/lib/kernel/access/access'
import { makeCertificateKeys } from '@/lib/kernel/ground/certificate'
import { operationByName } from '@/lib/operations'
import { certifyOnce } from '../observer/certify'
import { startWorker, type WorkerHandle } from './start-worker'

const quiet = { info: () => {}, warn: () => {}, error: () => {} }
let bench: Bench
const workers: WorkerHandle[] = []
const hire = async () => {
  const place = { databaseUrl: bench.postgres.connectionString }
  const worker = await startWorker({ place, ports: bench.served.fleet, operationByName, log: quiet, slots: 2, sweepEveryMs: 500 })
  workers.push(worker)
  return worker
}
beforeAll(async () => {
  bench = await openBench([{ environment: 'prod', name: 'shop', hosts: ['a', 'b', 'c'] }], 'postgres')
})
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop()))
  await bench?.close()
})

test('a rolling restart whose worker drains after the first standby is continued by another one: the herd is its own all the while, the page shows each step, and the move gets its certificate', async () => {
  const { fleet } = bench.served
  for (const { files } of fleet.world.instances.values()) files.max_connections = '200'
  const first = await hire()
  const held: string[][] = []
  const starts = () => fleet.calls.made.filter(({ act }) => act === 'start').length
  let isLeft = false
  fleet.calls.afterwards = async ({ act }) => {
    if (act !== 'start' && act !== 'take over') return
    held.push((await getPool().query<{ name: string }>(`select name from leases where name like 'herd:%'`)).rows.map(({ name }) => name))
    if (isLeft) return
    isLeft = true
    void hire().then(() => first.stop())
  }
  const run = await runAndWait({ operation: 'rolling-restart', targets: [idOf('prod/shop')], input: { canary: false } })
  fleet.calls.afterwards = () => {}
  expect([run.state, run.jobs[0]!.because]).toEqual(['done', null])
  expect(starts()).toBe(3)
  expect(held).toEqual(held.map(() => [`herd:${idOf('prod/shop')}`]))
  expect(held.length).toBeGreaterThan(2)
  const { jobs } = await getRun(systemActor, run.id)
  const { steps } = jobs[0]!.fold
  expect(steps.filter(({ name }) => /restart|hand-over|catch-up/.test(name)).map(({ name, state }) => `${name} ${state}`)).toEqual([
    ...['c/restart done', 'c/catch-up done', 'b/restart done', 'b/catch-up done'],
    ...['switchover/hand-over done', 'a/restart not-needed', 'a/catch-up not-needed'],
  ])
  expect(steps.at(-1)).toMatchObject({ name: 'switch-back', state: 'not-asked' })
  const drivers = await getPool().query<{ kind: string }>(`select kind from journal where run_id = $1 and kind in ('opened', 'resumed')`, [
    run.id,
  ])
  expect(drivers.rows.map(({ kind }) => kind)).toEqual(['opened', 'resumed'])
  const vault = makeVault(Buffer.alloc(32, 7).toString('base64'))
  await certifyOnce({ keys: () => certificateKeys(vault, makeCertificateKeys), log: quiet })
  expect((await getPool().query('select id, verdict, title from certificates')).rows).toEqual([
    { id: jobs[0]!.id, verdict: 'proven', title: 'shop' },
  ])
})
