import { z } from 'zod'
import { counted } from '@/lib/domain/values/counted'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause } from '@/lib/kernel/operation/verdict'
import type { ReadPorts } from '@/lib/ports'
import { gatherHerd, type HerdFacts, type Plain, probeTimeoutMs } from './facts/instance'
import { aboutInstance, firmInstance, herdNow, interruptsIt, lockHerd, standbysFirst } from './facts/instance-head'
import { filesParse } from './gates/config-files'
import { clientsWarned, lossOf, primaryWarned, standbysWarned, transactionsWarned } from './gates/impact'
import { acceptsConnections, seenRow } from './gates/seen'
import { restartPostgres } from './steps/postgres/restart'
import { type StopInput, stopInput, stopOf } from './steps/stop-input'

type RestartFacts = HerdFacts & { input: StopInput; problems: Plain<Awaited<ReturnType<ReadPorts['postgres']['fileSettings']>>> }

export const restart = defineOperation({
  name: 'restart',
  on: 'instance',
  role: 'operator',
  title: 'Restart PostgreSQL',
  verb: 'Restart',
  danger: 'disruptive',
  input: z.strictObject(stopInput),
  help: [
    'Stops the server and starts it again, as one step: whatever happens to the console in between, the next worker completes it, so no server is left stopped.',
    'In a bulk run the standbys of a herd go first and its primary last. Settings pending a restart take effect. A stopped server is refused: use Start.',
  ],
  gather: async (ports, input, context): Promise<RestartFacts> => {
    const facts = await gatherHerd(ports, context, input.mode)
    const options = { timeoutMs: probeTimeoutMs, signal: context.signal }
    const problems = facts.probe.state === 'online' ? await ports.postgres.fileSettings(facts.instance.address, options) : []
    return { input, ...facts, problems }
  },
  about: aboutInstance,
  firm: (facts) => ({ ...firmInstance(facts), problems: facts.problems }),
  managed: { deed: 'restart', servers: 'instance' },
  locks: lockHerd,
  interrupts: interruptsIt,
  now: herdNow,
  affected: (facts) => lossOf(facts, { mode: facts.input.mode, moment: 'while it restarts', isBack: true }),
  order: standbysFirst,
  offered: (row) => acceptsConnections(seenRow(row), 'use start'),
  asksPhrase: () => false,
})
  .gate('running', 'Reachable and accepting connections', ({ probe }) => acceptsConnections(probe, 'use start'))
  .gate('files', 'Configuration files parse', ({ problems }) => filesParse(problems))
  .gate('pending', 'Settings pending a restart', ({ probe }) => pending(probe.pendingRestart))
  .gate('primary', 'The herd accepts writes throughout', (facts) => primaryWarned(facts, 'while it restarts'))
  .gate('clients', 'No client connections', (facts) =>
    clientsWarned(
      facts,
      facts.input.mode === 'smart'
        ? 'a smart stop waits for them to leave, and admits no new ones'
        : 'they are cut and have to connect again',
    ),
  )
  .gate('transactions', 'No open transactions', (facts) =>
    transactionsWarned(facts, facts.input.mode === 'smart' ? 'they are waited for' : 'they are rolled back'),
  )
  .gate('standbys', 'No standby streams from this instance', (facts) => standbysWarned(facts, 'while it restarts'))
  .effect(
    'restart',
    restartPostgres<RestartFacts>((facts) => facts.instance, stopOf),
  )
  .build()

function pending(names: readonly string[]): Verdict {
  if (names.length === 0) return pass
  return passBecause(`${counted(names.length, 'setting')} will take effect: ${names.join(', ')}.`)
}
