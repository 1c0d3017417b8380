import { z } from 'zod'
import { isObject, type Json, type JsonObject } from '../ground/json'
import type { Operation } from './operation'

/** An input that somebody could give: what has no default is the first of the `examples` in the meta of its schema, null where it has none. Not parsed yet. */
export const exampleInput = ({ input }: Pick<Operation, 'input'>): JsonObject => {
  const { properties, required } = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }) as JsonObject
  if (!isObject(properties) || !Array.isArray(required)) return {}
  return Object.fromEntries(required.map((name) => [String(name), firstExample(properties[String(name)])]))
}

const firstExample = (schema: Json | undefined): Json =>
  isObject(schema) && Array.isArray(schema.examples) ? (schema.examples[0] ?? null) : null
