import { type ChildProcess, spawn } from 'node:child_process'
import { hostname } from 'node:os'
import { basename } from 'node:path'
import { sleep } from '@/lib/kernel/ground/sleep'
import { type Args, mustBeEmpty, take, UsageError } from './args'
import { getJson, NoAnswer, Refusal, request, type Where, whereToGo } from './client'
import { codeOfError, exitCodes } from './exit-codes'
import { idOf } from './names'
import { clean } from './table'

const askAgainMs = 1_000
/** Between asking the command to end and ending it. */
const graceMs = 10_000

const tell = (text: string): void => void process.stderr.write(`matriarch: ${clean(text)}\n`)

/** `matriarch with-lock HERD -- COMMAND`: the lock is held while the command runs, and never longer. */
export const withLock = async (args: Args): Promise<number> => {
  try {
    const wish = wishOf(args)
    const where = whereToGo()
    const herdId = await herdOf(where, wish)
    // From here on a signal must not end this process with the lock in its hands.
    const signals = catchSignals()
    try {
      const lock = await acquire(where, herdId, wish, signals)
      return lock === null ? exitCodes.locked : await runUnder(where, lock, wish, signals)
    } finally {
      signals.stop()
    }
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof UsageError || error instanceof NoAnswer)) throw error
    tell(error.message)
    return codeOfError(error)
  }
}

interface Wish {
  herd: string
  environment: string | undefined
  command: string[]
  reason: string
  waitSeconds: number
  ttlSeconds: number
}

interface Lock {
  id: string
  herd: string
}

const wishOf = (args: Args): Wish => {
  const wholeOf = (name: string, fallback: number): number => {
    const text = take(args, name) ?? String(fallback)
    if (!/^\d{1,6}$/.test(text)) throw new UsageError(`--${name} takes a whole number of seconds.`)
    return Number(text)
  }
  const [herd, ...command] = args.words
  if (!herd || command.length === 0) throw new UsageError('Usage: matriarch with-lock HERD -- COMMAND')
  const wish = {
    herd,
    command,
    environment: take(args, 'env'),
    // Only its name: the words behind it may hold a password.
    reason: take(args, 'reason') ?? `runs ${basename(command[0]!)}`,
    waitSeconds: wholeOf('wait', 0),
    ttlSeconds: wholeOf('ttl', 60),
  }
  mustBeEmpty(args)
  return wish
}

const herdOf = (where: Where, { herd, environment }: Wish): Promise<string> =>
  idOf(where, 'herds', herd, environment ? { env: environment } : {})

/** null: somebody else holds it, and goes on holding it as long as this command may wait. */
const acquire = async (where: Where, herdId: string, { reason, ttlSeconds, waitSeconds }: Wish, signals: Signals): Promise<Lock | null> => {
  const endsAt = performance.now() + waitSeconds * 1000
  const body = { reason, ttlSeconds, holder: `${hostname()}:${process.pid}` }
  for (let isTold = false; ; isTold = true) {
    try {
      return await getJson<Lock>(where, `/api/v1/herds/${herdId}/lock`, { method: 'POST', body })
    } catch (error) {
      if (!(error instanceof Refusal) || error.problem.code !== 'lock.held') throw error
      const isOver = performance.now() >= endsAt || signals.first() !== null
      if (isOver || !isTold) tell(isOver ? error.message : `Waiting: ${error.message}`)
      if (isOver) return null
      await sleep(askAgainMs)
    }
  }
}

const runUnder = async (where: Where, lock: Lock, wish: Wish, signals: Signals): Promise<number> => {
  const over = new AbortController()
  try {
    const early = signals.first()
    if (early !== null) {
      tell(`Ended by ${early} before the command started.`)
      return exitCodes.failed
    }
    const child = spawn(wish.command[0]!, wish.command.slice(1), { stdio: 'inherit' })
    const ended = endOf(child)
    let lostBecause: string | null = null
    const beating = beat(where, lock.id, wish.ttlSeconds, over.signal).then(async (because) => {
      if (because === null) return
      lostBecause = because
      tell(`The lock of ${lock.herd} was lost: ${because} The command is being stopped.`)
      await endIt(child, ended)
    })
    signals.passTo(child)
    const end = await ended
    over.abort()
    await beating
    if (end.error) tell(`${wish.command[0]} could not be started: ${end.error.message}`)
    if (lostBecause !== null || end.error) return exitCodes.failed
    if (end.code === 0) return exitCodes.done
    tell(end.signal ? `The command was ended by ${end.signal}.` : `The command ended with ${end.code}.`)
    return exitCodes.command
  } finally {
    over.abort()
    await release(where, lock, wish.ttlSeconds)
  }
}

interface End {
  code: number | null
  signal: NodeJS.Signals | null
  error?: Error
}

const endOf = (child: ChildProcess): Promise<End> =>
  new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, error }))
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })

const endIt = async (child: ChildProcess, ended: Promise<unknown>): Promise<void> => {
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
  await ended
  clearTimeout(timer)
}

interface Signals {
  /** What was sent to this process first; null: nothing. */
  first: () => NodeJS.Signals | null
  passTo: (child: ChildProcess) => void
  stop: () => void
}

/** A terminal sends Ctrl-C to the command as well; what is sent to this process alone is passed on. The lock goes when the command has ended. */
const catchSignals = (): Signals => {
  let first: NodeJS.Signals | null = null
  let child: ChildProcess | null = null
  const handler = (name: NodeJS.Signals) => {
    first ??= name
    if (name !== 'SIGINT' || !process.stdin.isTTY) child?.kill(name)
  }
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of names) process.on(name, handler)
  return {
    first: () => first,
    passTo: (started) => {
      child = started
    },
    stop: () => {
      for (const name of names) process.off(name, handler)
    },
  }
}

/** Says three times in each `ttlSeconds` that the work goes on. Answers why the lock is lost, or null once `over`. */
const beat = async (where: Where, id: string, ttlSeconds: number, over: AbortSignal): Promise<string | null> => {
  const everyMs = (ttlSeconds * 1000) / 3
  let lastAt = performance.now()
  while (!over.aborted) {
    await sleep(performance.now() - lastAt < everyMs ? everyMs : Math.min(askAgainMs, everyMs), over)
    if (over.aborted) return null
    const sentAt = performance.now()
    const untilEndMs = Math.max(1, Math.ceil(lastAt + ttlSeconds * 1000 - sentAt))
    try {
      const signal = AbortSignal.any([over, AbortSignal.timeout(untilEndMs)])
      await request(where, `/api/v1/locks/${id}`, { method: 'PUT', body: { ttlSeconds }, signal })
      lastAt = sentAt
    } catch (error) {
      if (over.aborted) return null
      if (!(error instanceof Refusal || error instanceof NoAnswer || (error as Error).name === 'TimeoutError')) throw error
      if (error instanceof Refusal && error.problem.status < 500 && error.problem.status !== 429) return error.message
      if (performance.now() - lastAt >= ttlSeconds * 1000) return `the console could not be reached for ${ttlSeconds} s.`
    }
  }
  return null
}

const release = async (where: Where, lock: Lock, ttlSeconds: number): Promise<void> => {
  try {
    await request(where, `/api/v1/locks/${lock.id}`, { method: 'DELETE', signal: AbortSignal.timeout(10_000) })
  } catch (error) {
    tell(`The lock of ${lock.herd} could not be released; it expires within ${ttlSeconds} s. ${(error as Error).message}`)
  }
}
