import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { judgeCanary } from '@/lib/domain/proof/canary-ledger'
import type { CanaryDoor, CanaryEndpoint, CanaryPooler, InstanceAddress, PoolerAddress, SomePorts } from '@/lib/ports'
import { faultOf } from './caught'

type Disturb = () => Promise<() => Promise<void>>

/** A pair, and a pooler in front of it that points to the primary. Each member has a host of its own; what disturbs answers with the way to mend it. */
export interface CanaryStage {
  ports: SomePorts<'canary' | 'poolers' | 'postgres' | 'replication'>
  primary: InstanceAddress
  /** Streams from the primary. */
  standby: InstanceAddress
  pooler: PoolerAddress
  /** Its database `orders`, in transaction mode, is `database` on the server. */
  database: string
  /** null: users need no password. It holds `password` in plain text. */
  authFile: string | null
  password: string
  /** The pooler accepts no login. */
  closePooler: Disturb
  /** Of the standby: its server refuses the console's login; its host refuses the console's key, hangs, does not answer. */
  refuseLogin: Disturb
  refuseKey: Disturb
  freeze: Disturb
  cutOff: Disturb
  /** The pooler's host does not answer. */
  cutOffPooler: Disturb
  stop: () => Promise<void>
}

const limits = { timeoutMs: 30_000 }
const patient = { timeout: 60_000, interval: 50 }
const run = '6f0f7c9e-0000-4000-8000-0000000000ca'
const another = '6f0f7c9e-0000-4000-8000-0000000000cb'
const over = (code: string) => ({ code, facts: { isOver: true } })

