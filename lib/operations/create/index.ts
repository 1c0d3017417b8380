import { formatBytes } from '@/lib/domain/values/bytes'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { notNeeded, type When } from '@/lib/kernel/operation/only-when'
import type { Effect } from '@/lib/kernel/operation/operation'
import { pass, refuse } from '@/lib/kernel/operation/verdict'
import { proveReader, writeReaderLines } from '../reader/let-reader-in'
import { copyData } from '../rebuild/copy-data'
import { makeCopySlot } from '../rebuild/copy-slot'
import { removeOld } from '../rebuild/remove-old'
import { swapData } from '../rebuild/swap-data'
import { startPostgres } from '../steps/postgres/start'
import { makeSlot } from '../steps/replication/make-slot'
import { startFollowing } from '../steps/replication/start-following'
import { writeFollowing } from '../steps/replication/write-following'
import { type CreateFacts, gatherCreate } from './facts'
import { hasHerd, hasSpace, hasUpstream, isDirectoryFree, isInstalled, isOwnConfiguration, isPortFree } from './gates'
import { createInput } from './input'
import { letIn } from './let-in'
import { makeCluster } from './make-cluster'
import { makeReplicator } from './make-replicator'
import { handOver, registerMember } from './register-member'

const noCopy = 'A primary is not a copy.'
const isNoPrimary = 'The primary already has it.'

const slotName = (facts: CreateFacts) => facts.following!.slotName
const following = (facts: CreateFacts) => facts.following!
const upstream = (facts: CreateFacts) => facts.upstream!
const self = (facts: CreateFacts) => facts.instance
const ifCopied: When<CreateFacts> = { when: isCopied, otherwise: notNeeded(noCopy) }
const ifRead: When<CreateFacts> = {
  when: ({ reader }) => reader !== null,
  otherwise: notNeeded('The upstream has no reader login.'),
}

export const create = defineOperation({
  name: 'create',
  on: 'server',
  role: 'dba',
  title: 'Create a member of a herd on a server',
  verb: 'Create member',
  danger: 'routine',
  input: createInput,
  help: [
    'Makes a new member of a herd on each server: the primary of a herd that has no member yet, else a standby. Several servers at once become several standbys.',
    'The cluster is created with pg_createcluster on Debian and initdb elsewhere. A primary gets data checksums unless you turn them off, accepts password logins (scram-sha-256), and gets a replication role, whose password stays in the passfile on its host.',
    'A standby is copied from the upstream with pg_basebackup, through a replication slot, and must stream before it is registered. Only the settings that must not be lower on a standby (max_connections and the like) are copied from the upstream; the plan names the other settings and the pg_hba.conf lines that only the upstream has.',
    'A directory that is not empty, a port in use and a version that is not installed are refused, with the command that helps. If the job fails or is cancelled, only what it created is dropped.',
  ],
  gather: gatherCreate,
  about: ({ instance, server, herd }) => ({
    title: instance.title,
    environmentId: server.environmentId,
    herdId: herd.id === '' ? null : herd.id,
    serverId: server.id,
  }),
  firm: ({ instance, herd, kind, upstream, following, spec, site }) => ({
    address: instance.address,
    commands: instance.commands,
    herd: herd.id,
    kind,
    upstream: upstream?.id ?? null,
    following,
    spec,
    directory: site?.directory ?? null,
  }),
  managed: { deed: 'create', servers: ({ herd, instance }) => [instance, ...(herd.id === '' ? [] : [{ herdId: herd.id }])] },
  locks: ({ herd }) => (herd.id === '' ? [] : [`herd:${herd.id}`]),
  now: ({ server, installed, kind, instance, upstream, members }) => [
    { label: 'Server', value: `${server.title} (${server.profile})` },
    { label: 'Installed', value: installed.majors.length === 0 ? 'no PostgreSQL' : `PostgreSQL ${installed.majors.join(', ')}` },
    { label: 'Becomes', value: kind === 'primary' ? 'the primary' : `a standby of ${upstream?.title ?? 'nobody'}` },
    { label: 'Version', value: instance.address.major || 'none' },
    { label: 'Port', value: String(instance.address.port) },
    { label: 'Data directory', value: instance.address.dataDirectory },
    { label: 'Members now', value: members.length === 0 ? 'none' : members.join(', ') },
  ],
  offered: (row) => (row.state === 'unreachable' || row.state === 'refused' ? refuse('Its host does not answer the console.') : pass),
})
  .gate('herd', 'The herd accepts a new member', hasHerd)
  .gate('installed', 'PostgreSQL is installed', isInstalled)
  .gate('upstream', 'There is an upstream', hasUpstream)
  .gate('directory', 'The directory is free', isDirectoryFree)
  .gate('port', 'The port is free', isPortFree)
  .gate('space', 'Disk space', hasSpace)
  .gate('configuration', 'Configuration', isOwnConfiguration)
  .effect('make', makeCluster)
  .effect('let-in', letIn, ifCopied)
  .effect('slot', makeSlot(upstream, slotName), ifCopied)
  .effect('copy-slot', makeCopySlot, ifCopied)
  .effect('copy', copyUpstream(), ifCopied)
  .effect('swap', putCopy(), ifCopied)
  .effect('follow', writeFollowing(self, following), ifCopied)
  .effect('start', startPostgres(self), { when: isLeading, otherwise: notNeeded('It is started as a standby.') })
  .effect('stream', startFollowing(self, upstream), ifCopied)
  .effect(
    'reader-lines',
    writeReaderLines(self, ({ reader }) => reader!),
    ifRead,
  )
  .effect('reader', proveReader(self), ifRead)
  .effect('replicator', makeReplicator, { when: isLeading, otherwise: notNeeded(isNoPrimary) })
  .effect('remove-old', removeEmpty(), ifCopied)
  .effect('register', registerMember)
  .effect('hand-over', handOver)
  .build()

/** Functions, since the operation above is built before these lines are reached. */
function isCopied({ kind }: CreateFacts): boolean {
  return kind === 'standby'
}

function isLeading({ kind }: CreateFacts): boolean {
  return kind === 'primary'
}

function copyUpstream(): Effect<CreateFacts, { key: string }, { paths: string[] }> {
  return {
    ...copyData,
    title: 'Copy the upstream',
    preview: (facts) => ({
      sentence: `Copy ${facts.upstream!.title}${facts.totalBytes === null ? '' : `, ${formatBytes(facts.totalBytes)},`} with pg_basebackup into a directory beside ${facts.instance.address.dataDirectory}.`,
      commands: copyData.preview(facts).commands,
    }),
  }
}

function putCopy(): Effect<CreateFacts, { key: string }, null> {
  return {
    ...swapData,
    title: 'Move the copy into the cluster',
    preview: ({ instance }) => ({
      sentence: `Move the copy into ${instance.address.dataDirectory}; the configuration of the cluster stays.`,
      commands: [],
    }),
  }
}

/** What the copy replaced is the empty cluster of a moment ago. */
function removeEmpty(): typeof removeOld {
  return {
    ...removeOld,
    title: 'Remove the empty cluster',
    preview: () => ({ sentence: 'Remove the empty cluster that the copy replaced.', commands: [] }),
    ending: { final: 'The empty cluster is not needed.', harmless: true },
  }
}
