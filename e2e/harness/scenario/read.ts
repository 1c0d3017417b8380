import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { isMap, isNode, LineCounter, parseDocument, type Document as YamlDocument } from 'yaml'
import type { z } from 'zod'
import { LabError } from '@/lib/playground/machine/error'
import { fleetFaults, type NameFault, stepFaults } from './names'
import { keysAt } from './shape'
import { type Scenario, type Step, scenarioWords, stepWords, type Verb, verbs } from './words'

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
  const place = ({ path, because }: NameFault): Fault => ({ line: lineOf(path), because })
  faults.push(...fleetFaults(fleet).map(place))
  if (faults.length === 0) faults.push(...stepFaults(steps, fleet).map(place))
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

const faultOf = (issue: Issue, at: readonly PropertyKey[], lineOf: (path: readonly PropertyKey[]) => number): Fault => {
  const path = [...at, ...issue.path]
  if (issue.code !== 'unrecognized_keys') return { line: lineOf(path), because: `${wordsOf(path)}: ${issue.message}${known(issue)}.` }
  const [first] = issue.keys
  const verb = at.length > 0 && 'verb' in issue ? (issue.verb as Verb) : null
  const allowed = verb === null ? keysAt(scenarioWords, path) : keysAt(stepWords[verb], issue.path)
  return {
    line: lineOf([...path, first!]),
    because: `${issue.keys.map((key) => `“${key}”`).join(', ')} is not known here. Known: ${allowed.join(', ')}.`,
  }
}

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
