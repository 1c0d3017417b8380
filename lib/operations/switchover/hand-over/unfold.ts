import type { JournalEntry, JournalLine } from '@/lib/kernel/ground/journal'
import type { Json } from '@/lib/kernel/ground/json'
import type { HandedOver } from '.'
import { type Part, type Passed, passedOf } from './parts'

type Told = { name: string; part: Part['name']; output: Json }

const isOf = (name: Part['name'], parts: readonly Part[]): boolean => parts.some((part) => part.name === name)

/**
 * The one step as the steps it is made of, which are those of a planned failover: one report and one certificate tell of both. Lines of journals that have them as steps of
 * their own stay as they are. Times are the journal's, moved by what the console measured.
 */
export const unfoldHandOver = (lines: readonly JournalLine[]): JournalLine[] => {
  const intended = lines.find((line) => line.kind === 'intended' && line.step === 'hand-over')
  const finished = lines.find((line) => line.kind === 'finished' && line.step === 'hand-over')
  // The last one: where the candidate provably never led, it takes back what an earlier one said, and nothing was moved.
  const marked = lines.findLast((line) => line.kind === 'marked' && line.step === 'hand-over')
  const passed = marked?.kind === 'marked' ? passedOf(marked.mark) : null
  if (intended === undefined || passed === null) return [...lines]
  const output = finished?.kind === 'finished' ? (finished.output as unknown as HandedOver) : null
  const end = finished ?? lines.at(-1)!
  const [base, last] = [Date.parse(intended.at), Date.parse(end.at)]
  const origin = Date.parse(passed.parts[0]?.startedAt ?? intended.at)
  // The replay begins while the fence is still on its way to the disk: told one after the other.
  let before = base
  const at = (ms: number) => {
    before = Math.min(last, Math.max(before, base + ms - origin))
    return new Date(before).toISOString()
  }
  const parts = output?.parts ?? passed.parts
  const told = [...toldBefore(passed), ...(output === null ? [] : toldAfter(output))].flatMap(({ name, part, output }, index) => {
    const time = parts.find((one) => one.name === part)
    const startedAt = Date.parse(time?.startedAt ?? intended.at)
    const tookMs = name === part ? (time?.tookMs ?? 0) : 0
    const seq = intended.seq + (index + 1) / 100
    const pair: [JournalEntry, number][] = [
      [{ kind: 'intended', step: name, before: null }, name === part ? startedAt : startedAt + (time?.tookMs ?? 0)],
      [{ kind: 'finished', step: name, output, ours: true, tookMs }, startedAt + (time?.tookMs ?? 0)],
    ]
    return pair.map(([entry, ms], half) => ({ ...entry, seq: seq + half / 1000, at: at(ms) }) as JournalLine)
  })
  // Without an answer it may have been primary; that it was told to promote is known.
  const promotion: JournalLine[] =
    output === null ? [{ kind: 'intended', step: 'promote', before: null, seq: intended.seq + 0.5, at: at(last) }] : []
  return lines.flatMap((line) => {
    const isOfStep = 'step' in line && line.step === 'hand-over' && line.kind !== 'note'
    if (!isOfStep) return [line]
    return line === (finished ?? intended) ? [...told, ...promotion] : []
  })
}

const toldBefore = ({ controlState, checkpointLsn, replayedLsn, parts }: Passed): Told[] => [
  ...(isOf('pause', parts) ? [{ name: 'pause', part: 'pause' as const, output: null }] : []),
  { name: 'stop-primary', part: 'stop-primary', output: { controlState } },
  { name: 'fence', part: 'stop-primary', output: { controlState, hasStandbySignal: true, checkpointLsn } },
  { name: 'catch-up', part: 'catch-up', output: { checkpointLsn, replayedLsn } },
]

const toldAfter = ({ firstCommit, parts }: HandedOver): Told[] => [
  { name: 'promote', part: 'promote', output: firstCommit },
  { name: 'write', part: 'promote', output: firstCommit },
  ...(isOf('resume', parts) ? [{ name: 'resume', part: 'resume' as const, output: null }] : []),
]
