import { CanaryStrip } from '@/components/run/strip'
import { Card } from '@/components/ui/card'
import { Note } from '@/components/ui/note'
import { Moment } from '@/components/ui/zone'
import type { CanaryEvidence, MoveEvidence, MoveVerdict } from '@/lib/domain/proof/certificate'
import { formatBytes } from '@/lib/domain/values/bytes'
import { formatDuration } from '@/lib/domain/values/duration'
import { Rows } from './rows'

const styles = {
  proven: { tone: 'good', title: () => 'Proven: no logged commit that was acknowledged is lost.' },
  'not-provable': { tone: 'warn', title: () => 'Not provable. Nothing is known to be lost, but the proof has gaps:' },
  lost: {
    tone: 'bad',
    title: (verdict: MoveVerdict) => {
      const { bytes, commits } = verdict as Extract<MoveVerdict, { kind: 'lost' }>
      const parts = [
        ...(commits === null ? [] : [`${commits} acknowledged ${commits === 1 ? 'commit' : 'commits'}`]),
        bytes === null ? 'how much WAL is not known' : `at least ${formatBytes(bytes)} of WAL`,
      ]
      return `Lost: ${parts.join(', ')}.`
    },
  },
} as const

const ms = (value: number | null) => (value === null ? '' : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`)

const Canary = ({ canary }: { canary: CanaryEvidence }) => (
  <dl className="facts">
    <dt>Wrote through</dt>
    <dd>{canary.through}</dd>
    <dt>Commits</dt>
    <dd>
      {canary.acked} acknowledged, {canary.refused} refused, {canary.unknown} without an answer, of {canary.ledger.attempts} sent
    </dd>
    <dt>Longest gap</dt>
    <dd>{canary.longestGapMs === null ? 'not measured' : `${ms(canary.longestGapMs)} between two acknowledged commits`}</dd>
    <dt>Latency</dt>
    <dd>
      half within {ms(canary.latencyMs.p50)}, 99 % within {ms(canary.latencyMs.p99)}, the longest {ms(canary.latencyMs.max)}
    </dd>
    {(canary.commitModes ?? []).length > 0 && (
      <>
        <dt>A commit was</dt>
        <dd>{canary.commitModes!.join('; then ')}</dd>
      </>
    )}
    <dt>Errors</dt>
    <dd>{canary.errors.length === 0 ? 'none' : canary.errors.map(({ code, count }) => `${count} × ${code}`).join(', ')}</dd>
    <dt>By timeline</dt>
    <dd>{canary.timelines.map(({ timeline, acked, lastLsn }) => `${acked} on ${timeline}, the last at ${lastLsn}`).join('; ')}</dd>
    <dt>Found</dt>
    <dd>
      {canary.found === null
        ? 'the new primary was not asked'
        : `${canary.found.rows} rows on ${canary.found.on}, ${canary.found.lost} of the acknowledged missing, ${canary.found.unknownPresent} of those without an answer there`}
    </dd>
    <dt>Ledger</dt>
    <dd>
      <code>SHA-256 {canary.ledger.sha256}</code>
    </dd>
    {canary.cutOff !== null && (
      <>
        <dt>Cut off</dt>
        <dd>{canary.cutOff}</dd>
      </>
    )}
  </dl>
)

/** One certificate, for the screen and for paper: the verdict first, then everything it follows from. */
export const CertificateView = ({
  evidence,
  verdict,
  issuedAt,
  signature,
}: {
  evidence: MoveEvidence
  verdict: MoveVerdict
  issuedAt: string
  signature: { keyId: string; says: string; isGood: boolean }
}) => {
  const style = styles[verdict.kind]
  const { stopped, replayed, fork, firstCommit, after } = evidence
  const positions: [string, string | null | undefined, number | null | undefined][] = [
    ['Last position anybody saw the old primary at before', evidence.lastKnownLsn, evidence.timeline.old],
    ['Last record of the old primary, by its control file', stopped?.checkpointLsn, evidence.timeline.old],
    ['Replayed by the candidate before it was promoted', replayed?.replayedLsn, evidence.timeline.old],
    ['Fork: where the new timeline leaves the old one', fork?.lsn, fork?.timeline],
    ['After the first proven commit', firstCommit?.lsn, firstCommit?.timeline],
  ]
  return (
    <div className="page-body report">
      <Note tone={signature.isGood ? style.tone : 'bad'} title={signature.isGood ? style.title(verdict) : 'This certificate is not valid.'}>
        <ul className="list-disc pl-5">
          {(signature.isGood ? verdict.because : [signature.says]).map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      </Note>
      <Card title="What was moved">
        <dl className="facts">
          <dt>Herd</dt>
          <dd>
            {evidence.herd} in {evidence.environment}
          </dd>
          <dt>Operation</dt>
          <dd>
            {evidence.operation}, {evidence.mode}, by {evidence.by}; it ended as {evidence.outcome}
          </dd>
          <dt>Old primary</dt>
          <dd>{evidence.oldPrimary ?? 'not known'}</dd>
          <dt>New primary</dt>
          <dd>{evidence.newPrimary ?? 'none'}</dd>
          <dt>Timeline</dt>
          <dd>
            {evidence.timeline.old ?? 'not known'} to {evidence.timeline.new ?? 'not known'}
          </dd>
          <dt>System</dt>
          <dd>
            <code>{evidence.systemIdentifier.new ?? evidence.systemIdentifier.old ?? 'not known'}</code>
          </dd>
          {evidence.notInWal !== undefined && (
            <>
              <dt>Unlogged tables</dt>
              <dd>{evidence.notInWal.unloggedTables ?? 'not known'}</dd>
              <dt>Logical slots left behind</dt>
              <dd>{evidence.notInWal.logicalSlots ?? 'not known'}</dd>
            </>
          )}
          {Boolean(evidence.waitedMs) && (
            <>
              <dt>Waited for the console’s database</dt>
              <dd>{formatDuration(evidence.waitedMs! / 1000)}</dd>
            </>
          )}
          <dt>Issued</dt>
          <dd>
            <Moment at={issuedAt} />
          </dd>
          <dt>Signature</dt>
          <dd>
            {signature.says} <code>{signature.keyId}</code>
          </dd>
        </dl>
      </Card>
      <Card title="Positions in the WAL" isFlush>
        <Rows
          heads={['What', 'Timeline', 'Position']}
          rows={positions.map(([label, lsn, timeline]) => [label, timeline ?? '', lsn ? <code key="l">{lsn}</code> : 'not known'])}
        />
      </Card>
      <Card title="Fence">
        <dl className="facts">
          <dt>Kind</dt>
          <dd>{fenceWords[evidence.fence.kind]}</dd>
          <dt>Stopped</dt>
          <dd>{stopped === null ? 'its control file was not read' : `control file: ${stopped.controlState ?? 'not read'}`}</dd>
          <dt>Before the promotion</dt>
          <dd>{evidence.fence.isBeforePromotion && evidence.fence.hasStandbySignal ? 'yes' : 'no'}</dd>
          <dt>Seen afterwards</dt>
          <dd>
            {after === null
              ? 'could not be checked'
              : `${after.state} ${after.role}, timeline ${after.timeline ?? 'not known'}, ${after.hasStandbySignal ? 'with' : 'without'} standby.signal`}
          </dd>
        </dl>
      </Card>
      <Card title="What a client saw">
        {evidence.canary?.strip && <CanaryStrip strip={evidence.canary.strip} isOpen={false} />}
        {evidence.canary === null ? <p className="text-ink-2">No canary wrote during this move.</p> : <Canary canary={evidence.canary} />}
      </Card>
      <Card title="Clocks" isFlush>
        <Rows
          heads={['Clock', 'Ahead of the console’s', 'Known to within']}
          rows={evidence.clocks.map((clock) => [clock.what, ms(clock.offsetMs), ms(clock.uncertaintyMs)])}
        />
      </Card>
      <Card title="Steps" isFlush>
        <Rows
          heads={['Step', 'State', 'Began', 'Took']}
          rows={evidence.steps.map((step) => [
            step.title,
            step.because === undefined ? step.state.replace('-', ' ') : `${step.state}: ${step.because}`,
            step.startedAt === null ? '' : <Moment key="m" at={step.startedAt} />,
            ms(step.tookMs),
          ])}
        />
      </Card>
    </div>
  )
}

const fenceWords = {
  signal: 'standby.signal on the stopped old primary: if started, it is read-only',
  override: 'none: a person took responsibility',
  none: 'none',
} as const
