import { withDeadline } from '../ground/clock'
import { isFault } from '../ground/errors'
import { sayWhy } from '../ground/fault-text'
import type { JobOutcome, JobState, JournalEntry } from '../ground/journal'
import { type Step, type StepContext, undoOf } from '../operation/operation'
import { type Driving, factsOf, outlast, stepContext } from './driving'
import { mayHaveHappened, pastNoReturn, type StepRecord, stepOf } from './progress'
import { stoppedAfter } from './segments'

type Attention = Extract<JournalEntry, { kind: 'attention' }>

const endingTimeoutMs = 60_000
/**
 * Undo and release are safe to run twice, and a host that answers a second later must not leave traffic stopped. The last wait outlasts the 5 s for which a
 * host that was down is not asked again: it may be back, and a person may have said so. One that could not be looked at counts as down.
 */
const waitsMs = [1_000, 1_000, 5_500]

/** Undoes what is ours, last first; past the point of no return it undoes nothing, and the job needs attention. */
export const turnBack = async (driving: Driving): Promise<'end' | 'attention'> => {
  const { operation, recorder } = driving
  const passed = pastNoReturn(operation, recorder.progress)
  if (passed !== null) return ask(driving, 'step', becauseOf(driving), questionOf(driving, passed))
  for (const effect of operation.effects.toReversed()) {
    const record = stepOf(recorder.progress, effect.name)
    const ending = undoOf(effect.ending, { mark: record.mark, output: record.finished?.output ?? null })
    if (ending === null || !mayHaveHappened(record) || record.isUndone) continue
    await recorder.write({ kind: 'undo-intended', step: effect.name })
    const { tookMs, error } = await runEnding(driving, effect, ending.timeoutMs, (context) =>
      ending.undo(factsOf(driving), record.intended!.before, driving.ports, context),
    )
    if (error === undefined) {
      recorder.add({ kind: 'undone', step: effect.name, tookMs })
      continue
    }
    recorder.add({ kind: 'undo-failed', step: effect.name, because: sayWhy(error) })
    const asked = isFault(error) ? error.facts.question : undefined
    const question =
      asked ??
      `“${effect.title}” could not be undone. Remove the cause, then resume: it is tried again. Or abandon the job: the step stays as it is.`
    return ask(driving, 'undo', `Undoing “${effect.title}” failed: ${sayWhy(error)}`, question)
  }
  return 'end'
}

/** Releases what the job held, however it went, and closes it. */
export const wrapUp = async (driving: Driving): Promise<JobState> => {
  const { operation, recorder } = driving
  const stuck: string[] = []
  for (const effect of operation.effects.toReversed()) {
    const record = stepOf(recorder.progress, effect.name)
    const { ending } = effect
    if (!('release' in ending) || record.intended === null || record.isReleased) continue
    await recorder.write({ kind: 'release-intended', step: effect.name })
    const { tookMs, error } = await runEnding(driving, effect, ending.timeoutMs, (context) =>
      ending.release(factsOf(driving), record.intended!.before, record.finished?.output ?? null, driving.ports, context),
    )
    if (error === undefined) {
      recorder.add({ kind: 'released', step: effect.name, tookMs })
      continue
    }
    recorder.add({ kind: 'release-failed', step: effect.name, because: sayWhy(error) })
    stuck.push(`“${effect.title}”: ${sayWhy(error)}`)
  }
  if (stuck.length > 0 && recorder.progress.gaveUp?.during !== 'release') {
    const question = 'Remove the cause, then resume: the clean-up is tried again. Or abandon the job: what is left stays as it is.'
    await ask(driving, 'release', `Clean-up failed. ${stuck.join(' ')}`, question)
    return 'attention'
  }
  const { outcome, because } = verdict(driving, stuck)
  await recorder.write({ kind: 'closed', outcome, because })
  return outcome
}

export const askAfterIdleDrivers = async (driving: Driving): Promise<JobState> => {
  const because = 'Several workers in a row took this job over and died without progress.'
  await ask(driving, 'driver', because, 'Read the logs of the workers. Resume the job to let another worker try, or abandon it.')
  return 'attention'
}

