import type { AgentReport } from '@/lib/fields/agent-report'
import { deriveSoon } from './derive-soon'
import { storeLooksOnly } from './facts'
import { looksOf } from './report-looks'
import { placeNewcomers } from './suggestions'
import { inPgTransaction, type Queryable } from './transaction'

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
  | { outcome: 'token-unknown' }
  | { outcome: 'other-host'; hostname: string }

/** One report of a batch with what its host's row said. */
export interface StoredReport extends IncomingReport {
  hostId: string
  serverId: string | null
  observedAt: Date
}

/** jsonb takes neither NUL nor half a surrogate pair; text that holds one loses it. */
const unstorable = /\\u0000|\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f][0-9a-f]{2}/gi
const storable = (value: unknown): string => {
  const text = JSON.stringify(value)
  return text.includes('\\u') ? text.replace(unstorable, '') : text
}

const sequenceOf = ({ report, receivedAt }: IncomingReport): number => report.sequence ?? receivedAt.getTime()
const observedAtOf = ({ receivedAt, ageSeconds }: IncomingReport): Date => new Date(receivedAt.getTime() - ageSeconds * 1000)

/**
 * Hosts, their servers and what they have, as one statement: a round trip each would cost more than the work. Rows are taken in the order of the token, so
 * that two batches never wait for each other's. Host facts go beside the server's own, which the observer writes: an agent never decides whether a server
 * is reachable. What is observed comes again in seconds, so the answer does not wait for the disk.
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
      update discovered_hosts h set last_sequence = i.sequence, last_report = i.report, agent_version = i.agent, seen_at = greatest(h.seen_at, i.at),
        addresses = case when jsonb_array_length(i.addresses) = 0 then h.addresses else array(select jsonb_array_elements_text(i.addresses)) end
      from input i, mine where mine.n = i.n and h.id = mine.id and h.last_sequence < i.sequence
      returning i.n, h.id, h.server_id as "serverId"
    ), server as (
      update servers s set agent_seen_at = greatest(s.agent_seen_at, i.at), os = coalesce(i.os, s.os), load_per_cpu = coalesce(i.load, s.load_per_cpu),
        memory_bytes = coalesce(i.memory, s.memory_bytes), disk_free_bytes = coalesce(i.disk, s.disk_free_bytes),
        clock_offset_seconds = coalesce(i.clock, s.clock_offset_seconds)
      from input i, host where host.n = i.n and s.id = host."serverId" and (s.agent_seen_at is null or s.agent_seen_at <= i.at)
    ), found as (
      insert into discovered_instances as d (host_id, name, port, data_directory, version, state, role, system_identifier,
        upstream_host, upstream_port, report, seen_at)
      select host.id, t.name, t.port, t."dataDirectory", t.version, t.state, t.role, t."systemIdentifier", t."upstreamHost", t."upstreamPort", t.report, i.at
      from jsonb_to_recordset($2::jsonb) as t(n int, name text, port int, "dataDirectory" text, version text, state text, role text,
        "systemIdentifier" text, "upstreamHost" text, "upstreamPort" int, report jsonb) join host on host.n = t.n join input i on i.n = t.n
      order by host.id, t.name, t.port
      on conflict (host_id, name, port) do update set data_directory = excluded.data_directory, version = coalesce(excluded.version, d.version),
        state = excluded.state, role = case when excluded.role = 'unknown' then d.role else excluded.role end,
        system_identifier = coalesce(excluded.system_identifier, d.system_identifier), upstream_host = excluded.upstream_host,
        upstream_port = excluded.upstream_port, report = excluded.report, seen_at = excluded.seen_at
        where d.seen_at <= excluded.seen_at
      returning host_id as "hostId", name, port, id, instance_id as "instanceId", inbox, d.changed_at < now() - interval '1 minute' or xmax = 0 as "isDue"
    )
    select (select json_agg(host) from host) as hosts, (select json_agg(found) from found) as instances, set_config('synchronous_commit', 'off', true)`,
}

const explainHosts = {
  name: 'report-hosts-explain',
  text: 'select hostname, last_sequence, token_hash from discovered_hosts where token_hash = any($1) and token_revoked_at is null',
}

export interface StoredInstance {
  hostId: string
  name: string
  port: number
  id: string
  instanceId: string | null
  inbox: 'new' | 'accepted' | 'ignored'
  /** New, or not looked at for a minute. */
  isDue: boolean
}

