import { type Fleet, herd } from './fleet'

const environment = 'prod'
const members = [
  { name: 'prod-ec2-1', address: '198.18.5.11', zone: 'eu-central-1a' },
  { name: 'prod-ec2-2', address: '198.18.5.12', zone: 'eu-central-1b' },
  { name: 'prod-ec2-3', address: '198.18.5.13', zone: 'eu-central-1c' },
]
/** The example of a smaller one, wherever a type is asked for, is `m5.large`. */
const type = 'm5.xlarge'
const pooler = { name: 'prod-pool-1', address: '198.18.5.21' }

/**
 * Adds a herd of EC2 machines, a primary and two standbys with nothing else on them: what can be resized, stopped and rebooted. Its standbys share a DNS
 * name, and a PgBouncer on a host that is no machine stands in front, through which the application writes.
 */
export const withEc2Herd = (fleet: Fleet): Fleet => {
  const cluster = 'shop'
  const [primary, ...standbys] = members.map(({ name }) => name)
  const added = herd(fleet.postgresMajor, environment, cluster, 5432, `${primary} > ${standbys.join(', ')}`)
  return {
    ...fleet,
    hosts: [
      ...fleet.hosts,
      ...members.map(({ name, address, zone }) => ({ name, address, environment, site: zone, tags: ['debian', 'ec2'] })),
      { name: pooler.name, address: pooler.address, environment, site: 'ams', tags: ['debian'] },
    ],
    herds: [...fleet.herds, { ...added, readersHost: `${cluster}-readers.${environment}.db.lab.test` }],
    poolers: [...(fleet.poolers ?? []), { host: pooler.name, herd: added.name, isManaged: true }],
    cloud: {
      ...fleet.cloud,
      environment: fleet.cloud?.environment ?? environment,
      machines: [
        ...(fleet.cloud?.machines ?? []),
        ...members.map(({ name, zone }) => ({ host: name, name, zone, type, volumeGb: 100, cluster })),
      ],
    },
  }
}

/** With one host in each zone that stands ready for a machine that somebody launches. */
export const withLaunchHosts = (fleet: Fleet): Fleet => {
  const spares = members.map(({ zone }, at) => ({
    ...{ name: `${environment}-launch-${at + 1}`, address: `198.18.5.${31 + at}`, environment, site: zone },
    tags: ['debian', 'ec2'],
  }))
  return {
    ...fleet,
    hosts: [...fleet.hosts, ...spares],
    cloud: { environment, machines: [], ...fleet.cloud, spares: spares.map(({ name }) => name) },
  }
}
