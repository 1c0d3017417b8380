import { type ConfigObject, type ConfigValue, parseEdits } from './patroni-config'

/** A setting by its name as an edit writes it: `ttl`, `postgresql.parameters.work_mem`. null: it is not there. */
export interface ConfigChange {
  name: string
  from: ConfigValue
  to: ConfigValue
}

const hidden = '…'
const isTree = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
const isSecretName = (name: string): boolean => /passw(or)?d|passphrase|secret|token/i.test(name) && !name.endsWith('password_encryption')
/** `ldapbindpasswd="x"` of a line of pg_hba, `password=x` of a connection string, `AWS_SECRET_ACCESS_KEY=x` of a command. */
const secretIn = /(\b\w*(?:passw(?:or)?d|passphrase|secret|token)\w*\s*=\s*)("[^"]*"|'[^']*'|[^\s,;&'"]+)/gi
const inUrl = /(:\/\/[^\s:/@]*:)[^\s@/]+(?=@)/g

/** Passwords and the like in it are hidden, so that it can be shown. `name`: of the setting. */
export const shownValue = (name: string, value: ConfigValue): ConfigValue =>
  typeof value === 'string' && isSecretName(name) ? hidden : masked(value)

/** Of what a host sent, so that it can be kept: with passwords and the like hidden. null: it is no configuration. */
export const keptConfig = (found: unknown): ConfigObject | null => (isTree(found) ? (masked(found) as ConfigObject) : null)

const masked = (value: unknown): ConfigValue => {
  if (typeof value === 'string') return value.replaceAll(secretIn, `$1${hidden}`).replaceAll(inUrl, `$1${hidden}`)
  if (Array.isArray(value)) return value.map(masked)
  if (isTree(value))
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, typeof inner === 'string' && isSecretName(key) ? hidden : masked(inner)]),
    )
  return typeof value === 'number' || typeof value === 'boolean' ? value : null
}

/** One entry a setting; what is deeper than a PostgreSQL parameter is one value. */
const flat = (config: ConfigObject): Map<string, ConfigValue> => {
  const settings = new Map<string, ConfigValue>()
  for (const [key, value] of Object.entries(config)) {
    if (key !== 'postgresql' || !isTree(value)) settings.set(key, value ?? null)
    else
      for (const [inner, of] of Object.entries(value as ConfigObject)) {
        if (inner !== 'parameters' || !isTree(of)) settings.set(`postgresql.${inner}`, of ?? null)
        else for (const [name, set] of Object.entries(of as ConfigObject)) settings.set(`postgresql.parameters.${name}`, set ?? null)
      }
  }
  return settings
}

/** Whatever order its keys are in. */
const canonical = (value: ConfigValue): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    isTree(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  )

/** By name. */
export const configChanges = (before: ConfigObject, after: ConfigObject): ConfigChange[] => {
  const [was, is] = [flat(before), flat(after)]
  return [...new Set([...was.keys(), ...is.keys()])].sort().flatMap((name) => {
    const [from, to] = [was.get(name) ?? null, is.get(name) ?? null]
    return canonical(from) === canonical(to) ? [] : [{ name, from, to }]
  })
}

/** A line of an edit that is read back as exactly this value: a text that would be taken for a number or a flag stands in quotation marks. */
export const editLine = (name: string, value: ConfigValue): string => {
  if (typeof value !== 'string') return `${name} = ${JSON.stringify(value)}`
  const isPlain = value !== '' && value.trim() === value && !value.includes('\n') && !isJson(value)
  return `${name} = ${isPlain ? value : JSON.stringify(value)}`
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** The edit that turns one configuration into another, and the names of what it has to leave: what is not edited here, or holds something hidden. */
export const editTo = (now: ConfigObject, wanted: ConfigObject): { settings: string; left: string[] } => {
  const left: string[] = []
  const lines = configChanges(now, wanted).flatMap(({ name, to }) => {
    const line = editLine(name, to)
    if (!JSON.stringify(to).includes(hidden) && parseEdits(line).problems.length === 0) return [line]
    left.push(name)
    return []
  })
  return { settings: lines.join('\n'), left }
}
