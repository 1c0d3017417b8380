import { GetMetricDataCommand } from '@aws-sdk/client-cloudwatch'
import {
  type DBInstance,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
  PromoteReadReplicaCommand,
  paginateDescribeDBInstances,
  paginateDescribeOrderableDBInstanceOptions,
  type RDSClient,
  RebootDBInstanceCommand,
  StartDBInstanceCommand,
  StopDBInstanceCommand,
} from '@aws-sdk/client-rds'
import { Signer } from '@aws-sdk/rds-signer'
import type { DbClass, DbDeed, RdsAct, RdsRead } from '@/lib/ports'
import type { CloudCallOptions, CloudSettings } from '@/lib/ports/cloud-call'
import { makeClients } from './clients'
import { dbInstanceOf, figuresOf, hasTags, metricNames } from './rds-seen'
import { makeSend } from './requests'

/** The most that RDS puts on a page. */
const pageSizes = { instances: 100, options: 1000 }
/** CloudWatch has a figure of a minute a little after its end. */
const figuresMs = 10 * 60_000
const engine = 'postgres'

export interface AwsRds extends RdsRead, RdsAct {
  /** A password of AWS for a role that has rds_iam, good for a quarter of an hour; RDS judges it when it is used. Throws `cloud.*`. */
  token: (
    account: CloudSettings,
    region: string,
    at: { address: string; port: number; user: string },
    options: CloudCallOptions,
  ) => Promise<string>
  close: () => void
}

/** DB instances of RDS for PostgreSQL, and their figures in CloudWatch. */
export const makeRds = (): AwsRds => {
  const clients = makeClients()
  const send = makeSend()
  return {
    list: (account, region, { tags }, options) =>
      send({ account, where: `${region} RDS`, action: 'rds:DescribeDBInstances' }, options, async (abortSignal) => {
        const client = clients.rds(account, region)
        const found: DBInstance[] = []
        const asked = { Filters: [{ Name: 'engine', Values: [engine] }] }
        for await (const page of paginateDescribeDBInstances({ client, pageSize: pageSizes.instances }, asked, { abortSignal }))
          found.push(...(page.DBInstances ?? []))
        return found.map((one) => dbInstanceOf(one, region)).filter((one) => hasTags(one.tags, tags))
      }),
    instance: (account, region, instanceId, options) =>
      send({ account, where: `${region} RDS`, action: 'rds:DescribeDBInstances' }, options, async (abortSignal) => {
        const asked = new DescribeDBInstancesCommand({ DBInstanceIdentifier: instanceId })
        const { DBInstances = [] } = await clients.rds(account, region).send(asked, { abortSignal })
        return dbInstanceOf(DBInstances[0]!, region)
      }),
    classes: async (account, region, { engineVersion, zone }, names, options) => {
      const found: DbClass[] = []
      for (const name of new Set(names)) {
        const offered = await send(
          { account, where: `${region} RDS`, action: 'rds:DescribeOrderableDBInstanceOptions' },
          options,
          async (abortSignal) => {
            const client = clients.rds(account, region)
            const zones = new Set<string>()
            const asked = { Engine: engine, EngineVersion: engineVersion, DBInstanceClass: name }
            const pages = paginateDescribeOrderableDBInstanceOptions({ client, pageSize: pageSizes.options }, asked, { abortSignal })
            for await (const { OrderableDBInstanceOptions = [] } of pages)
              for (const { AvailabilityZones = [] } of OrderableDBInstanceOptions)
                for (const { Name } of AvailabilityZones) zones.add(String(Name))
            return zones
          },
        )
        if (offered.size > 0) found.push({ class: name, isOffered: offered.has(zone) })
      }
      return found
    },
    figures: (account, region, instanceId, options) =>
      send({ account, where: `${region} CloudWatch`, action: 'cloudwatch:GetMetricData' }, options, async (abortSignal) => {
        const Dimensions = [{ Name: 'DBInstanceIdentifier', Value: instanceId }]
        const now = Date.now()
        const asked = new GetMetricDataCommand({
          StartTime: new Date(now - figuresMs),
          EndTime: new Date(now),
          ScanBy: 'TimestampDescending',
          MetricDataQueries: Object.entries(metricNames).map(([Id, MetricName]) => ({
            Id,
            MetricStat: { Metric: { Namespace: 'AWS/RDS', MetricName, Dimensions }, Period: 60, Stat: 'Average' },
          })),
        })
        const { MetricDataResults = [] } = await clients.cloudWatch(account, region).send(asked, { abortSignal })
        return figuresOf(MetricDataResults)
      }),
    token: (account, region, { address, port, user }, options) =>
      send({ account, where: `${region} RDS`, action: 'rds-db:connect' }, options, async () => {
        const credentials = await clients.rds(account, region).config.credentials()
        return new Signer({ hostname: address, port, region, username: user, credentials }).getAuthToken()
      }),
    act: (account, region, instanceId, deed, options) => {
      const { action, sent } = requestOf(instanceId, deed)
      return send({ account, where: `${region} RDS`, action, isDeed: true }, options, async (abortSignal) => {
        await sent(clients.rdsDeeds(account, region), abortSignal)
      })
    },
    close: clients.close,
  }
}

/** The one request of a deed, and its action as a policy names it. */
const requestOf = (
  DBInstanceIdentifier: string,
  deed: DbDeed,
): { action: string; sent: (client: RDSClient, abortSignal: AbortSignal) => Promise<unknown> } => {
  const of = { DBInstanceIdentifier }
  switch (deed.does) {
    case 'start':
      return { action: 'rds:StartDBInstance', sent: (client, abortSignal) => client.send(new StartDBInstanceCommand(of), { abortSignal }) }
    case 'stop':
      return { action: 'rds:StopDBInstance', sent: (client, abortSignal) => client.send(new StopDBInstanceCommand(of), { abortSignal }) }
    case 'reboot':
      return {
        action: 'rds:RebootDBInstance',
        sent: (client, abortSignal) => client.send(new RebootDBInstanceCommand(of), { abortSignal }),
      }
    case 'promote':
      return {
        action: 'rds:PromoteReadReplica',
        sent: (client, abortSignal) => client.send(new PromoteReadReplicaCommand(of), { abortSignal }),
      }
    case 'set-class': {
      const change = { ...of, DBInstanceClass: deed.class, ApplyImmediately: true }
      return {
        action: 'rds:ModifyDBInstance',
        sent: (client, abortSignal) => client.send(new ModifyDBInstanceCommand(change), { abortSignal }),
      }
    }
  }
}
