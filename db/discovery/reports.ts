import type { AgentReport } from '@/lib/fields/agent-report'
import type { TokenRefusal } from '@/lib/kernel/access/host-token'
import { deriveSoon } from '../fleet/derive-soon'
import { keepManagers } from '../fleet/managers'
import { applyLooks, holdLooked } from '../fleet/observations'
import { getPool } from '../pg/client'
import { inPgTransaction } from '../pg/transaction'
import { keepFoundPoolers } from './discovered-poolers'
import { type Newcomer, placeNewcomers } from './suggestions'

export interface IncomingReport {
  /** SHA-256 of the host's token. */
  tokenHash: string
  report: AgentReport
  receivedAt: Date
  /** Seconds the report waited at the host before it was sent. */
  ageSeconds: number
}

export type ReportOutcome =
  /** `newcomers`: something was placed that rules may accept by themselves. */
  | { outcome: 'stored'; hostId: string; instances: number; newcomers: boolean }
  /** A replay, or older than what is known. */
  | { outcome: 'old'; lastSequence: number }
  | TokenRefusal

/** jsonb takes neither NUL nor half a surrogate pair; text that holds one loses it. */
const unstorable = /\\u0000|\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f][0-9a-f]{2}/gi
const storable = (value: unknown): string => {
  const text = JSON.stringify(value)
  return text.includes('\\u') ? text.replace(unstorable, '') : text
}

const sequenceOf = ({ report, receivedAt }: IncomingReport): number => report.sequence ?? receivedAt.getTime()
const observedAtOf = ({ receivedAt, ageSeconds }: IncomingReport): Date => new Date(receivedAt.getTime() - ageSeconds * 1000)

/**
 * For this long a place that is registered keeps the report it was written with, unless something else of it changed: what the report says is in the facts of its
 * instance, and to write it here as well would be half of what a report costs.
 */
const keptSeconds = 60

/**
 * Everything a batch of reports brings, as one statement that is its own transaction: a round trip each would cost more than the work. Hosts first, in the
 * order of their token, so that two batches never wait for each other's; then their servers, what they have, and the facts of what is registered.
 * Host facts go beside the server's own, which the observer writes: an agent never decides whether a server is reachable,
 * nor which of its file systems is the fullest while the observer sees how large each is. Facts of a registered
 * instance come from its registered host alone. What is observed comes again in seconds, so the answer does not wait for the disk.
 */
