import Link from 'next/link'
import { stepLook } from '@/components/run/step-look'
import { CanaryStrip } from '@/components/run/strip'
import { Card } from '@/components/ui/card'
import { Note } from '@/components/ui/note'
import { State } from '@/components/ui/state'
import { Moment } from '@/components/ui/zone'
import type { FailoverReport, Fence, LaterWork } from '@/lib/domain/proof/failover-report'
import { formatBytes } from '@/lib/domain/values/bytes'
import { formatDuration } from '@/lib/domain/values/duration'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { verdictWords } from '@/lib/kernel/operation/verdict'
import type { Tone } from '@/lib/kernel/resource/field'
import { Rows } from './rows'

const verdictTones: Record<Verdict['verdict'], Tone> = { pass: 'good', warn: 'warn', unknown: 'neutral', refuse: 'bad' }
const seconds = (ms: number | null) => (ms === null ? '' : ms < 10_000 ? `${(ms / 1000).toFixed(2)}\u00a0s` : formatDuration(ms / 1000))

const Loss = ({ report: { lossBytes, lastKnown, mode } }: { report: FailoverReport }) => {
  if (mode === 'planned') return 'Nothing: the candidate had replayed the last record before it was promoted.'
  if (lossBytes === null || lastKnown === null) return 'Not provable: it is not known how far the old primary had written.'
  return (
    <>
      Estimated {formatBytes(lossBytes)} up to {lastKnown.lsn}
      {lastKnown.seenAt !== null && (
        <>
          {' '}
          (seen <Moment at={lastKnown.seenAt} />)
        </>
      )}
      ; what was written after that look is not in it.
    </>
  )
}

/** How long nobody took writes: measured where the console stopped the old primary, else as far as the looks bound it. */
const WithoutPrimary = ({ report: { gapMs, bounds } }: { report: FailoverReport }) => {
  if (gapMs !== null) return `${seconds(gapMs)} from the order to stop to the first proven commit`
  if (bounds === null) return 'not measured'
  return (
    <>
      At most {seconds(Date.parse(bounds.firstCommitAt) - Date.parse(bounds.lastSeenAt))}: last seen writable{' '}
      <Moment at={bounds.lastSeenAt} />, first proven commit <Moment at={bounds.firstCommitAt} />
    </>
  )
}

const clientSaw = ({ canary }: FailoverReport): string => {
  if (canary === null) return 'not measured: no canary wrote'
  const errors = canary.refused + canary.unknown
  const lost =
    canary.found === null ? 'the new primary could not be asked' : `${canary.found.lost} of ${canary.acked} acknowledged commits lost`
  return `a gap of ${seconds(canary.longestGapMs)} at most between two commits, ${errors} ${errors === 1 ? 'error' : 'errors'}, ${lost}`
}

const laterTones: Record<string, Tone> = { done: 'good', attention: 'bad', failed: 'bad', running: 'info', undone: 'warn', refused: 'warn' }

/** A later job's WAL that only its member had. */
const Saved = ({ saved }: { saved: LaterWork['saved'] }) =>
  saved && (
    <>
      <code className="[overflow-wrap:anywhere]">{saved.path}</code>
      {saved.host !== null && ` on ${saved.host}`}, {formatBytes(saved.bytes)} in {saved.files} {saved.files === 1 ? 'file' : 'files'}
    </>
  )

/** When the old primary followed again, by this failover or by a later job, and where the WAL is that it alone had. */
const CameBack = ({ report: { steps, later, oldPrimary } }: { report: FailoverReport }) => {
  const own = steps.find(({ name, state }) => name === 'rejoin' && state === 'done')
  const work = later.find(({ title, state }) => title === oldPrimary && state === 'done')
  if (own?.startedAt != null) return <Moment at={new Date(Date.parse(own.startedAt) + (own.tookMs ?? 0)).toISOString()} />
  if (work?.finishedAt == null) return 'not yet'
  return (
    <>
      <Moment at={work.finishedAt} />, by <Link href={`/runs/${work.runId}?job=${work.jobId}`}>{work.operation}</Link>
      {work.saved && (
        <>
          ; its own WAL is kept in <Saved saved={work.saved} />
        </>
      )}
    </>
  )
}

/** What the console did by itself to a primary that came back. */
const fenceRow = ({ title, action, because, at }: Fence) => [
  title,
  'none: Matriarch by itself',
  <State key="s" tone="good">
    {action === 'stopped' ? 'stopped' : 'barred from starting read-write'}
  </State>,
  <Moment key="m" at={at} />,
  '',
  because,
]

const Later = ({ later, fences }: { later: readonly LaterWork[]; fences: readonly Fence[] }) => (
  <Rows
    heads={['Member', 'Job', 'State', 'Began', 'Took', 'WAL saved before the rewind']}
    rows={[
      ...fences.map(fenceRow),
      ...later.map((work) => [
        work.title,
        <Link key="j" href={`/runs/${work.runId}?job=${work.jobId}`}>
          {work.operation}
        </Link>,
        <State key="s" tone={laterTones[work.state] ?? 'neutral'}>
          {work.state}
        </State>,
        work.startedAt === null ? '' : <Moment key="m" at={work.startedAt} />,
        work.startedAt === null || work.finishedAt === null ? '' : seconds(Date.parse(work.finishedAt) - Date.parse(work.startedAt)),
        work.saved === null ? (work.because ?? '') : <Saved key="w" saved={work.saved} />,
      ]),
    ]}
  />
)

