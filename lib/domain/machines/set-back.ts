import type { Difference } from './drift'

export interface CloudPlace {
  kind: 'ec2' | 'rds'
  region: string
  /** `i-…`, or the identifier of a DB instance. */
  instanceId: string
}

/** What somebody does by hand, with the commands of awscli where there are any. */
export interface ByHand {
  says: string
  commands: string[]
}

/** One word of a shell, whatever is in it. */
const word = (text: string): string => (/^[\w.:/@=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)
const keyOf = (tag: string): string => tag.split('=')[0]!
/** awscli's JSON, for its shorthand reads commas and equals signs. */
const tagJson = (tags: readonly string[]): string =>
  word(JSON.stringify(tags.map((tag) => ({ Key: keyOf(tag), Value: tag.slice(keyOf(tag).length + 1) }))))
const keyJson = (keys: readonly string[]): string => word(JSON.stringify(keys.map((Key) => ({ Key }))))

const setTags = ({ kind, region, instanceId }: CloudPlace, set: readonly string[], dropped: readonly string[]): string[] => {
  const at = `--region ${region}`
  if (kind === 'ec2')
    return [
      ...(set.length === 0 ? [] : [`aws ec2 create-tags ${at} --resources ${word(instanceId)} --tags ${tagJson(set)}`]),
      ...(dropped.length === 0 ? [] : [`aws ec2 delete-tags ${at} --resources ${word(instanceId)} --tags ${keyJson(dropped)}`]),
    ]
  const name = `--resource-name "$(aws rds describe-db-instances ${at} --db-instance-identifier ${word(instanceId)} --query 'DBInstances[0].DBInstanceArn' --output text)"`
  return [
    ...(set.length === 0 ? [] : [`aws rds add-tags-to-resource ${at} ${name} --tags ${tagJson(set)}`]),
    ...(dropped.length === 0 ? [] : [`aws rds remove-tags-from-resource ${at} ${name} --tag-keys ${dropped.map(word).join(' ')}`]),
  ]
}

const volumeOf = (line: string): { id: string; device: string; rest: string } => {
  const [id = '', device = '', ...rest] = line.split(' ')
  return { id, device, rest: rest.join(' ') }
}

const setVolumes = ({ region, instanceId }: CloudPlace, { console, cloud }: Difference): string[] => {
  const [wanted, held] = [console.map(volumeOf), cloud.map(volumeOf)]
  return [
    ...held
      .filter(({ id }) => wanted.every((one) => one.id !== id))
      .map(({ id }) => `aws ec2 detach-volume --region ${region} --instance-id ${word(instanceId)} --volume-id ${word(id)}`),
    ...wanted.flatMap(({ id, device, rest }) => {
      const now = held.find((one) => one.id === id)
      if (now === undefined)
        return [
          `aws ec2 attach-volume --region ${region} --instance-id ${word(instanceId)} --volume-id ${word(id)} --device ${word(device)}`,
        ]
      const type = /(\S+)$/.exec(rest)?.[1]
      return type !== undefined && !now.rest.endsWith(type)
        ? [`aws ec2 modify-volume --region ${region} --volume-id ${word(id)} --volume-type ${word(type)}`]
        : []
    }),
  ]
}

/** How the cloud's side of a difference is set back to what is recorded, where no operation of the console does that; null: one does, or there is nothing to set back. */
export const setBackByHand = (place: CloudPlace, difference: Difference): ByHand | null => {
  const { field, console, cloud } = difference
  switch (field) {
    case 'tags': {
      const dropped = cloud.map(keyOf).filter((key) => console.every((tag) => keyOf(tag) !== key))
      return { says: 'The console sets no tags of machines that it did not launch. By hand:', commands: setTags(place, console, dropped) }
    }
    case 'name':
      return place.kind === 'ec2'
        ? { says: 'Its name is its tag Name. By hand:', commands: setTags(place, [`Name=${console[0] ?? ''}`], []) }
        : null
    case 'volumes': {
      if (place.kind === 'rds') return { says: 'RDS makes storage larger, and never smaller. Take over what the cloud says.', commands: [] }
      const commands = setVolumes(place, difference)
      return commands.length === 0
        ? { says: 'A volume does not become smaller. Take over what the cloud says.', commands }
        : {
            says: 'The console attaches and detaches no volumes of machines that it did not launch. Unmount on the host before a volume is detached. By hand:',
            commands,
          }
    }
    case 'zone':
      return {
        says: `AWS moves no machine to another zone. Build a standby in ${console[0] ?? 'the other zone'}, or take over what the cloud says.`,
        commands: [],
      }
    default:
      return null
  }
}
