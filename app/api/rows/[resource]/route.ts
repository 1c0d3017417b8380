import type { NextRequest } from 'next/server'
import { listIds, listRecords } from '@/db/records/records'
import { currentActor } from '@/lib/auth/actor'
import { problem } from '@/lib/auth/problem'
import { noteRefused } from '@/lib/auth/refusals'
import { Fault } from '@/lib/kernel/ground/errors'
import { parseListQuery } from '@/lib/kernel/resource/query'
import { describedResource } from '@/lib/resources/described'
import type { ListPage } from '@/lib/shapes/list'

const idsMax = 10_000
const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }

/**
 * What a click on a filter, a header or a page number costs: the rows alone, as arrays, for the console's own lists. `facets=1` adds the counts;
 * `shape=ids&max=N` gives the ids of everything that matches instead. Signed-in people only; scripts use `/api/v1`.
 */
export const GET = async (request: NextRequest, { params }: { params: Promise<{ resource: string }> }): Promise<Response> => {
  try {
    const [{ resource: path }, actor] = await Promise.all([params, currentActor()])
    if (!actor) throw new Fault('auth.required')
    const described = describedResource(path)
    if (!described) throw new Fault('record.missing', { because: 'There is no such list.' })
    const asked = new URLSearchParams(request.nextUrl.search)
    const [shape, facets, max] = ['shape', 'facets', 'max'].map((name) => {
      const value = asked.get(name)
      asked.delete(name)
      return value
    })
    const { query, dropped } = parseListQuery(described.description, asked)
    if (dropped.length > 0) throw new Fault('input.invalid', { because: `Not understood: ${dropped.join(' · ')}` })
    const body: ListPage | string[] =
      shape === 'ids'
        ? await listIds(actor, described.resource, query, Math.min(idsMax, Math.max(1, Number(max) || idsMax)))
        : await listRecords(actor, described.resource, query, { facets: facets === '1' })
    return new Response(JSON.stringify(body), { headers })
  } catch (error) {
    await noteRefused(await currentActor(), error, `GET ${request.nextUrl.pathname}`)
    return problem(error)
  }
}
