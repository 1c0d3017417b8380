import { expect, test } from 'vitest'
import { type CronTimes, nextRuns, parseCron, runsAfter } from './cron'

const schedules = (...lines: string[]) => lines.map((line) => parseCron(line) as CronTimes)
const next = (count: number, zone: string, after: string, ...lines: string[]) =>
  nextRuns(schedules(...lines), zone, new Date(after), count).map((run) => run.toISOString().slice(0, 16))
const minuteMs = 60_000

/** Every run of 2026 by the clock of the zone. */
const yearOf = (zone: string, ...lines: string[]) => {
  const clock = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
  const runs: { at: number; reading: string }[] = []
  for (const run of runsAfter(schedules(...lines), zone, new Date('2025-12-30T00:00:00Z'))) {
    const reading = clock.format(run)
    if (reading >= '2027') break
    if (reading >= '2026') runs.push({ at: run.getTime(), reading })
  }
  return runs
}

/** Each fifth minute of 2026 whose clock shows what is wanted: an oracle that goes by real time alone. */
const clockYear = (zone: string, wanted: (reading: string) => boolean) => {
  const clock = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
  const found: { at: number; reading: string }[] = []
  for (let at = Date.UTC(2025, 11, 31); at < Date.UTC(2027, 0, 2); at += 5 * minuteMs) {
    const reading = clock.format(at)
    if (reading.startsWith('2026') && wanted(reading)) found.push({ at, reading })
  }
  return found
}

const zones = {
  'Europe/Berlin': { jump: '2026-03-29T01:00', isShown: '2026-03-29 03:00' },
  'America/New_York': { jump: '2026-03-08T07:00', isShown: '2026-03-08 03:00' },
  // Half an hour: 02:00 becomes 02:30, and 02:00 becomes 01:30.
  'Australia/Lord_Howe': { jump: '2026-10-03T15:30', isShown: '2026-10-04 02:30' },
}

test.each(Object.entries(zones))(
  'in a year of %s a fixed time comes once a day, at the jump on the day that leaves it out',
  (zone, { jump, isShown }) => {
    const runs = yearOf(zone, '15 2 * * *')
    expect(runs).toHaveLength(365)
    expect(new Set(runs.map(({ reading }) => reading.slice(0, 10))).size).toBe(365)
    const odd = runs.filter(({ reading }) => !reading.endsWith('02:15'))
    expect(odd).toEqual([{ at: Date.parse(`${jump}:00Z`), reading: isShown }])
  },
)

test.each(Object.keys(zones))(
  'in a year of %s steps of a quarter of an hour are as far apart in real time, whatever the clock does',
  (zone) => {
    const runs = yearOf(zone, '0/15 * * * *')
    expect(runs).toHaveLength(365 * 96)
    expect(runs.every(({ at }, index) => index === 0 || at - runs[index - 1]!.at === 15 * minuteMs)).toBe(true)
  },
)

test.each(Object.keys(zones))('in a year of %s steps within some hours come whenever the clock shows them, as often as it does', (zone) => {
  const isWanted = (reading: string) => ['01', '02'].includes(reading.slice(11, 13)) && Number(reading.slice(14)) % 20 === 5
  expect(yearOf(zone, '5/20 1-2 * * *')).toEqual(clockYear(zone, isWanted))
})

test('a fixed time that comes twice is due at its first, and an hourly one at both', () => {
  expect(next(2, 'Europe/Berlin', '2026-10-24T12:00:00Z', '30 2 * * *')).toEqual(['2026-10-25T00:30', '2026-10-26T01:30'])
  expect(next(3, 'America/New_York', '2026-11-01T05:00:00Z', '30 1 * * *', '30 1 1 11 *')).toEqual([
    '2026-11-01T05:30',
    '2026-11-02T06:30',
    '2026-11-03T06:30',
  ])
  expect(next(4, 'Europe/Berlin', '2026-10-24T23:10:00Z', '30 * * * *')).toEqual([
    '2026-10-24T23:30',
    '2026-10-25T00:30',
    '2026-10-25T01:30',
    '2026-10-25T02:30',
  ])
})

