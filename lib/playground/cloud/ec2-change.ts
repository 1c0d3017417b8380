import { type Change, change } from './action'
import { CloudFault } from './fault'
import { keyChanges } from './launch/keys'
import { mustHaveGroup, networkChanges } from './launch/network'
import { launchChanges } from './launch/run'
import { volumeChanges } from './launch/volumes'
import type { Params } from './params'
import { type CloudState, type Machine, type MachineState, stateCodes } from './state'

const incorrectState = ({ id }: Machine, wanted: string) =>
  new CloudFault('IncorrectInstanceState', `The instance '${id}' is not in a state from which it can be ${wanted}.`)

const named = (state: CloudState, region: string, params: Params): Machine[] => {
  const ids = params.list('InstanceId')
  if (ids.length === 0) throw new CloudFault('MissingParameter', 'The request must contain the parameter InstanceId')
  return ids.map((id) => state.machine(region, id))
}

const changes = (before: readonly (readonly [Machine, MachineState])[]) => ({
  instancesSet: {
    item: before.map(([{ id, state }, was]) => ({
      instanceId: id,
      currentState: { code: stateCodes[state], name: state },
      previousState: { code: stateCodes[was], name: was },
    })),
  },
})

/** All that are named or none, as EC2 does. */
const moveAll = (machines: readonly Machine[], judge: (machine: Machine) => void, move: (machine: Machine) => void) => {
  for (const machine of machines) judge(machine)
  const before = machines.map((machine) => [machine, machine.state] as const)
  for (const machine of machines) move(machine)
  return changes(before)
}

const startInstances = change(named, (state, machines) =>
  moveAll(
    machines,
    (machine) => {
      if (!['stopped', 'running', 'pending'].includes(machine.state)) throw incorrectState(machine, 'started')
      if (machine.state === 'stopped') {
        state.mustFit(machine, machine.type)
        state.mustHaveCapacity(machine)
      }
    },
    (machine) => {
      if (machine.state !== 'stopped') return
      machine.stateReason = ''
      machine.launchedAtMs = state.options.now()
      state.move(machine, 'pending', 'running')
      state.options.power(machine, 'on')
    },
  ),
)

const stopInstances = change(named, (state, machines) =>
  moveAll(
    machines,
    (machine) => {
      if (!['stopped', 'running', 'stopping'].includes(machine.state)) throw incorrectState(machine, 'stopped')
      if (machine.market === 'spot')
        throw new CloudFault(
          'UnsupportedOperation',
          `You can't stop the Spot Instance '${machine.id}' because it is associated with a one-time Spot Instance request.`,
        )
    },
    (machine) => {
      if (machine.state !== 'running') return
      machine.stateReason = 'User initiated'
      state.move(machine, 'stopping', 'stopped')
      state.options.power(machine, 'off')
    },
  ),
)

const rebootInstances = change(named, (state, machines) => {
  for (const machine of machines) if (machine.state !== 'running') throw incorrectState(machine, 'rebooted')
  for (const machine of machines) {
    state.options.power(machine, 'off')
    state.options.power(machine, 'on')
  }
  return { return: true }
})

const terminateInstances = change(named, (state, machines) =>
  moveAll(
    machines,
    () => {},
    (machine) => {
      if (machine.state === 'terminated' || machine.state === 'shutting-down') return
      state.terminate(machine, 'User initiated')
    },
  ),
)

const modifyInstanceAttribute = change(
  (state, region, params) => {
    const machine = state.machine(region, params.must('InstanceId'))
    const type = params.get('InstanceType.Value') ?? (params.get('Attribute') === 'instanceType' ? params.get('Value') : undefined)
    if (type === undefined) throw new CloudFault('InvalidParameterCombination', 'No attributes specified.')
    state.mustHaveType(type)
    return { machine, type }
  },
  (state, { machine, type }) => {
    if (machine.state !== 'stopped')
      throw new CloudFault('IncorrectInstanceState', `The instance '${machine.id}' is not in the 'stopped' state.`)
    state.mustFit(machine, type)
    machine.type = type
    state.remember(machine)
    return { return: true }
  },
)

const readAttachment = (state: CloudState, region: string, params: Params) => ({
  volume: state.volume(region, params.must('VolumeId')),
  machine: state.machine(region, params.must('InstanceId')),
  device: params.must('Device'),
})

const attachVolume = change(readAttachment, (state, { volume, machine, device }) => {
  if (volume.attachment !== null) throw new CloudFault('VolumeInUse', `${volume.id} is already attached to an instance`)
  if (volume.zone !== machine.zone)
    throw new CloudFault(
      'InvalidVolume.ZoneMismatch',
      `The volume '${volume.id}' is not in the same availability zone as instance '${machine.id}'`,
    )
  if (!['running', 'stopped'].includes(machine.state)) throw incorrectState(machine, 'attached to')
  if (state.attached(machine.id).some(({ attachment }) => attachment!.device === device))
    throw new CloudFault('InvalidParameterValue', `Invalid value '${device}' for unixDevice. Attachment point ${device} is already in use`)
  const atMs = state.options.now()
  volume.attachment = { machineId: machine.id, device, isRoot: false, deletesWithMachine: false, atMs }
  return { volumeId: volume.id, instanceId: machine.id, device, status: 'attaching', attachTime: new Date(atMs).toISOString() }
})

const readHeldVolume = (state: CloudState, region: string, params: Params) => state.volume(region, params.must('VolumeId'))

const detachVolume = change(readHeldVolume, (state, volume, region) => {
  const held = volume.attachment
  if (held === null) throw new CloudFault('IncorrectState', `Volume '${volume.id}' is in the 'available' state.`)
  if (held.isRoot && state.machine(region, held.machineId).state !== 'stopped')
    throw new CloudFault('OperationNotPermitted', `Unable to detach root volume '${volume.id}' from instance '${held.machineId}'`)
  volume.attachment = null
  return {
    volumeId: volume.id,
    instanceId: held.machineId,
    device: held.device,
    status: 'detaching',
    attachTime: new Date(held.atMs).toISOString(),
  }
})

const readTags = (state: CloudState, region: string, params: Params) => {
  const tags = Object.fromEntries(params.groups('Tag').map((tag) => [tag.must('Key'), tag.get('Value') ?? '']))
  const held = params
    .list('ResourceId')
    .map((id) =>
      id.startsWith('vol-')
        ? state.volume(region, id)
        : id.startsWith('sg-')
          ? mustHaveGroup(state, region, id)
          : state.machine(region, id),
    )
  return { tags, held }
}

const createTags = change(readTags, (state, { tags, held }) => {
  for (const one of held) {
    one.tags = { ...one.tags, ...tags }
    if ('state' in one) state.remember(one)
  }
  return { return: true }
})

export const changeActions: Readonly<Record<string, Change>> = {
  StartInstances: startInstances,
  StopInstances: stopInstances,
  RebootInstances: rebootInstances,
  TerminateInstances: terminateInstances,
  ModifyInstanceAttribute: modifyInstanceAttribute,
  AttachVolume: attachVolume,
  DetachVolume: detachVolume,
  CreateTags: createTags,
  ...launchChanges,
  ...volumeChanges,
  ...networkChanges,
  ...keyChanges,
}
