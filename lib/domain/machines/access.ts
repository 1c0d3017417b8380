const reading = [
  'ec2:DescribeInstances',
  'ec2:DescribeVolumes',
  'ec2:DescribeInstanceTypes',
  'ec2:DescribeInstanceTypeOfferings',
  'ec2:DescribeSpotPriceHistory',
]
const changing = ['ec2:StartInstances', 'ec2:StopInstances', 'ec2:RebootInstances', 'ec2:ModifyInstanceAttribute']
const readingRds = ['rds:DescribeDBInstances', 'rds:DescribeOrderableDBInstanceOptions', 'cloudwatch:GetMetricData']
const changingRds = ['StartDBInstance', 'StopDBInstance', 'RebootDBInstance', 'ModifyDBInstance', 'PromoteReadReplica'].map(
  (name) => `rds:${name}`,
)

/** IAM knows the partition of a region by its name. Source: IAM User Guide, ARNs. */
export const partitionOf = (region: string): string =>
  region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'

/**
 * The least IAM policy that lets the console do all it can in an account, as JSON: what only reads has no rights on single resources; what changes a machine
 * is bound to the account's regions and, where it lists only tagged machines, to those. `looksForRds`: with all it does to DB instances, and a login with a
 * token of IAM. `awsAccount` null: not known yet, and every account is meant.
 */
export const leastPolicy = ({
  awsAccount,
  regions,
  machineTags,
  looksForRds,
}: {
  awsAccount: string | null
  regions: readonly string[]
  machineTags: readonly string[]
  looksForRds: boolean
}): string => {
  const tags = machineTags.map((one) => {
    const [key = '', ...value] = one.split('=')
    return [`aws:ResourceTag/${key.trim()}`, value.length === 0 ? '*' : value.join('=').trim()] as const
  })
  const allow = (Sid: string, Action: readonly string[], resource: string) => ({
    ...{ Sid, Effect: 'Allow', Action },
    Resource: regions.map((region) => `arn:${partitionOf(region)}:${resource.replace(':', `:${region}:${awsAccount ?? '*'}:`)}`),
  })
  const onlyTagged = tags.length === 0 ? {} : { Condition: { StringLike: Object.fromEntries(tags) } }
  const read = [...reading, ...(looksForRds ? readingRds : []), 'pricing:GetProducts']
  const statements = [
    { Sid: 'MatriarchReads', Effect: 'Allow', Action: read, Resource: '*' },
    { ...allow('MatriarchOperates', changing, 'ec2:instance/*'), ...onlyTagged },
    ...(looksForRds
      ? [
          { ...allow('MatriarchOperatesRds', changingRds, 'rds:db:*'), ...onlyTagged },
          // Its users have no tags.
          allow('MatriarchLogsInToRds', ['rds-db:connect'], 'rds-db:dbuser:*/*'),
        ]
      : []),
  ]
  return JSON.stringify({ Version: '2012-10-17', Statement: statements }, null, 2)
}

/** What it needs besides to launch herds, to stop and resume them, and to tear them down: what is there already is changed and destroyed only where it carries the tag of a blueprint. */
export const launchPolicy = (regions: readonly string[]): string => {
  const inRegions = { StringEquals: { 'aws:RequestedRegion': [...regions] } }
  const own = { StringLike: { 'aws:ResourceTag/matriarch:blueprint': '*' } }
  const allow = (Sid: string, Action: readonly string[], Condition?: object) => ({
    ...{ Sid, Effect: 'Allow', Action, Resource: '*' },
    ...(Condition === undefined ? {} : { Condition }),
  })
  const statements = [
    allow('MatriarchSeesLaunches', ['ec2:DescribeImages', 'ec2:DescribeSecurityGroups', 'ec2:GetConsoleOutput']),
    allow('MatriarchLaunches', ['ec2:RunInstances', 'ec2:CreateSecurityGroup'], inRegions),
    // EC2 makes a role of its own at an account’s first spot machine.
    allow('MatriarchUsesSpot', ['iam:CreateServiceLinkedRole'], { StringEquals: { 'iam:AWSServiceName': 'spot.amazonaws.com' } }),
    allow('MatriarchTagsWhatItLaunches', ['ec2:CreateTags'], {
      StringEquals: { 'ec2:CreateAction': ['RunInstances', 'CreateSecurityGroup'] },
    }),
    allow('MatriarchStopsAndResumes', ['ec2:StartInstances', 'ec2:StopInstances', 'ec2:AttachVolume'], own),
    allow(
      'MatriarchTearsDown',
      ['ec2:CreateTags', 'ec2:AuthorizeSecurityGroupIngress', 'ec2:TerminateInstances', 'ec2:DeleteVolume', 'ec2:DeleteSecurityGroup'],
      own,
    ),
  ]
  return JSON.stringify({ Version: '2012-10-17', Statement: statements }, null, 2)
}
