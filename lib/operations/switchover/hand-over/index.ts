import { sayAims } from '@/lib/domain/poolers/pgbouncer-ini'
import { promoteCommand } from '@/lib/domain/replication/conf'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect, RunContext } from '@/lib/kernel/operation/operation'
import type { ActPorts } from '@/lib/ports'
import type { FirstCommit, ShutDown } from '@/lib/ports/takeover'
import { aimPooler, herdAim } from '../../steps/poolers/aim'
import { lookAt } from '../../steps/postgres/server'
import { mustWriteAlone } from '../../steps/postgres/write-alone'
import type { SwitchoverFacts } from '../facts'
import type { FrontPooler } from '../front'
import { budgetMs, reserveMs } from './budget'
import { aimHeld, type Ready, readyAll, resumeEach } from './front'
import { heldUntilOf, type Part, type Passed, passedOf, timing, wasStopped } from './parts'
import { pauseAll } from './pause'
import { promoteCandidate, settleTimeoutMs } from './promote'
import { rollBack, rollBackTimeoutMs } from './roll-back'
import { noManager, type Rules } from './rules'
import { sayingWho } from './waiting'

/** What the report and the certificate read. */
export type HandedOver = Omit<Passed, 'isPassed' | 'isStopped' | 'heldUntil'> & {
  firstCommit: FirstCommit
  /** From the first PAUSE, or the order to stop where there is no pooler, until the clients go on. */
  gapMs: number
  /** Poolers that are left to a later step. */
  sick: { title: string; because: string }[]
}

const recordTimeoutMs = 5_000
const nobody = '0/0'

/**
 * Everything that happens while clients are paused, as one step: separate steps, with their looks before and after and the journal between, would be the
 * longest part of it. All of it is undone until the candidate is told to promote, which its mark says; and afterwards where it is proven that it was never primary.
 */
