import { afterAll, beforeAll, expect, test } from 'vitest'
import { testFleet } from '@/e2e/harness/lab'
import { type LabHerd, openLabHerd } from '@/e2e/harness/matrix/herd'
import { MemoryJournal, passingClock } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import { systemClock } from '@/lib/kernel/ground/clock'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { until } from '@/lib/playground/machine/processes'
import { rebuild } from '.'

let herd: LabHerd
const patient = { timeoutMs: 60_000 }
const wide = 'select md5(string_agg(filler, $$,$$ order by n)) from wide'

const on = async (host: string, ...argv: string[]) => (await herd.lab.hosts.mustExec(host, argv)).trim()
const sql = (host: string, text: string) => on(host, 'psql', '-XAtqc', text)
const addressOf = (host: string) => herd.instance(host).address
const probe = (host: string) => herd.ports.read.postgres.probe(addressOf(host), patient)
const streams = () => until('b to stream', async () => (await probe('b')).upstream?.status === 'streaming', patient)

/** A job whose driver can be killed or told to stop, and that another one then goes on with. */
const submit = async (raw: JsonObject = {}) => {
  const input = rebuild.input.parse({ saveTail: false, ...raw }) as JsonObject
  const plan = await makeTargetPlan(rebuild, herd.ports.read, input, 'shop on b', new AbortController().signal)
  expect(plan.reason).toBeNull()
  const journal = new MemoryJournal(passingClock())
  const go = (options: { signal?: AbortSignal; isCancelRequested?: () => boolean } = {}) =>
    drive(rebuild, { id: 'job', targetId: 'shop on b', input, digest: plan.digest }, journal.open(), herd.ports, {
      driver: 'test',
      signal: new AbortController().signal,
      isCancelRequested: () => false,
      clock: systemClock,
      ...options,
    })
  const because = (kind: string) => journal.lines.flatMap((line) => (line.kind === kind && 'because' in line ? [line.because] : []))
  const strategy = plan.gates.find(({ name }) => name === 'strategy')?.because
  /** rsync has come into the middle of its work. */
  const filling = () =>
    until(
      'bytes of rsync',
      async () => journal.lines.some((line) => line.kind === 'note' && /^[1-9][\d.]* \w+ of /.test(line.text)),
      patient,
    )
  return { go, journal, because, strategy, filling }
}

/** It takes writes of its own for a moment, and the role that replicates may not run pg_rewind. */
const diverge = async () => {
  await sql('b', 'select pg_promote()')
  await sql('b', `update wide set filler = 'only here' where n % 100 = 0`)
  await herd.ports.act.postgres.stop(addressOf('b'), 'fast', patient)
  // Seconds of work under a throttle, whatever the machine.
  await sql('a', `truncate wide; insert into wide select n, repeat(md5(n || random()::text), 20) from generate_series(1, 5000) as n`)
}

const expectNothingLeft = async () => {
  const { slots } = await probe('a')
  expect(slots.map(({ name }) => name)).toEqual(['shop_b'])
  await until(
    'the backup to be over',
    async () => (await sql('a', `select count(*) from pg_stat_activity where application_name = 'matriarch_backup'`)) === '0',
    patient,
  )
  for (const host of ['a', 'b']) expect((await herd.lab.hosts.exec(host, ['pgrep', '-x', 'rsync'])).stdout).toBe('')
  expect((await herd.ports.read.copies.look(addressOf('b'), patient)).copy).toMatchObject({ stage: 'none', inPlaceKey: null })
}

/** The same data as the upstream's, in the same places as before. */
const expectRebuilt = async () => {
  await streams()
  await until('b to have the same data', async () => (await sql('b', wide)) === (await sql('a', wide)), patient)
  expect(await on('b', 'sh', '-c', 'readlink -f "$1/pg_wal"', 'sh', addressOf('b').dataDirectory)).toContain('/var/lib/postgresql/wal')
  expect(await sql('b', 'select count(*) from far')).toBe('1000')
  await expectNothingLeft()
}

beforeAll(async () => {
  herd = await openLabHerd(testFleet({ shop: 'a > b' }, { volumes: { b: { dataMiB: 144, walMiB: 64 } } }), 'shop')
  for (const host of ['a', 'b']) await on(host, 'mkdir', '-p', '/var/lib/postgresql/space')
  await sql('a', 'revoke execute on function pg_read_binary_file(text) from replicator')
  await sql('a', "create tablespace elsewhere location '/var/lib/postgresql/space'")
  await sql('a', 'create table far tablespace elsewhere as select generate_series(1, 1000) as n')
  await sql('a', 'create table wide as select n, repeat(md5(n::text), 20) as filler from generate_series(1, 5000) as n')
  await streams()
  await until('b to have all', async () => (await sql('b', 'select count(*) from far').catch(() => '')) === '1000', patient)
})
afterAll(() => herd?.close())

test('a standby that diverged on a volume too small for a second copy is rebuilt in place, keeps its links and streams the same data, also when its worker is killed in the middle', async () => {
  await diverge()
  const job = await submit({ throttleMbit: 4 })
  expect(job.strategy).toMatch(/^rsync, in place\. .*may not run pg_read_binary_file.* A copy beside it needs/)
  const killed = new AbortController()
  const first = job.go({ signal: killed.signal }).catch((error: unknown) => error)
  await job.filling()
  killed.abort(new Fault('lease.lost'))
  expect(isFault(await first, 'lease.lost')).toBe(true)
  expect([await job.go(), job.because('failed')]).toEqual(['done', []])
  await expectRebuilt()
})

test('one that is cancelled in the middle cannot start, also by its host, and says what to do; rebuilt again it streams', async () => {
  await diverge()
  const job = await submit({ throttleMbit: 1 })
  let isCancelled = false
  const ended = job.go({ isCancelRequested: () => isCancelled })
  await job.filling()
  isCancelled = true
  expect(await ended).toBe('attention')
  expect(job.because('attention').join()).toContain('resume, or abandon the job and rebuild it again')
  await expect(herd.ports.act.postgres.start(addressOf('b'), patient)).rejects.toMatchObject({ code: 'shell.failed' })
  job.journal.write([{ kind: 'decided', decision: 'abandon', by: 'ada' }])
  await job.go()
  const again = await submit()
  expect(again.strategy).toContain('started again there')
  expect([await again.go(), again.because('failed')]).toEqual(['done', []])
  await expectRebuilt()
})
