import { scriptFilePattern } from '@/lib/domain/hooks/hook'
import { Fault } from '@/lib/kernel/ground/errors'
import { type ScriptResult, type ScriptsAct, type ScriptsRead, scriptOutputBytes } from '@/lib/ports'
import { type Calls, perform } from './world/calls'
import { makeHost } from './world/make-world'
import type { World } from './world/world'

/** Scripts run on the worker’s own host, which is reached whatever is off. */
const worker = makeHost('console', 'worker')

const whyNot = (world: World, file: string): string | null => {
  if (!scriptFilePattern.test(file)) return `${file} is not the name of a file in HOOKS_DIRECTORY.`
  return world.scripts.has(file) ? null : `HOOKS_DIRECTORY of this worker has no file ${file}.`
}

export const memoryScriptsRead = (world: World): ScriptsRead => ({ whyNot: async (file) => whyNot(world, file) })

export const memoryScriptsAct = (world: World, calls: Calls): ScriptsAct => ({
  run: (file, argv, options) =>
    perform(calls, world.clock, worker, { act: 'script', target: file }, options, async () => {
      const because = whyNot(world, file)
      if (because !== null) throw new Fault('shell.failed', { because, isOver: true })
      const { environment, timeoutMs, signal } = options
      const result = world.scripts.get(file)!(argv, environment)
      if (result === 'hangs') {
        await world.clock.sleep(timeoutMs, signal)
        if (signal?.aborted) throw new Fault('shell.cancelled', { because: `${file} was ended before it was through.`, isOver: true })
        return { ...ended(''), exitCode: null, signal: 'SIGTERM', isTimedOut: true, tookMs: timeoutMs }
      }
      world.scripted.push({ file, argv, environment })
      return { ...ended(result.output), exitCode: result.exitCode }
    }),
})

const ended = (output: string): ScriptResult => {
  const half = scriptOutputBytes / 2
  const left = output.length - scriptOutputBytes
  const shown = left > 0 ? `${output.slice(0, half)}\n… ${left} bytes left out …\n${output.slice(-half)}` : output
  return { exitCode: 0, signal: null, isTimedOut: false, output: shown, isCut: left > 0, tookMs: 1 }
}
