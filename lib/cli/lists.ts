import { type Args, mustBeEmpty, take, UsageError } from './args'
import { getJson, request, type Where } from './client'
import { Described, type DescribedList } from './described'
import { idFor } from './names'
import { clean, table } from './table'

interface Page {
  items: Record<string, unknown>[]
  total: number
  page: number
  perPage: number
  references: Record<string, Record<string, string>>
}

/** Words for several states at once. */
const stateWords: Record<string, string> = { down: '!online', up: 'online' }

/** Flags that are no filter of their own become one: `--env prod` is `env=prod`; the console knows the short names. */
export const filterOf = (args: Args): URLSearchParams => {
  const params = new URLSearchParams()
  for (const [name, values] of args.flags) {
    const texts = values.map((value) => (value === true ? 'true' : value))
    params.append(
      name.replace(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase()),
      texts.map((text) => (name === 'state' ? (stateWords[text] ?? text) : text)).join(','),
    )
  }
  args.flags.clear()
  return params
}

const formats = ['table', 'json', 'csv'] as const
type Format = (typeof formats)[number]

const formatOf = (args: Args): Format => {
  const wanted = take(args, 'output') ?? 'table'
  if (!formats.includes(wanted as Format)) throw new UsageError('-o takes table, json or csv.')
  return wanted as Format
}

const describedList = async (where: Where, path: string): Promise<DescribedList> => {
  const found = await new Described(where).list(path)
  if (!found) throw new UsageError(`${path} is neither a command nor a resource.`)
  return found
}

const print = (text: string): void => void process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)

const showOne = async (where: Where, path: string, word: string, format: Format): Promise<void> => {
  const { fields } = await describedList(where, path)
  const found = await getJson<Record<string, unknown> & { references?: Record<string, { title: string | null }> }>(
    where,
    `/api/v1/${path}/${await idFor(where, path, word)}`,
  )
  if (format === 'json') return print(JSON.stringify(found, null, 2))
  const rows = Object.entries(found)
    .filter(([name]) => name !== 'references')
    .map(([name, value]) => [fields[name]?.title ?? name, found.references?.[name]?.title ?? value])
  print(table(['field', 'value'], rows))
}

const withTitles = ({ items, references }: Page): Record<string, unknown>[] =>
  items.map((item) =>
    Object.fromEntries(
      Object.entries(item).map(([name, value]) => [name, (typeof value === 'string' && references[name]?.[value]) || value]),
    ),
  )

/** `matriarch instances --env prod --state down -o json`, `matriarch herds NAME`. */
export const list = async (where: Where, path: string, args: Args): Promise<number> => {
  const format = formatOf(args)
  const [word, extra] = args.words
  if (extra) throw new UsageError(`${extra} is one word too many.`)
  if (word) {
    mustBeEmpty(args)
    await showOne(where, path, word, format)
    return 0
  }
  const params = filterOf(args)
  if (format === 'csv') {
    params.set('format', 'csv')
    const response = await request(where, `/api/v1/${path}?${params}`)
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) process.stdout.write(chunk)
    return 0
  }
  const described = format === 'table' ? await describedList(where, path) : null
  if (described && !params.has('columns')) params.set('columns', described.columns.join(','))
  const page = await getJson<Page>(where, `/api/v1/${path}?${params}`)
  if (!described) {
    print(JSON.stringify(page.items, null, 2))
    return 0
  }
  const names = params
    .get('columns')!
    .split(',')
    .filter((name) => name !== 'id')
  print(
    table(
      [...names.map((name) => described.fields[name]?.title ?? name), 'id'],
      withTitles(page).map((item) => [...names.map((name) => item[name]), item.id]),
    ),
  )
  const last = Math.max(1, Math.ceil(page.total / page.perPage))
  process.stderr.write(`${page.total} in all${last > 1 ? `, page ${page.page} of ${last}: --page N, --per N` : ''}\n`)
  return 0
}

/** The fields of a list with what each takes, for `matriarch help RESOURCE`. Throws `UsageError` when there is no such list. */
export const fieldsOf = async (where: Where, path: string): Promise<string> => {
  const { fields } = await describedList(where, path)
  const rows = Object.entries(fields).map(([name, { title, description, enum: choices }]) => [
    name,
    title ?? '',
    [choices?.filter((choice) => choice !== null).join('|'), description].filter(Boolean).join('. '),
  ])
  return table(
    ['field', 'title', 'values'],
    rows.map((row) => row.map(clean)),
  )
}
