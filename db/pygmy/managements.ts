import { isClientPattern } from '@/lib/domain/activity/client-patterns'
import { isType } from '@/lib/domain/machines/type-names'
import { FieldFaults, FieldReader } from '@/lib/domain/pygmy/field-faults'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { resourceByName } from '@/lib/resources'
import { databaseError, getPool } from '../pg/client'
import { inPgTransaction } from '../pg/transaction'
import { changeRecord, getRecord } from '../records/records'
import { writeAudit } from '../trail/audit'
import { type Cluster, clusterOf, mustMayRule, readClusters } from './clusters'
import { freeNumber, guarded } from './numbers'

type Sent = Readonly<Record<string, unknown>>

/** As scripts read it; the lists are whatever was sent. */
export interface Management {
  id: number
  avg_load: string
  fallback_instances_scale_up: unknown
  fallback_instances_scale_down: unknown
  check_active_users: unknown
  cluster_id: number
}

interface Row extends Omit<Management, 'cluster_id'> {
  herdId: string
}

const selected = `select number as id, average_load as avg_load, fallbacks_up as fallback_instances_scale_up,
  fallbacks_down as fallback_instances_scale_down, active_users as check_active_users, herd_id as "herdId" from pygmy_managements`

const rowsOf = (herdIds: readonly string[]): Promise<Row[]> =>
  guarded(async () => (await getPool().query<Row>(`${selected} where herd_id = any($1) order by number`, [herdIds])).rows)

const shown = ({ herdId: _, ...row }: Row, { number }: Cluster): Management => ({ ...row, cluster_id: number })

/** Of the herds that the actor may see, by their numbers. */
export const readManagements = async (actor: Actor): Promise<Management[]> => {
  const clusters = new Map((await readClusters(actor)).map((one) => [one.herdId, one]))
  return (await rowsOf([...clusters.keys()])).map((row) => shown(row, clusters.get(row.herdId)!))
}

const find = async (actor: Actor, number: number): Promise<{ row: Row; cluster: Cluster }> => {
  const clusters = new Map((await readClusters(actor)).map((one) => [one.herdId, one]))
  const row = (await rowsOf([...clusters.keys()])).find(({ id }) => id === number)
  if (!row) throw new Fault('record.missing', { because: 'Not found.' })
  return { row, cluster: clusters.get(row.herdId)! }
}

/** Throws `record.missing`. */
export const readManagement = async (actor: Actor, number: number): Promise<Management> => {
  const { row, cluster } = await find(actor, number)
  return shown(row, cluster)
}

const lists = ['fallback_instances_scale_up', 'fallback_instances_scale_down', 'check_active_users'] as const
const columns = {
  fallback_instances_scale_up: 'fallbacksUp',
  fallback_instances_scale_down: 'fallbacksDown',
  check_active_users: 'activeUsers',
} as const

interface Values {
  cluster: Cluster | undefined
  averageLoad: string | undefined
  /** undefined: stays as it is. */
  fallbacksUp?: unknown
  fallbacksDown?: unknown
  activeUsers?: unknown
}

const readValues = async (actor: Actor, sent: Sent, isPartial: boolean): Promise<Values> => {
  const reader = new FieldReader(sent, isPartial)
  const averageLoad = reader.text('avg_load', 255) ?? undefined
  let cluster: Cluster | null | undefined
  if (sent.cluster_id === undefined) {
    if (!isPartial) reader.fault('cluster_id', 'This field is required.')
  } else if (sent.cluster_id === null) reader.fault('cluster_id', 'This field may not be null.')
  else {
    cluster = await clusterOf(actor, sent.cluster_id)
    if (cluster === null) reader.fault('cluster_id', `Invalid pk "${String(sent.cluster_id)}" - object does not exist.`)
  }
  reader.done()
  const given = Object.fromEntries(lists.filter((name) => reader.has(name)).map((name) => [columns[name], reader.json(name)]))
  return { cluster: cluster ?? undefined, averageLoad, ...given }
}

const asJson = (value: unknown): string | null => (value === undefined || value === null ? null : JSON.stringify(value))

const notUnique = (error: unknown): never => {
  if (databaseError(error)?.code === '23505') throw new FieldFaults({ cluster_id: ['This field must be unique.'] })
  throw error
}

/** Throws `FieldFaults`, `access.denied`. */
/** `wanted`: the number that it is to have, if it is free. */
export const addManagement = async (actor: Actor, sent: Sent, wanted: number | null = null): Promise<Management> => {
  const { cluster, averageLoad, fallbacksUp, fallbacksDown, activeUsers } = await readValues(actor, sent, false)
  mustMayRule(actor, cluster!)
  const number = await inPgTransaction(async (client, tx) => {
    const taken = await freeNumber(client, 'management', wanted)
    await client.query(
      `insert into pygmy_managements (number, herd_id, average_load, fallbacks_up, fallbacks_down, active_users) values ($1, $2, $3, $4, $5, $6)`,
      [taken, cluster!.herdId, averageLoad, asJson(fallbacksUp), asJson(fallbacksDown), asJson(activeUsers)],
    )
    await writeAudit(tx, actor, line('add', cluster!, { number: taken, sent: JSON.stringify(sent).slice(0, 2000) }))
    return taken
  }).catch(notUnique)
  await applyToRules(actor, cluster!)
  return readManagement(actor, number)
}

