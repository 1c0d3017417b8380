import { typePrice } from '@/lib/domain/machines/prices'
import { Fault } from '@/lib/kernel/ground/errors'
import type { InventoryDnsEntry, InventoryHook, InventoryMachine, InventoryRead } from '@/lib/ports'
import { databaseFault, getPool } from '../pg/client'
import { describedTypes, placeKey } from '../prices/described'

interface MachineRow {
  id: string
  title: string
  account_id: string
  region: string
  instance_id: string
  kind: 'ec2' | 'rds'
}

const rowsOf = async <Row extends object>(text: string, id: string, ...more: unknown[]): Promise<Row[]> => {
  try {
    return (await getPool().query<Row>(text, [id, ...more])).rows
  } catch (error) {
    throw databaseFault(error)
  }
}

/** Only what a region still lists; two accounts may see the same machine, and then none of them is taken for it. */
const selectMachine = `select id, title, account_id, region, instance_id, kind from machines
  where server_id = $1 and tie = 'tied' and state not in ('gone', 'terminated', 'deleting')`

/** With the server that it is, and what stands on that. */
const selectWhole = `select m.id, m.title, m.account_id, m.region, m.instance_id, m.kind, m.environment_id, s.id as server_id, s.hostname,
    coalesce((select array_agg(i.id order by i.title, i.id) from instances i where i.server_id = s.id), '{}') as instances,
    coalesce((select array_agg(p.title order by p.title) from poolers p where p.server_id = s.id), '{}') as poolers
  from machines m left join servers s on s.id = m.server_id and m.tie = 'tied'
  where m.id = $1 and m.state not in ('gone', 'terminated')`

const selectHooks = `select k.id, k.name as title, k.moment, k.file, k.timeout_seconds as "timeoutSeconds", k.on_failure as "onFailure", k.stays_away as "staysAway"
  from hooks k join instances i on i.id = $1 join herds h on h.id = i.herd_id
  where not k.is_paused and (k.environment_id is null or k.environment_id = h.environment_id) and (k.herd_id is null or k.herd_id = h.id)
  order by k.name, k.id`

/** Its own; where it has none, those of its herd for the tag of its machine, where that is known. */
const selectEntries = `with own as (select number, hosted_zone, dns_name from pygmy_names where instance_id = $1),
  tagged as (select n.number, n.hosted_zone, n.dns_name from instances i
    join pygmy_names n on n.herd_id = i.herd_id and n.match_type = 'MATCH_ROLE'
    join machines m on m.server_id = i.server_id and m.tie = 'tied' and m.state not in ('gone', 'terminated', 'deleting')
    where i.id = $1 and 'PGRole=' || n.tag_role = any(m.tags) and not exists (select from own))
  select distinct number, hosted_zone as "hostedZone", dns_name as "dnsName" from (select * from own union all select * from tagged) n order by number`

const instanceHooks: InventoryRead['instanceHooks'] = async (id) => {
  const [hooks, entries] = await Promise.all([rowsOf<InventoryHook>(selectHooks, id), rowsOf<InventoryDnsEntry>(selectEntries, id)])
  return { hooks, entries }
}

/** With one machine of each region, a running one first: what is tried on it is a dry run. */
const selectAccount = `select a.id, a.name, a.environment_id, a.aws_account, a.machine_tags, a.looks_for_rds,
    exists (select from blueprints b where b.account_id = a.id) as launches,
    array(select r.region from unnest(a.regions) r (region)) as regions,
    array(select (select m.instance_id from machines m where m.account_id = a.id and m.region = r.region and m.kind = 'ec2' and m.state not in ('gone', 'terminated')
      order by m.state = 'running' desc, m.title, m.id limit 1) from unnest(a.regions) r (region)) as samples
  from cloud_accounts a where a.id = $1`

