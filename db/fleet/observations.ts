import type { HostFacts } from '@/lib/ports'
import type { HostFault, Probe } from '@/lib/ports/postgres'
import { inPgTransaction, type Queryable } from '../pg/transaction'
import { isHerdAtRest } from './at-rest'
import { deriveFacts } from './derive'

/** Who saw it: `observer` and `operation` over SSH, `agent` on the host itself. */
export type FactSource = 'observer' | 'operation' | 'agent'

/** A look that did not get to the instance. */
export interface Missed {
  state: 'unreachable' | 'unknown'
  because: string
  observedAt: string
  hostFault: HostFault
}

export interface Look {
  instanceId: string
  probe: Probe | Missed
  source: FactSource
}

/**
 * An agent reports from the host itself, so for this long after its report a host that refuses SSH does not turn its instances unreachable.
 * The server's own row says at once that SSH does not work.
 */
const agentCountsSeconds = 15

/**
 * Locks what is looked at, in the order of its id: two batches with the same instances wait for each other in one direction only. It carries the looks on, so
 * that each is read once: joined again by id, for which there is no index, a batch would cost the square of its looks.
 */
export const holdLooked = `held as materialized (select t.* from instances i join look t on t.id = i.id order by i.id for no key update of i)`

const idleSlots = (what: string) =>
  `select ${what} from jsonb_array_elements(case when jsonb_typeof(t.probe->'slots') = 'array' then t.probe->'slots' else '[]' end) s where s->>'isActive' = 'false'`

/**
 * What an agent does not see, and cannot have changed since the observer saw it; and a standby's lag, which is compared and written anew where it changed:
 * without it each look would write the row twice. Taken from the probe in one reading: it is unpacked for each.
 */
const keptOfProbe = `(select jsonb_strip_nulls(jsonb_build_object('canRewind', p."canRewind",
    'receiveLagBytes', case when coalesce(t.role, i.role) = 'standby' then p."receiveLagBytes" end,
    'replayLagBytes', case when coalesce(t.role, i.role) = 'standby' then p."replayLagBytes" end,
    'forks', case when i.role = 'primary' and i.timeline = t.timeline then p.forks end,
    'ended', case when i.state = t.state and t.state in ('stopped', 'crashed') then p.ended end))
  from jsonb_to_record(coalesce(i.probe, '{}')) as p("canRewind" jsonb, "receiveLagBytes" jsonb, "replayLagBytes" jsonb, forks jsonb, ended jsonb))`

/** Over `i` and its look `t`: nobody got to it because its herd was stopped. */
const isAtRest = `(not t."isSeen" and ${isHerdAtRest('i.herd_id')})`
const stateSeen = `case when ${isAtRest} then 'stopped' else t.state end`

/**
 * Writes the looks in the CTE `held`. The look's time decides, not its arrival: an older look changes nothing. A look that did not get to
 * the instance (`isSeen` false) changes the state and its reason only: what was seen before stays, with the time at which it was seen. A member of a
 * herd that was stopped on purpose is stopped where its host does not answer.
 */
