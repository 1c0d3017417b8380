import { z } from 'zod'
import { roles } from '@/lib/kernel/access/access'
import { defineCall } from '../call'

const tag = 'people'
const moment = z.iso.datetime({ offset: true })

export const peopleCalls = {
  addToken: defineCall({
    method: 'POST',
    path: '/api/v1/tokens',
    tag,
    caller: 'actor',
    summary: 'Create a token of your own',
    description:
      'Only for a person who is signed in, never for an API token. The token appears in this response and nowhere else. It never grants more than its owner holds at the time of use.',
    input: z.strictObject({
      name: z.string().trim().min(1).max(80),
      role: z.enum(roles).default('viewer'),
      environmentId: z.uuid().nullable().default(null),
      expiresAt: moment
        .nullable()
        .optional()
        .meta({ description: 'Default: in 90 days; at most TOKEN_DAYS away. null: never, where TOKEN_DAYS is 0.' }),
    }),
    output: z.object({ id: z.uuid(), token: z.string() }),
    status: 201,
    isSecret: true,
    faults: ['input.invalid', 'access.denied'],
  }),
  revokeToken: defineCall({
    method: 'DELETE',
    path: '/api/v1/tokens/{id}',
    tag,
    caller: 'actor',
    summary: 'Revoke a token',
    status: 204,
    faults: ['record.missing'],
  }),
  revokeSession: defineCall({
    method: 'DELETE',
    path: '/api/v1/sessions/{id}',
    tag,
    caller: 'actor',
    summary: 'End a session',
    status: 204,
    faults: ['record.missing'],
  }),
  setPassword: defineCall({
    method: 'PUT',
    path: '/api/v1/people/{id}/password',
    tag,
    caller: 'actor',
    summary: 'Set a local account’s password',
    description:
      'Your own with the current password, or anybody’s as an administrator of every environment; never with an API token. Ends all other sessions of that person, and revokes that person’s tokens.',
    input: z.strictObject({ password: z.string(), currentPassword: z.string().optional() }),
    status: 204,
    faults: ['input.invalid', 'access.denied', 'record.missing'],
  }),
  addEnrolmentKey: defineCall({
    method: 'POST',
    path: '/api/v1/enrolment-keys',
    tag,
    caller: 'actor',
    summary: 'Create an enrolment key for the hosts of one environment',
    description: 'Only for a person who is signed in, never for an API token. The key appears in this response and nowhere else.',
    input: z.strictObject({
      name: z.string().trim().min(1).max(80),
      environmentId: z.uuid(),
      expiresAt: moment,
      usesLeft: z.int().min(1).max(100_000).nullable().default(null),
    }),
    output: z.object({ id: z.uuid(), key: z.string() }),
    status: 201,
    isSecret: true,
    faults: ['input.invalid', 'access.denied'],
  }),
  revokeEnrolmentKey: defineCall({
    method: 'DELETE',
    path: '/api/v1/enrolment-keys/{id}',
    tag,
    caller: 'actor',
    summary: 'Revoke an enrolment key',
    status: 204,
    faults: ['record.missing'],
  }),
}
