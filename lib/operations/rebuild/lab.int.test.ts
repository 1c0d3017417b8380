import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { testFleet } from '@/e2e/harness/lab'
import { type LabHerd, openLabHerd } from '@/e2e/harness/matrix/herd'
import { MemoryJournal, passingClock } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import { systemClock } from '@/lib/kernel/ground/clock'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { until } from '@/lib/playground/machine/processes'
import { rejoin } from '../rejoin'
import { rebuild } from '.'

let herd: LabHerd
const patient = { timeoutMs: 60_000 }

const planOf = (raw: JsonObject = {}, host = 'b', operation = rebuild) =>
  makeTargetPlan(operation, herd.ports.read, operation.input.parse(raw) as JsonObject, `shop on ${host}`, new AbortController().signal)

/** A job whose driver can be killed, and that another one then goes on with. */
const submit = async (raw: JsonObject = {}, host = 'b', operation = rebuild) => {
  const plan = await planOf(raw, host, operation)
  expect(plan.reason).toBeNull()
  const journal = new MemoryJournal(passingClock())
  const job = { id: 'job', targetId: `shop on ${host}`, input: operation.input.parse(raw) as JsonObject, digest: plan.digest }
  const go = (options: { signal?: AbortSignal; isCancelRequested?: () => boolean } = {}) =>
    drive(operation, job, journal.open(), herd.ports, {
      driver: 'test',
      signal: new AbortController().signal,
      isCancelRequested: () => false,
      clock: systemClock,
      ...options,
    })
  const notes = () => journal.lines.flatMap((line) => (line.kind === 'note' ? [line.text] : []))
  const trouble = () =>
    journal.lines.filter((line) => ['failed', 'refused', 'attention', 'undo-failed', 'release-failed'].includes(line.kind))
  return { plan, go, notes, trouble, journal }
}
const run = async (raw: JsonObject = {}, host = 'b', operation = rebuild) => {
  const job = await submit(raw, host, operation)
  const state = await job.go()
  return { state, plan: job.plan, trouble: job.trouble(), notes: job.notes() }
}
const probe = (host: string) => herd.ports.read.postgres.probe(herd.instance(host).address, patient)
const role = async (host: string) => {
  const { state, role, timeline, upstream } = await probe(host)
  return `${state} ${role} ${timeline}${upstream?.status ? ` ${upstream.status} from ${upstream.host}` : ''}`
}
const addressOf = (host: string) => herd.lab.host(host).address
const dataOf = (host: string) => herd.instance(host).address.dataDirectory
const on = async (host: string, ...argv: string[]) => (await herd.lab.hosts.mustExec(host, argv)).trim()
const sql = (host: string, text: string) => on(host, 'psql', '-XAtqc', text)
const stopped = (host: string, mode: 'fast' | 'immediate' = 'fast') =>
  herd.ports.act.postgres.stop(herd.instance(host).address, mode, patient)
const strategyOf = (plan: Awaited<ReturnType<typeof planOf>>) => plan.gates.find(({ name }) => name === 'strategy')?.because

/** Nothing of a copy lies anywhere: no slot, no backup, no directory, no process. */
const expectNothingLeft = async (host = 'b', upstream = 'a') => {
  const { slots } = await probe(upstream)
  expect(slots.map(({ name }) => name).filter((name) => name.endsWith('_copy'))).toEqual([])
  expect(await sql(upstream, "select count(*) from pg_stat_replication where application_name = 'matriarch_copy'")).toBe('0')
  const { copy } = await herd.ports.read.copies.look(herd.instance(host).address, patient)
  expect(copy).toMatchObject({ stage: 'none', paths: [], isRewinding: false })
  expect((await herd.lab.hosts.exec(host, ['pgrep', '-f', 'pg_basebackup'])).stdout).toBe('')
}

/** A part of the copy is on the disk, and the rest is still to come. */
const copying = () =>
  until(
    'bytes of the copy',
    async () => {
      const { copy } = await herd.ports.read.copies.look(herd.instance('b').address, { ...patient, withSizes: true })
      return copy.stage === 'unfinished' && (copy.bytes ?? 0) > 2 ** 20
    },
    { timeoutMs: 120_000 },
  )

