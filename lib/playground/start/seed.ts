import type { PoolClient } from 'pg'
import { getPool } from '@/db/pg/client'
import type { Fleet, FleetPatroni } from '../fleet/fleet'
import type { LabNames } from '../services/names'
import { patroniPoolerTemplate } from '../services/patroni/cluster'
import { dataDirectoryOf, ports } from '../services/patroni/files'
import { poolerTemplate } from '../services/poolers'
import type { PlaygroundAccount } from './cloud'
import type { PlaygroundRds } from './rds'

/**
 * Registers the fleet in the console: environments, servers with their pinned keys, herds, instances, and the roles of the directory's groups.
 * Run again it adds what is missing and changes nothing that a person may have edited, except a server's pinned key (the playground made the host).
 * `fingerprints`: host name → `SHA256:…`.
 */
export const seedFleet = async (fleet: Fleet, fingerprints: Record<string, string>): Promise<void> => {
  const client = await getPool().connect()
  try {
    await client.query('begin')
    for (const [position, environment] of fleet.environments.entries())
      await client.query(
        `insert into environments (name, description, colour, protection, position, allows_drills) values ($1, $2, $3, $4, $5, $1::text <> 'prod') on conflict (lower(name)) do nothing`,
        [environment.name, `The playground’s ${environment.name} environment.`, environment.colour, environment.protection, position],
      )
    await addServers(client, fleet, fingerprints)
    await addHerds(client, fleet)
    await addPoolers(client, fleet)
    for (const group of fleet.groups)
      for (const environment of group.environments === 'all' ? [null] : group.environments)
        await client.query(
          `insert into grants (group_name, role, environment_id) values ($1, $2, (select id from environments where name = $3)) on conflict do nothing`,
          [group.name, group.role, environment],
        )
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  } finally {
    client.release()
  }
}

/** A host of RDS: nobody logs in there. */
export const isDatabase = ({ databases = [] }: Fleet, host: string): boolean => databases.some((one) => one.host === host)

/** It is nobody’s until somebody launches a machine. */
export const isSpare = ({ cloud }: Fleet, host: string): boolean => cloud?.spares?.includes(host) === true

const addServers = async (client: PoolClient, fleet: Fleet, fingerprints: Record<string, string>): Promise<void> => {
  for (const host of fleet.hosts.filter(({ name }) => !isSpare(fleet, name)))
    await client.query(
      `insert into servers (environment_id, hostname, address, host_key, site, tags)
       values ((select id from environments where name = $1), $2, $3, $4, $5, $6)
       on conflict (lower(hostname)) do update set host_key = excluded.host_key, host_key_offered = null, machine_id = null, machine_id_offered = null
         where servers.host_key is distinct from excluded.host_key`,
      [
        host.environment,
        host.name,
        host.address,
        (isDatabase(fleet, host.name) ? null : fingerprints[host.name]) ?? null,
        host.site,
        host.tags,
      ],
    )
}

const addHerds = async (client: PoolClient, fleet: Fleet): Promise<void> => {
  for (const herd of fleet.herds) {
    await client.query(
      `insert into herds (environment_id, name, base_name, port, data_directory, virtual_host)
       values ((select id from environments where name = $1), $2, $3, $4, $5, $6) on conflict do nothing`,
      [herd.environment, herd.name, herd.baseName, herd.port, herd.dataDirectory, herd.virtualHost],
    )
    for (const member of herd.members) await addInstance(client, herd.environment, herd.name, member.host)
  }
}

const addInstance = (client: PoolClient, environment: string, herd: string, host: string): Promise<unknown> =>
  client.query(
    `insert into instances (herd_id, server_id, environment_id)
     select h.id, s.id, h.environment_id from herds h join environments e on e.id = h.environment_id and e.name = $1, servers s
     where lower(h.name) = lower($2) and lower(s.hostname) = lower($3) on conflict do nothing`,
    [environment, herd, host],
  )

const addPoolers = async (client: PoolClient, fleet: Fleet): Promise<void> => {
  for (const pooler of fleet.poolers ?? [])
    await addPooler(client, pooler.host, pooler.herd, pooler.isManaged ? poolerTemplate(fleet, pooler) : null)
}

const addPooler = (client: PoolClient, host: string, herd: string, template: string | null): Promise<unknown> =>
  client.query(
    `insert into poolers (herd_id, server_id, template, is_managed)
     select h.id, s.id, $3::text, $3::text is not null from servers s join herds h on h.environment_id = s.environment_id
     where lower(s.hostname) = lower($1) and lower(h.name) = lower($2) on conflict do nothing`,
    [host, herd, template],
  )

/**
 * Registers the lab's zones and a name for each herd's virtual host. Run again it adds what is missing, and brings the zones' key up to date (the
 * playground made it). `sealedSecret`: the key's secret, closed for the worker.
 */
