import { withDeadline } from '../ground/clock'
import { toFault } from '../ground/errors'
import { sayWhy } from '../ground/fault-text'
import { gatherFacts } from '../operation/gathering'
import { abreast, type Facts, type Gate, type Step } from '../operation/operation'
import { targetDigest } from '../operation/plan-making'
import { type Driving, factsOf, outlast } from './driving'
import { hasBegun, pastNoReturn, type StepRecord, stepOf } from './progress'
import { takeStep } from './steps'

const gatherTimeoutMs = 60_000

/** Goes step by step to the end of the operation; `back` when the journal now holds a reason to turn. */
export const goForward = async (driving: Driving): Promise<'done' | 'back' | 'hand-over'> => {
  const { operation, options, recorder } = driving
  const { progress } = recorder
  if (!hasBegun(progress) && !(await lookBeforeFirst(driving))) return 'back'
  const facts = factsOf(driving)

  let wasLong = false
  for (const row of abreast(operation)) {
    const left = row.filter(({ name }) => stepOf(progress, name).finished === null)
    if (left.length > 0 && !left.some(({ name }) => isUnderWay(stepOf(progress, name)))) {
      if (options.shouldHandOver?.()) return 'hand-over'
      if (isCancelled(driving)) return 'back'
      if (wasLong && !(await lookAgain(driving))) return 'back'
    }
    await takeRow(driving, left, facts)
    if (row.some(({ name }) => stepOf(progress, name).finished === null)) return 'back'
    wasLong = row.some(({ name, isLong }) => isLong === true && stepOf(progress, name).finished?.ours === true)
  }
  return 'done'
}

const isUnderWay = ({ intended, failed }: StepRecord): boolean => intended !== null || failed !== null

/** Past the point of no return a step that failed keeps none of those beside it waiting until a person has answered, not even when its driver died over it. */
export const isRowOpen = ({ operation, recorder: { progress } }: Driving): boolean =>
  progress.turned?.outcome === 'failed' &&
  pastNoReturn(operation, progress) !== null &&
  abreast(operation).some((row) => {
    const records = row.map(({ name }) => stepOf(progress, name))
    return records.some(({ failed }) => failed !== null) && records.some(({ failed, finished }) => failed === null && finished === null)
  })

/** All of them at once, each to its own end, whatever becomes of the others. */
const takeRow = async (driving: Driving, row: readonly Step[], facts: Facts): Promise<void> => {
  const { progress } = driving.recorder
  const steps = row.filter(({ name }) => stepOf(progress, name).failed === null)
  if (steps.length === 1) {
    await takeStep(driving, steps[0]!, facts)
    return
  }
  const ended = await Promise.allSettled(steps.map((step) => takeStep(driving, step, facts)))
  const lost = ended.find((one) => one.status === 'rejected')
  if (lost) throw lost.reason
}

/** Cancel is heard between steps, and not past the point of no return: from there the safe place is the end. */
export const isCancelled = ({ operation, job, options, recorder }: Driving): boolean => {
  if (!options.isCancelRequested()) return false
  const passed = pastNoReturn(operation, recorder.progress)
  if (passed !== null) {
    const then = job.digest === null ? 'it is completed here, and the job stops after that' : 'the job continues to its end'
    recorder.note(null, 'warning', `Too late to cancel: “${passed}” cannot be undone, so ${then}.`)
    return false
  }
  recorder.add({ kind: 'cancel-requested', by: options.cancelRequestedBy?.() ?? 'a person' })
  return true
}

const gather = (driving: Driving): Promise<Facts> => {
  const { operation, job, options, ports } = driving
  const deadline = { clock: options.clock, timeoutMs: gatherTimeoutMs, signal: options.signal, what: 'Looking at the target' }
  const { targetId } = job
  return outlast(driving, () => withDeadline(deadline, (signal) => gatherFacts(operation, ports.read, job.input, { targetId, signal })))
}

/** The facts of the plan must still hold, and every gate must still pass. */
export const lookBeforeFirst = async (driving: Driving): Promise<boolean> => {
  const { operation, job, recorder } = driving
  if (isCancelled(driving)) return false
  try {
    const facts = await gather(driving)
    recorder.throwIfLost()
    if (job.digest !== null && targetDigest(operation, job.targetId, facts) !== job.digest) {
      const because = 'Something changed since this plan was made. Nothing has run; make a new plan.'
      recorder.add({ kind: 'refused', step: null, because })
      return false
    }
    recorder.add({ kind: 'gathered', facts })
    return passGates(driving, operation.gates, facts)
  } catch (error) {
    recorder.throwIfLost()
    const fault = toFault(error)
    recorder.add({ kind: 'failed', step: 'gather', code: fault.code, because: sayWhy(error), certainty: 'did-not-happen' })
    return false
  }
}

/** After hours of copying, the gates that must hold all along are asked again about the facts now. */
const lookAgain = async (driving: Driving): Promise<boolean> => {
  const gates = driving.operation.gates.filter((gate) => gate.again)
  if (gates.length === 0) return true
  try {
    return passGates(driving, gates, await gather(driving))
  } catch (error) {
    driving.recorder.throwIfLost()
    driving.recorder.add({ kind: 'refused', step: null, because: `The checks could not be repeated: ${sayWhy(error)}` })
    return false
  }
}

const passGates = ({ recorder }: Driving, gates: readonly Gate<Facts>[], facts: Facts): boolean => {
  for (const gate of gates) {
    const { verdict, because } = gate.look(facts)
    recorder.add({ kind: 'gate', step: gate.name, verdict, because: because ?? null })
    if (verdict === 'refuse') {
      recorder.add({ kind: 'refused', step: gate.name, because: because ?? gate.title })
      return false
    }
  }
  return true
}
