import { type CronTimes, runsAfter } from './cron'

export interface DueSchedule {
  schedules: readonly CronTimes[]
  /** As IANA names it. */
  zone: string
  /** Milliseconds by which it acts later than its schedules say, the same at each. */
  delayMs: number
}

export interface Due {
  /** The newest one that has come; null: none has. */
  occurrence: Date | null
  /** How many came before it, of which nobody had taken notice. */
  missed: number
  /** The one after `now`; null: there is none within nine years. */
  next: Date | null
}

const dayMs = 86_400_000
/** What lies further back is not counted. */
const lookBackDays = 31

/** What has come of a schedule between `from`, which counts, and `now`. */
export const dueOf = ({ schedules, zone, delayMs }: DueSchedule, from: Date, now: Date): Due => {
  const until = now.getTime() - delayMs
  const since = Math.max(from.getTime(), until - lookBackDays * dayMs)
  const due: Due = { occurrence: null, missed: 0, next: null }
  for (const run of runsAfter(schedules, zone, new Date(since - 1))) {
    if (run.getTime() > until) return { ...due, next: run }
    if (due.occurrence !== null) due.missed += 1
    due.occurrence = run
  }
  return due
}

/** Within `jitterSeconds`, by an id that is a UUID: always the same, and spread over many ids. */
export const delayOf = (id: string, jitterSeconds: number): number =>
  Math.floor((Number.parseInt(id.replaceAll('-', '').slice(0, 8), 16) / 2 ** 32) * (jitterSeconds + 1)) * 1000
