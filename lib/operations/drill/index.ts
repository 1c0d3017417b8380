import { costOf, type FaultKind, faultTitles, sayCost } from '@/lib/domain/drill/faults'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { notAsked, type When } from '@/lib/kernel/operation/only-when'
import type { Interrupted } from '@/lib/kernel/operation/own-database'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, refuse } from '@/lib/kernel/operation/verdict'
import { makeDatabase } from './database'
import { chosen, type DrillFacts, gatherDrill, primaryPlace } from './facts'
import * as gates from './gates'
import { type DrillInput, drillInput, isAsked } from './input'
import { measured } from './measured'
import * as strikes from './strikes'

const ifAsked = (kind: FaultKind): When<DrillFacts> => ({
  when: ({ input }) => isAsked(input, kind),
  otherwise: notAsked('Not chosen.'),
})

/** Kinds that end what applications are connected to, or what decides who is primary. */
const killing: readonly FaultKind[] = ['kill-postgres', 'stop-patroni', 'kill-patroni', 'kill-etcd']
const isKilling = (input: unknown): boolean => killing.some((kind) => isAsked(input as DrillInput, kind))

export const drill = defineOperation({
  name: 'drill',
  on: 'dr-pair',
  role: 'dba',
  title: 'Drill',
  verb: 'Drill',
  danger: 'destructive',
  dangerWith: (input) => (isKilling(input) ? 'destructive' : 'disruptive'),
  input: drillInput,
  help: [
    'Does to a herd what one day happens to it, while writers commit into a database of the drill’s own, and compares what they were acknowledged with what the primary holds. No data of applications is read or written.',
    'What each fault may cost is declared in the plan: acknowledged commits lost, and the longest time without a commit. The report compares, for each fault: lost, duplicated, without an answer and what became of them, longest gap, latency, and errors by SQLSTATE. What is not known is said so, and is never 0.',
    'Each fault begins only on a healthy herd. However the job ends, what it stopped is started again, and the database and role matriarch_drill are dropped.',
    'The ledger is a file of the worker that drives the job. If that worker dies, its writers die with it: the fault is not done again, and its figures go as far as the ledger does, or are not known where another machine goes on.',
    'Applications feel what the writers feel, as in a real failure. Where the environment asks for two people, a drill does.',
  ],
  gather: (ports, input, context) => gatherDrill(ports, input, context),
  about: ({ roll: { herd } }) => ({ title: herd.name, environmentId: herd.environmentId, herdId: herd.id, serverId: null }),
  firm: (facts) => ({
    herd: facts.roll.herd.id,
    manager: facts.manager,
    members: facts.roll.members.map(({ place }) => place.id),
    primary: primaryPlace(facts)?.id ?? null,
    faults: chosen(facts),
    circumstances: { ...facts.circumstances },
    ways: facts.ways.map(({ title }) => title),
  }),
  lasting: ({ roll: { herd }, manager }) => ({ herd: herd.id, manager }),
  managed: { harmless: 'What a manager decides goes through it; what it is to be tried with is done to it openly.' },
  interrupts,
  locks: ({ roll: { herd } }) => [`herd:${herd.id}`],
  now: nowOf,
  affected: (facts) => {
    const clients = facts.roll.members.reduce((sum, { probe }) => sum + (probe.clients ?? 0), 0)
    const cuts = chosen(facts).some((kind) => kind !== 'sessions' && kind !== 'kill-etcd')
    return clients === 0 || !cuts
      ? []
      : [{ kind: 'clients', count: clients, sentence: 'Clients are disconnected by each fault, and must reconnect.' }]
  },
  offered,
  asksPhrase: () => true,
})
  .gate('faults', 'Faults are chosen', gates.hasFaults)
  .gate('allowed', 'The environment allows drills', gates.allowedHere)
  .gate('who-manages', 'It is known who manages the herd', gates.oneManager)
  .gate('members', 'Every member is healthy', gates.allHealthy)
  .gate('database-free', 'The drill has a database of its own', gates.databaseFree)
  .gate('can-strike', 'Each fault can be done, and undone', gates.canStrike)
  .gate('applications', 'What applications feel of it', gates.applicationsSaid)
  .effect('database', makeDatabase)
  .effect('sessions', measured('sessions', strikes.endSessions), ifAsked('sessions'))
  .effect('restart', measured('restart', strikes.restartAll), ifAsked('restart'))
  .effect('switchover', measured('switchover', strikes.switchOver), ifAsked('switchover'))
  .effect('kill-postgres', measured('kill-postgres', strikes.killPostgres), ifAsked('kill-postgres'))
  .effect('stop-patroni', measured('stop-patroni', strikes.stopPatroni), ifAsked('stop-patroni'))
  .effect('kill-patroni', measured('kill-patroni', strikes.killPatroni), ifAsked('kill-patroni'))
  .effect('kill-etcd', measured('kill-etcd', strikes.killEtcd), ifAsked('kill-etcd'))
  .build()

/** The console's own database must not be on a server that it is about to kill. */
function interrupts(facts: DrillFacts): Interrupted[] {
  if (chosen(facts).every((kind) => kind === 'sessions')) return []
  return facts.roll.members.map(({ place, probe }) => ({ place, probe }))
}

function nowOf(facts: DrillFacts): { label: string; value: string }[] {
  const { roll, manager, ways, circumstances, input } = facts
  return [
    { label: 'Members', value: roll.members.map(({ place, probe }) => `${place.title}: ${probe.role}, ${probe.state}`).join('; ') },
    { label: 'Managed by', value: manager === 'patroni' ? 'Patroni' : manager === 'matriarch' ? 'Matriarch' : 'not known' },
    { label: 'Replication', value: circumstances.isSynchronous ? 'synchronous' : 'asynchronous' },
    {
      label: 'Writers',
      value: `${input.writers}, ${input.perSecond} commits a second in all, through ${ways.map(({ title }) => title).join('; ')}`,
    },
    ...chosen(facts).map((kind) => ({ label: faultTitles[kind], value: `may cost: ${sayCost(costOf(kind, circumstances))}` })),
  ]
}

/** By the last observed row; the plan looks again. */
function offered({ verdict }: Record<string, unknown>): Verdict {
  if (verdict === 'split-brain') return refuse('Two members answer as primary: end the split brain first.')
  if (verdict === 'primary-lost') return refuse('The primary does not answer. A drill begins on a healthy herd.')
  return pass
}
