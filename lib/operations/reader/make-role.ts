import { excessWords, makeReaderSql, readerRole } from '@/lib/domain/reader/reader-role'
import type { Effect } from '@/lib/kernel/operation/operation'
import { probeTimeoutMs } from '../facts/instance'
import { followOutput } from '../steps/postgres/server'
import type { AddReaderFacts } from './facts'

type Before = { key: string }

const makeTimeoutMs = 30_000

/** On the primary, from where the standbys get it. It carries the key of its maker, by which alone it is dropped again. */
export const makeRole: Effect<AddReaderFacts, Before, null> = {
  title: 'Create the role',
  preview: ({ primary, instance }) => ({
    sentence: `Create the role ${readerRole} on ${(primary ?? instance).title}: no password, no rights but those of pg_monitor, read-only by default.`,
    commands: makeReaderSql('JOB'),
  }),
  check: async ({ primary, instance }, ports, { signal, intended }) => {
    const role = await ports.readers.role((primary ?? instance).address, { timeoutMs: probeTimeoutMs, signal })
    if (role !== null && role.excess.length > 0) return { found: 'blocked', because: excessWords(role.excess) }
    if (role !== null) return { found: 'done', output: null }
    if (primary === null) return { found: 'blocked', because: 'no primary answers on which it could be created' }
    return { found: 'ready', before: intended?.before ?? { key: crypto.randomUUID() } }
  },
  run: async ({ primary }, { key }, ports, context) => {
    await ports.act.readers.make(primary!.address, key, { timeoutMs: makeTimeoutMs, ...followOutput(context, makeReaderSql(key)) })
  },
  timeoutMs: makeTimeoutMs + 10_000,
  ending: {
    undo: async ({ primary }, { key }, _output, ports, { signal }) => {
      if (primary !== null) await ports.act.readers.drop(primary.address, key, { timeoutMs: makeTimeoutMs, signal })
    },
    sentence: 'If the job fails later, the role is dropped, if this job created it.',
    timeoutMs: makeTimeoutMs + 10_000,
  },
}
