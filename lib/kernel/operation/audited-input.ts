import { maskStatement } from '@/lib/domain/reader/mask-statement'
import { sha256 } from '../ground/digest'
import type { JsonObject } from '../ground/json'
import { statementIn, statementName } from './statement'

/**
 * The input as the audit log keeps it, from which nothing is ever removed: passwords in the statement are masked, and the SHA-256 of its text (UTF-8, hex)
 * tells later whether it was this one. `schema`: of the operation's input.
 */
export const auditedInput = (schema: JsonObject, input: JsonObject): JsonObject => {
  const [name, statement] = [statementName(schema), statementIn(schema, input)]
  if (statement === null || name === undefined) return input
  return { ...input, [name]: maskStatement(statement), statementSha256: sha256(statement) }
}
