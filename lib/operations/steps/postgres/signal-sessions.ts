import { runsStatement, type Session, type Signal, type SignalTarget, sessionKey } from '@/lib/domain/activity/session'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { ReadPorts } from '@/lib/ports'
import { type Place, type Plain, probeTimeoutMs } from '../../facts/instance'

const lookEveryMs = 250
/** A statement hears of its signal when it next asks for one, which an extension or the operating system may keep it from. */
const effectTimeoutMs = 20_000

const sql = (signal: Signal, { pid }: Pick<Session, 'pid'>) => `select pg_${signal}_backend(${pid})`

/** Those of `targets` that are still there: for a cancel those that still run the same statement. */
const left = async (
  ports: ReadPorts,
  place: Place,
  signal: Signal,
  targets: readonly SignalTarget[],
  stop: AbortSignal,
): Promise<Session[]> => {
  const { sessions } = await ports.activity.look(place.address, { timeoutMs: probeTimeoutMs, signal: stop })
  const wanted = new Map(targets.map((one) => [sessionKey(one), one]))
  return sessions.filter((session) => {
    const target = wanted.get(sessionKey(session))
    return target !== undefined && (signal === 'terminate' || (runsStatement(session) && session.statementAt === target.statementAt))
  })
}

/** Sends the signal, and waits until it has had its effect. */
export const signalSessions = <F extends Facts>(
  signal: Signal,
  of: (facts: F) => Place,
  chosen: (facts: F) => readonly Plain<Session>[],
): Effect<F, null, null> => {
  const targets = (facts: F): SignalTarget[] =>
    chosen(facts).map(({ pid, startedAt, statementAt }) => ({ pid, startedAt, statementAt: signal === 'cancel' ? statementAt : null }))
  return {
    title: signal === 'cancel' ? 'Cancel the statements' : 'Terminate the sessions',
    preview: (facts) => ({
      sentence: `${signal === 'cancel' ? 'Cancel what they run' : 'End them'} on ${of(facts).title}, and wait until it is so.`,
      commands: chosen(facts).map((session) => sql(signal, session)),
    }),
    check: async (facts, ports, context) =>
      (await left(ports, of(facts), signal, targets(facts), context.signal)).length === 0
        ? { found: 'done', output: null }
        : { found: 'ready', before: null },
    run: async (facts, _before, ports, context) => {
      const place = of(facts)
      for (const session of chosen(facts)) context.note('command', sql(signal, session))
      await ports.act.activity.signal(place.address, signal, targets(facts), { timeoutMs: probeTimeoutMs, signal: context.signal })
      for (;;) {
        const still = await left(ports.read, place, signal, targets(facts), context.signal)
        if (still.length === 0) return
        await context.pause(lookEveryMs)
        if (context.signal.aborted)
          throw new Fault('step.unknown', {
            because: `The signal was sent, and ${still.map(({ pid }) => pid).join(', ')} on ${place.title} has not heard it yet`,
          })
      }
    },
    timeoutMs: effectTimeoutMs + 2 * probeTimeoutMs,
    canInterrupt: true,
    ending: {
      final:
        signal === 'cancel'
          ? 'The application sees an error and can run the statement again.'
          : 'The application sees its connection close and can connect again.',
      harmless: true,
    },
  }
}
