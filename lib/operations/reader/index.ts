import { z } from 'zod'
import { readerRole } from '@/lib/domain/reader/reader-role'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { aboutInstance, firmInstance, herdNow, lockHerd } from '../facts/instance-head'
import { acceptsConnections, seenRow } from '../gates/seen'
import { type AddReaderFacts, gatherReader } from './facts'
import { canWrite, hasPrimary, hidesPassword, isHarmless, saysReach } from './gates'
import { proveReader, writeReaderLines } from './let-reader-in'
import { makeRole } from './make-role'

const self = ({ instance }: AddReaderFacts) => instance

export const addReader = defineOperation({
  name: 'add-reader',
  on: 'instance',
  role: 'dba',
  title: 'Set up the login for statements that read',
  verb: 'Add reader login',
  danger: 'routine',
  input: z.strictObject({}),
  help: [
    `Creates the role ${readerRole} on the herd’s primary, and lets it in on each instance: over the socket, for the console’s own account on the host, without a password. *Run SQL* then reads as this role, and not as a superuser.`,
    'The role cannot write, run programs, read or write files of the host, or read password hashes, options of user mappings and connection strings of subscriptions. As a member of pg_monitor it sees settings, and what other sessions run (pg_stat_activity, pg_stat_statements), with the literals in it.',
    `It reads no table until you grant it: grant select on all tables in schema … to ${readerRole}. Do not grant it pg_read_all_data, which also reads pg_authid with its password hashes: a reader that may do too much is not used.`,
    'A function that somebody declared SECURITY DEFINER, or wrote in an untrusted language, and left executable by PUBLIC, does for the reader what it does for everybody; the plan of *Run SQL* names such functions.',
    'Run it for every member of the herd. A new standby gets its lines when it is created, and a rebuilt member keeps them.',
  ],
  gather: (ports, _input, context) => gatherReader(ports, context),
  about: aboutInstance,
  firm: (facts) => ({ ...firmInstance(facts), primary: facts.primary?.id ?? null, lines: facts.lines, excess: facts.role?.excess ?? [] }),
  managed: { deed: 'edit-hba', servers: 'instance' },
  locks: lockHerd,
  now: (facts) => [
    ...herdNow(facts),
    ...(facts.files === null
      ? []
      : [
          { label: 'Reader role', value: facts.role === null ? `no ${readerRole}` : readerRole },
          { label: 'Files', value: `${facts.files.hbaFile}, ${facts.files.identFile}` },
        ]),
  ],
  offered: (row) => acceptsConnections(seenRow(row)),
})
  .gate('running', 'Reachable and accepting connections', ({ probe }) => acceptsConnections(probe))
  .gate('primary', 'The role exists, or can be created', hasPrimary)
  .gate('harmless', 'The role may do no more than read', isHarmless)
  .gate('files', 'pg_hba.conf and pg_ident.conf can be written', canWrite)
  .gate('password', 'No password in the settings', hidesPassword)
  .gate('reach', 'What it reads', saysReach)
  .effect('role', makeRole)
  .effect(
    'lines',
    writeReaderLines(self, ({ lines }) => lines),
  )
  .effect('prove', proveReader(self))
  .build()
