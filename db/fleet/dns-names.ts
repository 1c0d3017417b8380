import type { NameVerdict } from '@/lib/domain/dns/judge'
import type { NameTarget } from '@/lib/domain/dns/wanted'
import { staleAfterSeconds } from '@/lib/domain/problems/fleet'
import { makeBatch } from '@/lib/kernel/ground/batch'
import { Fault } from '@/lib/kernel/ground/errors'
import type { InventoryName, InventoryRead, InventoryZone, ZoneAddress } from '@/lib/ports'
import type { TsigAlgorithm, ZoneSettings, ZoneSource } from '@/lib/ports/zones'
import { databaseFault, getPool } from '../pg/client'
import { secretPurpose } from '../records/sealing-key'

interface NameRow {
  id: string
  name: string
  type: InventoryName['type']
  follows: InventoryName['follows']
  carries: InventoryName['carries']
  host_domain: string
  ttl_seconds: number
  environment_id: string
  environment_name: string
  herd_id: string
  herd_name: string
  zone_id: string
  zone_name: string
  provider: ZoneAddress['provider']
  because: string | null
  wanted: string | null
}

const selectNames = `select n.id, n.name, n.type, n.follows, n.carries, lower(coalesce(nullif(z.host_domain, ''), z.name)) as host_domain,
    coalesce(n.ttl_override, z.ttl_seconds) as ttl_seconds, n.environment_id, e.name as environment_name, n.herd_id, h.name as herd_name,
    z.id as zone_id, lower(z.name) as zone_name, z.provider, n.because, n.wanted
  from dns_names n join dns_zones z on z.id = n.zone_id join herds h on h.id = n.herd_id join environments e on e.id = n.environment_id`

const nameOf = (row: NameRow): InventoryName => ({
  id: row.id,
  title: row.name,
  type: row.type,
  follows: row.follows,
  carries: row.carries,
  hostDomain: row.host_domain,
  ttlSeconds: row.ttl_seconds,
  environmentId: row.environment_id,
  environmentName: row.environment_name,
  herdId: row.herd_id,
  herdName: row.herd_name,
  zone: { zoneId: row.zone_id, name: row.zone_name, provider: row.provider },
})

const rowsOf = async <Row extends object>(text: string, values: readonly unknown[]): Promise<Row[]> => {
  try {
    return (await getPool().query<Row>(text, [...values])).rows
  } catch (error) {
    throw databaseFault(error)
  }
}

/** A name, and what was kept of it when it was looked at last. */
export type ObservedName = InventoryName & { was: Pick<NameVerdict, 'because' | 'wanted'> }

/** Every name that is registered, for the observer. */
export const allNames = async (): Promise<ObservedName[]> => {
  const rows = await rowsOf<NameRow>(`${selectNames} order by n.name, n.type`, [])
  return rows.map((row) => ({ ...nameOf(row), was: { because: row.because, wanted: row.wanted } }))
}

/** The members of these herds as they were last seen. One that was not seen for a minute is not online. */
export const nameTargets = async (herdIds: readonly string[]): Promise<Map<string, NameTarget[]>> => {
  const rows = await rowsOf<NameTarget & { herdId: string }>(
    `select i.herd_id as "herdId", i.title, s.hostname, s.address, i.role,
       i.state = 'online' and i.observed_at > now() - $2 * interval '1 second' as "isOnline"
     from instances i join servers s on s.id = i.server_id where i.herd_id = any($1::uuid[]) order by i.title`,
    [herdIds, staleAfterSeconds],
  )
  const found = new Map<string, NameTarget[]>()
  for (const { herdId, ...target } of rows) found.set(herdId, [...(found.get(herdId) ?? []), target])
  return found
}

/** Keeps what was found of each name just now; those who watch the list hear of it when something is new. */
export const saveVerdicts = async (verdicts: readonly (NameVerdict & { id: string })[]): Promise<void> => {
  await rowsOf(
    `with seen as (
       update dns_names n set state = v.state, because = v.because, answer = v.answer, wanted = v.wanted, observed_at = now()
       from json_to_recordset($1::json) as v (id uuid, state text, because text, answer text, wanted text), dns_names was
       where n.id = v.id and was.id = n.id
       returning (was.state, was.because, was.answer) is distinct from (n.state, n.because, n.answer) as is_new
     )
     select pg_notify('records', 'name') where exists (select from seen where is_new)`,
    [JSON.stringify(verdicts)],
  )
}

