import type { TypeSpan } from '@/lib/domain/rules/choose'
import { becameOf, type EarlierType, type RuleMember } from '@/lib/domain/rules/question'
import { databaseFault, getPool } from '../pg/client'
import { describedTypes, placeKey } from '../prices/described'

const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    throw databaseFault(error)
  }
}

/** By herd, in order of their titles. For work that the console does by itself, or for somebody who may see the herds. */
export const readRuleMembers = (herdIds: readonly string[]): Promise<Map<string, RuleMember[]>> =>
  guarded(async () => {
    const { rows } = await getPool().query<RuleMember & { accountId: string | null }>(
      `select i.id, i.herd_id as "herdId", i.title, i.server_id as "serverId", s.hostname, i.role, s.cpus, m.type, m.region, m.account_id as "accountId", coalesce(m.tags, '{}') as tags
        from instances i join servers s on s.id = i.server_id
        left join lateral (select min(type) as type, min(region) as region, min(account_id::text) as account_id, (array_agg(tags))[1] as tags from (
            select type, region, account_id, to_json(tags) as tags from machines where server_id = i.server_id and tie = 'tied' and state not in ('gone', 'terminated')
          ) t having count(*) = 1) m on true
        where i.herd_id = any($1) order by i.title, i.id`,
      [herdIds],
    )
    const members = new Map<string, RuleMember[]>(herdIds.map((id) => [id, []]))
    const place = ({ accountId, region }: (typeof rows)[number]) => (accountId === null || region === null ? null : { accountId, region })
    const described = await describedTypes(rows.flatMap((row) => place(row) ?? []))
    for (const row of rows) {
      const { accountId: _accountId, ...member } = row
      const at = place(row)
      const types = at === null ? undefined : described.get(placeKey(at))
      members.get(row.herdId)!.push(types === undefined ? member : { ...member, described: types })
    }
    return members
  })

/** Members with which types they had since `since`, as far as that was seen. */
export const withTypes = (byHerd: ReadonlyMap<string, RuleMember[]>, since: Date): Promise<Map<string, RuleMember[]>> =>
  guarded(async () => {
    const ids = [...byHerd.values()].flat().map(({ id }) => id)
    const { rows } = await getPool().query<TypeSpan & { id: string }>(
      `select member_id as id, type, extract(epoch from from_at)::float8 * 1000 as "from", extract(epoch from until_at)::float8 * 1000 as "to"
        from machine_spans where member_id = any($1) and until_at > $2 order by from_at`,
      [ids, since],
    )
    const types = new Map<string, TypeSpan[]>()
    for (const { id, ...span } of rows) types.set(id, [...(types.get(id) ?? []), span])
    return new Map([...byHerd].map(([herd, members]) => [herd, members.map((one) => ({ ...one, types: types.get(one.id) ?? [] }))]))
  })

/** Of every member that one of these rules has resized. */
export const readEarlierTypes = (ruleIds: readonly string[]): Promise<EarlierType[]> =>
  guarded(async () => {
    if (ruleIds.length === 0) return []
    const { rows } = await getPool().query<{ ruleId: string; memberId: string; from: string; to: string; fallbacks: string }>(
      `select distinct on (d.rule_id, m.id) d.rule_id as "ruleId", m.id as "memberId", m."from", m."to", r.fallbacks
        from sizing_decisions d join sizing_rules r on r.id = d.rule_id, jsonb_to_recordset(d.members) m(id uuid, "from" text, "to" text, "runId" uuid)
        where d.rule_id = any($1) and d.state = 'submitted' and d.kind <> 'stay-big' and m."from" is not null and m."to" is not null
          and exists (select from jobs j where j.run_id = m."runId" and j.target_id = m.id and j.state = 'done')
        order by d.rule_id, m.id, d.occurrence desc, d.attempt desc`,
      [ruleIds],
    )
    return rows.map(({ to, fallbacks, ...rest }) => ({
      ...rest,
      became: becameOf(to, fallbacks),
    }))
  })