const hostRow = (one: IncomingReport, n: number) => {
  const { instances, ...report } = one.report
  const { hostname, addresses, os, cpus, load1, memoryBytes } = report.host
  const free = instances.flatMap(({ dataFreeBytes, walFreeBytes }) => [dataFreeBytes, walFreeBytes].filter((bytes) => bytes !== null))
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

const instanceRows = ({ report }: IncomingReport, n: number) =>
  // A name and port that come twice in one report are one place: the first one holds.
  [...new Map([...report.instances].reverse().map((one) => [`${one.name}\n${one.port}`, one])).values()].map((one) => ({
    n,
    name: one.name,
    port: one.port,
    dataDirectory: one.dataDirectory,
    version: one.version,
    state: one.state,
    role: one.role,
    systemIdentifier: one.systemIdentifier,
    upstreamHost: one.upstream?.host ?? null,
    upstreamPort: one.upstream?.port ?? null,
    report: one,
  }))

const explain = async (client: Queryable, missing: readonly IncomingReport[]): Promise<ReportOutcome[]> => {
  const { rows } = await client.query({ ...explainHosts, values: [missing.map((one) => one.tokenHash)] })
  return missing.map((one) => {
    const row = rows.find((found) => found.token_hash === one.tokenHash)
    if (!row) return { outcome: 'token-unknown' }
    if (row.hostname.toLowerCase() !== one.report.host.hostname.toLowerCase()) return { outcome: 'other-host', hostname: row.hostname }
    return { outcome: 'old', lastSequence: Number(row.last_sequence) }
  })
}

interface BatchRow {
  hosts: { n: number; id: string; serverId: string | null }[] | null
  instances: StoredInstance[] | null
}

const storeAll = async (
  client: Queryable,
  reports: readonly IncomingReport[],
): Promise<{ outcomes: ReportOutcome[]; herdIds: string[] }> => {
  const outcomes: ReportOutcome[] = new Array(reports.length)
  const values = [storable(reports.map(hostRow)), storable(reports.flatMap(instanceRows))]
  const { hosts, instances } = (await client.query<BatchRow>({ ...storeBatch, values })).rows[0]!
  const stored: StoredReport[] = (hosts ?? []).map(({ n, id, serverId }) => {
    outcomes[n] = { outcome: 'stored', hostId: id, instances: reports[n]!.report.instances.length, newcomers: false }
    return { ...reports[n]!, hostId: id, serverId, observedAt: observedAtOf(reports[n]!) }
  })
  if (stored.length < reports.length) {
    const missing = reports.flatMap((_one, n) => (outcomes[n] ? [] : [n]))
    const explained = await explain(
      client,
      missing.map((n) => reports[n]!),
    )
    for (const [index, n] of missing.entries()) outcomes[n] = explained[index]!
  }
  const rows = instances ?? []
  const placed = await placeNewcomers(client, rows)
  for (const one of outcomes) if (one.outcome === 'stored') one.newcomers = placed.has(one.hostId)
  return { outcomes, herdIds: await storeLooksOnly(client, looksOf(stored, rows)) }
}

/**
 * Stores reports of different hosts in one transaction: all of a report, or nothing. A report that PostgreSQL refuses fails the whole batch; the caller then
 * stores each by itself. At most one report per token.
 */
export const storeReports = async (reports: readonly IncomingReport[]): Promise<ReportOutcome[]> => {
  const { outcomes, herdIds } = await inPgTransaction((client) => storeAll(client, reports))
  deriveSoon(herdIds)
  return outcomes
}