/** $2 the region, $3 the types that are asked for; no `asOf` where the list was never read. */
const selectPrices = `select l.kind, l.source, l.because, case when l.content is not null then coalesce(l.as_of, l.read_at) end as "asOf",
    case l.kind when 'rds' then (select jsonb_object_agg(e ->> 'class', e -> 'usd') from jsonb_array_elements(l.content) e where e ->> 'class' = any($3))
      else (select jsonb_object_agg(t, l.content -> t) from unnest($3::text[]) t where l.content ? t) end as hourly
  from price_lists l where l.account_id = $1 and l.region = $2 and l.kind in ('on-demand', 'rds')`

interface PricesRow {
  kind: 'on-demand' | 'rds'
  source: string
  because: string | null
  asOf: Date | null
  hourly: Record<string, number> | null
}

interface WholeRow extends MachineRow {
  environment_id: string
  server_id: string | null
  hostname: string
  instances: string[]
  poolers: string[]
}

interface AccountRow {
  id: string
  name: string
  environment_id: string
  aws_account: string | null
  machine_tags: string[]
  looks_for_rds: boolean
  launches: boolean
  regions: string[]
  samples: (string | null)[]
}

const wholeMachine =
  (instance: InventoryRead['instance']): InventoryRead['wholeMachine'] =>
  async (id) => {
    const [row] = await rowsOf<WholeRow>(selectWhole, id)
    if (row === undefined) throw new Fault('record.missing', { because: 'The machine is not listed any more.', id })
    return {
      ...machineOf(row),
      environmentId: row.environment_id,
      server: row.server_id === null ? null : { id: row.server_id, title: row.hostname },
      instances: await Promise.all(row.instances.map(instance)),
      poolers: row.poolers,
    }
  }

const cloudAccount: InventoryRead['cloudAccount'] = async (id) => {
  const [row] = await rowsOf<AccountRow>(selectAccount, id)
  if (row === undefined) throw new Fault('record.missing', { because: 'The cloud account is not registered any more.', id })
  return {
    id: row.id,
    title: row.name,
    environmentId: row.environment_id,
    awsAccount: row.aws_account,
    machineTags: row.machine_tags,
    looksForRds: row.looks_for_rds,
    launches: row.launches,
    regions: row.regions.map((region, at) => ({ region, instanceId: row.samples[at] ?? null })),
  }
}

/** `instance`: how each that stands on a machine is read. */
export const makeMachineInventory = (
  instance: InventoryRead['instance'],
): Pick<
  InventoryRead,
  'serverMachine' | 'serverInstances' | 'typePrices' | 'describedTypes' | 'wholeMachine' | 'cloudAccount' | 'instanceHooks'
> => ({
  ...machineInventory,
  instanceHooks,
  wholeMachine: wholeMachine(instance),
  cloudAccount,
})

export const machineInventory: Pick<InventoryRead, 'serverMachine' | 'serverInstances' | 'typePrices' | 'describedTypes'> = {
  describedTypes: async (place) => (await describedTypes([place])).get(placeKey(place)) ?? {},
  serverMachine: async (serverId) => {
    const rows = await rowsOf<MachineRow>(selectMachine, serverId)
    const [row] = rows
    return row === undefined || rows.length > 1 ? null : machineOf(row)
  },
  typePrices: async ({ accountId, region }, types) => {
    const lists = await rowsOf<PricesRow>(selectPrices, accountId, region, [...types])
    return types.map((type) => {
      const found = lists.find(({ kind }) => (kind === 'rds') === type.startsWith('db.'))
      const list = found?.asOf ? { source: found.source, asOf: found.asOf.toISOString(), hourlyUsd: found.hourly ?? {} } : null
      return typePrice(region, type, list, found?.because ?? null)
    })
  },
  serverInstances: async (serverId) =>
    (await rowsOf<{ title: string }>('select title from instances where server_id = $1 order by title', serverId)).map(
      ({ title }) => title,
    ),
}

const machineOf = (row: MachineRow): InventoryMachine => ({
  id: row.id,
  title: row.title,
  accountId: row.account_id,
  region: row.region,
  instanceId: row.instance_id,
  ...(row.kind === 'rds' ? { kind: row.kind } : {}),
})