/** Names and zones as operations need them. Many targets of one run are looked up at the same moment: they share statements. */
export const makeNameInventory = (): Pick<InventoryRead, 'name' | 'herdNames' | 'zone'> => {
  const name = makeBatch<string, InventoryName | null>(
    async (ids) => {
      const rows = await rowsOf<NameRow>(`${selectNames} where n.id = any($1::uuid[])`, [ids])
      const found = new Map(rows.map((row) => [row.id, nameOf(row)]))
      return ids.map((id) => found.get(id) ?? null)
    },
    { max: 500 },
  )
  const herdNames = makeBatch<string, InventoryName[]>(
    async (herdIds) => {
      const rows = await rowsOf<NameRow>(`${selectNames} where n.herd_id = any($1::uuid[]) order by n.name, n.type`, [
        [...new Set(herdIds)],
      ])
      return herdIds.map((herdId) => rows.filter((row) => row.herd_id === herdId).map(nameOf))
    },
    { max: 200 },
  )
  return {
    name: async (id) => {
      const found = await name(id)
      if (!found) throw new Fault('record.missing', { because: 'The name is not registered any more.', id })
      return found
    },
    herdNames,
    zone: zoneById,
  }
}

const zoneById = async (id: string): Promise<InventoryZone> => {
  const [row] = await rowsOf<{
    id: string
    name: string
    provider: ZoneAddress['provider']
    environment_id: string
    environment_name: string
  }>(
    `select z.id, lower(z.name) as name, z.provider, z.environment_id, e.name as environment_name
     from dns_zones z join environments e on e.id = z.environment_id where z.id = $1`,
    [id],
  )
  if (!row) throw new Fault('record.missing', { because: 'The zone is not registered any more.', id })
  return {
    id: row.id,
    title: row.name,
    environmentId: row.environment_id,
    environmentName: row.environment_name,
    address: { zoneId: row.id, name: row.name, provider: row.provider },
  }
}

interface ZoneRow {
  id: string
  name: string
  provider: ZoneAddress['provider']
  primary_host: string | null
  primary_port: number
  key_name: string | null
  key_algorithm: TsigAlgorithm
  sealed_key_secret: string | null
  allow_unsigned: boolean
  hosted_zone_id: string | null
  region: string
  endpoint: string | null
  uses_worker_role: boolean
  access_key_id: string | null
  sealed_access_secret: string | null
  authoritative_servers: string[]
  resolvers: string[]
}

/** Zones with their secrets opened by the worker's vault. */
export const makeZoneSource =
  (opener: { open: (sealed: string, purpose: string) => string }): ZoneSource =>
  async (zoneId) => {
    const [row] = await rowsOf<ZoneRow>(
      `select id, lower(name) as name, provider, primary_host, primary_port, key_name, key_algorithm, sealed_key_secret, allow_unsigned, hosted_zone_id,
         region, endpoint, uses_worker_role, access_key_id, sealed_access_secret, authoritative_servers, resolvers
       from dns_zones where id = $1`,
      [zoneId],
    )
    if (!row) throw new Fault('record.missing', { because: 'The zone is not registered any more.', id: zoneId })
    return settingsOf(row, (sealed, field) => opener.open(sealed, secretPurpose('dns-zone', field)))
  }

const settingsOf = (row: ZoneRow, open: (sealed: string, field: string) => string): ZoneSettings => ({
  address: { zoneId: row.id, name: row.name, provider: row.provider },
  authoritativeServers: row.authoritative_servers,
  resolvers: row.resolvers,
  primary: row.primary_host ? { host: row.primary_host, port: row.primary_port } : null,
  key:
    row.key_name && row.sealed_key_secret
      ? { name: row.key_name, algorithm: row.key_algorithm, secret: open(row.sealed_key_secret, 'sealedKeySecret') }
      : null,
  allowUnsigned: row.allow_unsigned,
  route53:
    row.provider === 'route53' && row.hosted_zone_id
      ? {
          hostedZoneId: row.hosted_zone_id,
          region: row.region,
          endpoint: row.endpoint || null,
          credentials:
            row.access_key_id && row.sealed_access_secret
              ? { accessKeyId: row.access_key_id, secretAccessKey: open(row.sealed_access_secret, 'sealedAccessSecret') }
              : workersOwn(row),
        }
      : null,
})

/** Never for want of a key alone: the credentials of the worker's host reach zones of other environments. */
const workersOwn = ({ name, uses_worker_role }: ZoneRow): null => {
  if (uses_worker_role) return null
  throw new Fault('dns.refused', {
    isOver: true,
    because: `${name} has no AWS access key, and no administrator of every environment has marked it to use the credentials of the worker’s host.`,
  })
}
