import { Fault, type FaultCode, isFault } from '@/lib/kernel/ground/errors'
import type { RunContext, StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, CloudDeed, MachineNow, MachinePlace } from '@/lib/ports'
import { type Place, probeTimeoutMs } from '../facts/instance'

const askTimeoutMs = 30_000
const lookEveryMs = 2_000
/** Once nothing could be had, all are asked for again, later and later. */
const againMaxMs = 60_000

/** What stopped for it is to run again, as something else or as what it was. */
const otherType: ReadonlySet<FaultCode> = new Set<FaultCode>(['cloud.no-capacity', 'cloud.unfit', 'cloud.refused'])

export interface Course {
  machine: MachinePlace
  place: Place
  /** The types to become, the first one that can be had. */
  goals: readonly string[]
  /** What it becomes where none of them can be had: it is never left stopped. */
  lastResort: readonly string[]
  /** What it becomes where none of all these could be had for `patienceMs`: none of them is smaller than what it was. */
  standIns: readonly string[]
  patienceMs: number
  /** Whether a machine may be stopped whose host does not answer. */
  mayStopUnseen: boolean
}

/** Types that EC2 had none of or refused in this round, in their order, why the last one, how many rounds ended with nothing, and since when (null: nothing was refused yet). */
export type Refused = { types: string[]; because: string; rounds: number; sinceMs: number | null }

/**
 * Stops the machine, gives it the first type that can be had, and starts it; whatever it finds half done it completes. Answers with the type that runs at
 * the end, with its host answering. Where nothing can be had, all are tried again until the time is over, what it was first, and once the patience is over also
 * what may stand in: it is down meanwhile. `remember` is told of each type that cannot be had before the next one is tried.
 */
export const become = async (
  course: Course,
  refused: Refused,
  ports: ActPorts,
  context: StepContext,
  remember: (refused: Refused) => Promise<void>,
): Promise<string> => {
  const { goals, lastResort, standIns, patienceMs } = course
  let { types, because, rounds, sinceMs } = refused
  for (;;) {
    const now = await look(course, ports, context)
    const atMs = ports.read.now().getTime()
    const leftMs = sinceMs === null ? patienceMs : sinceMs + patienceMs - atMs
    const first = rounds === 0 ? [...goals, ...lastResort] : [...lastResort, ...goals]
    const wanted = [...first, ...(leftMs > 0 ? [] : standIns)].find((type) => !types.includes(type))
    if (wanted === undefined) {
      rounds += 1
      types = []
      await remember({ types, because, rounds, sinceMs })
      const backOffMs = Math.min(againMaxMs, lookEveryMs * 2 ** rounds)
      const waitMs = leftMs > 0 ? Math.min(backOffMs, leftMs) : backOffMs
      context.note('warning', `Nothing can be had. All are tried again in ${Math.ceil(waitMs / 1000)} s.`)
      if (context.signal.aborted) throw stillDown(course, now, because)
      await context.pause(waitMs)
      continue
    }
    if (now !== null) {
      if (now.state === 'running' && (rounds > 0 || now.type === wanted || goals.includes(now.type))) {
        await untilAnswering(course, ports, context)
        return now.type
      }
      const deed = await deedFor(course, now, wanted, ports, context)
      const problem = deed && (await send(course, deed, ports, context))
      if (problem) {
        context.note('warning', problem.message)
        because = problem.message
        types = [...types, wanted]
        sinceMs ??= atMs
        await remember({ types, because, rounds, sinceMs })
        continue
      }
    }
    if (context.signal.aborted) throw stillDown(course, now, because)
    await context.pause(lookEveryMs)
  }
}

const stillDown = ({ machine, goals }: Course, now: MachineNow | null, because: string): Fault => {
  const found = now === null ? 'not seen' : `${now.state}, ${now.type}`
  return new Fault('step.unknown', {
    because: `${machine.instanceId} is ${found}, and should run as ${goals[0]}.${because === '' ? '' : ` The last try: ${because}`}`,
  })
}

