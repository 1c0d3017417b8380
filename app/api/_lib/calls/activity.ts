import { z } from 'zod'
import { memberActivity } from '@/lib/shapes/activity'
import { herdLog, logQuery, logWordsMax, serverLog } from '@/lib/shapes/server-log'
import { defineCall, type QueryParameter } from '../call'

const tag = 'activity'
const description =
  'A worker looks while somebody asks: ask again every few seconds. Each member that could not be seen says why, with what was seen of it before.'
const output = z.object({ members: z.array(memberActivity) })

const logParameters = {
  search: { description: logQuery.shape.search.description!, schema: { type: 'string', maxLength: logWordsMax } },
  level: {
    description: logQuery.shape.level.description!,
    schema: { type: 'string', enum: ['all', 'warnings', 'errors'], default: 'all' },
  },
  files: { description: logQuery.shape.files.description!, schema: { type: 'string', enum: ['end', 'all'], default: 'end' } },
} satisfies Record<string, QueryParameter>

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
    query: logParameters,
    output: serverLog,
    faults: ['input.invalid', 'access.denied', 'record.missing'],
  }),
  herdLog: defineCall({
    method: 'GET',
    path: '/api/v1/herds/{id}/log',
    tag,
    caller: 'actor',
    summary: 'Read the logs of a herd’s members together',
    description:
      'As the log of an instance, of all members at once: messages in the order of their times, each with the member that wrote it, and errors counted by code over the herd. A member that cannot be read says why, and holds no other up.',
    query: logParameters,
    output: herdLog,
    faults: ['input.invalid', 'access.denied', 'record.missing'],
  }),
}
