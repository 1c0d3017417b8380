import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Json } from '@/lib/kernel/ground/json'
import type { Resource } from '@/lib/kernel/resource/resource'
import { uuidPattern } from '@/lib/kernel/resource/terms'
import { resourceByName } from '@/lib/resources'
import { shapeOf, targetOf } from '../pg/resource-table'
import { Params, queryRows } from '../pg/statement'
import { reachOf, reachSql } from './reach'
import { titlesOf } from './titles'

export interface HistoryLine {
  id: string
  at: string
  actorName: string
  act: 'add' | 'change' | 'delete'
  title: string
  /** Field → [before, after]. */
  fields: Record<string, [Json, Json]>
}

export interface HistoryPage {
  lines: HistoryLine[]
  total: number
  page: number
  perPage: number
  /** Field → id → title, for the references among the values. */
  references: Record<string, Record<string, string>>
}

const perPage = 50

/** What happened to one object, newest first; also to one that is gone, for those who may see its environment. Throws `record.missing`. */
export const recordHistory = async (actor: Actor, resource: Resource, id: string, page = 1): Promise<HistoryPage> => {
  const missing = new Fault('record.missing', { because: `There is no ${resource.noun[0]} with this id, or you may not see it.` })
  if (!uuidPattern.test(id)) throw missing
  const params = new Params()
  const place = params.add(id)
  const reach = reachOf(actor, resource)
  const [present] = await queryRows(
    `select ${reachSql(resource, reach, params)} from ${shapeOf(resource).table} t where t.id = ${place}::uuid`,
    params,
  )
  if (present?.[0] === false) throw missing

  // A line of an object that moved carries the environment it was in; who sees the object sees its whole history.
  const lineParams = new Params()
  const where = `t.resource = ${lineParams.add(resource.name)} and t.object_id = ${lineParams.add(id)}::uuid`
  const change = resourceByName('change')!
  const scope = present ? 'true' : reachSql(change, reachOf(actor, change), lineParams)
  const [[total]] = (await queryRows(`select count(*) from changes t where ${where} and ${scope}`, lineParams)) as [[number]]
  if (!present && total === 0) throw missing
  const rows = await queryRows(
    `select t.id, t.at, t.actor_name, t.act, t.title, t.fields from changes t where ${where} and ${scope}
      order by t.at desc, t.id desc limit ${perPage} offset ${lineParams.add((Math.max(1, page) - 1) * perPage)}`,
    lineParams,
  )
  const lines = rows.map(
    ([lineId, at, actorName, act, title, fields]) => ({ id: lineId, at, actorName, act, title, fields }) as HistoryLine,
  )
  const references: HistoryPage['references'] = {}
  for (const name of resource.form) {
    const target = targetOf(resource, name)
    const ids = lines.flatMap(({ fields }) => fields[name] ?? []).filter((value): value is string => typeof value === 'string')
    if (target && ids.length > 0) references[name] = Object.fromEntries(await titlesOf(actor, target, ids))
  }
  return { lines, total, page, perPage, references }
}
