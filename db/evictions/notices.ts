import type { AgentNotice } from '@/lib/fields/agent-notice'
import { systemActor } from '@/lib/kernel/access/access'
import type { TokenRefusal } from '@/lib/kernel/access/host-token'
import { notify, type Tx } from '../pg/client'
import { inPgTransaction } from '../pg/transaction'
import { writeAudit } from '../trail/audit'

export type NoticeOutcome =
  | { outcome: 'stored' }
  /** The host is in the inbox, and no server yet. */
  | { outcome: 'unregistered'; hostname: string }
  | TokenRefusal

interface HostRow {
  hostname: string
  waits: boolean
  server_id: string | null
  environment_id: string | null
  title: string | null
}

const findHost = `select h.hostname, h.token_hash is distinct from $1 as waits, s.id as server_id, s.environment_id, s.hostname as title
  from discovered_hosts h left join servers s on s.id = h.server_id
  where (h.token_hash = $1 and h.token_revoked_at is null) or h.next_token_hash = $1`

interface Said {
  kind: 'interruption' | 'rebalance'
  action: string
  /** ISO. */
  dueAt: string | null
}

const saidIn = ({ interruption, rebalance }: AgentNotice): Said[] => [
  ...(interruption ? [{ kind: 'interruption' as const, action: interruption.action, dueAt: interruption.time }] : []),
  ...(rebalance ? [{ kind: 'rebalance' as const, action: '', dueAt: null }] : []),
]

const withdraw = `update evictions set withdrawn_at = clock_timestamp()
  where server_id = $1 and instance_id = $2 and kind <> all($3) and withdrawn_at is null and closed_at is null and gone_at is null returning kind`
/** What was heard before comes again with every start of an agent. */
const hear = `insert into evictions as e (environment_id, server_id, title, instance_id, kind, action, due_at, source) values ($1, $2, $3, $4, $5, $6, $7, 'agent')
  on conflict (server_id, instance_id, kind) where withdrawn_at is null and closed_at is null
    do update set action = excluded.action, due_at = excluded.due_at where (e.action, e.due_at) is distinct from (excluded.action, excluded.due_at)
  returning xmax = 0 as is_new`

/**
 * Keeps what EC2 says of the machine of a host, whole: what it does not say any more is withdrawn. Workers hear of it at once. Throws `database.down`.
 */
export const keepNotice = (tokenHash: string, notice: AgentNotice): Promise<NoticeOutcome> =>
  inPgTransaction(async (client, tx) => {
    const host = (await client.query<HostRow>(findHost, [tokenHash])).rows[0]
    if (!host) return { outcome: 'token-unknown' }
    if (host.waits) return { outcome: 'token-waits', hostname: host.hostname }
    if (host.hostname.toLowerCase() !== notice.hostname.toLowerCase()) return { outcome: 'other-host', hostname: host.hostname }
    const { server_id: serverId, environment_id: environmentId, title } = host
    if (serverId === null || environmentId === null || title === null) return { outcome: 'unregistered', hostname: host.hostname }
    const said = saidIn(notice)
    const { rows: withdrawn } = await client.query<{ kind: Said['kind'] }>(withdraw, [
      serverId,
      notice.instanceId,
      said.map(({ kind }) => kind),
    ])
    const heard: Said[] = []
    for (const one of said) {
      const { rows } = await client.query(hear, [environmentId, serverId, title, notice.instanceId, one.kind, one.action, one.dueAt])
      if (rows.length > 0) heard.push(one)
    }
    const place = { serverId, environmentId, title, instanceId: notice.instanceId }
    for (const { kind, action, dueAt } of heard)
      await tell(tx, place, 'machine.eviction', { kind, ...(action ? { action } : {}), ...(dueAt ? { dueAt } : {}) })
    for (const { kind } of withdrawn) await tell(tx, place, 'machine.eviction-withdrawn', { kind })
    if (heard.length + withdrawn.length > 0) await notify(tx, 'evictions', serverId)
    return { outcome: 'stored' }
  })

interface Place {
  serverId: string
  environmentId: string
  title: string
  instanceId: string
}

const tell = async (
  tx: Tx,
  { serverId, environmentId, title, instanceId }: Place,
  act: string,
  detail: Record<string, string>,
): Promise<void> => {
  await notify(tx, 'records', 'herd')
  await writeAudit(tx, systemActor, {
    act,
    resource: 'server',
    objectId: serverId,
    title,
    environmentId,
    detail: { instanceId, ...detail },
  })
}
