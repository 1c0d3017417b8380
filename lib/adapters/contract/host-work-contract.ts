import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HostAddress, SomePorts } from '@/lib/ports'

export interface WorkHost {
  ports: SomePorts<'work'>
  host: HostAddress
  commands: {
    /** Writes `half way` and ends with 3. */
    failing: readonly string[]
    /** Writes `at work`, and does not end within the suite. */
    endless: readonly string[]
  }
  stop: () => Promise<void>
}

const limits = { timeoutMs: 60_000 }

/** What every implementation of long work on a host keeps. Call it at the top level of a test file. */
export const hostWorkContract = (name: string, makeHost: () => Promise<WorkHost>): void => {
  describe(`long work on a host: ${name}`, () => {
    let on: WorkHost
    beforeAll(async () => {
      on = await makeHost()
    })
    afterAll(() => on?.stop())

    const look = (key: string) => on.ports.read.work.look(on.host, key, limits)
    const launch = (key: string, argv: readonly string[]) => on.ports.act.work.launch(on.host, key, argv, limits)
    const until = (key: string, seen: object) => expect.poll(() => look(key), { timeout: 60_000, interval: 100 }).toMatchObject(seen)

    test('work that was never started is absent, and ending or forgetting it is no error', async () => {
      expect(await look('nothing-1')).toEqual({ state: 'absent', exitCode: null, startedAt: null, tail: '' })
      await on.ports.act.work.end(on.host, 'nothing-1', limits)
      await on.ports.act.work.forget(on.host, 'nothing-1', limits)
    })

    test('work that ended reports how, and what it wrote, when asked by its key', async () => {
      await launch('failing-1', on.commands.failing)
      await until('failing-1', { state: 'ended', exitCode: 3, tail: 'half way\n' })
      expect(Date.parse((await look('failing-1')).startedAt ?? '')).not.toBeNaN()
      expect(await on.ports.read.work.look(on.host, 'failing-1', { ...limits, waitMs: 600_000 })).toMatchObject({ state: 'ended' })
      await on.ports.act.work.forget(on.host, 'failing-1', limits)
      expect((await look('failing-1')).state).toBe('absent')
    })

    test('of two that start the same work at once, one does, and it runs once', async () => {
      const both = await Promise.allSettled([launch('endless-1', on.commands.endless), launch('endless-1', on.commands.endless)])
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
      await expect(launch('endless-1', on.commands.endless)).rejects.toMatchObject({ code: 'shell.failed', facts: { isOver: true } })
      await until('endless-1', { state: 'running', exitCode: null, tail: 'at work\n' })
    })

    test('work that runs is not forgotten, and is over once it was ended', async () => {
      await expect(on.ports.act.work.forget(on.host, 'endless-1', limits)).rejects.toMatchObject({ code: 'shell.failed' })
      expect((await on.ports.read.work.look(on.host, 'endless-1', { ...limits, waitMs: 100 })).state).toBe('running')
      await on.ports.act.work.end(on.host, 'endless-1', limits)
      await until('endless-1', { state: 'ended', exitCode: 143 })
      await on.ports.act.work.forget(on.host, 'endless-1', limits)
    })

    test('a key that is no plain name is refused before anything is touched', async () => {
      for (const key of ['', '../x', 'a b', 'a/b', '.hidden', 'x'.repeat(101)])
        await expect(launch(key, on.commands.endless)).rejects.toMatchObject({ code: 'input.invalid' })
    })
  })
}
