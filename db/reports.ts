import type { AgentReport } from '@/lib/fields/agent-report'
import { writeAgentFacts } from './report-facts'
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
const storable = (value: unknown): string =>
  JSON.stringify(value).replace(/\\u0000|\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f][0-9a-f]{2}/gi, '')

const sequenceOf = ({ report, receivedAt }: IncomingReport): number => report.sequence ?? receivedAt.getTime()
const observedAtOf = ({ receivedAt, ageSeconds }: IncomingReport): Date => new Date(receivedAt.getTime() - ageSeconds * 1000)

/** In the order of the token, so that two batches never wait for each other's rows. */
const storeHosts = {
  name: 'report-hosts',
  text: `with input as materialized (
      select * from jsonb_to_recordset($1::jsonb) as t(n int, hash text, hostname text, sequence bigint, addresses jsonb, agent text, at timestamptz, report jsonb)
    ), mine as materialized (
      select h.id, i.n from input i join discovered_hosts h on h.token_hash = i.hash and h.token_revoked_at is null
      where lower(h.hostname) = lower(i.hostname) order by h.token_hash for no key update of h
    )
    update discovered_hosts h set last_sequence = i.sequence, last_report = i.report, agent_version = i.agent, seen_at = greatest(h.seen_at, i.at),
      addresses = case when jsonb_array_length(i.addresses) = 0 then h.addresses else array(select jsonb_array_elements_text(i.addresses)) end
    from input i, mine where mine.n = i.n and h.id = mine.id and h.last_sequence < i.sequence
    returning i.n, h.id, h.server_id`,
}

const explainHosts = {
  name: 'report-hosts-explain',
  text: 'select hostname, last_sequence, token_hash from discovered_hosts where token_hash = any($1) and token_revoked_at is null',
}

const storeInstances = {
  name: 'report-instances',
  text: `insert into discovered_instances as d (host_id, name, port, data_directory, version, state, role, system_identifier,
      upstream_host, upstream_port, report, seen_at)
    select "hostId", name, port, "dataDirectory", version, state, role, "systemIdentifier", "upstreamHost", "upstreamPort", report, at
    from jsonb_to_recordset($1::jsonb) as t("hostId" uuid, name text, port int, "dataDirectory" text, version text, state text, role text,
      "systemIdentifier" text, "upstreamHost" text, "upstreamPort" int, report jsonb, at timestamptz)
    order by "hostId", name, port
    on conflict (host_id, name, port) do update set data_directory = excluded.data_directory, version = coalesce(excluded.version, d.version),
      state = excluded.state, role = case when excluded.role = 'unknown' then d.role else excluded.role end,
      system_identifier = coalesce(excluded.system_identifier, d.system_identifier), upstream_host = excluded.upstream_host,
      upstream_port = excluded.upstream_port, report = excluded.report, seen_at = excluded.seen_at
      where d.seen_at <= excluded.seen_at
    returning host_id as "hostId", name, port, id, instance_id as "instanceId", inbox, d.changed_at < now() - interval '1 minute' or xmax = 0 as "isDue"`,
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

const hostRows = (reports: readonly IncomingReport[]): string =>
  storable(
    reports.map((one, n) => {
      const { instances: _instances, ...report } = one.report
      const { hostname, addresses } = report.host
      return { n, hash: one.tokenHash, hostname, sequence: sequenceOf(one), addresses, agent: report.agent, at: observedAtOf(one), report }
    }),
  )

const instanceRows = (reports: readonly StoredReport[]): string =>
  storable(
    reports.flatMap(({ hostId, observedAt, report }) =>
      // A name and port that come twice in one report are one place: the first one holds.
      [...new Map([...report.instances].reverse().map((one) => [`${one.name}\n${one.port}`, one])).values()].map((one) => ({
        hostId,
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
        at: observedAt,
      })),
    ),
  )

const explain = async (client: Queryable, missing: readonly IncomingReport[]): Promise<ReportOutcome[]> => {
  const { rows } = await client.query({ ...explainHosts, values: [missing.map((one) => one.tokenHash)] })
  return missing.map((one) => {
    const row = rows.find((found) => found.token_hash === one.tokenHash)
    if (!row) return { outcome: 'token-unknown' }
    if (row.hostname.toLowerCase() !== one.report.host.hostname.toLowerCase()) return { outcome: 'other-host', hostname: row.hostname }
    return { outcome: 'old', lastSequence: Number(row.last_sequence) }
  })
}

const storeAll = async (client: Queryable, reports: readonly IncomingReport[]): Promise<ReportOutcome[]> => {
  const outcomes: ReportOutcome[] = new Array(reports.length)
  const hosts = await client.query({ ...storeHosts, values: [hostRows(reports)] })
  const stored: StoredReport[] = hosts.rows.map(({ n, id, server_id }) => {
    outcomes[n] = { outcome: 'stored', hostId: id, instances: reports[n]!.report.instances.length, newcomers: false }
    return { ...reports[n]!, hostId: id, serverId: server_id, observedAt: observedAtOf(reports[n]!) }
  })
  if (stored.length < reports.length) {
    const missing = reports.flatMap((_one, n) => (outcomes[n] ? [] : [n]))
    const explained = await explain(
      client,
      missing.map((n) => reports[n]!),
    )
    for (const [index, n] of missing.entries()) outcomes[n] = explained[index]!
  }
  if (stored.length > 0) {
    const { rows } = await client.query<StoredInstance>({ ...storeInstances, values: [instanceRows(stored)] })
    const placed = await placeNewcomers(client, rows)
    for (const one of outcomes) if (one.outcome === 'stored') one.newcomers = placed.has(one.hostId)
    await writeAgentFacts(client, stored, rows)
  }
  return outcomes
}

/**
 * Stores reports of different hosts in one transaction: all of a report, or nothing. A report that PostgreSQL refuses fails the whole batch; the caller then
 * stores each by itself. At most one report per token.
 */
export const storeReports = (reports: readonly IncomingReport[]): Promise<ReportOutcome[]> =>
  inPgTransaction((client) => storeAll(client, reports))
