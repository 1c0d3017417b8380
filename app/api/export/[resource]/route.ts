import type { NextRequest } from 'next/server'
import { exportRecords } from '@/db/records/records'
import { currentActor } from '@/lib/auth/actor'
import { problem } from '@/lib/auth/problem'
import { noteRefused } from '@/lib/auth/refusals'
import { csvLine } from '@/lib/fields/csv'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Json } from '@/lib/kernel/ground/json'
import { type ListQuery, parseListQuery } from '@/lib/kernel/resource/query'
import type { ResourceDescription } from '@/lib/kernel/resource/resource'
import { describedResource } from '@/lib/resources/described'

type Format = 'csv' | 'json'
type Rows = AsyncIterable<Record<string, Json>>

const plain = (value: Json | undefined): string => {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return value.map(plain).join(' ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const csv = async function* (description: ResourceDescription, columns: readonly string[], rows: Rows): AsyncGenerator<string> {
  yield `${csvLine(columns.map((name) => description.fields[name]?.label ?? name))}\r\n`
  for await (const row of rows) yield `${csvLine(columns.map((name) => plain(row[name])))}\r\n`
}

const json = async function* (rows: Rows): AsyncGenerator<string> {
  let lead = '[\n'
  for await (const row of rows) {
    yield lead + JSON.stringify(row)
    lead = ',\n'
  }
  yield lead === '[\n' ? '[]\n' : '\n]\n'
}

/** Pieces are gathered to some kilobytes, so that a hundred thousand rows are not a hundred thousand chunks. Stops reading when the browser goes. */
const streamOf = (pieces: AsyncGenerator<string>): ReadableStream<Uint8Array> => {
  const encoder = new TextEncoder()
  return new ReadableStream({
    pull: async (controller) => {
      let text = ''
      while (text.length < 16_384) {
        const { value, done } = await pieces.next()
        if (done) {
          controller.enqueue(encoder.encode(text))
          controller.close()
          return
        }
        text += value
      }
      controller.enqueue(encoder.encode(text))
    },
    cancel: async () => {
      await pieces.return(undefined)
    },
  })
}

/** Every row of a list as it is filtered and sorted, in its columns, streamed. `format` is csv (default) or json. */
export const GET = async (request: NextRequest, { params }: { params: Promise<{ resource: string }> }): Promise<Response> => {
  try {
    const [{ resource: path }, actor] = await Promise.all([params, currentActor()])
    if (!actor) throw new Fault('auth.required')
    const described = describedResource(path)
    if (!described) throw new Fault('record.missing', { because: 'There is no such list.' })
    const { resource, description } = described
    const asked = new URLSearchParams(request.nextUrl.search)
    const format: Format = asked.get('format') === 'json' ? 'json' : 'csv'
    asked.delete('format')
    const { query, dropped } = parseListQuery(description, asked)
    if (dropped.length > 0) throw new Fault('input.invalid', { because: `Not understood: ${dropped.join(' · ')}` })
    const columns = query.columns ?? [...resource.list.columns]
    const whole: ListQuery = { ...query, columns }
    const rows = exportRecords(actor, resource, whole)
    // The first row is asked for now, so that a refusal is still a status and not a broken file.
    const iterator = rows[Symbol.asyncIterator]()
    const first = await iterator.next()
    const all = (async function* () {
      try {
        for (let item = first; !item.done; item = await iterator.next()) yield item.value
      } finally {
        await iterator.return?.(undefined)
      }
    })()
    const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '')
    return new Response(streamOf(format === 'csv' ? csv(description, columns, all) : json(all)), {
      headers: {
        'content-type': format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/json',
        'content-disposition': `attachment; filename="${path}-${stamp}.${format}"`,
        'cache-control': 'no-store',
      },
    })
  } catch (error) {
    await noteRefused(await currentActor(), error, `GET ${request.nextUrl.pathname}`)
    return problem(error)
  }
}
