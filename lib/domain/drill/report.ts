import { type FaultKind, faultKinds } from './faults'
import { type FaultFinding, type FaultVerdict, verdictOf } from './judge'

/** What of a journal's line the report is made of. */
interface Line {
  kind: string
  step?: string | null
  output?: unknown
  because?: string | null
}

export interface DrillReport {
  findings: { finding: FaultFinding; verdict: FaultVerdict }[]
  /** Begun, and without a figure: what they cost is not known. */
  unmeasured: FaultKind[]
  /** As pg_cluster counts: the sum of all accounts against what was acknowledged, of all faults together; null: not known of each of them. */
  difference: number | null
  acked: number | null
  lost: number | null
  duplicated: number | null
  /** What was stopped, and was not proven to run again; its database, where that is still there. Empty: nothing is left. */
  left: string[]
  isOver: boolean
}

const isFinding = (output: unknown): output is FaultFinding =>
  typeof output === 'object' && output !== null && 'cost' in output && 'kind' in output && faultKinds.includes(output.kind as FaultKind)

/** Of a drill's journal; null: no fault was begun. */
export const drillReport = (lines: readonly Line[]): DrillReport | null => {
  const of = (kind: string) => new Set(lines.filter((line) => line.kind === kind).map(({ step }) => step))
  const findings = lines.flatMap(({ kind, output }) =>
    kind === 'finished' && isFinding(output) ? [{ finding: output, verdict: verdictOf(output) }] : [],
  )
  const [intended, released] = [of('intended'), of('released')]
  const measured = new Set(findings.map(({ finding }) => finding.kind))
  const unmeasured = faultKinds.filter((kind) => intended.has(kind) && !measured.has(kind))
  if (findings.length + unmeasured.length === 0) return null
  const isOver = lines.some(({ kind }) => kind === 'closed')
  const sum = (figure: (finding: FaultFinding) => number | null): number | null => {
    const figures = findings.map(({ finding }) => figure(finding))
    return unmeasured.length > 0 || figures.includes(null) ? null : figures.reduce<number>((all, one) => all + one!, 0)
  }
  return {
    findings,
    unmeasured,
    difference: sum(({ total }) => total?.difference ?? null),
    acked: sum(({ acked }) => acked),
    lost: sum(({ lost }) => lost),
    duplicated: sum(({ duplicated }) => duplicated),
    left: isOver ? [...intended].flatMap((step) => (typeof step === 'string' && !released.has(step) ? [step] : [])) : [],
    isOver,
  }
}
