import Link from 'next/link'
import { Card } from '@/components/ui/card'
import { State } from '@/components/ui/state'
import type { Judged } from '@/lib/domain/rules/conditions'
import type { Tone } from '@/lib/kernel/resource/field'

export interface DecidedShown {
  id: string
  title: string
  from: string | null
  to: string | null
  verdict: 'chosen' | 'same' | 'fails' | 'unknown' | 'left-out'
  because: string
  judged: Judged | null
  runId: string | null
  leftOut: string | null
}

const looks: Readonly<Record<DecidedShown['verdict'], [Tone, string]>> = {
  chosen: ['good', 'Conditions hold'],
  same: ['neutral', 'Has the type'],
  fails: ['neutral', 'Conditions not met'],
  unknown: ['warn', 'Not measured'],
  'left-out': ['neutral', 'Left out'],
}
const marks: Readonly<Record<Judged['verdict'], [Tone, string]>> = {
  passes: ['good', 'passes'],
  fails: ['bad', 'fails'],
  unknown: ['warn', 'unknown'],
}

/** What was decided for each member, with the verdict of each condition and its figures. */
export const Verdicts = ({ members }: { members: readonly DecidedShown[] }) => (
  <Card title="Members">
    {members.length === 0 && <p className="text-ink-2">No member was judged.</p>}
    <ul className="grid gap-4">
      {members.map(({ id, title, from, to, verdict, because, judged, runId, leftOut }) => (
        <li key={id} className="grid gap-1">
          <p className="flex flex-wrap items-center gap-x-3">
            <Link href={`/instances/${id}`}>{title}</Link>
            {from !== null && to !== null && from !== to && (
              <span>
                {from} → {to}
              </span>
            )}
            <State tone={leftOut === null ? looks[verdict][0] : 'warn'}>
              {leftOut === null ? looks[verdict][1] : 'Left out by a check'}
            </State>
            {runId !== null && <Link href={`/runs/${runId}`}>Its run</Link>}
          </p>
          {leftOut !== null && <p>{leftOut}</p>}
          {judged === null ? <p className="text-ink-2">{because}</p> : <Verdict judged={judged} />}
        </li>
      ))}
    </ul>
  </Card>
)

const Verdict = ({ judged }: { judged: Judged }) => (
  <div>
    <p className="flex flex-wrap items-center gap-x-2">
      <State tone={marks[judged.verdict][0]}>{marks[judged.verdict][1]}</State>
      <span className="text-ink-2 [overflow-wrap:anywhere]">{judged.because}</span>
    </p>
    {judged.parts.length > 0 && (
      <ul className="grid gap-1 border-l border-line pl-4">
        {judged.parts.map((part, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a verdict never changes.
          <li key={index}>
            <Verdict judged={part} />
          </li>
        ))}
      </ul>
    )}
  </div>
)
