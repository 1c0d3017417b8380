/** Tags of a machine, as AWS keeps them. */
export type Tags = Readonly<Record<string, string>>

const placeholder = /\{([^{}]+)\}/g

/**
 * The name that a template makes of tags: `{project}-{environment}-{cluster}` of `Project=Shop` … is `shop-prod-main`. Tags are found whatever their case;
 * the name is lowercase. null: a tag is missing or empty, or there is no template.
 */
export const nameFromTags = (template: string, tags: Tags): string | null => {
  if (template === '') return null
  const byName = new Map(Object.entries(tags).map(([key, value]) => [key.toLowerCase(), value]))
  let isWhole = true
  const name = template.replace(placeholder, (_whole, key: string) => {
    const value = byName.get(key.trim().toLowerCase())
    if (value === undefined || value === '') isWhole = false
    return value ?? ''
  })
  return isWhole ? name.toLowerCase() : null
}

/** `Role=PostgreSQL` as a tag and its value. A line without `=` is a tag of any value. */
export const tagFilter = (lines: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=')
      return at < 0 ? [line, '*'] : [line.slice(0, at), line.slice(at + 1)]
    }),
  )

/** `r6g` of `r6g.2xlarge`, `db.r6g` of `db.r6g.2xlarge`. */
export const familyOf = (type: string): string => type.split('.').slice(0, -1).join('.') || type
