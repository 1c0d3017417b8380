import { excessWords, readerRole } from '@/lib/domain/reader/reader-role'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import type { AddReaderFacts } from './facts'

export const hasPrimary = ({ primary, role, probe }: AddReaderFacts): Verdict => {
  if (primary !== null || role !== null || probe.state !== 'online') return pass
  return refuse(`There is no role ${readerRole}, and no single primary answers on which it could be created.`)
}

/** A role of that name that may do more is somebody else's work: it is neither used nor changed. */
export const isHarmless = ({ role }: AddReaderFacts): Verdict =>
  role === null || role.excess.length === 0
    ? pass
    : refuse(
        `There is a role of that name, and it may do too much: ${excessWords(role.excess)}. Revoke that, or drop the role, and plan again.`,
      )

export const canWrite = ({ files }: AddReaderFacts): Verdict =>
  files?.problem == null ? pass : refuse(`Its lines in pg_hba.conf and pg_ident.conf cannot be written: ${files.problem}.`)

export const hidesPassword = ({ files, instance }: AddReaderFacts): Verdict =>
  files?.showsPassword
    ? warn(
        `The primary_conninfo of ${instance.title} holds a password, and members of pg_monitor can read it. Put it into a passfile on that host (~/.pgpass), take it out of primary_conninfo, and reload.`,
      )
    : pass

export const saysReach = (): Verdict =>
  passBecause(
    `As a member of pg_monitor it sees statistics, settings, and what other sessions run. It reads a table only where you grant it: grant select on … to ${readerRole}.`,
  )
