import type { Backup } from '@/lib/domain/backups/info'
import { type ArchivedRun, backupFor, type RecoveryTarget, runFrom } from '@/lib/domain/backups/target'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { BackupsSeen, CopySight, ReadPorts } from '@/lib/ports'
import { gatherHerd, type HerdFacts, type Plain, probeTimeoutMs } from '../facts/instance'
import { orNull } from '../facts/or-null'
import { known, listTimeoutMs } from './facts'
import { type RestoreInput, targetOf } from './input'

export type RestoreFacts = HerdFacts & {
  input: RestoreInput
  target: RecoveryTarget
  /** null: its host could not be asked. */
  seen: Plain<BackupsSeen> | null
  sight: Plain<CopySight> | null
  /** What it is restored from; null: there is none for that target. */
  backup: Plain<Backup> | null
  /** Of the archive, with the backup's WAL in it; null: not known, or not there. */
  run: Plain<ArchivedRun> | null
  /** The archive holds more after a gap. */
  hasGap: boolean
  commands: string[]
  now: string
}

export const gatherRestore = async (ports: ReadPorts, input: RestoreInput, context: GatherContext): Promise<RestoreFacts> => {
  const { signal } = context
  const facts = await gatherHerd(ports, context)
  const { address } = facts.instance
  const target = targetOf(input)
  const none: RestoreFacts = {
    ...{ ...facts, input, target, seen: null, sight: null, backup: null, run: null, hasGap: false, commands: [] },
    now: ports.now().toISOString(),
  }
  if (facts.probe.state === 'unreachable') return none
  const options = { timeoutMs: listTimeoutMs, signal }
  const [seen, sight] = await Promise.all([
    orNull(ports.copies.backups(address, options), signal),
    orNull(ports.copies.look(address, { timeoutMs: probeTimeoutMs, signal }), signal),
  ])
  const looked: RestoreFacts = { ...none, seen: seen as RestoreFacts['seen'], sight: sight as RestoreFacts['sight'] }
  const found = known(looked.seen)
  const backup = found === null ? null : backupFor(found.backups, target)
  if (found === null || backup === null || found.archiveId === null) return looked
  const runs = await orNull(ports.copies.archived(address, found.stanza, found.archiveId, options), signal)
  const run = runs === null ? null : runFrom(runs, backup)
  return {
    ...looked,
    backup,
    run,
    hasGap: run !== null && runs!.at(-1)!.toLsn !== run.toLsn,
    commands: ports.copies.backupCommands.restore(address, { stanza: found.stanza, label: backup.label, target }),
  }
}
