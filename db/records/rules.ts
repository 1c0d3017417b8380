import type { Actor } from '@/lib/kernel/access/access'
import type { FieldProblem } from '@/lib/kernel/ground/errors'
import type { Json } from '@/lib/kernel/ground/json'
import type { Tx } from '../pg/client'

export type Values = Record<string, Json>

/** What a resource asks beyond its fields and its foreign keys. Everything runs in the transaction of the save. */
export interface Rules {
  /** The environment of a row that takes it from elsewhere. */
  environmentOf?: (tx: Tx, values: Values) => Promise<string | null>
  /** `after` holds the form's fields as they would be; `before` is null when adding. */
  check?: (tx: Tx, after: Values, before: Values | null, actor: Actor) => Promise<FieldProblem[]>
  /** Further columns that follow from a change. */
  alongside?: (after: Values, before: Values | null, actor: Actor) => Values
  /** Reasons, as sentences, why an object cannot be deleted now. */
  blockers?: (tx: Tx, id: string, actor: Actor) => Promise<string[]>
  /** By table, a condition over alias `c`: rows that refer to it and do not go along, since the database hands them on; or of which nobody needs to hear. */
  stays?: Readonly<Record<string, string>>
  /** Last look, after a change or a deletion: throws to take it all back. */
  afterwards?: (tx: Tx) => Promise<void>
}
