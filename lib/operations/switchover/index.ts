import { formatBytes } from '@/lib/domain/values/bytes'
import { counted } from '@/lib/domain/values/counted'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { notNeeded, type When } from '@/lib/kernel/operation/only-when'
import type { Affected, Verdict } from '@/lib/kernel/operation/plan'
import { pass, refuse } from '@/lib/kernel/operation/verdict'
import { sayPointing } from '../facts/names'
import * as planned from '../failover/gates'
import { dropOldSlots } from '../failover/steps/drop-old-slots'
import { followNew } from '../failover/steps/follow-new'
import { makeSlots } from '../failover/steps/make-slots'
import { proveCommits } from '../failover/steps/prove-commits'
import { rejoinOld } from '../failover/steps/rejoin-old'
import { ifOthersRead, shedReceivers } from '../failover/steps/shed-receivers'
import { synchronousFits } from '../failover/synchronous'
import { unloggedSaid } from '../failover/unlogged'
import { startCanary, stopCanary } from '../steps/canary'
import { collectEvidence } from '../steps/collect-evidence'
import { moveNames, standbyNames } from '../steps/dns/move-name'
import { keepPoolersAimed } from '../steps/poolers/aim'
import { armDeadMan, disarmDeadMan } from '../steps/poolers/arm-dead-man'
import { resumePoolers } from '../steps/poolers/resume'
import { checkpointPostgres } from '../steps/postgres/checkpoint'
import { stillLeads } from '../steps/postgres/still'
import { forgetReplaced } from '../steps/replication/forget-replaced'
import { gatherSwitchover, type SwitchoverFacts } from './facts'
import { extensionsFit, hbaFits } from './fit'
import * as gates from './gates'
import { handOver } from './hand-over'
import { switchoverInput } from './input'
import {
  aims,
  bothServers,
  canary,
  candidate,
  firmMove,
  heldClients,
  heldDatabases,
  ifCanary,
  ifTimers,
  primary,
  readerNames,
  timers,
  writerNames,
} from './moving'

const ifFront: When<SwitchoverFacts> = {
  when: ({ front }) => front.length > 0,
  otherwise: notNeeded('No pooler is in front of it.'),
}

/** Its steps have the names of a planned failover's, so that one report and one certificate tell of both. */
export const switchover = defineOperation({
  name: 'switchover',
  on: 'dr-pair',
  role: 'dba',
  title: 'Switch over to a standby',
  verb: 'Switch over',
  danger: 'disruptive',
  input: switchoverInput,
  help: [
    'Swaps the roles of a primary and one of its standbys while both are healthy. Nothing is lost: the primary is shut down, and the standby is promoted only after it has replayed the last record.',
    'It is stricter than a planned failover: it is refused if anything would make the pause long (an old transaction, a lagging standby, commits that would wait for a missing synchronous standby), and it times out after seconds, not minutes.',
    'A failure before the promotion undoes everything, and the old primary is started again. After the promotion nothing is undone: the other standbys are repointed, DNS names moved, and the old primary started as a standby, all at the same time, so that none waits for another.',
    'Clients connected directly to the primary are disconnected and must reconnect. If the primary does not answer, use Fail over.',
  ],
  gather: (ports, input, context) => gatherSwitchover(ports, input, context),
  about: ({ herd }) => ({ title: herd.name, environmentId: herd.environmentId, herdId: herd.id, serverId: null }),
  firm: firmOf,
  // Scheduled days ahead, another standby may be the best one then.
  lasting: ({ herd, primary }) => ({ herd: herd.id, primary: primary?.id ?? null }),
  managed: { deed: 'switchover', servers: 'herd' },
  locks: ({ herd }) => [`herd:${herd.id}`],
  interrupts: planned.bothInterrupted,
  now: nowOf,
  affected: affectedOf,
  offered,
})
  .gate('one-primary', 'At most one member takes writes', planned.onePrimary)
  .gate('primary', 'The primary answers', gates.primaryAnswers)
  .gate('candidate', 'A standby can take over', planned.hasCandidate)
  .gates(planned.candidateGates)
  .gate('libraries', 'The candidate loads what the primary loads', gates.librariesFit)
  .gate('extensions', 'The candidate has the extensions of the primary', extensionsFit)
  .gate('hba', 'pg_hba.conf of the candidate admits the same clients', hbaFits)
  .gate('unlogged', 'No unlogged tables', unloggedSaid)
  .gate('synchronous', 'Synchronous standbys remain available', synchronousFits)
  .gate('left-behind', 'Nothing is left behind on the old primary', planned.leftBehind)
  .gate('readers', 'Every WAL receiver is streaming', gates.readersStream)
  .gate('blockers', 'No long-running transaction', gates.noBlockers)
  .gate('poolers', 'Every pooler in front of it answers', gates.poolersAnswer)
  .gate('poolers-managed', 'The console manages every pooler', gates.poolersManaged)
  .gate('pool-mode', 'No session pooling', gates.sessionsFree)
  .gate('timers', 'The poolers’ hosts can resume clients on their own', gates.timersTell)
  .gate('clients', 'No client bypasses the poolers', gates.clientsSaid)
  .gates(planned.followerGates)
  .gate('canary-place', 'The canary connects as clients do', gates.canarySaid)
  .gate('gap', 'Expected time without a writer', gates.gapSaid)
  .effect('canary', startCanary(canary, bothServers), ifCanary)
  .effect('checkpoint-primary', checkpointPostgres(primary, { title: 'Checkpoint on the primary', beforeStop: true }))
  .effect('checkpoint-candidate', checkpointPostgres(candidate, { title: 'Checkpoint on the candidate' }))
  .effect('slots', makeSlots)
  .effect('shed', shedReceivers, ifOthersRead)
  .effect('arm-timers', armDeadMan(timers), ifTimers)
  .effect('hand-over', handOver)
  .effect('disarm-timers', disarmDeadMan(timers), ifTimers)
  .beside('followers', followNew)
  .beside('names', moveNames(writerNames, stillLeads(candidate), { isPatient: true }))
  .beside('rejoin', rejoinOld)
  .beside('poolers-aimed', keepPoolersAimed(aims, candidate), ifFront)
  .effect('poolers-resumed', resumePoolers(heldDatabases), ifFront)
  .effect('canary-judge', stopCanary(canary, candidate), ifCanary)
  .effect('checkpoint-new', checkpointPostgres(candidate, { title: 'Checkpoint on the new primary' }))
  .effect('commits', proveCommits)
  .effect('restored', forgetReplaced(primary))
  .effect('reader-names', moveNames(readerNames, stillLeads(candidate), standbyNames))
  .effect('old-slots', dropOldSlots)
  .effect('evidence', collectEvidence(candidate, primary))
  .build()

