import { expect, test } from 'vitest'
import { judged, readPolicy } from './policy'

const policy = (...statements: object[]) => readPolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }))
const arn = 'arn:aws:ec2:us-east-1:123456789012:instance/i-1'
const machine = (keys: Record<string, string> = {}) => ({ arn, keys })
const allow = (given: object) => ({ Effect: 'Allow', Action: 'ec2:StopInstances', Resource: '*', ...given })

test.each([
  ['ec2:StopInstances', 'allowed'],
  ['ec2:stopinstances', 'allowed'],
  ['ec2:Stop*', 'allowed'],
  ['EC2:St?pInstances', 'allowed'],
  ['*', 'allowed'],
  ['ec2:Stop', 'not-allowed'],
  ['sts:*', 'not-allowed'],
])('an action is matched by its whole name, in either case, with * and ?: %s is %s', (Action, verdict) => {
  expect(judged(policy(allow({ Action })), 'ec2:StopInstances', machine())).toBe(verdict)
})

test.each([
  ['*', 'allowed'],
  ['arn:aws:ec2:us-east-1:123456789012:instance/*', 'allowed'],
  ['arn:aws:ec2:*:*:instance/i-1', 'allowed'],
  ['arn:aws:ec2:eu-west-1:123456789012:instance/*', 'not-allowed'],
  ['arn:aws:ec2:us-east-1:123456789012:volume/*', 'not-allowed'],
])('a resource is matched by its whole ARN: %s is %s', (Resource, verdict) => {
  expect(judged(policy(allow({ Resource })), 'ec2:StopInstances', machine())).toBe(verdict)
})

test('what EC2 has no single resources for is allowed on everything alone', () => {
  const describe = (Resource: string) =>
    judged(policy({ Effect: 'Allow', Action: 'ec2:Describe*', Resource }), 'ec2:DescribeInstances', { arn: '*', keys: {} })
  expect([describe('*'), describe('arn:aws:ec2:*:*:instance/*')]).toEqual(['allowed', 'not-allowed'])
})

test('a condition compares the tags of the machine, and one that the machine has not got holds for the negated alone', () => {
  const under = (Condition: object, keys: Record<string, string>) =>
    judged(policy(allow({ Condition })), 'ec2:StopInstances', machine(keys))
  const role = { 'aws:resourcetag/role': 'PostgreSQL' }
  const both = { ...role, 'aws:resourcetag/cluster': 'shop-1' }
  const equals = { StringEquals: { 'aws:ResourceTag/Role': ['MySQL', 'PostgreSQL'] } }
  const like = { StringLike: { 'aws:ResourceTag/Cluster': 'shop-*' } }
  expect([under(equals, role), under(equals, {}), under(equals, { 'aws:resourcetag/role': 'postgresql' })]).toEqual([
    'allowed',
    'not-allowed',
    'not-allowed',
  ])
  expect([under({ ...equals, ...like }, both), under({ ...equals, ...like }, role)]).toEqual(['allowed', 'not-allowed'])
  expect(under({ StringEquals: { 'aws:ResourceTag/Cluster': 'shop-*' } }, both)).toBe('not-allowed')
  const not = { StringNotEquals: { 'aws:ResourceTag/Role': 'PostgreSQL' } }
  expect([under(not, role), under(not, {})]).toEqual(['not-allowed', 'allowed'])
})

test('an explicit deny wins, whatever else is allowed', () => {
  const own = policy(allow({ Action: '*' }), { Effect: 'Deny', Action: 'ec2:Stop*', Resource: arn })
  expect(judged(own, 'ec2:StopInstances', machine())).toBe('denied')
  expect(judged(own, 'ec2:StartInstances', machine())).toBe('allowed')
})

test.each([
  ['another version', { Version: '2012-10-18', Statement: [] }, /version/],
  ['an element that is not judged here', { Statement: [{ Effect: 'Allow', NotAction: 'ec2:*', Resource: '*' }] }, /NotAction/],
  ['no effect', { Statement: [{ Action: 'ec2:*', Resource: '*' }] }, /Effect/],
  ['an action without a service', { Statement: [allow({ Action: 'StopInstances' })] }, /no service/],
  ['a resource that is no ARN', { Statement: [allow({ Resource: 'instance/i-1' })] }, /ARN/],
  ['an unknown condition', { Statement: [allow({ Condition: { StringEqualz: { a: 'b' } } })] }, /StringEqualz/],
  ['no actions', { Statement: [allow({ Action: [] })] }, /Action must/],
])('a policy with %s is malformed', (_what, document, because) => {
  expect(() => readPolicy(JSON.stringify({ Version: '2012-10-17', ...document }))).toThrow(because)
})
