import { type Args, mustBeEmpty, UsageError } from './args'
import { getJson, type Where } from './client'
import { Described, type DescribedList } from './described'
import { idFor } from './names'
import { outputOf, pour, print, printJson, remark } from './output'
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

const describedList = async (where: Where, path: string): Promise<DescribedList> => {
  const found = await new Described(where).list(path)
  if (!found) throw new UsageError(`${path} is neither a command nor a resource.`)
  return found
}

const showOne = async (where: Where, path: string, word: string, isJson: boolean): Promise<void> => {
  const { fields } = await describedList(where, path)
  const found = await getJson<Record<string, unknown> & { references?: Record<string, { title: string | null }> }>(
    where,
    `/api/v1/${path}/${await idFor(where, path, word)}`,
  )
  if (isJson) return printJson(found)
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
  const format = outputOf(args, ['table', 'json', 'csv'])
  const [word, extra] = args.words
  if (extra) throw new UsageError(`${extra} is one word too many.`)
  if (word) {
    mustBeEmpty(args)
    await showOne(where, path, word, format === 'json')
    return 0
  }
  const params = filterOf(args)
  if (format === 'csv') {
    params.set('format', 'csv')
    await pour(where, `/api/v1/${path}?${params}`)
    return 0
  }
  const described = format === 'table' ? await describedList(where, path) : null
  if (described && !params.has('columns')) params.set('columns', described.columns.join(','))
  const page = await getJson<Page>(where, `/api/v1/${path}?${params}`)
  if (!described) {
    printJson(page.items)
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
  remark(`${page.total} in all${last > 1 ? `, page ${page.page} of ${last}: --page N, --per N` : ''}`)
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
