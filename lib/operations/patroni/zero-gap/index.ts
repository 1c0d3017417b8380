import { counted } from '@/lib/domain/values/counted'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Affected } from '@/lib/kernel/operation/plan'
import { pass, refuse } from '@/lib/kernel/operation/verdict'
import { sayPointing } from '../../facts/names'
import * as planned from '../../failover/gates'
import { proveCommits } from '../../failover/steps/prove-commits'
import { ifOthersRead, shedReceivers } from '../../failover/steps/shed-receivers'
import { unloggedSaid } from '../../failover/unlogged'
import { startCanary, stopCanary } from '../../steps/canary'
import { collectEvidence } from '../../steps/collect-evidence'
import { moveNames, standbyNames } from '../../steps/dns/move-name'
import { keepPoolersAimed } from '../../steps/poolers/aim'
import { armDeadMan, disarmDeadMan } from '../../steps/poolers/arm-dead-man'
import { resumePoolers } from '../../steps/poolers/resume'
import { checkpointPostgres } from '../../steps/postgres/checkpoint'
import { stillLeads } from '../../steps/postgres/still'
import { forgetReplaced } from '../../steps/replication/forget-replaced'
import { extensionsFit, hbaFits } from '../../switchover/fit'
import * as handed from '../../switchover/gates'
import { handOverBy } from '../../switchover/hand-over'
import { switchoverInput } from '../../switchover/input'
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
} from '../../switchover/moving'
import { gatherZeroGap, type ZeroGapFacts } from './facts'
import * as gates from './gates'
import { patroniRules } from './rules'
import { membersFollow, pausePatroni, resumePatroni, takeLeaderKey } from './steps'

/**
 * The switchover of a Patroni herd behind poolers, in maintenance mode. Patroni's own switchover inside the same pause of the clients was measured too: after the
 * order to stop it looks at pg_controldata at once and then once a second, so that clients wait for more than a second however fast the servers are and whatever
 * its configuration says. In maintenance mode Patroni is not in that path, and clients wait as long as in a herd of our own.
 *
 * Whoever dies at any moment: before the stop the leader is as it was, and after the promotion the new primary takes the leader key by itself, or gets it as soon as
 * the old one's Patroni has looked. In between nobody takes writes, and the timers on the members' hosts end the pause, so that Patroni elects. None of them, nor this
 * job, ends it while the key is held by a member that is no primary: that one would be promoted beside the new one. Timers on the poolers' hosts resume clients.
 */
