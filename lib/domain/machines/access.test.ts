import { expect, test } from 'vitest'
import { leastPolicy } from './access'

const of = (more: Partial<Parameters<typeof leastPolicy>[0]> = {}) =>
  JSON.parse(
    leastPolicy({ awsAccount: '123456789012', regions: ['eu-central-1', 'cn-north-1'], machineTags: [], looksForRds: false, ...more }),
  ).Statement as { Sid: string; Action: string[]; Resource: string | string[]; Condition?: object }[]

test('the least policy binds what changes a machine to the regions of the account, in the partition of each, and to the tags that it lists by', () => {
  const [reads, operates, ...others] = of({ machineTags: ['Role=PostgreSQL', 'managed'] })
  expect(reads).toMatchObject({ Sid: 'MatriarchReads', Resource: '*' })
  expect(reads!.Action.filter((action) => !/:(Describe|Get)/.test(action))).toEqual([])
  expect(operates).toMatchObject({
    Resource: ['arn:aws:ec2:eu-central-1:123456789012:instance/*', 'arn:aws-cn:ec2:cn-north-1:123456789012:instance/*'],
    Condition: { StringLike: { 'aws:ResourceTag/Role': 'PostgreSQL', 'aws:ResourceTag/managed': '*' } },
  })
  expect(others).toEqual([])
  expect(of()[1]).not.toHaveProperty('Condition')
})

test('an account that looks for RDS needs the actions on DB instances besides, and those alone', () => {
  const [reads, , operates, login] = of({ looksForRds: true, awsAccount: null, regions: ['eu-central-1'] })
  expect(reads!.Action).toEqual(expect.arrayContaining(['rds:DescribeDBInstances', 'cloudwatch:GetMetricData']))
  expect(operates!.Action).toContain('rds:ModifyDBInstance')
  expect(operates!.Resource).toEqual(['arn:aws:rds:eu-central-1:*:db:*'])
  expect(login).toMatchObject({ Action: ['rds-db:connect'], Resource: ['arn:aws:rds-db:eu-central-1:*:dbuser:*/*'] })
  expect(
    of()
      .flatMap(({ Action }) => Action)
      .filter((action) => action.startsWith('rds')),
  ).toEqual([])
})
