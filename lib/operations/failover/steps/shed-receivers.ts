import { formatBytes } from '@/lib/domain/values/bytes'
import { lagBytes, lsnBytesBetween } from '@/lib/domain/values/lsn'
import { Fault } from '@/lib/kernel/ground/errors'
import { leaveOut, notNeeded, notPossible, type When } from '@/lib/kernel/operation/only-when'
import type { Effect, RunContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, ReadPorts } from '@/lib/ports'
import { isStreamingFrom } from '../../facts/peers'
import { lookAt } from '../../steps/postgres/server'
import type { FailoverFacts } from '../facts'

/** `altered`: what ALTER SYSTEM had set; null: nothing. */
type Before = { altered: string | null }
/** Names as in pg_stat_replication. `ended`: those that took no WAL. `behind`: those that take it, and slowly. */
type Output = { ended: string[]; behind: string[] }

/** How long a WAL receiver may take nothing; one that lives answers within a fraction of it. */
const shedMs = 2_000
const shedSetting = `${shedMs / 1000}s`
const callTimeoutMs = 15_000
/** One that takes nothing is gone by then. One that takes it slowly does not hold up the shutdown: PostgreSQL asks only that each of them goes on. */
const takeMs = shedMs + 1_000
const streamMs = 10_000
const lookEveryMs = 50

const change = (altered: string | null): string =>
  altered === null ? 'alter system reset wal_sender_timeout' : `alter system set wal_sender_timeout = '${altered}'`

export const ifOthersRead: When<FailoverFacts> = {
  when: ({ mode, senders }) => mode === 'planned' && senders.length > 1,
  otherwise: notNeeded('No WAL receiver besides the candidate’s could hold up the shutdown.'),
}

/** More than the network holds between two servers. */
const muchBytes = 4 * 2 ** 20

/** Standbys that much WAL has not been sent to, as facts saw them: they may take nothing, or take it slowly. */
export const laggards = ({
  primaryProbe,
  candidate,
}: Pick<FailoverFacts, 'primaryProbe' | 'candidate'>): { name: string; bytes: number }[] =>
  (primaryProbe?.standbys ?? []).flatMap(({ applicationName, clientAddress, sentLsn }) => {
    const bytes = lagBytes(sentLsn, primaryProbe!.currentLsn) ?? 0
    const isCandidate = candidate !== null && clientAddress === candidate.address.host.address
    return bytes > muchBytes && !isCandidate ? [{ name: applicationName, bytes }] : []
  })

export const sayLaggards = (facts: Pick<FailoverFacts, 'primaryProbe' | 'candidate'>): string =>
  laggards(facts)
    .map(({ name, bytes }) => `${name}, ${formatBytes(bytes)} not sent`)
    .join('; ')

/** What becomes of one that is behind. */
export const shedSaid = 'A standby that takes no WAL is disconnected before the primary stops, and repointed afterwards.'

/**
 * A fast shutdown writes its last record only once each walsender goes on or is gone, and one whose receiver takes nothing is gone after wal_sender_timeout (60 s). To
 * end that process is worse: it hangs in its farewell, and for ever. So the timeout is lowered until the server is stopped, and its file is as before at once.
 */
