import { parseInfo } from '@/lib/domain/backups/info'
import { recoveryLines } from '@/lib/domain/backups/target'
import { formatLsn } from '@/lib/domain/values/lsn'
import { quoteShell } from '@/lib/domain/values/shell-quote'
import type { HostWorkAct, InstanceAddress } from '@/lib/ports'
import type { BackupSpec, BackupsAct, BackupsRead, BackupsSeen, RestoreSpec } from '@/lib/ports/backups'
import type { CallOptions } from '@/lib/ports/postgres'
import { archivedScript, backupsScript, restoreScript } from './backups-script'

type Run = (instance: InstanceAddress, what: string, script: string, values: string[], options: CallOptions) => Promise<string>

const backupArgv = ({ stanza, type }: Omit<BackupSpec, 'key'>): string[] => [
  'pgbackrest',
  `--stanza=${stanza}`,
  `--type=${type}`,
  '--log-level-console=info',
  '--log-level-stderr=error',
  'backup',
]

/** pgBackRest on the instance's own host, as the SSH user, who owns the server: as its archive command runs it. */
export const makeBackups = (run: Run, work: HostWorkAct): { read: BackupsRead; act: BackupsAct } => ({
  read: {
    backups: async (instance, options) => seenIn(await run(instance, 'Listing backups', backupsScript, [], options)),
    archived: async (instance, stanza, archiveId, options) => {
      const values = [instance.binDirectory ?? '', instance.major ?? '', stanza, archiveId]
      const lines = (await run(instance, 'Listing the archive of WAL', archivedScript, values, options)).trim().split('\n').filter(Boolean)
      return lines.map((line) => {
        const [from = '', to = ''] = line.split(' ')
        return { fromLsn: formatLsn(BigInt(from)), toLsn: formatLsn(BigInt(to)) }
      })
    },
    backupCommands: {
      backup: (spec) => [quoteShell(backupArgv(spec))],
      restore: ({ dataDirectory }, { stanza, label, target }) => [
        quoteShell([
          'pgbackrest',
          `--stanza=${stanza}`,
          `--pg1-path=${dataDirectory}.matriarch/new`,
          `--set=${label}`,
          '--type=none',
          'restore',
        ]),
        `write to postgresql.auto.conf\n${recoveryLines(stanza, target).join('\n')}`,
      ],
    },
  },
  act: {
    startBackup: ({ host }, spec, options) => work.launch(host, spec.key, backupArgv(spec), options),
    startRestore: (instance, { key, stanza, label, target }: RestoreSpec, options) => {
      const values = [instance.dataDirectory, instance.binDirectory ?? '', key, stanza, label, recoveryLines(stanza, target).join('\n')]
      return work.launch(instance.host, key, ['sh', '-c', restoreScript, 'sh', ...values], options)
    },
  },
})

/** `because=`, or `stanza=` and, after a line `info`, what pgBackRest says. */
const seenIn = (output: string): BackupsSeen => {
  const one = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(output)?.[1] ?? null
  const [stanza, cut] = [one('stanza'), output.indexOf('\ninfo\n')]
  const because = cut < 0 ? one('because') : null
  if (because !== null || stanza === null) return { stanza, because: because ?? 'what pgBackRest has could not be read' }
  // It becomes a word of postgresql.auto.conf.
  if (!/^[\w.-]+$/.test(stanza)) return { stanza: null, because: `the stanza ${stanza} has a name that is not understood` }
  try {
    return { stanza, because: null, ...parseInfo(output.slice(cut + '\ninfo\n'.length), stanza) }
  } catch {
    return { stanza, because: 'pgBackRest listed its backups in a way that is not understood' }
  }
}
