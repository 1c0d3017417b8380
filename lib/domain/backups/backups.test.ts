import { expect, test } from 'vitest'
import { parseInfo } from './info'
import { backupFor, recoveryLines, runFrom } from './target'

/** As pgBackRest 2.45 answers, of two backups; shortened. */
const answer = JSON.stringify([
  {
    archive: [
      { database: { id: 1, 'repo-key': 1 }, id: '14-1', max: '00000001000000000000000F', min: '000000010000000000000001' },
      { database: { id: 2, 'repo-key': 1 }, id: '15-2', max: '000000010000000000000007', min: '000000010000000000000002' },
    ],
    backup: [
      {
        archive: { start: '000000010000000000000002', stop: '000000010000000000000002' },
        database: { id: 2, 'repo-key': 1 },
        error: false,
        info: { delta: 23_000_000, repository: { delta: 3_000_000, size: 3_000_000 }, size: 23_000_000 },
        label: '20261125-010000F',
        lsn: { start: '0/2000028', stop: '0/2000100' },
        timestamp: { start: 1_795_568_400, stop: 1_795_568_460 },
        type: 'full',
      },
      {
        archive: { start: '000000010000000000000004', stop: '000000010000000000000004' },
        database: { id: 2, 'repo-key': 1 },
        error: true,
        info: { delta: 8192, repository: { delta: 400 }, size: 23_000_000 },
        label: '20261125-010000F_20261125-020000D',
        lsn: { start: '0/4000028', stop: '0/4000100' },
        timestamp: { start: 1_795_572_000, stop: 1_795_572_010 },
        type: 'diff',
      },
    ],
    cipher: 'aes-256-cbc',
    db: [
      { id: 1, 'repo-key': 1, 'system-id': '1', version: '14' },
      { id: 2, 'repo-key': 1, 'system-id': 0, version: '15' },
    ],
    name: 'shop',
    status: { code: 0, lock: { backup: { held: true } }, message: 'ok' },
  },
]).replace('"system-id":0', '"system-id":7577012345678901234')

test('an answer of pgBackRest tells the backups of the newest cluster alone, and its system identifier to the last digit', () => {
  const info = parseInfo(answer, 'shop')
  expect(info).toMatchObject({
    ...{ status: 'ok', isBusy: true, isEncrypted: true, systemIdentifier: '7577012345678901234', archiveId: '15-2' },
    archive: { min: '000000010000000000000002', max: '000000010000000000000007' },
  })
  expect(info.backups.map(({ label, hasErrors }) => [label, hasErrors])).toEqual([
    ['20261125-010000F', false],
    ['20261125-010000F_20261125-020000D', true],
  ])
  expect(() => parseInfo(answer, 'other')).toThrow(/nothing of other/)
})

test('the backup is the newest that ended before the target, and never one with wrong pages', () => {
  const { backups } = parseInfo(answer.replace('"error":true', '"error":false'), 'shop')
  const [full, diff] = backups
  expect(backupFor(backups, { kind: 'latest' })).toBe(diff)
  expect(backupFor(backups, { kind: 'time', time: diff!.endedAt })).toBe(full)
  expect(backupFor(backups, { kind: 'time', time: full!.startedAt })).toBeNull()
  expect(backupFor(backups, { kind: 'lsn', lsn: '0/4000100' })).toBe(diff)
  expect(backupFor(backups, { kind: 'lsn', lsn: '0/40000FF' })).toBe(full)
  expect(backupFor(parseInfo(answer, 'shop').backups, { kind: 'latest' })?.label).toBe(full!.label)
})

test('a recovery comes as far as the archive has no gap, and nowhere where the first segment is gone', () => {
  const runs = [
    { fromLsn: '0/2000000', toLsn: '0/4000000' },
    { fromLsn: '0/5000000', toLsn: '0/8000000' },
  ]
  expect(runFrom(runs, { startLsn: '0/2000028' })).toBe(runs[0])
  expect(runFrom(runs, { startLsn: '0/5000028' })).toBe(runs[1])
  expect(runFrom(runs, { startLsn: '0/4000028' })).toBeNull()
})

test('at a target a recovery pauses and follows nobody; without one it goes to the end', () => {
  const time = '2026-11-25T02:00:00.123456Z'
  expect(recoveryLines('shop', { kind: 'time', time })).toEqual(
    expect.arrayContaining([
      `recovery_target_time = '2026-11-25 02:00:00.123456+00'`,
      `recovery_target_action = 'pause'`,
      `primary_conninfo = ''`,
    ]),
  )
  expect(recoveryLines('shop', { kind: 'latest' }).join()).not.toMatch(/recovery_target_(time|lsn|action) =/)
})