const verdict = ({ operation, recorder }: Driving, stuck: string[]): { outcome: JobOutcome; because: string | null } => {
  const { gaveUp, turned, steps } = recorder.progress
  if (operation.segments && gaveUp === null && turned !== null) return stoppedAfter(recorder.progress, operation)
  if (gaveUp !== null) {
    const left = [...leftBehind(operation.effects, steps), ...stuck]
    return {
      outcome: 'failed',
      because: `Abandoned by ${gaveUp.by}. ${left.length > 0 ? `Left as it is: ${left.join('; ')}.` : 'Nothing is left behind.'}`,
    }
  }
  if (turned === null) return { outcome: 'done', because: null }
  if (turned.outcome === 'cancelled') return { outcome: 'cancelled', because: turned.because }
  const wasUndone = [...steps.values()].some((record) => record.isUndone)
  return { outcome: wasUndone ? 'undone' : turned.outcome, because: turned.because }
}

const leftBehind = (effects: readonly Step[], steps: ReadonlyMap<string, StepRecord>): string[] =>
  effects.flatMap((effect) => {
    const record = steps.get(effect.name)
    if (record === undefined || record.isUndone || record.isReleased || !mayHaveHappened(record)) return []
    return [record.finished === null ? `“${effect.title}” may have happened` : `“${effect.title}” has happened`]
  })

const runEnding = async (
  driving: Driving,
  effect: Step,
  timeoutMs: number | undefined,
  work: (context: StepContext) => Promise<void>,
): Promise<{ tookMs: number; error?: unknown }> => {
  const { clock, signal } = driving.options
  const startedAt = clock.now().getTime()
  const took = () => clock.now().getTime() - startedAt
  for (let tries = 0; ; tries += 1) {
    try {
      const deadline = { clock, timeoutMs: timeoutMs ?? endingTimeoutMs, signal, what: `Clean-up of “${effect.title}”` }
      await outlast(driving, () => withDeadline(deadline, (signal) => work(stepContext(driving, effect.name, signal))))
      driving.recorder.throwIfLost()
      return { tookMs: took() }
    } catch (error) {
      driving.recorder.throwIfLost()
      const waitMs = waitsMs[tries]
      if (waitMs === undefined || !isFault(error) || !(error.canRetry || error.code === 'step.unknown')) return { tookMs: took(), error }
      driving.recorder.note(effect.name, 'warning', `${sayWhy(error)} Trying again.`)
      await clock.sleep(waitMs, signal)
    }
  }
}

/** Steps that were taken at the same time may both have failed. */
const failuresOf = ({ operation, recorder }: Driving) =>
  operation.effects.flatMap((effect) => {
    const failed = recorder.progress.steps.get(effect.name)?.failed ?? null
    return failed === null ? [] : [{ effect, failed }]
  })

const becauseOf = (driving: Driving): string => {
  const failures = failuresOf(driving)
  if (failures.length < 2) return driving.recorder.progress.turned!.because
  return failures.map(({ effect, failed }) => `“${effect.title}”: ${failed.because}`).join(' ')
}

const questionOf = (driving: Driving, passed: string): string => {
  const failures = failuresOf(driving)
  const unknown = failures.flatMap(({ effect, failed }) =>
    failed.question === undefined && failed.certainty === 'unknown' ? [effect] : [],
  )
  const asked = [
    ...failures.flatMap(({ failed }) => (failed.question === undefined ? [] : [failed.question])),
    ...(unknown.length === 0 ? [] : [didThey(unknown)]),
  ]
  if (asked.length > 0) return asked.join(' ')
  const title = driving.operation.effects.find((effect) => effect.name === passed)?.title ?? passed
  return `“${title}” cannot be undone, so the job can only continue. Remove the cause, then resume. Or abandon the job: clean-up runs and nothing is undone.`
}

const didThey = (steps: readonly Step[]): string =>
  `Did ${steps.map(({ title }) => `“${title}”`).join(' and ')} happen? Find out, then resume: ${steps.length === 1 ? 'the step' : 'each step'} is checked again first. Or abandon the job: clean-up runs and nothing is undone.`

const ask = async (driving: Driving, during: Attention['during'], because: string, question: string): Promise<'attention'> => {
  const { operation, recorder } = driving
  const known: string[] = []
  const unknown: string[] = []
  for (const effect of operation.effects) {
    const record = recorder.progress.steps.get(effect.name)
    if (record === undefined) continue
    if (record.isUndone) known.push(`“${effect.title}” was undone`)
    else if (record.finished !== null)
      known.push(record.finished.ours ? `“${effect.title}” has happened` : `“${effect.title}” was already done`)
    else if (record.failed?.certainty === 'did-not-happen') known.push(`“${effect.title}” did not happen`)
    else if (record.intended !== null) unknown.push(`whether “${effect.title}” has happened`)
  }
  await recorder.write({ kind: 'attention', during, because, known, unknown, question })
  return 'attention'
}
