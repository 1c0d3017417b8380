import { alterStatement } from '@/lib/domain/settings/alter'
import type { ParameterEdit } from '@/lib/domain/settings/parameter'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect, StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, ReadPorts } from '@/lib/ports'
import { probeTimeoutMs } from '../facts/instance'
import { followOutput } from '../steps/postgres/server'
import { type Change, changesOf, isWritten, type ParameterMember } from './change'
import { namesOf, type SetFacts } from './facts'

/** What ALTER SYSTEM had written before, by member and parameter; null: nothing. */
type Before = { altered: Record<string, Record<string, string | null>> }

const writeTimeoutMs = 30_000

const editsOf = (changes: readonly Change[], values?: Record<string, string | null>): ParameterEdit[] =>
  changes.map(({ name, to }) => ({ name, value: values === undefined ? to : (values[name] ?? null) }))

/** As a member has them now. Throws where it cannot be asked. */
const changesNow = async (
  ports: ReadPorts,
  edits: readonly ParameterEdit[],
  { place }: ParameterMember,
  signal: AbortSignal,
): Promise<Change[]> => {
  const seen = await ports.serverSettings.parameters(place.address, namesOf(edits), { timeoutMs: probeTimeoutMs, signal })
  return changesOf(edits, { seen: seen as ParameterMember['seen'] })
}

/** `before` as it was when the step was intended, or else as the plan showed it: an entry that is neither this nor what is written is another person's. */
export const writeParameters = <F extends SetFacts>(): Effect<F, Before, null> => ({
  title: 'Write the parameters',
  preview: ({ edits, members }) => ({
    sentence: 'Write them to postgresql.auto.conf, and read them back.',
    commands: members.flatMap((member) =>
      editsOf(changesOf(edits, member).filter((change) => !isWritten(change))).map(
        (edit) => `${alterStatement(edit)};${members.length > 1 ? ` -- ${member.place.title}` : ''}`,
      ),
    ),
  }),
  check: async ({ edits, members }, ports, { signal, intended }) => {
    const now = await Promise.all(members.map((member) => changesNow(ports, edits, member, signal)))
    if (now.flat().every((change) => isWritten(change))) return { found: 'done', output: null }
    const altered: Before['altered'] = {}
    const others: string[] = []
    let written = 0
    for (const [index, member] of members.entries()) {
      const planned =
        intended?.before.altered[member.place.id] ?? Object.fromEntries(changesOf(edits, member).map((one) => [one.name, one.from]))
      for (const change of now[index]!) {
        if (isWritten(change)) written += 1
        else if ((change.from ?? null) !== (planned[change.name] ?? null)) others.push(`${change.name} on ${member.place.title}`)
      }
      altered[member.place.id] = intended === null ? Object.fromEntries(now[index]!.map(({ name, from }) => [name, from])) : planned
    }
    if (others.length > 0) return { found: 'blocked', because: `somebody else has changed ${others.join(', ')} since the plan was made` }
    const partly = intended !== null && written > 0 ? { partly: `${written} of ${now.flat().length} are written` } : {}
    return { found: 'ready', before: intended?.before ?? { altered }, ...partly }
  },
  run: async ({ edits, members }, _before, ports, context) => {
    for (const member of members) {
      const left = (await changesNow(ports.read, edits, member, context.signal)).filter((change) => !isWritten(change))
      if (left.length > 0) await alter(member, editsOf(left), ports, context)
    }
  },
  timeoutMs: ({ members }) => members.length * writeTimeoutMs + 10_000,
  ending: {
    undo: async ({ edits, members }, before, _output, ports, context) => {
      const failures: string[] = []
      for (const member of members)
        try {
          await putBack(edits, member, before.altered[member.place.id] ?? {}, ports, context)
        } catch (error) {
          if (!(error instanceof Fault) || error.code === 'lease.lost') throw error
          failures.push(`${member.place.title}: ${error.message}`)
        }
      if (failures.length > 0)
        throw new Fault('shell.failed', { because: `The former values are not back everywhere. ${failures.join(' ')}` })
    },
    sentence: 'If the job fails later, the former values are put back and loaded, but for those that somebody has changed since.',
    timeoutMs: 120_000,
  },
})

const alter = (member: ParameterMember, edits: readonly ParameterEdit[], ports: ActPorts, context: StepContext): Promise<void> =>
  ports.act.serverSettings.alter(member.place.address, edits, {
    timeoutMs: writeTimeoutMs,
    ...followOutput(
      context,
      edits.map((edit) => `${alterStatement(edit)}; -- ${member.place.title}`),
    ),
  })

/** Only what is as this job wrote it. */
const putBack = async (
  edits: readonly ParameterEdit[],
  member: ParameterMember,
  before: Record<string, string | null>,
  ports: ActPorts,
  context: StepContext,
): Promise<void> => {
  const changes = (await changesNow(ports.read, edits, member, context.signal)).filter(
    ({ name, parameter }) => Object.hasOwn(before, name) && parameter.altered !== before[name],
  )
  const ours = changes.filter((change) => isWritten(change))
  for (const { name } of changes.filter((change) => !ours.includes(change)))
    context.note('warning', `${name} of ${member.place.title} is left as it is: somebody else has changed it.`)
  if (ours.length > 0) await alter(member, editsOf(ours, before), ports, context)
  await ports.act.postgres.reload(member.place.address, {
    timeoutMs: writeTimeoutMs,
    ...followOutput(context, member.place.commands.reload),
  })
}
