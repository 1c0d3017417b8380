import { Fault } from '@/lib/kernel/ground/errors'
import type { StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, Probe } from '@/lib/ports'
import { isDown } from '../../facts/instance'
import { herdAim } from '../../steps/poolers/aim'
import { bringUp, followOutput, lookAt, unseen } from '../../steps/postgres/server'
import { mustWriteAlone } from '../../steps/postgres/write-alone'
import type { SwitchoverFacts } from '../facts'
import { aimBack, resumeAll } from './front'
import { sayingWho } from './waiting'

const fileTimeoutMs = 15_000
const startTimeoutMs = 300_000
const stopTimeoutMs = 60_000
const lookEveryMs = 20
/** A long start is looked at each time that it has taken a tenth longer, and at least this often. */
const lookEveryMsMax = 1_000
const recordTimeoutMs = 15_000
/** Later every member is looked at again first. */
const sendWithinMs = 5_000

export const rollBackTimeoutMs = 2 * startTimeoutMs + stopTimeoutMs

/**
 * The old primary is primary again, the poolers point to it, and clients are resumed: in this order, and each as soon as it can. `wasStopped`: we stopped the
 * candidate, and it follows again in the end. `mayStart` throws where the old primary must not be started any more. Safe to run twice.
 */
export const rollBack = async (
  facts: SwitchoverFacts,
  { wasStopped, mayStart }: { wasStopped: boolean; mayStart: () => Promise<void> },
  ports: ActPorts,
  context: StepContext,
): Promise<void> => {
  const primary = facts.primary!
  await mustBeTheOnlyPrimary(facts, ports, context)
  const starting: Promise<void>[] = []
  const [restored, ...aimed] = await Promise.allSettled([
    leadAgain(facts, mayStart, ports, context, starting),
    ...facts.front.map((one) => aimBack(one, facts.timers, ports, context)),
  ])
  if (restored.status === 'rejected') throw restored.reason
  context.note('info', `${primary.title} is primary again.`)
  await resumeAll(facts.front, ports, context)
  const failed = aimed.find((one) => one.status === 'rejected')
  if (failed) throw failed.reason
  await ports.act.inventory.restore(primary.id, { timeoutMs: recordTimeoutMs, signal: context.signal })
  // The command that started it may say so long after the server itself.
  await Promise.allSettled(starting)
  if (wasStopped) await followAgain(facts, ports, context)
}

/**
 * This job has not told the candidate to promote; if somebody else did, that one is the primary. A driver that was there from the first second knows
 * that the candidate followed until now, seen or not; any other one has to see it.
 */
const mustBeTheOnlyPrimary = async (facts: SwitchoverFacts, ports: ActPorts, context: StepContext): Promise<void> => {
  const mayServeOn = context.isUnbroken || !(await isAimedAway(facts, ports, context))
  const claim = { place: facts.primary!, replacedBy: facts.candidate!.id, mayServeOn }
  await sayingWho(facts, ports, context, () => mustWriteAlone(claim, ports.read, context))
}

/** A pooler's lines point to the candidate: this job wrote them, or somebody who saw it as primary. True also for a file that cannot be read. */
const isAimedAway = async ({ front }: SwitchoverFacts, { read }: ActPorts, { signal }: StepContext): Promise<boolean> => {
  const files = await Promise.allSettled(
    front.map(({ pooler }) => read.poolers.readFile(pooler.address, { timeoutMs: fileTimeoutMs, signal })),
  )
  return files.some((one, index) => {
    const { pooler, herd, next } = front[index]!
    return one.status === 'rejected' || (one.value !== null && herdAim(pooler, herd, next!).textFrom(one.value.text) === one.value.text)
  })
}

/** Without its signal it would come up as a second primary. */
const followAgain = async ({ candidate }: SwitchoverFacts, ports: ActPorts, context: StepContext): Promise<void> => {
  const place = candidate!
  const { state, hasStandbySignal } = await lookAt(ports.read, place, context.signal)
  if (isDown(state) && hasStandbySignal !== true)
    throw new Fault('step.blocked', { isOver: true, because: `${place.title} has no standby.signal, so it is not started` })
  await bringUp(place, ports, context, { timeoutMs: startTimeoutMs })
  context.note('info', `${place.title} follows again.`)
}

/** Resolves when it takes writes, which is long before the command that starts it says so. A server on its way down is waited for. */
const leadAgain = async (
  facts: SwitchoverFacts,
  mayStart: () => Promise<void>,
  ports: ActPorts,
  context: StepContext,
  starting: Promise<void>[],
): Promise<void> => {
  const place = facts.primary!
  const began = ports.read.now().getTime()
  for (;;) {
    const probe = await lookAt(ports.read, place, context.signal)
    if (probe.state === 'online' && probe.role === 'primary') return
    if (context.signal.aborted) throw unseen(place, probe)
    if (probe.state === 'online') await stopStandby(facts, ports, context)
    else if (isDown(probe.state) && starting.length === 0) {
      await mayStart()
      await startAgain(facts, probe, ports, context, starting)
    }
    // A start that fails says so at once; one that succeeds may say so long after the server.
    const waitMs = Math.min(lookEveryMsMax, (ports.read.now().getTime() - began) / 10)
    if (isDown(probe.state)) await Promise.race([context.pause(waitMs), ...starting])
    await context.pause(lookEveryMs)
  }
}

/** Somebody started it while it was fenced. */
const stopStandby = async ({ primary }: SwitchoverFacts, ports: ActPorts, context: StepContext): Promise<void> =>
  ports.act.postgres.stop(primary!.address, 'fast', { timeoutMs: stopTimeoutMs, ...followOutput(context, primary!.commands.stop) })

const startAgain = async (
  { primary }: SwitchoverFacts,
  { hasStandbySignal }: Probe,
  ports: ActPorts,
  context: StepContext,
  starting: Promise<void>[],
): Promise<void> => {
  const place = primary!
  if (hasStandbySignal === true) {
    context.note('command', `rm ${place.address.dataDirectory}/standby.signal`)
    await ports.act.replication.clearStandbySignal(place.address, { timeoutMs: fileTimeoutMs, signal: context.signal })
  }
  const started = ports.act.postgres.start(place.address, {
    timeoutMs: startTimeoutMs,
    sendWithinMs,
    ...followOutput(context, place.commands.start),
  })
  started.catch(() => {})
  starting.push(started)
}
