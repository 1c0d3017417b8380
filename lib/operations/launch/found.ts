import { partTag } from '@/lib/domain/blueprints/launch/tags'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, Launched, LaunchPlace, ReadPorts } from '@/lib/ports'

const lookTimeoutMs = 15_000
const actTimeoutMs = 30_000
const lookEveryMs = 2_000
/** What EC2 has just made may not be in sight for some seconds. */
const looksForWhatWasAsked = 6

/** What the step made that has this token, and nothing else. */
export const ownOf = (place: LaunchPlace, part: string, ports: ReadPorts, signal: AbortSignal): Promise<Launched> =>
  ports.cloud.launched(place, { [partTag]: part }, { timeoutMs: lookTimeoutMs, signal })

/** The same when the answer to what asked for it may have been lost: looked for until it is in sight, or long enough. */
export const ownOrLost = async (
  place: LaunchPlace,
  { part, isSeen }: { part: string; isSeen: boolean },
  ports: ReadPorts,
  context: StepContext,
): Promise<Launched> => {
  for (let looks = 1; ; looks += 1) {
    const found = await ownOf(place, part, ports, context.signal)
    const isThere = found.machines.length + found.volumes.length + found.groups.length > 0
    if (isThere || isSeen || looks >= looksForWhatWasAsked) return found
    await context.pause(lookEveryMs)
  }
}

/** Faults after which nobody knows whether it was done, or that pass by themselves: looking again tells. */
const isPassing = (error: unknown): boolean => isFault(error) && (error.code === 'cloud.unreachable' || error.code === 'cloud.wrong-state')

/** Looks, and acts where it is not so yet, until it is so. Throws what EC2 refuses, and `step.unknown` at the deadline. */
export const until = async (
  look: () => Promise<string | null>,
  act: () => Promise<void>,
  context: StepContext,
  everyMs = lookEveryMs,
): Promise<void> => {
  let missing: string | null = 'it was not seen'
  for (;;) {
    try {
      missing = await look()
      if (missing === null) return
      await act()
    } catch (error) {
      if (context.signal.aborted) throw error
      // Somebody else was quicker: a policy that is bound to tags refuses what is not there any more.
      if (isFault(error, 'cloud.refused') && (await look()) === null) return
      if (!isPassing(error)) throw error
      context.note('warning', (error as Fault).message)
    }
    if (context.signal.aborted) throw new Fault('step.unknown', { because: missing ?? 'it was not seen' })
    await context.pause(everyMs)
  }
}

type Drop = (place: LaunchPlace, part: () => Promise<Launched>, ports: ActPorts, context: StepContext) => Promise<void>

/** Terminates machines, and waits until EC2 says that they are gone. */
export const terminate: Drop = async (place, part, ports, context) => {
  await until(
    async () => {
      const left = (await part()).machines.filter(({ state }) => state !== 'terminated')
      return left.length === 0 ? null : left.map(({ id, state }) => `${id} is ${state}`).join(', ')
    },
    async () => {
      const left = (await part()).machines.filter(({ state }) => state !== 'terminated' && state !== 'shutting-down')
      if (left.length === 0) return
      const ids = left.map(({ id }) => id)
      context.note('command', `ec2:TerminateInstances ${ids.join(' ')}`)
      await ports.act.cloud.terminate(place, ids, { timeoutMs: actTimeoutMs, signal: context.signal })
    },
    context,
  )
}

type Dropped = 'volumes' | 'groups'

/** Deletes what is listed, one after the other, until nothing is. */
const dropAll =
  (what: Dropped, call: string, drop: (act: ActPorts['act']['cloud']) => AtPlace): Drop =>
  async (place, part, ports, context) => {
    const listed = async (): Promise<{ id: string; state?: string }[]> => (await part())[what]
    await until(
      async () => {
        const left = await listed()
        return left.length === 0 ? null : left.map(({ id, state = 'there' }) => `${id} is ${state}`).join(', ')
      },
      async () => {
        for (const { id, state } of await listed()) {
          if (state === 'deleting') continue
          context.note('command', `${call} ${id}`)
          await drop(ports.act.cloud)(place, id, { timeoutMs: actTimeoutMs, signal: context.signal })
        }
      },
      context,
    )
  }

type AtPlace = ActPorts['act']['cloud']['dropVolume']

export const dropVolumes = dropAll('volumes', 'ec2:DeleteVolume', ({ dropVolume }) => dropVolume)

export const dropGroups = dropAll('groups', 'ec2:DeleteSecurityGroup', ({ dropGroup }) => dropGroup)
