import { z } from 'zod'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, refuse, warn } from '@/lib/kernel/operation/verdict'
import { gatherHerd, type HerdFacts } from './facts/instance'
import { aboutInstance, firmInstance, herdNow, interruptsIt, lockHerd, standbysFirst } from './facts/instance-head'
import { clientsWarned, lossOf, primaryWarned, standbysWarned, transactionsWarned } from './gates/impact'
import { seenRow, wasSeen } from './gates/seen'
import { stopPostgres } from './steps/postgres/stop'
import { type StopInput, stopInput, stopOf } from './steps/stop-input'

type StopFacts = HerdFacts & { input: StopInput }

export const stop = defineOperation({
  name: 'stop',
  on: 'instance',
  role: 'operator',
  title: 'Stop PostgreSQL',
  verb: 'Stop',
  danger: 'disruptive',
  input: z.strictObject(stopInput),
  help: [
    'Shuts the server down and proves it from its control file. Its connections are cut, and its standbys wait without an upstream.',
    'If the shutdown does not end in time, the server is started again once it is down; an immediate stop leaves recovery to the next start.',
  ],
  gather: async (ports, input, context): Promise<StopFacts> => ({ input, ...(await gatherHerd(ports, context, input.mode)) }),
  about: aboutInstance,
  firm: firmInstance,
  managed: { deed: 'stop', servers: 'instance' },
  locks: lockHerd,
  interrupts: interruptsIt,
  now: herdNow,
  affected: (facts) => lossOf(facts, { mode: facts.input.mode, moment: 'while it is stopped', isBack: false }),
  order: standbysFirst,
  offered: (row) => running(seenRow(row)),
})
  .gate('running', 'Reachable and running', ({ probe }) => running(probe))
  .gate('primary', 'The herd accepts writes throughout', (facts) => primaryWarned(facts, 'while it is stopped'))
  .gate('clients', 'No client connections', clientsBy)
  .gate('transactions', 'No open transactions', (facts) =>
    transactionsWarned(facts, facts.input.mode === 'smart' ? 'they are waited for' : 'they are rolled back'),
  )
  .gate('standbys', 'No standby streams from this instance', (facts) => standbysWarned(facts, 'while it is stopped'))
  .gate('recovery', 'The next start needs no recovery', ({ input }) =>
    input.mode === 'immediate' ? warn('An immediate stop writes no checkpoint: the next start recovers from the WAL.') : pass,
  )
  .effect(
    'stop',
    stopPostgres<StopFacts>((facts) => facts.instance, stopOf),
  )
  .build()

function running(seen: Parameters<typeof wasSeen>[0]): Verdict {
  const verdict = wasSeen(seen)
  if (verdict.verdict === 'refuse' || seen.state === 'online' || seen.state === 'starting') return verdict
  if (seen.state === 'crashed') return refuse('It is down already: it has crashed.')
  return refuse(seen.state === 'stopping' ? 'It is shutting down already.' : `It is ${seen.state} already.`)
}

function clientsBy(facts: StopFacts): Verdict {
  if (facts.input.mode !== 'smart') return clientsWarned(facts, 'they are cut')
  return clientsWarned(facts, `a smart stop admits no new ones and waits up to ${facts.input.timeoutSeconds} s for these to leave`)
}
