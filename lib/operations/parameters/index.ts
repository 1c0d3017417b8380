import { z } from 'zod'
import { parseParameters } from '@/lib/domain/settings/edits'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { notAsked, notNeeded } from '@/lib/kernel/operation/only-when'
import type { ReadPorts } from '@/lib/ports'
import { commandsOf, gatherHerd, type HerdFacts } from '../facts/instance'
import { aboutInstance, firmInstance, herdNow, interruptsIt, lockHerd, standbysFirst } from '../facts/instance-head'
import { clientsWarned, lossOf, primaryWarned, standbysWarned, transactionsWarned } from '../gates/impact'
import { acceptsConnections, seenRow } from '../gates/seen'
import { restartPostgres } from '../steps/postgres/restart'
import { stopOf } from '../steps/stop-input'
import { changesOf, isDone, isWaiting, type ParameterMember, sayChange } from './change'
import { lookAtParameters, namesOf, problemsOf, type SetFacts } from './facts'
import * as gates from './gates'
import { proveInForce } from './in-force'
import { parametersInput } from './input'
import { loadParameters } from './load'
import { writeParameters } from './write'

const input = z.strictObject({
  ...parametersInput,
  restart: z.boolean().default(false).meta({
    title: 'Restart where a value needs it',
    description: 'In a bulk run the standbys of a herd go first and its primary last. Without it such a value waits for the next restart.',
  }),
  timeoutSeconds: z
    .int()
    .min(5)
    .max(3600)
    .default(60)
    .meta({ title: 'Shutdown timeout (seconds)', description: 'How long the shutdown of a restart may take.' }),
})

type Facts = HerdFacts &
  SetFacts & {
    input: { restart: boolean; mode: 'fast'; timeoutSeconds: number }
    /** The rest of the herd, where what is set must not be less on a standby than on its primary. */
    rest: ParameterMember[]
  }

