import { z } from 'zod'
import { sayCondition } from '@/lib/kernel/resource/condition'
import type { FieldSpec } from '@/lib/kernel/resource/field'
import { type FieldTools, fieldTools } from './kinds'

/** A `Resource` and a `ResourceDescription` both are one. */
export interface FormOf {
  fields: Readonly<Record<string, FieldSpec>>
  form: readonly string[]
}

const isEmpty = (input: unknown): boolean =>
  input === undefined ||
  input === null ||
  (typeof input === 'string' && input.trim() === '') ||
  (Array.isArray(input) && input.length === 0)

/** One field of a form: takes what a person types (`1GB`) and what a script sends (`1073741824`); an empty value becomes null. */
export const fieldSchema = (spec: FieldSpec): z.ZodType => {
  const tools: FieldTools = fieldTools[spec.kind]
  const stored = tools.schema(spec)
  const parse = (input: unknown) => (isEmpty(input) ? null : tools.parse(input, spec))
  // Whether it is needed where it applies shows only beside what the others hold: `lib/kernel/resource/condition`.
  if (!spec.required || spec.when)
    return z.preprocess((input) => (input === undefined ? undefined : parse(input)), stored.nullable().optional()).optional()
  const given = z.custom((value) => value !== null, { message: `${spec.label} is needed.`, abort: true })
  return z.preprocess(parse, given.pipe(stored))
}

const described = (resource: FormOf, name: string): z.ZodType => {
  const spec = resource.fields[name]!
  const said = [spec.help, sayCondition(resource.fields, spec)].filter(Boolean).join(' ')
  return said === '' ? fieldSchema(spec) : fieldSchema(spec).describe(said)
}

const made = new WeakMap<object, z.ZodObject>()

/**
 * The one schema of a resource's form, its server action and its API. Unknown fields are refused by name. For a change of some fields use `.partial()`.
 * The output holds stored values, null for what is empty and nothing for what was not sent; the database layer turns null into the column's default
 * where a column takes no null.
 */
export const schemaOf = (resource: FormOf): z.ZodObject => {
  let schema = made.get(resource)
  if (!schema) {
    schema = z.strictObject(Object.fromEntries(resource.form.map((name) => [name, described(resource, name)])))
    made.set(resource, schema)
  }
  return schema
}
