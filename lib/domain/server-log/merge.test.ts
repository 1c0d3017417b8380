import { expect, test } from 'vitest'
import type { LogEntry } from './entry'
import { countMemberErrors, mergeLogs, momentOf } from './merge'

const entry = (at: string | null, text: string, otherwise: Partial<LogEntry> = {}): LogEntry => ({
  ...{ at, pid: 1, user: null, database: null, application: null, client: null, level: 'LOG', code: null, text, more: [] },
  ...otherwise,
})
const member = (title: string, ...entries: LogEntry[]) => ({ instanceId: title, title, entries })

test('times are read in the zone that the server writes, by name or as an offset', () => {
  const noon = Date.UTC(2026, 2, 1, 12)
  for (const text of [
    '2026-03-01 12:00:00 UTC',
    '2026-03-01 13:00:00.000 CET',
    '2026-03-01 07:00:00 EST',
    '2026-03-01 17:30:00+0530',
    '2026-03-01 08:30:00 -03:30',
    '2026-03-01T12:00:00.000000Z',
    '1772366400.000',
  ])
    expect([text, momentOf(text)]).toEqual([text, noon])
  expect([momentOf(null), momentOf('once')]).toEqual([null, null])
})

test('messages of several members stand in the order of their times, each member’s in its own order', () => {
  const merged = mergeLogs([
    member(
      'n1',
      entry('2026-03-01 12:00:01 UTC', 'a'),
      entry(null, 'b'),
      entry('2026-03-01 11:00:00 UTC', 'clock set back'),
      entry('2026-03-01 12:00:05 UTC', 'c'),
    ),
    member('n2', entry('2026-03-01 13:00:02 CET', 'd'), entry('2026-03-01 13:00:05 CET', 'e')),
  ])
  expect(merged.map(({ title, text }) => `${title} ${text}`)).toEqual(['n1 a', 'n1 b', 'n1 clock set back', 'n2 d', 'n1 c', 'n2 e'])
})

test('errors are counted by code over the herd, with who had how many', () => {
  const deadlock = { level: 'ERROR', code: '40P01' } as const
  const merged = mergeLogs([
    member('n1', entry('2026-03-01 12:00:01 UTC', 'deadlock detected', deadlock), entry('2026-03-01 12:00:02 UTC', 'ready')),
    member(
      'n2',
      entry('2026-03-01 12:00:03 UTC', 'deadlock detected', deadlock),
      entry('2026-03-01 12:00:04 UTC', 'deadlock detected', deadlock),
    ),
    member('n3', entry('2026-03-01 12:00:05 UTC', 'relation "x" does not exist', { level: 'ERROR' })),
  ])
  expect(countMemberErrors(merged)).toMatchObject([
    {
      code: '40P01',
      count: 3,
      lastAt: '2026-03-01 12:00:04 UTC',
      members: [
        { title: 'n2', count: 2 },
        { title: 'n1', count: 1 },
      ],
    },
    { code: null, text: 'relation "…" does not exist', count: 1, members: [{ title: 'n3', count: 1 }] },
  ])
})
