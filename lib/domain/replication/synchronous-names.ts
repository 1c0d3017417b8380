/** The names in a `synchronous_standby_names`: `FIRST 1 (a, "B")`, `ANY 2 (*)`, `1 (a)` or `a, b`. Names without quotes are small. */
export const synchronousNames = (setting: string): string[] => {
  const [, inner] = /^\s*(?:(?:first|any)\s+)?\d+\s*\((.*)\)\s*$/is.exec(setting) ?? [null, setting]
  return [...inner!.matchAll(/"((?:[^"]|"")*)"|([^,\s]+)/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!.toLowerCase(),
  )
}

/** How many standbys a commit waits for; 0: for none. */
export const synchronousCount = (setting: string): number => {
  if (synchronousNames(setting).length === 0) return 0
  return Number(/^\s*(?:(?:first|any)\s+)?(\d+)\s*\(/i.exec(setting)?.[1] ?? 1)
}

/** Of `standbys` (their application_name, which PostgreSQL compares case-blind), those that count as synchronous under `setting`. */
export const synchronousAmong = (setting: string, standbys: readonly string[]): string[] => {
  const names = synchronousNames(setting).map((name) => name.toLowerCase())
  return standbys.filter((one) => names.includes('*') || names.includes(one.toLowerCase()))
}

/** The setting with no more standbys to wait for than `present` of them: a quorum of three with two left becomes one of two, and nobody left waits for nobody. */
export const synchronousLowered = (setting: string, present: number): string => {
  if (present >= synchronousCount(setting)) return setting
  if (present === 0) return ''
  const [, method, inner] = /^\s*(first|any)?\s*\d+\s*\((.*)\)\s*$/is.exec(setting)!
  return `${(method ?? 'FIRST').toUpperCase()} ${present} (${inner!.trim()})`
}
