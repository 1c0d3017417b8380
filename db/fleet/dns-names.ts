import { getTableColumns } from 'drizzle-orm'
import { dnsZones } from '@/db/schema'
import type { NameVerdict } from '@/lib/domain/dns/judge'
import type { NameTarget } from '@/lib/domain/dns/wanted'
import { staleAfterSeconds } from '@/lib/domain/problems/fleet'
import { makeBatch } from '@/lib/kernel/ground/batch'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Json } from '@/lib/kernel/ground/json'
import { hangsOn, isApplicable } from '@/lib/kernel/resource/condition'
import type { FieldSpec } from '@/lib/kernel/resource/field'
import type { InventoryName, InventoryRead, InventoryZone, ZoneAddress } from '@/lib/ports'
import type { ZoneSettings, ZoneSource } from '@/lib/ports/zones'
import { dnsZone as zone } from '@/lib/resources/names'
import { databaseFault, getPool } from '../pg/client'
import { secretPurpose } from '../records/sealing-key'

type Setting = ZoneSettings['settings'][string]

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

const providerFields = zone.form.filter((name) => hangsOn(zone.fields, name, 'provider'))
const columns = getTableColumns(dnsZones)

/** Zones with what their provider needs, and its secrets opened by the worker's vault. */
export const makeZoneSource =
  (opener: { open: (sealed: string, purpose: string) => string }): ZoneSource =>
  async (zoneId) => {
    const [found] = await rowsOf<{ row: Record<string, Json> }>('select to_json(z) as row from dns_zones z where id = $1', [zoneId])
    if (!found) throw new Fault('record.missing', { because: 'The zone is not registered any more.', id: zoneId })
    const held = Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, found.row[column.name] ?? null]))
    const settingOf = (name: string): Setting => {
      const spec: FieldSpec = zone.fields[name as keyof typeof zone.fields]
      if (spec.kind !== 'secret') return held[name] as Setting
      const sealed = held[spec.sealedIn]
      return sealed === null ? null : opener.open(String(sealed), secretPurpose(zone.name, spec.sealedIn))
    }
    const applying = providerFields.filter((name) => isApplicable(zone.fields, name, { provider: held.provider }))
    return {
      address: { zoneId, name: String(held.name).toLowerCase(), provider: held.provider as ZoneAddress['provider'] },
      authoritativeServers: held.authoritativeServers as string[],
      resolvers: held.resolvers as string[],
      settings: Object.fromEntries(applying.map((name) => [name, settingOf(name)])),
    }
  }
