import type { NextRequest } from 'next/server'
import { readSparklines, type SparkedResource } from '@/db/samples/sparklines'
import { currentActor } from '@/lib/auth/actor'
import { problem } from '@/lib/auth/problem'
import { noteRefused } from '@/lib/auth/refusals'
import { Fault } from '@/lib/kernel/ground/errors'
import { describedResource } from '@/lib/resources/described'

const wordsOf = (request: NextRequest, name: string): string[] => request.nextUrl.searchParams.get(name)?.split(',').filter(Boolean) ?? []

/** The small charts of the rows of a page, `ids` and `columns` with commas between them. Signed-in people only; scripts use `/api/v1/…/samples`. */
export const GET = async (request: NextRequest, { params }: { params: Promise<{ resource: string }> }): Promise<Response> => {
  try {
    const [{ resource: path }, actor] = await Promise.all([params, currentActor()])
    if (!actor) throw new Fault('auth.required')
    const resource = describedResource(path)?.resource
    const known = resource?.list.sparklines ?? []
    if (known.length === 0) throw new Fault('record.missing', { because: 'That list has no such columns.' })
    const names = wordsOf(request, 'columns')
    const wanted = known.filter(({ name }) => names.includes(name))
    if (wanted.length < new Set(names).size || wanted.length === 0)
      throw new Fault('input.invalid', {
        fields: [{ path: 'columns', message: `are some of ${known.map(({ name }) => name).join(', ')}` }],
      })
    const found = await readSparklines(actor, resource!.name as SparkedResource, wordsOf(request, 'ids'), wanted)
    return Response.json(found, { headers: { 'cache-control': 'no-store' } })
  } catch (error) {
    await noteRefused(await currentActor(), error, `GET ${request.nextUrl.pathname}`)
    return problem(error)
  }
}
