import { expect, test } from 'vitest'
import { backupToolOf, latestBackup } from './backups'
import { daysUntilFull, fillRateOf, forecastDaysMax } from './disk'
import { limitPattern, limitsOf, limitWords, severityOf, showHealthValue } from './judge'
import { healthKind, healthKinds } from './kinds'
import { daysToEnd, knownVersions, minorsBehind, versionsKnownOn } from './versions'

const kind = (name: string) => healthKind(name)!

test('every kind is declared once, with a question for every major and a remedy in words for whatever it finds', () => {
  const names = healthKinds.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const one of healthKinds) {
    for (const major of [10, 12, 13, 15, 17, 18]) expect(one.question(major).trim()).not.toBe('')
    const { text } = one.remedy({ database: 'shop', object: 'public.orders', value: 1, details: {}, isStandby: false })
    expect(text, one.name).toMatch(/^[A-Z].+\.$/)
    expect(text, one.name).not.toMatch(/undefined|null/)
    const { warning, critical } = one.limits
    if (critical !== null) expect(one.worse === 'above' ? critical >= warning : critical <= warning, one.name).toBe(true)
  }
})

test('a value is judged by the limits of its environment, upwards or downwards, and never less than what was found says', () => {
  const sequence = (value: number, lines: string[] = []) =>
    severityOf(kind('sequence'), { value, atLeast: null }, limitsOf(kind('sequence'), lines))
  expect([74, 75, 90].map((value) => sequence(value))).toEqual(['none', 'warning', 'critical'])
  expect([59, 60, 80].map((value) => sequence(value, ['sequence 60 80']))).toEqual(['none', 'warning', 'critical'])
  expect(sequence(99, ['sequence 50'])).toBe('warning')
  expect(sequence(99, ['sequence 50', 'sequence 10 20'])).toBe('critical')
  const disk = (value: number) => severityOf(kind('disk'), { value, atLeast: null }, limitsOf(kind('disk'), []))
  expect([15, 14, 3, 0].map(disk)).toEqual(['none', 'warning', 'critical', 'critical'])
  expect(severityOf(kind('slot'), { value: 0, atLeast: 'critical' }, kind('slot').limits)).toBe('critical')
  expect(limitsOf(kind('bloat'), ['sequence 1', 'bloat off'])).toMatchObject({ isOff: true })
})

test('a line about limits names a kind and one or two numbers, or off', () => {
  const isRight = (line: string) => new RegExp(limitPattern, 'u').test(line)
  for (const line of ['sequence 60 80', 'bloat 70', 'unused-index off', 'disk 7.5 1']) expect(isRight(line), line).toBe(true)
  for (const line of ['sequences 60', 'sequence', 'sequence 60 80 90', 'bloat 70%', 'bloat  70', 'off', 'sequence -1'])
    expect(isRight(line), line).toBe(false)
  expect(limitWords(kind('disk'), kind('disk').limits)).toBe('warning at 14 d or less, critical at 3 d or less')
  expect(limitWords(kind('unused-index'), kind('unused-index').limits)).toBe('warning from 64 MB once it has lasted 7 d')
  expect([
    showHealthValue(95.04, 'percent'),
    showHealthValue(1.5, 'hours'),
    showHealthValue(12.34, 'times'),
    showHealthValue(forecastDaysMax, 'days'),
    showHealthValue(0.0528, 'days'),
    showHealthValue(-3.2, 'days'),
  ]).toEqual(['95 %', '1 h 30 min', '12 ×', 'not filling', '1 h 16 min', '-3.2 d'])
})

test('a disk that fills evenly is full when the line says so; a short look, or one that empties, forecasts nothing', () => {
  const minutes = (count: number, perMinute: number, from = 0, used = 1000, bytes = 10_000) =>
    Array.from({ length: count }, (_, n) => [(from + n) * 60, used + n * perMinute, bytes] as const)
  expect(fillRateOf(minutes(60, 60))).toBeCloseTo(1)
  expect(fillRateOf(minutes(10, 60))).toBeNull()
  expect(fillRateOf([])).toBeNull()
  expect(daysUntilFull(86_400 * 10, 1)).toBe(10)
  expect(daysUntilFull(86_400, -1)).toBe(forecastDaysMax)
  const full = minutes(60, 0, 0, 9000)
  expect(fillRateOf([...full, ...minutes(60, 60, 60)])).toBeCloseTo(1)
  expect(fillRateOf([...full, ...minutes(60, 60, 60, 9000, 20_000)])).toBeCloseTo(1)
  expect(fillRateOf([...full, ...minutes(10, 60, 60)])).toBeNull()
  // A little less used for a while, as when files of WAL are removed, is no clean-up.
  expect(fillRateOf([...minutes(60, 60, 0, 1000, 100_000), ...minutes(60, 60, 60, 4000, 100_000)])).toBeCloseTo(0.9, 1)
})

