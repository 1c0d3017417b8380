import { ended, withDeadline } from '../ground/clock'
import { Fault, type FaultCode, toFault } from '../ground/errors'
import { isOver, sayWhy } from '../ground/fault-text'
import type { Json } from '../ground/json'
import {
  deadlineOf,
  type Facts,
  type Found,
  isPointOfNoReturn,
  isShortOfNoReturn,
  type Step,
  type StepContext,
} from '../operation/operation'
import { counted, type Driving, outlast, settle, stepContext } from './driving'
import { pastNoReturn, stepOf } from './progress'

type Look = Found<Json, Json> | { found: 'unknown'; fault: Fault; because: string }
type Tried = ({ output: Json } | { fault: Fault; because: string; isInterrupted: boolean }) & {
  /** Something reached a host. */
  hasBegun: boolean
  /** Some of what it does was done. */
  hasDone: boolean
}
type Attempt = Tried & { /** No other driver tried before. */ isFirst: boolean }

const checkTimeoutMs = 30_000
/** A command that has ended may show a moment later (a signal on its way, a server still starting): so long, and this often, we look again. */
const proofMs = 10_000
const lookEveryMs = [10, 20, 40, 80, 160, 250]
const cancelPollMs = 500
/** For acts that are still on their way when a step has failed; the second where clients may be waiting for the way back. */
const settleMs = 15_000
const quickSettleMs = 1_000

/**
 * Takes one step from wherever it is: check, intent, action, proof. True when it is finished, ours or not; false when the journal now says why not.
 */
export const takeStep = async (driving: Driving, effect: Step, facts: Facts): Promise<boolean> => {
  const { recorder, options } = driving
  const startedAt = options.clock.now().getTime()
  const isOpen = stepOf(recorder.progress, effect.name).intended !== null
  const finish = (output: Json, ours: boolean) => {
    recorder.add({ kind: 'finished', step: effect.name, output, ours, tookMs: options.clock.now().getTime() - startedAt })
    return true
  }

  if (isOpen && isShort(driving, effect))
    return fail(driving, effect, 'step.unknown', 'Its worker died before the point of no return, so it is undone.', 'unknown')
  const found = isOpen
    ? await prove(driving, effect, facts, { isEnough: (look) => look.found === 'ready', passingMs: deadlineOf(effect, facts) })
    : await look(driving, effect, facts)
  recorder.throwIfLost()
  if (found.found === 'done') return finish(found.output, isOpen)
  if (found.found === 'left-out') {
    recorder.add({ kind: 'left-out', step: effect.name, word: found.word, because: found.because })
    return true
  }
  if (found.found === 'unknown' || found.found === 'blocked') {
    const code = found.found === 'unknown' ? found.fault.code : 'step.blocked'
    return fail(driving, effect, code, found.because, isOpen ? 'unknown' : 'did-not-happen', found)
  }
  // Another driver began it and nobody waits for it any more. A final step is completed all the same: half of it may be on its way.
  if (
    isOpen &&
    options.isCancelRequested() &&
    !isPointOfNoReturn(effect.ending, facts) &&
    pastNoReturn(driving.operation, recorder.progress) === null
  ) {
    fail(driving, effect, 'shell.cancelled', 'Cancelled before it was run again.', 'unknown')
    recorder.add({ kind: 'cancel-requested', by: options.cancelRequestedBy?.() ?? 'a person' })
    return false
  }

  if (!isOpen) recorder.add({ kind: 'intended', step: effect.name, before: found.before })
  await recorder.flush()
  const { before } = stepOf(recorder.progress, effect.name).intended!
  const attempt = { ...(await attemptStep(driving, effect, facts, before)), isFirst: !isOpen }
  recorder.throwIfLost()
  if ('output' in attempt && effect.proof === 'answer') return finish(attempt.output, true)

  // What is on its way back need not be looked at first: its undo looks, and somebody may be waiting.
  if ('fault' in attempt && isShort(driving, effect)) {
    fail(driving, effect, attempt.fault.code, attempt.because, 'unknown')
    noteCancel(driving, attempt)
    return false
  }

  const isSettled = 'fault' in attempt && isOver(attempt.fault)
  const proof = await prove(driving, effect, facts, { isEnough: (look) => isSettled && look.found === 'ready', passingMs: proofMs })
  recorder.throwIfLost()
  if (proof.found === 'done') {
    if ('fault' in attempt) recorder.note(effect.name, 'warning', `${attempt.because} A second check shows that it has happened.`)
    return finish(proof.output, true)
  }
  failAttempt(driving, effect, attempt, proof)
  return false
}

