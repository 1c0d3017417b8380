import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { InstanceAddress, SomePorts } from '@/lib/ports'
import { faultOf } from './caught'

/** A client with one transaction open. */
export interface StageSession {
  pid: number
  /** Sends it and does not wait. */
  send: (sql: string) => void
  close: () => Promise<void>
}

/** A primary and its standby, with a table `public.activity_contract (id int)` of one row, 1. */
export interface ActivityStage {
  ports: SomePorts<'activity' | 'postgres'>
  primary: InstanceAddress
  standby: InstanceAddress
  /** Logs in as an application of this name and begins a transaction. */
  begin: (instance: InstanceAddress, application: string) => Promise<StageSession>
  stop: () => Promise<void>
}

const limits = { timeoutMs: 30_000 }
const patient = { timeout: 20_000 }
const update = 'update public.activity_contract set id = id where id = 1'

/** The contract of seeing and ending sessions, of the twin and of the real adapter alike. The tests run in order. */
export const activityContract = (title: string, open: () => Promise<ActivityStage>): void => {
  describe(`the activity port: ${title}`, () => {
    let stage: ActivityStage
    beforeAll(async () => {
      stage = await open()
    })
    afterAll(() => stage?.stop())

    const look = (instance = stage.primary) => stage.ports.read.activity.look(instance, limits)
    const seen = async (application: string, instance = stage.primary) =>
      (await look(instance)).sessions.find((one) => one.application === application)

    test('who holds a lock and who waits for it is seen, with what they run, since when, and a name that lasts', async () => {
      const holder = await stage.begin(stage.primary, 'holder')
      holder.send(update)
      const held = { state: 'idle in transaction', statement: expect.stringContaining(update) }
      await expect.poll(() => seen('holder'), patient).toMatchObject(held)
      const waiter = await stage.begin(stage.primary, 'waiter')
      waiter.send(update)
      await expect.poll(async () => (await seen('waiter'))?.blockedBy, patient).toEqual([holder.pid])
      expect(await seen('waiter')).toMatchObject({
        pid: waiter.pid,
        state: 'active',
        waitType: 'Lock',
        statement: expect.stringContaining(update),
        kind: 'client backend',
      })
      const [first, second] = [await seen('holder'), await seen('holder')]
      expect([first!.startedAt, first!.blockedBy]).toEqual([second!.startedAt, []])
      expect(first!.startedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
      expect(first!.transactionSeconds).toBeGreaterThanOrEqual(0)
    })

    test('what runs another statement by now is not cancelled; cancelling what waits leaves its session, and the one that it waited for', async () => {
      const waiter = (await seen('waiter'))!
      await stage.ports.act.activity.signal(stage.primary, 'cancel', [{ ...waiter, statementAt: '2020-01-01T00:00:00.000000Z' }], limits)
      expect((await seen('waiter'))?.state).toBe('active')
      await stage.ports.act.activity.signal(stage.primary, 'cancel', [waiter], limits)
      await expect.poll(async () => (await seen('waiter'))?.state, patient).toBe('idle in transaction (aborted)')
      expect((await seen('holder'))?.state).toBe('idle in transaction')
    })

    test('a signal to a pid that is another session’s by now reaches nobody', async () => {
      const holder = (await seen('holder'))!
      await stage.ports.act.activity.signal(stage.primary, 'terminate', [{ ...holder, startedAt: '2020-01-01T00:00:00.000000Z' }], limits)
      const after = await look()
      expect(after.sessions.map(({ application }) => application)).toEqual(expect.arrayContaining(['holder', 'waiter']))
    })

    test('a session that is ended is gone, and signalling it again is no error', async () => {
      const holder = (await seen('holder'))!
      await stage.ports.act.activity.signal(stage.primary, 'terminate', [holder], limits)
      await expect.poll(() => seen('holder'), patient).toBeUndefined()
      await stage.ports.act.activity.signal(stage.primary, 'terminate', [holder], limits)
      expect(await seen('waiter')).toBeDefined()
    })

    test('sessions of a standby are seen and ended as well', async () => {
      await stage.begin(stage.standby, 'reader')
      const reader = (await seen('reader', stage.standby))!
      await stage.ports.act.activity.signal(stage.standby, 'terminate', [reader], limits)
      await expect.poll(() => seen('reader', stage.standby), patient).toBeUndefined()
    })

    test('a server that is down answers neither question', async () => {
      await stage.ports.act.postgres.stop(stage.standby, 'fast', limits)
      expect((await faultOf(look(stage.standby))).code).toBe('sql.unreachable')
      expect(
        (
          await faultOf(
            stage.ports.act.activity.signal(
              stage.standby,
              'cancel',
              [{ pid: 1, startedAt: '2020-01-01T00:00:00.000000Z', statementAt: null }],
              limits,
            ),
          )
        ).code,
      ).toBe('sql.unreachable')
    })
  })
}
