import type { CloudState } from '../state'
import { type DbInstance, engine } from './instances'

const tagList = (tags: Readonly<Record<string, string>>) => ({
  Tag: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
})

/** A DB instance as `DescribeDBInstances` writes it. */
export const shownInstance = (state: CloudState, one: DbInstance) => ({
  DBInstanceIdentifier: one.id,
  DBInstanceClass: one.class,
  Engine: engine,
  DBInstanceStatus: one.status,
  MasterUsername: one.masterUser,
  DBName: 'postgres',
  Endpoint: { Address: one.address, Port: one.port, HostedZoneId: 'Z2R2ITUGPM61AM' },
  AllocatedStorage: one.storageGb,
  InstanceCreateTime: new Date(one.createdAtMs).toISOString(),
  PreferredBackupWindow: '03:00-03:30',
  BackupRetentionPeriod: one.source === null ? 7 : 0,
  DBSecurityGroups: null,
  VpcSecurityGroups: { VpcSecurityGroupMembership: { VpcSecurityGroupId: 'sg-0a1b2c3d4e5f60718', Status: 'active' } },
  DBParameterGroups: {
    DBParameterGroup: {
      DBParameterGroupName: `default.postgres${one.engineVersion.split('.')[0]}`,
      ParameterApplyStatus: 'in-sync',
    },
  },
  AvailabilityZone: one.zone,
  PreferredMaintenanceWindow: 'sun:04:00-sun:04:30',
  PendingModifiedValues: one.pending.class === undefined ? {} : { DBInstanceClass: one.pending.class },
  MultiAZ: one.isMultiAz,
  EngineVersion: one.engineVersion,
  AutoMinorVersionUpgrade: true,
  ...(one.source === null ? {} : { ReadReplicaSourceDBInstanceIdentifier: one.source }),
  ReadReplicaDBInstanceIdentifiers: { ReadReplicaDBInstanceIdentifier: state.databases.replicasOf(one) },
  LicenseModel: 'postgresql-license',
  PubliclyAccessible: false,
  StorageType: one.storageType,
  DbInstancePort: 0,
  StorageEncrypted: true,
  DbiResourceId: `db-${one.id.toUpperCase().replaceAll('-', '')}`,
  CACertificateIdentifier: 'rds-ca-rsa2048-g1',
  IAMDatabaseAuthenticationEnabled: one.allowsIam,
  PerformanceInsightsEnabled: false,
  DeletionProtection: true,
  DBInstanceArn: state.databases.arn(one),
  TagList: tagList(one.tags),
})

export const shownTags = ({ tags }: DbInstance) => ({ TagList: tagList(tags) })
