import { isSameValue } from '@/lib/domain/settings/judge'
import { standbyLimits } from '@/lib/domain/settings/parameter'
import { storedValue } from '@/lib/domain/settings/value'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, unknown, warn } from '@/lib/kernel/operation/verdict'
import { filesParse } from '../gates/config-files'
import {
  afterOf,
  type Change,
  changeProblem,
  changesOf,
  isDone,
  isWaiting,
  type ParameterMember,
  unknownTo,
  waitsForRestart,
} from './change'
import { limitsOf, type SetFacts } from './facts'

/** Who it is about, where there are several. */
const on = (facts: SetFacts, { place }: ParameterMember): string => (facts.members.length > 1 ? ` on ${place.title}` : '')

const online = ({ members }: SetFacts): ParameterMember[] => members.filter(({ probe }) => probe.state === 'online')

export const filesAreRight = ({ problems }: SetFacts): Verdict => filesParse(Object.values(problems).flat())

/** Without what is in force nothing can be compared, and nothing put back. */
export const canRead = (facts: SetFacts): Verdict => {
  const silent = online(facts).filter(({ seen }) => seen === null)
  return silent.length === 0
    ? pass
    : refuse(
        `The parameters of ${silent.map(({ place }) => place.title).join(', ')} could not be read: the console’s login has to be a superuser there.`,
      )
}

export const areKnown = (facts: SetFacts): Verdict => {
  const missing = facts.members.flatMap((member) => unknownTo(facts.edits, member).map((name) => `${name}${on(facts, member)}`))
  return missing.length === 0
    ? pass
    : refuse(
        `There is no parameter ${missing.join(', ')} (${[...new Set(facts.members.map(({ probe }) => probe.version ?? 'version unknown'))].join(', ')}). One of an extension is known once its library is loaded.`,
      )
}

export const canBeSet = (facts: SetFacts): Verdict => {
  const barred = facts.members.filter(({ seen }) => seen?.mayAlter === false)
  if (barred.length > 0)
    return refuse(
      `allow_alter_system is off on ${barred.map(({ place }) => place.title).join(', ')}: another tool writes the configuration there. Set it through that tool.`,
    )
  const problems = new Map<string, string[]>()
  for (const member of facts.members)
    for (const change of changesOf(facts.edits, member)) {
      const problem = changeProblem(change)
      if (problem !== null) problems.set(problem, [...(problems.get(problem) ?? []), member.place.title])
    }
  if (problems.size === 0) return pass
  return refuse(
    [...problems]
      .map(([problem, titles]) => `${problem}${titles.length < facts.members.length ? ` (${titles.join(', ')})` : ''}.`)
      .join(' '),
  )
}

export const somethingChanges = (facts: SetFacts, isRestarted: boolean): Verdict => {
  const changes = facts.members.flatMap((member) => changesOf(facts.edits, member))
  if (changes.length === 0 || changes.some((change) => !isDone(change) && (isRestarted || !isWaiting(change)))) return pass
  return refuse(
    changes.every(isDone)
      ? 'Every parameter has this value already.'
      : 'Every parameter has this value already, or waits for a restart with it.',
  )
}

/** What ALTER SYSTEM writes wins over the files of people, and loses to what a role or a database was given. */
export const sayOverrides = (facts: SetFacts): Verdict => {
  const lines = facts.members.flatMap((member) =>
    changesOf(facts.edits, member).flatMap(({ name, to, parameter: { filed, elsewhere, ...parameter } }) => [
      ...(to === null || filed === null || isSameValue(parameter, filed.value, to)
        ? []
        : [{ isFile: true, text: `${name} overrides ${filed.file.split('/').at(-1)}:${filed.line}`, member }]),
      ...(elsewhere.length === 0 ? [] : [{ isFile: false, text: `${name} of ${elsewhere.join(', ')}`, member }]),
    ]),
  )
  const said = (isFile: boolean): string =>
    byText(
      facts,
      lines.filter((line) => line.isFile === isFile),
    ).join('; ')
  const [files, elsewhere] = [said(true), said(false)]
  if (elsewhere !== '')
    return warn(`Stays as it was given with ALTER ROLE or ALTER DATABASE: ${elsewhere}.${files === '' ? '' : ` ${files}.`}`)
  return files === '' ? pass : passBecause(`${files}.`)
}

