import { parseLsn } from '@/lib/domain/values/lsn'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect, RunContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, Probe, ReadPorts } from '@/lib/ports'
import { isDown } from '../facts/instance'
import { followOutput, lookAt, settle, takeDown } from '../steps/postgres/server'
import { known, listTimeoutMs } from './facts'
import { isLastArchived } from './gates'
import { sayTarget } from './input'
import type { RestoreFacts } from './restore-facts'

type Output = { replayedLsn: string | null }

const startTimeoutMs = 300_000
/** Replaying weeks of WAL takes its time. */
const recoverTimeoutMs = 7 * 24 * 3_600_000
const lookEveryMs = 1_000
/** Looks without progress at the archive's end: the server asks the archive again in between. */
const stillLooks = 4

/** Where the archive ends now; null: not known. */
const archiveEnd = async (facts: RestoreFacts, ports: ReadPorts, signal: AbortSignal): Promise<bigint | null> => {
  const found = known(facts.seen)
  if (found?.archiveId == null) return null
  const options = { timeoutMs: listTimeoutMs, signal }
  const runs = await ports.copies.archived(facts.instance.address, found.stanza, found.archiveId, options)
  const last = runs.at(-1)
  return last === undefined ? null : parseLsn(last.toLsn)
}

const isAtTarget = ({ isReplayPaused }: Probe): boolean => isReplayPaused === true

/** Read-only until the moment is reached: up to here everything can be undone. */
export const recover = (): Effect<RestoreFacts, null, Output> => ({
  title: 'Recover to the target',
  preview: ({ instance, target }) => ({
    sentence: `Start ${instance.title} read-only, and wait until it has replayed the archive up to ${sayTarget(target)}.`,
    commands: instance.commands.start,
  }),
  check: async (facts, ports, { signal, intended, mark }) => {
    const { instance, target } = facts
    const probe = await lookAt(ports, instance, signal)
    if (intended === null) return { found: 'ready', before: null }
    if (probe.role === 'primary') return { found: 'blocked', because: `${instance.title} takes writes: somebody has promoted it` }
    if (probe.state === 'online' && (isAtTarget(probe) || (typeof mark === 'string' && mark === probe.replayedLsn)))
      return { found: 'done', output: { replayedLsn: probe.replayedLsn } }
    return { found: 'ready', before: null, ...(isDown(probe.state) ? {} : { partly: `it is on its way to ${sayTarget(target)}` }) }
  },
  run: async (facts, _before, ports, context) => {
    const { instance, target } = facts
    const found = await settle(instance, ports.read, context)
    if (found.hasStandbySignal !== true)
      throw new Fault('step.blocked', { because: `${instance.title} has no standby.signal, so it is not started`, isOver: true })
    if (isDown(found.state))
      await ports.act.postgres.start(instance.address, { timeoutMs: startTimeoutMs, ...followOutput(context, instance.commands.start) })
    const reached = await untilReached(facts, ports, context)
    context.note('info', `Replayed up to ${reached ?? 'an unknown position'}: ${sayTarget(target)}.`)
  },
  timeoutMs: recoverTimeoutMs,
  isLong: true,
  canInterrupt: true,
  ending: {
    undo: async ({ instance }, _before, _output, ports, context) => takeDown(instance, ports, context),
    sentence: 'If the job fails or is cancelled before the promotion, the server is stopped and the old directory put back.',
    timeoutMs: 120_000,
  },
})

const untilReached = async (facts: RestoreFacts, ports: ActPorts, context: RunContext): Promise<string | null> => {
  const { instance, target } = facts
  let last: string | null = null
  for (let looks = 0; ; ) {
    const probe = await settle(instance, ports.read, context)
    if (probe.state !== 'online' || probe.role === 'primary')
      throw new Fault('step.blocked', {
        isOver: true,
        because: `recovery of ${instance.title} ended: it is ${probe.state === 'online' ? 'a primary' : probe.state}. See the server’s log`,
      })
    if (isAtTarget(probe)) return probe.replayedLsn
    looks = probe.replayedLsn === last ? looks + 1 : 0
    if (looks === 0 && probe.replayedLsn !== null) context.note('info', `Replayed up to ${probe.replayedLsn}.`)
    last = probe.replayedLsn
    if (looks >= stillLooks && (await isAtEnd(facts, last, ports.read, context.signal))) {
      if (target.kind !== 'latest' && !(target.kind === 'time' && isLastArchived(facts.probe)))
        throw new Fault('step.blocked', {
          isOver: true,
          because: `the archive ends at ${last}, before ${sayTarget(target)}: the WAL is not there`,
        })
      await context.mark(last!)
      return last
    }
    await context.pauseUnlessCancelled(lookEveryMs)
    context.signal.throwIfAborted()
  }
}

/** All that is in the archive is replayed: the last segment is begun at least, and nothing comes after it. */
const isAtEnd = async (facts: RestoreFacts, replayed: string | null, ports: ReadPorts, signal: AbortSignal): Promise<boolean> => {
  const end = await archiveEnd(facts, ports, signal)
  const at = replayed === null ? null : parseLsn(replayed)
  return end !== null && at !== null && at + segmentMax >= end
}

/** As large as segments are made; where they are smaller, a look without progress says the rest. */
const segmentMax = 2n ** 24n
