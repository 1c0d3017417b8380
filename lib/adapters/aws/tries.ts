import { GetMetricDataCommand } from '@aws-sdk/client-cloudwatch'
import {
  AttachVolumeCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateTagsCommand,
  DeleteSecurityGroupCommand,
  DeleteVolumeCommand,
  DescribeImagesCommand,
  DescribeSecurityGroupsCommand,
  GetConsoleOutputCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2'
import {
  DescribeDBInstancesCommand,
  DescribeOrderableDBInstanceOptionsCommand,
  ModifyDBInstanceCommand,
  PromoteReadReplicaCommand,
  RebootDBInstanceCommand,
  StartDBInstanceCommand,
  StopDBInstanceCommand,
} from '@aws-sdk/client-rds'
import type { LaunchAction, RdsAction } from '@/lib/ports/cloud-rights'
import { dataDevice, type MachineSpec } from '@/lib/ports/launches'
import { anyType, isDry, type Try } from './actions'
import { launchInput, tagList } from './launch-seen'

/** As what the console launches is tagged; nothing is made of it. */
const tags = { 'matriarch:blueprint': 'test-access' }
/** A network for documentation alone. Source: RFC 5737. */
const network = '192.0.2.1/32'

const anyMachine = (imageId: string): MachineSpec => ({
  ...{ token: 'test-access', imageId, type: anyType, market: 'on-demand', priceMaxUsd: null, zone: null, subnetId: null, groupIds: [] },
  ...{ keyName: null, hasPublicAddress: false, userData: '', rootGb: 8, volume: null, tags },
})

/** The dry run of each action that a launch, a stop or a teardown of a herd takes. */
export const launchTries: Readonly<Record<LaunchAction, Try>> = {
  'ec2:DescribeImages': ({ ec2 }, _on, abortSignal) => ec2.send(new DescribeImagesCommand(isDry), { abortSignal }),
  'ec2:DescribeSecurityGroups': ({ ec2 }, _on, abortSignal) => ec2.send(new DescribeSecurityGroupsCommand(isDry), { abortSignal }),
  'ec2:RunInstances': ({ ec2 }, { imageId }, abortSignal) =>
    ec2.send(new RunInstancesCommand({ ...launchInput(anyMachine(imageId!)), ...isDry }), { abortSignal }),
  'ec2:CreateSecurityGroup': ({ ec2 }, _on, abortSignal) =>
    ec2.send(
      new CreateSecurityGroupCommand({
        ...isDry,
        GroupName: 'matriarch-test-access',
        Description: 'Tried by Test access',
        TagSpecifications: [{ ResourceType: 'security-group', Tags: tagList(tags) }],
      }),
      { abortSignal },
    ),
  'ec2:GetConsoleOutput': ({ ec2 }, { launchedId }, abortSignal) =>
    ec2.send(new GetConsoleOutputCommand({ ...isDry, InstanceId: launchedId! }), { abortSignal }),
  'ec2:CreateTags': ({ ec2 }, { launchedId }, abortSignal) =>
    ec2.send(new CreateTagsCommand({ ...isDry, Resources: [launchedId!], Tags: tagList(tags) }), { abortSignal }),
  'ec2:AttachVolume': ({ ec2 }, { launchedId, volumeId }, abortSignal) =>
    ec2.send(new AttachVolumeCommand({ ...isDry, InstanceId: launchedId!, VolumeId: volumeId!, Device: dataDevice }), { abortSignal }),
  'ec2:AuthorizeSecurityGroupIngress': ({ ec2 }, { groupId }, abortSignal) => {
    const IpPermissions = [{ IpProtocol: 'tcp', FromPort: 1, ToPort: 1, IpRanges: [{ CidrIp: network }] }]
    return ec2.send(new AuthorizeSecurityGroupIngressCommand({ ...isDry, GroupId: groupId!, IpPermissions }), { abortSignal })
  },
  'ec2:TerminateInstances': ({ ec2 }, { launchedId }, abortSignal) =>
    ec2.send(new TerminateInstancesCommand({ ...isDry, InstanceIds: [launchedId!] }), { abortSignal }),
  'ec2:DeleteVolume': ({ ec2 }, { volumeId }, abortSignal) =>
    ec2.send(new DeleteVolumeCommand({ ...isDry, VolumeId: volumeId! }), { abortSignal }),
  'ec2:DeleteSecurityGroup': ({ ec2 }, { groupId }, abortSignal) =>
    ec2.send(new DeleteSecurityGroupCommand({ ...isDry, GroupId: groupId! }), { abortSignal }),
}

/** RDS has no dry run, but judges the rights before it looks for the instance: one that no account has is asked for. */
const nobody = () => ({ DBInstanceIdentifier: `matriarch-test-access-${crypto.randomUUID().slice(0, 8)}` })

const minuteMs = 60_000

/** What reads is read, the least of it; what changes a DB instance is asked of one that is not there. */
export const rdsTries: Readonly<Record<RdsAction, Try>> = {
  'rds:DescribeDBInstances': ({ rds }, _on, abortSignal) => rds.send(new DescribeDBInstancesCommand({ MaxRecords: 20 }), { abortSignal }),
  'rds:DescribeOrderableDBInstanceOptions': ({ rds }, _on, abortSignal) =>
    rds.send(new DescribeOrderableDBInstanceOptionsCommand({ Engine: 'postgres', DBInstanceClass: `db.${anyType}`, MaxRecords: 20 }), {
      abortSignal,
    }),
  'cloudwatch:GetMetricData': ({ cloudWatch }, _on, abortSignal) => {
    const Metric = { Namespace: 'AWS/RDS', MetricName: 'CPUUtilization' }
    const EndTime = new Date()
    const StartTime = new Date(EndTime.getTime() - minuteMs)
    const MetricDataQueries = [{ Id: 'tried', MetricStat: { Metric, Period: 60, Stat: 'Average' } }]
    return cloudWatch.send(new GetMetricDataCommand({ StartTime, EndTime, MetricDataQueries }), { abortSignal })
  },
  'rds:StartDBInstance': ({ rds }, _on, abortSignal) => rds.send(new StartDBInstanceCommand(nobody()), { abortSignal }),
  'rds:StopDBInstance': ({ rds }, _on, abortSignal) => rds.send(new StopDBInstanceCommand(nobody()), { abortSignal }),
  'rds:RebootDBInstance': ({ rds }, _on, abortSignal) => rds.send(new RebootDBInstanceCommand(nobody()), { abortSignal }),
  'rds:ModifyDBInstance': ({ rds }, _on, abortSignal) =>
    rds.send(new ModifyDBInstanceCommand({ ...nobody(), DBInstanceClass: `db.${anyType}` }), { abortSignal }),
  'rds:PromoteReadReplica': ({ rds }, _on, abortSignal) => rds.send(new PromoteReadReplicaCommand(nobody()), { abortSignal }),
}