describe('a standby that is broken, on real hosts', () => {
  beforeAll(async () => {
    herd = await openLabHerd(testFleet({ shop: 'a > b, c' }), 'shop')
  })
  afterAll(() => herd?.close())
  beforeEach(() => until('b to stream', async () => (await role('b')).includes('streaming'), patient))

  test('a primary is refused before anything is touched, and one that streams needs nothing', async () => {
    expect((await planOf({}, 'a')).reason).toContain('It is the primary of shop')
    expect((await planOf()).reason).toContain('No rebuild is needed')
    const hba = await sql('a', 'show hba_file')
    await on('a', 'sh', '-ec', 'cp -p "$1" "$1.before"; sed -i "/replication/d" "$1"; psql -Xqc "select pg_reload_conf()"', 'sh', hba)
    const refused = () => planOf({ strategy: 'copy' })
    await until('no replication to be let in', async () => (await refused()).reason?.includes('does not let it replicate'), patient)
    expect((await refused()).reason).toContain(
      `Add the line “host replication replicator ${addressOf('b')}/32 scram-sha-256” to pg_hba.conf of shop on a, and reload it.`,
    )
    await on('a', 'sh', '-ec', 'mv "$1.before" "$1"; psql -Xqc "select pg_reload_conf()"', 'sh', hba)
    await until('replication to be let in again', async () => (await refused()).reason === null, patient)
    expect(await role('a')).toBe('online primary 1')
  })

  test('one that was only stopped follows again without a copy', async () => {
    await stopped('b')
    const { state, plan, trouble } = await run()
    expect(strategyOf(plan)).toContain('still has the WAL')
    expect(trouble).toEqual([])
    expect(state).toBe('done')
    expect(await role('b')).toBe(`online standby 1 streaming from ${addressOf('a')}`)
  })

  test('one without its control file is copied again beside the old directory, and leaves nothing behind', async () => {
    await on('b', 'rm', `${dataOf('b')}/global/pg_control`)
    await stopped('b', 'immediate')
    const { state, plan, trouble, notes } = await run()
    expect(strategyOf(plan)).toContain('control file cannot be read')
    expect(trouble).toEqual([])
    expect(state).toBe('done')
    expect(notes.some((text) => /^[\d.]+ MB copied$/.test(text))).toBe(true)
    expect(await role('b')).toBe(`online standby 1 streaming from ${addressOf('a')}`)
    await expectNothingLeft()
  })

  test('a copy that is killed half way is undone while the old server goes on, and the next try succeeds', async () => {
    const before = await probe('b')
    const job = await submit({ strategy: 'copy', throttleMbit: 8 })
    const ended = job.go()
    await copying()
    await herd.lab.hosts.mustExec('b', ['pkill', '-KILL', '-f', 'bin/pg_basebackup'])
    expect(await ended).toBe('undone')
    expect(job.trouble()).toMatchObject([{ kind: 'failed', step: 'copy' }])
    expect((await probe('b')).postmasterPid).toBe(before.postmasterPid)
    await expectNothingLeft()
    const again = await run({ strategy: 'copy' })
    expect(again.trouble).toEqual([])
    expect(again.state).toBe('done')
    expect((await probe('b')).postmasterPid).not.toBe(before.postmasterPid)
    await expectNothingLeft()
  })

  test('a cancel ends the copy and removes it, and the old server never noticed', async () => {
    const before = await probe('b')
    const job = await submit({ strategy: 'copy', throttleMbit: 8 })
    let isCancelled = false
    const ended = job.go({ isCancelRequested: () => isCancelled })
    await copying()
    isCancelled = true
    expect(await ended).toBe('cancelled')
    expect((await probe('b')).postmasterPid).toBe(before.postmasterPid)
    await expectNothingLeft()
  })

  test('a worker that is killed during the copy is followed by the next one, and the copy goes on meanwhile', async () => {
    const job = await submit({ strategy: 'copy', throttleMbit: 40 })
    const killed = new AbortController()
    const first = job.go({ signal: killed.signal }).catch((error: unknown) => error)
    await copying()
    killed.abort(new Fault('lease.lost'))
    expect(isFault(await first, 'lease.lost')).toBe(true)
    const pid = await on('b', 'pgrep', '-f', 'bin/pg_basebackup')
    expect(pid).not.toBe('')
    expect(await job.go()).toBe('done')
    expect(job.trouble()).toEqual([])
    expect(job.notes().filter((text) => text.includes('pg_basebackup'))).toHaveLength(1)
    await expectNothingLeft()
  })

  test('one that somebody promotes while it is copied is refused before it is stopped', async () => {
    const job = await submit({ strategy: 'copy', throttleMbit: 40 })
    const ended = job.go()
    await copying()
    await sql('b', 'select pg_promote()')
    expect(await ended).toBe('undone')
    expect(job.trouble()).toMatchObject([{ kind: 'refused', step: 'no-primary' }])
    expect(await role('b')).toBe('online primary 2')
    await expectNothingLeft()
    expect((await planOf()).reason).toContain('demote it first')
    await stopped('b')
    const { state, plan, trouble } = await run()
    expect(strategyOf(plan)).toContain('pg_rewind discards that')
    expect(trouble).toEqual([])
    expect(state).toBe('done')
    expect(await role('b')).toBe(`online standby 1 streaming from ${addressOf('a')}`)
    await expectNothingLeft()
  })

  test('one whose slot lost its WAL is copied, and gets a slot that works', async () => {
    await stopped('b')
    const short = ["alter system set max_slot_wal_keep_size = '1MB'", 'alter system set wal_keep_size = 0', 'select pg_reload_conf()']
    const filling = ['create table filling as select 1 as n', 'drop table filling', 'select pg_switch_wal()']
    for (const text of [...short, ...Array(4).fill(filling).flat()]) await sql('a', text)
    await sql('a', 'checkpoint')
    expect(await sql('a', "select wal_status from pg_replication_slots where slot_name = 'shop_b'")).toBe('lost')
    for (const text of ['alter system reset max_slot_wal_keep_size', 'alter system reset wal_keep_size', 'select pg_reload_conf()'])
      await sql('a', text)
    const { state, plan, trouble } = await run()
    expect(strategyOf(plan)).toContain('no longer has the WAL')
    expect(trouble).toEqual([])
    expect(state).toBe('done')
    expect(await role('b')).toBe(`online standby 1 streaming from ${addressOf('a')}`)
    await expectNothingLeft()
  })

  test('a copy that does not come up is put back, and the old server streams again', async () => {
    const { start } = herd.ports.act.postgres
    let starts = 0
    herd.ports.act.postgres.start = async (instance, options) => {
      starts += 1
      if (starts === 1) await on('b', 'sh', '-c', `echo 'nonsense = 1' >> ${dataOf('b')}/postgresql.auto.conf`)
      return start(instance, options)
    }
    const { state } = await run({ strategy: 'copy' })
    herd.ports.act.postgres.start = start
    expect(state).toBe('undone')
    await until('b to stream again', async () => (await role('b')) === `online standby 1 streaming from ${addressOf('a')}`, patient)
    await expectNothingLeft()
  })

  test('a linked pg_wal, a tablespace and a data directory elsewhere stay where they are', async () => {
    for (const host of ['a', 'b', 'c']) await on(host, 'mkdir', '-p', '/var/lib/postgresql/space')
    await sql('a', "create tablespace elsewhere location '/var/lib/postgresql/space'")
    await sql('a', 'create table far tablespace elsewhere as select generate_series(1, 1000) as n')
    await stopped('b')
    const data = dataOf('b')
    const move = 'mkdir -p "$2/wal" "$2/moved"; mv "$1/pg_wal" "$2/wal/b"; ln -s "$2/wal/b" "$1/pg_wal"; mv "$1" "$2/moved/data"'
    await on('b', 'sh', '-ec', `${move}; ln -s "$2/moved/data" "$1"`, 'sh', data, '/var/lib/postgresql')
    const { state, trouble } = await run({ strategy: 'copy' })
    expect(trouble).toEqual([])
    expect(state).toBe('done')
    expect(await on('b', 'readlink', `${data}/pg_wal`)).toBe('/var/lib/postgresql/wal/b')
    expect(await on('b', 'readlink', data)).toBe('/var/lib/postgresql/moved/data')
    expect(await sql('b', "select pg_tablespace_location(oid) from pg_tablespace where spcname = 'elsewhere'")).toBe(
      '/var/lib/postgresql/space',
    )
    expect(await sql('b', 'select count(*) from far')).toBe('1000')
    expect(await role('b')).toBe(`online standby 1 streaming from ${addressOf('a')}`)
    await expectNothingLeft()
  })
})

