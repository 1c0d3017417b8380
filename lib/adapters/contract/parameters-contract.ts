import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Parameter, ParameterEdit } from '@/lib/domain/settings/parameter'
import type { InstanceAddress, SomePorts } from '@/lib/ports'
import { faultOf } from './caught'

/** A primary and its standby on which ALTER SYSTEM has written nothing of work_mem, shared_buffers and random_page_cost. */
export interface ParametersStage {
  ports: SomePorts<'serverSettings' | 'postgres'>
  primary: InstanceAddress
  standby: InstanceAddress
  stop: () => Promise<void>
}

const limits = { timeoutMs: 30_000 }

/** The contract of setting parameters, of the twin and of the real adapter alike. The tests run in order. */
export const parametersContract = (title: string, open: () => Promise<ParametersStage>): void => {
  describe(`setting parameters: ${title}`, () => {
    let stage: ParametersStage
    beforeAll(async () => {
      stage = await open()
    })
    afterAll(() => stage?.stop())

    const look = async (instance: InstanceAddress, name: string): Promise<Parameter> =>
      (await stage.ports.read.serverSettings.parameters(instance, [name], limits)).parameters[0]!
    const alter = (instance: InstanceAddress, ...edits: ParameterEdit[]) => stage.ports.act.serverSettings.alter(instance, edits, limits)
    const reload = (instance: InstanceAddress) => stage.ports.act.postgres.reload(instance, limits)

    test('names are known in any case, those that the server does not have are left out, and each has its type, unit and bounds', async () => {
      const seen = await stage.ports.read.serverSettings.parameters(
        stage.primary,
        ['WORK_MEM', 'no_such', 'synchronous_commit', 'block_size', 'autovacuum'],
        limits,
      )
      expect(seen.mayAlter).toBe(true)
      expect(seen.parameters.map(({ name }) => name)).toEqual(['autovacuum', 'block_size', 'synchronous_commit', 'work_mem'])
      const [flag, fixed, choice, memory] = seen.parameters
      expect(memory).toMatchObject({
        type: 'integer',
        unit: 'kB',
        min: '64',
        max: '2147483647',
        context: 'user',
        altered: null,
        problem: null,
      })
      expect(choice).toMatchObject({ type: 'enum', choices: expect.arrayContaining(['local', 'on', 'off']), min: null })
      expect(fixed).toMatchObject({ context: 'internal' })
      expect(flag).toMatchObject({ type: 'bool', choices: null, elsewhere: [], holdsSecret: false })
    })

    test('what is written is in no force before a reload, on primary and standby, and after it from the file of ALTER SYSTEM', async () => {
      for (const instance of [stage.primary, stage.standby]) {
        const before = await look(instance, 'work_mem')
        await alter(instance, { name: 'work_mem', value: '16MB' }, { name: 'Random_Page_Cost', value: '1.5' })
        expect(await look(instance, 'work_mem')).toMatchObject({ altered: '16MB', value: before.value, filed: before.filed })
        await reload(instance)
        await expect.poll(async () => (await look(instance, 'work_mem')).value, { timeout: 20_000 }).toBe('16384')
        expect(await look(instance, 'random_page_cost')).toMatchObject({ altered: '1.5', value: '1.5', source: 'configuration file' })
        expect((await look(instance, 'work_mem')).file).toMatch(/postgresql\.auto\.conf$/)
      }
    })

    test('what only a start brings waits for one', async () => {
      await alter(stage.primary, { name: 'shared_buffers', value: '24MB' })
      await reload(stage.primary)
      await expect.poll(async () => (await look(stage.primary, 'shared_buffers')).isPendingRestart, { timeout: 20_000 }).toBe(true)
      const seen = await look(stage.primary, 'shared_buffers')
      expect(seen).toMatchObject({ altered: '24MB', problem: null, context: 'postmaster' })
      expect(seen.value).not.toBe('3072')
    })

    test('the server refuses a name and a value that it does not have, and what was given before is written', async () => {
      const edits = ['17MB', 'much'].map((value): ParameterEdit => ({ name: 'work_mem', value }))
      expect((await faultOf(alter(stage.primary, ...edits))).code).toBe('sql.failed')
      expect((await look(stage.primary, 'work_mem')).altered).toBe('17MB')
      expect((await faultOf(alter(stage.primary, { name: 'no_such', value: '1' }))).code).toBe('sql.failed')
    })

    test('what is taken out leaves the other files to say, or the default', async () => {
      for (const instance of [stage.primary, stage.standby]) {
        await alter(instance, ...['work_mem', 'random_page_cost', 'shared_buffers'].map((name): ParameterEdit => ({ name, value: null })))
        await reload(instance)
        await expect.poll(async () => (await look(instance, 'random_page_cost')).value, { timeout: 20_000 }).toBe('4')
        expect(await look(instance, 'random_page_cost')).toMatchObject({ altered: null, source: 'default', file: null })
        expect((await look(instance, 'shared_buffers')).isPendingRestart).toBe(false)
      }
    })
  })
}
