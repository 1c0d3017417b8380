import { withArticle } from '@/lib/domain/values/counted'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Resource } from '@/lib/kernel/resource/resource'
import { uuidPattern } from '@/lib/kernel/resource/terms'
import type { ReferenceOption } from '@/lib/shapes/list'
import { shapeOf, targetOf } from '../pg/resource-table'
import { Params, queryRows } from '../pg/statement'
import { escapeLike } from './filters'
import { reachOf, reachSql } from './reach'

const optionsMax = 100

/** What a reference field may point to, by the words typed so far, best first: titles that begin with them, then the others by title. */
export const referenceOptions = async (
  actor: Actor,
  resource: Resource,
  field: string,
  { search, environmentId, limit }: { search: string; environmentId?: string | null; limit: number },
): Promise<ReferenceOption[]> => {
  const spec = Object.hasOwn(resource.fields, field) ? resource.fields[field] : undefined
  const target = spec ? targetOf(resource, field) : null
  if (!spec || !target) throw new Fault('input.invalid', { because: `${field} is not a reference of ${withArticle(resource.noun[0])}.` })
  const { table, columns, titleColumns, environmentColumn } = shapeOf(target)
  const title = `t.${columns[titleColumns[0] ?? 'id']!.sql}`
  const params = new Params()
  const parts = [reachSql(target, reachOf(actor, target), params)]
  const words = search.trim().split(/\s+/).filter(Boolean).slice(0, 8)
  for (const word of words) {
    const like = `%${escapeLike(word.toLowerCase())}%`
    parts.push('searchText' in columns ? `t.${columns.searchText!.sql} like ${params.add(like)}` : `${title} ilike ${params.add(like)}`)
  }
  if (spec.kind === 'reference' && spec.sameEnvironment && environmentId && uuidPattern.test(environmentId) && environmentColumn)
    parts.push(`t.${columns[environmentColumn]!.sql} = ${params.add(environmentId)}::uuid`)
  const first = words.length > 0 ? `(${title} ilike ${params.add(`${escapeLike(words[0]!)}%`)}) desc, ` : ''
  const wanted = [...titleColumns, ...(environmentColumn ? [environmentColumn] : [])]
  const rows = await queryRows(
    `select t.id, ${wanted.map((name) => `t.${columns[name]!.sql}`).join(', ')} from ${table} t where ${parts.join(' and ')}
      order by ${first}${title}, t.id limit ${params.add(Math.min(optionsMax, Math.max(1, limit)))}`,
    params,
  )
  return rows.map(([id, ...values]) => {
    const row = Object.fromEntries(wanted.map((name, index) => [name, values[index]]))
    return {
      id: id as string,
      title: target.title(row),
      environmentId: environmentColumn ? (row[environmentColumn] as string | null) : null,
    }
  })
}
