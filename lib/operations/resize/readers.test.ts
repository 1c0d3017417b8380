import { expect, test } from 'vitest'
import { addReader, machineOf, resizeFleet } from '@/e2e/harness/twin/resize'
import { twinSession } from '@/e2e/harness/twin/sessions'
import { type ActCall, asRds, type MemoryFleet, MemoryJournal, settleDeadMen } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import { Fault } from '@/lib/kernel/ground/errors'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import type { PoolerClient } from '@/lib/ports'
import { operationByName } from '..'

const operation = operationByName('resize')!
const inputOf = (raw: JsonObject) => operation.input.parse({ type: 'm5.xlarge', ...raw }) as JsonObject
const planOf = (fleet: MemoryFleet, raw: JsonObject = {}) =>
  makeTargetPlan(operation, fleet.read, inputOf(raw), fleet.instance('demo on n2').inventory.id, new AbortController().signal)
const run = async (fleet: MemoryFleet, raw: JsonObject = {}, after: (call: ActCall) => void = () => {}) => {
  const { digest, reason } = await planOf(fleet, raw)
  expect(reason).toBeNull()
  fleet.calls.afterwards = after
  const journal = new MemoryJournal(fleet.clock)
  const job = { id: 'job', targetId: fleet.instance('demo on n2').inventory.id, input: inputOf(raw), digest }
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  const state = await drive(operation, job, journal.open(), fleet, options)
  return { state, notes: journal.lines.flatMap((line) => (line.kind === 'note' ? [line.text] : [])).join('\n') }
}
const gateOf = async (fleet: MemoryFleet, name: string, raw: JsonObject = {}) =>
  (await planOf(fleet, raw)).gates.find((one) => one.name === name)!

const client: PoolerClient = {
  ...{ database: 'shop_ro', user: 'report', address: '198.18.1.11:50412', applicationName: null, state: 'active' },
  ...{ waitSeconds: 0, connectedAt: null, remotePid: 4711 },
}

/** A pooler on n1 that reads from the standby n2 besides. */
const readFleet = (busy: PoolerClient[] = []) => {
  const fleet = resizeFleet({ poolers: ['n1'] })
  const database = addReader(fleet, busy)
  const { databases } = fleet.pooler('demo pooler on n1')
  return { fleet, database, others: [...databases.values()].filter((one) => one !== database) }
}

test('clients of a pooler that reads from it are paused before it stops and resumed once it is back, and no others', async () => {
  const { fleet, database, others } = readFleet()
  const paused: boolean[] = []
  const { state } = await run(
    fleet,
    {},
    ({ act }) => void (act === 'set-type' && paused.push(database.isPaused, ...others.map((one) => one.isPaused))),
  )
  expect([state, paused]).toEqual(['done', [true, ...others.map(() => false)]])
  expect(database.isPaused).toBe(false)
  expect(fleet.instance('demo on n2').state).toBe('running')
})

test('a transaction that does not end in time stops nothing by itself: the resize gives up, and names who holds it', async () => {
  const { fleet, database } = readFleet([client])
  const { state } = await run(fleet)
  expect([state, machineOf(fleet, 'n2').applied, database.isPaused]).toEqual(['undone', [], false])
})

test('where it may be cut, the resize goes on after the deadline and says who is cut', async () => {
  const { fleet, database } = readFleet([client])
  const { state, notes } = await run(fleet, { readers: 'cut', drainSeconds: 5 })
  expect([state, machineOf(fleet, 'n2').type, database.isPaused]).toEqual(['done', 'm5.xlarge', false])
  expect(notes).toContain('Still in a transaction after 5 s, and cut when PostgreSQL stops: report from 198.18.1.11:50412')
})

test('clients are resumed also where the resize fails, and what somebody else had paused stays paused', async () => {
  const { fleet, database } = readFleet()
  fleet.world.exhausted.add('m5.xlarge')
  expect((await run(fleet)).state).toBe('undone')
  expect(database.isPaused).toBe(false)
  database.isPaused = true
  fleet.world.exhausted.clear()
  expect((await run(fleet)).state).toBe('done')
  expect(database.isPaused).toBe(true)
})

/** The worker dies right after this act, and no other one comes before `goOn`. */
const abandonedAfter = async (act: string, prepare: (fleet: MemoryFleet) => void = () => {}) => {
  const { fleet, database } = readFleet()
  prepare(fleet)
  const { digest } = await planOf(fleet)
  const journal = new MemoryJournal(fleet.clock)
  const job = { id: 'job', targetId: fleet.instance('demo on n2').inventory.id, input: inputOf({}), digest }
  const goOn = (signal = new AbortController().signal) =>
    drive(operation, job, journal.open(), fleet, { driver: 'test', signal, isCancelRequested: () => false, clock: fleet.clock })
  const death = new AbortController()
  fleet.calls.afterwards = (call) => {
    if (call.act === act) death.abort(new Fault('lease.lost', { because: 'the worker died' }))
  }
  await expect(goOn(death.signal)).rejects.toMatchObject({ code: 'lease.lost' })
  fleet.calls.afterwards = () => {}
  const after = async (ms: number) => {
    await fleet.clock.sleep(ms)
    settleDeadMen(fleet.world)
    return database.isPaused
  }
  const because = () => journal.lines.flatMap((line) => ('because' in line && line.because !== null ? [line.because] : [])).join(' ')
  return { fleet, database, goOn, after, because }
}

