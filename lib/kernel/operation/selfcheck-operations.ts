import { z } from 'zod'
import { isObject, type Json, type JsonObject } from '../ground/json'
import { exampleInput } from './example-input'
import { abreast, type Effect, type Facts, isPointOfNoReturn, type Operation } from './operation'

/** A mistake in a declaration: its number is stable, its sentence names the option and the value. */
export interface OperationFault {
  number: string
  operation: string
  sentence: string
}

type Report = (number: string, sentence: string) => void

const namePattern = /^[a-z][a-z0-9-]*$/
/** Also a step of a part of a rolling operation. */
const partPattern = /^[a-z][a-z0-9-]*(\/[a-z][a-z0-9-]*)?$/

/** Everything that the types cannot refuse. `resources` holds the names that `on` may use. */
export const checkOperations = (operations: readonly Operation[], resources: ReadonlySet<string>): OperationFault[] => {
  const faults: OperationFault[] = []
  const seen = new Set<string>()
  for (const operation of operations) {
    const report: Report = (number, sentence) => faults.push({ number, operation: operation.name, sentence })
    if (seen.has(operation.name)) report('O01', `name: “${operation.name}” is used twice`)
    seen.add(operation.name)
    if (!resources.has(operation.on)) report('O02', `on: “${operation.on}” is no resource`)
    checkHead(operation, report)
    checkNames(operation, report)
    for (const effect of operation.effects) checkEffect(effect, report)
    checkRows(operation, report)
  }
  return faults
}

const checkHead = (operation: Operation, report: Report): void => {
  if (operation.title.trim() === '' || operation.verb.trim() === '') report('O04', 'title or verb: is empty')
  if (operation.help.length === 0 || operation.help.some((one) => one.trim() === '')) report('O05', 'help: says nothing')
  if (operation.effects.length === 0) report('O06', 'it has no effect')
  if (operation.neverAsksPhrase && operation.danger !== 'routine')
    report('O07', `neverAsksPhrase: only a routine operation may say so, and this one is ${operation.danger}`)
  const lasting = operation.effects.find((effect) => isPointOfNoReturn(effect.ending, null))
  if (operation.danger === 'routine' && lasting) report('O08', `danger: it is routine, but “${lasting.name}” is a point of no return`)
  const input = operation.input.safeParse(exampleInput(operation))
  const permission = operation.permission(input.success ? input.data : {})
  if (permission !== operation.name && !permission.startsWith(`${operation.name}.`))
    report('O09', `permission: “${permission}” does not begin with the operation’s name`)
  if (!(operation.input instanceof z.ZodObject)) report('O10', 'input: is no object')
  else if (operation.input.def.catchall === undefined) report('O11', 'input: takes unknown keys in silence; use z.strictObject')
  checkInput(operation, report)
}

/** What the kinds of a form's inputs hold: text, numbers, flags and choices. */
const isTyped = (schema: Json | undefined): boolean => isObject(schema) && schema.type !== 'array' && schema.type !== 'object'

const checkInput = ({ input }: Operation, report: Report): void => {
  if (!(input instanceof z.ZodObject)) return
  const { properties } = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }) as JsonObject
  for (const [name, schema] of Object.entries(isObject(properties) ? properties : {}))
    if (!isTyped(schema)) report('O20', `input: “${name}” is a list or an object, which no form asks for; take a text and split it`)
  const example = input.safeParse(exampleInput({ input }))
  for (const { path } of example.error?.issues ?? [])
    report('O21', `input: “${path.join('.')}” has no default, and no example that it takes; put \`examples\` into its meta`)
}

const checkNames = ({ gates, effects, name, segments }: Operation, report: Report): void => {
  const names = new Set<string>()
  if (!namePattern.test(name)) report('O03', `name: “${name}” is not made of lowercase letters, digits and dashes`)
  for (const step of [...gates, ...effects]) {
    if (names.has(step.name)) report('O12', `“${step.name}” names two of its gates and effects`)
    names.add(step.name)
    if (!(segments === undefined ? namePattern : partPattern).test(step.name))
      report('O13', `“${step.name}” is not made of lowercase letters, digits and dashes`)
    if (step.title.trim() === '') report('O14', `“${step.name}” has no title`)
  }
}

const checkRows = (operation: Operation, report: Report): void => {
  if (operation.effects[0]?.isBeside) report('O22', `“${operation.effects[0].name}” is taken beside the effect before it, and is the first`)
  for (const row of abreast(operation).filter(({ length }) => length > 1))
    for (const { name, ending } of row)
      if (isPointOfNoReturn(ending, null)) report('O23', `“${name}” is a point of no return, and is not taken alone`)
}

const checkEffect = (effect: { name: string } & Effect<Facts>, report: Report): void => {
  const { ending, timeoutMs, name } = effect
  if (typeof timeoutMs === 'number' && !(timeoutMs > 0 && Number.isFinite(timeoutMs)))
    report('O15', `“${name}” has no deadline: timeoutMs is ${timeoutMs}`)
  const kinds = ['undo', 'release', 'final'].filter((kind) => kind in ending)
  if (kinds.length !== 1)
    report('O16', `“${name}” has ${kinds.length === 0 ? 'no ending' : `the endings ${kinds.join(' and ')}`}; it needs exactly one`)
  const words = 'final' in ending ? ending.final : ending.sentence
  if (typeof words !== 'string' || words.trim() === '')
    report('O17', 'final' in ending ? `“${name}” is final and does not say why` : `“${name}” does not say how it is undone`)
  if ('timeoutMs' in ending && ending.timeoutMs !== undefined && !(ending.timeoutMs > 0))
    report('O18', `the ending of “${name}” has no deadline: timeoutMs is ${ending.timeoutMs}`)
  if (effect.proof === 'answer' && !('final' in ending))
    report('O19', `“${name}” takes its answer for the proof, so whether it needs taking back cannot be looked up; make it final`)
}