/** What a certificate relies on when it says that no commit was lost, of the twin and of the real thing alike. Call it at the top level of a test file; `open` runs once, the tests in order on the one pair. */
export const canaryContract = (title: string, open: () => Promise<CanaryStage>): void => {
  describe(`the canary port: ${title}`, () => {
    let stage: CanaryStage
    beforeAll(async () => {
      stage = await open()
    })
    afterAll(() => stage?.stop())

    const read = () => stage.ports.read.canary
    const act = () => stage.ports.act.canary
    const doorOf = (title: string, { host, socketDirectory, port }: InstanceAddress): CanaryEndpoint => ({
      title,
      host,
      socketDirectory,
      port,
      database: stage.database,
    })
    const primary = () => doorOf('the primary', stage.primary)
    const standby = () => doorOf('the standby', stage.standby)
    const pooler = (change: Partial<CanaryPooler> = {}): CanaryPooler => ({
      title: 'the pooler',
      host: stage.pooler.host,
      socketDirectory: stage.pooler.socketDirectory,
      port: stage.pooler.port,
      authFile: stage.authFile,
      databases: [{ name: 'orders', database: stage.database }],
      users: [],
      systemIdentifier: null,
      ...change,
    })
    const start = (doors: readonly (CanaryEndpoint | CanaryDoor)[], options: object = {}) =>
      act().start(run, doors, { ...limits, jobId: 'job', ...options })
    const rows = (endpoint: CanaryEndpoint, options: object = {}) => read().rows(endpoint, run, { ...limits, ...options })
    const acks = async () => (await read().ledger(run))!.ledger.events.filter((event) => event.kind === 'ack')
    const untilMore = async () => {
      const before = (await acks()).length
      await expect.poll(async () => (await acks()).length, patient).toBeGreaterThan(before + 5)
    }
    /** It is stopped, and each of its commits that was acknowledged is on that server, and nothing else. */
    const expectNoneLost = async (on: CanaryEndpoint) => {
      await act().stop(run)
      const { ledger, sha256, isWriting } = (await read().ledger(run))!
      expect([isWriting, ledger.endedAt !== null, sha256.length > 0]).toEqual([false, true, true])
      const ids = await rows(on)
      const { found } = judgeCanary(ledger, { on: on.title, ids }, { through: '', sha256, cutOff: null })
      expect(found).toMatchObject({ lost: 0, foreign: 0, rows: ids.length })
      expect(ids.length).toBeGreaterThan(0)
      return ledger
    }

    test('of a run that never was nothing is noted, stopped or removed, and no row is found', async () => {
      expect(await read().ledger(run)).toBeNull()
      await act().stop(run)
      expect(await rows(primary())).toEqual([])
      await act().remove(primary(), run, limits)
    })

    test('its table is made on a server that takes writes, as often as it is asked for, and on no other', async () => {
      await expect(act().prepare(standby(), null, limits)).rejects.toMatchObject({ code: 'sql.failed' })
      for (const _ of [1, 2]) await act().prepare(primary(), null, limits)
      expect(await rows(primary())).toEqual([])
    })

    test('once it is started it has commits, and writes on through the first that takes writes; a second start is refused; stopped, all of them are found', async () => {
      await start([standby(), primary()])
      expect((await acks()).length).toBeGreaterThan(0)
      expect((await read().ledger(run))!.isWriting).toBe(true)
      await expect(start([primary()])).rejects.toMatchObject(over('step.blocked'))
      await untilMore()
      const ledger = await expectNoneLost(primary())
      expect(ledger.modes).toEqual([{ synchronousCommit: 'on', standbyNames: '' }])
      expect(ledger.events.every(({ kind }) => kind === 'sent' || kind === 'ack')).toBe(true)
      await act().stop(run)
      expect((await read().ledger(run))!.ledger).toEqual(ledger)
      const ids = await rows(primary())
      await expect.poll(() => rows(standby()), patient).toEqual(ids)
    })

    test('started again, it begins from nothing: what was noted before is forgotten, and what an earlier one left in the table is dropped', async () => {
      await act().prepare(primary(), null, limits)
      expect(await rows(primary())).toEqual([])
      await start([primary()])
      const { events } = await expectNoneLost(primary())
      expect(events[0]).toMatchObject({ kind: 'sent', id: 1 })
      expect((await rows(primary())).length).toBe(events.length / 2)
    })

    test('where its table goes away it ends by itself, and can be started again', async () => {
      await act().prepare(primary(), null, limits)
      await start([primary()])
      await act().remove(primary(), another, limits)
      await expect.poll(async () => (await read().ledger(run))!.isWriting, patient).toBe(false)
      expect((await read().ledger(run))!.ledger.events.at(-1)).toMatchObject({ kind: 'refused' })
      await act().prepare(primary(), null, limits)
      await start([primary()])
      await expectNoneLost(primary())
    })

    test('removed, neither its table nor what it noted is there, also where it was writing; removing it twice is no error', async () => {
      await act().prepare(primary(), null, limits)
      await start([primary()])
      for (const _ of [1, 2]) await act().remove(primary(), run, limits)
      expect(await read().ledger(run)).toBeNull()
      expect(await rows(primary())).toEqual([])
    })

    test('through a pooler it writes as one of its users; a pause holds it up and is no error', async () => {
      const door = await read().door(pooler(), limits)
      expect(door).toMatchObject({ title: 'the pooler', database: 'orders', serverDatabase: stage.database })
      expect(JSON.stringify(door)).not.toContain(stage.password)
      await act().prepare(primary(), door.serverUser, limits)
      await start([door])
      await stage.ports.act.poolers.pause(stage.pooler, 'orders', limits)
      await stage.ports.act.poolers.resume(stage.pooler, 'orders', limits)
      await untilMore()
      const { events } = await expectNoneLost(primary())
      expect(events.every(({ kind }) => kind === 'sent' || kind === 'ack')).toBe(true)
      await act().remove(primary(), run, limits)
    })

    test('where a pooler has no way in, it says so and why', async () => {
      const refused = over('sql.unreachable')
      await expect(read().door(pooler({ databases: [] }), limits)).rejects.toMatchObject(refused)
      await expect(read().door(pooler({ systemIdentifier: '7000000000000000001' }), limits)).rejects.toThrow(
        /points to a server with another system identifier/i,
      )
      const { act: actOn } = stage.ports
      await actOn.poolers.pause(stage.pooler, 'orders', limits)
      await expect(read().door(pooler(), limits)).rejects.toMatchObject(refused)
      await actOn.poolers.resume(stage.pooler, 'orders', limits)
      const mend = await stage.closePooler()
      const fault = await faultOf(read().door(pooler(), limits))
      expect(fault).toMatchObject(refused)
      expect(fault.message).toContain('the pooler accepts no login')
      await mend()
      await expect(read().door(pooler(), { ...limits, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'shell.cancelled' })
    })

    test('a pooler whose host does not answer is not taken for one without a way in', async () => {
      const mend = await stage.cutOffPooler()
      const code = async (change: Partial<CanaryPooler> = {}) => (await faultOf(read().door(pooler(change), limits))).code
      await expect.poll(() => code(), patient).toBe('shell.unreachable')
      expect(await code({ authFile: null })).toBe('shell.unreachable')
      await mend()
      const isBack = () =>
        read()
          .door(pooler(), limits)
          .then(({ database }) => database)
          .catch((error: Error) => error.message)
      await expect.poll(isBack, patient).toBe('orders')
    })

    test('where nobody takes writes it does not start: at the deadline, or when it is cancelled, it is stopped and nothing is noted', async () => {
      await act().prepare(primary(), null, limits)
      await expect(start([standby()], { timeoutMs: 1_500 })).rejects.toMatchObject(over('sql.timeout'))
      expect(await read().ledger(run)).toBeNull()
      const stop = new AbortController()
      const starting = faultOf(start([standby()], { signal: stop.signal }))
      stop.abort()
      expect(await starting).toMatchObject(over('shell.cancelled'))
      await expect(start([primary()], { signal: AbortSignal.abort() })).rejects.toMatchObject(over('shell.cancelled'))
      expect(await read().ledger(run)).toBeNull()
      expect(await rows(primary())).toEqual([])
    })

    test('a call cancelled before it is sent sends nothing', async () => {
      const given = { ...limits, signal: AbortSignal.abort() }
      await expect(rows(primary(), given)).rejects.toMatchObject({ code: 'shell.cancelled' })
      await expect(act().prepare(primary(), null, given)).rejects.toMatchObject({ code: 'shell.cancelled' })
    })

    test('a server that refuses the login or is down is told from a host that is away, refuses the key or hangs; a canary with another way goes on', async () => {
      const codeOf = async (work: Promise<unknown>) => (await faultOf(work)).code
      const code = (options: object = {}) => codeOf(rows(standby(), options))
      const mendedIsRead = () => rows(standby()).catch((error: Error) => error.message)
      const during = async (disturb: Disturb, look: () => Promise<void>) => {
        const mend = await disturb()
        await look()
        await mend()
        await expect.poll(mendedIsRead, patient).toEqual([])
      }
      await expect.poll(mendedIsRead, patient).toEqual([])
      await during(stage.refuseLogin, async () => {
        expect(await code()).toBe('sql.unreachable')
      })
      const { start: startServer, stop: stopServer } = stage.ports.act.postgres
      await during(
        async () => {
          await stopServer(stage.standby, 'fast', limits)
          return () => startServer(stage.standby, limits)
        },
        async () => {
          expect(await code()).toBe('sql.unreachable')
          expect(await codeOf(act().prepare(standby(), null, limits))).toBe('sql.unreachable')
        },
      )
      await during(stage.freeze, async () => {
        expect(await code({ timeoutMs: 1_000 })).toMatch(/^shell\.(timeout|unreachable)$/)
      })
      await during(stage.refuseKey, async () => {
        await expect.poll(code, patient).toBe('shell.denied')
      })
      await during(stage.cutOff, async () => {
        await expect.poll(code, patient).toBe('shell.unreachable')
        expect(await codeOf(act().prepare(standby(), null, limits))).toBe('shell.unreachable')
        await start([standby(), primary()])
        await expectNoneLost(primary())
        await act().prepare(primary(), null, limits)
      })
    })

    test('when the primary hands over, it goes on to the new one by itself, and there every commit is found', async () => {
      await start([primary(), standby()])
      await stage.ports.act.postgres.stop(stage.primary, 'fast', limits)
      await stage.ports.act.replication.promote(stage.standby, limits)
      await expect.poll(async () => (await acks()).some(({ timeline }) => timeline === 2), patient).toBe(true)
      await expectNoneLost(standby())
      await expect(act().remove(primary(), run, limits)).rejects.toMatchObject({ code: 'sql.unreachable' })
      await act().remove(standby(), run, limits)
      expect(await read().ledger(run)).toBeNull()
    })
  })
}
