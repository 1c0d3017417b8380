import type { Params } from './params'
import type { Target } from './policy'
import type { CloudState } from './state'

const tagKeys = (tags: Readonly<Record<string, string>>): [string, string][] =>
  Object.entries(tags).flatMap(([key, value]) =>
    ['aws', 'ec2'].map((of): [string, string] => [`${of}:resourcetag/${key}`.toLowerCase(), value]),
  )

/** What a change of EC2 names. Rights are judged before anything is looked up: what does not exist has no tags. Source: IAM, actions and resources of EC2. */
export const targetsOf = (state: CloudState, region: string, action: string, params: Params): Target[] => {
  const inRegion: [string, string][] = [
    ['aws:requestedregion', region],
    ['ec2:region', region],
  ]
  const target = (kind: string, id: string, tags: Readonly<Record<string, string>> = {}): Target => ({
    arn: `arn:aws:ec2:${region}:${kind === 'image' ? '' : state.accountId}:${kind}/${id}`,
    keys: Object.fromEntries([...inRegion, ...tagKeys(tags)]),
  })
  if (action === 'RunInstances') return [target('image', params.must('ImageId')), target('instance', '*'), target('volume', '*')]
  if (action === 'CreateVolume') return [target('volume', '*')]
  if (action === 'CreateSecurityGroup') return [target('security-group', '*')]
  const keyName = params.get('KeyName')
  if (keyName !== undefined) return [target('key-pair', keyName)]
  const named = ['InstanceId', 'VolumeId', 'ResourceId', 'GroupId'].flatMap((name) => [params.get(name) ?? [], params.list(name)].flat())
  return named.map((id) => {
    const kind = id.startsWith('vol-') ? 'volume' : id.startsWith('sg-') ? 'security-group' : 'instance'
    const found = { volume: state.volumes, 'security-group': state.groups, instance: state.machines }[kind].get(id)
    return target(kind, id, found?.region === region ? found.tags : {})
  })
}

/** Of an action that only reads: EC2 knows no rights on single resources for those. */
export const everything = (region: string): Target => ({ arn: '*', keys: { 'aws:requestedregion': region, 'ec2:region': region } })
