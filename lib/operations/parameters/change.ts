import { isOverridden, isSameValue, needsRestart, shownParameter, valueAfter, valueProblem } from '@/lib/domain/settings/judge'
import type { Parameter, ParameterEdit, ParametersSeen } from '@/lib/domain/settings/parameter'
import type { Probe } from '@/lib/ports'
import type { Place, Plain } from '../facts/instance'

/** A server whose parameters are set, as it was seen. */
export type ParameterMember = {
  place: Place
  probe: Plain<Probe>
  /** null: it was not asked, or did not say. */
  seen: Plain<ParametersSeen> | null
}

/** What becomes of one parameter on one server. */
export interface Change {
  /** As the server writes it. */
  name: string
  /** What ALTER SYSTEM has written, and what it is to have written; null: nothing. */
  from: string | null
  to: string | null
  parameter: Plain<Parameter>
}

const find = (seen: Plain<ParametersSeen> | null, { name }: ParameterEdit): Plain<Parameter> | undefined =>
  seen?.parameters.find((one) => one.name.toLowerCase() === name.toLowerCase())

/** Of those that it knows. */
export const changesOf = (edits: readonly ParameterEdit[], { seen }: Pick<ParameterMember, 'seen'>): Change[] =>
  edits.flatMap((edit) => {
    const parameter = find(seen, edit)
    return parameter === undefined ? [] : [{ name: parameter.name, from: parameter.altered, to: edit.value, parameter }]
  })

export const unknownTo = (edits: readonly ParameterEdit[], { seen }: Pick<ParameterMember, 'seen'>): string[] =>
  seen === null ? [] : edits.filter((edit) => find(seen, edit) === undefined).map(({ name }) => name)

export const isWritten = ({ parameter, to }: Change, altered: string | null = parameter.altered): boolean =>
  isSameValue(parameter, altered, to)

/** What the files say after it; null: it is not known, as of a default that the server works out itself. */
export const afterOf = ({ parameter, to }: Change): string | null => valueAfter(parameter, { name: parameter.name, value: to })

/**
 * Where nothing says anything of it any more the server may work its default out itself; and of a text it may show another one than was written (a time zone, a
 * command that is disabled).
 */
export const isInForce = (change: Change): boolean => {
  const { parameter, to } = change
  if (to === null && parameter.filed === null) return parameter.file === null
  if (parameter.type === 'string' && to !== null && isWritten(change)) return parameter.file?.endsWith('postgresql.auto.conf') === true
  return isSameValue(parameter, parameter.value, afterOf(change))
}

/** Written, and a restart brings it. */
export const isWaiting = (change: Change): boolean => isWritten(change) && change.parameter.isPendingRestart

export const isDone = (change: Change): boolean => isWritten(change) && isInForce(change) && !change.parameter.isPendingRestart

/** Only a restart brings it, and it is not in force. */
export const waitsForRestart = (change: Change): boolean => needsRestart(change.parameter) && !isInForce(change)

/** Why it cannot be set there. A sentence without its end, with the name of the parameter; null: it can. */
export const changeProblem = (change: Change): string | null => {
  const { parameter, name, to } = change
  const problem = valueProblem(parameter, to)
  if (problem !== null) return `${name}: ${problem}`
  if (parameter.holdsSecret)
    return `${name} holds a secret, which the console does not keep and could not put back: set it in a file on the host`
  return isOverridden(parameter) ? `${name} is given on the command line, which overrides every file: change it there` : null
}

const place = ({ file, line, source }: Pick<Parameter, 'file' | 'line' | 'source'>): string =>
  file === null ? source : `${file.split('/').at(-1)}${line === null ? '' : `:${line}`}`

/** `4MB (postgresql.conf:12) → 64MB (postgresql.auto.conf, by a reload)` */
export const sayChange = (change: Change): string => {
  const { parameter } = change
  const waits = parameter.isPendingRestart ? ', another value waits for a restart' : ''
  const before = `${shownParameter(parameter, parameter.value)} (${place(parameter)}${waits})`
  if (isDone(change)) return `${before}, as it is to be`
  const where =
    change.to !== null ? 'postgresql.auto.conf' : parameter.filed === null ? 'default' : place({ ...parameter.filed, source: '' })
  const how = isInForce(change) ? '' : `, by a ${needsRestart(parameter) ? 'restart' : 'reload'}`
  return `${before} → ${shownParameter(parameter, afterOf(change))} (${where}${how})`
}