test('a version is as far from its end as the dated list says, and behind the latest minor of the list or of the fleet', () => {
  expect(daysToEnd('15.18', new Date('2027-11-01T00:00:00Z'))).toEqual({ days: 10, endsOn: '2027-11-11' })
  expect(daysToEnd('13.9', new Date('2025-11-20T00:00:00Z'))!.days).toBeLessThan(0)
  expect(daysToEnd('99.1', new Date())).toBeNull()
  expect(minorsBehind('15.10', [])).toEqual({ behind: 8, latest: '15.18' })
  expect(minorsBehind('15.18', ['15.20', '16.99'])).toEqual({ behind: 2, latest: '15.20' })
  expect(minorsBehind('15.99', [])).toEqual({ behind: 0, latest: '15.99' })
  expect(minorsBehind('19beta1', [])).toBeNull()
  for (const { endsOn } of Object.values(knownVersions)) expect(new Date(endsOn).toISOString().slice(0, 10)).toBe(endsOn)
  expect(versionsKnownOn).toMatch(/^\d{4}-\d\d-\d\d$/)
})

test('of an archive command nothing is run but the tool it names, with words that a shell would take as they stand', () => {
  expect(backupToolOf('pgbackrest --stanza=main archive-push %p')).toEqual({
    tool: 'pgBackRest',
    argv: ['pgbackrest', '--stanza=main', 'info', '--output=json'],
  })
  expect(backupToolOf('"/usr/bin/pgbackrest" --stanza=$(id) archive-push "%p"')).toEqual({
    tool: 'pgBackRest',
    argv: ['/usr/bin/pgbackrest', 'info', '--output=json'],
  })
  expect(backupToolOf('envdir /etc/wal-g.d/env /usr/local/bin/wal-g wal-push %p')).toEqual({
    tool: 'WAL-G',
    argv: ['envdir', '/etc/wal-g.d/env', '/usr/local/bin/wal-g', 'backup-list', '--detail', '--json'],
  })
  expect(backupToolOf('. /etc/secret && wal-g wal-push %p')).toBeNull()
  expect(backupToolOf('barman-wal-archive -U barman backup.example shop %p')).toEqual({
    tool: 'Barman',
    argv: null,
    where: 'backup.example',
  })
  expect(backupToolOf('barman-cloud-wal-archive --gzip s3://bucket/path shop %p')).toEqual({
    tool: 'Barman',
    argv: ['barman-cloud-backup-list', '--format', 'json', 's3://bucket/path', 'shop'],
  })
  expect(backupToolOf('cp %p /archive/%f')).toBeNull()
  expect(backupToolOf('/tmp/pgbackrest --stanza=main archive-push %p')).toBeNull()
  expect(backupToolOf('curl evil|sh;/tmp/$(x)/pgbackrest a')).toBeNull()
})

test('the newest backup that ended well is read from what each tool answers', () => {
  const backrest = [
    {
      name: 'main',
      backup: [
        { label: 'A', error: false, timestamp: { stop: 10 } },
        { label: 'B', error: true, timestamp: { stop: 20 } },
      ],
    },
  ]
  expect(latestBackup('pgBackRest', JSON.stringify(backrest))).toEqual({ label: 'A', endedAt: 10 })
  expect(latestBackup('pgBackRest', '[]')).toBeNull()
  const walg = [
    { backup_name: 'base_1', finish_time: '2026-03-01T00:00:00Z' },
    { backup_name: 'base_0', finish_time: '2026-02-01T00:00:00Z' },
  ]
  expect(latestBackup('WAL-G', JSON.stringify(walg))).toEqual({ label: 'base_1', endedAt: Date.parse('2026-03-01T00:00:00Z') / 1000 })
  const cloud = {
    backups_list: [
      { backup_id: '20260301T000000', end_time: '2026-03-01T00:00:00Z', status: 'DONE' },
      { backup_id: 'x', end_time: null, status: 'FAILED' },
    ],
  }
  expect(latestBackup('Barman', JSON.stringify(cloud))!.label).toBe('20260301T000000')
  expect(latestBackup('Barman', JSON.stringify({ shop: [{ backup_id: 'b', end_time_timestamp: '7', status: 'DONE' }] }))).toEqual({
    label: 'b',
    endedAt: 7,
  })
  expect(() => latestBackup('WAL-G', '[{"backup_name":"b"}]')).toThrow()
  expect(() => latestBackup('pgBackRest', 'ERROR')).toThrow()
})
