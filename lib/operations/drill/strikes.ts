import type { Signal } from '@/lib/domain/activity/session'
import { Fault } from '@/lib/kernel/ground/errors'
import type { StepContext } from '@/lib/kernel/operation/operation'
import { type ActPorts, type DrillProcess, drillDatabase, type HostAddress, type InstanceAddress, type ReadPorts } from '@/lib/ports'
import { type Place, type Plain, probeTimeoutMs } from '../facts/instance'
import { gatherPatroni } from '../patroni/facts'
import { gatherRoll } from '../rolling/facts'
import { bringUp, takeDown } from '../steps/postgres/server'
import { whoLeads } from './database'
import { type DrillFacts, placesOf, type Victim, victimAt } from './facts'
import type { Strike } from './measured'
import { awaitWhole } from './whole'

const actTimeoutMs = 30_000
/** Patroni answers when the server runs again. */
const patroniTimeoutMs = 120_000
const startTimeoutMs = 60_000
const memberTimeoutMs = 120_000

const nothing = async () => {}
const isPatroni = ({ manager }: DrillFacts): boolean => manager === 'patroni'
const downMs = ({ input }: DrillFacts): number => input.downSeconds * 1_000
const said = (facts: DrillFacts): string => facts.roll.herd.name

const mustLead = async (facts: DrillFacts, ports: ReadPorts, signal: AbortSignal): Promise<Place> => {
  const leader = await whoLeads(facts, ports, signal)
  if (leader === null) throw new Fault('step.blocked', { because: 'No member takes writes.', isOver: true })
  return leader
}

export const endSessions: Strike<null> = {
  sentence: () => `End every session of the database ${drillDatabase} on the primary, and no other one.`,
  commands: () => [`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${drillDatabase}'`],
  before: async () => null,
  strike: async (facts, _before, ports, { signal, note }) => {
    const address = (await mustLead(facts, ports.read, signal)).address as InstanceAddress
    const options = { timeoutMs: probeTimeoutMs, signal }
    const { sessions } = await ports.read.activity.look(address, options)
    const own = sessions.filter(({ database }) => database === drillDatabase)
    note('info', `${own.length} sessions of ${drillDatabase}.`)
    if (own.length === 0) return 'nothing'
    const terminate: Signal = 'terminate'
    await ports.act.activity.signal(
      address,
      terminate,
      own.map(({ pid, startedAt }) => ({ pid, startedAt, statementAt: null })),
      options,
    )
  },
  holdMs: () => 0,
  mend: nothing,
  mended: 'Nothing was stopped.',
}

/** A server that a Patroni looks after is that one's to start. */
const bringBack = async (facts: DrillFacts, ports: ActPorts, context: StepContext): Promise<void> => {
  if (isPatroni(facts)) return
  for (const place of placesOf(facts)) await bringUp(place, ports, context, { timeoutMs: startTimeoutMs })
}

export const restartAll: Strike<null> = {
  sentence: (facts) =>
    `Restart the members of ${said(facts)} one by one, the primary last, each once the others are healthy${isPatroni(facts) ? ', through Patroni' : ''}.`,
  commands: (facts) => facts.roll.members.flatMap(({ place }) => (isPatroni(facts) ? ['POST /restart {}'] : place.commands.restart)),
  before: async () => null,
  strike: async (facts, _before, ports, context) => {
    const { herd } = facts.roll
    const { members } = await gatherRoll(ports.read, herd.id, { targetId: herd.id, signal: context.signal })
    for (const { place } of members) {
      if (isPatroni(facts)) await restartThroughPatroni(place, ports, context)
      else {
        await takeDown(place, ports, context)
        await bringUp(place, ports, context, { timeoutMs: startTimeoutMs })
      }
      await untilMemberIsBack(facts, place, ports.read, context)
    }
  },
  holdMs: () => 0,
  mend: (facts, _before, ports, context) => bringBack(facts, ports, context),
  mended: 'A server that is down is started.',
}

const restartThroughPatroni = async ({ address, title }: Place, ports: ActPorts, { signal, note }: StepContext): Promise<void> => {
  note('command', 'POST /restart {}')
  const request = { dataDirectory: address.dataDirectory, method: 'POST', path: '/restart', body: {} } as const
  const { status, text } = await ports.act.hosts.askPatroni(address.host as HostAddress, request, { timeoutMs: patroniTimeoutMs, signal })
  if (status !== 200) throw new Fault('shell.failed', { because: `Patroni of ${title} answered ${status}: ${text}`, isOver: status < 500 })
}

/** Nobody is taken down while another one is away; what does not come back is told by what is measured. */
const untilMemberIsBack = async (facts: DrillFacts, place: Place, ports: ReadPorts, context: StepContext): Promise<void> => {
  const missing = await awaitWhole(facts, ports, memberTimeoutMs, context)
  if (missing.length > 0)
    throw new Fault('step.blocked', { because: `${place.title} was restarted, and then: ${missing.join('; ')}.`, isOver: true })
}

