import type { NextRequest } from 'next/server'
import { listRecords } from '@/db/records/records'
import { currentActor } from '@/lib/auth/actor'
import { problem } from '@/lib/auth/problem'
import { type Actor, mayAnywhere } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { emptyQuery } from '@/lib/kernel/resource/query'
import { describedResource } from '@/lib/resources/described'
import type { FoundObject } from '@/lib/shapes/reads'

const searched = ['herds', 'instances', 'servers', 'environments', 'runs'] as const
const perKind = 6

const find = async (actor: Actor, path: string, text: string): Promise<FoundObject[]> => {
  const described = describedResource(path)
  if (!described || !mayAnywhere(actor, `${described.resource.name}.view`)) return []
  const first = described.resource.list.columns[0]!
  const query = { ...emptyQuery(), search: text, perPage: perKind, columns: [first] }
  const { ids, rows, columns } = await listRecords(actor, described.resource, query, { facets: false })
  const at = columns.indexOf(first)
  return ids.map((id, index) => ({ href: `/${path}/${id}`, title: String(rows[index]?.[at] ?? id), kind: described.resource.noun[0] }))
}

/** Objects by name over the kinds people look for, for the palette. `q` is what each list's own search box takes. */
export const GET = async (request: NextRequest): Promise<Response> => {
  try {
    const actor = await currentActor()
    if (!actor) throw new Fault('auth.required')
    const text = request.nextUrl.searchParams.get('q')?.trim().slice(0, 200) ?? ''
    const found = text === '' ? [] : (await Promise.all(searched.map((path) => find(actor, path, text)))).flat()
    return Response.json(found, { headers: { 'cache-control': 'no-store' } })
  } catch (error) {
    return problem(error)
  }
}