const restOf = async (
  ports: ReadPorts,
  { instance }: HerdFacts,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ParameterMember[]> => {
  const members = await ports.inventory.herdInstances(instance.herdId)
  return Promise.all(
    members
      .filter(({ id }) => id !== instance.id)
      .map(async (member) => {
        const place = { ...member, commands: commandsOf(ports.postgres, member, 'fast') }
        const probe = await ports.postgres.probe(member.address, { timeoutMs: 15_000, signal })
        return lookAtParameters(ports, place, probe, names, { signal })
      }),
  )
}

const isRestarted = (facts: Facts): boolean => facts.input.restart && gates.needingRestart(facts, facts.members[0]!).length > 0
const whyNotRestarted = ({ input: { restart } }: Facts) =>
  restart ? notNeeded('A reload is enough.') : notAsked('What needs a restart waits for one.')

export const setParameters = defineOperation({
  name: 'set-parameters',
  on: 'instance',
  role: 'dba',
  title: 'Set parameters',
  verb: 'Set parameters',
  danger: 'disruptive',
  dangerWith: ({ restart }) => (restart ? 'disruptive' : 'routine'),
  input,
  help: [
    'Sets parameters of PostgreSQL by ALTER SYSTEM, reloads, and proves that the server took them: in force, or waiting for a restart, and without an error in its files.',
    'The plan shows each value as it is on each server, with the file and line that sets it, and as it will be. Names, types, units, bounds and choices are checked against the server itself before anything is written. What somebody else changes meanwhile is not overwritten.',
    'A job that fails puts the former values back and loads them. Once a restart has begun nothing is put back: a server that does not start with its new value is left stopped, and the job needs attention. Take the value out of postgresql.auto.conf on its host, and resume.',
    'max_connections and the other limits that a standby compares with its primary need an order: raised on the standbys first, lowered on the primary first. For a whole herd use Set parameters on every member.',
    'What the console, a manager such as Patroni or the command line decides is refused, with the way to do it. Values with a password in them are refused, since a run is kept.',
  ],
  gather: async (ports, { parameters, restart, timeoutSeconds }, context): Promise<Facts> => {
    const herd = await gatherHerd(ports, context)
    const { edits } = parseParameters(parameters)
    const limits = gates.touchesLimits({ edits }) ? namesOf(edits) : []
    const [own, rest] = await Promise.all([
      lookAtParameters(ports, herd.instance, herd.probe, namesOf(edits), context),
      limits.length === 0 ? [] : restOf(ports, herd, limits, context.signal),
    ])
    const problems = await problemsOf(ports, [own], context)
    return { ...herd, input: { restart, mode: 'fast', timeoutSeconds }, edits, members: [own], rest, problems }
  },
  about: aboutInstance,
  firm: (facts) => ({
    ...firmInstance(facts),
    problems: facts.problems,
    changes: facts.members.flatMap((member) =>
      changesOf(facts.edits, member).map(({ name, from, to, parameter }) => ({
        name,
        from,
        to,
        value: parameter.value,
        filed: parameter.filed,
      })),
    ),
  }),
  managed: { deed: 'alter-system', servers: 'instance' },
  locks: lockHerd,
  interrupts: (facts) => (isRestarted(facts) ? interruptsIt(facts) : []),
  now: (facts) => [
    ...facts.members.flatMap((member) =>
      changesOf(facts.edits, member).map((change) => ({ label: change.name, value: sayChange(change) })),
    ),
    ...herdNow(facts),
  ],
  affected: (facts) => (isRestarted(facts) ? lossOf(facts, { mode: 'fast', moment: 'while it restarts', isBack: true }) : []),
  order: standbysFirst,
  offered: (row) => acceptsConnections(seenRow(row)),
  asksPhrase: () => false,
})
  .gate('running', 'Reachable and accepting connections', ({ probe }) => acceptsConnections(probe))
  .gate('readable', 'Its parameters can be read', gates.canRead)
  .gate('files', 'Configuration files parse', gates.filesAreRight)
  .gate('known', 'The server has these parameters', gates.areKnown)
  .gate('valid', 'They may be set to these values', gates.canBeSet)
  .gate('change', 'Something changes', (facts) => gates.somethingChanges(facts, facts.input.restart))
  .gate('overrides', 'What overrides what', gates.sayOverrides)
  .gate('restarts', 'Restarts', (facts) => gates.sayRestart(facts, facts.input.restart))
  .gate('limits', 'No limit of a standby falls below the primary’s', (facts) => gates.limitsAllow(facts, facts.rest, facts.input.restart))
  .gates(
    (
      [
        ['primary', 'The herd accepts writes throughout', (facts) => primaryWarned(facts, 'while it restarts')],
        ['clients', 'No client connections', (facts) => clientsWarned(facts, 'they are cut and have to connect again')],
        ['transactions', 'No open transactions', (facts) => transactionsWarned(facts, 'they are rolled back')],
        ['standbys', 'No standby streams from this instance', (facts) => standbysWarned(facts, 'while it restarts')],
      ] as const satisfies [string, string, (facts: Facts) => ReturnType<typeof primaryWarned>][]
    ).map(([name, title, look]) => ({
      name,
      title,
      look: (facts: Facts) => (isRestarted(facts) ? look(facts) : { verdict: 'pass' as const }),
    })),
  )
  .effect('write', writeParameters<Facts>())
  .effect('load', loadParameters<Facts>(), {
    when: (facts) => facts.members.some((member) => changesOf(facts.edits, member).some((change) => !isDone(change) && !isWaiting(change))),
    otherwise: notNeeded('Every value is loaded.'),
  })
  .effect(
    'restart',
    restartPostgres<Facts>(({ instance }) => instance, stopOf),
    { when: isRestarted, otherwise: whyNotRestarted },
  )
  .effect('in-force', proveInForce<Facts>(), { when: isRestarted, otherwise: whyNotRestarted })
  .build()
