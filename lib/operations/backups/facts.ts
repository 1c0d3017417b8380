import type { BackupsSeen } from '@/lib/ports'
import type { InstanceFacts, Plain } from '../facts/instance'

export const listTimeoutMs = 60_000

/** What pgBackRest has of an instance. */
export type Known = Plain<Extract<BackupsSeen, { because: null }>>

/** null: nothing is known. */
export const known = (seen: Plain<BackupsSeen> | null): Known | null => (seen?.because === null ? (seen as Known) : null)

export const types = { full: 'full', diff: 'differential', incr: 'incremental' } as const

export type BackUpFacts = InstanceFacts & {
  input: { type: keyof typeof types }
  /** null: its host could not be asked. */
  seen: Plain<BackupsSeen> | null
  commands: string[]
}
