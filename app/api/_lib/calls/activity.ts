import { z } from 'zod'
import { memberActivity } from '@/lib/shapes/activity'
import { logQuery, logWordsMax, serverLog } from '@/lib/shapes/server-log'
import { defineCall } from '../call'

const tag = 'activity'
const description =
  'A worker looks while somebody asks: ask again every few seconds. Each member that could not be seen says why, with what was seen of it before.'
const output = z.object({ members: z.array(memberActivity) })

export const activityCalls = {
  instanceActivity: defineCall({
    method: 'GET',
    path: '/api/v1/instances/{id}/activity',
    tag,
    caller: 'actor',
    summary: 'Read what the sessions of an instance do',
    description,
    output,
    faults: ['record.missing'],
  }),
  herdActivity: defineCall({
    method: 'GET',
    path: '/api/v1/herds/{id}/activity',
    tag,
    caller: 'actor',
    summary: 'Read what the sessions of a herd’s members do',
    description,
    output,
    faults: ['record.missing'],
  }),
  instanceLog: defineCall({
    method: 'GET',
    path: '/api/v1/instances/{id}/log',
    tag,
    caller: 'actor',
    summary: 'Read the log of an instance',
    description:
      'A worker reads it while somebody asks, also where the server is down; ask again every few seconds to follow it. For those who may run SQL there; passwords are masked, and the audit log says who read it.',
    query: {
      search: { description: logQuery.shape.search.description!, schema: { type: 'string', maxLength: logWordsMax } },
      level: {
        description: logQuery.shape.level.description!,
        schema: { type: 'string', enum: ['all', 'warnings', 'errors'], default: 'all' },
      },
      files: { description: logQuery.shape.files.description!, schema: { type: 'string', enum: ['end', 'all'], default: 'end' } },
    },
    output: serverLog,
    faults: ['input.invalid', 'access.denied', 'record.missing'],
  }),
}