const line = (act: string, { herdId, herdName, environmentId }: Cluster, detail: Record<string, string | number>) => ({
  act: `herd-defaults.${act}`,
  resource: 'herd',
  objectId: herdId,
  title: herdName,
  environmentId,
  detail,
})

/** What is not sent stays as it is, also by PUT. Throws `record.missing`, `FieldFaults`, `access.denied`. */
export const changeManagement = async (actor: Actor, number: number, sent: Sent, isPartial: boolean): Promise<Management> => {
  const { row, cluster: before } = await find(actor, number)
  mustMayRule(actor, before)
  const values = await readValues(actor, sent, isPartial)
  const after = values.cluster ?? before
  mustMayRule(actor, after)
  const kept = (value: unknown, was: unknown) => asJson(value === undefined ? was : value)
  await inPgTransaction(async (client, tx) => {
    await client.query(
      'update pygmy_managements set herd_id = $2, average_load = $3, fallbacks_up = $4, fallbacks_down = $5, active_users = $6 where number = $1',
      [
        number,
        after.herdId,
        values.averageLoad ?? row.avg_load,
        kept(values.fallbacksUp, row.fallback_instances_scale_up),
        kept(values.fallbacksDown, row.fallback_instances_scale_down),
        kept(values.activeUsers, row.check_active_users),
      ],
    )
    await writeAudit(tx, actor, line('change', after, { number, sent: JSON.stringify(sent).slice(0, 2000) }))
  }).catch(notUnique)
  for (const cluster of new Set([before, after])) await applyToRules(actor, cluster)
  return readManagement(actor, number)
}

/** Throws `record.missing`, `access.denied`. */
export const deleteManagement = async (actor: Actor, number: number): Promise<void> => {
  const { cluster } = await find(actor, number)
  mustMayRule(actor, cluster)
  await inPgTransaction(async (client, tx) => {
    await client.query('delete from pygmy_managements where number = $1', [number])
    await writeAudit(tx, actor, line('delete', cluster, { number }))
  })
  await applyToRules(actor, cluster)
}

const fallbacksMax = 200

/** Those of a list that are types, as a sizing rule has them, as many as it takes. */
const asFallbacks = (list: unknown): string => {
  const types = (Array.isArray(list) ? list : []).filter((one): one is string => typeof one === 'string' && isType(one))
  let text = ''
  for (const type of types) if (`${text}, ${type}`.length <= fallbacksMax) text = text === '' ? type : `${text}, ${type}`
  return text
}

/** Those of a list of users that can be patterns, as a sizing rule has them. */
const asCounted = (list: unknown): string[] =>
  (Array.isArray(list) ? list : [])
    .filter((one): one is string => typeof one === 'string')
    .map((one) => (one.includes(':') ? `user:${one}` : one))
    .filter(isClientPattern)

type Action = 'down' | 'up' | 'return'

/** What rules of a herd take from it: their fallbacks by direction, and whose sessions count for `checkConnection`; none: all do. One question. */
export const herdDefaults = async (herdId: string): Promise<(action: Action) => { fallbacks: string; countedClients: string[] }> => {
  const [row] = await rowsOf([herdId])
  if (!row) return () => ({ fallbacks: '', countedClients: [] })
  return (action) => ({
    fallbacks: asFallbacks(action === 'down' ? row.fallback_instances_scale_down : row.fallback_instances_scale_up),
    countedClients: asCounted(row.check_active_users),
  })
}

/** Every rule of the herd that came through here gets the herd's fallbacks, and its users. */
const applyToRules = async (actor: Actor, { herdId }: Cluster): Promise<void> => {
  const rule = resourceByName('sizing-rule')!
  const { rows } = await guarded(() =>
    getPool().query<{ id: string; action: Action; fallbacks: string; counted: string[] }>(
      `select r.id, r.action, r.fallbacks, to_json(r.counted_clients) as counted from sizing_rules r join pygmy_numbers n on n.rule_id = r.id where r.herd_id = $1 and n.sent is not null order by r.id`,
      [herdId],
    ),
  )
  const defaultsFor = await herdDefaults(herdId)
  for (const { id, action, fallbacks, counted } of rows) {
    const wanted = defaultsFor(action)
    if (wanted.fallbacks === fallbacks && counted.join('\n') === wanted.countedClients.join('\n')) continue
    const { revision } = await getRecord(actor, rule, id)
    await changeRecord(actor, rule, id, wanted, revision)
  }
}