const storeBatch = {
  name: 'report-batch',
  text: `with input as materialized (
      select * from jsonb_to_recordset($1::jsonb) as t(n int, hash text, hostname text, sequence bigint, addresses jsonb, agent text, at timestamptz, report jsonb,
        os text, load float8, memory bigint, disk bigint, clock float8)
    ), mine as materialized (
      select h.id, i.n from input i join discovered_hosts h on h.token_hash = i.hash and h.token_revoked_at is null
      where lower(h.hostname) = lower(i.hostname) order by h.token_hash for no key update of h
    ), host as (
      update discovered_hosts h set last_sequence = i.sequence, last_report = i.report - 'instances', agent_version = i.agent, seen_at = greatest(h.seen_at, i.at),
        addresses = case when jsonb_array_length(i.addresses) = 0 then h.addresses else array(select jsonb_array_elements_text(i.addresses)) end
      from input i, mine where mine.n = i.n and h.id = mine.id and h.last_sequence < i.sequence
      returning i.n, h.id, h.server_id as "serverId", i.at, i.report->'instances' as instances
    ), server as (
      update servers s set agent_seen_at = greatest(s.agent_seen_at, i.at), os = coalesce(i.os, s.os), load_per_cpu = coalesce(i.load, s.load_per_cpu),
        memory_bytes = coalesce(i.memory, s.memory_bytes), disk_free_bytes = case when s.state = 'reachable' and s.observed_at > now() - interval '3 minutes' then s.disk_free_bytes
          else coalesce(i.disk, s.disk_free_bytes) end,
        clock_offset_seconds = coalesce(i.clock, s.clock_offset_seconds)
      from input i, host where host.n = i.n and s.id = host."serverId" and (s.agent_seen_at is null or s.agent_seen_at <= i.at)
    ), reported as materialized (
      select host.id as host_id, host."serverId", host.at, report, r.* from host cross join lateral jsonb_array_elements(host.instances) as report
      cross join lateral jsonb_to_record(report) as r(name text, port int, "dataDirectory" text, version text, state text, because text, role text,
        "systemIdentifier" text, timeline int, "currentLsn" text, "receivedLsn" text, "replayedLsn" text, upstream jsonb, clients int,
        "pendingRestart" jsonb, "startedAt" float8)
    ), known as materialized (
      select d.host_id, d.name, d.port, d.id, d.instance_id,
        d.instance_id is not null and d.seen_at <= r.at and d.seen_at > r.at - interval '${keptSeconds} s' and (d.data_directory, d.state) = (r."dataDirectory", r.state)
          and d.version is not distinct from coalesce(r.version, d.version) and r.role in ('unknown', d.role)
          and d.system_identifier is not distinct from coalesce(r."systemIdentifier", d.system_identifier)
          and d.upstream_host is not distinct from r.upstream->>'host' and d.upstream_port is not distinct from (r.upstream->>'port')::int as "isKept"
      from reported r join discovered_instances d on d.host_id = r.host_id and d.name = r.name and d.port = r.port
    ), written as (
      insert into discovered_instances as d (host_id, name, port, data_directory, version, state, role, system_identifier,
        upstream_host, upstream_port, report, seen_at)
      select host_id, name, port, "dataDirectory", version, state, role, "systemIdentifier", upstream->>'host', (upstream->>'port')::int, report, at
      from reported r
      where not exists (select from known k where k."isKept" and k.host_id = r.host_id and k.name = r.name and k.port = r.port) order by host_id, name, port
      on conflict (host_id, name, port) do update set data_directory = excluded.data_directory, version = coalesce(excluded.version, d.version),
        state = excluded.state, role = case when excluded.role = 'unknown' then d.role else excluded.role end,
        system_identifier = coalesce(excluded.system_identifier, d.system_identifier), upstream_host = excluded.upstream_host,
        upstream_port = excluded.upstream_port, report = excluded.report, seen_at = excluded.seen_at
        where d.seen_at <= excluded.seen_at
      returning host_id, name, port, id, instance_id,
        inbox = 'new' and instance_id is null and (d.changed_at < now() - interval '1 minute' or xmax = 0) as "isDue"
    ), found as materialized (
      select host_id as "hostId", name, port, id, instance_id as "instanceId", "isDue" from written
      union all select host_id, name, port, id, instance_id, false from known where "isKept"
    ), look as materialized (
      select f."instanceId" as id, true as "isSeen", r.at, 'agent' as source, r.state, r.because,
        case when r.state = 'absent' then r.role else nullif(r.role, 'unknown') end as role, r.version, r."systemIdentifier", r.timeline, r."currentLsn",
        r."receivedLsn", r."replayedLsn", r.upstream->>'host' as "upstreamHost", (r.upstream->>'port')::int as "upstreamPort",
        r.upstream->>'slotName' as "upstreamSlot", r.clients, jsonb_array_length(r."pendingRestart") > 0 as "hasPendingRestart",
        to_timestamp(r."startedAt") as "startedAt", r.report || jsonb_build_object('postmasterStartedAt', to_timestamp(r."startedAt"), 'postmasterPid', null,
          'confLoadedAt', null, 'activeTransactions', null, 'longestTransactionSeconds', null, 'observedAt', r.at, 'lookedAt', r.at) as probe
      from found f join reported r on r.host_id = f."hostId" and r.name = f.name and r.port = f.port
      where f."instanceId" is not null and r."serverId" is not null
    ), ${holdLooked}, seen as (
      ${applyLooks}
    )
    select (select json_agg(json_build_object('n', n, 'id', id, 'serverId', "serverId")) from host) as hosts,
      (select json_agg(json_build_object('id', id, 'hostId', "hostId")) from found where "isDue") as newcomers,
      (select json_agg(distinct "herdId") from seen) as herds, set_config('synchronous_commit', 'off', true)`,
}

const explainHosts = {
  name: 'report-hosts-explain',
  text: `select hostname, last_sequence, token_hash, false as waits from discovered_hosts where token_hash = any($1) and token_revoked_at is null
    union all select hostname, 0, next_token_hash, true from discovered_hosts where next_token_hash = any($1)`,
}

