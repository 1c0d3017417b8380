import { shownParameter } from '@/lib/domain/settings/judge'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { ReadPorts } from '@/lib/ports'
import { probeTimeoutMs } from '../facts/instance'
import { followOutput } from '../steps/postgres/server'
import { type Change, changesOf, isDone, isWaiting, type ParameterMember } from './change'
import { namesOf, type SetFacts } from './facts'

/** The clock of each member at the intent. */
type Before = { serverTimes: Record<string, string> }
type Outcome = { title: string; inForce: string[]; waiting: string[] }
type Output = { members: Outcome[] }

const reloadTimeoutMs = 30_000
const lookEveryMs = 250
/** So long after a reload a server may still read its files. */
const takenMs = 20_000

interface Look {
  member: ParameterMember
  isLoaded: boolean
  changes: Change[]
}

const lookAt = async (ports: ReadPorts, facts: SetFacts, before: Before | null, signal: AbortSignal): Promise<Look[]> =>
  Promise.all(
    facts.members.map(async (member): Promise<Look> => {
      const options = { timeoutMs: probeTimeoutMs, signal }
      const { confLoadedAt } = await ports.postgres.settings(member.place.address, options)
      const seen = await ports.serverSettings.parameters(member.place.address, namesOf(facts.edits), options)
      const changes = changesOf(facts.edits, { seen: seen as ParameterMember['seen'] })
      return { member, isLoaded: before !== null && confLoadedAt > before.serverTimes[member.place.id]!, changes }
    }),
  )

const isTaken = (change: Change): boolean => change.parameter.problem === null && (isDone(change) || isWaiting(change))

const problemsIn = (looks: readonly Look[]): string[] =>
  looks.flatMap(({ member, changes }) =>
    changes.flatMap(({ name, parameter }) =>
      parameter.problem === null ? [] : [`${name} on ${member.place.title}: ${parameter.problem}`],
    ),
  )

const outcomeOf = ({ member, changes }: Look): Outcome => ({
  title: member.place.title,
  inForce: changes
    .filter((change) => !isWaiting(change))
    .map(({ name, parameter }) => `${name} = ${shownParameter(parameter, parameter.value)}`),
  waiting: changes.filter(isWaiting).map(({ name }) => name),
})

/** Reloads each server and proves that it took what was written: in force, or waiting for a restart, and no error in its files. */
export const loadParameters = <F extends SetFacts>(): Effect<F, Before, Output> => ({
  title: 'Load the parameters',
  preview: ({ members }) => ({
    sentence: 'Reload, and check in pg_settings and pg_file_settings that each value is in force, or waits for a restart.',
    commands: [...new Set(members.flatMap(({ place }) => place.commands.reload))],
  }),
  check: async (facts, ports, { signal, intended }) => {
    if (intended !== null) {
      const looks = await lookAt(ports, facts, intended.before, signal)
      return looks.every(({ isLoaded, changes }) => isLoaded && changes.every(isTaken))
        ? { found: 'done', output: { members: looks.map(outcomeOf) } }
        : { found: 'ready', before: intended.before }
    }
    const times = facts.members.map(async ({ place }) => {
      const { serverTime } = await ports.postgres.settings(place.address, { timeoutMs: probeTimeoutMs, signal })
      return [place.id, serverTime] as const
    })
    return { found: 'ready', before: { serverTimes: Object.fromEntries(await Promise.all(times)) } }
  },
  run: async (facts, before, ports, context) => {
    for (const { member, isLoaded } of await lookAt(ports.read, facts, before, context.signal))
      if (!isLoaded)
        await ports.act.postgres.reload(member.place.address, {
          timeoutMs: reloadTimeoutMs,
          ...followOutput(context, member.place.commands.reload),
        })
    for (let waitedMs = 0; ; waitedMs += lookEveryMs) {
      const looks = await lookAt(ports.read, facts, before, context.signal)
      if (looks.every(({ isLoaded, changes }) => isLoaded && changes.every(isTaken))) return
      const problems = problemsIn(looks)
      if (problems.length > 0) throw new Fault('step.blocked', { because: `${problems.join('; ')}.`, isOver: true })
      if (waitedMs >= takenMs || context.signal.aborted)
        throw new Fault('step.blocked', { because: `${sayUntaken(looks)} is not in force.`, isOver: true })
      await context.pause(lookEveryMs)
    }
  },
  timeoutMs: ({ members }) => members.length * reloadTimeoutMs + takenMs + 10_000,
  ending: { final: 'What was loaded stays until the files are changed and loaded again.', harmless: true },
})

const sayUntaken = (looks: readonly Look[]): string =>
  looks
    .flatMap(({ member, isLoaded, changes }) =>
      isLoaded
        ? changes.filter((change) => !isTaken(change)).map(({ name }) => `${name} on ${member.place.title}`)
        : [`What ${member.place.title} was told to load`],
    )
    .join(', ')
