import type { FieldSpec } from './field'
import { reservedNames } from './query'
import type { Resource } from './resource'

/** A mistake in a declaration: its number is stable, its sentence names the resource, the option and the value. */
export interface DeclarationFault {
  number: string
  resource: string
  sentence: string
}

/** What the check needs to know of a table; read from the schema by the caller. */
export interface TableShape {
  columns: ReadonlySet<string>
  /** Columns a row cannot be added without. */
  needed: ReadonlySet<string>
  /** Columns with a trigram index. */
  searchable: ReadonlySet<string>
  /** Columns that a resource must never show. */
  secret: ReadonlySet<string>
}

type Report = (number: string, sentence: string) => void
type ByName = ReadonlyMap<string, Resource>

const list = (names: readonly string[]): string => names.map((name) => `“${name}”`).join(', ')

const checkNames = (resources: readonly Resource[], report: (resource: Resource) => Report): void => {
  const seen = { name: new Map<string, string>(), path: new Map<string, string>() }
  for (const resource of resources) {
    for (const key of ['name', 'path'] as const) {
      const before = seen[key].get(resource[key])
      if (before !== undefined) report(resource)('R01', `${key}: “${resource[key]}” is also that of ${before}`)
      seen[key].set(resource[key], resource.name)
      if (!/^[a-z][a-z0-9-]*$/.test(resource[key]))
        report(resource)('R02', `${key}: “${resource[key]}” is not made of lowercase letters, digits and dashes`)
    }
  }
}

/** `before`: keys that pages of no resource have. */
const checkMenu = (resources: readonly Resource[], before: ReadonlySet<string>, report: (resource: Resource) => Report): void => {
  const taken = new Map([...before].map((key) => [key, 'another page']))
  for (const resource of resources) {
    if (!resource.menu) continue
    const { key } = resource.menu
    const holder = taken.get(key)
    if (holder !== undefined) report(resource)('R26', `menu: the key “${key}” is also that of ${holder}`)
    if (!/^[a-z0-9$%?!]$/.test(key)) report(resource)('R27', `menu: the key “${key}” is not one lowercase letter, digit or mark`)
    taken.set(key, resource.name)
  }
}

const checkFields = (resource: Resource, table: TableShape, byName: ByName, report: Report): void => {
  for (const [name, spec] of Object.entries<FieldSpec>(resource.fields)) {
    if (!table.columns.has(name)) report('R03', `fields: “${name}” is no column of its table`)
    if (table.secret.has(name)) report('R04', `fields: “${name}” is a secret and must not be a field`)
    if (spec.kind === 'secret' && !table.secret.has(spec.sealedIn))
      report('R23', `fields: “${name}” is sealed in “${spec.sealedIn}”, which is no column for secrets`)
    if (spec.sortedBy !== undefined && !table.columns.has(spec.sortedBy))
      report('R24', `fields: “${name}” is sorted by “${spec.sortedBy}”, which is no column of its table`)
    if (spec.kind === 'reference' && spec.among !== undefined && !table.columns.has(spec.among))
      report('R25', `fields: “${name}” is among “${spec.among}”, which is no column of its table`)
    if ((reservedNames as readonly string[]).includes(name)) report('R05', `fields: “${name}” means something else in a list’s URL`)
    if (spec.required && (spec.observed || spec.automatic)) report('R16', `fields: “${name}” is required, but people do not set it`)
    if (spec.label.trim() === '') report('R06', `fields: “${name}” has no label`)
    if (spec.kind === 'reference' && !byName.has(spec.to)) report('R07', `fields: “${name}” refers to “${spec.to}”, which is no resource`)
    if (spec.kind === 'choice' && new Set(spec.choices.map((choice) => choice.value)).size !== spec.choices.length)
      report('R08', `fields: “${name}” has a choice twice`)
    if (spec.kind === 'choice' && spec.choices.length === 0) report('R08', `fields: “${name}” has no choices`)
    const pattern = 'pattern' in spec ? spec.pattern : undefined
    if (pattern && !isPattern(pattern.source)) report('R09', `fields: the pattern of “${name}” is no regular expression: ${pattern.source}`)
    if (spec.observed && resource.observedAt === undefined) report('R10', `fields: “${name}” is observed, but observedAt does not say when`)
  }
}

const isPattern = (source: string): boolean => {
  try {
    return new RegExp(source, 'u') instanceof RegExp
  } catch {
    return false
  }
}

