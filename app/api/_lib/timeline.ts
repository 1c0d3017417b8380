import { z } from 'zod'
import { readTimeline } from '@/db/timeline/read'
import type { Subject } from '@/db/timeline/sources'
import { csvLine } from '@/lib/fields/csv'
import type { Actor } from '@/lib/kernel/access/access'
import { checked } from '@/lib/kernel/ground/checked'
import { type TimelinePage, type TimelineQuery, timelineQuery, timelineRowsMax } from '@/lib/shapes/timeline'
import type { Given } from './serve'
import { streamText } from './stream'

const askedQuery = timelineQuery.extend({ format: z.enum(['json', 'csv']).default('json') })
const heads = ['at', 'kind', 'title', 'what', 'who', 'because', 'seconds', 'proof']

async function* asCsv(actor: Actor, subject: Subject, query: TimelineQuery): AsyncGenerator<string> {
  yield `${csvLine(heads)}\r\n`
  for (let before: string | null = query.before; before !== null; ) {
    const { lines, next }: TimelinePage = await readTimeline(actor, subject, { ...query, before, per: timelineRowsMax })
    for (const { at, kind, title, what, person, because, seconds, href } of lines)
      yield `${csvLine([at, kind, title, what, person ?? '', because ?? '', String(seconds ?? ''), href ?? ''])}\r\n`
    before = next
  }
}

export const answerTimeline =
  (of: Subject['of']) =>
  async ({ actor, params, query }: Given<unknown>): Promise<TimelinePage | Response> => {
    const { format, ...asked } = checked(askedQuery, Object.fromEntries(query))
    const subject = { of, id: params.id! }
    if (format === 'json') return readTimeline(actor, subject, asked)
    // Whose it is not is told so, not given an empty file.
    await readTimeline(actor, subject, { ...asked, per: 1 })
    return streamText(asCsv(actor, subject, asked), 'text/csv; charset=utf-8; header=present')
  }
