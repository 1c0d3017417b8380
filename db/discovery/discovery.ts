import { sql } from 'drizzle-orm'
import { iso } from '@/lib/domain/values/iso'
import { type Actor, allowance, mayIn, type Permission } from '@/lib/kernel/access/access'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import { packagedSockets } from '@/lib/ports/addresses'
import { resourceByName } from '@/lib/resources'
import type { Accepted, Inbox, InboxHost, InboxInstance } from '@/lib/shapes/inbox'
import { getPool, inTransaction, notify } from '../pg/client'
import { addRecord } from '../records/save'
import { writeAudit } from '../trail/audit'
import { acceptPooler, inboxPoolers } from './discovered-poolers'
import { waitingTokens } from './host-tokens'
import { placeHost } from './suggestions'

const rowsMax = 1000

/** Environments as a parameter: null when every one, those that are not known yet included. */
const environmentsOf = (actor: Actor, permission: Permission): readonly string[] | null => {
  const allowed = allowance(actor, permission)
  return allowed === 'all' ? null : allowed === 'none' ? [] : allowed.environmentIds
}

/** What waits to be accepted, hosts first seen first. Throws `access.denied` for an actor who may see no environment at all. */
export const listInbox = async (actor: Actor): Promise<Inbox> => {
  const environmentIds = environmentsOf(actor, 'discovered-host.view')
  if (environmentIds?.length === 0) throw new Fault('access.denied')
  const isSeen = (column: string) => `($1::uuid[] is null or ${column} = any($1))`
  const [hosts, instances, poolers, counts, tokens] = await Promise.all([
    getPool().query<Omit<InboxHost, 'seenAt' | 'createdAt'> & { seenAt: Date | null; createdAt: Date }>(
      `select h.id, h.hostname, h.addresses, h.agent_version as "agentVersion", h.suggested_environment_id as "environmentId",
          e.name as "environmentName", h.suggestion, s.id as "suggestedServerId", s.hostname as "suggestedServerName", h.seen_at as "seenAt",
          h.created_at as "createdAt",
          (select count(*)::int from discovered_instances d where d.host_id = h.id and d.inbox = 'new') as instances
        from discovered_hosts h left join environments e on e.id = h.suggested_environment_id
          left join servers s on s.id = h.suggested_server_id and s.environment_id = h.suggested_environment_id
        where h.state = 'new' and ${isSeen('h.suggested_environment_id')} order by h.created_at, h.hostname limit ${rowsMax}`,
      [environmentIds],
    ),
    getPool().query<Omit<InboxInstance, 'seenAt'> & { seenAt: Date }>(
      `select d.id, d.host_id as "hostId", h.hostname, h.server_id as "serverId", d.name, d.port, d.data_directory as "dataDirectory", d.version, d.state, d.role,
          d.system_identifier as "systemIdentifier", d.upstream_host as "upstreamHost", d.suggested_environment_id as "environmentId",
          e.name as "environmentName", d.suggested_herd_id as "suggestedHerdId", hd.name as "suggestedHerdName", d.suggested_by as "suggestedBy",
          d.suggestion, d.seen_at as "seenAt"
        from discovered_instances d join discovered_hosts h on h.id = d.host_id
          left join environments e on e.id = d.suggested_environment_id left join herds hd on hd.id = d.suggested_herd_id
        where d.inbox = 'new' and h.state <> 'ignored' and ${isSeen('d.suggested_environment_id')} order by h.hostname, d.port limit ${rowsMax}`,
      [environmentIds],
    ),
    inboxPoolers(environmentIds),
    getPool().query<{ hosts: number; instances: number; ignored: number }>(
      `select (select count(*)::int from discovered_hosts h where h.state = 'new' and ${isSeen('h.suggested_environment_id')}) as hosts,
          (select count(*)::int from discovered_instances d join discovered_hosts h on h.id = d.host_id
            where d.inbox = 'new' and h.state <> 'ignored' and ${isSeen('d.suggested_environment_id')}) as instances,
          (select count(*)::int from discovered_hosts h where h.state = 'ignored' and ${isSeen('h.suggested_environment_id')})
          + (select count(*)::int from discovered_instances d where d.inbox = 'ignored' and ${isSeen('d.suggested_environment_id')})
          + (select count(*)::int from discovered_poolers d where d.inbox = 'ignored' and ${isSeen('d.environment_id')}) as ignored`,
      [environmentIds],
    ),
    waitingTokens(environmentIds),
  ])
  const { hosts: hostCount, instances: instanceCount, ignored: ignoredCount } = counts.rows[0]!
  return {
    tokens,
    hosts: hosts.rows.map((row) => ({ ...row, seenAt: iso(row.seenAt), createdAt: row.createdAt.toISOString() })),
    instances: instances.rows.map((row) => ({ ...row, seenAt: row.seenAt.toISOString() })),
    poolers: poolers.poolers,
    hostCount,
    instanceCount,
    poolerCount: poolers.total,
    ignoredCount,
  }
}

