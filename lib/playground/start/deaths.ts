/** A process of the product that ended without having been told to. */
export interface Death {
  /** As its log file is called: `worker-1`, `web`, `console database`. */
  name: string
  /** `was killed by SIGKILL`, `ended with exit code 1`. */
  how: string
  logFile: string | null
  /** What that means until it runs again, as a sentence. */
  meaning: string
  /** null: nothing can go on without it. */
  startAgain: (() => unknown) | null
}

/** Deaths further back than this say nothing any more. */
const rememberedMs = 5 * 60_000
const pauseMaxSeconds = 60

/** The first one is followed at once; each further one of its kind waits twice as long. In seconds. */
const pauseBefore = (deaths: number): number => (deaths <= 1 ? 0 : Math.min(pauseMaxSeconds, 2 ** (deaths - 2)))

export const sayExit = (code: number | null, signal: NodeJS.Signals | null): string =>
  signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`

/**
 * What to do about deaths: says each, and starts the dead again, later and later when its kind keeps dying, and never not at all: what it died of may be mended
 * meanwhile. `end`: what died cannot be done without. `after`: calls once so many seconds have passed.
 */
export const afterDeath = (
  say: (line: string) => void,
  end: (because: string) => void,
  after: (seconds: number, work: () => void) => void = (seconds, work) => void setTimeout(work, seconds * 1000),
): ((death: Death) => void) => {
  const times = new Map<string, number[]>()
  const meet = (death: Death): void => {
    const { name, how, logFile, meaning, startAgain } = death
    const kind = name.replace(/-\d+$/, '')
    const recent = [...(times.get(kind) ?? []).filter((at) => at > performance.now() - rememberedMs), performance.now()]
    times.set(kind, recent)
    const where = logFile === null ? '' : ` Its log: ${logFile}`
    if (startAgain === null) {
      say(`\n${name} ${how}. ${meaning}${where}`)
      end(`${name} is gone`)
      return
    }
    const seconds = pauseBefore(recent.length)
    const next =
      seconds === 0 ? 'Starting it again.' : `Starting it again in ${seconds} s: this is death ${recent.length} within five minutes.`
    say(`\n${name} ${how}. ${meaning} ${next}${where}`)
    const start = () =>
      Promise.resolve()
        .then(startAgain)
        .catch((error: unknown) => meet({ ...death, how: `could not be started again: ${(error as Error).message}` }))
    if (seconds === 0) void start()
    else after(seconds, () => void start())
  }
  return meet
}