export const seedNames = async (
  fleet: Fleet,
  { zones, key, primary, resolver, ttlSeconds }: LabNames,
  sealedSecret: string,
): Promise<void> => {
  for (const zone of zones) {
    await getPool().query(
      `insert into dns_zones (environment_id, name, primary_host, primary_port, key_name, key_algorithm, sealed_key_secret, resolvers, ttl_seconds)
       values ((select id from environments where name = $1), $2, $3, $4, $5, $6, $7, $8, $9)
       on conflict (environment_id, lower(name)) do update set sealed_key_secret = excluded.sealed_key_secret`,
      [zone.environment, zone.name, primary.address, primary.port, key.name, key.algorithm, sealedSecret, [resolver.address], ttlSeconds],
    )
    for (const herd of fleet.herds.filter(({ virtualHost }) => virtualHost.endsWith(`.${zone.name}`))) await addName(getPool(), zone, herd)
    for (const { readersHost, name } of fleet.herds)
      if (readersHost?.endsWith(`.${zone.name}`))
        await getPool().query(
          `insert into dns_names (zone_id, herd_id, host_name, type, follows, carries)
           select z.id, h.id, $3, 'A', 'standbys', 'address' from dns_zones z join environments e on e.id = z.environment_id and e.name = $1,
             herds h where lower(z.name) = lower($2) and h.environment_id = e.id and lower(h.name) = lower($4)
           on conflict do nothing`,
          [zone.environment, zone.name, readersHost.slice(0, -zone.name.length - 1), name],
        )
  }
}

const addName = (
  db: Pick<PoolClient, 'query'>,
  zone: { name: string; environment: string },
  { name, virtualHost }: { name: string; virtualHost: string },
): Promise<unknown> =>
  db.query(
    `insert into dns_names (zone_id, herd_id, host_name)
     select z.id, h.id, $3 from dns_zones z join environments e on e.id = z.environment_id and e.name = $1,
       herds h where lower(z.name) = lower($2) and h.environment_id = e.id and lower(h.name) = lower($4)
     on conflict do nothing`,
    [zone.environment, zone.name, virtualHost.slice(0, -zone.name.length - 1), name],
  )

/**
 * Registers a cluster of Patroni that is up, on servers that are registered: herd, members, the poolers in front, and its name. Run again it adds what is
 * missing.
 */
export const seedPatroni = async (cluster: FleetPatroni, postgresMajor: number, { zones }: Pick<LabNames, 'zones'>): Promise<void> => {
  const { name, environment, baseName, scope, members, doors, virtualHost } = cluster
  const client = await getPool().connect()
  try {
    await client.query('begin')
    await client.query(
      `insert into herds (environment_id, name, base_name, port, data_directory, virtual_host)
       values ((select id from environments where name = $1), $2, $3, $4, $5, $6) on conflict do nothing`,
      [environment, name, baseName, ports.postgres, dataDirectoryOf(postgresMajor, scope), virtualHost],
    )
    for (const host of members) await addInstance(client, environment, name, host)
    for (const host of doors) await addPooler(client, host, name, patroniPoolerTemplate(cluster))
    const zone = zones.find((one) => virtualHost.endsWith(`.${one.name}`))
    if (zone) await addName(client, zone, cluster)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  } finally {
    client.release()
  }
}

/** Registers the account of the playground's cloud. Run again it brings address and keys up to date, which change with each start. */
export const seedAccount = async (
  { environment, regions, endpoint, keys, rds }: PlaygroundAccount,
  sealedSecret: string,
): Promise<void> => {
  await getPool().query(
    `insert into cloud_accounts (environment_id, name, regions, endpoint, access_key_id, sealed_access_secret, machine_tags, herd_template, looks_for_rds, note)
     values ((select id from environments where name = $1), 'playground', $2, $3, $4, $5, '{Role=PostgreSQL}', '{environment}-{cluster}', $6,
       'The playground’s own cloud: a twin of EC2 and RDS. Its machines and DB instances are hosts of the playground.')
     on conflict (environment_id, lower(name)) do update set endpoint = excluded.endpoint, access_key_id = excluded.access_key_id,
       sealed_access_secret = excluded.sealed_access_secret, looks_for_rds = excluded.looks_for_rds`,
    [environment, regions, endpoint, keys.accessKeyId, sealedSecret, rds !== null],
  )
}

/** A blueprint that the playground's spare hosts can follow: small, without a volume, of the version that is installed. One that is there stays. */
export const seedBlueprint = async ({ environment, regions }: PlaygroundAccount, major: number, sealedPassword: string): Promise<void> => {
  await getPool().query(
    `insert into blueprints (environment_id, account_id, name, regions, vcpus_max, memory_gib_max, falls_back, is_private, client_addresses, major, tuning,
       settings, database, admin_user, sealed_admin_password, replicas, note)
     select e.id, a.id, 'spot', $2, 2, 8, true, true, '{198.18.0.0/16}', $3, 'none', E'shared_buffers = 16MB\nmax_connections = 50', 'app', 'app', $4, 1,
       'To be launched on the playground’s spare hosts, which have no volumes: Launch, with 198.18.0.1/32 as the network of the console, and then Launch standby. The password of app is "playground". EC2 cannot stop spot machines without losing their disks: for Stop and Resume, choose the market on-demand before the launch.'
     from environments e join cloud_accounts a on a.environment_id = e.id and a.name = 'playground' where e.name = $1
     on conflict (environment_id, lower(name)) do nothing`,
    [environment, regions, String(major), sealedPassword],
  )
}

/** Makes endpoints of RDS of the servers that stand for them. Run again it brings the password up to date. */
export const seedDatabases = async ({ hosts, user }: PlaygroundRds, sealedPassword: string): Promise<void> => {
  await getPool().query(
    `update servers set profile = 'rds', endpoint_user = $2, sealed_endpoint_password = $3
     where lower(hostname) = any($1) and (profile, endpoint_user, sealed_endpoint_password) is distinct from ('rds', $2, $3)`,
    [hosts, user, sealedPassword],
  )
}
