import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readerLines, readerRole } from '@/lib/domain/reader/reader-role'
import type { InstanceAddress, SomePorts } from '@/lib/ports'
import { faultOf } from './caught'

/** A primary and its standby without a reader; with a database `postgres`. */
export interface ReadersStage {
  ports: SomePorts<'readers' | 'postgres'>
  primary: InstanceAddress
  standby: InstanceAddress
  stop: () => Promise<void>
}

const limits = { timeoutMs: 30_000 }
const caps = { database: 'postgres', statementTimeoutMs: 10_000, rowsMax: 10, bytesMax: 10_000 }

/** The contract of the reader's login, of the twin and of the real adapter alike. The tests run in order. */
export const readersContract = (title: string, open: () => Promise<ReadersStage>): void => {
  describe(`the readers port: ${title}`, () => {
    let stage: ReadersStage
    beforeAll(async () => {
      stage = await open()
    })
    afterAll(() => stage?.stop())

    const read = () => stage.ports.read.readers
    const act = () => stage.ports.act.readers
    const login = (instance: InstanceAddress) => read().login(instance, 'postgres', limits)
    const linesFor = ({ host }: InstanceAddress) => readerLines(host.user)
    const reload = (instance: InstanceAddress) => stage.ports.act.postgres.reload(instance, limits)
    const select = (instance: InstanceAddress) => stage.ports.read.postgres.query(instance, 'select 1', { ...caps, as: readerRole })

    test('where nothing is set up there is no role, no line and no login', async () => {
      expect(await read().role(stage.primary, limits)).toBeNull()
      expect(await read().files(stage.primary, limits)).toMatchObject({ lines: null, problem: null, showsPassword: false })
      expect(await login(stage.primary)).toMatchObject({ works: false, because: expect.stringContaining(readerRole) })
      expect(await faultOf(select(stage.primary))).toMatchObject({ code: 'sql.unreachable', facts: { isOver: true } })
    })

    test('the role is made on the primary alone and once, harmless, and its maker is known on the standby too', async () => {
      expect((await faultOf(act().make(stage.standby, 'one', limits))).code).toBe('sql.failed')
      await act().make(stage.primary, 'one', limits)
      expect((await faultOf(act().make(stage.primary, 'two', limits))).code).toBe('sql.failed')
      for (const instance of [stage.primary, stage.standby])
        await expect.poll(() => read().role(instance, limits), { timeout: 20_000 }).toEqual({ madeBy: 'one', excess: [] })
    })

    test('lines count from the next reload on, on each server by itself, and then the reader reads', async () => {
      for (const instance of [stage.standby, stage.primary]) {
        await act().write(instance, linesFor(instance), limits)
        expect((await read().files(instance, limits)).lines).toEqual(linesFor(instance))
        expect(await login(instance)).toMatchObject({ works: false })
        await reload(instance)
        await expect.poll(() => login(instance), { timeout: 20_000 }).toEqual({ works: true, excess: [], openDoors: [] })
        expect((await select(instance)).rows).toEqual([['1']])
      }
    })

    test('lines that are taken out let nobody in any more', async () => {
      await act().write(stage.standby, null, limits)
      await reload(stage.standby)
      await expect.poll(() => login(stage.standby), { timeout: 20_000 }).toMatchObject({ works: false })
      expect((await read().files(stage.standby, limits)).lines).toBeNull()
      expect(await login(stage.primary)).toMatchObject({ works: true })
    })

    test('only its maker drops the role, and a second time there is nothing to drop', async () => {
      await act().drop(stage.primary, 'two', limits)
      expect(await read().role(stage.primary, limits)).toMatchObject({ madeBy: 'one' })
      await act().drop(stage.primary, 'one', limits)
      await act().drop(stage.primary, 'one', limits)
      expect(await read().role(stage.primary, limits)).toBeNull()
      expect(await login(stage.primary)).toMatchObject({ works: false })
    })
  })
}
