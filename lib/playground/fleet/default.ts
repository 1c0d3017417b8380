import { type Fleet, herd, standardEnvironments, standardGroups, standardPeople } from './fleet'

/** Six hosts in two sites, four herds, and one cluster that nobody has registered yet. */
export function defaultFleet(postgresMajor: number): Fleet {
  return {
    name: 'playground',
    postgresMajor,
    environments: standardEnvironments,
    hosts: [
      { name: 'dev-ams-1', address: '198.18.1.11', environment: 'dev', site: 'ams', tags: ['debian'] },
      { name: 'dev-ams-2', address: '198.18.1.12', environment: 'dev', site: 'ams', tags: ['debian'] },
      {
        name: 'stage-ams-1',
        address: '198.18.2.11',
        environment: 'stage',
        site: 'ams',
        tags: ['debian'],
        volumes: { dataMiB: 160, walMiB: 128 },
      },
      { name: 'prod-ams-1', address: '198.18.3.11', environment: 'prod', site: 'ams', tags: ['debian', 'critical'] },
      { name: 'prod-ams-2', address: '198.18.3.12', environment: 'prod', site: 'ams', tags: ['debian', 'critical'] },
      { name: 'prod-fra-1', address: '198.18.4.11', environment: 'prod', site: 'fra', tags: ['debian', 'dr'] },
    ],
    herds: [
      herd(postgresMajor, 'dev', 'catalog', 5432, 'dev-ams-1 > dev-ams-2'),
      herd(postgresMajor, 'prod', 'orders', 5432, 'prod-ams-1 > prod-ams-2 > prod-fra-1'),
      herd(postgresMajor, 'prod', 'billing', 5433, 'prod-ams-2 > prod-ams-1, prod-fra-1'),
      herd(postgresMajor, 'prod', 'ledger', 5434, 'prod-fra-1 > prod-ams-1'),
    ],
    strays: [{ host: 'stage-ams-1', baseName: 'preview', port: 5432, dataDirectory: `/var/lib/postgresql/${postgresMajor}/preview` }],
    poolers: [
      { host: 'dev-ams-1', herd: 'dev-catalog', isManaged: true },
      { host: 'dev-ams-2', herd: 'dev-catalog', isManaged: true },
    ],
    groups: standardGroups,
    people: standardPeople,
    hasNames: true,
    cloud: {
      environment: 'prod',
      machines: [
        { host: 'prod-ams-1', name: 'prod-ams-1', zone: 'eu-central-1a', type: 'r5.xlarge', volumeGb: 200, cluster: 'orders' },
        { host: 'prod-ams-2', name: 'prod-ams-2', zone: 'eu-central-1b', type: 'r5.xlarge', volumeGb: 200, cluster: 'orders' },
        { host: 'prod-fra-1', name: 'prod-fra-1', zone: 'eu-west-1a', type: 'm5.large', volumeGb: 200, cluster: 'orders' },
        { host: null, name: 'orders-restore-test', zone: 'eu-central-1a', type: 'm5.2xlarge', volumeGb: 500, cluster: 'orders' },
      ],
    },
  }
}

/** With a cluster of three that Patroni manages, in the environment that has no other herd. */
export function withPatroni(fleet: Fleet): Fleet {
  const host = (name: string, last: number, site: string, tags: string[]) => ({
    ...{ name, address: `198.18.2.${last}`, environment: 'stage', site },
    tags: ['debian', ...tags],
  })
  return {
    ...fleet,
    hosts: [
      ...fleet.hosts,
      host('stage-shop-1', 21, 'ams', ['patroni']),
      host('stage-shop-2', 22, 'ams', ['patroni']),
      host('stage-shop-3', 23, 'fra', ['patroni']),
      host('stage-door-1', 31, 'ams', ['pgbouncer', 'haproxy']),
      host('stage-door-2', 32, 'fra', ['pgbouncer', 'haproxy']),
    ],
    patroni: [
      {
        name: 'stage-shop',
        environment: 'stage',
        scope: 'shop',
        baseName: 'shop',
        virtualHost: 'shop.stage.db.lab.test',
        members: ['stage-shop-1', 'stage-shop-2', 'stage-shop-3'],
        doors: ['stage-door-1', 'stage-door-2'],
      },
    ],
  }
}

/** With three hosts that carry nothing, to build a cluster on. */
export function withSpareHosts(fleet: Fleet): Fleet {
  const spare = (number: number, site: string) => ({
    ...{ name: `stage-spare-${number}`, address: `198.18.2.${40 + number}`, environment: 'stage', site },
    tags: ['debian', 'spare'],
  })
  return { ...fleet, hosts: [...fleet.hosts, spare(1, 'ams'), spare(2, 'ams'), spare(3, 'fra')] }
}
