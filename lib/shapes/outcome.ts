import type { FaultCode, FieldProblem } from '@/lib/kernel/ground/errors'
import type { JsonObject } from '@/lib/kernel/ground/json'

/**
 * What a person asked for and what came of it. An expected refusal is a value: what is thrown across the border of a server action reaches the browser
 * without its words. `fields` is empty where nothing of what was sent is to blame.
 */
export type Outcome<T> = { ok: true; value: T } | Refusal

export interface Refusal {
  ok: false
  code: FaultCode
  message: string
  fields: FieldProblem[]
  /** Somebody else saved first: what is stored now. */
  conflict?: { current: JsonObject; revision: number }
}
