import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { notNeeded } from '@/lib/kernel/operation/only-when'
import { pass } from '@/lib/kernel/operation/verdict'
import { isUp } from '../facts/instance'
import { aboutInstance, firmInstance, herdNow, interruptsIt, lockHerd } from '../facts/instance-head'
import { clientsWarned, gained, lossOf } from '../gates/impact'
import { seenRow, wasSeen } from '../gates/seen'
import { removeOld } from '../rebuild/remove-old'
import { swapData } from '../rebuild/swap-data'
import { promotePostgres } from '../steps/postgres/promote'
import { stopPostgres } from '../steps/postgres/stop'
import { known } from './facts'
import { hasBackup, hasSpace, hasWal, isAlone, isSeen, isTidy, whatIsLost } from './gates'
import { restoreInput, sayTarget } from './input'
import { recover } from './recover'
import { resetRecovery } from './reset-recovery'
import { restoreBeside } from './restore-beside'
import { gatherRestore, type RestoreFacts } from './restore-facts'

const self = ({ instance }: RestoreFacts) => instance
const stopTimeoutMs = 300_000
const moment = 'while it is restored'

export const restore = defineOperation({
  name: 'restore',
  on: 'instance',
  role: 'dba',
  title: 'Restore from pgBackRest',
  verb: 'Restore',
  danger: 'destructive',
  input: restoreInput,
  help: [
    'Restores an instance from its pgBackRest repository: all that is in the archive, or up to a time or a position in the WAL. The plan names the backup, whether WAL is missing on the way, and what is lost.',
    'The backup is restored into a fresh directory beside the old one while the old server keeps running. Then the old server is stopped cleanly, which archives the rest of its WAL, the directories are swapped, and the server replays the archive read-only. Only once it is at the target is it promoted, on a new timeline.',
    'Until the promotion everything is undone after a failure, and when the target is not reached: the old directory is put back, and its server started again. The old directory is kept under a name of its own unless you say otherwise.',
    'Other members must be down, and are rebuilt afterwards. Tablespaces and a pg_wal elsewhere are not restored yet. The configuration is that of the old directory.',
  ],
  gather: (ports, input, context) => gatherRestore(ports, input, context),
  about: aboutInstance,
  firm: (facts) => ({
    ...firmInstance(facts),
    others: facts.others.map(({ id, state, role }) => ({ id, state, role })),
    target: facts.target,
    stanza: facts.seen?.stanza ?? null,
    backup: facts.backup?.label ?? null,
    hasGap: facts.hasGap,
  }),
  managed: { deed: 'restore', servers: 'instance' },
  locks: (facts) => [...lockHerd(facts), `backup:${facts.instance.herdId}`],
  interrupts: interruptsIt,
  now: (facts) => {
    const found = known(facts.seen)
    return [
      ...herdNow(facts),
      { label: 'Target', value: sayTarget(facts.target) },
      {
        label: 'Backup',
        value: facts.backup === null ? 'none' : `${facts.backup.label}, ended ${facts.backup.endedAt} at ${facts.backup.stopLsn}`,
      },
      { label: 'Can be restored', value: sayWindow(facts, found?.backups[0]?.endedAt ?? null) },
    ]
  },
  affected: (facts) => (isUp(facts.probe.state) ? lossOf(facts, { mode: 'fast', moment, isBack: true }) : gained(facts)),
  order: () => 0,
  offered: (row) => {
    const seen = seenRow(row)
    return seen.state === 'absent' ? pass : wasSeen(seen)
  },
})
  .gate('seen', 'Reachable', isSeen)
  .gate('alone', 'No other member runs', isAlone, { again: true })
  .gate('backup', 'There is a backup before the target', hasBackup)
  .gate('wal', 'The archive holds the WAL up to the target', hasWal)
  .gate('lost', 'What is lost', whatIsLost)
  .gate('space', 'Disk space beside the old directory', hasSpace)
  .gate('tidy', 'Nothing left by an earlier job', isTidy)
  .gate('clients', 'No client connections', (facts) => clientsWarned(facts, 'cut when it is stopped'))
  .effect('restore', restoreBeside())
  .effect('stop', stopPostgres(self, { mode: () => 'fast', timeoutMs: () => stopTimeoutMs }), {
    when: ({ probe }) => isUp(probe.state),
    otherwise: notNeeded('It is down already.'),
  })
  .effect('swap', swapData)
  .effect('recover', recover())
  .effect('promote', { ...promotePostgres(self), isRedone: () => true })
  .effect('settings', resetRecovery())
  .effect('remove-old', {
    ...removeOld,
    preview: ({ input, instance }) => ({
      sentence: input.keepOld
        ? `Keep the old directory beside ${instance.address.dataDirectory} under a name of its own.`
        : 'Remove the old directory.',
      commands: [],
    }),
    ending: { final: 'The restored server takes writes.', harmless: ({ input }) => input.keepOld },
  })
  .build()

function sayWindow({ run }: RestoreFacts, from: string | null): string {
  if (from === null) return 'nothing: there is no backup'
  return `from ${from}${run === null ? '' : ` to ${run.toLsn} in the WAL`}`
}
