import Link from 'next/link'
import { Card } from '@/components/ui/card'
import { Note } from '@/components/ui/note'
import { State } from '@/components/ui/state'
import type { Tone } from '@/lib/kernel/resource/field'
import type { HerdEvictions, SpotMember } from '@/lib/shapes/evictions'

const threats: Readonly<Record<SpotMember['threat'], { tone: Tone; label: (one: SpotMember) => string }>> = {
  none: { tone: 'neutral', label: () => 'Spot' },
  recommended: { tone: 'warn', label: () => 'AWS recommends to leave it' },
  announced: { tone: 'bad', label: ({ dueAt }) => (dueAt === null ? 'AWS takes it' : `AWS takes it at ${dueAt.slice(11, 19)} UTC`) },
  gone: { tone: 'bad', label: () => 'Taken by AWS' },
}

const answers: Readonly<Record<NonNullable<HerdEvictions['answer']>['state'], { tone: Tone; title: string }>> = {
  open: { tone: 'warn', title: 'AWS takes a machine of this herd' },
  running: { tone: 'warn', title: 'AWS takes a machine of this herd, and the herd leaves it now' },
  waiting: { tone: 'bad', title: 'AWS takes a machine of this herd' },
  safe: { tone: 'good', title: 'AWS takes a machine of this herd, which has left it' },
  refused: { tone: 'bad', title: 'AWS takes a machine of this herd, and the console cannot move it by itself' },
  off: { tone: 'bad', title: 'AWS takes a machine of this herd' },
}

/** Of a herd on spot machines: what AWS says of them, what is done about it, and what would become of the herd. */
export const EvictionsCard = ({ of: { members, answer } }: { of: HerdEvictions }) => {
  if (members.length === 0) return null
  return (
    <>
      {answer && (
        <Note
          tone={answers[answer.state].tone}
          title={answers[answer.state].title}
          actions={answer.runId && <Link href={`/runs/${answer.runId}`}>Run</Link>}
        >
          {answer.because}
        </Note>
      )}
      <Card title="If AWS takes a machine now">
        <dl className="grid gap-3">
          {members.map((one) => (
            <div key={one.id}>
              <dt className="flex flex-wrap items-center gap-x-3 gap-y-1">
                <Link href={`/instances/${one.id}`} className="font-semibold">
                  {one.title}
                </Link>
                <span className="text-ink-2">
                  {one.role}, {one.machine}
                </span>
                <State tone={threats[one.threat].tone}>{threats[one.threat].label(one)}</State>
              </dt>
              <dd className="max-w-[80ch]">{one.ahead}</dd>
            </div>
          ))}
        </dl>
      </Card>
    </>
  )
}
