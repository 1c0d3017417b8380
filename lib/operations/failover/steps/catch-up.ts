import { lsnBytesBetween } from '@/lib/domain/values/lsn'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { ReadPorts } from '@/lib/ports'
import { probeTimeoutMs } from '../../facts/instance'
import type { FailoverFacts } from '../facts'

type Output = { checkpointLsn: string; replayedLsn: string }

const fileTimeoutMs = 15_000
const lookEveryMs = 50

/**
 * Waits until the candidate has replayed past the shutdown checkpoint, the last record of the old primary. A clean stop alone proves nothing: the
 * candidate itself must say so before it is promoted.
 */
export const catchUp: Effect<FailoverFacts, null, Output> = {
  title: 'Wait until the candidate has replayed the last record',
  preview: ({ candidate, primary, input }) => ({
    sentence: `Wait until ${candidate?.title} has replayed past the shutdown checkpoint of ${primary?.title}, for at most ${input.waitSeconds} s.`,
    commands: ['select pg_last_wal_replay_lsn()'],
  }),
  check: async (facts, ports, { signal }) => {
    const seen = await look(facts, ports, signal)
    return seen.isThere
      ? { found: 'done', output: { checkpointLsn: seen.checkpointLsn, replayedLsn: seen.replayedLsn } }
      : { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, context) => {
    for (;;) {
      const seen = await look(facts, ports.read, context.signal)
      if (seen.isThere) return
      await context.pause(lookEveryMs)
      if (context.signal.aborted)
        throw new Fault('step.unknown', {
          because: `${facts.candidate!.title} has replayed to ${seen.replayedLsn ?? 'nowhere'}, the old primary’s last record is at ${seen.checkpointLsn}`,
          isOver: true,
        })
    }
  },
  timeoutMs: ({ input }) => input.waitSeconds * 1000,
  ending: { undo: async () => {}, sentence: 'Waiting changes nothing.' },
}

/** A candidate that cannot be seen has not replayed it: it has not been told to promote yet, so the old primary is started again once the time is up. */
const look = async ({ candidate, primary }: FailoverFacts, ports: ReadPorts, signal: AbortSignal) => {
  const [probe, disk] = await Promise.all([
    ports.postgres.probe(candidate!.address, { timeoutMs: probeTimeoutMs, signal }),
    ports.replication.dataDirectory(primary!.address, { timeoutMs: fileTimeoutMs, signal }),
  ])
  if (disk.checkpointLsn === null || disk.controlState !== 'shut down')
    return { isThere: false as const, checkpointLsn: disk.checkpointLsn ?? 'an unknown place', replayedLsn: probe.replayedLsn }
  // Strictly past it: the position is where the record begins. A promoted candidate has left it behind long since.
  const past = probe.role === 'primary' ? 1 : lsnBytesBetween(disk.checkpointLsn, probe.replayedLsn)
  const replayedLsn = probe.replayedLsn ?? probe.currentLsn
  return past !== null && past > 0 && replayedLsn !== null
    ? { isThere: true as const, checkpointLsn: disk.checkpointLsn, replayedLsn }
    : { isThere: false as const, checkpointLsn: disk.checkpointLsn, replayedLsn }
}