const isShort = ({ recorder }: Driving, effect: Step): boolean =>
  isShortOfNoReturn(effect.ending, stepOf(recorder.progress, effect.name).mark)

const failAttempt = (driving: Driving, effect: Step, attempt: Attempt, proof: Exclude<Look, { found: 'done' }>): void => {
  const hasEnded = 'output' in attempt || isOver(attempt.fault)
  // A check may not tell a part from nothing. What can be undone is undone then: undo looks at what there is.
  const mayBePart = 'undo' in effect.ending && 'fault' in attempt && attempt.hasDone
  const isClean = proof.found === 'ready' && proof.partly === undefined && !mayBePart
  // A command of an earlier driver may still be alive on the host, whatever became of ours.
  const hasPassed = 'final' in effect.ending && effect.ending.until !== undefined
  const didNotHappen = attempt.isFirst && !hasPassed && ((hasEnded && isClean) || !attempt.hasBegun)
  const now = proof.found === 'ready' ? (proof.partly ?? (hasEnded ? 'nothing has changed' : 'it has not happened yet')) : proof.because
  const because =
    'output' in attempt
      ? `The command succeeded, but ${now}.`
      : (isClean || mayBePart) && hasEnded
        ? attempt.because
        : `${attempt.because} Now: ${now}`
  fail(
    driving,
    effect,
    'fault' in attempt ? attempt.fault.code : 'step.unknown',
    because,
    didNotHappen ? 'did-not-happen' : 'unknown',
    proof,
    'fault' in attempt ? attempt.fault.facts.question : undefined,
  )
  noteCancel(driving, attempt)
}

/** A cancel ended it, and not a fault. */
const noteCancel = ({ recorder, options, operation }: Driving, attempt: Attempt): void => {
  if ('fault' in attempt && attempt.isInterrupted && pastNoReturn(operation, recorder.progress) === null)
    recorder.add({ kind: 'cancel-requested', by: options.cancelRequestedBy?.() ?? 'a person' })
}

const fail = (
  driving: Driving,
  effect: Step,
  code: FaultCode,
  because: string,
  certainty: 'did-not-happen' | 'unknown',
  look?: Look,
  question?: string,
): false => {
  const asked = question ?? (look?.found === 'unknown' ? look.fault.facts.question : look?.found === 'ready' ? halfWay(look) : undefined)
  driving.recorder.add({ kind: 'failed', step: effect.name, code, because, certainty, ...(asked === undefined ? {} : { question: asked }) })
  return false
}

const halfWay = ({ partly }: { partly?: string }): string | undefined =>
  partly === undefined
    ? undefined
    : `It was done in part: ${partly}. Remove the cause, then resume: it is completed. Or abandon the job: clean-up runs and nothing is undone.`

const look = async (driving: Driving, effect: Step, facts: Facts): Promise<Look> => {
  const { options, recorder, ports } = driving
  const record = stepOf(recorder.progress, effect.name)
  const deadline = { clock: options.clock, timeoutMs: checkTimeoutMs, signal: options.signal, what: `Checking “${effect.title}”` }
  try {
    return await outlast(driving, () =>
      withDeadline(deadline, (signal) => effect.check(facts, ports.read, { signal, intended: record.intended, mark: record.mark })),
    )
  } catch (error) {
    recorder.throwIfLost()
    return { found: 'unknown', fault: toFault(error), because: sayWhy(error) }
  }
}

interface Patience {
  isEnough: (look: Look) => boolean
  /** How long to wait for what ends by itself; everything else has `proofMs`. */
  passingMs: number
}

