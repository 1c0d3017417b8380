import { formatBytes } from '@/lib/domain/values/bytes'
import { counted } from '@/lib/domain/values/counted'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { notAsked, notNeeded, notPossible, type When } from '@/lib/kernel/operation/only-when'
import type { Affected, Verdict } from '@/lib/kernel/operation/plan'
import { pass, refuse, warn } from '@/lib/kernel/operation/verdict'
import type { Place } from '../facts/instance'
import { type NameMove, sayPointing } from '../facts/names'
import { startCanary, stopCanary } from '../steps/canary'
import { collectEvidence } from '../steps/collect-evidence'
import { moveNames, standbyNames } from '../steps/dns/move-name'
import { checkpointPostgres } from '../steps/postgres/checkpoint'
import { fencePostgres } from '../steps/postgres/fence'
import { promotePostgres } from '../steps/postgres/promote'
import { stillLeads } from '../steps/postgres/still'
import { stopPostgres } from '../steps/postgres/stop'
import { forgetReplaced } from '../steps/replication/forget-replaced'
import { recordReplaced } from '../steps/replication/record-replaced'
import { type FailoverFacts, gatherFailover } from './facts'
import * as gates from './gates'
import { failoverInput } from './input'
import { catchUp } from './steps/catch-up'
import { dropOldSlots } from './steps/drop-old-slots'
import { fenceOthers, ifBare } from './steps/fence-others'
import { followNew } from './steps/follow-new'
import { ifShort, lowerSynchronous } from './steps/lower-synchronous'
import { makeSlots } from './steps/make-slots'
import { proveCommits } from './steps/prove-commits'
import { proveWrite } from './steps/prove-write'
import { rejoinOld } from './steps/rejoin-old'
import { ifOthersRead, shedReceivers } from './steps/shed-receivers'
import { synchronousFits } from './synchronous'
import { unloggedSaid } from './unlogged'

const primary = (facts: FailoverFacts) => facts.primary!
const candidate = (facts: FailoverFacts) => facts.candidate!
const canary = (facts: FailoverFacts) => facts.canary
const isPlanned = ({ mode }: FailoverFacts) => mode === 'planned'
const stopFast = { mode: () => 'fast' as const, timeoutMs: () => 60_000 }

const ifCanary: When<FailoverFacts> = {
  when: (facts) => facts.canary !== null,
  otherwise: ({ input }) =>
    input.canary ? notPossible('The old primary does not answer, so no canary can write.') : notAsked('No canary was asked for.'),
}
const ifAnswers: When<FailoverFacts> = {
  when: isPlanned,
  otherwise: notPossible('The old primary does not answer: nothing can be done on it.'),
}

