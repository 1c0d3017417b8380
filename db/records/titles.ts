import type { Actor } from '@/lib/kernel/access/access'
import type { Resource } from '@/lib/kernel/resource/resource'
import { Fresh } from '../pg/cached'
import { shapeOf } from '../pg/resource-table'
import { Params, queryRows } from '../pg/statement'
import { reachKey, reachOf, reachSql } from './reach'

const titleLifeMs = 5_000
const idsPerKept = 64

/** Small sets of titles (a page's environments, its herds) come again with every page. */
const kept = new Fresh<ReadonlyMap<string, string>>({ weightMax: 20_000, weightOf: (titles) => titles.size + 1 })

const readTitles = async (resource: Resource, ids: readonly string[], actor: Actor): Promise<ReadonlyMap<string, string>> => {
  const { stored, columns, titleColumns } = shapeOf(resource)
  const params = new Params()
  const place = params.add(ids)
  const rows = await queryRows(
    `select t.id, ${titleColumns.map((name) => `t.${columns[name]!.sql}`).join(', ')} from ${stored} t
      where t.id = any(${place}::uuid[]) and ${reachSql(resource, reachOf(actor, resource), params)}`,
    params,
    { isPrepared: true },
  )
  return new Map(
    rows.map(([id, ...values]) => [
      id as string,
      resource.title(Object.fromEntries(titleColumns.map((name, index) => [name, values[index]]))),
    ]),
  )
}

/** Titles of the objects that the actor may see; the others are left out. */
export const titlesOf = async (actor: Actor, resource: Resource, ids: Iterable<string>): Promise<ReadonlyMap<string, string>> => {
  const wanted = [...new Set(ids)].sort()
  const reach = reachOf(actor, resource)
  if (wanted.length === 0 || reach.kind === 'none') return new Map()
  if (wanted.length > idsPerKept) return readTitles(resource, wanted, actor)
  const key = `${reachKey(reach)}|${wanted.join()}`
  return kept.get(
    resource.name,
    key,
    () => readTitles(resource, wanted, actor),
    () => titleLifeMs,
  )
}
