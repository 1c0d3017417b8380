import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LabS3, startLabS3 } from '@/e2e/harness/backups'
import { testFleet } from '@/e2e/harness/lab'
import { type LabHerd, openLabHerd } from '@/e2e/harness/matrix/herd'
import { MemoryJournal, passingClock } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import { systemClock } from '@/lib/kernel/ground/clock'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { Operation } from '@/lib/kernel/operation/operation'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { until } from '@/lib/playground/machine/processes'
import { backUp } from './back-up'
import { restore } from './restore'

let herd: LabHerd
let s3: LabS3
const patient = { timeoutMs: 60_000 }
const id = 'shop on a'

const on = async (...argv: string[]) => (await herd.lab.hosts.mustExec('a', argv)).trim()
const sql = (text: string) => on('psql', '-XAtqc', text)
const folder = '/etc/pgbackrest'
const write = (name: string, text: string) =>
  on(
    'sudo',
    '-n',
    'sh',
    '-ec',
    'umask 027; mkdir -p "$1"; printf "%s\\n" "$3" >"$1/$2"; chgrp postgres "$1" "$1/$2"',
    'sh',
    folder,
    name,
    text,
  )
const role = async () => {
  const { state, role, timeline } = await herd.ports.read.postgres.probe(herd.instance('a').address, patient)
  return `${state} ${role} ${timeline}`
}
const rows = () => sql(`select coalesce(string_agg(name, ' ' order by id), '') from orders`)
const planOf = (operation: Operation, raw: JsonObject) =>
  makeTargetPlan(operation, herd.ports.read, operation.input.parse(raw) as JsonObject, id, new AbortController().signal)

const run = async (operation: Operation, raw: JsonObject) => {
  const { digest, reason, gates } = await planOf(operation, raw)
  expect(reason).toBeNull()
  const journal = new MemoryJournal(passingClock())
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: systemClock }
  const job = { id: crypto.randomUUID(), targetId: id, input: operation.input.parse(raw) as JsonObject, digest }
  const state = await drive(operation, job, journal.open(), herd.ports, options)
  const told = journal.lines.filter(({ kind }) => ['failed', 'note', 'refused', 'attention', 'undo-failed'].includes(kind)).slice(-10)
  return { state, told: JSON.stringify(told, null, 1), gates, text: JSON.stringify(journal.lines) }
}
const done = async (operation: Operation, raw: JsonObject) => {
  const ran = await run(operation, raw)
  expect(`${ran.state} ${ran.told}`).toMatch(/^done/)
  return ran
}
/** Later than every commit before it, and earlier than every one after. */
const moment = () => sql(`select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`)

beforeAll(async () => {
  herd = await openLabHerd(testFleet({ shop: 'a' }), 'shop')
  s3 = await startLabS3(herd.lab, 'backups', `${folder}/ca.pem`)
  const { address } = herd.instance('a')
  const own = [`pg1-path=${address.dataDirectory}`, `pg1-port=${address.port}`, 'pg1-socket-path=/var/run/postgresql']
  const global = [
    'repo1-path=/shop',
    'repo1-cipher-type=aes-256-cbc',
    'repo1-cipher-pass=a long passphrase',
    'repo1-retention-full=2',
    'repo1-bundle=y',
  ]
  const more = ['start-fast=y', 'log-level-file=off', 'archive-timeout=30', 'io-timeout=5']
  await write('ca.pem', s3.authority)
  await write('pgbackrest.conf', ['[global]', ...global, ...more, ...s3.lines, '[shop]', ...own].join('\n'))
  await sql('alter system set archive_mode = on')
  await sql(`alter system set archive_command = 'pgbackrest --stanza=shop archive-push %p'`)
  await herd.ports.act.postgres.stop(address, 'fast', patient)
  await herd.ports.act.postgres.start(address, patient)
  await on('pgbackrest', '--stanza=shop', 'stanza-create')
  await sql('create table orders (id serial, name text)')
}, 120_000)
afterAll(async () => {
  await s3?.stop()
  await herd?.close()
})

test('from S3, encrypted: a full and a differential backup, and a restore returns exactly the rows up to a moment, then up to the end; nothing secret is told', {
  timeout: 240_000,
}, async () => {
  await sql(`insert into orders (name) values ('one')`)
  const full = await done(backUp, {})
  await sql(`insert into orders (name) values ('two')`)
  await done(backUp, { type: 'diff' })
  await sql(`insert into orders (name) values ('three')`)
  const time = await moment()
  await sql(`insert into orders (name) values ('lost')`)
  const restored = await done(restore, { until: 'time', time })
  expect(restored.gates.find(({ name }) => name === 'lost')!.because).toContain('is lost')
  expect([await role(), await rows()]).toEqual(['online primary 2', 'one two three'])
  await sql(`insert into orders (name) values ('four')`)
  await done(restore, { until: 'latest', keepOld: false })
  expect([await role(), await rows()]).toEqual(['online primary 3', 'one two three four'])
  expect(await sql(`select count(*) from pg_file_settings where name ~ '^recovery_target|restore_command'`)).toBe('0')
  for (const text of [full.text, restored.text, full.told])
    for (const secret of [s3.keys.secretAccessKey, 'a long passphrase']) expect(text).not.toContain(secret)
})

test('a moment before the first backup, and one behind missing WAL, are refused before anything is touched', {
  timeout: 60_000,
}, async () => {
  expect((await planOf(restore, { until: 'time', time: '2020-01-01T00:00:00Z' })).reason).toContain('No backup ended before')
  await sql('select pg_switch_wal()')
  const segments = async () =>
    (await on('pgbackrest', '--stanza=shop', '--recurse', 'repo-ls', 'archive/shop'))
      .split('\n')
      .filter((name) => /[0-9A-F]{24}-/.test(name))
  const before = (await segments()).length
  await sql('create table more as select 1; select pg_switch_wal()')
  await until('the segment in the archive', async () => (await segments()).length > before, patient)
  await sql('create table most as select 1; select pg_switch_wal()')
  await until('the next one', async () => (await segments()).length > before + 1, patient)
  const gone = (await segments()).at(-2)!
  await on('pgbackrest', '--stanza=shop', 'repo-rm', `archive/shop/${gone}`)
  expect((await planOf(restore, { until: 'latest' })).reason).toContain('a segment is missing in the archive after')
  expect(await role()).toBe('online primary 3')
})
