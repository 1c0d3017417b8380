import { samplePrices } from '@/lib/domain/machines/sample'
import type { Queryable } from '../pg/transaction'

/** Between two looks that lie further apart nothing is known of a machine. Accounts are swept every 20 seconds. */
const gapMinutes = 15
/** A row that only becomes longer is written so often; where something changes it ends at that look. */
const stepMinutes = 5

/** What each machine of an account is now, with what runs on it. */
const seen = `select m.*, r.herd_id, r.member_id from machines m
    left join lateral (select case when count(distinct herd_id) = 1 then min(herd_id::text)::uuid end as herd_id,
        case when count(*) = 1 then min(id::text)::uuid end as member_id from instances i where i.server_id = m.server_id) r on true
  where m.account_id = $1 and m.state not in ('gone', 'terminated')`

const isSame = `(s.type, s.state, s.market) = (m.type, m.state, m.market) and (s.herd_id, s.member_id) is not distinct from (m.herd_id, m.member_id)`

/** The newest row of each machine ends where something changed, at that look if it came soon enough; else it is made longer from time to time. */
const endOrExtend = `with seen as (${seen})
  update machine_spans s set
      until_at = case when m.observed_at - s.until_at <= interval '${gapMinutes} minutes' then greatest(s.until_at, m.observed_at) else s.until_at end,
      is_open = m.id is not null and ${isSame} and m.observed_at - s.until_at <= interval '${gapMinutes} minutes'
    from machine_spans o left join seen m on (m.region, m.instance_id) = (o.region, o.instance_id)
    where o.account_id = $1 and o.is_open and s.id = o.id and (m.id is null or m.observed_at - s.until_at >= interval '${stepMinutes} minutes' or not (${isSame}))`

const begin = `insert into machine_spans (account_id, environment_id, region, instance_id, title, type, state, market, herd_id, member_id, from_at, until_at)
  select m.account_id, m.environment_id, m.region, m.instance_id, m.title, m.type, m.state, m.market, m.herd_id, m.member_id, m.observed_at, m.observed_at
    from (${seen}) m
    where not exists (select from machine_spans s where s.account_id = $1 and s.is_open and (s.region, s.instance_id) = (m.region, m.instance_id))
  on conflict do nothing`

/** $2 the sample's region, $3 its prices by type, $4 the day it is of. A price list counts from the day it says, and later ones from when they were read. */
const notePrices = `insert into type_prices (account_id, region, type, from_at, hourly_usd, source)
  select $1, t.region, t.type, case when l.from_at is null then p.since else greatest(p.read_at, l.from_at + interval '1 second') end, p.usd, p.source
    from (select region, type from machine_spans where account_id = $1 and is_open union select region, type from type_prices where account_id = $1) t
    cross join lateral (
      select 1 as place, (o.content ->> t.type)::float8 as usd, o.source, coalesce(o.as_of, o.read_at) as since, o.read_at from price_lists o
        where o.account_id = $1 and o.region = t.region and o.kind = 'on-demand' and o.content ? t.type
      union all
      select 2, (e ->> 'usd')::float8, o.source, coalesce(o.as_of, o.read_at), o.read_at from price_lists o, jsonb_array_elements(o.content) e
        where o.account_id = $1 and o.region = t.region and o.kind = 'rds' and t.type like 'db.%' and e ->> 'class' = t.type
      union all
      select 3, ($3::jsonb ->> t.type)::float8, 'sample of ' || $4::text, ($4::text || '-01')::timestamptz, now() where t.region = $2 and $3::jsonb ? t.type
      order by place limit 1
    ) p
    left join lateral (select * from type_prices k where (k.account_id, k.region, k.type) = ($1, t.region, t.type) order by from_at desc limit 1) l on true
    where p.usd is not null and (l.hourly_usd is distinct from p.usd or (l.source like 'sample%' and p.source not like 'sample%'))
  on conflict do nothing`

const sampled = JSON.stringify({
  ...samplePrices.ec2LinuxOnDemand,
  ...Object.fromEntries(Object.entries(samplePrices.rdsPostgresSingleAz).map(([type, usd]) => [`db.${type.replace(/^db\./, '')}`, usd])),
})

/** Writes down what the machines of an account are by its last sweep, and what their types cost, where that is news. */
export const noteMachines = async (client: Queryable, accountId: string): Promise<void> => {
  await client.query(endOrExtend, [accountId])
  await client.query(begin, [accountId])
  await client.query(notePrices, [accountId, samplePrices.region, sampled, samplePrices.asOf])
}
