import { z } from 'zod'
import { memberActivity } from '@/lib/shapes/activity'
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
}