export const handOverBy = <F extends SwitchoverFacts>(rules: Rules<F>): Effect<F, null, HandedOver> => ({
  title: 'Hand over: swap roles while clients are paused',
  preview: ({ primary, candidate, front, limits }) => ({
    sentence: `${front.length === 0 ? '' : `Pause the clients of ${front.map(({ pooler }) => pooler.title).join(', ')} for at most ${limits.pauseSeconds} s; `}stop ${primary?.title} fast and fence it with standby.signal, let ${candidate?.title} replay the last record, promote it, prove a commit${front.length === 0 ? '' : ', and resume clients there'}.`,
    commands: [
      ...front.flatMap(({ databases }) => databases.map((name) => `PAUSE "${name}"`)),
      ...(primary?.commands.stop ?? []),
      `touch ${primary?.address.dataDirectory}/standby.signal`,
      ...front.flatMap(({ pooler }) => [
        `write ${pooler.address.configPath} on ${pooler.address.host.hostname}: ${candidate === null ? '' : sayAims([{ host: candidate.address.host.address, port: candidate.address.port }])}`,
        'RELOAD',
      ]),
      ...(candidate === null ? [] : [promoteCommand(candidate.address.major, candidate.address.dataDirectory)]),
      ...front.flatMap(({ databases }) => databases.map((name) => `RESUME "${name}"`)),
    ],
  }),
  check: async ({ primary, candidate }, ports, { signal, mark }) => {
    const passed = passedOf(mark)
    if (passed !== null)
      return {
        found: 'ready',
        before: null,
        partly: `${candidate!.title} was told to promote${passed.isStopped ? ', did not in time, and is to be stopped' : ''}`,
      }
    const [old, next] = await Promise.all([primary!, candidate!].map((place) => lookAt(ports, place, signal)))
    if (next!.role === 'primary') return { found: 'blocked', because: `${candidate!.title} takes writes already` }
    if (next!.state !== 'online') return { found: 'blocked', because: next!.because ?? `${candidate!.title} is ${next!.state}` }
    if (old!.state !== 'online' || old!.role !== 'primary')
      return { found: 'blocked', because: old!.because ?? `${primary!.title} is no primary any more` }
    return { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, context) => {
    const passed = passedOf(context.marked)
    // Another driver has passed the point of no return; anybody may have been promoted, or the old primary started, since.
    if (passed !== null) {
      await rules.goOn(facts, ports, context)
      await sayingWho(facts, ports, context, () => mustWriteAlone({ place: facts.candidate! }, ports.read, context))
    }
    const reached =
      passed === null ? await towards(facts, rules, ports, context) : { passed, leadMs: budgetMs, aimed: aimAgain(ports, context) }
    return beyond(facts, reached, ports, context)
  },
  timeoutMs: (facts) => runTimeoutMs(facts) + rules.decideTimeoutMs,
  proof: 'answer',
  ending: {
    final:
      'A promotion cannot be undone. A failure before it, or one where the candidate provably never became primary, is undone at once.',
    until: {
      isPassed: (mark) => passedOf(mark) !== null,
      undo: async (facts, _before, mark, ports, context) => {
        if (mark === null) return
        const undo = (mayStart: () => Promise<void>) => rollBack(facts, { wasStopped: wasStopped(mark), mayStart }, ports, context)
        await rules.rollBack(facts, { heldUntil: heldUntilOf(mark), undo }, ports, context)
      },
      timeoutMs: rollBackTimeoutMs + rules.decideTimeoutMs,
    },
  },
})

/** Of a herd that nobody else looks after. */
export const handOver = handOverBy<SwitchoverFacts>(noManager)

/** `leadMs`: the time that the candidate is given. `aimed` resolves once the pooler points to it. */
type Reached = { passed: Passed; leadMs: number; aimed: (one: FrontPooler) => Promise<void> }

function runTimeoutMs({ limits, front }: SwitchoverFacts): number {
  const tryMs = (limits.pauseSeconds * 2 + limits.pauseBackoffSeconds) * 1000
  const goMs = front.length > 0 ? budgetMs : (limits.stopSeconds + limits.waitSeconds) * 1000
  return limits.pauseTries * tryMs + goMs + budgetMs + settleTimeoutMs + 30_000
}

/** Up to the last moment from which there is a way back. */
const towards = async <F extends SwitchoverFacts>(facts: F, rules: Rules<F>, ports: ActPorts, context: RunContext): Promise<Reached> => {
  const { primary, candidate, limits } = facts
  const used = new AbortController()
  const whole = { timeoutMs: runTimeoutMs(facts), signal: AbortSignal.any([context.signal, used.signal]) }
  try {
    // Logs in and asks the one statement that counts, before anybody waits.
    const [ready] = await Promise.all([
      readyAll(facts.front, ports, context),
      mustWriteAlone(sole(facts), ports.read, context),
      ports.read.replication.readyToStop(primary!.address, whole),
      ports.read.replication.untilReplayed(candidate!.address, nobody, { timeoutMs: limits.waitSeconds * 1000, signal: context.signal }),
    ])
    await context.mark({ isPassed: false })
    return await throughTheStop(facts, { ready, rules }, ports, context)
  } catch (error) {
    used.abort()
    throw error
  }
}

const throughTheStop = async <F extends SwitchoverFacts>(
  facts: F,
  { ready, rules }: { ready: readonly Ready[]; rules: Rules<F> },
  ports: ActPorts,
  context: RunContext,
): Promise<Reached> => {
  const { primary, candidate, limits } = facts
  const parts: Part[] = []
  const timed = timing(ports, parts)
  let heldUntil: number | null = null
  const hold = async () => {
    heldUntil = await rules.hold(facts, ports, context)
    if (heldUntil !== null) await context.mark({ isPassed: false, heldUntil })
  }
  if (facts.front.length === 0) await hold()
  const began = facts.front.length === 0 ? ports.read.now() : await pauseAll(facts, { ready, hold }, ports, context)
  if (facts.front.length > 0)
    parts.push({ name: 'pause', startedAt: began.toISOString(), tookMs: ports.read.now().getTime() - began.getTime() })
  const endsAt = began.getTime() + (facts.front.length > 0 ? budgetMs : (limits.stopSeconds + limits.waitSeconds) * 1000 + reserveMs)
  const leftMs = (mostMs: number) => Math.max(1, Math.min(mostMs, endsAt - reserveMs - ports.read.now().getTime()))
  context.note('command', `stop ${primary!.title} fast; touch ${primary!.address.dataDirectory}/standby.signal`)
  const replay = ({ checkpointLsn }: ShutDown) =>
    timed('catch-up', () => {
      const options = { timeoutMs: leftMs(limits.waitSeconds * 1000), signal: context.signal }
      return ports.read.replication.untilReplayed(candidate!.address, checkpointLsn, options)
    })
  const others = watching(() => mustWriteAlone(sole(facts), ports.read, context))
  const stop = async () => {
    let replaying: Promise<string> | null = null
    const onShutDown = (end: ShutDown) => {
      replaying = replay(end)
      replaying.catch(() => {})
      others.look()
    }
    const timeoutMs = leftMs(limits.stopSeconds * 1000)
    const options = { timeoutMs, sendWithinMs: timeoutMs, signal: context.signal, onShutDown }
    const end = await timed('stop-primary', () => ports.act.replication.stopAsStandby(primary!.address, options))
    return { ...end, replayedLsn: await (replaying ?? replay(end)) }
  }
  throwIfLate(endsAt, ports)
  // Nobody else may decide who leads as long as somebody can still be told to promote.
  if (heldUntil !== null && heldUntil < endsAt) throw late()
  const aims = aimAll(ready, ports, context)
  const record = () =>
    ports.act.inventory.replace(primary!.id, replacementOf(facts), { timeoutMs: recordTimeoutMs, signal: context.signal })
  try {
    const [{ checkpointLsn, controlState, replayedLsn }] = await allOrFirst([stop(), record()])
    aims.throwIfFailed()
    others.throwIfTrouble()
    throwIfLate(endsAt, ports)
    const passed: Passed = { isPassed: true, checkpointLsn, controlState, replayedLsn, parts, ...(heldUntil === null ? {} : { heldUntil }) }
    await context.mark(passed)
    try {
      others.throwIfTrouble()
      if (!context.isUnbroken) throw late()
      throwIfLate(endsAt, ports)
    } catch (tooLate) {
      // The mark itself waited for the console's own database, or somebody was faster. Nobody was told to promote.
      await context.mark({ ...passed, isPassed: false })
      throw tooLate
    }
    return { passed, leadMs: endsAt - ports.read.now().getTime(), aimed: aims.of }
  } catch (error) {
    // What is under way must be over before anything is undone.
    await aims.settled()
    throw error
  }
}

const throwIfLate = (endsAt: number, ports: ActPorts): void => {
  if (endsAt - ports.read.now().getTime() < reserveMs) throw late()
}

const late = (): Fault =>
  new Fault('step.blocked', { isOver: true, because: 'The time in which the clients may wait is nearly up, so nobody is promoted.' })

/** The only way is forward. */
const beyond = async (
  facts: SwitchoverFacts,
  { passed, leadMs, aimed }: Reached,
  ports: ActPorts,
  context: RunContext,
): Promise<HandedOver> => {
  const candidate = facts.candidate!
  const { isPassed: _passed, isStopped: _stopped, heldUntil: _heldUntil, ...seen } = passed
  const parts = [...seen.parts]
  const timed = timing(ports, parts)
  context.note('command', promoteCommand(candidate.address.major, candidate.address.dataDirectory))
  const firstCommit = await timed('promote', () => promoteCandidate(facts, passed, leadMs, ports, context))
  const sick = facts.front.length === 0 ? [] : await timed('resume', () => resumeEach(facts.front, ports, context, aimed))
  const gapMs = ports.read.now().getTime() - Date.parse(parts[0]!.startedAt)
  context.note(
    'info',
    `${candidate.title} is primary after ${gapMs} ms: ${parts.map(({ name, tookMs }) => `${name} ${tookMs}`).join(', ')}.`,
  )
  return { ...seen, parts, firstCommit, gapMs, sick }
}

/** Each pooler is pointed at the candidate while its clients are paused; none waits for the slowest one before its RESUME. */
const aimAll = (ready: readonly Ready[], ports: ActPorts, context: RunContext) => {
  const failures: unknown[] = []
  const aims = new Map(ready.map((one) => [one.pooler.id, aimHeld(one, ports, context)]))
  for (const aim of aims.values()) aim.catch((error: unknown) => void failures.push(error))
  return {
    of: async (one: FrontPooler) => aims.get(one.pooler.id),
    settled: () => Promise.allSettled(aims.values()),
    throwIfFailed: () => {
      if (failures.length > 0) throw failures[0]
    },
  }
}

/** The candidate, beside nobody but the primary that it replaces. */
const sole = ({ primary, candidate }: SwitchoverFacts) => ({ place: candidate!, beside: [primary!.id], isForward: true })

/** Looks while something else is waited for: whoever has not answered by then holds no client up. */
const watching = (look: () => Promise<void>) => {
  const troubles: unknown[] = []
  return {
    look: () => void look().catch((error: unknown) => void troubles.push(error)),
    throwIfTrouble: () => {
      if (troubles.length > 0) throw troubles[0]
    },
  }
}

/** What an earlier driver had begun. */
const aimAgain =
  (ports: ActPorts, context: RunContext) =>
  ({ pooler, herd, next }: FrontPooler): Promise<void> =>
    aimPooler(ports, herdAim(pooler, herd, next!), context)

/** Waits for all of them even when one has failed. */
const allOrFirst = async <const T extends readonly unknown[]>(work: T): Promise<{ [K in keyof T]: Awaited<T[K]> }> => {
  const ended = await Promise.allSettled(work)
  const failed = ended.find((one) => one.status === 'rejected')
  if (failed) throw failed.reason
  return ended.map((one) => (one as PromiseFulfilledResult<unknown>).value) as { [K in keyof T]: Awaited<T[K]> }
}

const replacementOf = ({ candidate, primaryProbe }: SwitchoverFacts) => ({
  byId: candidate!.id,
  timeline: (primaryProbe?.timeline ?? 0) + 1,
  because: `${candidate!.title} was promoted in its place.`,
})
