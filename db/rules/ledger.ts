import { type Ledger, ledger, type MachineSpan, type PriceAt, type RuleResize } from '@/lib/domain/rules/ledger'
import { becameOf } from '@/lib/domain/rules/question'
import { type Actor, allowance } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { type LedgerShown, ledgerMonthsMax } from '@/lib/shapes/ledger'
import { databaseFault, getPool } from '../pg/client'

export interface LedgerQuestion {
  /** null: every one that the actor may see. */
  herdId: string | null
  from: Date
  to: Date
}

/** What was large is known by what came before the time asked about. */
const lookBackDays = 62
const dayMs = 86_400_000

interface SpanRow extends Omit<MachineSpan, 'from' | 'to'> {
  from: Date
  to: Date
}

/** The months asked about, each `2026-11`, as a span; until now where they have not ended. Throws `input.invalid`, naming what is wrong. */
export const ledgerMonths = (first: string | null, last: string | null, now: Date): { from: Date; to: Date; months: [string, string] } => {
  const current = now.toISOString().slice(0, 7)
  const from = first ?? (last !== null && last < current ? last : current)
  const to = last ?? (from > current ? from : current)
  const fields = [
    ...(isMonth(from) ? [] : [{ path: 'from', message: 'is a month such as 2026-11' }]),
    ...(isMonth(to) ? [] : [{ path: 'to', message: 'is a month such as 2026-11' }]),
  ]
  if (fields.length === 0 && to < from) fields.push({ path: 'to', message: 'is not before `from`' })
  if (fields.length === 0 && monthIndex(to) - monthIndex(from) >= ledgerMonthsMax)
    fields.push({ path: 'from', message: `is at most ${ledgerMonthsMax} months before the end of \`to\`` })
  if (fields.length > 0) throw new Fault('input.invalid', { fields })
  const end = new Date(Date.UTC(Number(to.slice(0, 4)), Number(to.slice(5)), 1))
  return { from: new Date(`${from}-01T00:00:00Z`), to: end < now ? end : now, months: [from, to] }
}

const isMonth = (text: string): boolean => /^\d{4}-(0[1-9]|1[0-2])$/.test(text)
const monthIndex = (month: string): number => Number(month.slice(0, 4)) * 12 + Number(month.slice(5))

/** The newest row of a machine is made longer from time to time alone: it lasts until its last look. */
const spansOf = `select s.account_id || ' ' || s.region || ' ' || s.instance_id as "machineId", s.title, s.herd_id as "herdId", s.member_id as "memberId",
    s.account_id as "accountId", s.region, s.type, s.state = 'running' or s.state = 'available' as "isRunning", s.market = 'spot' as "isSpot",
    s.from_at as "from", greatest(s.until_at, m.observed_at) as "to"
  from machine_spans s left join machines m on s.is_open and (m.account_id, m.region, m.instance_id, m.type, m.state) = (s.account_id, s.region, s.instance_id, s.type, s.state)
    and m.observed_at < s.until_at + interval '10 minutes'
  where s.herd_id is not null and s.until_at > $1 and s.from_at < $2 and ($3::uuid[] is null or s.environment_id = any($3))
    and ($4::uuid is null or s.herd_id = $4)
  order by s.from_at`

const resizesOf = `select m.id as "memberId", m."from", m."to", coalesce(case when d.kind <> 'stay-big' then r.fallbacks end, '') as fallbacks,
    coalesce(j.started_at, j.created_at) as begun, coalesce(j.finished_at, now()) as ended
  from sizing_decisions d left join sizing_rules r on r.id = d.rule_id, jsonb_to_recordset(d.members) m(id uuid, "from" text, "to" text, "runId" uuid)
    join jobs j on j.run_id = m."runId" and j.target_id = m.id and j.state = 'done'
  where d.state = 'submitted' and d.herd_id = any($1) and d.occurrence > $2::timestamptz - interval '1 day' and m."from" is not null and m."to" is not null
  order by ended`

