import type { FailoverReport, LaterWork } from '@/lib/domain/proof/failover-report'
import { foldJob } from '@/lib/kernel/engine/fold'
import type { JournalLine } from '@/lib/kernel/ground/journal'
import { type FollowLeaderFacts, followLeader } from '.'

/** The report of a move that nobody here ordered, folded from the journal of what followed it. */
export const unorderedReport = (lines: readonly JournalLine[], later: LaterWork[]): FailoverReport | null => {
  const gathered = lines.findLast((line) => line.kind === 'gathered')
  if (gathered === undefined) return null
  const facts = gathered.facts as unknown as FollowLeaderFacts
  const { effects, gates } = followLeader
  const fold = foldJob(
    lines,
    effects.map(({ name }) => name),
  )
  const titles = new Map(gates.map(({ name, title }) => [name, title]))
  const { old, report } = facts
  return {
    ...{ state: fold.state, mode: facts.mode, oldPrimary: facts.primary?.title ?? null, newPrimary: facts.candidate?.title ?? null },
    lossBytes: facts.lossBytes,
    lastKnown: old?.lsn ? { lsn: old.lsn, seenAt: old.seenAt } : null,
    ranking: [],
    gatheredAt: gathered.at,
    gates: lines.flatMap((line) =>
      line.kind === 'gate' ? [{ title: titles.get(line.step) ?? line.step, verdict: line.verdict, because: line.because }] : [],
    ),
    steps: fold.steps.map((step) => ({
      ...step,
      title: effects.find(({ name }) => name === step.name)?.title ?? step.name,
      tookMs: step.startedAt !== null && step.endedAt !== null ? Date.parse(step.endedAt) - Date.parse(step.startedAt) : null,
    })),
    positions: report.forkLsn === null ? [] : [{ label: 'The new timeline begins at', lsn: report.forkLsn, timeline: report.timeline }],
    fence: 'The manager of the herd saw to it: only the member that holds the leader key takes writes.',
    names: facts.names.map(({ name }) => ({ name, servers: [], cached: null })),
    followed: facts.members.filter(({ probe }) => probe?.state === 'online' && probe.role === 'standby').map(({ place }) => place.title),
    parked: facts.members
      .filter(({ probe }) => probe?.state !== 'online')
      .map(({ place, probe }) => ({
        title: place.title,
        because: probe?.because ?? probe?.state ?? 'It had not answered when poolers and names were moved.',
      })),
    gapMs: null,
    bounds: old?.seenAt ? { lastSeenAt: old.seenAt, firstCommitAt: facts.heardAt } : null,
    canary: null,
    later,
    open: [
      ...(facts.unmanaged.length === 0
        ? []
        : [`${facts.unmanaged.join(', ')}: not managed by the console, and perhaps still at the old primary. Use Repoint.`]),
      ...facts.problems,
      `Gap: ${report.gap}`,
      `Loss: ${report.loss}`,
    ],
  }
}