export const patroniZeroGap = defineOperation({
  name: 'patroni-zero-gap',
  on: 'dr-pair',
  role: 'dba',
  title: 'Switch over a Patroni herd without a gap',
  verb: 'Switch over without a gap',
  danger: 'disruptive',
  input: switchoverInput,
  help: [
    'Swaps the roles of Patroni’s leader and one of its replicas while the clients of the poolers in front wait for a fraction of a second, and see no error. Nothing is lost: the leader is shut down, and the candidate is promoted only after it has replayed the last record.',
    'Patroni is in maintenance mode for a few seconds, and takes the leader key with the new primary before that ends. Timers on the members’ hosts end the pause, and timers on the poolers’ hosts resume clients, whatever becomes of the console. Patroni’s configuration is not changed otherwise.',
    'A failure before the promotion undoes everything. When the job cannot be sure that Patroni still holds still, it starts nothing: it ends the pause, and points the poolers at whoever Patroni elects.',
    'Callbacks of Patroni (on_role_change) are not called on the new primary, since it was not Patroni that promoted it: where one moves an address or a name, use Switch over through Patroni.',
    'Clients connected directly to the primary are disconnected and must reconnect.',
  ],
  gather: (ports, input, context) => gatherZeroGap(ports, input, context),
  about: ({ herd }) => ({ title: herd.name, environmentId: herd.environmentId, herdId: herd.id, serverId: null }),
  firm: firmOf,
  // Scheduled days ahead, another standby may be the best one then.
  lasting: ({ patroni, primary }) => ({ cluster: patroni.cluster, primary: primary?.id ?? null }),
  managed: { harmless: 'Patroni is paused for it, and takes the leader key with the new primary.' },
  through: 'patroni',
  locks: ({ herd }) => [`herd:${herd.id}`],
  interrupts: planned.bothInterrupted,
  now: nowOf,
  affected: affectedOf,
  offered: ({ verdict }) => (verdict === 'split-brain' ? refuse('Two members answer as primary: end the split brain first.') : pass),
})
  .gate('patroni', 'One Patroni cluster that answers', gates.oneCluster)
  .gate('front', 'A pooler in front', gates.hasFront)
  .gate('members', 'Every member’s Patroni answers', gates.membersAnswer)
  .gate('pause', 'Patroni is not paused', gates.notPaused)
  .gate('leader', 'Patroni and PostgreSQL agree who is primary', gates.leaderAgreed)
  .gate('one-primary', 'At most one member takes writes', planned.onePrimary)
  .gate('primary', 'The primary answers', handed.primaryAnswers)
  .gate('candidate', 'A standby can take over', planned.hasCandidate)
  .gate('patroni-candidate', 'Patroni would take the candidate', gates.patroniTakesCandidate)
  .gates(planned.candidateGates)
  .gate('libraries', 'The candidate loads what the primary loads', handed.librariesFit)
  .gate('extensions', 'The candidate has the extensions of the primary', extensionsFit)
  .gate('hba', 'pg_hba.conf of the candidate admits the same clients', hbaFits)
  .gate('unlogged', 'No unlogged tables', unloggedSaid)
  .gate('synchronous', 'Commits wait for standbys as they do now', gates.commitsWait)
  .gate('failover', 'Automatic failover', gates.failoverOff)
  .gate('left-behind', 'Nothing is left behind on the old primary', planned.leftBehind)
  .gate('readers', 'Every WAL receiver is streaming', handed.readersStream)
  .gate('blockers', 'No long-running transaction', handed.noBlockers)
  .gate('poolers', 'Every pooler in front of it answers', handed.poolersAnswer)
  .gate('poolers-managed', 'The console manages every pooler', handed.poolersManaged)
  .gate('pool-mode', 'No session pooling', handed.sessionsFree)
  .gate('timers', 'The poolers’ hosts can resume clients on their own', handed.timersTell)
  .gate('clients', 'No client bypasses the poolers', handed.clientsSaid)
  .gate('names-movable', 'The DNS names can be moved', planned.namesMovable)
  .gate('canary-place', 'The canary connects as clients do', handed.canarySaid)
  .gate('gap', 'Expected time without a writer', handed.gapSaid)
  .effect('canary', startCanary(canary, bothServers), ifCanary)
  .effect('checkpoint-primary', checkpointPostgres(primary, { title: 'Checkpoint on the primary', beforeStop: true }))
  .effect('checkpoint-candidate', checkpointPostgres(candidate, { title: 'Checkpoint on the candidate' }))
  .effect('shed', shedReceivers, ifOthersRead)
  .effect('arm-timers', armDeadMan(timers), ifTimers)
  .effect('pause-patroni', pausePatroni)
  .effect('hand-over', handOverBy(patroniRules))
  .effect('leader-key', takeLeaderKey)
  .effect('resume-patroni', resumePatroni)
  .effect('disarm-timers', disarmDeadMan(timers), ifTimers)
  .beside('names', moveNames(writerNames, stillLeads(candidate), { isPatient: true }))
  .beside('rejoin', membersFollow)
  .beside('poolers-aimed', keepPoolersAimed(aims, candidate))
  .effect('poolers-resumed', resumePoolers(heldDatabases))
  .effect('canary-judge', stopCanary(canary, candidate), ifCanary)
  .effect('checkpoint-new', checkpointPostgres(candidate, { title: 'Checkpoint on the new primary' }))
  .effect('commits', proveCommits)
  .effect('restored', forgetReplaced(primary))
  .effect('reader-names', moveNames(readerNames, stillLeads(candidate), standbyNames))
  .effect('evidence', collectEvidence(candidate, primary))
  .build()

/** Functions, since the operation above is built before these lines are reached. */
function firmOf(facts: ZeroGapFacts) {
  const { herd, patroni } = facts
  return {
    herd: herd.id,
    ...firmMove(facts),
    cluster: patroni.cluster,
    members: Object.values(patroni.names),
    isPaused: patroni.isPaused,
  }
}

function nowOf(facts: ZeroGapFacts): { label: string; value: string }[] {
  const { patroni, primary, primaryProbe, candidate } = facts
  return [
    { label: 'Patroni cluster', value: patroni.cluster ?? 'none' },
    { label: 'Leader', value: primary === null ? 'not known' : `${primary.title}: ${primaryProbe?.because ?? primaryProbe?.state}` },
    { label: 'Candidate', value: candidate?.title ?? 'none' },
    {
      label: 'Members',
      value: patroni.members.map((one) => `${one.name}: ${one.role.replaceAll('_', ' ')}, ${one.state}`).join('; ') || 'not seen',
    },
    { label: 'Predicted gap', value: handed.gapWords(facts) ?? 'not known' },
  ]
}

function affectedOf(facts: ZeroGapFacts): Affected[] {
  const { names } = facts
  const direct = handed.directClients(facts)
  const waiting = heldClients(facts)
  const said = (kind: Affected['kind'], count: number, sentence: string): Affected[] => (count === 0 ? [] : [{ kind, count, sentence }])
  return [
    ...said('clients', direct ?? 0, `${counted(direct ?? 0, 'client')} connected to the primary will be cut.`),
    ...said('clients', waiting, `${counted(waiting, 'client')} of the poolers will wait for a moment.`),
    ...said('names', names.moves.length, sayPointing(names.moves)),
  ]
}
