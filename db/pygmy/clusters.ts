import { wholeNumber } from '@/lib/domain/pygmy/number'
import { type Actor, allowance, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { resourceByName } from '@/lib/resources'
import { getPool } from '../pg/client'
import { addRecord, deleteRecord } from '../records/records'
import { guarded, numbersOf, objectOf } from './numbers'

/** A herd, as scripts know it. */
export interface Cluster {
  number: number
  herdId: string
  /** As pygmy called it, or as the herd is called. */
  name: string
  herdName: string
  environmentId: string
  primaryAddress: string
  /** Calendars of the herd alone that hold all its rules on every day; empty: it is enabled. */
  disabledBy: string[]
  /** A job has the herd for itself, or a rule of it is being decided. */
  isBusy: boolean
}

/** What a calendar holds that scripts disable a herd by. */
export const everyDay = 'Sun-Sat'

/** The environments in which an actor may do something; null: all of them. */
export const reachIn = (actor: Actor, permission: `${string}.view`): string[] | null => {
  const allowed = allowance(actor, permission)
  if (allowed === 'none') throw new Fault('access.denied', { because: `You do not have the permission ${permission}.` })
  return allowed === 'all' ? null : [...allowed.environmentIds]
}

interface Row extends Omit<Cluster, 'number' | 'name'> {
  alias: string | null
}

/** The herds that the actor may see, by name. */
export const readClusters = (actor: Actor): Promise<Cluster[]> =>
  guarded(async () => {
    const { rows } = await getPool().query<Row>(
      `select h.id as "herdId", h.name as "herdName", n.name as alias, h.environment_id as "environmentId", coalesce(p.address, '') as "primaryAddress",
          array(select c.id::text from calendars c where c.herd_id = h.id and c.holds_down and c.holds_up and lower(btrim(c.dates)) = lower($2)) as "disabledBy",
          exists (select from jobs j where j.herd_id = h.id and j.state in ('running', 'attention') and cardinality(j.locks) > 0)
            or exists (select from sizing_decisions d where d.herd_id = h.id and d.state = 'deciding') as "isBusy"
        from herds h left join pygmy_numbers n on n.herd_id = h.id
        left join lateral (select coalesce(min(m.private_address), min(s.address)) as address from instances i join servers s on s.id = i.server_id
          left join machines m on m.server_id = s.id and m.tie = 'tied' where i.herd_id = h.id and i.role = 'primary') p on true
        where $1::uuid[] is null or h.environment_id = any($1) order by lower(h.name), h.id`,
      [reachIn(actor, 'herd.view'), everyDay],
    )
    const numbers = await numbersOf(
      'cluster',
      rows.map(({ herdId }) => herdId),
    )
    return rows.flatMap(({ alias, ...row }) => {
      const number = numbers.get(row.herdId)
      // One that was deleted just now has none.
      return number === undefined ? [] : [{ ...row, number, name: alias ?? row.herdName }]
    })
  })

/** The herd that scripts know by this number, if the actor may see it. */
export const clusterOf = async (actor: Actor, number: unknown): Promise<Cluster | null> => {
  const whole = wholeNumber(number)
  const herdId = whole === null ? null : await objectOf('cluster', whole)
  return herdId === null ? null : ((await readClusters(actor)).find((one) => one.herdId === herdId) ?? null)
}

/** As it is called, case last. Throws `record.conflict` where several are called so. */
export const clusterCalled = async (actor: Actor, name: string): Promise<Cluster | null> => {
  const all = await readClusters(actor)
  const exact = all.filter((one) => one.name === name)
  const called = exact.length > 0 ? exact : all.filter((one) => one.name.toLowerCase() === name.toLowerCase())
  if (called.length > 1)
    throw new Fault('record.conflict', { because: `${called.length} herds are called ${name}. Use a token of one environment.` })
  return called[0] ?? null
}

/** Throws `access.denied`. */
export const mustMayRule = (actor: Actor, { environmentId }: Pick<Cluster, 'environmentId'>): void => {
  if (!mayIn(actor, 'sizing-rule.change', environmentId))
    throw new Fault('access.denied', { because: 'You do not have the permission sizing-rule.change in the environment of this herd.' })
}

/**
 * Has all rules of a herd rest, or no longer, by a calendar of its own that holds every day. Answers as pygmy does. Throws `access.denied` and what saving a
 * calendar throws.
 */
export const toggleCluster = async (actor: Actor, name: string, enabled: unknown): Promise<{ Success: string } | { Error: string }> => {
  if (enabled !== 'true' && enabled !== 'false') return { Error: `Invalid boolean used for enabled field: (${shown(enabled)})` }
  const cluster = await clusterCalled(actor, name)
  if (cluster === null) return { Error: 'Cluster not found' }
  mustMayRule(actor, cluster)
  if (cluster.isBusy) return { Error: 'Cluster is being resized' }
  const isEnabled = cluster.disabledBy.length === 0
  if (isEnabled === (enabled === 'true')) return { Success: `Cluster was already ${isEnabled ? 'enabled' : 'disabled'}` }
  const calendar = resourceByName('calendar')!
  if (isEnabled) {
    const { environmentId, herdId, herdName } = cluster
    await addRecord(actor, calendar, {
      name: `${herdName} is disabled (${herdId.slice(0, 8)})`.slice(-80),
      environmentId,
      herdId,
      dates: everyDay,
      holdsDown: true,
      holdsUp: true,
      note: 'Came through /v1/api. Delete it to have the herd’s rules act again.',
    })
    return { Success: 'Cluster disabled' }
  }
  for (const id of cluster.disabledBy) await deleteRecord(actor, calendar, id)
  return { Success: 'Cluster enabled' }
}

/** As Python writes it. */
const shown = (value: unknown): string => {
  if (value === undefined || value === null) return 'None'
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : typeof value === 'string' ? value : JSON.stringify(value)
}

export interface ClusterNode {
  number: number
  instanceId: string
  title: string
  /** Of EC2, where a machine is tied to its server; else the name of its server. */
  machine: string
  isPrimary: boolean
  herdId: string
  environmentId: string
}

/** The instances that the actor may see, by title. */
export const readNodes = (actor: Actor): Promise<ClusterNode[]> =>
  guarded(async () => {
    const { rows } = await getPool().query<Omit<ClusterNode, 'number'>>(
      `select i.id as "instanceId", i.title, coalesce(m.instance_id, s.hostname) as machine, i.role = 'primary' as "isPrimary", i.herd_id as "herdId",
          i.environment_id as "environmentId"
        from instances i join servers s on s.id = i.server_id
        left join lateral (select min(instance_id) as instance_id from machines where server_id = s.id and tie = 'tied' and state not in ('gone', 'terminated')) m on true
        where $1::uuid[] is null or i.environment_id = any($1) order by i.title, i.id`,
      [reachIn(actor, 'instance.view')],
    )
    const numbers = await numbersOf(
      'instance',
      rows.map(({ instanceId }) => instanceId),
    )
    return rows.flatMap((row) => {
      const number = numbers.get(row.instanceId)
      return number === undefined ? [] : [{ ...row, isPrimary: row.isPrimary === true, number }]
    })
  })
