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

const timesMax = 3
const withinMs = 60_000

export const sayExit = (code: number | null, signal: NodeJS.Signals | null): string =>
  signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`

/**
 * What to do about deaths: says each, and starts the dead again, unless the third one of its kind within a minute shows that this does not help. `end`: what
 * died cannot be done without.
 */
export const afterDeath = (say: (line: string) => void, end: (because: string) => void): ((death: Death) => void) => {
  const times = new Map<string, number[]>()
  return ({ name, how, logFile, meaning, startAgain }) => {
    const kind = name.replace(/-\d+$/, '')
    const recent = [...(times.get(kind) ?? []).filter((at) => at > performance.now() - withinMs), performance.now()]
    times.set(kind, recent)
    const where = logFile === null ? '' : ` Its log: ${logFile}`
    if (startAgain === null) {
      say(`\n${name} ${how}. ${meaning}${where}`)
      return end(`${name} is gone`)
    }
    const isHopeless = recent.length >= timesMax
    const next = isHopeless
      ? `It is not started again: this is death ${recent.length} within a minute. Mend what the log says, then Ctrl-C and npm start.`
      : 'Starting it again.'
    say(`\n${name} ${how}. ${meaning} ${next}${where}`)
    if (isHopeless) return
    Promise.resolve()
      .then(startAgain)
      .catch((error: unknown) => say(`${name} could not be started again: ${(error as Error).message}`))
  }
}