const look = ({ machine }: Course, ports: ActPorts, context: StepContext): Promise<MachineNow | null> =>
  orNotSaid(() => ports.read.cloud.machine(machine, { timeoutMs: askTimeoutMs, signal: context.signal }), context)

/** null: the cloud did not say just now, and the journal has why. */
export const orNotSaid = async <T>(ask: () => Promise<T>, context: StepContext): Promise<T | null> => {
  try {
    return await ask()
  } catch (error) {
    if (!isFault(error, 'cloud.unreachable') || context.signal.aborted) throw error
    context.note('warning', error.message)
    return null
  }
}

/** What brings it nearer; null: it is on its way by itself. */
const deedFor = async (
  course: Course,
  { state, type }: MachineNow,
  wanted: string,
  ports: ActPorts,
  context: StepContext,
): Promise<CloudDeed | null> => {
  switch (state) {
    case 'running':
      await mustNotWrite(course, ports, context)
      return { does: 'stop' }
    case 'stopped':
      return wanted === type ? { does: 'start' } : { does: 'set-type', type: wanted }
    case 'pending':
    case 'stopping':
      return null
    default:
      throw new Fault('step.blocked', { because: `${course.machine.instanceId} is ${state}`, isOver: true })
  }
}

/** Somebody may have started it and promoted it meanwhile. */
const mustNotWrite = async ({ place, mayStopUnseen }: Course, ports: ActPorts, { signal }: StepContext): Promise<void> => {
  const { state, role, because } = await ports.read.postgres.probe(place.address, { timeoutMs: probeTimeoutMs, signal })
  if (role === 'primary' && state !== 'stopped' && state !== 'crashed')
    throw new Fault('step.blocked', { because: `${place.title} takes writes by now, so its machine is not stopped`, isOver: true })
  if ((state === 'unreachable' || state === 'unknown' || state === 'refused') && !mayStopUnseen)
    throw new Fault('step.unknown', { because: `${place.title} is ${state}${because === null ? '' : `: ${because}`}` })
}

/**
 * null: it was accepted, or whether it was is not known, or the machine was in another state than it was seen in: the next look shows. A Fault: another type
 * is to be tried. Each may be sent twice.
 */
const send = async ({ machine }: Course, deed: CloudDeed, ports: ActPorts, context: StepContext): Promise<Fault | null> => {
  context.note('command', sayDeed(machine, deed))
  try {
    await ports.act.cloud.act(machine, deed, { timeoutMs: askTimeoutMs, signal: context.signal })
    return null
  } catch (error) {
    if (!isFault(error) || error.code === 'lease.lost' || context.signal.aborted) throw error
    if (otherType.has(error.code) && deed.does !== 'stop') return error
    if (error.code !== 'cloud.unreachable' && error.code !== 'cloud.wrong-state') throw error
    context.note('warning', error.message)
    return null
  }
}

const untilAnswering = async ({ place }: Course, ports: ActPorts, context: StepContext): Promise<void> => {
  for (;;) {
    const { state, because } = await ports.read.postgres.probe(place.address, { timeoutMs: probeTimeoutMs, signal: context.signal })
    if (state !== 'unreachable') return
    if (context.signal.aborted)
      throw new Fault('step.unknown', { because: `the machine runs, and its host does not answer: ${because ?? 'no reason given'}` })
    await context.pause(lookEveryMs)
  }
}

/** As awscli would send it. */
export const sayDeed = ({ region, instanceId }: MachinePlace, deed: CloudDeed): string => {
  const rest = `--region ${region} ${deed.does === 'set-type' ? '--instance-id' : '--instance-ids'} ${instanceId}`
  if (deed.does === 'set-type') return `aws ec2 modify-instance-attribute ${rest} --instance-type ${deed.type}`
  return `aws ec2 ${deed.does}-instances ${rest}`
}

export const nothingRefused: Refused = { types: [], because: '', rounds: 0, sinceMs: null }

/** The mark of `become`, as it was left. */
export const refusedIn = (mark: RunContext['marked']): Refused => (mark as Refused | null) ?? nothingRefused
