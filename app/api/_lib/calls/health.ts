import { health } from '@/lib/shapes/health'
import { defineCall } from '../call'

const tag = 'health'
const description =
  'What is about to break: wraparound, slots, sequences, dead rows, bloat, indexes, archiving, backups, disks, versions. Each kind is looked at every 1 to 24 hours; what nobody has looked at for three times as long is unknown.'
const query = { look: 'now: a worker looks first, at everything, and is waited for 45 s at most.' }

export const healthCalls = {
  instanceHealth: defineCall({
    method: 'GET',
    path: '/api/v1/instances/{id}/health',
    tag,
    caller: 'actor',
    summary: 'Read what is about to break in an instance',
    description: `${description} What is asked once a herd is told of each of its members.`,
    query,
    output: health,
    faults: ['input.invalid', 'record.missing'],
  }),
  herdHealth: defineCall({
    method: 'GET',
    path: '/api/v1/herds/{id}/health',
    tag,
    caller: 'actor',
    summary: 'Read what is about to break in the members of a herd',
    description,
    query,
    output: health,
    faults: ['input.invalid', 'record.missing'],
  }),
}
