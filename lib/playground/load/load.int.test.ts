import { existsSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLab, testFleet } from '@/e2e/harness/lab'
import type { Lab } from '../lab/lab'
import { startLoad, verify } from '../lab/load-cli'
import { until } from '../machine/processes'
import { readLedger } from './ledger'

let lab: Lab
let close: () => Promise<void>

beforeAll(async () => {
  ;({ lab, close } = await startLab(testFleet({ orders: 'one > two' }, { volumes: { one: { walMiB: 32 } } })))
})
afterAll(() => close())

const sql = async (query: string) => (await lab.hosts.mustExec('one', ['psql', '-XAtq', '-d', 'orders', '-c', query])).trim()
const ackedIn = (file: string) => [...readLedger(file).outcomes.values()].filter((outcome) => outcome === 'acked').length

test('nothing acknowledged is lost when the primary loses power under load, and the verifier proves it', async () => {
  const ledgerFile = lab.layout.at('ledger-power')
  const load = await startLoad(lab, 'orders', { ledgerFile })
  await until('some commits', () => ackedIn(ledgerFile) > 50, { timeoutMs: 60_000 })
  await lab.powerOff('one')
  await lab.powerOn('one')
  const before = ackedIn(ledgerFile)
  await until('commits after the crash', () => ackedIn(ledgerFile) > before + 50, { timeoutMs: 60_000 })
  const summary = await load.stop()
  const verdict = await verify(lab, 'orders', ledgerFile)
  expect(verdict).toMatchObject({ acked: summary.acked, lost: [], duplicate: [], phantom: [], foreign: [], isClean: true })
  expect(verdict.unknown.present + verdict.unknown.absent).toBe(summary.unknown)
  expect(summary.reconnects).toBeGreaterThan(0)
})

test('a planted loss, a planted duplicate and a stranger are found by id', async () => {
  const ledgerFile = lab.layout.at('ledger-planted')
  const load = await startLoad(lab, 'orders', { ledgerFile })
  await until('some commits', () => ackedIn(ledgerFile) > 20, { timeoutMs: 60_000 })
  const { run } = await load.stop()
  const [lost, twice] = (await sql(`select id from lab_ledger where run = '${run}' order by at limit 2`)).split('\n')
  const stranger = '00000000-0000-4000-8000-000000000000'
  await sql(`delete from lab_ledger where id = '${lost}'; insert into lab_ledger select * from lab_ledger where id = '${twice}'`)
  await sql(`insert into lab_ledger values ('${run}', '${stranger}', 0, '')`)
  expect(await verify(lab, 'orders', ledgerFile)).toMatchObject({ lost: [lost], duplicate: [twice], foreign: [stranger], isClean: false })
})

test('a full WAL volume stops the writes with the server saying so, and they go on once there is room', async () => {
  const ledgerFile = lab.layout.at('ledger-full')
  const load = await startLoad(lab, 'orders', { ledgerFile })
  expect(await lab.fill('one', 'wal')).toBeGreaterThan(0)
  await lab.hosts.exec('one', ['psql', '-Xqc', 'create table filler as select repeat(md5(n::text), 20) from generate_series(1, 60000) n'], {
    timeoutMs: 60_000,
  })
  await until('the server to say so', () => lab.logs('one', 'orders').includes('No space left on device'), { timeoutMs: 60_000 })
  await lab.unfill('one', 'wal')
  await lab.powerOff('one')
  await lab.powerOn('one')
  const before = ackedIn(ledgerFile)
  await until('commits after there is room', () => ackedIn(ledgerFile) > before + 20, { timeoutMs: 60_000 })
  await load.stop()
  expect(await verify(lab, 'orders', ledgerFile)).toMatchObject({ lost: [], duplicate: [], isClean: true })
  await expect(lab.fill('two', 'wal')).rejects.toThrow('two has no small volume for wal')
})

test('the load refuses to start where nothing takes writes', async () => {
  await lab.powerOff('one')
  await expect(startLoad(lab, 'orders', { ledgerFile: lab.layout.at('ledger-none') })).rejects.toThrow('takes writes')
  expect(existsSync(lab.layout.at('ledger-none'))).toBe(false)
})