/** Functions, since the operation above is built before these lines are reached. */
function firmOf(facts: SwitchoverFacts) {
  return { herd: facts.herd.id, ...firmMove(facts), followers: facts.followers.map(({ place }) => place.id) }
}

function nowOf(facts: SwitchoverFacts): { label: string; value: string }[] {
  const { primary, primaryProbe, candidate, ranking, followers, sessions } = facts
  return [
    { label: 'Primary', value: primary === null ? 'not known' : `${primary.title}: ${primaryProbe?.because ?? primaryProbe?.state}` },
    { label: 'Candidate', value: candidate?.title ?? 'none' },
    ...ranking.map((one) => ({ label: one.rank === null ? 'Not a candidate' : `Rank ${one.rank}`, value: `${one.title}: ${one.because}` })),
    { label: 'Standbys behind', value: behindWords(facts) },
    { label: 'Oldest transaction', value: sessions === null ? 'not known' : oldestWords(sessions.blockers[0]?.seconds ?? null) },
    { label: 'Predicted gap', value: gates.gapWords(facts) ?? 'not known' },
    { label: 'Will follow', value: [...followers.map(({ place }) => place.title), primary?.title ?? ''].filter(Boolean).join(', ') },
  ]
}

const behindWords = ({ primaryProbe }: SwitchoverFacts): string =>
  (primaryProbe?.standbys ?? [])
    .map((one) => `${one.applicationName} ${one.lagBytes === null ? 'not known' : formatBytes(one.lagBytes)}`)
    .join(', ') || 'none streams'

const oldestWords = (seconds: number | null): string => (seconds === null ? 'none is open' : `${seconds} s`)

function affectedOf(facts: SwitchoverFacts): Affected[] {
  const { primaryProbe, followers, names, parked, herd, front } = facts
  const activeTransactions = front.length > 0 ? 0 : (primaryProbe?.activeTransactions ?? 0)
  const clients = gates.directClients(facts)
  const waiting = heldClients(facts)
  const standbys = followers.length + 1
  return [
    ...(clients
      ? [{ kind: 'clients' as const, count: clients, sentence: `${counted(clients, 'client')} connected to the primary will be cut.` }]
      : []),
    ...(waiting > 0
      ? [{ kind: 'clients' as const, count: waiting, sentence: `${counted(waiting, 'client')} of the poolers will wait for a moment.` }]
      : []),
    ...(activeTransactions
      ? [
          {
            kind: 'transactions' as const,
            count: activeTransactions,
            sentence: `${counted(activeTransactions, 'open transaction')} will be rolled back.`,
          },
        ]
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
      count: standbys,
      sentence: `Afterwards ${herd.name} has ${counted(standbys, 'standby', 'standbys')}${parked.length > 0 ? `; ${parked.length} cannot be reached` : ''}.`,
    },
  ]
}

/** By the last observed row; the plan looks again. */
function offered({ verdict }: Record<string, unknown>): Verdict {
  if (verdict === 'split-brain') return refuse('Two members answer as primary: end the split brain first.')
  if (verdict === 'no-candidate') return refuse('No standby could take over.')
  if (verdict === 'primary-lost') return refuse('The primary does not answer: fail over instead.')
  return pass
}
