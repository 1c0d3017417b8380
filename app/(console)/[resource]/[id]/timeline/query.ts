import { type TimelineQuery, timelineQuery } from '@/lib/shapes/timeline'

/** The address as a question. A part that makes no sense is named, and left out. */
export const readQuery = (
  given: Readonly<Record<string, string | string[] | undefined>>,
): { query: TimelineQuery; problems: Record<string, string> } => {
  const known: Record<string, unknown> = {}
  const problems: Record<string, string> = {}
  for (const [name, schema] of Object.entries(timelineQuery.shape)) {
    const values = [given[name]].flat().filter((one) => one !== undefined)
    if (values.length === 0) continue
    const value = name === 'kind' ? values.join(',') : values[0]
    const parsed = schema.safeParse(value)
    if (parsed.success) known[name] = value
    else problems[name] = parsed.error.issues[0]!.message
  }
  return { query: timelineQuery.parse(known), problems }
}

const defaults = timelineQuery.parse({})

/** The other way round; what is at its default is left out. */
export const writeQuery = (query: TimelineQuery, more: Readonly<Record<string, string>> = {}): string => {
  const kept = Object.entries(query)
    .map(([name, value]) => [name, String(value)])
    .filter(([name, value]) => value !== String(defaults[name as keyof TimelineQuery]))
  const text = new URLSearchParams([...kept, ...Object.entries(more)] as [string, string][]).toString()
  return text === '' ? '' : `?${text}`
}