const checkList = (resource: Resource, table: TableShape, report: Report): void => {
  const { columns, filters, search, order } = resource.list
  const first = order.replace(/^-/, '')
  for (const [option, names] of [
    ['list.columns', columns],
    ['list.filters', filters],
    ['list.order', [first]],
    ['sections', resource.sections.flatMap((section) => section.fields)],
  ] as const) {
    const unknown = names.filter((name) => !Object.hasOwn(resource.fields, name))
    if (unknown.length > 0) report('R11', `${option}: ${list(unknown)} is no field`)
    if (new Set(names).size !== names.length) report('R12', `${option}: a field is named twice`)
  }
  if (columns.length === 0) report('R13', 'list.columns: is empty')
  for (const name of filters)
    if (['json', 'longText', 'moment', 'lsn'].includes(resource.fields[name]?.kind ?? ''))
      report('R14', `list.filters: “${name}” has a kind without choices to count`)
  for (const name of search) if (!table.searchable.has(name)) report('R15', `list.search: “${name}” has no trigram index`)
}

const hangsOnItself = (resource: Resource, name: string): boolean => {
  const seen = new Set<string>()
  for (let at: string | undefined = name; at !== undefined; at = resource.fields[at]?.when?.field) {
    if (seen.has(at)) return true
    seen.add(at)
  }
  return false
}

const checkForm = (resource: Resource, table: TableShape, report: Report): void => {
  for (const name of resource.form) {
    const spec = resource.fields[name]
    if (spec?.required === undefined && table.needed.has(name))
      report('R17', `form: “${name}” must be required: its column takes no null and has no default`)
  }
  for (const [name, { when }] of Object.entries<FieldSpec>(resource.fields)) {
    if (!when) continue
    const other = resource.fields[when.field]
    if (resource.form.includes(name) !== resource.form.includes(when.field))
      report('R28', `fields: “${name}” applies when “${when.field}” says so, and people set only one of them`)
    else if (hangsOnItself(resource, name)) report('R28', `fields: “${name}” applies when “${when.field}” says so, which hangs on it`)
    else if (typeof when.is !== 'string' && other?.kind === 'choice')
      for (const value of when.is)
        if (!other.choices.some((choice) => choice.value === value))
          report('R28', `fields: “${name}” applies when “${when.field}” is “${value}”, which is none of its choices`)
  }
  if (!resource.canAdd) return
  const unset = [...table.needed].filter((name) => !resource.form.includes(name))
  if (unset.length > 0) report('R18', `form: a row cannot be added without ${list(unset)}`)
}

const checkLinks = (resource: Resource, table: TableShape, byName: ByName, report: Report): void => {
  const { scope } = resource
  const column = typeof scope === 'string' ? scope : 'array' in scope ? scope.array : scope.owner
  if (column !== 'console' && !table.columns.has(column)) report('R19', `scope: “${column}” is no column of its table`)
  for (const [option, name] of [
    ['observedAt', resource.observedAt],
    ['observedSource', resource.observedSource],
    ['tellsOf', resource.tellsOf],
  ] as const)
    if (name !== undefined && !table.columns.has(name)) report('R20', `${option}: “${name}” is no column of its table`)
  for (const { resource: other, by, via } of resource.related) {
    const target = byName.get(other)
    if (!target) report('R21', `related: “${other}” is no resource`)
    else if (!Object.hasOwn(target.fields, by)) report('R21', `related: ${other} has no field “${by}”`)
    if (via !== undefined && !Object.hasOwn(resource.fields, via)) report('R21', `related: there is no field “${via}”`)
  }
  for (const { resource: other, by, via } of resource.offers) {
    if (!Object.hasOwn(byName.get(other)?.fields ?? {}, by)) report('R26', `offers: ${other} has no field “${by}”`)
    if (via !== undefined && !Object.hasOwn(resource.fields, via)) report('R26', `offers: there is no field “${via}”`)
  }
  if (resource.help.length === 0) report('R22', 'help: is empty')
}

/** Every fault of the declarations at once, in order; empty when they are sound. `takenKeys`: keys of the menu that pages of no resource have. */
export const checkResources = (
  resources: readonly Resource[],
  shapeOf: (resource: Resource) => TableShape,
  takenKeys: ReadonlySet<string>,
): DeclarationFault[] => {
  const faults: DeclarationFault[] = []
  const byName: ByName = new Map(resources.map((resource) => [resource.name, resource]))
  const reporter =
    (resource: Resource): Report =>
    (number, sentence) =>
      faults.push({ number, resource: resource.name, sentence })
  checkNames(resources, reporter)
  checkMenu(resources, takenKeys, reporter)
  for (const resource of resources) {
    const [table, report] = [shapeOf(resource), reporter(resource)]
    checkFields(resource, table, byName, report)
    checkList(resource, table, report)
    checkForm(resource, table, report)
    checkLinks(resource, table, byName, report)
  }
  return faults
}
