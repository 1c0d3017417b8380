import { timelineKindNames, timelinePage, timelineQuery, timelineRowsMax } from '@/lib/shapes/timeline'
import { defineCall } from '../call'

const { kind, person, from, to, before, per } = timelineQuery.shape

const timelineOf = (path: `/api/v1/${string}/{id}/timeline`, whose: string) =>
  defineCall({
    method: 'GET',
    path,
    tag: 'timeline',
    caller: 'actor',
    summary: `Read what happened to ${whose}`,
    description: `Newest first: ${timelineKindNames.join(', ')}. What was observed is kept 400 days. With \`format=csv\` every line there is, from \`before\` on.`,
    alsoContentType: 'text/csv',
    query: {
      kind: kind.description!,
      person: person.description!,
      from: from.description!,
      to: to.description!,
      before: before.description!,
      per: { description: per.description!, schema: { type: 'integer', minimum: 1, maximum: timelineRowsMax, default: 100 } },
      format: { description: 'csv instead of JSON.', schema: { type: 'string', enum: ['json', 'csv'], default: 'json' } },
    },
    output: timelinePage,
    faults: ['input.invalid', 'record.missing'],
  })

export const timelineCalls = {
  instanceTimeline: timelineOf('/api/v1/instances/{id}/timeline', 'an instance'),
  herdTimeline: timelineOf('/api/v1/herds/{id}/timeline', 'a herd and its members'),
  serverTimeline: timelineOf('/api/v1/servers/{id}/timeline', 'a server and the instances on it'),
}
