import { z } from 'zod'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import { isUp } from '../facts/instance'
import { aboutInstance, firmInstance, herdNow, interruptsIt, lockHerd, standbysFirst } from '../facts/instance-head'
import { clientsWarned, lossOf, primaryWarned, standbysWarned, transactionsWarned } from '../gates/impact'
import { acceptsConnections, seenRow, wasSeen } from '../gates/seen'
import { rdsDeed } from './deed'
import { drive, rdsTimeoutMs } from './drive'
import { dbNowRows, firmDb, gatherRds, isDbInstance, type RdsFacts, replicatesNot } from './facts'

const throughRds = { harmless: 'It goes through RDS.' } as const

const common = {
  about: aboutInstance,
  firm: (facts: RdsFacts) => ({ ...firmInstance(facts), ...firmDb(facts) }),
  managed: throughRds,
  through: 'rds',
  locks: lockHerd,
  now: (facts: RdsFacts) => [...herdNow(facts), ...dbNowRows(facts)],
  order: standbysFirst,
  asksPhrase: () => false,
} as const

const notRds = (use: string): Verdict => refuse(`RDS does not run it: use ${use}.`)

export const rdsReboot = defineOperation({
  ...common,
  name: 'rds-reboot',
  on: 'instance',
  role: 'operator',
  title: 'Reboot through RDS',
  verb: 'Reboot through RDS',
  danger: 'disruptive',
  input: z.strictObject({}),
  help: [
    'Has RDS reboot a DB instance (RebootDBInstance), and proves it by a newer postmaster. Static parameters of its DB parameter group take effect.',
    'A Multi-AZ DB instance is rebooted where it is: it does not fail over.',
  ],
  gather: (ports, _input, context) => gatherRds(ports, context),
  interrupts: interruptsIt,
  affected: (facts) => lossOf(facts, { mode: 'fast', moment: 'while it reboots', isBack: true }),
  offered: (row) => (row.manager === 'none' ? notRds('Restart') : acceptsConnections(seenRow(row))),
})
  .gate('running', 'Accepts connections', ({ probe }) => acceptsConnections(probe))
  .gate('rds', 'RDS says that it is available', isDbInstance('available'))
  .gate('primary', 'The herd accepts writes throughout', (facts) => primaryWarned(facts, 'while it reboots'))
  .gate('clients', 'No client connections', (facts) => clientsWarned(facts, 'they are cut'))
  .gate('transactions', 'No open transactions', (facts) => transactionsWarned(facts, 'they are rolled back'))
  .gate('standbys', 'No standby streams from this instance', (facts) => standbysWarned(facts, 'while it reboots'))
  .effect(
    'reboot',
    rdsDeed({
      title: 'Reboot',
      sentence: 'Have RDS reboot {member}, and prove it by a newer postmaster.',
      ...{ deed: { does: 'reboot' }, from: 'available', to: 'available' },
      isProved: (before, { startedAt }) => startedAt !== null && (before.startedAt === null || startedAt > before.startedAt),
      ending: { final: 'RDS starts it again whatever happens to this job. Its connections do not come back.' },
    }),
  )
  .build()

export const rdsStop = defineOperation({
  ...common,
  name: 'rds-stop',
  on: 'instance',
  role: 'operator',
  title: 'Stop through RDS',
  verb: 'Stop through RDS',
  danger: 'disruptive',
  input: z.strictObject({}),
  help: [
    'Has RDS stop a DB instance (StopDBInstance): it costs its storage alone meanwhile. RDS starts it again by itself after seven days.',
    'RDS stops none that is a read replica or has one.',
  ],
  gather: (ports, _input, context) => gatherRds(ports, context),
  interrupts: interruptsIt,
  affected: (facts) => lossOf(facts, { mode: 'fast', moment: 'while it is stopped', isBack: false }),
  offered: (row) => (row.manager === 'none' ? notRds('Stop') : acceptsConnections(seenRow(row))),
})
  .gate('running', 'Accepts connections', ({ probe }) => acceptsConnections(probe))
  .gate('rds', 'RDS says that it is available', isDbInstance('available'))
  .gate('replicas', 'It neither replicates nor is replicated', replicatesNot)
  .gate('primary', 'The herd accepts writes throughout', (facts) => primaryWarned(facts, 'while it is stopped'))
  .gate('clients', 'No client connections', (facts) => clientsWarned(facts, 'they are cut'))
  .gate('transactions', 'No open transactions', (facts) => transactionsWarned(facts, 'they are rolled back'))
  .effect(
    'stop',
    rdsDeed({
      title: 'Stop',
      sentence: 'Have RDS stop {member}, and wait until it says so.',
      ...{ deed: { does: 'stop' }, from: 'available', to: 'stopped' },
      isProved: () => true,
      ending: {
        undo: async ({ db }, _before, _output, ports, context) => {
          const refused = await drive(
            { place: db!, deed: { does: 'start' }, from: 'stopped', isReached: ({ status }) => status === 'available' },
            ports,
            context,
          )
          if (refused !== null) throw refused
        },
        sentence: 'If the job fails later, RDS starts it again.',
        timeoutMs: rdsTimeoutMs,
      },
    }),
  )
  .build()

