import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { isMap, isNode, LineCounter, parseDocument, type Document as YamlDocument } from 'yaml'
import type { z } from 'zod'
import { operationByName, operations } from '@/lib/operations'
import { parseTopology } from '@/lib/playground/fleet'
import { LabError } from '@/lib/playground/lab-error'
import { type Scenario, type ScenarioFleet, type Step, scenarioWords, stepWords, type Verb, verbs } from './words'

/** Reads a scenario file. Throws a `LabError` that names every fault with its line and what may stand there. */
export const readScenario = (path: string): Scenario => parseScenario(basename(path), readFileSync(path, 'utf8'))

export const parseScenario = (file: string, text: string): Scenario => {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const faults: Fault[] = document.errors.map(({ pos, message }) => ({ line: lines.linePos(pos[0]).line, because: message }))
  const lineOf = (path: readonly PropertyKey[]) => lineAt(document, lines, path)
  if (faults.length > 0) throw refusal(file, faults)
  const head = scenarioWords.safeParse(document.toJS())
  if (!head.success)
    throw refusal(
      file,
      head.error.issues.map((issue) => faultOf(issue, [], lineOf)),
    )
  const { fleet, case: number, ...about } = head.data
  const steps = head.data.steps.flatMap((raw, index): Step[] => {
    const at: PropertyKey[] = ['steps', index]
    const step = readStep(raw, lineOf(at))
    if ('verb' in step) return [step]
    faults.push(...step.issues.map((issue) => faultOf(issue, at, lineOf)))
    return []
  })
  faults.push(...fleetFaults(fleet, lineOf))
  if (faults.length === 0) faults.push(...steps.flatMap((step) => stepFaults(step, fleet)))
  if (faults.length > 0) throw refusal(file, faults)
  return { ...about, ...(number === undefined ? {} : { case: number }), fleet, file, steps }
}

interface Fault {
  line: number
  because: string
}

const refusal = (file: string, faults: readonly Fault[]): LabError =>
  new LabError(
    faults
      .toSorted((a, b) => a.line - b.line)
      .map(({ line, because }) => `${file}:${line}: ${because}`)
      .join('\n'),
  )

/** The line of a key where there is one, else of what is around it. */
const lineAt = (document: YamlDocument, lines: LineCounter, path: readonly PropertyKey[]): number => {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true)
    const key = isMap(parent) ? parent.items.find((pair) => isNode(pair.key) && String(pair.key) === String(path[length - 1]))?.key : null
    const node = isNode(key) ? key : document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return 1
}

type Issue = z.core.$ZodIssue

const shapeOf = (path: readonly PropertyKey[]): z.ZodType | undefined => {
  let shape: unknown = scenarioWords
  for (const key of path) shape = (shape as { shape?: Record<PropertyKey, unknown> } | undefined)?.shape?.[key]
  return shape as z.ZodType | undefined
}

const keysOf = (shape: unknown): string[] => Object.keys((shape as { shape?: object } | undefined)?.shape ?? {})

const faultOf = (issue: Issue, at: readonly PropertyKey[], lineOf: (path: readonly PropertyKey[]) => number): Fault => {
  const path = [...at, ...issue.path]
  if (issue.code !== 'unrecognized_keys') return { line: lineOf(path), because: `${wordsOf(path)}: ${issue.message}${known(issue)}.` }
  const [first] = issue.keys
  const verb = at.length > 0 && 'verb' in issue ? (issue.verb as Verb) : null
  const allowed = verb === null ? keysOf(shapeOf(path)) : keysOf(nested(stepWords[verb], issue.path))
  return {
    line: lineOf([...path, first!]),
    because: `${issue.keys.map((key) => `“${key}”`).join(', ')} is not known here. Known: ${allowed.join(', ')}.`,
  }
}