export const shedReceivers: Effect<FailoverFacts, Before, Output> = {
  title: 'Disconnect WAL receivers that take no WAL',
  preview: (facts) => ({
    sentence: `Lower wal_sender_timeout of ${facts.primary?.title} to ${shedMs / 1000} s until it is stopped, so that it disconnects a WAL receiver that takes no WAL${laggards(facts).length === 0 ? '' : ` (${sayLaggards(facts)})`} instead of waiting for it. Such a standby is repointed with the others.`,
    commands: [change(shedSetting), 'select pg_reload_conf()', change(null)],
  }),
  check: async ({ primary }, ports, { signal, intended, mark }) => {
    const { address, title } = primary!
    const { ms, altered, mayAlter } = await ports.replication.senderTimeoutSetting(address, { timeoutMs: callTimeoutMs, signal })
    const isLowered = ms > 0 && ms <= shedMs
    if (intended === null && isLowered) return leaveOut(notNeeded(`wal_sender_timeout of ${title} is ${ms} ms already.`))
    if (intended === null && !mayAlter)
      return leaveOut(notPossible(`allow_alter_system of ${title} is off: a WAL receiver that takes no WAL holds up its shutdown.`))
    return intended !== null && isLowered && altered === intended.before.altered
      ? { found: 'done', output: (mark as Output | null) ?? { ended: [], behind: [] } }
      : { found: 'ready', before: intended?.before ?? { altered } }
  },
  run: async (facts, { altered }, ports, context) => {
    const { address, title } = facts.primary!
    const options = { timeoutMs: callTimeoutMs, signal: context.signal }
    const before = await lookAt(ports.read, facts.primary!, context.signal)
    // Each of them has answered just now, or would not.
    await ports.act.replication.writeRecord(address, options)
    context.note('command', `${change(shedSetting)}; select pg_reload_conf()`)
    await ports.act.replication.setSenderTimeout(address, shedSetting, { ...options, isLoaded: true })
    const { left, behind } = await untilTaken(facts, before.confLoadedAt, ports, context)
    const ended = before.standbys.map(({ applicationName }) => applicationName).filter((name) => !left.includes(name))
    for (const name of ended) context.note('warning', `${name} took no WAL, and is disconnected from ${title}.`)
    for (const name of behind) context.note('warning', `${name} takes WAL slowly.`)
    await context.mark({ ended, behind })
    context.note('command', change(altered))
    await ports.act.replication.setSenderTimeout(address, altered, { ...options, isLoaded: false })
    await untilCandidateStreams(facts, ports.read, context)
  },
  timeoutMs: 60_000,
  ending: {
    release: async ({ primary }, { altered }, output, ports, { signal, note }) => {
      const { address, title } = primary!
      const options = { timeoutMs: callTimeoutMs, signal }
      const { state } = await ports.read.postgres.probe(address, options)
      // What it had loaded is gone with it.
      if (state !== 'online' && output !== null) return
      if (state !== 'online') return note('warning', `postgresql.auto.conf of ${title} may say wal_sender_timeout = '${shedSetting}'.`)
      const seen = await ports.read.replication.senderTimeoutSetting(address, options)
      if (seen.altered === altered && (seen.ms === 0 || seen.ms > shedMs)) return
      note('command', `${change(altered)}; select pg_reload_conf()`)
      await ports.act.replication.setSenderTimeout(address, altered, { ...options, isLoaded: true })
    },
    sentence: 'However the job ends, wal_sender_timeout is restored.',
  },
}

/**
 * A record that is written after the reload and has been sent proves that its walsender has loaded the setting; who takes nothing goes. Answers whose walsenders are
 * left, and which of those the record has not been sent to.
 */
const untilTaken = async (
  { primary }: FailoverFacts,
  loadedBefore: string | null,
  ports: ActPorts,
  context: RunContext,
): Promise<{ left: string[]; behind: string[] }> => {
  const endsAt = ports.read.now().getTime() + takeMs
  for (let mark: string | null = null; ; ) {
    const { standbys, confLoadedAt } = await lookAt(ports.read, primary!, context.signal)
    const isOver = ports.read.now().getTime() >= endsAt || context.signal.aborted
    if (mark === null && (confLoadedAt !== loadedBefore || isOver))
      mark = await ports.act.replication.writeRecord(primary!.address, { timeoutMs: callTimeoutMs, signal: context.signal })
    else if (mark !== null) {
      const behind = standbys.filter(({ sentLsn }) => (lsnBytesBetween(sentLsn, mark) ?? 0) > 0)
      const namesOf = (some: typeof standbys) => some.map(({ applicationName }) => applicationName)
      if (behind.length === 0 || isOver) return { left: namesOf(standbys), behind: namesOf(behind) }
    }
    await context.pause(lookEveryMs)
  }
}

/** Its own receiver may have been disconnected with the others, if it hung at that moment; it comes back by itself. */
const untilCandidateStreams = async ({ primary, candidate }: FailoverFacts, ports: ReadPorts, context: RunContext): Promise<void> => {
  const endsAt = ports.now().getTime() + streamMs
  while (!isStreamingFrom(await lookAt(ports, candidate!, context.signal), primary!)) {
    if (ports.now().getTime() >= endsAt || context.signal.aborted)
      throw new Fault('step.blocked', { isOver: true, because: `${candidate!.title} does not stream from ${primary!.title} any more` })
    await context.pause(lookEveryMs)
  }
}