test('where no worker is left while its machine is down, the pooler’s host resumes the clients by itself, and a worker that comes later completes the resize', async () => {
  const { fleet, goOn, after } = await abandonedAfter('set-type')
  expect([await after(60_000), await after(130_000)]).toEqual([true, false])
  expect(machineOf(fleet, 'n2').state).toBe('stopped')
  expect(await goOn()).toBe('done')
  expect([machineOf(fleet, 'n2').type, await after(0)]).toEqual(['m5.xlarge', false])
})

test('where the clients have gone on before it was stopped, it is not stopped under them: the resize is taken back and says so', async () => {
  const { fleet, goOn, after, because } = await abandonedAfter('pause shop_ro')
  expect(await after(260_000)).toBe(false)
  expect(await goOn()).toBe('undone')
  expect(because()).toContain('The timer on the host of demo pooler on n1 has fired: it resumed the clients of shop_ro.')
  expect([fleet.instance('demo on n2').state, machineOf(fleet, 'n2').applied]).toEqual(['running', []])
})

test('a class of RDS is not changed under clients that have gone on: the resize is taken back, and RDS was told nothing', async () => {
  const { fleet, goOn, after, because } = await abandonedAfter('pause shop_ro', ({ world }) => asRds(world, ['n3', 'n2']))
  expect(await after(260_000)).toBe(false)
  expect(await goOn()).toBe('undone')
  expect(because()).toContain('The timer on the host of demo pooler on n1 has fired: it resumed the clients of shop_ro.')
  expect(fleet.host('n2').db).toMatchObject({ class: 'db.m5.large', applied: [] })
})

test('a class that RDS is changing when the clients have gone on is not changed back for it', async () => {
  const { fleet, goOn, after } = await abandonedAfter('rds set-class', ({ world }) => asRds(world, ['n3', 'n2']))
  expect(await after(260_000)).toBe(false)
  expect(await goOn()).toBe('done')
  expect(fleet.host('n2').db).toMatchObject({ class: 'db.m5.xlarge' })
})

test('as long as a worker lives the clients wait, however long EC2 takes, and once it is done no timer is left', async () => {
  const { fleet, database } = readFleet()
  fleet.world.exhausted.add('m5.xlarge').add('m5.large')
  const paused: boolean[] = []
  fleet.calls.interfere = ({ act }) => {
    if (act === 'start') paused.push(database.isPaused)
    if (paused.length === 24) fleet.world.exhausted.clear()
    return undefined
  }
  const begun = fleet.clock.now().getTime()
  expect((await run(fleet, { patienceMinutes: 15 })).state).toBe('done')
  expect([fleet.clock.now().getTime() - begun > 300_000, paused.includes(false)]).toEqual([true, false])
  expect(fleet.pooler('demo pooler on n1').timers.map(({ outcome }) => outcome)).toEqual(['disarmed'])
})

test('a pooler’s host that can leave no timer refuses the resize, unless its clients are left as they are', async () => {
  const { fleet } = readFleet()
  fleet.pooler('demo pooler on n1').timerProblem = 'psql is not there: install postgresql-client'
  expect((await planOf(fleet)).reason).toContain('No timer can be left on n1: psql is not there: install postgresql-client.')
  expect((await planOf(fleet, { readers: 'leave' })).reason).toBeNull()
})

test('the plan names the databases, the pooler and what PgBouncer does to those that wait long', async () => {
  const { fleet } = readFleet()
  expect(await gateOf(fleet, 'readers')).toMatchObject({ verdict: 'warn', because: expect.stringContaining('query_wait_timeout') })
  expect((await gateOf(fleet, 'readers', { readers: 'leave' })).because).toBe(
    'shop_ro of demo pooler on n1 points to it, and clients there are cut.',
  )
  fleet.pooler('demo pooler on n1').refusesLogin = true
  expect((await gateOf(fleet, 'readers')).because).toBe('demo pooler on n1 cannot be seen, and may send clients to it.')
})

test('clients that do not count are passed over by the checks, with a figure', async () => {
  const fleet = resizeFleet()
  const { sessions } = fleet.instance('demo on n2')
  sessions.push(
    twinSession(1, { user: 'monitor' }),
    twinSession(2, { user: 'app', transactionSeconds: 3 }),
    twinSession(3, { application: 'pg_repack' }),
  )
  const ignoredClients = 'monitor%, application:pg_repack%'
  expect(await gateOf(fleet, 'clients', { ignoredClients })).toMatchObject({
    verdict: 'warn',
    because: expect.stringContaining('1 client connected, and 2 that do not count'),
  })
  expect(await gateOf(fleet, 'transactions', { ignoredClients: `${ignoredClients}, app` })).toMatchObject({ verdict: 'pass' })
  expect(await gateOf(fleet, 'clients', { ignoredClients: `${ignoredClients}, app` })).toMatchObject({
    verdict: 'pass',
    because: '0 clients connected, and 3 that do not count.',
  })
})