/**
 * What the machines of herds cost between two moments, each hour at the price that was valid then, and what they would have cost at the types that sizing rules
 * took from them. Throws `access.denied`, `record.missing`, `database.down`.
 */
export const readLedger = async (actor: Actor, { herdId, from, to }: LedgerQuestion): Promise<LedgerShown> => {
  const [machines, instances] = [allowance(actor, 'machine.view'), allowance(actor, 'instance.view')]
  if (machines === 'none' || instances === 'none') throw new Fault('access.denied')
  const environments = machines === 'all' ? null : machines.environmentIds
  const since = new Date(from.getTime() - lookBackDays * dayMs)
  try {
    const { rows: spans } = await getPool().query<SpanRow>(spansOf, [since, to, environments, herdId])
    const herdIds = [...new Set([...spans.map((one) => one.herdId), ...(herdId === null ? [] : [herdId])])]
    const [{ rows: resizes }, prices, { rows: herds }, { rows: members }] = await Promise.all([
      getPool().query<{ memberId: string; from: string; to: string; fallbacks: string; begun: Date; ended: Date }>(resizesOf, [
        herdIds,
        since,
      ]),
      readPrices(),
      getPool().query<{ id: string; title: string; environmentId: string }>(
        'select id, name as title, environment_id as "environmentId" from herds where id = any($1) and ($2::uuid[] is null or environment_id = any($2))',
        [herdIds, environments],
      ),
      getPool().query<{ id: string; title: string }>('select id, title from instances where herd_id = any($1)', [herdIds]),
    ])
    if (herdId !== null && herds.length === 0) throw new Fault('record.missing')
    const made = ledger(
      spans.map(({ from: begin, to: end, ...span }): MachineSpan => ({ ...span, from: begin.getTime(), to: end.getTime() })),
      resizes.map(
        ({ to: type, fallbacks, begun, ended, ...rest }): RuleResize => ({
          ...rest,
          became: becameOf(type, fallbacks),
          begun: begun.getTime(),
          ended: ended.getTime(),
        }),
      ),
      prices.at,
      { from: from.getTime(), to: to.getTime() },
    )
    return shown(made, {
      from,
      to,
      herds: new Map(herds.map((one) => [one.id, one.title])),
      members: new Map(members.map((one) => [one.id, one.title])),
      sources: prices.sources,
    })
  } catch (error) {
    throw databaseFault(error)
  }
}

const shown = (
  { lines, days }: Ledger,
  {
    from,
    to,
    herds,
    members,
    sources,
  }: { from: Date; to: Date; herds: Map<string, string>; members: Map<string, string>; sources: string[] },
): LedgerShown => ({
  from: from.toISOString(),
  to: to.toISOString(),
  lines: lines.map(({ machineId: _machineId, title, ...line }) => ({
    ...line,
    herd: herds.get(line.herdId) ?? 'a deleted herd',
    machine: title,
    member: line.memberId === null ? null : (members.get(line.memberId) ?? 'a deleted member'),
    savedUsd: line.bigUsd - line.usd,
  })),
  days: days.map((day) => ({ ...day, savedUsd: day.bigUsd - day.usd })),
  sources,
})

/** By account, region and type, the oldest first. */
const readPrices = async (): Promise<{ at: PriceAt; sources: string[] }> => {
  const { rows } = await getPool().query<{ key: string; at: Date; usd: number; source: string }>(
    `select account_id || ' ' || region || ' ' || type as key, from_at as at, hourly_usd as usd, source from type_prices order by 1, from_at`,
  )
  const known = new Map<string, { at: number; usd: number }[]>()
  for (const { key, at, usd } of rows) known.set(key, [...(known.get(key) ?? []), { at: at.getTime(), usd }])
  return {
    at: ({ accountId, region }, type, at) => known.get(`${accountId} ${region} ${type}`)?.findLast((one) => one.at <= at)?.usd ?? null,
    sources: [...new Set(rows.map(({ source }) => source))].sort(),
  }
}
