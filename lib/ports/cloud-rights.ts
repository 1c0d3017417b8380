/** What the console asks of AWS in any account, as a policy names it. */
export const cloudActions = [
  'sts:GetCallerIdentity',
  'ec2:DescribeInstances',
  'ec2:DescribeVolumes',
  'ec2:DescribeInstanceTypes',
  'ec2:DescribeInstanceTypeOfferings',
  'ec2:DescribeSpotPriceHistory',
  'ec2:StartInstances',
  'ec2:StopInstances',
  'ec2:RebootInstances',
  'ec2:ModifyInstanceAttribute',
] as const

/** Besides, where the account looks for RDS. */
export const rdsActions = [
  'rds:DescribeDBInstances',
  'rds:DescribeOrderableDBInstanceOptions',
  'cloudwatch:GetMetricData',
  'rds:StartDBInstance',
  'rds:StopDBInstance',
  'rds:RebootDBInstance',
  'rds:ModifyDBInstance',
  'rds:PromoteReadReplica',
] as const

/** Besides, where herds are launched in the account. */
export const launchActions = [
  'ec2:DescribeImages',
  'ec2:DescribeSecurityGroups',
  'ec2:RunInstances',
  'ec2:CreateSecurityGroup',
  'ec2:GetConsoleOutput',
  'ec2:CreateTags',
  'ec2:AttachVolume',
  'ec2:AuthorizeSecurityGroupIngress',
  'ec2:TerminateInstances',
  'ec2:DeleteVolume',
  'ec2:DeleteSecurityGroup',
] as const

export type RdsAction = (typeof rdsActions)[number]
export type LaunchAction = (typeof launchActions)[number]
export type CloudAction = (typeof cloudActions)[number] | RdsAction | LaunchAction

/** What there is in a region to try actions on; null: nothing of that kind. The last three belong to herds that were launched from blueprints. */
export type TriedOn = {
  instanceId: string | null
  imageId: string | null
  launchedId: string | null
  volumeId: string | null
  groupId: string | null
}
