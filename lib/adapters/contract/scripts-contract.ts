import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isFault } from '@/lib/kernel/ground/errors'
import { type ScriptOptions, type SomePorts, scriptOutputBytes } from '@/lib/ports'

export interface ScriptsStage {
  ports: SomePorts<'scripts'>
  /**
   * Puts scripts of these names into the directory. `says`: prints its arguments in brackets, one a line, then MATRIARCH_CALL, and ends well; `fails`: prints
   * `no` and ends with 3; `floods`: prints one million `x` and then `end`; `hangs`: ends only when it is killed.
   */
  put: (name: 'says' | 'fails' | 'floods' | 'hangs') => Promise<void>
  stop: () => Promise<void>
}

/** The contract for scripts of the operator’s, of the twin and of the real adapter alike. */
export const scriptsContract = (title: string, open: () => Promise<ScriptsStage>) => {
  describe(title, () => {
    let stage: ScriptsStage
    beforeAll(async () => {
      stage = await open()
      for (const name of ['says', 'fails', 'floods', 'hangs'] as const) await stage.put(name)
    })
    afterAll(() => stage?.stop())

    const run = (file: string, argv: string[] = [], more: Partial<ScriptOptions> = {}) =>
      stage.ports.act.scripts.run(file, argv, { environment: { MATRIARCH_CALL: 'job/1' }, timeoutMs: 5_000, ...more })
    const fault = async (work: Promise<unknown>) => {
      const error = await work.then(
        () => null,
        (thrown: unknown) => thrown,
      )
      return isFault(error) ? { code: error.code, isOver: error.facts.isOver, message: error.message } : error
    }

    test('arguments arrive as they are, whatever a shell would make of them, and so does the environment', async () => {
      const argv = ['SCALE_DOWN', 'n/a', '$(id); rm -rf "x"', '', "it's *"]
      expect(await run('says', argv)).toMatchObject({
        exitCode: 0,
        signal: null,
        isTimedOut: false,
        isCut: false,
        output: `${argv.map((one) => `[${one}]\n`).join('')}job/1\n`,
      })
    })

    test('a script that fails is an answer with its exit code and what it said', async () => {
      expect(await run('fails')).toMatchObject({ exitCode: 3, signal: null, isTimedOut: false, output: 'no\n' })
    })

    test('output has a bound: the first and the last of it are kept, and that something is left out is said', async () => {
      const { output, isCut } = await run('floods')
      expect(isCut).toBe(true)
      expect(output.length).toBeLessThan(scriptOutputBytes + 100)
      expect(output).toMatch(/^x+\n… \d+ bytes left out …\nx+end\n$/)
    })

    test('one that does not end in time is killed, and the answer says so', async () => {
      expect(await run('hangs', [], { timeoutMs: 300 })).toMatchObject({ exitCode: null, isTimedOut: true })
    })

    test('one that is no longer wanted is ended before the fault is thrown', async () => {
      const wanted = new AbortController()
      const running = fault(run('hangs', [], { signal: wanted.signal }))
      wanted.abort()
      expect(await running).toMatchObject({ code: 'shell.cancelled', isOver: true })
    })

    test('what is no name of a file in the directory is refused with the reason, and nothing runs', async () => {
      for (const file of ['../says', '/bin/true', '.says', 'a/b', '', 'says\n', 'absent']) {
        const because = await stage.ports.read.scripts.whyNot(file)
        expect(because, file).toEqual(expect.any(String))
        expect(await fault(run(file)), file).toEqual({ code: 'shell.failed', isOver: true, message: because })
      }
      expect(await stage.ports.read.scripts.whyNot('says')).toBeNull()
    })
  })
}
