import { quoteShell } from '../values/shell-quote'
import { partitionOf } from './access'
import type { Difference, DriftField, RecordedMachine } from './drift'

/** A machine as AWS calls it. `awsAccount` null: the number of its account is not known. */
export interface CalledMachine {
  kind: 'ec2' | 'rds'
  region: string
  instanceId: string
  awsAccount: string | null
}

/** How a person makes the cloud what the console has recorded, where no operation does: a sentence, and the commands as awscli takes them. */
export interface ByHand {
  says: string
  commands: string[]
}

interface Tag {
  Key: string
  Value: string
}

const tagOf = (line: string): Tag => {
  const [Key = '', ...value] = line.split('=')
  return { Key, Value: value.join('=') }
}

const aws = (service: 'ec2' | 'rds', verb: string, { region }: CalledMachine, ...rest: readonly string[]): string =>
  quoteShell(['aws', service, verb, '--region', region, ...rest])

const setTags = (machine: CalledMachine, tags: readonly Tag[], surplus: readonly string[]): string[] => {
  const { kind, region, instanceId, awsAccount } = machine
  const arn = `arn:${partitionOf(region)}:rds:${region}:${awsAccount ?? 'ACCOUNT'}:db:${instanceId}`
  const call = (verb: readonly [string, string], ...rest: readonly string[]) =>
    kind === 'ec2'
      ? aws('ec2', verb[0], machine, '--resources', instanceId, ...rest)
      : aws('rds', verb[1], machine, '--resource-name', arn, ...rest)
  const taken = kind === 'ec2' ? ['--tags', JSON.stringify(surplus.map((Key) => ({ Key })))] : ['--tag-keys', ...surplus]
  return [
    ...(tags.length === 0 ? [] : [call(['create-tags', 'add-tags-to-resource'], '--tags', JSON.stringify(tags))]),
    ...(surplus.length === 0 ? [] : [call(['delete-tags', 'remove-tags-from-resource'], ...taken)]),
  ]
}

const tagsBack = (machine: CalledMachine, { cloud, console }: Difference): ByHand => {
  const tags = console.map(tagOf)
  const surplus = cloud.map((line) => tagOf(line).Key).filter((key) => !tags.some(({ Key }) => Key === key))
  return { says: 'Set the tags back in AWS.', commands: setTags(machine, tags, surplus) }
}

const nameBack = (machine: CalledMachine, { title }: RecordedMachine): ByHand => {
  const isUnnamed = title === machine.instanceId
  return {
    says: 'Its name is its Name tag. Set it back in AWS.',
    commands: isUnnamed ? setTags(machine, [], ['Name']) : setTags(machine, [{ Key: 'Name', Value: title }], []),
  }
}

interface Volume {
  id: string
  device: string
  gib: number
  type: string
}

/** A line of a machine of EC2: `vol-1 /dev/xvda 50 GiB gp3`. */
const volumeOf = (line: string): Volume[] => {
  const found = /^(vol-\S+) (?:(\S+) )?(\d+) GiB(?: (\S+))?$/.exec(line)
  return found ? [{ id: found[1]!, device: found[2] ?? '', gib: Number(found[3]), type: found[4] ?? '' }] : []
}

const volumesBack = (machine: CalledMachine, { cloud, console }: Difference): ByHand => {
  if (machine.kind === 'rds')
    return { says: 'RDS gives no storage back. Take over what it says, or restore the backup into a smaller one.', commands: [] }
  const [now, before] = [cloud.flatMap(volumeOf), console.flatMap(volumeOf)]
  const namedIn = (volumes: readonly Volume[], { id }: Volume) => volumes.find((one) => one.id === id)
  const on = (verb: string, { id }: Volume, ...rest: string[]) =>
    aws('ec2', verb, machine, '--volume-id', id, ...(verb === 'modify-volume' ? [] : ['--instance-id', machine.instanceId]), ...rest)
  const detached = now.filter((one) => namedIn(before, one)?.device !== one.device)
  const attached = before.filter((one) => namedIn(now, one)?.device !== one.device)
  const changed = before.filter((one) => {
    const seen = namedIn(now, one)
    return seen !== undefined && (seen.gib < one.gib || seen.type !== one.type)
  })
  const isGrown = before.some((one) => (namedIn(now, one)?.gib ?? 0) > one.gib)
  const says = [
    ...(detached.length > 0 ? ['Unmount what is to be detached first.'] : []),
    ...(attached.length > 0 ? ['A volume that was deleted cannot be attached: restore its snapshot.'] : []),
    ...(isGrown ? ['EC2 makes no volume smaller: take over the size.'] : []),
  ]
  return {
    says: says.join(' ') || 'Set the volumes back in AWS.',
    commands: [
      ...detached.map((one) => on('detach-volume', one)),
      ...attached.map((one) => on('attach-volume', one, '--device', one.device)),
      ...changed.map((one) =>
        on('modify-volume', one, ...(one.type === '' ? [] : ['--volume-type', one.type]), ...sizeOf(one, namedIn(now, one)!)),
      ),
    ],
  }
}

const sizeOf = ({ gib }: Volume, now: Volume): string[] => (now.gib < gib ? ['--size', String(gib)] : [])

const zoneBack = (machine: CalledMachine): ByHand =>
  machine.kind === 'rds'
    ? {
        says: 'RDS moves a Multi-AZ DB instance between its two zones at a failover. Another one leads it back, and cuts its connections.',
        commands: [aws('rds', 'reboot-db-instance', machine, '--db-instance-identifier', machine.instanceId, '--force-failover')],
      }
    : { says: 'EC2 moves no machine to another zone. Launch another one there.', commands: [] }

/** Of a class that RDS keeps for its maintenance window: no operation takes it back, since the DB instance has the recorded one. */
const pendingBack = (machine: CalledMachine, { type }: RecordedMachine): ByHand => ({
  says: 'Ask RDS for the class that it has, and it drops the pending one. Whatever else is pending is applied at once.',
  commands: [
    aws(
      ...(['rds', 'modify-db-instance', machine] as const),
      ...['--db-instance-identifier', machine.instanceId, '--db-instance-class', type, '--apply-immediately'],
    ),
  ],
})

/** RDS runs the recorded class, and holds another one for later. */
export const isOnlyPending = ({ field, cloud }: Difference): boolean =>
  field === 'type' && cloud.length > 0 && cloud.every((line) => line.endsWith(' pending'))

const advice: Partial<Record<DriftField, string>> = {
  appeared: 'Tie it to its server, register its host, or ignore it.',
  herd: 'Change the tag in AWS, or register the instance in that herd.',
  role: 'Change the tag in AWS, or switch over.',
}

/** What to do in AWS about a difference, where no operation of the console sets the cloud back; null: one does, or a form of the console. */
export const setBackByHand = (machine: CalledMachine, recorded: RecordedMachine | null, difference: Difference): ByHand | null => {
  const says = advice[difference.field]
  if (says !== undefined) return { says, commands: [] }
  if (recorded === null) return null
  switch (difference.field) {
    case 'tags':
      return tagsBack(machine, difference)
    case 'name':
      return nameBack(machine, recorded)
    case 'volumes':
      return volumesBack(machine, difference)
    case 'zone':
      return zoneBack(machine)
    case 'type':
      return isOnlyPending(difference) ? pendingBack(machine, recorded) : null
    default:
      return null
  }
}
