import { type Args, mustBeEmpty, take, UsageError } from './args'
import { getJson, type Where } from './client'
import { exitCodes } from './exit-codes'
import { clean, table } from './table'

export interface InputProperty {
  type?: string | string[]
  /** Such as `bytes`: it may be given with its unit. */
  unit?: string
  title?: string
  description?: string
  enum?: unknown[]
  const?: unknown
  default?: unknown
  examples?: unknown[]
  anyOf?: InputProperty[]
}

export interface Operation {
  name: string
  /** The resource it acts on. */
  on: string
  title: string
  danger: string
  /** It answers with rows. */
  hasResults: boolean
  help: string[]
  input: { properties?: Record<string, InputProperty>; required?: string[] }
}

export const camel = (name: string) => name.replace(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase())

export const kebab = (name: string) => name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase()

export const readOperations = async (where: Where): Promise<Operation[]> =>
  (await getJson<{ items: Operation[] }>(where, '/api/v1/operations')).items

/** Throws `UsageError` with the names there are. */
export const operationNamed = (operations: readonly Operation[], name: string | undefined): Operation => {
  const found = operations.find((one) => one.name === name)
  if (found) return found
  const there = operations.map((one) => one.name).join(', ')
  throw new UsageError(`${name ? `There is no operation ${name}.` : 'Name an operation.'} There are: ${there}.`)
}

const choicesOf = ({ enum: choices, const: only, anyOf = [] }: InputProperty): unknown[] =>
  choices ?? (only !== undefined ? [only] : anyOf.flatMap(choicesOf))

const isFlag = ({ type }: InputProperty): boolean => [type].flat().includes('boolean')

/** What stands behind the flag: its choices, or a word for what it takes. */
const takenBy = (property: InputProperty): string => {
  const choices = choicesOf(property)
  if (choices.length > 0) return choices.map(String).join('|')
  if (property.unit === 'bytes') return 'SIZE'
  const types = [property.type ?? property.anyOf?.map(({ type }) => type) ?? 'string'].flat(2)
  return types.includes('integer') || types.includes('number') ? 'N' : types.includes('array') ? 'A,B' : 'TEXT'
}

const flagOf = (name: string, property: InputProperty): string =>
  isFlag(property) ? `--${kebab(name)}` : `--${kebab(name)} ${takenBy(property)}`

const inputsOf = ({ input }: Operation): { flag: string; isRequired: boolean; property: InputProperty; name: string }[] =>
  Object.entries(input.properties ?? {}).map(([name, property]) => ({
    name,
    property,
    flag: flagOf(name, property),
    isRequired: (input.required ?? []).includes(name),
  }))

const oneLine = (operation: Operation): string =>
  inputsOf(operation)
    .map(({ flag, isRequired }) => (isRequired ? flag : `[${flag}]`))
    .join(' ')

const quoted = (value: unknown): string => (/^[\w.:/@-]+$/.test(String(value)) ? String(value) : `'${String(value)}'`)

/** A plan with the inputs that it must have. */
const exampleOf = (operation: Operation): string => {
  const given = inputsOf(operation)
    .filter(({ isRequired }) => isRequired)
    .map(({ name, property }) => {
      const value = property.examples?.[0] ?? choicesOf(property)[0] ?? takenBy(property)
      return isFlag(property) ? `--${kebab(name)}` : `--${kebab(name)} ${quoted(value)}`
    })
  return ['matriarch plan', operation.name, operation.on === 'instance' ? '--env dev --herd shop' : 'NAME', ...given].join(' ')
}

/** Everything about one operation that a command line needs. */
const explain = (operation: Operation): string => {
  const inputs = inputsOf(operation).map(({ flag, isRequired, property }) => {
    const notes = [
      isRequired ? 'required' : property.default === undefined ? '' : `default ${JSON.stringify(property.default)}`,
      property.description ?? property.title ?? '',
    ]
    return `  ${flag}  ${notes.filter((note) => note !== '').join('. ')}`
  })
  return [
    `${operation.name}: ${operation.title}, on ${operation.on} (${operation.danger})`,
    ...operation.help,
    inputs.length > 0 ? 'Input:' : 'It takes no input.',
    ...inputs,
    'Example:',
    `  ${exampleOf(operation)}`,
  ].join('\n')
}

/** `matriarch operations`, `matriarch operations restart`. */
export const operations = async (where: Where, args: Args): Promise<number> => {
  const output = take(args, 'output') ?? 'table'
  if (output !== 'table' && output !== 'json') throw new UsageError('-o takes table or json here.')
  const [name, extra] = args.words
  if (extra) throw new UsageError('Name one operation, or none.')
  mustBeEmpty(args)
  const all = await readOperations(where)
  const chosen = name === undefined ? all : [operationNamed(all, name)]
  const text =
    output === 'json'
      ? JSON.stringify(name === undefined ? chosen : chosen[0], null, 2)
      : name === undefined
        ? table(
            ['name', 'on', 'what it does', 'input'],
            chosen.map((one) => [one.name, one.on, one.title, oneLine(one)]),
          )
        : explain(chosen[0]!).split('\n').map(clean).join('\n')
  process.stdout.write(`${text}\n`)
  return exitCodes.done
}
