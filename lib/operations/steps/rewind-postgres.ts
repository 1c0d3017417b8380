import type { Effect, Facts } from '@/lib/kernel/operation'
import type { Following } from '@/lib/ports'
import { isDown, type Place, type Plain } from '../facts'
import { lookAt } from './server'

export interface RewindWith<F> {
  of: (facts: F) => Place
  source: (facts: F) => Plain<Following>
  /** The timeline it is on once it is rewound. */
  timeline: (facts: F) => number | null
}

const fileTimeoutMs = 15_000
const rewindTimeoutMs = 1_800_000

/** Takes back what a stopped server wrote past the fork, in place. It is done when its control file is on the source's timeline. */
export const rewindPostgres = <F extends Facts>({ of, source, timeline }: RewindWith<F>): Effect<F, null, { timeline: number | null }> => ({
  title: 'Rewind it to the fork',
  preview: (facts) => ({
    sentence: `Take back what ${of(facts).title} wrote past the fork, with pg_rewind from ${source(facts).conninfo.host}. It works in place: if it fails half way it is run again, or the server needs a fresh copy.`,
    commands: [`pg_rewind -D ${of(facts).address.dataDirectory} --source-server=…`],
  }),
  check: async (facts, ports, { signal }) => {
    const disk = await ports.replication.dataDirectory(of(facts).address, { timeoutMs: fileTimeoutMs, signal })
    if (disk.timeline !== null && disk.timeline === timeline(facts)) return { found: 'done', output: { timeline: disk.timeline } }
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
