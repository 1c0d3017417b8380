import type { MetricDataResult } from '@aws-sdk/client-cloudwatch'
import type { DBInstance } from '@aws-sdk/client-rds'
import type { DbFigures, DbInstanceSeen } from '@/lib/ports'

/** Of an ARN where the source is in another region. */
const lastPart = (name: string): string => name.split(':').at(-1)!

export const dbInstanceOf = (one: DBInstance, region: string): DbInstanceSeen => ({
  instanceId: one.DBInstanceIdentifier ?? '',
  region,
  zone: one.AvailabilityZone ?? '',
  class: one.DBInstanceClass ?? '',
  status: one.DBInstanceStatus ?? 'unknown',
  engineVersion: one.EngineVersion ?? '',
  address: one.Endpoint?.Address ?? null,
  port: one.Endpoint?.Port ?? 5432,
  storageGib: one.AllocatedStorage ?? 0,
  storageType: one.StorageType ?? '',
  isMultiAz: one.MultiAZ === true,
  allowsIam: one.IAMDatabaseAuthenticationEnabled === true,
  source: one.ReadReplicaSourceDBInstanceIdentifier ? lastPart(one.ReadReplicaSourceDBInstanceIdentifier) : null,
  replicas: (one.ReadReplicaDBInstanceIdentifiers ?? []).map(lastPart),
  pendingClass: one.PendingModifiedValues?.DBInstanceClass ?? null,
  clusterId: one.DBClusterIdentifier ?? null,
  tags: Object.fromEntries((one.TagList ?? []).map(({ Key = '', Value = '' }) => [Key, Value])),
  createdAt: one.InstanceCreateTime ?? null,
})

/** RDS has no filter by tag: it is judged here, as EC2 judges its own. */
export const hasTags = (tags: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean =>
  Object.entries(wanted).every(([key, value]) => tags[key] !== undefined && pattern(value).test(tags[key]))

/** `*` and `?` stand for any letters, and for one. */
const pattern = (text: string): RegExp =>
  new RegExp(
    `^${text
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    's',
  )

/** CloudWatch's name of each, and the newest value. */
export const metricNames = {
  cpu: 'CPUUtilization',
  freeMemoryBytes: 'FreeableMemory',
  freeStorageBytes: 'FreeStorageSpace',
} as const satisfies Record<keyof DbFigures, string>

export const figuresOf = (results: readonly MetricDataResult[]): DbFigures => {
  const newest = (id: keyof DbFigures) => results.find((one) => one.Id === id)?.Values?.[0] ?? null
  // An average of a minute: bytes come with a fraction.
  const bytes = (id: keyof DbFigures) => {
    const value = newest(id)
    return value === null ? null : Math.round(value)
  }
  return { cpu: newest('cpu'), freeMemoryBytes: bytes('freeMemoryBytes'), freeStorageBytes: bytes('freeStorageBytes') }
}