const Cached = ({ until, ttlSeconds }: { until: string; ttlSeconds: number }) => (
  <>
    until <Moment at={until} /> (TTL {ttlSeconds} s)
  </>
)

/** What was known when, what was done, and what is still open: for the screen and for paper. */
export const Report = ({ report, runHref, fences }: { report: FailoverReport; runHref: string; fences: readonly Fence[] }) => (
  <div className="page-body report">
    {report.open.length > 0 ? (
      <Note tone="warn" title="Still open">
        <ul className="list-disc pl-5">
          {report.open.map((point) => (
            <li key={point}>{point}</li>
          ))}
        </ul>
      </Note>
    ) : (
      <Note
        tone={report.state === 'done' ? 'info' : 'neutral'}
        title={report.state === 'done' ? 'Nothing is left to do.' : `State: ${report.state}`}
      />
    )}
    <Card title="In short">
      <dl className="facts">
        <dt>Mode</dt>
        <dd>{report.mode}</dd>
        <dt>Old primary</dt>
        <dd>{report.oldPrimary ?? 'not known'}</dd>
        <dt>New primary</dt>
        <dd>{report.newPrimary ?? 'none'}</dd>
        <dt>Fence</dt>
        <dd>{report.fence}</dd>
        <dt>Lost</dt>
        <dd>
          <Loss report={report} />
        </dd>
        <dt>Without a primary</dt>
        <dd>
          <WithoutPrimary report={report} />
        </dd>
        <dt>A client saw</dt>
        <dd>{clientSaw(report)}</dd>
        {report.oldPrimary !== null && (
          <>
            <dt>Back as a standby</dt>
            <dd>
              <CameBack report={report} />
            </dd>
          </>
        )}
        <dt>Looked at</dt>
        <dd>
          <Moment at={report.gatheredAt} />
        </dd>
        <dt>Its run</dt>
        <dd>
          <Link href={runHref}>log and commands</Link>
        </dd>
      </dl>
    </Card>
    {report.canary?.strip && (
      <Card title="What a client saw">
        <CanaryStrip strip={report.canary.strip} isOpen={false} />
      </Card>
    )}
    <Card title="What was known before" isFlush>
      <Rows
        heads={['Check', 'Verdict', 'Because']}
        rows={report.gates.map((gate) => [
          gate.title,
          <State key="v" tone={verdictTones[gate.verdict]}>
            {verdictWords[gate.verdict]}
          </State>,
          gate.because ?? '',
        ])}
      />
    </Card>
    <Card title="Who could take over" isFlush>
      <Rows heads={['Rank', 'Standby', 'Because']} rows={report.ranking.map((one) => [one.rank ?? 'none', one.title, one.because])} />
    </Card>
    <Card title="Positions in the WAL" isFlush>
      <Rows
        heads={['What', 'Timeline', 'Position']}
        rows={report.positions.map((one) => [one.label, one.timeline ?? '', <code key="l">{one.lsn}</code>])}
      />
    </Card>
    <Card title="Steps" isFlush>
      <Rows
        heads={['Step', 'State', 'Began', 'Took', 'Because']}
        rows={report.steps.map((step) => [
          step.title,
          <State key="s" tone={stepLook[step.state][0]}>
            {stepLook[step.state][1]}
          </State>,
          step.startedAt === null ? '' : <Moment key="m" at={step.startedAt} />,
          seconds(step.tookMs),
          step.because ?? '',
        ])}
      />
    </Card>
    <Card title="What DNS answered" isFlush>
      {report.names.length === 0 ? (
        <p className="body text-ink-2">No name was moved.</p>
      ) : (
        <Rows
          heads={['Name', 'Server', 'Answer', 'Resolvers may give the old answer']}
          rows={report.names.flatMap(({ name, servers, cached }) =>
            servers.map((one) => [name, one.server, one.says, cached === null ? 'no' : <Cached key="c" {...cached} />]),
          )}
        />
      )}
    </Card>
    <Card title="Who followed" isFlush>
      {report.followed.length + report.parked.length === 0 ? (
        <p className="body text-ink-2">There was no other standby.</p>
      ) : (
        <Rows
          heads={['Standby', 'Outcome', 'Because']}
          rows={[
            ...report.followed.map((title) => [
              title,
              <State key="g" tone="good">
                streams from the new primary
              </State>,
              '',
            ]),
            ...report.parked.map((one) => [
              one.title,
              <State key="p" tone="warn">
                left as it was
              </State>,
              one.because,
            ]),
          ]}
        />
      )}
    </Card>
    {report.later.length + fences.length > 0 && (
      <Card title="What was done on its members since" isFlush>
        <Later later={report.later} fences={fences} />
      </Card>
    )}
  </div>
)
