import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Json } from '@/lib/kernel/ground/json'
import type { Effect, StepContext } from '@/lib/kernel/operation/operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse } from '@/lib/kernel/operation/verdict'
import type { ActPorts, DeadManSpec, ReadPorts } from '@/lib/ports'
import type { Plain } from '../facts/instance'
import { type DeadManFacts, type DeadManPlace, tryDeadMan } from '../facts/timers'
import { sayTimerOver } from '../steps/poolers/arm-dead-man'
import type { PauseTarget } from '../steps/poolers/pause'

/** Between two signs of life of a worker: more than its longest single look. */
const aliveSeconds = 180
/** What a step takes beside its own deadline. */
const marginMs = 60_000
/** An undo is not waited for longer: the standby is on its way back by then. */
const undoMaxMs = 900_000
const renewEveryMs = 30_000
/** Of an ending that says no other. */
const undoTimeoutMs = 60_000
const callTimeoutMs = 15_000

/**
 * One timer on each pooler's host, of this job and no other: what it lets go on, no one else paused. It asks no member, for there may be none to send the
 * readers to: a connection that is refused can be tried again, one that waits for ever cannot.
 */
export const gatherReaderTimers = async (ports: ReadPorts, targets: readonly PauseTarget[], signal: AbortSignal): Promise<DeadManFacts> => {
  const key = crypto.randomUUID()
  return {
    key,
    herdId: key,
    expirySeconds: aliveSeconds,
    hosts: await Promise.all(
      targets.map(async ({ pooler, databases }) => {
        const spec: Plain<DeadManSpec> = {
          systemIdentifier: null,
          databases: databases.map((name) => ({ name, database: name })),
          foreignLines: [],
          members: [],
        }
        return { pooler, spec, trial: await tryDeadMan(ports, pooler, spec, signal) }
      }),
    ),
  }
}

export type OfTimers = { timers: DeadManFacts }
export const readerTimers = ({ timers }: OfTimers): DeadManFacts => timers

const hostOf = ({ pooler }: DeadManPlace): string => pooler.address.host.hostname

export const readersGoOn = ({ timers: { hosts } }: OfTimers): Verdict => {
  if (hosts.length === 0) return pass
  const wrong = hosts.flatMap((host) => (host.trial.problem === null ? [] : [{ host, problem: host.trial.problem.replace(/\.$/, '') }]))
  return wrong.length === 0
    ? passBecause(`${hosts.map(hostOf).join(', ')}: clients go on by themselves if no worker is left for ${aliveSeconds} s.`)
    : refuse(
        `${wrong.map(({ host, problem }) => `No timer can be left on ${hostOf(host)}: ${problem}.`).join(' ')} Correct that, or choose to leave clients of poolers as they are.`,
      )
}

/** Throws `step.blocked` once the clients have gone on. */
export const mustHold = async ({ timers: { key, hosts } }: OfTimers, ports: ReadPorts, signal: AbortSignal): Promise<void> => {
  const seen = await Promise.all(
    hosts.map(({ pooler }) =>
      ports.poolers.deadMan(pooler.address, key, { timeoutMs: callTimeoutMs, signal }).catch((error: unknown) => {
        if (isUnseen(error)) return null
        throw error
      }),
    ),
  )
  const over = seen.findIndex((one) => one !== null && one.state !== 'armed')
  if (over >= 0) throw new Fault('step.blocked', { isOver: true, because: sayTimerOver(hosts[over]!, seen[over]!) })
}

/** A pooler’s host that does not answer stops nothing: its timer goes on without us. */
const isUnseen = (error: unknown): boolean => isFault(error) && error.code.startsWith('shell.')

/**
 * The effect with its timers started again as it goes on, so that they are over only where no worker is left. `looks`: it waits in short looks, and each is
 * a sign of life; otherwise its deadline is allowed for. `only`: it is not begun once a timer is over, and nothing waits for it any more.
 */
export const whileHeld = <F extends OfTimers, Before extends Json, Output extends Json>(
  effect: Effect<F, Before, Output>,
  { looks = false, only = false }: { looks?: boolean; only?: boolean } = {},
): Effect<F, Before, Output> => {
  const { ending, timeoutMs } = effect
  const msOf = (facts: F) => (looks ? aliveSeconds * 1000 : (typeof timeoutMs === 'function' ? timeoutMs(facts) : timeoutMs) + marginMs)
  const run: (typeof effect)['run'] = async (facts, before, ports, context) => {
    const renewed = await renewing(facts, msOf(facts), ports, context)
    if (only) await mustHold(facts, ports.read, context.signal)
    return (await effect.run(facts, before, ports, renewed)) as Output
  }
  if (!('undo' in ending)) return { ...effect, run }
  const undoMs = looks ? aliveSeconds * 1000 : Math.min(undoMaxMs, (ending.timeoutMs ?? undoTimeoutMs) + marginMs)
  return {
    ...effect,
    run,
    ending: {
      ...ending,
      undo: async (facts, before, output, ports, context) =>
        ending.undo(facts, before, output, ports, await renewing(facts, undoMs, ports, context)),
    },
  }
}

/** The context with a `pause` that gives a sign of life now and then. */
const renewing = async <C extends StepContext>({ timers }: OfTimers, expiryMs: number, ports: ActPorts, context: C): Promise<C> => {
  if (timers.hosts.length === 0) return context
  let renewedAt = ports.read.now().getTime()
  await renew(timers, expiryMs, ports, context)
  return {
    ...context,
    get isUnbroken() {
      return context.isUnbroken
    },
    pause: async (ms: number) => {
      const now = ports.read.now().getTime()
      if (now - renewedAt >= renewEveryMs && !context.signal.aborted) {
        renewedAt = now
        await renew(timers, expiryMs, ports, context)
      }
      await context.pause(ms)
    },
  }
}

const renew = async ({ key, hosts }: DeadManFacts, expiryMs: number, ports: ActPorts, { signal }: StepContext): Promise<void> => {
  await Promise.all(
    hosts.map(async ({ pooler }) => {
      try {
        await ports.act.poolers.extendDeadMan(pooler.address, { key, expiryMs, token: 0 }, { timeoutMs: callTimeoutMs, signal })
      } catch (error) {
        if (!isUnseen(error)) throw error
      }
    }),
  )
}