/** One line for all the members of which the same is said, named where it is not every one. */
const byText = (facts: SetFacts, lines: readonly { text: string; member: ParameterMember }[]): string[] =>
  [...new Set(lines.map(({ text }) => text))].map((text) => {
    const titles = lines.filter((line) => line.text === text).map(({ member }) => member.place.title)
    return titles.length === facts.members.length ? text : `${text} on ${titles.join(', ')}`
  })

export const needingRestart = (facts: SetFacts, member: ParameterMember): Change[] => changesOf(facts.edits, member).filter(waitsForRestart)

export const sayRestart = (facts: SetFacts, isAsked: boolean): Verdict => {
  const names = [...new Set(facts.members.flatMap((member) => needingRestart(facts, member).map(({ name }) => name)))]
  if (names.length === 0) return passBecause(isAsked ? 'A reload is enough: nothing is restarted.' : 'A reload is enough.')
  return isAsked
    ? passBecause(`${names.join(', ')} ${names.length === 1 ? 'takes' : 'take'} effect with the restart.`)
    : warn(`${names.join(', ')} ${names.length === 1 ? 'waits' : 'wait'} for a restart, which is not part of this run.`)
}

/** As the server will run with it; null: it is no number, or not known. */
const numberAfter = (change: Change): number | null => {
  const after = afterOf(change)
  const stored = after === null ? null : storedValue(after, change.parameter)
  return stored === null ? null : Number(stored)
}

/** What a standby must not have less of than its primary, and how it moves; null: it is none of these, or stays. */
export const limitMove = (change: Change): { name: string; from: number; to: number } | null => {
  const [from, to] = [Number(change.parameter.value), numberAfter(change)]
  return standbyLimits.includes(change.name) && to !== null && from !== to ? { name: change.name, from, to } : null
}

export const touchesLimits = ({ edits }: Pick<SetFacts, 'edits'>): boolean =>
  edits.some(({ name }) => standbyLimits.includes(name.toLowerCase()))

/** Of one member alone, against the others as they run now. */
export const limitsAllow = (facts: SetFacts, others: readonly ParameterMember[], isRestarted: boolean): Verdict => {
  const [own] = facts.members
  const moves = own === undefined ? [] : changesOf(facts.edits, own).flatMap((change) => limitMove(change) ?? [])
  if (own === undefined || moves.length === 0) return pass
  const isPrimary = own.probe.role === 'primary'
  const against = others.filter(({ probe }) => (isPrimary ? probe.role !== 'primary' : probe.role !== 'standby'))
  const wrong = against.flatMap((other) => {
    const limits = limitsOf(other)
    return moves.flatMap(({ name, to }) => {
      const theirs = limits?.[name]
      if (theirs === undefined || (isPrimary ? theirs >= to : theirs <= to)) return []
      return [`${other.place.title} runs with ${name} = ${theirs}`]
    })
  })
  const rule = 'a standby with less than its primary does not start, or stops replaying'
  const order = isPrimary ? 'restart the standbys with the higher value first' : 'restart the primary with the lower value first'
  if (wrong.length > 0)
    return isRestarted
      ? refuse(
          `${wrong.join('; ')}: ${rule}. To ${order}, set it on the whole herd (Set parameters on every member), which keeps the order.`,
        )
      : warn(`${wrong.join('; ')}: ${rule}. When you restart, ${order}.`)
  const unseen = against.filter((other) => limitsOf(other) === null)
  return unseen.length === 0
    ? pass
    : unknown(
        `With what ${unseen.map(({ place }) => place.title).join(', ')} ${unseen.length === 1 ? 'runs' : 'run'} could not be read: ${rule}.`,
      )
}
