import { formatBytes } from '@/lib/domain/values/bytes'
import { defineOperation } from '@/lib/kernel/operation/operation'
import type { Affected, Verdict } from '@/lib/kernel/operation/plan'
import { counted, pass, refuse, warn } from '../gates/seen'
import { startCanary, stopCanary } from '../steps/canary'
import { collectEvidence } from '../steps/collect-evidence'
import { moveNames } from '../steps/dns/move-name'
import { blockedWhenUnseen, onlyIf } from '../steps/only-if'
import { checkpointPostgres } from '../steps/postgres/checkpoint'
import { fencePostgres } from '../steps/postgres/fence'
import { promotePostgres } from '../steps/postgres/promote'
import { stopPostgres } from '../steps/postgres/stop'
import { forgetReplaced } from '../steps/replication/forget-replaced'
import { recordReplaced } from '../steps/replication/record-replaced'
import { type FailoverFacts, gatherFailover } from './facts'
import * as gates from './gates'
import { failoverInput } from './input'
import { roomForWal } from './room'
import { catchUp } from './steps/catch-up'
import { dropOldSlots } from './steps/drop-old-slots'
import { followNew } from './steps/follow-new'
import { makeSlots } from './steps/make-slots'
import { proveWrite } from './steps/prove-write'
import { rejoinOld } from './steps/rejoin-old'

const isPlanned = ({ mode }: FailoverFacts) => mode === 'planned'
const hasCanary = ({ canary }: FailoverFacts) => canary !== null
const noCanary = 'No canary writes: none was asked for, or the old primary does not answer.'
const noAnswer = 'The old primary does not answer: there is nothing to do on it.'

const stopTimeoutMs = 60_000
const readerWords = { title: 'Move the DNS names of the standbys', none: 'No DNS name follows the standbys.' }
const namesStay = { final: 'The names stay with the servers that follow now.', harmless: true } as const

export const failover = defineOperation({
  name: 'failover',
  on: 'dr-pair',
  role: 'dba',
  title: 'Fail over to the best standby',
  verb: 'Fail over',
  danger: 'destructive',
  input: failoverInput,
  help: [
    'Makes a standby the primary of its herd. While the primary answers it is a planned failover: the primary is stopped, its standby must have replayed the last record, and nothing is lost.',
    'When it does not answer, life is searched for through the standbys first. Then the old primary must be fenced (standby.signal on its stopped data directory), or a person types the herd’s name after reading the estimated loss.',
    'Before the promotion every failure takes everything back, up to the started primary. After it the only way is forward: DNS names are moved and proven, the other standbys are put under the new primary, and the old one comes back as a standby or not at all.',
    'Failing back is two steps: let the old primary rejoin, then fail over again with it as the candidate.',
  ],
  gather: (ports, input, context) => gatherFailover(ports, input, context),
  about: ({ herd }) => ({ title: herd.name, environmentId: herd.environmentId, herdId: herd.id, serverId: null }),
  firm: firmOf,
  locks: ({ herd }) => [`herd:${herd.id}`],
  now: nowOf,
  affected: affectedOf,
  offered,
})
  .gate('one-primary', 'At most one member takes writes', gates.onePrimary)
  .gate('mode', 'The mode fits what the primary does', gates.modeFits)
  .gate('candidate', 'A standby can take over', gates.hasCandidate)
  .gate('alive', 'No standby sees the old primary alive', gates.notAlive)
  .gate('fenceable', 'The old primary is fenced before the promotion', gates.fenced)
  .gate('loss', 'What is lost', gates.lossSaid)
  .gate('streaming', 'The candidate streams', gates.isStreaming)
  .gate('lag', 'The candidate is close enough', gates.lagWithin)
  .gate('history', 'Same system, same timeline', gates.sameHistory)
  .gate('settings', 'The candidate is configured as high as the primary', gates.settingsFit)
  .gate('room', 'The candidate has room for what it will write', roomForWal)
  .gate('left-behind', 'Nothing stays behind on the old primary', gates.leftBehind)
  .gate('readers', 'Every reader of WAL is well', gates.readersWell)
  .gate('clients', 'Nobody is connected', gates.clientsCut)
  .gate('standbys', 'Every other standby can follow', gates.allFollow)
  .gate('passwords', 'Whom each follows can be written anew', gates.upstreamsWritable)
  .gate('names-movable', 'The DNS names can be moved', gates.namesMovable)
  .effect(
    'canary',
    onlyIf(
      hasCanary,
      noCanary,
      startCanary<FailoverFacts>(
        ({ canary }) => canary,
        ({ candidate, primary }) => [candidate!, primary!],
      ),
    ),
  )
  .effect(
    'checkpoint-primary',
    onlyIf(
      isPlanned,
      noAnswer,
      checkpointPostgres<FailoverFacts>(({ primary }) => primary!, { title: 'Checkpoint on the primary' }),
    ),
  )
  .effect(
    'checkpoint-candidate',
    onlyIf(
      isPlanned,
      'No time is spent on a checkpoint of the candidate.',
      checkpointPostgres<FailoverFacts>(({ candidate }) => candidate!, { title: 'Checkpoint on the candidate' }),
    ),
  )
  .effect('slots', makeSlots)
  .effect(
    'stop-primary',
    onlyIf(
      isPlanned,
      noAnswer,
      stopPostgres<FailoverFacts>(({ primary }) => primary!, { mode: () => 'fast', timeoutMs: () => stopTimeoutMs }),
    ),
  )
  .effect(
    'fence',
    onlyIf(
      ({ fence }) => fence === 'signal',
      'Its host does not answer, so it cannot be fenced: a person took the responsibility.',
      fencePostgres<FailoverFacts>(({ primary }) => primary),
    ),
  )
  .effect('catch-up', onlyIf(isPlanned, 'What the old primary had not sent is lost.', catchUp))
  .effect(
    'replaced',
    recordReplaced<FailoverFacts>({
      of: ({ primary }) => primary,
      by: ({ candidate }) => candidate,
      timeline: nextTimeline,
      because: ({ candidate }) => `${candidate!.title} was promoted in its stead.`,
    }),
  )
  .effect(
    'promote',
    promotePostgres<FailoverFacts>(({ candidate }) => candidate!),
  )
  .effect('write', proveWrite)
  .effect(
    'canary-judge',
    onlyIf(
      hasCanary,
      noCanary,
      stopCanary<FailoverFacts>(
        ({ canary }) => canary,
        ({ candidate }) => candidate,
      ),
    ),
  )
  .effect('names', blockedWhenUnseen(moveNames<FailoverFacts>(({ names }) => names.moves)))
  .effect('followers', followNew)
  .effect('rejoin', onlyIf(isPlanned, 'It must rejoin later; until then it must not start as a primary.', rejoinOld))
  .effect(
    'restored',
    onlyIf(
      isPlanned,
      'The record stays until the old primary is seen as a standby.',
      forgetReplaced<FailoverFacts>(({ primary }) => primary!),
    ),
  )
  .effect('reader-names', blockedWhenUnseen(moveNames<FailoverFacts>(({ readers }) => readers.moves, namesStay, readerWords)))
  .effect(
    'old-slots',
    onlyIf(isPlanned, 'Its slots stay on it until it rejoins, which drops those that nobody comes back for.', dropOldSlots),
  )
  .effect(
    'evidence',
    collectEvidence<FailoverFacts>(
      ({ candidate }) => candidate!,
      ({ primary, fence }) => (fence === 'signal' ? primary : null),
    ),
  )
  .build()

