import { type Difference, judgeDrift, type RecordedMachine, type SeenOfMachine, worksOnMachines } from '@/lib/domain/machines/drift'
import { isSameJson } from '@/lib/kernel/ground/json'
import type { Queryable } from '../pg/transaction'

/** What a run changed may be seen this much later: EC2 answers with what was for a while. */
const slackMinutes = 5

const fromMachines = `from machines m
  left join servers s on s.id = m.server_id
  left join servers r on r.id = (m.recorded ->> 'serverId')::uuid
  left join lateral (
    select array_agg(distinct h.name order by h.name) as herds, array_agg(i.id) as instances, array_agg(distinct i.herd_id) as herd_ids,
        case when count(*) = 1 then min(nullif(i.role, 'unknown')) end as role
      from instances i join herds h on h.id = i.herd_id where i.server_id = coalesce(m.server_id, r.id)
  ) o on true`

const columns = `m.id, m.title, m.type, m.pending_type, m.zone, m.state, m.addresses, m.volumes, m.tags, m.herd_name, m.replicates_from, m.tie, m.server_id,
  m.is_ignored, m.recorded, m.drift_fields, m.differences, m.seen_before_at, s.hostname as server_name, r.hostname as recorded_server,
  exists (select from machines a where a.server_id = r.id and a.id <> m.id and a.tie = 'tied') as is_replaced, o.herds, o.instances, o.herd_ids, o.role`

export interface JudgedRow {
  id: string
  title: string
  type: string
  pending_type: string | null
  zone: string
  state: string
  addresses: string[]
  volumes: { id: string; device: string; size: number; type: string }[]
  tags: string[]
  herd_name: string | null
  replicates_from: string | null
  tie: 'tied' | 'untied' | 'ambiguous'
  server_id: string | null
  is_ignored: boolean
  recorded: RecordedMachine | null
  drift_fields: string[]
  differences: Difference[]
  seen_before_at: Date | null
  server_name: string | null
  recorded_server: string | null
  is_replaced: boolean
  herds: string[] | null
  instances: string[] | null
  herd_ids: string[] | null
  role: 'primary' | 'standby' | null
}

interface WorkRow {
  operation: string
  title: string
  target_id: string
  herd_id: string | null
  server_id: string | null
  isOpen: boolean
  finished_at: Date | null
  sent: string
}

const selectWorks = `select j.operation, r.title, j.target_id, j.herd_id, j.server_id, j.state in ('waiting', 'running', 'attention') as "isOpen", j.finished_at,
    coalesce((select string_agg(l.data ->> 'text', ' ') from journal l
      where l.job_id = j.id and l.kind = 'note' and l.data ->> 'stream' = 'command' and l.data ->> 'text' like 'aws %'), '') as sent
  from jobs j join runs r on r.id = j.run_id
  where j.operation = any($1) and j.started_at is not null and (j.state in ('running', 'attention')
    or j.finished_at >= (select min(seen_before_at) from machines where account_id = $2 and observed_at > now() - interval '1 day') - interval '${slackMinutes} minutes')
  order by j.finished_at`

/** The cloud keeps tags of its own, which nobody sets. */
export const seenOf = (row: JudgedRow): SeenOfMachine => ({
  ...{ title: row.title, type: row.type, pendingType: row.pending_type, zone: row.zone, state: row.state, addresses: row.addresses },
  tags: row.tags.filter((tag) => !tag.startsWith('aws:')),
  volumes: row.volumes.map(({ id, device, size, type }) => [id, device, `${size} GiB`, type].filter((part) => part !== '').join(' ')),
})

const isOn = (row: JudgedRow, work: WorkRow): boolean => {
  const onIt =
    work.target_id === row.id || row.instances?.includes(work.target_id) || (work.server_id !== null && work.server_id === row.server_id)
  if (!onIt && !(work.herd_id !== null && row.herd_ids?.includes(work.herd_id))) return false
  const since = (row.seen_before_at?.getTime() ?? 0) - slackMinutes * 60_000
  return work.isOpen || (work.finished_at !== null && work.finished_at.getTime() >= since)
}

const judged = (row: JudgedRow, works: readonly WorkRow[]) => {
  const own = works.filter((work) => isOn(row, work))
  const verdict = judgeDrift({
    seen: seenOf(row),
    recorded: row.recorded,
    tie: row.tie,
    server: row.server_id === null || row.tie !== 'tied' ? null : { id: row.server_id, name: row.server_name ?? '' },
    recordedServer: row.recorded_server,
    isReplaced: row.is_replaced,
    isIgnored: row.is_ignored,
    herdByTags: row.herd_name,
    herds: row.herds ?? [],
    role: row.role,
    isReadReplica: row.replicates_from !== null,
    works: own.map(({ operation, isOpen, sent }) => ({ ...worksOnMachines[operation]!, isOpen, sent })),
  })
  return { ...verdict, by: row.recorded === null ? 'the sweep that tied it' : (own.at(-1)?.title ?? null) }
}

const keep = `update machines m set recorded = k.recorded, recorded_at = case when k.is_recorded then now() else m.recorded_at end,
    recorded_by = case when k.is_recorded then k.by else m.recorded_by end, differences = k.differences, drift_fields = k.fields,
    drifted_at = case when k.fields = '{}' then null when k.fields = m.drift_fields then m.drifted_at else now() end
  from json_to_recordset($1::json) as k (id uuid, recorded jsonb, is_recorded boolean, by text, differences jsonb, fields text[]) where m.id = k.id`

const judge = async (client: Queryable, where: string, value: string, works: readonly WorkRow[]): Promise<void> => {
  const { rows } = await client.query<JudgedRow>(`select ${columns} ${fromMachines} where ${where}`, [value])
  const changed = rows.flatMap((row) => {
    const { recorded, differences, by } = judged(row, works)
    const isRecorded = !isSameJson(recorded, row.recorded)
    if (!isRecorded && isSameJson(differences, row.differences)) return []
    return [
      {
        id: row.id,
        recorded,
        is_recorded: isRecorded && recorded !== null,
        by,
        differences,
        fields: differences.map(({ field }) => field),
      },
    ]
  })
  if (changed.length > 0) await client.query(keep, [JSON.stringify(changed)])
}

/** Compares every machine of an account, as its last sweep saw it, with what the console has recorded; writes what is news alone. */
export const judgeMachines = async (client: Queryable, accountId: string): Promise<void> => {
  const { rows: works } = await client.query<WorkRow>(selectWorks, [Object.keys(worksOnMachines), accountId])
  await judge(client, 'm.account_id = $1', accountId, works)
}

/** The same of one machine, after a person changed what the console holds it to be. What a run does meanwhile, the next sweep sees. */
export const judgeMachine = (client: Queryable, id: string): Promise<void> => judge(client, 'm.id = $1', id, [])

/** One machine with what it is compared with, locked. */
export const lockMachine = async (client: Queryable, id: string): Promise<(JudgedRow & { environment_id: string }) | null> => {
  const { rows } = await client.query<JudgedRow & { environment_id: string }>(
    `select ${columns}, m.environment_id ${fromMachines} where m.id = $1 for update of m`,
    [id],
  )
  return rows[0] ?? null
}
