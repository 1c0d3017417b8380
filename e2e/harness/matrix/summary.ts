import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import type { Measured } from './scenario'

/** What is kept of a case. */
export interface CaseLine {
  scenario: string
  trouble: string
  state: string
  broken: readonly string[]
  seconds: number
  /** What somebody else did, and where; null: nobody acted. */
  met: string | null
}

interface MeasuredLine {
  scenario: string
  measured: Measured
}

/** Of all parts that were run so far. */
export interface Summary {
  /** By scenario. Later parts follow from the same measure, so that all parts together are the whole set. */
  measured: Map<string, Measured>
  /** By scenario and trouble; a case that was run again counts as it ended last. */
  cases: Map<string, CaseLine>
}

export const caseKey = ({ scenario, trouble }: Pick<CaseLine, 'scenario' | 'trouble'>): string => `${scenario}, ${trouble}`

/** A line of JSON for each case and each measure, the oldest first. */
export const parseSummary = (text: string): Summary => {
  const summary: Summary = { measured: new Map(), cases: new Map() }
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const said = JSON.parse(line) as CaseLine | MeasuredLine
    if ('measured' in said) summary.measured.set(said.scenario, said.measured)
    else summary.cases.set(caseKey(said), said)
  }
  return summary
}

export const readSummary = (path: string): Summary => parseSummary(existsSync(path) ? readFileSync(path, 'utf8') : '')

export const addTo = (path: string, { scenario, ...line }: CaseLine | MeasuredLine): void =>
  appendFileSync(path, `${JSON.stringify({ scenario, ...line })}\n`)

/** A case that broke no law is not run again. */
export const isKept = ({ cases }: Summary, key: Pick<CaseLine, 'scenario' | 'trouble'>): boolean =>
  cases.get(caseKey(key))?.broken.length === 0

/** Of each scenario: how many cases there are, were run and broke a law, in how many somebody else found something to do, and how they ended. */
export const tableOf = (whole: readonly { scenario: string; trouble: string }[], { cases }: Summary) =>
  [...new Set(whole.map(({ scenario }) => scenario))].map((scenario) => {
    const all = whole.filter((one) => one.scenario === scenario)
    const run = all.flatMap((one) => cases.get(caseKey(one)) ?? [])
    const states = [...new Set(run.map(({ state }) => state))].sort()
    return {
      scenario,
      cases: all.length,
      run: run.length,
      broken: run.filter(({ broken }) => broken.length > 0).length,
      'somebody acted': run.filter(({ met }) => met !== null).length,
      ends: states.map((state) => `${run.filter((one) => one.state === state).length} ${state}`).join(', '),
    }
  })
