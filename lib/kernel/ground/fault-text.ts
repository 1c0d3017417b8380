import { Fault, type FaultCode, toFault } from './errors'

/** One sentence for a person; a bug names itself as one, with its message, because the journal is where it will be looked for. */
export const sayWhy = (error: unknown): string => {
  if (error instanceof Fault) return error.message
  return `${toFault(error).message} (${error instanceof Error ? error.message : String(error)})`
}

/** Refused before anything reached the host. */
const neverBegan: ReadonlySet<FaultCode> = new Set<FaultCode>([
  'shell.denied',
  'shell.host-key-unknown',
  'shell.host-key-changed',
  'shell.machine-changed',
  'shell.machine-unknown',
  'input.invalid',
  'record.missing',
  'step.blocked',
])
/** The command or statement was seen to end. */
const ended: ReadonlySet<FaultCode> = new Set<FaultCode>(['shell.failed', 'sql.failed'])

/** What was asked for cannot happen any more after this fault. */
export const isOver = (fault: Fault): boolean => fault.facts.isOver === true || neverBegan.has(fault.code) || ended.has(fault.code)

export const hasNeverBegun = (fault: Fault): boolean => neverBegan.has(fault.code)
