import { formatBytes } from '../values/bytes'
import type { HealthKind } from './kind'
import { versionsKnownOn } from './versions'

/** What no SQL says: asked of a program on the host, or known from what the console keeps anyway. */
export const otherKinds = [
  {
    name: 'disk',
    title: 'Disk forecast',
    what: 'When the file system of the data directory is full if it goes on filling as in the last hours. PostgreSQL stops when it cannot write WAL.',
    asks: 'every',
    of: 'records',
    question: () =>
      'The line through the disk samples of the last 24 hours that the console keeps of the host, from its last clean-up or change of size on: the server is not asked.',
    everyHours: 1,
    cost: 'Nothing: samples are kept anyway.',
    unit: 'days',
    limits: { warning: 14, critical: 3 },
    worse: 'below',
    remedy: ({ details }) => ({
      text: `Find what fills it (slots, WAL that is not archived, temporary files, logs), or enlarge the volume; ${
        typeof details.freeBytes === 'number' ? formatBytes(details.freeBytes) : 'little'
      } is free.`,
    }),
  },
  {
    name: 'backup',
    title: 'Age of the last backup',
    what: 'How old what could be restored is. pgBackRest, WAL-G and Barman are recognised by the archive command of the primary, and asked for their backups on its host.',
    asks: 'primary',
    of: 'host',
    question: () =>
      'pgbackrest --stanza=… info --output=json; wal-g backup-list --detail --json; barman list-backup or barman-cloud-backup-list, by the archive command of the server.',
    everyHours: 6,
    cost: 'One program on the host, which reads the list of backups in the repository.',
    unit: 'hours',
    limits: { warning: 30, critical: 54 },
    worse: 'above',
    remedy: ({ details }) => ({ text: `Take a backup with ${details.tool ?? 'your tool'}, and see why the scheduled one did not end.` }),
  },
  {
    name: 'version-end',
    title: 'Version near its end',
    what: 'After its end nobody mends a major version any more, security holes included.',
    asks: 'every',
    of: 'records',
    question: () => `The version that was seen, against the project’s list of ends as of ${versionsKnownOn}.`,
    everyHours: 24,
    cost: 'Nothing: the version is known anyway.',
    unit: 'days',
    limits: { warning: 180, critical: 0 },
    worse: 'below',
    remedy: () => ({
      text: 'Plan the upgrade to a newer major version: pg_upgrade in a window, or logical replication with little of one.',
    }),
  },
  {
    name: 'version-minor',
    title: 'Minor versions behind',
    what: 'Each minor version mends faults and security holes and needs a restart, nothing more.',
    asks: 'every',
    of: 'records',
    question: () =>
      `The version that was seen, against the latest of its major on any server of the fleet and in the project’s releases as of ${versionsKnownOn}.`,
    everyHours: 24,
    cost: 'Nothing: the version is known anyway.',
    unit: 'count',
    limits: { warning: 2, critical: 5 },
    worse: 'above',
    remedy: ({ details }) => ({
      text: `Install ${details.latest ?? 'the latest minor version'} on the host, then restart: standbys first.`,
      operation: { name: 'restart', input: {} },
    }),
  },
] as const satisfies readonly HealthKind[]
