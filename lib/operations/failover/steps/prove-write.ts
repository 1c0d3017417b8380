import type { Effect } from '@/lib/kernel/operation/operation'
import { lookAt } from '../../steps/postgres/server'
import type { FailoverFacts } from '../facts'

const writeTimeoutMs = 15_000
/**
 * Goes through the whole path of a commit, and leaves no object behind. It waits for no standby: those that its commits wait for are not told to follow it
 * before it is known to be primary.
 */
const writeSql = `select pg_logical_emit_message(true, 'matriarch', set_config('synchronous_commit', 'local', true))`

/** One transaction that is written and flushed: what a client will do next. */
export const proveWrite: Effect<FailoverFacts, null, { lsn: string | null; timeline: number | null }> = {
  title: 'Verify that the new primary takes writes',
  preview: ({ candidate }) => ({
    sentence: `Commit a transaction on ${candidate?.title} that writes a message into the WAL.`,
    commands: [writeSql],
  }),
  check: async () => ({ found: 'ready', before: null }),
  run: async ({ candidate }, _before, ports, { signal, note, mark }) => {
    note('command', writeSql)
    await ports.act.postgres.execute(candidate!.address, writeSql, {
      database: 'postgres',
      statementTimeoutMs: writeTimeoutMs,
      rowsMax: 1,
      bytesMax: 1_000,
      signal,
      onTransaction: (xid) => mark({ xid }),
    })
    const probe = await lookAt(ports.read, candidate!, signal)
    return { lsn: probe.currentLsn, timeline: probe.timeline }
  },
  timeoutMs: writeTimeoutMs + 10_000,
  proof: 'answer',
  ending: { final: 'The message in the WAL has no effect.', harmless: true },
}
