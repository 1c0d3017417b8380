import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { userInfo } from 'node:os'
import { Fault } from '@/lib/kernel/ground/errors'
import type { ScriptOptions, ScriptResult, SomePorts } from '@/lib/ports'
import { findScript } from './file'
import { Output } from './output'

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** Between being told to end and being killed. */
const defaultGraceMs = 5_000
/** For output that is still in the pipe when everything has ended; what left the process group may hold it open for ever. */
const drainMs = 500

/** Runs the scripts of one directory; null: there is none, and every script is refused with that reason. */
export const makeScripts = (directory: string | null, graceMs = defaultGraceMs): SomePorts<'scripts'> => ({
  read: {
    scripts: {
      whyNot: async (file) => {
        const found = await findScript(directory, file)
        return 'because' in found ? found.because : null
      },
    },
  },
  act: {
    scripts: {
      run: async (file, argv, options) => {
        const found = await findScript(directory, file)
        if ('because' in found) throw new Fault('shell.failed', { because: found.because, isOver: true })
        if (options.signal?.aborted) throw new Fault('shell.cancelled', { isOver: true })
        const child = spawn(found.path, [...argv], {
          cwd: found.directory,
          env: environmentOf(options) as NodeJS.ProcessEnv,
          detached: true,
          stdio: ['ignore', 'pipe', 'pipe'],
        })
        return watch(child, file, options, graceMs)
      },
    },
  },
})

/** Nothing of this process’s own. */
const environmentOf = ({ environment }: ScriptOptions): Record<string, string | undefined> => ({
  PATH: path,
  HOME: userInfo().homedir,
  LANG: 'C.UTF-8',
  ...environment,
})

const watch = async (child: ChildProcess, file: string, { timeoutMs, signal }: ScriptOptions, graceMs: number): Promise<ScriptResult> => {
  const startedAt = performance.now()
  const output = new Output()
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk: Buffer) => output.add(chunk))
  const closed = once(child, 'close')
  const exited = once(child, 'exit')
  // Only the first of them is waited for; the other may be rejected as well.
  closed.catch(() => {})
  let isTimedOut = false
  let killing: NodeJS.Timeout | undefined
  const end = () => {
    send(child, 'SIGTERM')
    killing ??= setTimeout(() => send(child, 'SIGKILL'), graceMs)
  }
  const deadline = setTimeout(() => {
    isTimedOut = true
    end()
  }, timeoutMs)
  signal?.addEventListener('abort', end, { once: true })
  try {
    const [exitCode, endedBy] = (await exited) as [number | null, NodeJS.Signals | null]
    // What it started goes with it.
    send(child, 'SIGKILL')
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, drainMs))])
    for (const stream of [child.stdout!, child.stderr!]) stream.destroy()
    if (signal?.aborted && !isTimedOut)
      throw new Fault('shell.cancelled', { because: `${file} was ended before it was through.`, isOver: true })
    return { exitCode, signal: endedBy, isTimedOut, ...output.read(), tookMs: Math.round(performance.now() - startedAt) }
  } catch (error) {
    if (error instanceof Fault) throw error
    throw new Fault('shell.failed', { because: sayNotStarted(file, error as NodeJS.ErrnoException), isOver: true })
  } finally {
    clearTimeout(deadline)
    clearTimeout(killing)
    signal?.removeEventListener('abort', end)
  }
}

/** To the whole process group; none of it may be left. */
const send = ({ pid }: ChildProcess, signal: NodeJS.Signals): void => {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

const sayNotStarted = (file: string, { code, message }: NodeJS.ErrnoException): string =>
  code === 'ENOEXEC' || code === 'ENOENT'
    ? `${file} was not started: its first line has to name its interpreter, such as #!/bin/sh.`
    : `${file} was not started: ${message}`