/** The timeline that the promotion starts, as far as it is known. */
function nextTimeline({ candidateProbe, primaryProbe }: FailoverFacts): number {
  return Math.max(candidateProbe?.timeline ?? 0, primaryProbe?.timeline ?? 0) + 1
}

function firmOf(facts: FailoverFacts) {
  const { herd, mode, fence, primary, primaryProbe, candidate, candidateProbe, followers, names, readers, input } = facts
  return {
    herd: herd.id,
    mode,
    fence,
    primary: primary?.id ?? null,
    state: primaryProbe?.state ?? null,
    candidate: candidate?.id ?? null,
    timeline: candidateProbe?.timeline ?? null,
    followers: followers.map(({ place }) => place.id),
    names: [...names.moves, ...readers.moves].map(({ name, next }) => ({ name, next })),
    input,
  }
}

function nowOf(facts: FailoverFacts): { label: string; value: string }[] {
  const { primary, primaryProbe, candidate, ranking, followers, lossBytes, mode } = facts
  return [
    { label: 'Primary', value: primary === null ? 'not known' : `${primary.title}: ${primaryProbe?.because ?? primaryProbe?.state}` },
    { label: 'Mode', value: mode },
    { label: 'Candidate', value: candidate?.title ?? 'none' },
    ...ranking.map((one) => ({ label: one.rank === null ? 'Not a candidate' : `Rank ${one.rank}`, value: `${one.title}: ${one.because}` })),
    { label: 'Estimated loss', value: lossBytes === null ? 'not known' : formatBytes(lossBytes) },
    { label: 'Will follow', value: followers.map(({ place }) => place.title).join(', ') || 'nobody else' },
  ]
}

function affectedOf(facts: FailoverFacts): Affected[] {
  const { primaryProbe, followers, names, parked, herd, mode } = facts
  const clients = mode === 'planned' ? (primaryProbe?.clients ?? null) : null
  return [
    ...(clients
      ? [{ kind: 'clients' as const, count: clients, sentence: `${counted(clients, 'client')} connected to the primary will be cut.` }]
      : []),
    ...(names.moves.length > 0
      ? [
          {
            kind: 'names' as const,
            count: names.moves.length,
            sentence: `${names.moves.map(({ name }) => name).join(', ')} will lead to the new primary.`,
          },
        ]
      : []),
    {
      kind: 'redundancy',
      count: followers.length + (mode === 'planned' ? 1 : 0),
      sentence: `Afterwards ${counted(followers.length + (mode === 'planned' ? 1 : 0), 'standby', 'standbys')} of ${herd.name} follow the new primary${parked.length > 0 ? `; ${parked.length} cannot be reached` : ''}.`,
    },
  ]
}

/** By the last observed row; the plan looks again. */
function offered(row: Record<string, unknown>): Verdict {
  if (row.verdict === 'split-brain') return refuse('Two members answer as primary: end the split brain first.')
  if (row.verdict === 'no-candidate') return refuse('No standby could take over.')
  if (row.verdict === 'primary-lost') return warn('The primary does not answer: this would be an emergency failover.')
  return pass
}
