import { type CronTimes, parseCron } from './cron'

const linesMax = 20

/** What stands on the lines of a text, without blank ones. */
export const linesOf = (text: string): string[] =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')

/** One schedule a line: the five fields of cron, a shorthand such as `@daily`, or `22:30` for every day; otherwise what is wrong with it, in words. */
export const parseSchedules = (text: string): CronTimes[] | string => {
  const lines = linesOf(text)
  if (lines.length === 0) return 'Write at least one schedule, such as 22:30 or 30 22 * * Mon-Fri.'
  if (lines.length > linesMax) return `Write at most ${linesMax} schedules.`
  const schedules: CronTimes[] = []
  for (const line of lines) {
    const daily = /^(\d{1,2}):(\d{2})$/.exec(line)
    const times = parseCron(daily ? `${Number(daily[2])} ${Number(daily[1])} * * *` : line)
    if (typeof times === 'string') return times
    schedules.push(times)
  }
  return schedules
}