export const applyLooks = `update instances i set state = ${stateSeen},
  because = case when ${isAtRest} then 'The herd was stopped on purpose: Resume on its blueprint starts it. ' || t.because else t.because end,
  state_since = case when i.state is distinct from ${stateSeen} then t.at else i.state_since end,
  role = case when t."isSeen" then coalesce(t.role, i.role) else i.role end,
  version = case when t."isSeen" then coalesce(t.version, i.version) else i.version end,
  system_identifier = case when t."isSeen" then coalesce(t."systemIdentifier", i.system_identifier) else i.system_identifier end,
  timeline = case when t."isSeen" then coalesce(t.timeline, i.timeline) else i.timeline end,
  current_lsn = case when not t."isSeen" then i.current_lsn when t.state = 'online' then t."currentLsn" else coalesce(t."currentLsn", i.current_lsn) end,
  received_lsn = case when not t."isSeen" then i.received_lsn when t.state = 'online' then t."receivedLsn" else coalesce(t."receivedLsn", i.received_lsn) end,
  replayed_lsn = case when not t."isSeen" then i.replayed_lsn when t.state = 'online' then t."replayedLsn" else coalesce(t."replayedLsn", i.replayed_lsn) end,
  upstream_host = case when not t."isSeen" then i.upstream_host when t.state = 'online' or t.role = 'primary' then t."upstreamHost" else coalesce(t."upstreamHost", i.upstream_host) end,
  upstream_port = case when not t."isSeen" then i.upstream_port when t.state = 'online' or t.role = 'primary' then t."upstreamPort" else coalesce(t."upstreamPort", i.upstream_port) end,
  upstream_slot = case when not t."isSeen" then i.upstream_slot when t.state = 'online' or t.role = 'primary' then t."upstreamSlot" else coalesce(t."upstreamSlot", i.upstream_slot) end,
  clients = case when t."isSeen" then t.clients else i.clients end,
  is_replay_paused = case when t."isSeen" and t.state = 'online' then coalesce((t.probe->>'isReplayPaused')::boolean, t.source = 'agent' and i.is_replay_paused)
    else i.is_replay_paused end,
  has_pending_restart = case when t."isSeen" then t."hasPendingRestart" else i.has_pending_restart end,
  idle_slots = case when t."isSeen" and t.state = 'online' then (${idleSlots('count(*)::int')}) else i.idle_slots end,
  idle_slot_bytes = case when t."isSeen" and t.state = 'online' then (${idleSlots(`sum((s->>'retainedBytes')::numeric)::bigint`)}) else i.idle_slot_bytes end,
  postmaster_started_at = case when t."isSeen" then t."startedAt" else i.postmaster_started_at end,
  probe = case when t."isSeen" then ${keptOfProbe} || t.probe else coalesce(i.probe, '{}') || t.probe end,
  observed_at = case when t."isSeen" then t.at else i.observed_at end,
  observed_source = case when t."isSeen" then t.source else i.observed_source end
from held t
where i.id = t.id
  and t.at > greatest(coalesce(i.observed_at, '-infinity'), coalesce((i.probe->>'lookedAt')::timestamptz, '-infinity'))
  and (t."isSeen" or i.observed_source is distinct from 'agent' or i.observed_at < t.at - interval '${agentCountsSeconds} s')
returning i.id, i.herd_id as "herdId"`

const storeLooks = {
  name: 'facts-looks',
  text: `with look as materialized (
      select * from jsonb_to_recordset($1::jsonb) as t(id uuid, "isSeen" boolean, at timestamptz, source text, state text, because text, role text,
        version text, "systemIdentifier" text, timeline int, "currentLsn" text, "receivedLsn" text, "replayedLsn" text, "upstreamHost" text,
        "upstreamPort" int, "upstreamSlot" text, clients int, "hasPendingRestart" boolean, "startedAt" timestamptz, probe jsonb)
    ), ${holdLooked}
    ${applyLooks}`,
}

interface StoredLook {
  id: string
  herdId: string
}

/** jsonb takes no NUL; no fact of ours holds one, but a name on a host may. */
const storable = (rows: unknown): string => JSON.stringify(rows).replaceAll('\\u0000', '')

/** A server that does not answer has no role of its own; its files tell what it was, and would be. Null: keep what was known. */
const lastRoleOf = ({ role, state, hasStandbySignal, controlState }: Probe): Probe['role'] | null => {
  if (role !== 'unknown' || state === 'absent') return role
  if (hasStandbySignal || controlState?.endsWith('recovery')) return 'standby'
  return controlState === 'shut down' || controlState === 'in production' ? 'primary' : null
}

const rowOf = ({ instanceId, probe, source }: Look) => {
  const { hostFault, observedAt, state, because } = probe
  const common = { id: instanceId, at: observedAt, source, state, because }
  if (hostFault !== undefined || !('standbys' in probe))
    return { ...common, isSeen: false, hasPendingRestart: false, probe: { lookedAt: observedAt, hostFault } }
  return {
    ...common,
    isSeen: true,
    role: lastRoleOf(probe),
    version: probe.version,
    systemIdentifier: probe.systemIdentifier,
    timeline: probe.timeline,
    currentLsn: probe.currentLsn,
    receivedLsn: probe.receivedLsn,
    replayedLsn: probe.replayedLsn,
    upstreamHost: probe.upstream?.host ?? null,
    upstreamPort: probe.upstream?.port ?? null,
    upstreamSlot: probe.upstream?.slotName ?? null,
    clients: probe.clients,
    hasPendingRestart: probe.pendingRestart.length > 0,
    startedAt: probe.postmasterStartedAt,
    probe: { ...probe, lookedAt: observedAt },
  }
}

/** The newest look at each instance: one statement must not meet a row twice. */
const newest = (looks: readonly Look[]): Look[] => {
  const found = new Map<string, Look>()
  for (const look of looks) {
    const other = found.get(look.instanceId)
    if (!other || other.probe.observedAt < look.probe.observedAt) found.set(look.instanceId, look)
  }
  return [...found.values()]
}

/**
 * Writes looks in the caller's transaction, with everything that follows from them (lag against the primary, upstream, sync state), and tells listeners on `facts`
 * when it commits. Instances that are not registered are passed over. Returns the ids of those that changed.
 */
