import { parseLsn } from '../values/lsn'
import type { Backup } from './info'

/** Where a recovery ends. `time` is ISO in UTC, to the microsecond, `lsn` PostgreSQL text. */
export type RecoveryTarget = { kind: 'latest' } | { kind: 'time'; time: string } | { kind: 'lsn'; lsn: string }

/** Segments of the archive without a gap between them, whatever their timelines: positions in the WAL. */
export interface ArchivedRun {
  fromLsn: string
  /** Where the last of them ends. */
  toLsn: string
}

/** The newest that was complete before the target; null: there is none. One with wrong pages is never chosen. */
export const backupFor = (backups: readonly Backup[], target: RecoveryTarget): Backup | null =>
  backups
    .filter(({ hasErrors }) => !hasErrors)
    .filter(({ endedAt, stopLsn }) => {
      if (target.kind === 'time') return Date.parse(endedAt) < Date.parse(target.time)
      return target.kind === 'latest' || parseLsn(stopLsn)! <= parseLsn(target.lsn)!
    })
    .at(-1) ?? null

/** The run of the archive that holds a backup's first segment: as far as a recovery from it comes. null: that segment is not there. */
export const runFrom = (runs: readonly ArchivedRun[], { startLsn }: Pick<Backup, 'startLsn'>): ArchivedRun | null =>
  runs.find(({ fromLsn, toLsn }) => parseLsn(fromLsn)! <= parseLsn(startLsn)! && parseLsn(startLsn)! < parseLsn(toLsn)!) ?? null

/** PostgreSQL reads its configuration before it knows any abbreviation of a zone, Z among them. */
const offsetTime = (iso: string): string => iso.replace('T', ' ').replace('Z', '+00')

/** Lines of postgresql.auto.conf that end a recovery there, paused and read-only, until it is promoted. */
export const recoveryLines = (stanza: string, target: RecoveryTarget): string[] => [
  `restore_command = 'pgbackrest --stanza=${stanza} archive-get %f "%p"'`,
  `recovery_target_timeline = 'latest'`,
  ...(target.kind === 'time' ? [`recovery_target_time = '${offsetTime(target.time)}'`] : []),
  ...(target.kind === 'lsn' ? [`recovery_target_lsn = '${target.lsn}'`] : []),
  ...(target.kind === 'latest' ? [] : [`recovery_target_action = 'pause'`]),
  // One that followed another server before must not fetch from there what is to be left out.
  `primary_conninfo = ''`,
  `primary_slot_name = ''`,
]

/** Their names: what is reset once it takes writes. */
export const recoverySettings = [
  'restore_command',
  'recovery_target_timeline',
  'recovery_target_time',
  'recovery_target_lsn',
  'recovery_target_action',
  'primary_conninfo',
  'primary_slot_name',
] as const
