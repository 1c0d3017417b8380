import type { Imported } from '@/lib/domain/blueprints/import/collect'
import { schemaOf } from '@/lib/fields/schema'
import { type Actor, mayAnywhere } from '@/lib/kernel/access/access'
import { Fault, type FieldProblem } from '@/lib/kernel/ground/errors'
import { blueprint } from '@/lib/resources/blueprint'
import type { ImportShown } from '@/lib/shapes/blueprints'
import { addRecord } from '../records/records'

export interface ImportPlace {
  environmentId: string
  accountId: string | null
  /** In place of the manifest's. */
  name: string | null
}

/** What the fields themselves say against the values, by the key that brought each. */
const fieldProblems = ({ values, taken }: Imported): Imported['problems'] => {
  const read = schemaOf(blueprint).partial().safeParse(values)
  if (read.success) return []
  return read.error.issues.map(({ path, message }) => {
    const field = String(path[0] ?? '')
    return { key: taken.find((one) => one.field === field)?.key ?? field, because: message }
  })
}

/** What the keys become; with `place` the blueprint is added, unless a key is unknown or makes no sense. Throws `access.denied`, `input.invalid`, `record.duplicate`. */
export const importBlueprint = async (actor: Actor, imported: Imported, place: ImportPlace | null): Promise<ImportShown> => {
  if (!mayAnywhere(actor, 'blueprint.add')) throw new Fault('access.denied', { because: 'You do not have the permission blueprint.add.' })
  const { values, ...read } = imported
  const told = { ...read, problems: [...read.problems, ...fieldProblems(imported)] }
  if (place === null) return { ...told, id: null }
  const isEmpty = [told.taken, told.kept, told.dropped, told.unknown, told.problems].every((keys) => keys.length === 0)
  const fields: FieldProblem[] = [
    ...(isEmpty ? [{ path: 'text', message: 'It holds no key of a manifest, no flag and no variable.' }] : []),
    ...told.unknown.map(({ key, nearest }) => ({
      path: `text.${key}`,
      message: nearest === null ? 'There is no such key.' : `There is no such key. ${nearest} is the nearest.`,
    })),
    ...told.problems.map(({ key, because }) => ({ path: `text.${key}`, message: because })),
  ]
  if (fields.length > 0) throw new Fault('input.invalid', { fields })
  const { environmentId, accountId, name } = place
  const { id } = await addRecord(actor, blueprint, { ...values, ...(name === null ? {} : { name }), environmentId, accountId })
  return { ...told, id }
}