export const failover = defineOperation({
  name: 'failover',
  on: 'dr-pair',
  role: 'dba',
  title: 'Fail over to the best standby',
  verb: 'Fail over',
  danger: 'destructive',
  input: failoverInput,
  help: [
    'Makes a standby the primary of its herd. While the primary answers, this is a planned failover: the primary is stopped, its standby must have replayed the last record, and nothing is lost.',
    'If it does not answer, the standbys are first asked whether they still receive from it. Then the old primary must be fenced (standby.signal in its stopped data directory), or a person types the herd’s name after reading the estimated loss.',
    'A failure before the promotion undoes everything, and the old primary is started again if it was stopped. After the promotion nothing is undone: the other standbys are repointed, DNS names moved and verified, and the old primary started as a standby where its host answers, all at the same time, so that none waits for another.',
    'To fail back: rejoin the old primary, then switch over with it as the candidate.',
  ],
  gather: (ports, input, context) => gatherFailover(ports, input, context),
  about: ({ herd }) => ({ title: herd.name, environmentId: herd.environmentId, herdId: herd.id, serverId: null }),
  firm: firmOf,
  managed: { deed: 'failover', servers: 'herd' },
  locks: ({ herd }) => [`herd:${herd.id}`],
  interrupts: gates.bothInterrupted,
  now: nowOf,
  affected: affectedOf,
  offered,
})
  .gate('one-primary', 'At most one member takes writes', gates.onePrimary)
  .gate('mode', 'The mode fits the state of the primary', gates.modeFits)
  .gate('candidate', 'A standby can take over', gates.hasCandidate)
  .gate('alive', 'No standby sees the old primary alive', gates.notAlive)
  .gate('fenceable', 'The old primary is fenced before the promotion', gates.fenced)
  .gate('loss', 'Expected data loss', gates.lossSaid)
  .gates(gates.candidateGates)
  .gate('unlogged', 'No unlogged tables', unloggedSaid)
  .gate('synchronous', 'Synchronous standbys remain available', synchronousFits)
  .gate('left-behind', 'Nothing is left behind on the old primary', gates.leftBehind)
  .gate('readers', 'Every WAL receiver is streaming', gates.readersWell)
  .gate('clients', 'No client connections', gates.clientsCut)
  .gates(gates.followerGates)
  .effect('canary', startCanary(canary, bothServers), ifCanary)
  .effect('checkpoint-primary', checkpointPostgres(primary, { title: 'Checkpoint on the primary' }), ifAnswers)
  .effect('checkpoint-candidate', checkpointPostgres(candidate, { title: 'Checkpoint on the candidate' }), {
    when: isPlanned,
    otherwise: notNeeded('An emergency failover does not wait for a checkpoint.'),
  })
  .effect('slots', makeSlots)
  .effect('shed', shedReceivers, ifOthersRead)
  .effect('stop-primary', stopPostgres(primary, stopFast), ifAnswers)
  .effect('fence', fencePostgres(primary), {
    when: ({ fence }) => fence === 'signal',
    otherwise: notPossible('Its host does not answer, so it cannot be fenced: a person took responsibility for that.'),
  })
  .effect('fence-others', fenceOthers, ifBare)
  .effect('catch-up', catchUp, { when: isPlanned, otherwise: notPossible('WAL that the old primary had not sent is lost.') })
  .effect('lower-synchronous', lowerSynchronous, ifShort)
  .effect('replaced', recordReplaced({ of: primary, by: candidate, timeline: nextTimeline, because: promotedInstead }))
  .effect('promote', promotePostgres(candidate, { answeredFor: overruled }))
  .effect('write', proveWrite)
  .effect('followers', followNew)
  .beside('names', moveNames(writerNames, stillLeads(candidate), { isPatient: true }))
  .beside('rejoin', rejoinOld, {
    when: isPlanned,
    otherwise: notPossible('Its host does not answer. It can rejoin later; until then it is barred from starting read-write.'),
  })
  .effect('canary-judge', stopCanary(canary, candidate), ifCanary)
  .effect('commits', proveCommits)
  .effect('restored', forgetReplaced(primary), {
    when: isPlanned,
    otherwise: notPossible('The bar stays until the old primary is seen as a standby.'),
  })
  .effect('reader-names', moveNames(readerNames, stillLeads(candidate), standbyNames))
  .effect('old-slots', dropOldSlots, {
    when: isPlanned,
    otherwise: notPossible('Its slots stay on it until it rejoins, which drops the inactive ones.'),
  })
  .effect('evidence', collectEvidence(candidate, fencedPrimary))
  .build()

/** Functions, since the operation above is built before these lines are reached. */
function bothServers(facts: FailoverFacts): [Place, Place] {
  return [candidate(facts), primary(facts)]
}

function writerNames({ names }: FailoverFacts): NameMove[] {
  return names.moves
}

function readerNames({ readers }: FailoverFacts): NameMove[] {
  return readers.moves
}

function promotedInstead(facts: FailoverFacts): string {
  return `${candidate(facts).title} was promoted in its place.`
}

/** For whose silence a person has answered by typing the herd's name. */
function overruled({ isOverridden, fence, primary, unseen }: FailoverFacts): string[] {
  return isOverridden ? [...(fence === 'signal' || primary === null ? [] : [primary.title]), ...unseen] : []
}

function fencedPrimary(facts: FailoverFacts): Place | null {
  return facts.fence === 'signal' ? facts.primary : null
}

/** The timeline that the promotion starts: the one after the candidate's, whatever the old primary was on. */
function nextTimeline({ candidateProbe, primaryProbe }: FailoverFacts): number {
  return (candidateProbe?.timeline ?? primaryProbe?.timeline ?? 0) + 1
}

function firmOf(facts: FailoverFacts) {
  const { herd, mode, fence, primary, primaryProbe, candidate, candidateProbe, followers, names, readers, unseen, bare, input } = facts
  return {
    herd: herd.id,
    mode,
    fence,
    primary: primary?.id ?? null,
    state: primaryProbe?.state ?? null,
    candidate: candidate?.id ?? null,
    timeline: candidateProbe?.timeline ?? null,
    followers: followers.map(({ place }) => place.id),
    unseen,
    bare: bare.map(({ id }) => id),
    names: [...names.moves, ...readers.moves].map(({ name, next }) => ({ name, next })),
    input,
  }
}

function nowOf(facts: FailoverFacts): { label: string; value: string }[] {
  const { primary, primaryProbe, recorded, candidate, ranking, followers, lossBytes, mode } = facts
  const isKnown = primary !== null && recorded === null
  return [
    {
      label: isKnown ? 'Primary' : 'Last primary',
      value: primary === null ? 'not known' : `${primary.title}: ${primaryProbe?.because ?? primaryProbe?.state}`,
    },
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
            sentence: sayPointing(names.moves),
          },
        ]
      : []),
    {
      kind: 'redundancy',
      count: followers.length + (mode === 'planned' ? 1 : 0),
      sentence: `Afterwards ${herd.name} has ${counted(followers.length + (mode === 'planned' ? 1 : 0), 'standby', 'standbys')}${parked.length > 0 ? `; ${parked.length} cannot be reached` : ''}.`,
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
