import { type Fleet, herd } from './fleet'

const environment = 'prod'
const cluster = 'analytics'
const members = [
  { name: 'analytics-db', address: '198.18.6.11', zone: 'eu-central-1a' },
  { name: 'analytics-db-ro', address: '198.18.6.12', zone: 'eu-central-1b' },
]

/** Adds a herd on RDS: a DB instance and its read replica, real servers of PostgreSQL that the console reaches over TLS alone and logs in to no host of. */
export const withRdsHerd = (fleet: Fleet): Fleet => {
  const [source, replica] = members.map(({ name }) => name)
  return {
    ...fleet,
    hosts: [...fleet.hosts, ...members.map(({ name, address, zone }) => ({ name, address, environment, site: zone, tags: ['rds'] }))],
    herds: [...fleet.herds, herd(fleet.postgresMajor, environment, cluster, 5432, `${source} > ${replica}`)],
    databases: members.map(({ name, zone }) => ({
      ...{ host: name, zone, class: 'db.m5.large', storageGb: 100, cluster },
      source: name === source ? null : source!,
    })),
  }
}
