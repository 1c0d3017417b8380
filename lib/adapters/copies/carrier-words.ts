import { Fault, type FaultCode, type FaultFacts, toFault } from '@/lib/kernel/ground/errors'
import type { HostAddress } from '@/lib/ports'
import type { Carried, Wire } from './in-place-wire'

/** A Fault between two processes: its class and its cause stay behind. */
export interface FaultSent {
  code: FaultCode
  facts: FaultFacts
}

/** To the process that carries. Keys are asked for and not handed over, so that it holds those of its hosts only. */
export type Order =
  | { kind: 'carry'; id: number; wire: Wire; timeoutMs: number }
  | { kind: 'cancel'; id: number }
  | { kind: 'answer'; id: number; value: string }
  | { kind: 'refusal'; id: number; fault: FaultSent }

/** From it. `ask-key` is answered with an environment's private key, `ask-machine` with '' where the host is the machine that it is meant to be. */
export type Report =
  | { kind: 'progress'; id: number; bytes: number }
  | { kind: 'carried'; id: number; carried: Carried }
  | { kind: 'failed'; id: number; fault: FaultSent }
  | { kind: 'ask-key'; id: number; environmentId: string }
  | { kind: 'ask-machine'; id: number; host: HostAddress; machineId: string }

export const sendable = (error: unknown): FaultSent => {
  const { code, facts, message } = toFault(error)
  // What was no fault says nothing but its class here; the log of this process has the rest.
  return { code, facts: { ...facts, because: message } }
}

export const received = ({ code, facts }: FaultSent): Fault => new Fault(code, facts)