/** The values were ours, not the caller's: a field goes by the name that people read. */
const labelOf = (path: string): string => {
  const holder = ['server', 'instance', 'herd', 'pooler'].map((name) => resourceByName(name)).find((one) => one && path in one.fields)
  return holder?.fields[path]?.label ?? path
}

/** Why one of many was not done, as a sentence; what is no refusal is thrown on. */
const refusal = (error: unknown): string => {
  if (!isFault(error) || error.status >= 500) throw error
  const fields = error.facts.fields?.map(({ path, message }) => `${labelOf(path)}: ${message}`) ?? []
  return fields.length > 0 ? fields.join(' ') : error.message
}

const each = async <W extends { id: string }, D extends { id: string }>(
  wanted: readonly W[],
  work: (one: W) => Promise<D>,
): Promise<Accepted<D>> => {
  const accepted: D[] = []
  const refused: Accepted['refused'] = []
  for (const one of wanted) {
    try {
      accepted.push(await work(one))
    } catch (error) {
      refused.push({ id: one.id, because: refusal(error) })
    }
  }
  return { accepted, refused }
}

interface HostRow {
  id: string
  hostname: string
  addresses: string[]
  server_id: string | null
  environment_id: string | null
}

const seenHost = async (actor: Actor, id: string): Promise<HostRow> => {
  const { rows } = await getPool().query<HostRow>(
    'select id, hostname, addresses, server_id, suggested_environment_id as environment_id from discovered_hosts where id = $1',
    [id],
  )
  const row = rows[0]
  if (!row || !mayIn(actor, 'discovered-host.view', row.environment_id)) throw new Fault('record.missing')
  return row
}

/**
 * Registers hosts as servers of an environment, with the same checks as a person's form; a server of that name in that environment, or the one
 * that is given, is taken as this host.
 * Each by itself: one that is refused does not hold up the others. Nothing is pinned: the host key still waits for a person.
 */
export const acceptHosts = (actor: Actor, wanted: readonly { id: string; environmentId: string; serverId?: string }[]) =>
  each(wanted, async ({ id, environmentId, serverId: chosen }) => {
    const host = await seenHost(actor, id)
    if (host.server_id) return { id, serverId: host.server_id }
    const known = await getPool().query<{ id: string }>(
      'select id from servers where (case when $3::uuid is null then lower(hostname) = lower($1) else id = $3 end) and environment_id = $2',
      [host.hostname, environmentId, chosen ?? null],
    )
    if (chosen !== undefined && !known.rows[0])
      throw new Fault('record.missing', { because: 'That server is not registered in this environment.' })
    if (known.rows[0] && !mayIn(actor, 'server.change', environmentId)) throw new Fault('access.denied')
    const values = { hostname: host.hostname, address: host.addresses[0] ?? host.hostname, environmentId }
    const serverId = known.rows[0]?.id ?? (await addRecord(actor, resourceByName('server')!, values)).id
    await inTransaction(async (tx) => {
      const { rowCount } = await tx.execute(
        sql`update discovered_hosts set server_id = ${serverId}, state = 'accepted', suggested_environment_id = ${environmentId}, changed_at = now(),
              revision = revision + 1
            where id = ${id} and server_id is null`,
      )
      if (rowCount !== 1) throw new Fault('input.invalid', { because: `Somebody else has just accepted ${host.hostname}.` })
      await notify(tx, 'records', 'discovered-host')
      await writeAudit(tx, actor, {
        act: 'discovery.accept',
        resource: 'discovered-host',
        objectId: id,
        title: host.hostname,
        environmentId,
        detail: { server: serverId, isNew: !known.rows[0] },
      })
    })
    await placeHost(getPool(), id)
    return { id, serverId }
  })

interface InstanceRow {
  id: string
  name: string
  port: number
  data_directory: string
  socket_directory: string | null
  system_identifier: string | null
  hostname: string
  server_id: string | null
  environment_id: string | null
  instance_id: string | null
}

const seenInstance = async (actor: Actor, id: string): Promise<InstanceRow> => {
  const { rows } = await getPool().query<InstanceRow>(
    `select d.id, d.name, d.port, d.data_directory, d.report->>'socketDirectory' as socket_directory, d.system_identifier, h.hostname,
        h.server_id, d.instance_id,
        coalesce(s.environment_id, d.suggested_environment_id) as environment_id
      from discovered_instances d join discovered_hosts h on h.id = d.host_id left join servers s on s.id = h.server_id where d.id = $1`,
    [id],
  )
  const row = rows[0]
  if (!row || !mayIn(actor, 'discovered-instance.view', row.environment_id)) throw new Fault('record.missing')
  return row
}

const herdFor = async (actor: Actor, row: InstanceRow, name: string): Promise<string> => {
  const values = { environmentId: row.environment_id, name, baseName: row.name, port: row.port, dataDirectory: row.data_directory }
  const { id } = await addRecord(actor, resourceByName('herd')!, values)
  if (row.system_identifier)
    await getPool().query('update herds set system_identifier = coalesce(system_identifier, $2) where id = $1', [id, row.system_identifier])
  return id
}