export const rdsStart = defineOperation({
  ...common,
  name: 'rds-start',
  on: 'instance',
  role: 'operator',
  title: 'Start through RDS',
  verb: 'Start through RDS',
  danger: 'routine',
  input: z.strictObject({}),
  help: [
    'Has RDS start a DB instance that is stopped (StartDBInstance), and waits until its server answers. It takes from minutes to the better part of an hour.',
  ],
  gather: (ports, _input, context) => gatherRds(ports, context),
  offered: (row) => {
    if (row.manager === 'none') return notRds('Start')
    const { state } = seenRow(row)
    if (state === 'online') return refuse('It runs already.')
    return state === 'stopped' ? pass : wasSeen(seenRow(row)).verdict === 'refuse' ? wasSeen(seenRow(row)) : refuse(`It is ${state}.`)
  },
})
  .gate('rds', 'RDS says that it is stopped', isDbInstance('stopped'))
  .effect(
    'start',
    rdsDeed({
      title: 'Start',
      sentence: 'Have RDS start {member}, and wait until its server answers.',
      ...{ deed: { does: 'start' }, from: 'stopped', to: 'available' },
      isProved: () => true,
      ending: { final: 'RDS starts it whatever happens to this job.', harmless: true },
    }),
  )
  .build()

export const rdsPromote = defineOperation({
  ...common,
  name: 'rds-promote',
  on: 'instance',
  role: 'dba',
  title: 'Promote through RDS',
  verb: 'Promote through RDS',
  danger: 'destructive',
  input: z.strictObject({
    detach: z.boolean().default(false).meta({
      title: 'Detach it',
      description: 'Promote although its source takes writes: it becomes a DB instance of its own with the same data, for a test.',
    }),
  }),
  help: [
    'Has RDS promote a read replica (PromoteReadReplica): it restarts, and takes writes on a timeline of its own. Nothing makes it a replica again: make another one.',
    'Refused while its herd has a primary that takes writes, unless it is detached: what the replica has not received by then is not on it. No DNS name is moved and no other replica follows it.',
  ],
  gather: async (ports, input, context) => ({ ...(await gatherRds(ports, context)), input }),
  interrupts: ({ instance, probe, input }) => [{ place: instance, probe, isPromoted: !input.detach }],
  affected: (facts) => lossOf(facts, { mode: 'fast', moment: 'while it restarts', isBack: true }),
  offered: (row) => {
    if (row.manager === 'none') return notRds('Promote')
    return seenRow(row).role === 'primary' ? refuse('It is a primary already.') : acceptsConnections(seenRow(row))
  },
  asksPhrase: undefined,
})
  .gate('standby', 'Answers as a standby', ({ probe }) =>
    probe.role === 'primary' ? refuse('It is a primary already.') : acceptsConnections(probe),
  )
  .gate('rds', 'RDS says that it is available', isDbInstance('available'))
  .gate('replica', 'It is a read replica', ({ dbNow }) =>
    dbNow === null || dbNow.source !== null ? pass : refuse('RDS says that it is no read replica.'),
  )
  .gate('no-primary', 'No primary of the herd takes writes', noPrimary)
  .gate('clients', 'No client connections', (facts) => clientsWarned(facts, 'they are cut'))
  .effect(
    'promote',
    rdsDeed({
      title: 'Promote',
      sentence: 'Have RDS promote {member}, and wait until it takes writes.',
      ...{ deed: { does: 'promote' }, from: 'available', to: 'available' },
      isProved: (_before, { role }, { source }) => role === 'primary' && source === null,
      ending: { final: 'A read replica that was promoted is a DB instance of its own: RDS makes no replica of it again.' },
    }),
  )
  .build()

function noPrimary({ others, instance, input }: RdsFacts & { input: { detach: boolean } }): Verdict {
  const primary = others.find((one) => one.role === 'primary' && isUp(one.state))
  const unseen = others.filter((one) => one.state === 'unreachable' || one.state === 'unknown' || one.state === 'refused')
  if (primary !== undefined)
    return input.detach
      ? warn(
          `${primary.title} takes writes. Detached, this one is a second server with the same data: no client of ${instance.herdName} may connect to it.`,
        )
      : refuse(
          `${primary.title} is the primary of ${instance.herdName}, and takes writes. To try out this copy by itself, choose “Detach it”.`,
        )
  if (unseen.length > 0 && !input.detach)
    return warn(
      `${unseen.map((one) => one.title).join(', ')} cannot be seen, and may take writes. Stop it first, or see that no client reaches it.`,
    )
  return passBecause('None of those that can be seen takes writes.')
}