const nested = (shape: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce((inner, key) => (inner as { shape?: Record<PropertyKey, unknown> } | undefined)?.shape?.[key], shape)

const known = (issue: Issue): string => (issue.code === 'invalid_value' ? `; known: ${issue.values.map(String).join(', ')}` : '')

const wordsOf = (path: readonly PropertyKey[]): string =>
  path.length === 0 ? 'the file' : path.map((key) => (typeof key === 'number' ? `${key + 1}` : String(key))).join(' ')

const readStep = (raw: Record<string, unknown>, line: number): Step | { issues: Issue[] } => {
  const [verb, ...others] = verbs.filter((one) => one in raw)
  if (verb === undefined || others.length > 0) {
    const said =
      verb === undefined
        ? `has no verb among ${Object.keys(raw).join(', ') || 'nothing'}; the verbs are ${verbs.join(', ')}`
        : `has the verbs ${[verb, ...others].join(' and ')}; make them steps of their own`
    return { issues: [{ code: 'custom', path: [], message: said, input: raw }] }
  }
  const parsed = stepWords[verb].safeParse(raw)
  return parsed.success
    ? ({ verb, line, words: parsed.data } as Step)
    : { issues: parsed.error.issues.map((issue) => ({ ...issue, verb })) }
}

const hostsOf = (fleet: ScenarioFleet): Set<string> =>
  new Set([
    ...Object.values(fleet.herds).flatMap(({ members }) => parseTopology(members).map(({ host }) => host)),
    ...Object.keys(fleet.poolers),
  ])

const oneOf = (what: string, wanted: string, all: Iterable<string>): string | null =>
  [...all].includes(wanted) ? null : `there is no ${what} ${wanted}; known: ${[...all].join(', ')}.`

const fleetFaults = (fleet: ScenarioFleet, lineOf: (path: readonly PropertyKey[]) => number): Fault[] => {
  const faults: Fault[] = []
  for (const [name, { members }] of Object.entries(fleet.herds))
    try {
      parseTopology(members)
    } catch (error) {
      faults.push({ line: lineOf(['fleet', 'herds', name]), because: (error as Error).message })
    }
  for (const [host, { herd }] of Object.entries(fleet.poolers)) {
    const because = oneOf('herd', herd, Object.keys(fleet.herds))
    if (because !== null) faults.push({ line: lineOf(['fleet', 'poolers', host]), because: `the pooler on ${host}: ${because}` })
  }
  return faults
}

/** Names that a step uses and nothing has. */
const stepFaults = ({ verb, line, words }: Step, fleet: ScenarioFleet): Fault[] => {
  const [hosts, herds] = [hostsOf(fleet), Object.keys(fleet.herds)]
  const host = (one: string | undefined) => (one === undefined ? null : oneOf('host', one, hosts))
  const herd = (one: string | undefined) => {
    if (one !== undefined) return oneOf('herd', one, herds)
    return herds.length === 1 ? null : `there are several herds: say which one with “herd: ${herds[0]}”.`
  }
  const found = ((): (string | null)[] => {
    switch (verb) {
      case 'load':
        return [herd(words.herd), ...words.through.map((one) => (['members', 'poolers'].includes(one) ? null : host(one)))]
      case 'open transaction':
        return [herd(words.herd), host(words.through)]
      case 'sql':
        return [herd(words.herd), host(words.on)]
      case 'order':
        return orderFaults(words.order, words['hold before'] ?? words['hold after'], words.on, [...hosts, ...herds])
      case 'kill':
      case 'freeze':
      case 'thaw':
        return [host(words.on)]
      case 'cut':
        return words.cut.map((one) => (one === 'console' ? null : host(one)))
      case 'heal':
        return [words.heal === 'everything' ? null : host(words.heal)]
      case 'power off':
      case 'power on':
        return [host(verb === 'power off' ? words['power off'] : words['power on'])]
      case 'expect': {
        const { herd: one, primary, streams, 'read-only': readers, 'poolers lead to': lead, 'poolers paused': paused } = words.expect
        return [herd(one), ...[primary, lead, ...(streams ?? []), ...(readers ?? []), ...(paused ?? [])].map(host)]
      }
      default:
        return []
    }
  })()
  return found.flatMap((because) => (because === null ? [] : [{ line, because: `${verb}: ${because}` }]))
}

const orderFaults = (name: string, step: string | undefined, on: string | undefined, targets: readonly string[]): (string | null)[] => {
  const operation = operationByName(name)
  if (operation === undefined) return [`there is no operation ${name}; known: ${operations.map((one) => one.name).join(', ')}.`]
  return [
    on === undefined ? null : oneOf('herd or host', on, targets),
    step === undefined
      ? null
      : oneOf(
          `step of ${name}`,
          step,
          operation.effects.map((effect) => effect.name),
        ),
  ]
}