/** /var/run is a link to /run wherever these packages are. A name with @ is a socket without a file, which cannot be reached. */
const isPackaged = (directory: string | null): boolean =>
  directory === null || !directory.startsWith('/') || [packagedSockets, '/run/postgresql'].includes(directory.replace(/\/+$/, ''))

export interface WantedInstance {
  id: string
  herdId?: string
  /** Instead of a herd that exists: made in the environment of the instance's server, with its cluster name, port and data directory. */
  newHerd?: { name: string }
}

/** Registers instances in a herd, with the same checks as a person's form. Their host has to be accepted first. Each by itself. */
export const acceptInstances = (actor: Actor, wanted: readonly WantedInstance[]) => {
  /** Several members of one new herd, accepted together, share it. */
  const made = new Map<string, string>()
  return each(wanted, async ({ id, herdId, newHerd }) => {
    const row = await seenInstance(actor, id)
    if (row.instance_id) return { id, instanceId: row.instance_id }
    if (!row.server_id) throw new Fault('input.invalid', { because: `Accept the host ${row.hostname} first.` })
    const key = newHerd ? `${row.environment_id} ${newHerd.name.toLowerCase()}` : ''
    const herd = herdId ?? made.get(key) ?? (await herdFor(actor, row, newHerd!.name))
    if (newHerd) made.set(key, herd)
    const { rows } = await getPool().query<{ port: number; data_directory: string }>(
      'select port, data_directory from herds where id = $1',
      [herd],
    )
    const values = {
      herdId: herd,
      serverId: row.server_id,
      portOverride: rows[0]?.port === row.port ? null : row.port,
      dataDirectoryOverride: rows[0]?.data_directory === row.data_directory || row.data_directory === '' ? null : row.data_directory,
      socketDirectory: isPackaged(row.socket_directory) ? null : row.socket_directory,
    }
    const { id: instanceId } = await addRecord(actor, resourceByName('instance')!, values)
    await getPool().query(
      "update discovered_instances set instance_id = $2, inbox = 'accepted', suggested_herd_id = $3, changed_at = now(), revision = revision + 1 where id = $1",
      [id, instanceId, herd],
    )
    await inTransaction((tx) => notify(tx, 'records', 'discovered-instance'))
    return { id, instanceId }
  })
}

/** Registers poolers in front of herds, with the same checks as a person's form. Each by itself. */
export const acceptPoolers = (actor: Actor, wanted: readonly { id: string; herdId: string }[]) =>
  each(wanted, ({ id, herdId }) => acceptPooler(actor, id, herdId))

/** Puts hosts, instances or poolers aside, or back into the inbox. They keep reporting and stay findable. Answers the ids of those that changed. */
export const ignore = (actor: Actor, ids: readonly string[], isIgnored = true): Promise<string[]> =>
  inTransaction(async (tx) => {
    const environmentIds = environmentsOf(actor, 'discovered-host.change')
    if (environmentIds?.length === 0) throw new Fault('access.denied')
    const [from, to] = isIgnored ? ['new', 'ignored'] : ['ignored', 'new']
    const wanted = sql`${sql.param([...ids])}::uuid[]`
    const reach = sql`(${sql.param(environmentIds)}::uuid[] is null or suggested_environment_id = any(${sql.param(environmentIds)}::uuid[]))`
    const hosts = await tx.execute<{ id: string; title: string }>(
      sql`update discovered_hosts set state = ${to}, changed_at = now(), revision = revision + 1
          where id = any(${wanted}) and state = ${from} and ${reach} returning id, hostname as title`,
    )
    const instances = await tx.execute<{ id: string; title: string }>(
      sql`update discovered_instances set inbox = ${to}, changed_at = now(), revision = revision + 1
          where id = any(${wanted}) and inbox = ${from} and ${reach} returning id, name || ':' || port as title`,
    )
    const pooled = await tx.execute<{ id: string; title: string }>(
      sql`update discovered_poolers set inbox = ${to}, changed_at = now(), revision = revision + 1
          where id = any(${wanted}) and inbox = ${from}
            and (${sql.param(environmentIds)}::uuid[] is null or environment_id = any(${sql.param(environmentIds)}::uuid[])) returning id, title`,
    )
    const changed = [...hosts.rows, ...instances.rows, ...pooled.rows]
    if (changed.length === 0) return []
    await notify(tx, 'records', 'discovered-host')
    await notify(tx, 'records', 'discovered-instance')
    await notify(tx, 'records', 'discovered-pooler')
    await writeAudit(tx, actor, {
      act: isIgnored ? 'discovery.ignore' : 'discovery.restore',
      resource: 'discovered-host',
      title: changed
        .slice(0, 20)
        .map(({ title }) => title)
        .join(', '),
    })
    return changed.map(({ id }) => id)
  })
