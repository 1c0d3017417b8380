import { sampleTypes, type TypeRow } from './sample'

/** `m5.large` of the class `db.m5.large`; any other type as it is. */
export const typeOfClass = (name: string): string => name.replace(/^db\./, '')

/** The machine type that a class of RDS runs on, as the console's catalogue has it; null: it does not know it. */
export const typeBehind = (name: string): TypeRow | null => sampleTypes[typeOfClass(name)] ?? null

/** `db.m5.large` of `m5.large` or `db.m5.large`: how RDS calls the class that runs on a type. */
export const classOfType = (name: string): string => (name.startsWith('db.') ? name : `db.${name}`)

/** A type as the cloud of a machine calls it that has this one: a class for a DB instance of RDS, the type for a machine of EC2. */
export const spelledAs = (own: string, type: string): string => (own.startsWith('db.') ? classOfType(type) : typeOfClass(type))

/** `2 vCPUs, 8 GiB`; null: the console's catalogue does not hold it. */
export const sayClass = (name: string): string | null => {
  const row = typeBehind(name)
  return row === null ? null : `${row.vcpus} vCPUs, ${Number((row.memoryMib / 1024).toFixed(1))} GiB`
}

/** Why a DB instance cannot become a class, in words; null: it can. `offered` null: RDS has no such class for its version in its region. */
export const whyNotClass = (
  db: { class: string; zone: string; engineVersion: string },
  name: string,
  offered: { isOffered: boolean } | null,
): string | null => {
  if (name === db.class) return `It is ${name} already.`
  if (offered === null) return `RDS has no class ${name} for PostgreSQL ${db.engineVersion} in this region.`
  return offered.isOffered ? null : `${name} is not offered in ${db.zone}.`
}

/** What it loses with the class, in words; nothing where the catalogue does not hold both. */
export const lossesOfClass = (from: string, to: string): string[] => {
  const [before, after] = [typeBehind(from), typeBehind(to)]
  if (before === null || after === null) return []
  return [
    ...(after.vcpus < before.vcpus ? [`${after.vcpus} vCPUs instead of ${before.vcpus}`] : []),
    ...(after.memoryMib < before.memoryMib ? [`${after.memoryMib / 1024} GiB of memory instead of ${before.memoryMib / 1024} GiB`] : []),
  ]
}