export const switchOver: Strike<null> = {
  sentence: () => 'Ask Patroni to hand the leader key to its best replica.',
  commands: () => ['POST /switchover {"leader": …, "candidate": …}'],
  before: async () => null,
  strike: async (facts, _before, ports, { signal, note }) => {
    const { leader, candidate, noCandidate } = await gatherPatroni(
      ports.read,
      { candidate: 'auto' },
      { targetId: facts.roll.herd.id, signal },
    )
    if (leader === null || candidate === null)
      throw new Fault('step.blocked', { because: noCandidate ?? 'Patroni has no leader at the moment.', isOver: true })
    const body = { leader: leader.name, candidate: candidate.name }
    note('command', `POST /switchover ${JSON.stringify(body)}`)
    const { dataDirectory, host } = leader.place.address
    const request = { dataDirectory, method: 'POST', path: '/switchover', body } as const
    const { status, text } = await ports.act.hosts.askPatroni(host as HostAddress, request, { timeoutMs: patroniTimeoutMs, signal })
    note(status === 200 ? 'info' : 'warning', `Patroni: ${status} ${text}`)
    if (status === 200) return
    if (status >= 500) throw new Fault('shell.timeout', { because: `Patroni answered ${status}: ${text}` })
    throw new Fault('shell.failed', { because: `Patroni refused it with ${status}: ${text}`, isOver: true })
  },
  holdMs: () => 0,
  mend: nothing,
  mended: 'The leader stays where it is.',
}

type Running = { title: string; program: Victim['program']; host: Plain<HostAddress>; dataDirectory: string; process: Plain<DrillProcess> }

/** Of the leader at that moment, unless the victim is another one. */
const running = async (look: Promise<Victim | null>): Promise<Running | { because: string }> => {
  const victim = await look
  if (victim?.process == null)
    return { because: `no process of ${victim?.program ?? 'it'} was found${victim === null ? '' : ` on ${victim.host.hostname}`}` }
  if (victim.process.whyNot !== null) return { because: victim.process.whyNot }
  return { ...victim, process: victim.process }
}

const kill = async ({ host, process }: Running, signal: 'TERM' | 'KILL', ports: ActPorts, context: StepContext): Promise<void> => {
  context.note('command', `kill -${signal} ${process.pid}`)
  await ports.act.drill.kill(host as HostAddress, process, signal, { timeoutMs: actTimeoutMs, signal: context.signal })
}

/** Whoever supervises it may have been first. */
const reviveIt = async ({ host, program, dataDirectory, process }: Running, ports: ActPorts, context: StepContext): Promise<void> => {
  const options = { timeoutMs: actTimeoutMs, signal: context.signal }
  if ((await ports.read.drill.process(host as HostAddress, program, dataDirectory, options)) !== null) return
  context.note('info', `${program} on ${host.hostname} does not run: it is started again.`)
  await ports.act.drill.revive(host as HostAddress, program, dataDirectory, process.argv, options)
}

const onLeader = (program: Victim['program']) => async (facts: DrillFacts, ports: ReadPorts, signal: AbortSignal) =>
  running(victimAt(ports, await mustLead(facts, ports, signal), program, signal))

export const killPostgres: Strike<Running> = {
  sentence: (facts) =>
    isPatroni(facts)
      ? 'Kill the postmaster of the primary. Patroni starts it again, or fails over.'
      : `Kill the postmaster of the primary, and start it again after ${facts.input.downSeconds} s.`,
  commands: ({ victims }) => [`kill -KILL ${victims['kill-postgres']?.process?.pid ?? '…'}`],
  before: onLeader('postgres'),
  strike: (_facts, before, ports, context) => kill(before, 'KILL', ports, context),
  holdMs: (facts) => (isPatroni(facts) ? 0 : downMs(facts)),
  mend: (facts, _before, ports, context) => bringBack(facts, ports, context),
  mended: 'A server that is down is started, by Patroni where it manages the herd.',
}

const patroni = (signal: 'TERM' | 'KILL', kind: 'stop-patroni' | 'kill-patroni', what: string): Strike<Running> => ({
  sentence: (facts) => `${what} After ${facts.input.downSeconds} s it is started again, unless it came back by itself.`,
  commands: ({ victims }) => [`kill -${signal} ${victims[kind]?.process?.pid ?? '…'}`],
  before: onLeader('patroni'),
  strike: (_facts, before, ports, context) => kill(before, signal, ports, context),
  holdMs: downMs,
  mend: (_facts, before, ports, context) => reviveIt(before, ports, context),
  mended: 'Patroni is started again as it ran, unless it runs.',
})

export const stopPatroni = patroni(
  'TERM',
  'stop-patroni',
  'Ask Patroni of the leader to end: it shuts its server down and releases the leader key.',
)
export const killPatroni = patroni('KILL', 'kill-patroni', 'Kill Patroni of the leader: its server goes on without it.')

export const killEtcd: Strike<Running> = {
  sentence: (facts) =>
    `Kill ${facts.victims['kill-etcd']?.title ?? 'a member of etcd'}, and start it again after ${facts.input.downSeconds} s unless it came back by itself.`,
  commands: ({ victims }) => [`kill -KILL ${victims['kill-etcd']?.process?.pid ?? '…'}`],
  before: async (facts, ports, signal) => {
    const victim = facts.victims['kill-etcd'] ?? null
    if (victim === null) return running(Promise.resolve(null))
    const { host, dataDirectory } = victim
    const process = await ports.drill.process(host as HostAddress, 'etcd', dataDirectory, { timeoutMs: actTimeoutMs, signal })
    return running(Promise.resolve({ ...victim, process }))
  },
  strike: (_facts, before, ports, context) => kill(before, 'KILL', ports, context),
  holdMs: downMs,
  mend: (_facts, before, ports, context) => reviveIt(before, ports, context),
  mended: 'etcd is started again as it ran, unless it runs.',
}