/** A name and port that come twice in one report are one place: the first one holds. */
const withoutRepeats = (report: AgentReport): AgentReport => {
  const places = new Map([...report.instances].reverse().map((one) => [`${one.name}\n${one.port}`, one]))
  return places.size === report.instances.length ? report : { ...report, instances: [...places.values()] }
}

const hostRow = (one: IncomingReport, n: number) => {
  const report = withoutRepeats(one.report)
  const { hostname, addresses, os, cpus, load1, memoryBytes } = report.host
  const free = report.instances.flatMap(({ dataFreeBytes, walFreeBytes }) =>
    [dataFreeBytes, walFreeBytes].filter((bytes) => bytes !== null),
  )
  return {
    n,
    hash: one.tokenHash,
    hostname,
    sequence: sequenceOf(one),
    addresses,
    agent: report.agent,
    at: observedAtOf(one),
    report,
    os,
    load: load1 === null ? null : load1 / (cpus ?? 1),
    memory: memoryBytes === null ? null : Math.round(memoryBytes),
    disk: free.length > 0 ? Math.round(Math.min(...free)) : null,
    // By how much the host's clock is ahead of ours; the way here is part of it, so whole seconds are what it is good for.
    clock: report.sentAt === null ? null : Math.round(report.sentAt - (one.receivedAt.getTime() / 1000 - one.ageSeconds)),
  }
}

const explain = async (missing: readonly IncomingReport[]): Promise<ReportOutcome[]> => {
  const { rows } = await getPool().query({ ...explainHosts, values: [missing.map((one) => one.tokenHash)] })
  return missing.map((one) => {
    const row = rows.find((found) => found.token_hash === one.tokenHash)
    if (!row) return { outcome: 'token-unknown' }
    if (row.waits) return { outcome: 'token-waits', hostname: row.hostname }
    if (row.hostname.toLowerCase() !== one.report.host.hostname.toLowerCase()) return { outcome: 'other-host', hostname: row.hostname }
    return { outcome: 'old', lastSequence: Number(row.last_sequence) }
  })
}

interface BatchRow {
  hosts: { n: number; id: string; serverId: string | null }[] | null
  newcomers: Newcomer[] | null
  herds: string[] | null
}

/**
 * Stores reports of different hosts in one transaction: all of a report, or nothing. A herd for newcomers is looked for after it. A report that PostgreSQL refuses fails the whole batch; the caller then
 * stores each by itself. At most one report per token.
 */
export const storeReports = async (reports: readonly IncomingReport[]): Promise<ReportOutcome[]> => {
  const outcomes: ReportOutcome[] = new Array(reports.length)
  const { rows } = await getPool().query<BatchRow>({ ...storeBatch, values: [storable(reports.map(hostRow))] })
  const { hosts, newcomers, herds } = rows[0]!
  for (const { n, id } of hosts ?? [])
    outcomes[n] = { outcome: 'stored', hostId: id, instances: reports[n]!.report.instances.length, newcomers: false }
  const missing = reports.flatMap((_one, n) => (outcomes[n] ? [] : [n]))
  if (missing.length > 0) {
    const explained = await explain(missing.map((n) => reports[n]!))
    for (const [index, n] of missing.entries()) outcomes[n] = explained[index]!
  }
  if (newcomers) {
    const placed = await inPgTransaction((client) => placeNewcomers(client, newcomers))
    for (const one of outcomes) if (one.outcome === 'stored') one.newcomers = placed.has(one.hostId)
  }
  deriveSoon(herds ?? [])
  const found = (hosts ?? []).flatMap(({ n, serverId }) => (serverId === null ? [] : [{ serverId, poolers: reports[n]!.report.poolers }]))
  const managed = (hosts ?? []).flatMap(({ n, serverId }) => {
    const at = observedAtOf(reports[n]!).toISOString()
    return serverId === null ? [] : [{ serverId, at, seen: reports[n]!.report.managers, isExact: false }]
  })
  // The reports are stored: poolers and managers that could not be kept come again with the next ones.
  await keepFoundPoolers(found).catch(() => {})
  await keepManagers(managed).catch(() => {})
  return outcomes
}
