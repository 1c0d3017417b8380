import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLab, testFleet } from '@/e2e/harness/lab'
import type { Lab } from '../lab/lab'
import { shopCommand } from '../lab/load-cli'
import { until } from '../machine/processes'
import { type Child, startChild } from '../start/processes'

let lab: Lab
let close: () => Promise<void>
let shop: Child

beforeAll(async () => {
  ;({ lab, close } = await startLab(testFleet({ orders: 'one > two' }, { poolers: [{ host: 'one', herd: 'orders' }] })))
  shop = startChild({ name: 'application', ...shopCommand(lab)!, environment: {}, logDirectory: lab.layout.at('log'), lab })
})
afterAll(async () => {
  await shop?.stop()
  await close()
})

const sql = async (query: string) => (await lab.hosts.mustExec('one', ['psql', '-XAtq', '-d', 'orders', '-c', query])).trim()
const last = async () => Number(await sql('select max(id) from purchase'))
const untilBought = async (more: number) => {
  const from = await last()
  await until('purchases', async () => (await last()) >= from + more, { timeoutMs: 60_000, everyMs: 100 })
}

test('the application buys through the pooler as long as it lives, goes on after the pooler died, and forgets old purchases', async () => {
  await untilBought(3)
  expect(await sql(`select count(*) from pg_stat_activity where usename = 'app' and backend_type = 'client backend'`)).not.toBe('0')
  lab.hosts.signal('one', 'SIGKILL', 'pgbouncer')
  await until('the loss to be noticed', () => readFileSync(shop.logFile, 'utf8').includes('connection lost'), { timeoutMs: 30_000 })
  await lab.hosts.mustExec('one', ['pgbouncer', '-q', '-d', '/etc/pgbouncer/pgbouncer.ini'])
  await untilBought(3)

  await sql('select setval(pg_get_serial_sequence($$purchase$$, $$id$$), 30000)')
  await untilBought(1)
  expect(Number(await sql('select min(id) from purchase'))).toBeGreaterThan(3_000)
})
