import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Lab } from '../lab/lab'
import { projectRoot } from '../setup.mjs'
import { sayExit } from './deaths'

/** A child of the starter: it dies with it, writes to its own log file, and is told to stop before it is made to. */
export interface Child {
  name: string
  process: ChildProcess
  logFile: string
  /** Last lines of its log, for an error a person can use. */
  log: () => string
  stop: (patienceMs?: number) => Promise<void>
}

export interface ChildPlan {
  name: string
  argv: string[]
  environment: Record<string, string | undefined>
  logDirectory: string
  /** Inside the playground's network, or on this machine when null. */
  lab: Lab | null
  /** All that it finds on its standard input. Default: nothing. */
  input?: string
  /** Called once when it ends without having been told to. `how`: a verb and what ended it. */
  onDeath?: (how: string) => void
}

const kept = ['PATH', 'HOME', 'LANG', 'TZ', 'TERM', 'NODE_OPTIONS', 'CHROMIUM_PATH']

/** Starts it. The environment is built from nothing but what is named, so that a variable of the shell cannot change the product by accident. */
export const startChild = ({ name, argv, environment, logDirectory, lab, input, onDeath }: ChildPlan): Child => {
  mkdirSync(logDirectory, { recursive: true })
  const logFile = join(logDirectory, `${name}.log`)
  const log = openSync(logFile, 'a')
  const inherited = Object.fromEntries(kept.map((key) => [key, process.env[key]]))
  const options: SpawnOptions = {
    cwd: projectRoot,
    env: { ...inherited, ...environment } as unknown as NodeJS.ProcessEnv,
    stdio: [input === undefined ? 'ignore' : 'pipe', log, log],
    detached: true,
  }
  const child = lab ? lab.spawn(argv, options) : spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...argv], options)
  closeSync(log)
  child.on('error', () => {})
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
  let isStopping = false
  const exited = new Promise<void>((resolve) =>
    child.once('exit', (code, signal) => {
      if (!isStopping) onDeath?.(sayExit(code, signal))
      resolve()
    }),
  )
  return {
    name,
    process: child,
    logFile,
    log: () => readFileSync(logFile, 'utf8').split('\n').slice(-25).join('\n'),
    stop: async (patienceMs = 20_000) => {
      isStopping = true
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs)
      await exited
      clearTimeout(timer)
    },
  }
}

/** Asks until it answers as wanted. Throws with the child's log when the child ended or the time is over. */
export const untilAnswers = async (
  url: string,
  child: Child,
  isWanted: (response: Response) => boolean,
  timeoutMs: number,
): Promise<void> => {
  const deadline = Date.now() + timeoutMs
  while (Date.now() < deadline) {
    if (child.process.exitCode !== null || child.process.signalCode !== null) break
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(5000), redirect: 'manual' })
      await response.body?.cancel()
      if (isWanted(response)) return
    } catch {
      // Not there yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`${child.name} did not come up at ${url}:\n${child.log()}`)
}
