export type Yaml = string | number | boolean | null | readonly Yaml[] | { readonly [key: string]: Yaml | undefined }

const plainKey = /^[A-Za-z_][A-Za-z0-9_.-]*$/
const isBranch = (value: Yaml): value is readonly Yaml[] | { readonly [key: string]: Yaml | undefined } =>
  typeof value === 'object' && value !== null && (Array.isArray(value) ? value.length > 0 : Object.keys(value).length > 0)

/** A document in block style. Every string is quoted as JSON has it, which YAML reads the same: none can become a number, a date or a flag. */
export const yamlText = (value: Yaml): string => `${lines(value, '').join('\n')}\n`

const scalar = (value: Yaml): string => JSON.stringify(value)

const lines = (value: Yaml, indent: string): string[] => {
  if (!isBranch(value)) return [`${indent}${scalar(value)}`]
  if (Array.isArray(value))
    return value.flatMap((one: Yaml) => {
      if (!isBranch(one)) return [`${indent}- ${scalar(one)}`]
      const [first, ...more] = lines(one, `${indent}  `)
      return [`${indent}- ${first!.trimStart()}`, ...more]
    })
  return Object.entries(value).flatMap(([key, one]) => {
    if (one === undefined) return []
    const name = plainKey.test(key) ? key : JSON.stringify(key)
    return isBranch(one) ? [`${indent}${name}:`, ...lines(one, `${indent}  `)] : [`${indent}${name}: ${scalar(one)}`]
  })
}
