import { lsnBytesBetween } from '@/lib/domain/values/lsn'
import { isFault } from '@/lib/kernel/ground/errors'
import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { DataDirectorySeen, Following } from '@/lib/ports'
import type { Place, Plain } from '../../facts/instance'
import { followWork, hasFailed, howItEnded, newWorkKey } from '../host-work'
import { keepDown, lookAt, mayBeKeptDown } from '../postgres/server'

export interface RewindWith<F> {
  of: (facts: F) => Place
  source: (facts: F) => Plain<Following>
  /** The timeline it is on once it is rewound. */
  timeline: (facts: F) => number | null
  /** Where its history and the source's diverge; one that ends before it has nothing to rewind. null: not known. */
  fork: (facts: F) => string | null
  /** Name of its work where a failure is no end, since later steps find it by that name and make a copy; null: a failure stops the job. */
  orCopy?: (facts: F) => string | null
}

type Before = { key: string }
/** `failed`: how, in words; its work is still on record then. */
type Output = { timeline: number | null; failed: string | null }

const fileTimeoutMs = 15_000
const rewindTimeoutMs = 24 * 3_600_000
/** A server that was shut down cleanly before the fork: of a primary its last record begins before it, of a standby what it has on its disk ends there. */
const isBefore = ({ controlState, checkpointLsn, minRecoveryLsn }: DataDirectorySeen, forkLsn: string | null): boolean => {
  const past = (end: string | null) => lsnBytesBetween(forkLsn, end)
  if (controlState === 'shut down') return (past(checkpointLsn) ?? 0) < 0
  return controlState === 'shut down in recovery' && (past(checkpointLsn) ?? 0) < 0 && (past(minRecoveryLsn) ?? 1) <= 0
}

/**
 * Undoes what a stopped server wrote past the fork, in place. It runs on the host by itself: a worker that dies is followed by the next one, which waits
 * for it. It is done when its control file is on the source's timeline and its own configuration is back.
 */
export const rewindPostgres = <F extends Facts>({
  of,
  source,
  timeline,
  fork,
  orCopy = () => null,
}: RewindWith<F>): Effect<F, Before, Output> => ({
  title: 'Rewind to the fork',
  preview: (facts) => ({
    sentence: `Discard what ${of(facts).title} wrote past the fork with pg_rewind, from ${source(facts).conninfo.host}. It works in place, and the server cannot start until it is complete: ${orCopy(facts) === null ? 'if it fails half way, the server must be rebuilt with a copy' : 'if it fails, a copy is made instead'}. Its configuration stays.`,
    commands: [`pg_rewind -D ${of(facts).address.dataDirectory} --source-server=…`],
  }),
  check: async (facts, ports, { signal, intended }) => {
    const { id, address } = of(facts)
    const options = { timeoutMs: fileTimeoutMs, signal }
    const before = intended?.before ?? { key: orCopy(facts) ?? newWorkKey('rewind', id, ports.now()) }
    const work = await ports.work.look(address.host, before.key, options)
    if (intended !== null && orCopy(facts) !== null && hasFailed(work))
      return { found: 'done', output: { timeline: null, failed: howItEnded(work) } }
    if (work.state === 'running') return { found: 'ready', before, partly: 'pg_rewind is at work' }
    if (work.state === 'ended' && work.exitCode === 0)
      return { found: 'ready', before, partly: 'pg_rewind has run, and its record on the host is still there' }
    const [disk, { copy }] = await Promise.all([ports.replication.dataDirectory(address, options), ports.copies.look(address, options)])
    if (copy.isRewinding)
      return {
        found: 'ready',
        before,
        partly: 'pg_rewind was broken off; where it cannot be ended, abandon the job and rebuild it with the strategy copy',
      }
    const isThere = disk.timeline !== null && disk.timeline === timeline(facts)
    if (isThere || isBefore(disk, fork(facts))) return { found: 'done', output: { timeline: disk.timeline, failed: null } }
    const probe = await lookAt(ports, of(facts), signal)
    return mayBeKeptDown(probe) ? { found: 'ready', before } : { found: 'blocked', because: `${of(facts).title} is ${probe.state}` }
  },
  run: async (facts, { key }, ports, context) => {
    const { address } = of(facts)
    const options = { timeoutMs: fileTimeoutMs, signal: context.signal }
    const seen = await ports.read.work.look(address.host, key, options)
    const isOn = seen.state === 'running' || (seen.state === 'ended' && seen.exitCode === 0)
    // One that failed before we came is run again.
    if (!isOn && seen.state !== 'absent') await ports.act.work.forget(address.host, key, options)
    if (!isOn) {
      await keepDown(of(facts), ports, context)
      for (const command of ports.read.copies.commands.rewind(address, source(facts))) context.note('command', command)
      await ports.act.copies.rewind(address, source(facts), key, options)
    }
    try {
      await followWork({ host: address.host, key, what: 'pg_rewind' }, ports.read, context)
    } catch (error) {
      if (orCopy(facts) === null || !isFault(error, 'shell.failed') || !hasFailed(await ports.read.work.look(address.host, key, options)))
        throw error
      return context.note('warning', `${error.message} A copy is made instead.`)
    }
    await ports.act.work.forget(address.host, key, options)
  },
  timeoutMs: rewindTimeoutMs,
  isLong: true,
  ending: { final: 'What it wrote past the fork is gone once it is rewound.' },
})
