import { z } from 'zod'
import { formatBytes } from '@/lib/domain/values/bytes'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { passBecause, refuse, unknown, warn } from '@/lib/kernel/operation/verdict'
import { gatherInstance } from '../facts/instance'
import { aboutInstance, firmInstance, instanceNow } from '../facts/instance-head'
import { orNull } from '../facts/or-null'
import { acceptsConnections, seenRow } from '../gates/seen'
import { type BackUpFacts, known, listTimeoutMs, types } from './facts'
import { makeBackup } from './make-backup'

const standbyWords = 'It is a standby. pgBackRest is asked on the primary of its herd.'

export const backUp = defineOperation({
  name: 'back-up',
  on: 'instance',
  role: 'operator',
  title: 'Back up with pgBackRest',
  verb: 'Back up',
  danger: 'routine',
  input: z.strictObject({
    type: z.enum(['full', 'diff', 'incr']).default('full').meta({
      title: 'Type',
      description: 'full: everything. diff: what changed since the last full one. incr: what changed since the last of any type.',
    }),
  }),
  help: [
    'Runs pgbackrest backup on the primary, with the stanza that pgBackRest’s own configuration on that host gives the data directory. It waits until the WAL that the backup needs is in the archive, and pgBackRest then removes what its retention leaves out.',
    'It runs on the host by itself: after the death of a worker the next one follows it. A cancel stops it; what is unfinished is never restored from, and the next backup may resume it.',
    'Where there is no full backup yet, a differential or an incremental one becomes a full one.',
  ],
  gather: async (ports, input, context): Promise<BackUpFacts> => {
    const facts = await gatherInstance(ports, context)
    const options = { timeoutMs: listTimeoutMs, signal: context.signal }
    const isSeen = facts.probe.state === 'online' && facts.probe.role === 'primary'
    const seen = isSeen ? await orNull(ports.copies.backups(facts.instance.address, options), context.signal) : null
    const commands = seen?.stanza == null ? [] : ports.copies.backupCommands.backup({ stanza: seen.stanza, type: input.type })
    return { input, ...facts, seen: seen as BackUpFacts['seen'], commands }
  },
  about: aboutInstance,
  firm: (facts) => ({ ...firmInstance(facts), stanza: facts.seen?.stanza ?? null, because: facts.seen?.because ?? null }),
  managed: { harmless: 'A backup changes nothing that a manager decides.' },
  locks: ({ instance }) => [`backup:${instance.herdId}`],
  now: (facts) => {
    const backups = known(facts.seen)?.backups ?? []
    return [
      ...instanceNow(facts),
      { label: 'Stanza', value: facts.seen?.stanza ?? 'not known' },
      ...backups.slice(-5).map((one) => ({
        label: `Backup ${one.label}`,
        value: `${types[one.type]}, ended ${one.endedAt}, ${formatBytes(one.bytes)} of data, ${formatBytes(one.repositoryBytes)} in the repository`,
      })),
    ]
  },
  offered: (row) => {
    const seen = seenRow(row)
    return seen.role === 'standby' ? refuse(standbyWords) : acceptsConnections(seen)
  },
  neverAsksPhrase: true,
})
  .gate('running', 'Reachable and accepting connections', ({ probe }) => acceptsConnections(probe))
  .gate('primary', 'It is the primary', ({ probe }) => (probe.role === 'standby' ? refuse(standbyWords) : passBecause('It takes writes.')))
  .gate('stanza', 'pgBackRest has a stanza of it', hasStanza)
  .gate('idle', 'No other backup runs', ({ seen }) => {
    const found = known(seen)
    if (found === null) return unknown('Nothing could be asked: see the check above.')
    return found.isBusy
      ? refuse('pgBackRest is at work on this stanza: a backup or an expiry holds its lock. Wait for its end.')
      : passBecause('Nobody holds the lock.')
  })
  .gate('encryption', 'The repository is encrypted', ({ seen }) => {
    const found = known(seen)
    if (found === null) return unknown('Nothing could be asked.')
    return found.isEncrypted
      ? passBecause('pgBackRest encrypts what it stores.')
      : warn('pgBackRest stores it unencrypted: whoever may read the repository reads the data, unless the storage encrypts it.')
  })
  .effect('backup', makeBackup())
  .build()

function hasStanza({ seen, probe }: BackUpFacts): Verdict {
  if (probe.state !== 'online' || probe.role !== 'primary') return unknown('Nothing could be asked: see the checks above.')
  if (seen === null) return unknown('Its host could not be asked.')
  const found = known(seen)
  if (found === null) return refuse(`${seen.because}. Set up pgBackRest on its host first.`)
  if (found.systemIdentifier === null)
    return refuse(`The stanza ${found.stanza} was never created: run pgbackrest --stanza=${found.stanza} stanza-create.`)
  if (found.systemIdentifier !== probe.systemIdentifier)
    return refuse(`The stanza ${found.stanza} belongs to another cluster (system identifier ${found.systemIdentifier}).`)
  return passBecause(`${found.stanza}: ${found.status}.`)
}