export const writeLooks = async (client: Queryable, looks: readonly Look[]): Promise<string[]> => {
  if (looks.length === 0) return []
  const { rows } = await client.query<StoredLook>({ ...storeLooks, values: [storable(newest(looks).map(rowOf))] })
  if (rows.length === 0) return []
  const derived = await deriveFacts(client, [...new Set(rows.map(({ herdId }) => herdId))])
  const ids = [...new Set([...rows.map(({ id }) => id), ...derived])]
  await tellFacts(client, ids)
  return ids
}

/** What follows from looks stored before, for whole herds, in a transaction of its own; tells listeners. Throws `database.down`. */
export const deriveHerds = (herdIds: readonly string[]): Promise<void> =>
  inPgTransaction(async (client) => {
    await deriveFacts(client, herdIds)
    const { rows } = await client.query<{ id: string }>('select id from instances where herd_id = any($1)', [herdIds])
    await tellFacts(
      client,
      rows.map(({ id }) => id),
    )
  })

/** `writeLooks` in a transaction of its own. Throws `database.down`. */
export const writeProbes = (looks: readonly Look[]): Promise<string[]> =>
  inPgTransaction((client) => writeLooks(client, looks), { isSeenAgain: true })

export interface HostLook {
  serverId: string
  at: string
  /** Null: reached. */
  fault: HostFault | null
  because: string | null
  facts?: HostFacts
}

const storeHosts = {
  name: 'facts-hosts',
  text: `with input as materialized (
      select * from jsonb_to_recordset($1::jsonb) as t(id uuid, at timestamptz, state text, because text, offered text,
        machine text, os text, cpus int, load float8, memory bigint, disk bigint, clock float8)
    ), mine as materialized (
      select s.id from servers s join input t on t.id = s.id order by s.id for no key update of s
    )
    update servers s set state = t.state, state_since = case when s.state is distinct from t.state then t.at else s.state_since end, because = t.because, host_key_offered = t.offered, machine_id_offered = t.machine, observed_at = t.at, observed_source = 'observer',
      os = coalesce(t.os, s.os), cpus = coalesce(t.cpus, s.cpus), load_per_cpu = coalesce(t.load, s.load_per_cpu), memory_bytes = coalesce(t.memory, s.memory_bytes),
      disk_free_bytes = coalesce(t.disk, s.disk_free_bytes), clock_offset_seconds = coalesce(t.clock, s.clock_offset_seconds)
    from input t, mine
    where mine.id = t.id and s.id = t.id and t.at > coalesce(s.observed_at, '-infinity')
    returning s.id`,
}

const serverStateOf = (fault: HostFault | null): 'reachable' | 'unreachable' | 'refused' | 'unknown' => {
  if (fault === null) return 'reachable'
  if (fault.code === 'shell.host-key-unknown') return 'unknown'
  return ['shell.denied', 'shell.host-key-changed', 'shell.machine-changed', 'shell.machine-unknown', 'shell.failed'].includes(fault.code)
    ? 'refused'
    : 'unreachable'
}

/** What the observer saw of servers over SSH. `host_key_offered` holds the key of a host that showed another than the pinned one, `machine_id_offered` the identity of another machine. */
export const writeHosts = async (looks: readonly HostLook[]): Promise<void> => {
  if (looks.length === 0) return
  const input = [...new Map(looks.map((look) => [look.serverId, look])).values()].map(({ serverId, at, fault, because, facts }) => ({
    id: serverId,
    at,
    state: facts?.away?.state ?? serverStateOf(fault),
    because,
    offered: fault?.code === 'shell.machine-changed' ? null : (fault?.offeredKey ?? null),
    machine: fault?.code === 'shell.machine-changed' ? fault.offeredKey : null,
    os: facts?.os ?? null,
    cpus: facts?.cpus ?? null,
    load: facts?.loadPerCpu ?? null,
    memory: facts?.memoryBytes ?? null,
    disk: facts?.diskFreeBytes ?? null,
    clock: facts?.clockOffsetSeconds ?? null,
  }))
  await inPgTransaction(
    async (client) => {
      const { rows } = await client.query<{ id: string }>({ ...storeHosts, values: [storable(input)] })
      await tellFacts(
        client,
        rows.map(({ id }) => id),
      )
    },
    { isSeenAgain: true },
  )
}

/** NOTIFY carries less than 8 kB. */
const payloadBytesMax = 7000

/** Word to listeners on `facts`, when the transaction commits: these instances or servers look different now. */
export const tellFacts = async (client: Queryable, ids: readonly string[]): Promise<void> => {
  if (ids.length === 0) return
  const payload = ids.join(',')
  await client.query('select pg_notify($1, $2)', ['facts', payload.length > payloadBytesMax ? '*' : payload])
}
