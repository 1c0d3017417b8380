import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Json } from '@/lib/kernel/ground/json'
import type { RunContext, StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, InventoryHook, ScriptResult } from '@/lib/ports'
import type { Plain } from '../../facts/instance'

/** One script with its arguments. `key`: by which it is known again after its worker died. */
export type ScriptCall = { key: string; hook: Plain<InventoryHook>; argv: string[]; environment: Record<string, string> }

/** Scripts that have ended, and the one that was begun last: whether that one ended is not known. */
export type CallsMark = { ended: string[]; begun: string | null }

/** Getting it started, told to end and killed, on top of its own time. */
const aroundMs = 20_000

export const callsTimeoutMs = (calls: readonly Pick<ScriptCall, 'hook'>[]): number =>
  calls.reduce((sum, { hook }) => sum + hook.timeoutSeconds * 1000 + aroundMs, aroundMs)

export const sayCall = ({ hook, argv }: Pick<ScriptCall, 'hook' | 'argv'>): string => [hook.file, ...argv].join(' ')

/** Whether the journal says that all of them have ended; what is not said may have happened as well. */
export const haveEnded = (keys: readonly string[], mark: Json): boolean => {
  const marked = mark as CallsMark | null
  return marked !== null && marked.begun === null && keys.every((key) => marked.ended.includes(key))
}

/**
 * One after the other, each under its own deadline. One that had ended is not run again; one whose worker died meanwhile is, for nobody knows how far it came.
 * Throws what stops the resize.
 */
export const runCalls = async (
  calls: readonly ScriptCall[],
  ports: ActPorts,
  context: StepContext & Partial<Pick<RunContext, 'mark' | 'marked'>>,
): Promise<void> => {
  const marked = (context.marked as CallsMark | null | undefined) ?? { ended: [], begun: null }
  const ended = [...marked.ended]
  const mark = async (begun: string | null) => context.mark?.({ ended: [...ended], begun } satisfies CallsMark)
  for (const { key, hook, argv, environment } of calls) {
    if (ended.includes(key)) continue
    if (marked.begun === key)
      context.note(
        'warning',
        `Whether ${hook.title} had ended when its worker stopped is not known. It is run again, under the same MATRIARCH_CALL.`,
      )
    await mark(key)
    context.note('command', sayCall({ hook, argv }))
    const result = await run(ports, { hook, argv, environment }, context)
    if ('output' in result && result.output.trim() !== '') context.note('stdout', result.output.trimEnd())
    const why = 'because' in result ? result.because : whyFailed(hook, result)
    if (why !== null && hook.onFailure === 'stop') throw new Fault('step.blocked', { because: why, isOver: true })
    if (why === null) context.note('info', `${hook.title} ended well.`)
    else context.note('warning', `${why} The job goes on, as the hook says.`)
    ended.push(key)
  }
  await mark(null)
}

const run = async (
  ports: ActPorts,
  { hook, argv, environment }: Omit<ScriptCall, 'key'>,
  { signal }: StepContext,
): Promise<ScriptResult | { because: string }> => {
  try {
    return await ports.act.scripts.run(hook.file, argv, { environment, timeoutMs: hook.timeoutSeconds * 1000, signal })
  } catch (error) {
    if (!isFault(error, 'shell.failed')) throw error
    return { because: `${hook.title}: ${error.message}` }
  }
}

const whyFailed = (
  { title, file, timeoutSeconds }: Plain<InventoryHook>,
  { exitCode, signal, isTimedOut }: ScriptResult,
): string | null => {
  if (isTimedOut) return `${title}: ${file} did not end within ${timeoutSeconds} s, and was killed.`
  if (signal !== null) return `${title}: ${file} was ended by ${signal}.`
  return exitCode === 0 ? null : `${title}: ${file} ended with exit code ${exitCode}.`
}
