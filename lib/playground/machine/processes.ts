import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { LabError } from './error'

/** One process for certain: a process id is reused, a process id with its start time is not. */
export type ProcessMark = { pid: number; startTicks: number }

export type CommandResult = { code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }
export type CommandOptions = {
  input?: string
  /** Milliseconds before the command is killed and the call fails; 30 s when not given. */
  timeoutMs?: number
  env?: NodeJS.ProcessEnv
  cwd?: string
  signal?: AbortSignal
}

type Stat = { state: string; parent: number; startTicks: number }

function readStat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The command name may hold blanks and parentheses; the fields start after its last one.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', parent: Number(fields[1]), startTicks: Number(fields[19]) }
  } catch {
    return undefined
  }
}

export function markOf(pid: number): ProcessMark | undefined {
  const stat = readStat(pid)
  return stat && { pid, startTicks: stat.startTicks }
}

/** The process itself, its parent, and so on up. */
export function ancestorsOf(pid: number): Set<number> {
  const found = new Set<number>()
  for (let next = pid; next > 0 && !found.has(next); next = readStat(next)?.parent ?? 0) found.add(next)
  return found
}

/** Reads "pid start-ticks" as the shell scripts write it. */
export function readMark(path: string): ProcessMark | undefined {
  try {
    const [pid, startTicks] = readFileSync(path, 'utf8').trim().split(' ').map(Number)
    return pid && startTicks ? { pid, startTicks } : undefined
  } catch {
    return undefined
  }
}

/** A zombie counts as gone: nothing of it runs any more. */
export function isRunning(mark: ProcessMark | undefined): mark is ProcessMark {
  if (!mark) return false
  const stat = readStat(mark.pid)
  return stat !== undefined && stat.startTicks === mark.startTicks && stat.state !== 'Z' && stat.state !== 'X'
}

/** Sends a signal only when the process is still the marked one. Returns whether it was sent. */
export function signalMarked(mark: ProcessMark | undefined, signal: NodeJS.Signals): boolean {
  if (!isRunning(mark)) return false
  try {
    process.kill(mark.pid, signal)
    return true
  } catch {
    return false
  }
}

/** Polls `probe` until it gives something other than undefined or false. */
export async function until<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  options: { timeoutMs: number; everyMs?: number; signal?: AbortSignal },
): Promise<T> {
  const deadline = Date.now() + options.timeoutMs
  for (;;) {
    options.signal?.throwIfAborted()
    const found = await probe()
    if (found !== undefined && found !== false) return found
    if (Date.now() > deadline) throw new LabError(`Timed out after ${options.timeoutMs / 1000} s: waited for ${what}.`)
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 15))
  }
}

/** Waits for the exit whatever the exit code; fails only when the program cannot start or overruns its deadline. */
export function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [program, ...args] = argv
  if (!program) throw new LabError('An empty command cannot be run.')
  const timeoutMs = options.timeoutMs ?? 30_000
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: options.env ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.signal === undefined ? {} : { signal: options.signal, killSignal: 'SIGKILL' as const }),
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      child.kill('SIGKILL')
      // A grandchild may still hold the pipes; the answer does not wait for it.
      child.stdout.destroy()
      child.stderr.destroy()
    }, timeoutMs)
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.stdin.on('error', () => {}) // The program may exit without reading its input.
    child.stdin.end(options.input ?? '')
    child.on('error', (cause) => {
      clearTimeout(timer)
      reject(new LabError(`Cannot run ${program}: ${cause.message}`, { cause }))
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      const stderr = Buffer.concat(err).toString()
      if (isLate) return reject(new LabError(`${argv.join(' ')} did not end within ${timeoutMs / 1000} s. ${stderr}`))
      resolve({ code, signal, stdout: Buffer.concat(out).toString(), stderr })
    })
  })
}

/** As `runCommand`, but an exit code other than 0 is an error that carries what the program said. */
export async function mustRun(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await runCommand(argv, options)
  if (result.code === 0) return result.stdout
  const said = result.stderr.trim() || result.stdout.trim()
  throw new LabError(`${argv.join(' ')} ended with ${result.signal ?? result.code}: ${said}`)
}

/** Runs `work` over `items`, at most `atOnce` at a time; the first error is thrown once the running ones have ended. */
export async function inParallel<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values()
  const lanes = Array.from({ length: Math.min(atOnce, items.length) }, async () => {
    for (const item of queue) await work(item)
  })
  const failed = (await Promise.allSettled(lanes)).find((lane) => lane.status === 'rejected')
  if (failed) throw failed.reason
}
