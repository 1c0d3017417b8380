import { z } from 'zod'
import { takenFields } from '@/lib/domain/machines/drift'
import { noticeInput } from '@/lib/fields/agent-notice'
import { enrolInput, reportInput } from '@/lib/fields/agent-report'
import { hostTokenDecisions } from '@/lib/shapes/inbox'
import { defineCall } from '../call'

const tag = 'discovery'

const toIgnore = z.strictObject({ ids: z.array(z.uuid()).min(1).max(1000), isIgnored: z.boolean().default(true) })
const ignored = z.object({
  changed: z.int(),
  unchanged: z.array(z.uuid()).describe('Those that were so before, that do not exist, or that you may not change.'),
})

export const discoveryCalls = {
  acceptHosts: defineCall({
    method: 'POST',
    path: '/api/v1/discovered-hosts/accept',
    tag,
    caller: 'actor',
    summary: 'Register discovered hosts as servers',
    description:
      'With serverId the host is taken for that registered server of the environment; without it, for the server of its name, or for a new one.',
    input: z.strictObject({
      hosts: z
        .array(z.strictObject({ id: z.uuid(), environmentId: z.uuid(), serverId: z.uuid().optional() }))
        .min(1)
        .max(1000),
    }),
    output: z.object({
      accepted: z.array(z.object({ id: z.uuid(), serverId: z.uuid() })),
      refused: z.array(z.object({ id: z.uuid(), because: z.string() })),
    }),
    faults: ['access.denied'],
  }),
  decideHostToken: defineCall({
    method: 'POST',
    path: '/api/v1/discovered-hosts/{id}/token',
    tag,
    caller: 'actor',
    summary: 'Accept or refuse the new token of a host that enrolled again, or revoke its token',
    description:
      'accept: the new token speaks for the host, and the former no longer. refuse: the former stays valid. revoke: none does, until the host enrols again and a person accepts it.',
    input: z.strictObject({ decision: z.enum(hostTokenDecisions) }),
    status: 204,
    faults: ['record.missing', 'access.denied', 'record.in-use'],
  }),
  acceptInstances: defineCall({
    method: 'POST',
    path: '/api/v1/discovered-instances/accept',
    tag,
    caller: 'actor',
    summary: 'Register discovered instances in a herd, or in a new one',
    input: z.strictObject({
      instances: z
        .array(
          z
            .strictObject({
              id: z.uuid(),
              herdId: z.uuid().optional(),
              newHerd: z.strictObject({ name: z.string().trim().min(1).max(80) }).optional(),
            })
            .refine(({ herdId, newHerd }) => (herdId === undefined) !== (newHerd === undefined), {
              message: 'Give either herdId or newHerd.',
            }),
        )
        .min(1)
        .max(1000),
    }),
    output: z.object({
      accepted: z.array(z.object({ id: z.uuid(), instanceId: z.uuid() })),
      refused: z.array(z.object({ id: z.uuid(), because: z.string() })),
    }),
    faults: ['access.denied'],
  }),
  registerDbInstance: defineCall({
    method: 'POST',
    path: '/api/v1/machines/{id}/register',
    tag,
    caller: 'actor',
    summary: 'Register a DB instance of RDS that a cloud account sees',
    description:
      'Adds its endpoint as a server and makes it a member of the herd of that name in its environment; a herd that is not there is added. endpointPassword is needed unless usesIamToken. What was added before a part was refused stays, and is taken by the next try.',
    input: z.strictObject({
      herd: z.string().trim().min(1).max(80),
      endpointUser: z.string().trim().min(1).max(63),
      usesIamToken: z.boolean().default(false),
      endpointPassword: z.string().max(400).nullable().default(null),
    }),
    output: z.object({ serverId: z.uuid(), herdId: z.uuid(), instanceId: z.uuid() }),
    faults: ['record.missing', 'access.denied', 'record.duplicate'],
  }),
  tieMachine: defineCall({
    method: 'POST',
    path: '/api/v1/machines/{id}/tie',
    tag,
    caller: 'actor',
    summary: 'Say which registered server a machine is',
    description: 'Of the machine’s environment, whatever its addresses. null: its addresses say so again, from the next sweep on.',
    input: z.strictObject({ serverId: z.uuid().nullable() }),
    status: 204,
    faults: ['record.missing', 'access.denied', 'record.in-use'],
  }),
  recordMachine: defineCall({
    method: 'POST',
    path: '/api/v1/machines/{id}/record',
    tag,
    caller: 'actor',
    summary: 'Take over what the cloud says of a machine that drifted',
    description:
      'Each field with the cloud’s side as it was read (`differences` of the machine); refused with 409 where the cloud says something else by now. gone: the console has no record of it any more.',
    input: z.strictObject({
      taken: z
        .array(z.strictObject({ field: z.enum(takenFields), cloud: z.array(z.string().max(2000)).max(1000) }))
        .min(1)
        .max(takenFields.length),
    }),
    status: 204,
    faults: ['record.missing', 'access.denied', 'record.conflict'],
  }),
  ignoreMachines: defineCall({
    method: 'POST',
    path: '/api/v1/machines/ignore',
    tag,
    caller: 'actor',
    summary: 'Ignore machines that are no server’s, or list them again',
    input: toIgnore,
    output: ignored,
    faults: ['access.denied'],
  }),
  acceptPoolers: defineCall({
    method: 'POST',
    path: '/api/v1/discovered-poolers/accept',
    tag,
    caller: 'actor',
    summary: 'Register discovered poolers in front of their herds',
    input: z.strictObject({
      poolers: z
        .array(z.strictObject({ id: z.uuid(), herdId: z.uuid() }))
        .min(1)
        .max(1000),
    }),
    output: z.object({
      accepted: z.array(z.object({ id: z.uuid(), poolerId: z.uuid() })),
      refused: z.array(z.object({ id: z.uuid(), because: z.string() })),
    }),
    faults: ['access.denied'],
  }),
  ignore: defineCall({
    method: 'POST',
    path: '/api/v1/discovered-hosts/ignore',
    tag,
    caller: 'actor',
    summary: 'Ignore discovered hosts, instances or poolers, or list them again',
    input: toIgnore,
    output: ignored,
    faults: ['access.denied'],
  }),
  enrol: defineCall({
    method: 'POST',
    path: '/api/v1/agent/enrol',
    tag: 'agent',
    caller: 'open',
    summary: 'Enrol a host: exchange an enrolment key for a token of its own',
    description:
      'The token appears in this response and nowhere else. Enrolling again replaces the host’s former token; where the host reported within a week or its token was revoked, only after a person has accepted it (waits), and until then its reports are refused with 403.',
    input: enrolInput,
    bytesMax: 64 * 1024,
    output: z.object({ token: z.string(), hostId: z.uuid(), waits: z.boolean() }),
    status: 201,
    faults: ['auth.required', 'auth.throttled', 'record.conflict', 'input.invalid', 'input.too-large'],
  }),
  report: defineCall({
    method: 'POST',
    path: '/api/v1/agent/reports',
    tag: 'agent',
    caller: 'host',
    summary: 'Report of a host’s agent',
    description:
      'JSON, or gzip of it with Content-Encoding: gzip, at most 1 MiB unpacked. Unknown fields are kept. A report whose sequence number is not above the last one is ignored, and the response says so. A report is stored as a whole or not at all.',
    input: reportInput,
    output: z.object({
      stored: z.boolean(),
      because: z.string().optional(),
      instances: z.int().optional(),
      lastSequence: z.number().optional(),
    }),
    faults: ['auth.required', 'auth.throttled', 'input.invalid', 'input.too-large'],
  }),
  notice: defineCall({
    method: 'POST',
    path: '/api/v1/agent/notices',
    tag: 'agent',
    caller: 'host',
    summary: 'What EC2 says of the end of a host’s machine',
    description:
      'Everything that the instance metadata service says at the moment: an interruption with its time, a rebalance recommendation, or null for each that it does not say (any more). Workers hear of it at once. stored is false while the host is not registered as a server.',
    input: noticeInput,
    bytesMax: 16 * 1024,
    output: z.object({ stored: z.boolean(), because: z.string().optional() }),
    faults: ['auth.required', 'auth.throttled', 'access.denied', 'input.invalid', 'input.too-large'],
  }),
}
