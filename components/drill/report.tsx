import '@/components/failover/report.css'
import './report.css'
import { Rows } from '@/components/failover/rows'
import { CanaryStrip } from '@/components/run/strip'
import { Card } from '@/components/ui/card'
import { Note } from '@/components/ui/note'
import { State } from '@/components/ui/state'
import { faultTitles, sayCost } from '@/lib/domain/drill/faults'
import type { FaultFinding, FaultVerdict } from '@/lib/domain/drill/judge'
import type { DrillReport } from '@/lib/domain/drill/report'
import { sayMs } from '@/lib/domain/proof/canary-strip'
import { counted } from '@/lib/domain/values/counted'
import type { Tone } from '@/lib/kernel/resource/field'

const verdicts: Readonly<Record<FaultVerdict['kind'], [Tone, string]>> = {
  within: ['good', 'as declared'],
  beyond: ['bad', 'more than declared'],
  unknown: ['warn', 'not known'],
}

const figure = (value: number | null): string => (value === null ? 'not known' : String(value))
const time = (ms: number | null): string => (ms === null ? 'not known' : sayMs(ms))
const signed = (value: number): string => (value > 0 ? `+${value}` : String(value).replace('-', '−'))

/** Of the sum of all accounts, against what was acknowledged. */
const sayDifference = (difference: number | null): string => {
  if (difference === null) return 'not known: not every fault has a figure'
  if (difference === 0) return '0: as many transfers as were acknowledged. A loss and a surplus can cancel out; the rows above cannot.'
  return difference < 0
    ? `${signed(difference)}: fewer transfers than were acknowledged. Acknowledged commits are lost.`
    : `${signed(difference)}: more transfers than were acknowledged. Commits whose clients saw an error.`
}

/** What a drill found, fault by fault, as far as it has come. */
export const DrillFindings = ({ report }: { report: DrillReport }) => {
  const { findings, unmeasured, difference, acked, lost, duplicated, left, isOver } = report
  const bad = findings.filter(({ verdict }) => verdict.kind === 'beyond')
  const open = findings.filter(({ verdict }) => verdict.kind === 'unknown').length + unmeasured.length
  return (
    <div className="report">
      <Summary bad={bad.length} open={open} all={findings.length + unmeasured.length} isOver={isOver} />
      {left.length > 0 && (
        <Note tone="bad" title="Left as it is">
          The clean-up of {left.map((step) => faultTitles[step as keyof typeof faultTitles] ?? `“${step}”`).join('; ')} did not come to its
          end: see the log.
        </Note>
      )}
      <Card title="What each fault cost" isFlush>
        <Rows
          heads={['Fault', 'Verdict', 'Whole after', 'Declared before']}
          rows={[
            ...findings.map(({ finding, verdict }) => verdictRow(finding, verdict)),
            ...unmeasured.map((kind) => [
              faultTitles[kind],
              <State key="v" tone={isOver ? 'warn' : 'info'}>
                {isOver ? 'not known' : 'under way'}
              </State>,
              '',
              isOver ? 'It was begun, and the job ended before it was measured.' : '',
            ]),
          ]}
        />
      </Card>
      {findings.length > 0 && (
        <Card title="What the writers saw" isFlush>
          <div className="drill-figures">
            <Rows
              heads={['Fault', 'Acknowledged', 'Lost', 'Duplicated', 'Without an answer', 'Longest gap', 'p50', 'p99', 'Maximum', 'Sum']}
              rows={findings.map(({ finding }) => figuresRow(finding))}
            />
          </div>
        </Card>
      )}
      <Card title="In all">
        <dl className="facts">
          <dt>Acknowledged</dt>
          <dd>{figure(acked)}</dd>
          <dt>Lost</dt>
          <dd>{figure(lost)}</dd>
          <dt>Duplicated</dt>
          <dd>{figure(duplicated)}</dd>
          <dt>Sum of the accounts</dt>
          <dd>{sayDifference(difference)}</dd>
        </dl>
      </Card>
      <Errors findings={findings.map(({ finding }) => finding)} />
      {findings.map(
        ({ finding }) =>
          finding.strip && (
            <Card key={finding.kind} title={`Commits: ${faultTitles[finding.kind]}`}>
              <CanaryStrip strip={finding.strip} isOpen={false} />
            </Card>
          ),
      )}
    </div>
  )
}

const Summary = ({ bad, open, all, isOver }: { bad: number; open: number; all: number; isOver: boolean }) => {
  const of = `of ${counted(all, 'fault')}`
  if (bad > 0) return <Note tone="bad" title={`${bad} ${of} cost more than was declared.`} />
  if (open > 0) return <Note tone={isOver ? 'warn' : 'info'} title={isOver ? `What ${open} ${of} cost is not known.` : 'Under way.'} />
  return <Note tone="info" title={`${counted(all, 'fault')}: none cost more than was declared.`} />
}

const verdictRow = (finding: FaultFinding, { kind, because }: FaultVerdict) => {
  const [tone, words] = verdicts[kind]
  return [
    faultTitles[finding.kind],
    <State key="v" tone={tone}>
      {words}
    </State>,
    finding.wholeMs === null ? 'not whole' : time(finding.wholeMs),
    <span key="d">
      {sayCost(finding.cost)}.{because.length > 0 && <strong> {because.join('; ')}.</strong>}
    </span>,
  ]
}

const figuresRow = (finding: FaultFinding) => {
  const { unknown, unknownPresent, latencyMs, lostIds, total } = finding
  return [
    faultTitles[finding.kind],
    figure(finding.acked),
    `${figure(finding.lost)}${lostIds.length > 0 ? ` (rows ${lostIds.join(', ')})` : ''}`,
    figure(finding.duplicated),
    unknown === 0 ? '0' : `${figure(unknown)}, ${figure(unknownPresent)} committed`,
    time(finding.longestGapMs),
    time(latencyMs?.p50 ?? null),
    time(latencyMs?.p99 ?? null),
    time(latencyMs?.max ?? null),
    total === null ? '' : signed(total.difference),
  ]
}

const Errors = ({ findings }: { findings: readonly FaultFinding[] }) => {
  const rows = findings.flatMap(({ kind, errors }) =>
    errors.map(({ code, count }) => [faultTitles[kind], <code key="c">{code}</code>, count]),
  )
  return (
    <Card title="Errors by SQLSTATE" isFlush>
      {rows.length === 0 ? (
        <p className="body text-ink-2">No writer saw an error.</p>
      ) : (
        <Rows heads={['Fault', 'SQLSTATE', 'Errors']} rows={rows} />
      )}
    </Card>
  )
}