/** Checks until it is done, until it is enough, or until the time is up. A bug in a check does not get better by waiting. */
const prove = async (driving: Driving, effect: Step, facts: Facts, { isEnough, passingMs }: Patience): Promise<Look> => {
  const { clock, signal } = driving.options
  const startedAt = clock.now().getTime()
  for (let looks = 0; ; looks += 1) {
    const found = await look(driving, effect, facts)
    if (found.found === 'done' || found.found === 'left-out' || isEnough(found)) return found
    if (found.found === 'blocked' && !found.isPassing) return found
    if (found.found === 'unknown' && found.fault.code === 'internal.bug') return found
    if (clock.now().getTime() - startedAt >= (found.found === 'blocked' ? passingMs : proofMs)) return found
    await clock.sleep(lookEveryMs[looks] ?? lookEveryMs.at(-1)!, signal)
    driving.recorder.throwIfLost()
  }
}

const attemptStep = async (driving: Driving, effect: Step, facts: Facts, before: Json): Promise<Tried> => {
  const { options, recorder } = driving
  const own = counted(driving)
  const tried = () => ({ hasBegun: own.actions.count > 0, hasDone: own.actions.done > 0 })
  const over = new AbortController()
  const cancelled = new AbortController()
  if (hearsCancel(driving, effect)) void watchCancel(driving, over.signal, cancelled)
  const signal = AbortSignal.any([options.signal, cancelled.signal])
  let hasHeard = false
  const deadline = { clock: options.clock, timeoutMs: deadlineOf(effect, facts), signal, what: `“${effect.title}”` }
  try {
    const marked = stepOf(recorder.progress, effect.name).mark
    const mark = async (mark: Json) => {
      await recorder.write({ kind: 'marked', step: effect.name, mark })
      await recorder.confirm()
    }
    const output = await outlast(own, () =>
      withDeadline<unknown>(deadline, (signal) => {
        const context = stepContext(driving, effect.name, signal)
        const pauseUnlessCancelled = async (ms: number) => {
          hasHeard = await hearsCancelWithin(driving, ms, context)
          if (hasHeard || signal.aborted) throw whyOver(hasHeard ? null : signal.reason)
        }
        return effect.run(facts, before, own.ports, Object.assign(context, { mark, marked, pauseUnlessCancelled }))
      }),
    )
    return { output: (output ?? null) as Json, ...tried() }
  } catch (error) {
    recorder.throwIfLost()
    await settle(own, isShort(driving, effect) ? quickSettleMs : settleMs)
    return {
      fault: toFault(error),
      because: sayWhy(error),
      isInterrupted: cancelled.signal.aborted || hasHeard,
      ...tried(),
    }
  } finally {
    over.abort(ended)
  }
}

/** A wait that its step's deadline ended says so: nobody cancelled it. */
const whyOver = (reason: unknown): Fault =>
  reason instanceof Fault && reason.code === 'shell.timeout'
    ? new Fault('shell.timeout', { ...reason.facts, isOver: true })
    : new Fault('shell.cancelled', { isOver: true })

/** Past the point of no return only what takes long, or is that point itself, stops for a cancel, to ask; once somebody said to go on, nothing does. */
const hearsCancel = ({ operation, recorder: { progress } }: Driving, effect: Step): boolean => {
  const passed = pastNoReturn(operation, progress)
  const stopsToAsk = effect.isLong === true || passed === effect.name
  return effect.canInterrupt === true && (passed === null || (stopsToAsk && !progress.wentOn))
}

/** Waits so long, or until somebody cancels what can still be undone: true. */
const hearsCancelWithin = async (driving: Driving, ms: number, { pause, signal }: StepContext): Promise<boolean> => {
  const { operation, options, recorder } = driving
  const endsAt = options.clock.now().getTime() + ms
  for (;;) {
    if (options.isCancelRequested() && pastNoReturn(operation, recorder.progress) === null) return true
    const leftMs = endsAt - options.clock.now().getTime()
    if (leftMs <= 0 || signal.aborted) return false
    await pause(Math.min(cancelPollMs, leftMs))
  }
}

const watchCancel = async ({ options }: Driving, ended: AbortSignal, cancelled: AbortController): Promise<void> => {
  while (!ended.aborted) {
    if (options.isCancelRequested()) return cancelled.abort(new Fault('shell.cancelled'))
    await options.clock.sleep(cancelPollMs, ended)
  }
}