test('times left out that meet at the jump are one run', () => {
  expect(next(2, 'Europe/Berlin', '2026-03-29T00:30:00Z', '10,20,40 2 * * *', '0 3 * * *')).toEqual([
    '2026-03-29T01:00',
    '2026-03-30T00:10',
  ])
})

test('0/5 is every five minutes, several schedules are one series without doubles, and the moment asked from is not in it', () => {
  expect(parseCron('0/5 11-20 * * *')).toEqual(parseCron('*/5 11-20 * * *'))
  expect(next(4, 'UTC', '2026-11-23T10:50:00Z', '0/30 11 * * *', '23 10 * * *', '0,45 11 * * *')).toEqual([
    '2026-11-23T11:00',
    '2026-11-23T11:30',
    '2026-11-23T11:45',
    '2026-11-24T10:23',
  ])
  expect(next(1, 'UTC', '2026-11-23T11:00:00Z', '0 11 * * *')).toEqual(['2026-11-24T11:00'])
  expect(next(1, 'UTC', '2026-11-23T10:59:59Z', '0 11 * * *')).toEqual(['2026-11-23T11:00'])
  expect((parseCron('0-47/5 * * * *') as CronTimes).minutes).toEqual([0, 5, 10, 15, 20, 25, 30, 35, 40, 45])
})

test('names, ranges, Sunday as 7 and the shorthands are read as cron reads them', () => {
  expect(next(2, 'UTC', '2026-11-23T12:00:00Z', '0 6 * * fri-7')).toEqual(['2026-11-27T06:00', '2026-11-28T06:00'])
  expect(next(1, 'UTC', '2026-11-23T12:00:00Z', '@weekly')).toEqual(['2026-11-29T00:00'])
  expect(next(1, 'UTC', '2026-11-23T12:00:00Z', '0 0 1 JAN *')).toEqual(['2027-01-01T00:00'])
  expect(parseCron('0 0 * * 5/1')).toEqual(parseCron('0 0 * * Fri-Sat'))
})

test('a day and a weekday that are both named are either; one that starts with * leaves it to the other', () => {
  expect(next(3, 'UTC', '2026-11-01T00:00:00Z', '0 0 13 * Fri')).toEqual(['2026-11-06T00:00', '2026-11-13T00:00', '2026-11-20T00:00'])
  expect(next(2, 'UTC', '2026-11-01T00:00:00Z', '0 0 13 * *')).toEqual(['2026-11-13T00:00', '2026-12-13T00:00'])
})

test('the 29th of February is found though eight years pass without one', () => {
  expect(next(1, 'UTC', '2096-03-01T00:00:00Z', '0 0 29 2 *')).toEqual(['2104-02-29T00:00'])
})

test('what is wrong with a schedule is said with its field', () => {
  for (const [line, because] of [
    ['tomorrow', /five fields/],
    ['@reboot', /five fields/],
    ['60 * * * *', /minute: “60” is out of range; it goes from 0 to 59/],
    ['0 24 * * *', /hour: “24” is out of range/],
    ['0 0 0 * *', /day of the month: “0” is out of range/],
    ['0 0 * Foo *', /month: “Foo” is out of range/],
    ['0 0 * * 5-1', /day of the week: “5-1” ends before it begins/],
    ['*/0 * * * *', /minute: .*a step is 1 or more/],
    ['1,, * * * *', /minute: “” is not understood/],
    ['0 0 30 2 *', /never comes/],
    ['0 0 31 4,6,9,11 *', /never comes/],
  ] as const) {
    const said = parseCron(line)
    expect(said, line).toMatch(because)
    expect(said).toContain(line)
  }
})
