import { type SettingQuery, settingQuery } from '@/lib/shapes/settings'

/** The address as a question. A part that makes no sense is named, and left at its default. */
export const readQuery = (
  given: Readonly<Record<string, string | string[] | undefined>>,
): { query: SettingQuery; problems: Record<string, string> } => {
  const known: Record<string, unknown> = {}
  const problems: Record<string, string> = {}
  for (const [name, schema] of Object.entries(settingQuery.shape)) {
    const value = [given[name]].flat()[0]
    if (value === undefined) continue
    const parsed = schema.safeParse(value)
    if (parsed.success) known[name] = value
    else problems[name] = parsed.error.issues[0]!.message
  }
  return { query: settingQuery.parse(known), problems }
}

const defaults = settingQuery.parse({})

/** The other way round; what is at its default is left out. */
export const writeQuery = (query: SettingQuery, more: Readonly<Record<string, string>> = {}): string => {
  const kept = Object.entries(query).filter(([name, value]) => value !== defaults[name as keyof SettingQuery])
  const text = new URLSearchParams([...kept.map(([name, value]) => [name, String(value)]), ...Object.entries(more)]).toString()
  return text === '' ? '' : `?${text}`
}
