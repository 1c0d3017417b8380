import type { StoredInstance, StoredReport } from './reports'
import type { Queryable } from './transaction'

/** Host facts beside the server's own, which the observer writes: what an agent sees never decides whether a server is reachable. */
const storeServers = {
  name: 'report-servers',
  text: `update servers s set agent_seen_at = greatest(s.agent_seen_at, t.at), os = coalesce(t.os, s.os), load_per_cpu = coalesce(t.load, s.load_per_cpu),
      memory_bytes = coalesce(t.memory, s.memory_bytes), disk_free_bytes = coalesce(t.disk, s.disk_free_bytes),
      clock_offset_seconds = coalesce(t.clock, s.clock_offset_seconds)
    from jsonb_to_recordset($1::jsonb) as t(id uuid, at timestamptz, os text, load float8, memory bigint, disk bigint, clock float8)
    where s.id = t.id and (s.agent_seen_at is null or s.agent_seen_at <= t.at)`,
}

const serverRow = ({ serverId, observedAt, receivedAt, ageSeconds, report }: StoredReport) => {
  const { os, cpus, load1, memoryBytes } = report.host
  const free = report.instances.flatMap(({ dataFreeBytes, walFreeBytes }) =>
    [dataFreeBytes, walFreeBytes].filter((bytes) => bytes !== null),
  )
  return {
    id: serverId,
    at: observedAt,
    os,
    load: load1 === null ? null : load1 / (cpus ?? 1),
    memory: memoryBytes === null ? null : Math.round(memoryBytes),
    disk: free.length > 0 ? Math.round(Math.min(...free)) : null,
    // By how much the host's clock is ahead of ours; the way here is part of it, so whole seconds are what it is good for.
    clock: report.sentAt === null ? null : Math.round(report.sentAt - (receivedAt.getTime() / 1000 - ageSeconds)),
  }
}

/** What is known of registered servers and instances, from the reports of their hosts, in the caller's transaction. */
export const writeAgentFacts = async (
  client: Queryable,
  stored: readonly StoredReport[],
  _rows: readonly StoredInstance[],
): Promise<void> => {
  const servers = stored.filter(({ serverId }) => serverId !== null)
  if (servers.length > 0) await client.query({ ...storeServers, values: [JSON.stringify(servers.map(serverRow))] })
}
