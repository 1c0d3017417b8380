import { lsnBytesBetween } from '@/lib/domain/lsn'
import type { Effect, Facts } from '@/lib/kernel/operation'
import type { DataDirectorySeen, Following } from '@/lib/ports'
import { isDown, type Place, type Plain } from '../facts'
import { lookAt } from './server'

export interface RewindWith<F> {
  of: (facts: F) => Place
  source: (facts: F) => Plain<Following>
  /** The timeline it is on once it is rewound. */
  timeline: (facts: F) => number | null
  /** Where its history and the source's part; one that ends before it has nothing to take back. null: not known. */
  fork: (facts: F) => string | null
}

const fileTimeoutMs = 15_000
const rewindTimeoutMs = 1_800_000
/** A server that was shut down cleanly before the fork: of a primary its last record begins before it, of a standby what it has on its disk ends there. */
const isBefore = ({ controlState, checkpointLsn, minRecoveryLsn }: DataDirectorySeen, forkLsn: string | null): boolean => {
  const past = (end: string | null) => lsnBytesBetween(forkLsn, end)
  if (controlState === 'shut down') return (past(checkpointLsn) ?? 0) < 0
  return controlState === 'shut down in recovery' && (past(checkpointLsn) ?? 0) < 0 && (past(minRecoveryLsn) ?? 1) <= 0
}

/** Takes back what a stopped server wrote past the fork, in place. It is done when its control file is on the source's timeline. */
export const rewindPostgres = <F extends Facts>({
  of,
  source,
  timeline,
  fork,
}: RewindWith<F>): Effect<F, null, { timeline: number | null }> => ({
  title: 'Rewind it to the fork',
  preview: (facts) => ({
    sentence: `Take back what ${of(facts).title} wrote past the fork, with pg_rewind from ${source(facts).conninfo.host}. It works in place: one that fails half way is run again, or the server is rebuilt with a copy.`,
    commands: [`pg_rewind -D ${of(facts).address.dataDirectory} --source-server=…`],
  }),
  check: async (facts, ports, { signal }) => {
    const disk = await ports.replication.dataDirectory(of(facts).address, { timeoutMs: fileTimeoutMs, signal })
    const isThere = disk.timeline !== null && disk.timeline === timeline(facts)
    if (isThere || isBefore(disk, fork(facts))) return { found: 'done', output: { timeline: disk.timeline } }
    const probe = await lookAt(ports, of(facts), signal)
    return isDown(probe.state) ? { found: 'ready', before: null } : { found: 'blocked', because: `${of(facts).title} is ${probe.state}` }
  },
  run: async (facts, _before, ports, { signal, note }) => {
    for (const command of ports.replication.commands.rewind(of(facts).address, source(facts))) note('command', command)
    await ports.replicationAct.rewind(of(facts).address, source(facts), {
      timeoutMs: rewindTimeoutMs,
      signal,
      onOutput: (stream, text) => note(stream, text),
    })
  },
  timeoutMs: rewindTimeoutMs + 10_000,
  ending: { final: 'What it had written past the fork is gone once it is rewound.' },
})
