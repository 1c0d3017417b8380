import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { LaunchedMachine, LaunchedVolume, ReadPorts } from '@/lib/ports'
import { dataDevice } from '@/lib/ports/launches'
import { cloudTimeoutMs, type LaunchFacts, machineNow, placeIn, taggedBy } from './facts'
import { until } from './found'
import { mustRun } from './trust'

const attachTimeoutMs = 10 * 60_000

/** The volume that is kept. */
const keptBy = ({ kept }: Pick<LaunchFacts, 'kept'>): string => kept!.id

const volumeNow = async (facts: LaunchFacts, ports: ReadPorts, signal: AbortSignal): Promise<LaunchedVolume> => {
  const { volumes } = await taggedBy(placeIn(facts), facts.launch.id, ports, signal)
  const volume = volumes.find(({ id }) => id === keptBy(facts))
  if (volume === undefined) throw new Fault('step.blocked', { because: `${keptBy(facts)} is not there any more`, isOver: true })
  return volume
}

const isOn = (machine: LaunchedMachine, volume: LaunchedVolume): boolean => volume.machineId === machine.id && volume.state === 'in-use'

/** EC2 attaches it to one machine at a time: while another one has it, it is waited for or left alone, and never forced off. */
export const attachVolume = (): Effect<LaunchFacts, null, null> => ({
  title: 'Attach the volume',
  preview: (facts) => ({
    sentence: `Attach ${facts.kept?.id} to the new machine, once EC2 says that it is available. It is never detached by force.`,
    commands: [`ec2:AttachVolume ${facts.kept?.id} as ${dataDevice}`],
  }),
  check: async (facts, ports, { signal }) => {
    const machine = await machineNow(facts, ports, signal)
    if (machine === null) return { found: 'ready', before: null }
    return isOn(machine, await volumeNow(facts, ports, signal)) ? { found: 'done', output: null } : { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, context) => {
    const { signal } = context
    const machine = await mustRun(facts, ports, signal)
    const volumeId = keptBy(facts)
    let isFree = false
    await until(
      async () => {
        const volume = await volumeNow(facts, ports.read, signal)
        const { machineId, state } = volume
        if (machineId !== null && machineId !== machine.id && machineId !== facts.insteadOf)
          throw new Fault('step.blocked', { because: `${volumeId} is attached to ${machineId}: somebody else has taken it`, isOver: true })
        isFree = state === 'available'
        return isOn(machine, volume) ? null : `${volumeId} is ${state}${machineId === null ? '' : ` by ${machineId}`}`
      },
      async () => {
        if (!isFree) return
        context.note('command', `ec2:AttachVolume ${volumeId} ${machine.id} as ${dataDevice}`)
        await ports.act.cloud.attach(
          placeIn(facts),
          volumeId,
          { instanceId: machine.id, device: dataDevice },
          { timeoutMs: cloudTimeoutMs, signal },
        )
      },
      context,
    )
  },
  timeoutMs: attachTimeoutMs,
  ending: { final: 'It stays with the machine.', harmless: true },
})
