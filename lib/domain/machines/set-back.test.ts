import { expect, test } from 'vitest'
import { setBackByHand } from './set-back'

const ec2 = { kind: 'ec2', region: 'eu-central-1', instanceId: 'i-1' } as const
const rds = { kind: 'rds', region: 'eu-central-1', instanceId: 'shop-1' } as const

test('tags are set back by commands that set what was recorded and delete what was added, whatever is in them', () => {
  const drifted = { field: 'tags', console: ["owner=O'Brien, DBA", 'team=shop'], cloud: ['team=web', 'temp=1'] } as const
  const given = { ...drifted, console: [...drifted.console], cloud: [...drifted.cloud] }
  expect(setBackByHand(ec2, given)?.commands).toEqual([
    `aws ec2 create-tags --region eu-central-1 --resources i-1 --tags '[{"Key":"owner","Value":"O'\\''Brien, DBA"},{"Key":"team","Value":"shop"}]'`,
    `aws ec2 delete-tags --region eu-central-1 --resources i-1 --tags '[{"Key":"temp"}]'`,
  ])
  const [add, remove] = setBackByHand(rds, given)!.commands
  expect(add).toMatch(/^aws rds add-tags-to-resource .*--db-instance-identifier shop-1 .* --tags /)
  expect(remove).toMatch(/ --tag-keys temp$/)
})

test('volumes are attached, detached or become their former kind; a larger one is said not to become smaller', () => {
  const of = (console: string[], cloud: string[]) => setBackByHand(ec2, { field: 'volumes', console, cloud })!
  expect(of(['vol-1 /dev/sdf 50 GiB gp3'], ['vol-2 /dev/sdg 10 GiB gp3']).commands).toEqual([
    'aws ec2 detach-volume --region eu-central-1 --instance-id i-1 --volume-id vol-2',
    'aws ec2 attach-volume --region eu-central-1 --instance-id i-1 --volume-id vol-1 --device /dev/sdf',
  ])
  expect(of(['vol-1 /dev/sdf 50 GiB gp3'], ['vol-1 /dev/sdf 50 GiB io2']).commands).toEqual([
    'aws ec2 modify-volume --region eu-central-1 --volume-id vol-1 --volume-type gp3',
  ])
  expect(of(['vol-1 /dev/sdf 50 GiB gp3'], ['vol-1 /dev/sdf 80 GiB gp3'])).toEqual({
    says: 'A volume does not become smaller. Take over what the cloud says.',
    commands: [],
  })
})

test('what an operation or a form sets back has no commands, and a zone cannot be set back', () => {
  for (const field of ['type', 'state', 'server', 'addresses', 'gone', 'herd', 'role', 'appeared'] as const)
    expect(setBackByHand(ec2, { field, console: ['a'], cloud: ['b'] })).toBeNull()
  expect(setBackByHand(ec2, { field: 'zone', console: ['eu-central-1a'], cloud: ['eu-central-1b'] })?.says).toContain('eu-central-1a')
})
