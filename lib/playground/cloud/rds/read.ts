import type { Action } from '../action'
import { CloudFault } from '../fault'
import { rdsClasses } from '../market'
import type { Params } from '../params'
import type { CloudState } from '../state'
import { type DbInstance, engine, engineVersions, notFound } from './instances'
import { shownInstance, shownTags } from './shown'

const recordsMin = 20

/** One page of `all`: MaxRecords and Marker as RDS takes them. `secret` binds a marker to its question. */
const marked = <T>(params: Params, all: readonly T[], secret: string, most: number): { page: T[]; Marker: string | undefined } => {
  const max = params.int('MaxRecords') ?? 100
  if (max < recordsMin || max > most)
    throw new CloudFault('InvalidParameterValue', `Invalid value ${max} for MaxRecords. Must be between ${recordsMin} and ${most}`)
  const marker = params.get('Marker')
  const [of, from] = marker === undefined ? [secret, '0'] : Buffer.from(marker, 'base64url').toString('utf8').split('\u0000')
  const start = Number(from)
  if (of !== secret || !Number.isInteger(start)) throw new CloudFault('InvalidParameterValue', 'Invalid Marker')
  const end = start + max
  return {
    page: all.slice(start, end),
    Marker: end < all.length ? Buffer.from(`${secret}\u0000${end}`).toString('base64url') : undefined,
  }
}

/** RDS has no filter by tag, and no patterns in values. */
const filters: Readonly<Record<string, (state: CloudState, one: DbInstance) => readonly string[]>> = {
  'db-instance-id': (state, one) => [one.id, state.databases.arn(one)],
  'dbi-resource-id': (_state, one) => [`db-${one.id.toUpperCase().replaceAll('-', '')}`],
  engine: () => [engine],
  'db-cluster-id': () => [],
  domain: () => [],
}

const describeDBInstances: Action = (state, region, params) => {
  const id = params.get('DBInstanceIdentifier')
  const seen = state.databases.seen(region)
  const named = id === undefined ? seen : seen.filter((one) => one.id === id.toLowerCase())
  if (id !== undefined && named.length === 0) throw notFound(id)
  const asked = params.groups('Filters.Filter').map((group) => ({ name: group.must('Name'), values: group.list('Values.Value') }))
  const foreign = asked.find(({ name }) => filters[name] === undefined)
  if (foreign !== undefined) throw new CloudFault('InvalidParameterValue', `Unrecognized filter name: ${foreign.name}`)
  const found = named.filter((one) => asked.every(({ name, values }) => filters[name]!(state, one).some((value) => values.includes(value))))
  const { page, Marker } = marked(params, found, `instances ${region}`, 100)
  return { DBInstances: { DBInstance: page.map((one) => shownInstance(state, one)) }, Marker }
}

const describeOrderableDBInstanceOptions: Action = (state, region, params) => {
  if (params.must('Engine') !== engine) throw new CloudFault('InvalidParameterValue', `Unrecognized engine name: ${params.get('Engine')}`)
  const [version, name] = [params.get('EngineVersion'), params.get('DBInstanceClass')]
  if (version !== undefined && !engineVersions.includes(version))
    throw new CloudFault('InvalidParameterCombination', `Cannot find version ${version} for ${engine}`)
  const all = rdsClasses.flatMap((one) => {
    const zones = name === undefined || name === one ? state.databases.zonesWith(region, one) : []
    if (zones.length === 0) return []
    return (version === undefined ? engineVersions : [version]).map((EngineVersion) => ({
      Engine: engine,
      EngineVersion,
      DBInstanceClass: one,
      LicenseModel: 'postgresql-license',
      AvailabilityZones: { AvailabilityZone: zones.map((Name) => ({ Name })) },
      MultiAZCapable: true,
      ReadReplicaCapable: true,
      Vpc: true,
      SupportsStorageEncryption: true,
      StorageType: 'gp3',
      SupportsIops: true,
      SupportsIAMDatabaseAuthentication: true,
      MinStorageSize: 20,
      MaxStorageSize: 65_536,
    }))
  })
  const { page, Marker } = marked(params, all, `options ${region} ${version} ${name}`, 1000)
  return { OrderableDBInstanceOptions: { OrderableDBInstanceOption: page }, Marker }
}

/** By its ARN. */
export const named = (state: CloudState, region: string, params: Params): DbInstance => {
  const arn = params.must('ResourceName')
  const id = arn.split(':')[6] ?? ''
  const one = state.databases.find(region, id)
  if (!arn.startsWith('arn:aws:rds:') || one === undefined) throw notFound(id || arn)
  return one
}

const listTagsForResource: Action = (state, region, params) => shownTags(named(state, region, params))

export const readActions: Readonly<Record<string, Action>> = {
  DescribeDBInstances: describeDBInstances,
  DescribeOrderableDBInstanceOptions: describeOrderableDBInstanceOptions,
  ListTagsForResource: listTagsForResource,
}