describe('a former primary that crashed with what nobody else has, on real hosts', { timeout: 240_000 }, () => {
  beforeAll(async () => {
    herd = await openLabHerd(testFleet({ shop: 'a > b' }), 'shop')
  })
  afterAll(() => herd?.close())

  /** It writes what never reaches the other, crashes, and the other one is promoted. */
  const replace = async (old: string, next: string) => {
    await herd.lab.network.cutBetween(old, next)
    await sql(old, `create table only_on_${old} as select generate_series(1, 10000) as n`)
    await stopped(old, 'immediate')
    // Before the network is whole again: what the dead one had sent would still arrive.
    await sql(next, 'select pg_promote()')
    await sql(next, 'checkpoint')
    await herd.lab.network.heal()
  }

  /** What pg_waldump reads from what was saved aside. */
  const savedWal = (host: string, notes: string[], timeline: number) => {
    const [, path, high, low] = /saved in (\S+\.diverged-(\w+)-(\w+));/.exec(notes.join('\n'))!
    const dump = '/usr/lib/postgresql/15/bin/pg_waldump -p "$1" -t "$2" -s "$3" 2>/dev/null || true'
    return on(host, 'sh', '-c', dump, 'sh', path!, String(timeline), `${high}/${low}`)
  }

  test('rebuilding it lets it replay its own WAL read-only, saves it, rewinds it, and it follows without what it had alone', async () => {
    await replace('a', 'b')
    const { state, plan, trouble, notes } = await run({}, 'a')
    expect(strategyOf(plan)).toContain('pg_rewind discards that')
    expect(trouble).toEqual([])
    expect(state).toBe('done')
    expect(await savedWal('a', notes, 1)).toContain('COMMIT')
    expect(await role('a')).toBe(`online standby 2 streaming from ${addressOf('b')}`)
    expect(await sql('a', "select count(*) from pg_class where relname = 'only_on_a'")).toBe('0')
  })

  test('and rejoining does the same', async () => {
    await replace('b', 'a')
    const { state, plan, trouble } = await run({}, 'b', rejoin)
    expect(plan.gates.find(({ name }) => name === 'history')?.because).toContain('first replays its own WAL')
    expect(trouble).toEqual([])
    expect(state).toBe('done')
    expect(await role('b')).toBe(`online standby 3 streaming from ${addressOf('a')}`)
    expect(await sql('b', "select count(*) from pg_class where relname = 'only_on_b'")).toBe('0')
  })

  test('a rewind that is killed is followed by a copy in the same job, and nothing of either is left', async () => {
    await replace('a', 'b')
    const killed = on('a', 'sh', '-c', 'until pkill -KILL -x pg_rewind; do sleep 0.01; done')
    const { state, plan, trouble, notes } = await run({}, 'a')
    await killed
    expect(strategyOf(plan)).toContain('pg_rewind discards that')
    expect(trouble).toEqual([])
    expect(notes.filter((text) => text.includes('A copy is made instead'))).toHaveLength(1)
    expect(state).toBe('done')
    expect(await role('a')).toBe(`online standby 4 streaming from ${addressOf('b')}`)
    expect(await sql('a', "select count(*) from pg_class where relname = 'only_on_a'")).toBe('0')
    const kept = await on('a', 'sh', '-c', 'cd "$HOME/.local/state/matriarch" && ls long kept 2>/dev/null || true')
    expect(kept).not.toContain('-')
    await expectNothingLeft('a', 'b')
  })
})
