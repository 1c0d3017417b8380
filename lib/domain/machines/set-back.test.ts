import { expect, test } from 'vitest'
import { type Difference, type DriftField, recordOf } from './drift'
import { type CalledMachine, isOnlyPending, setBackByHand } from './set-back'

const ec2: CalledMachine = { kind: 'ec2', region: 'eu-west-1', instanceId: 'i-1', awsAccount: '123456789012' }
const rds: CalledMachine = { ...ec2, kind: 'rds', instanceId: 'shop-db' }
const recorded = recordOf(
  {
    ...{ type: 'db.m5.large', pendingType: null, state: 'available', zone: 'eu-west-1a', title: 'db1' },
    ...{ tags: [], volumes: [], addresses: [] },
  },
  'server-1',
)
const differs = (field: DriftField, console: string[], cloud: string[]): Difference => ({ field, console, cloud })
const commands = (machine: CalledMachine, difference: Difference, record = recorded) =>
  setBackByHand(machine, record, difference)?.commands ?? null

test('tags that changed are set, those that somebody added are deleted, and no value is read by a shell or by the shorthand of awscli', () => {
  const tags = differs('tags', ['Owner=ops, it’s $(us)', 'PGRole=replica'], ['Owner=nina', 'Cost=a=b'])
  const set = `'[{"Key":"Owner","Value":"ops, it’s $(us)"},{"Key":"PGRole","Value":"replica"}]'`
  expect(commands(ec2, tags)).toEqual([
    `aws ec2 create-tags --region eu-west-1 --resources i-1 --tags ${set}`,
    `aws ec2 delete-tags --region eu-west-1 --resources i-1 --tags '[{"Key":"Cost"}]'`,
  ])
  expect(commands(rds, tags)).toEqual([
    `aws rds add-tags-to-resource --region eu-west-1 --resource-name arn:aws:rds:eu-west-1:123456789012:db:shop-db --tags ${set}`,
    `aws rds remove-tags-from-resource --region eu-west-1 --resource-name arn:aws:rds:eu-west-1:123456789012:db:shop-db --tag-keys Cost`,
  ])
  expect(commands(ec2, differs('name', ['db1'], ['new']))).toEqual([
    `aws ec2 create-tags --region eu-west-1 --resources i-1 --tags '[{"Key":"Name","Value":"db1"}]'`,
  ])
  expect(commands(ec2, differs('name', ['i-1'], ['new']), { ...recorded, title: 'i-1' })).toEqual([
    `aws ec2 delete-tags --region eu-west-1 --resources i-1 --tags '[{"Key":"Name"}]'`,
  ])
})

test('volumes go back to their devices and kinds, and one that grew is said to stay', () => {
  const way = setBackByHand(
    ec2,
    recorded,
    differs(
      'volumes',
      ['vol-1 /dev/xvda 50 GiB gp2', 'vol-2 /dev/xvdb 10 GiB gp3', 'vol-4 /dev/xvdd 5 GiB gp3'],
      ['vol-1 /dev/xvda 60 GiB gp3', 'vol-2 /dev/xvdc 10 GiB gp3', 'vol-3 /dev/xvdb 10 GiB gp3'],
    ),
  )
  expect(way?.says).toContain('EC2 makes no volume smaller')
  expect(way?.commands).toEqual([
    'aws ec2 detach-volume --region eu-west-1 --volume-id vol-2 --instance-id i-1',
    'aws ec2 detach-volume --region eu-west-1 --volume-id vol-3 --instance-id i-1',
    'aws ec2 attach-volume --region eu-west-1 --volume-id vol-2 --instance-id i-1 --device /dev/xvdb',
    'aws ec2 attach-volume --region eu-west-1 --volume-id vol-4 --instance-id i-1 --device /dev/xvdd',
    'aws ec2 modify-volume --region eu-west-1 --volume-id vol-1 --volume-type gp2',
  ])
  expect(setBackByHand(rds, recorded, differs('volumes', ['20 GiB gp3'], ['30 GiB gp3']))).toMatchObject({ commands: [] })
})

test('a class that RDS holds for later is dropped by hand, while one in force is left to the operation', () => {
  const pending = differs('type', [], ['db.m5.xlarge pending'])
  expect(commands(rds, pending)).toEqual([
    'aws rds modify-db-instance --region eu-west-1 --db-instance-identifier shop-db --db-instance-class db.m5.large --apply-immediately',
  ])
  expect(isOnlyPending(pending)).toBe(true)
  expect(commands(rds, differs('type', ['db.m5.large'], ['db.m5.xlarge']))).toBeNull()
})

test('each difference has its way: an operation, a form, commands, or why there is none', () => {
  const way = (machine: CalledMachine, field: DriftField) => setBackByHand(machine, recorded, differs(field, ['a'], ['b']))
  for (const field of ['state', 'addresses', 'server', 'gone'] as const) expect(way(ec2, field)).toBeNull()
  for (const field of ['appeared', 'herd', 'role', 'zone'] as const) expect(way(ec2, field)?.says).toMatch(/\.$/)
  expect(way(rds, 'zone')?.commands).toEqual([
    'aws rds reboot-db-instance --region eu-west-1 --db-instance-identifier shop-db --force-failover',
  ])
})
