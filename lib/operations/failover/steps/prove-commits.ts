import { synchronousAmong, synchronousCount } from '@/lib/domain/replication/synchronous-names'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import { leaveOut, notNeeded } from '@/lib/kernel/operation/only-when'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { ActPorts } from '@/lib/ports'
import { lookAt } from '../../steps/postgres/server'
import type { FailoverFacts } from '../facts'
import { awaitedAfter } from '../synchronous'
import { setNames } from './lower-synchronous'

type Output = { waitedFor: string[] }

/** A commit over a network takes milliseconds; one that takes longer waits for a standby that is not there. */
const commitTimeoutMs = 5_000
/** The wait for standbys is not ended by statement_timeout: connecting and giving up come on top. */
const aroundMs = 20_000
const commitSql = `select pg_logical_emit_message(true, 'matriarch', 'commit')`

const waitsForNobody = 'Its commits wait for no standby.'

/** As a client commits: with the server’s own settings, once those it waits for should stream. Left out where it waits for nobody, then and now: somebody may have changed that since. */
export const proveCommits: Effect<FailoverFacts, null, Output> = {
  title: 'Prove that commits return',
  preview: (facts) =>
    awaitedAfter(facts).needed === 0
      ? { sentence: waitsForNobody, commands: [] }
      : {
          sentence: `Commit on ${facts.candidate?.title} as a client does, waiting for its synchronous standbys for at most ${commitTimeoutMs / 1000} s.`,
          commands: [commitSql],
        },
  check: async (facts, ports, { signal, intended }) => {
    if (intended === null && awaitedAfter(facts).needed > 0) return { found: 'ready', before: null }
    const probe = await lookAt(ports, facts.candidate!, signal)
    const setting = probe.synchronousNames ?? ''
    if (intended === null) return synchronousCount(setting) === 0 ? leaveOut(notNeeded(waitsForNobody)) : { found: 'ready', before: null }
    const streaming = synchronousAmong(
      setting,
      probe.standbys.filter(({ state }) => state === 'streaming').map(({ applicationName }) => applicationName),
    )
    if (streaming.length < synchronousCount(setting)) throw hanging(facts, setting, streaming)
    return { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, { signal, note, mark }) => {
    const candidate = facts.candidate!
    let committed: string | null = null
    note('command', commitSql)
    try {
      await ports.act.postgres.execute(candidate.address, commitSql, {
        database: 'postgres',
        statementTimeoutMs: commitTimeoutMs,
        rowsMax: 1,
        bytesMax: 1_000,
        signal,
        onTransaction: async (xid) => {
          committed = xid
          await mark({ xid })
        },
      })
    } catch (error) {
      if (!isFault(error, 'sql.timeout') || committed === null) throw error
      await letGo(facts, committed, ports, signal)
      const probe = await lookAt(ports.read, candidate, signal)
      throw hanging(facts, probe.synchronousNames ?? '', streamingTo(probe.standbys), error)
    }
    const probe = await lookAt(ports.read, candidate, signal)
    return { waitedFor: synchronousAmong(probe.synchronousNames ?? '', streamingTo(probe.standbys)) }
  },
  timeoutMs: commitTimeoutMs + aroundMs,
  proof: 'answer',
  ending: { final: 'The message in the WAL has no effect.', harmless: true },
}

const streamingTo = (standbys: readonly { state: string; applicationName: string }[]): string[] =>
  standbys.filter(({ state }) => state === 'streaming').map(({ applicationName }) => applicationName)

/** Else its session would wait for as long as the clients do. A look that fails leaves it to that. */
const letGo = async ({ candidate }: FailoverFacts, xid: string, { read }: ActPorts, signal: AbortSignal): Promise<void> => {
  const sql = `select pg_cancel_backend(pid) from pg_stat_activity where backend_xid = (${xid}::bigint % 4294967296)::text::xid`
  const options = { database: 'postgres', statementTimeoutMs: commitTimeoutMs, rowsMax: 10, bytesMax: 1_000, signal }
  await read.postgres.query(candidate!.address, sql, options).catch((error: unknown) => {
    if (!isFault(error)) throw error
  })
}

const hanging = ({ candidate }: FailoverFacts, setting: string, streaming: readonly string[], cause?: unknown): Fault => {
  const who =
    streaming.length === 0
      ? 'none of them streams'
      : `only ${streaming.join(', ')} of them ${streaming.length === 1 ? 'streams' : 'stream'}`
  const because =
    synchronousCount(setting) > streaming.length
      ? `Commits on ${candidate!.title} hang: synchronous_standby_names is ${setting}, and ${who}`
      : `Commits on ${candidate!.title} hang: synchronous_standby_names is ${setting}, and ${streaming.join(', ')} ${streaming.length === 1 ? 'streams and does' : 'stream and do'} not confirm`
  const question = `No client can commit on ${candidate!.title}. Bring back a standby that it waits for, or clear the setting: ${setNames('')}. Then resume: a commit is tried again.`
  return new Fault('step.unknown', { because, question }, { cause })
}
