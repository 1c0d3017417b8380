import { z } from 'zod'
import { importAnswer, importInput } from '@/lib/shapes/pygmy-import'
import { defineCall } from '../call'

const tag = 'pygmy'
const number = z.int().describe('By which scripts know it; it never changes.')

const cluster = z.object({ id: number, name: z.string(), primaryNodeIp: z.string(), type: z.string(), enabled: z.boolean() })
const management = z.object({
  id: number,
  avg_load: z.string(),
  fallback_instances_scale_up: z.unknown(),
  fallback_instances_scale_down: z.unknown(),
  check_active_users: z.unknown(),
  cluster_id: number,
})
const managementSent = z.looseObject({
  cluster_id: z.unknown().describe('A cluster’s number.'),
  avg_load: z.unknown().describe('Kept as text; nothing is compared with it.'),
  fallback_instances_scale_up: z.unknown().optional().describe('Types to take in this order if there is no capacity: ["m5.4xlarge"].'),
  fallback_instances_scale_down: z.unknown().optional(),
  check_active_users: z
    .unknown()
    .optional()
    .describe('LIKE patterns of the users whose sessions count for checkConnection; none: all count.'),
})
const dns = z.object({
  id: number,
  hosted_zone_name: z.string(),
  dns_name: z.string(),
  match_type: z.enum(['MATCH_INSTANCE', 'MATCH_ROLE']),
  tag_role: z.string().nullable(),
  instance: number.nullable(),
  cluster: number.nullable(),
})
const rule = z.object({
  id: number,
  name: z.string(),
  cluster: number,
  action: z.string(),
  rule: z.record(z.string(), z.unknown()).describe('Types, checks and retry as they came; {} of a reverse rule.'),
  run_at: z.array(z.string()),
})
const ruleSent = z.looseObject({
  name: z.unknown(),
  cluster_id: z.unknown().describe('A cluster’s number.'),
  action: z.unknown().describe('SCALE_DOWN or SCALE_UP.'),
  typeTime: z.unknown().describe('DAILY or CRON.'),
  cronTime: z.unknown().optional().describe('One line of cron, or several: ["0/5 11-20 * * *"].'),
  ec2_default_type: z.unknown().optional().describe('m5.large'),
  enableReverse: z.unknown().optional().describe('on: with reverse_action and reverseCronTime or reverseDailyTime.'),
})
const ruleAnswer = z
  .object({
    success: z.literal(true).optional(),
    error: z.string().optional(),
    data: z.unknown().optional(),
    not_found: z.string().optional(),
  })
  .describe('What is wrong with what was sent is answered with 200 too, in error and data.')
const exception = z.object({
  id: number,
  exception_date: z.iso.date(),
  clusters: z.array(z.object({ id: number, value: z.string() })),
  added_on: z.iso.datetime(),
  updated_on: z.iso.datetime(),
})
const exceptionSent = z.looseObject({
  dates: z.unknown().describe('"2027-04-06, 2027-04-03"'),
  clusterIds: z.unknown().optional().describe('[2]'),
})
const success = z.object({ success: z.literal(true) })
const stated = z.object({ Success: z.string().optional(), Error: z.string().optional() })

const call = { tag, caller: 'actor' } as const
const scripted = { ...call, hasFieldMap: true } as const
const missing = ['record.missing', 'access.denied'] as const

/** What scripts that were written for pygmy send and read, shape for shape. Wrong fields of clusters’ management and DNS entries are answered with 400 and a map of them. */
export const pygmyCalls = {
  pygmyClusters: defineCall({
    ...scripted,
    method: 'GET',
    path: '/v1/api/clusters',
    summary: 'Herds, as pygmy lists clusters',
    output: z.array(cluster),
  }),
  pygmyToggle: defineCall({
    ...scripted,
    method: 'PUT',
    path: '/v1/api/cluster/toggle/{name}',
    summary: 'Have all rules of a herd rest, or no longer',
    input: z.looseObject({ enabled: z.unknown().describe('"true" or "false", as text.') }),
    output: stated.describe('What went wrong is answered with 200 too, in Error.'),
    faults: ['access.denied', 'record.conflict'],
  }),
  pygmyManagements: defineCall({
    ...scripted,
    method: 'GET',
    path: '/v1/api/cluster/management',
    summary: 'What is said of herds for all their rules',
    output: z.array(management),
  }),
  pygmyAddManagement: defineCall({
    ...scripted,
    method: 'POST',
    path: '/v1/api/cluster/management',
    summary: 'Say it of one more herd',
    input: managementSent,
    output: management,
    status: 201,
    faults: ['access.denied'],
  }),
  pygmyManagement: defineCall({
    ...scripted,
    method: 'GET',
    path: '/v1/api/cluster/management/{id}',
    summary: 'What is said of one herd',
    output: management,
    faults: missing,
  }),
  pygmyReplaceManagement: defineCall({
    ...scripted,
    method: 'PUT',
    path: '/v1/api/cluster/management/{id}',
    summary: 'Change it; optional fields that are left out stay as they are',
    input: managementSent,
    output: management,
    faults: missing,
  }),
  pygmyChangeManagement: defineCall({
    ...scripted,
    method: 'PATCH',
    path: '/v1/api/cluster/management/{id}',
    summary: 'Change some of it',
    input: managementSent,
    output: management,
    faults: missing,
  }),
  pygmyDeleteManagement: defineCall({
    ...scripted,
    method: 'DELETE',
    path: '/v1/api/cluster/management/{id}',
    summary: 'Take it back',
    status: 204,
    faults: missing,
  }),
  pygmyDns: defineCall({ ...call, method: 'GET', path: '/v1/api/dns', summary: 'DNS entries that hooks are given', output: z.array(dns) }),
  pygmyAddDns: defineCall({
    ...scripted,
    method: 'POST',
    path: '/v1/api/dns',
    summary: 'Add a DNS entry',
    input: z.looseObject({
      match_type: z.unknown().describe('MATCH_INSTANCE with instance (or instance_id), MATCH_ROLE with cluster and tag_role.'),
      hosted_zone_name: z.unknown(),
      dns_name: z.unknown(),
    }),
    output: dns,
    status: 201,
    faults: ['access.denied'],
  }),
  pygmyDeleteDns: defineCall({
    ...scripted,
    method: 'DELETE',
    path: '/v1/api/dns/{id}',
    summary: 'Delete a DNS entry, which pygmy cannot',
    status: 204,
    faults: missing,
  }),
  pygmyInstances: defineCall({
    ...scripted,
    method: 'GET',
    path: '/v1/api/instances',
    summary: 'Instances, as pygmy lists them',
    output: z.array(
      z.object({ id: number, instance_id: z.string(), instance_type: z.null(), isPrimary: z.boolean(), cluster: number.nullable() }),
    ),
  }),
  pygmyRules: defineCall({
    ...scripted,
    method: 'GET',
    path: '/v1/api/rules',
    summary: 'Sizing rules, as pygmy lists them',
    output: z.array(rule),
  }),
  pygmyAddRule: defineCall({
    ...scripted,
    method: 'POST',
    path: '/v1/api/rules',
    summary: 'Add a sizing rule, and the one that reverses it',
    input: ruleSent,
    output: ruleAnswer,
    faults: ['access.denied'],
  }),
  pygmyChangeRule: defineCall({
    ...scripted,
    method: 'PUT',
    path: '/v1/api/rules/{id}',
    summary: 'Replace a sizing rule; without enableReverse its reverse rule goes',
    input: ruleSent,
    output: ruleAnswer,
    faults: ['access.denied'],
  }),
  pygmyDeleteRule: defineCall({
    ...scripted,
    method: 'DELETE',
    path: '/v1/api/rules/{id}',
    summary: 'Delete a sizing rule, and the one that reverses it',
    output: success,
    faults: missing,
  }),
  pygmyExceptions: defineCall({
    ...scripted,
    method: 'GET',
    path: '/v1/api/exceptions',
    summary: 'Days on which herds rest',
    output: z.array(exception),
  }),
  pygmyAddExceptions: defineCall({
    ...scripted,
    method: 'POST',
    path: '/v1/api/exceptions',
    summary: 'Have herds rest on days, in their calendars',
    input: exceptionSent,
    output: success,
    faults: ['access.denied', 'input.invalid'],
  }),
  pygmyChangeException: defineCall({
    ...scripted,
    method: 'PUT',
    path: '/v1/api/exceptions/{id}',
    summary: 'Say which herds rest on a day',
    input: exceptionSent,
    output: z.object({ status: z.literal('Success') }),
    faults: [...missing, 'input.invalid'],
  }),
  pygmyDeleteException: defineCall({
    ...scripted,
    method: 'DELETE',
    path: '/v1/api/exceptions/{id}',
    summary: 'No herd rests on that day any more',
    output: success,
    faults: missing,
  }),
  importPygmy: defineCall({
    ...call,
    method: 'POST',
    path: '/api/v1/pygmy-imports',
    summary: 'Import what a pygmy has',
    description:
      'Answers what would be added, what is there already and what cannot be imported, with the reason. With the digest of that answer it is done, each thing by itself and as the caller; called again, it goes on with what is missing. matriarch import-pygmy reads a dump for it.',
    input: importInput,
    bytesMax: 16 * 1024 * 1024,
    output: importAnswer,
    faults: ['input.invalid', 'plan.moved', 'access.denied'],
  }),
  pygmyProgressing: defineCall({
    ...scripted,
    method: 'GET',
    path: '/v1/api/progressing/{name}',
    summary: 'Whether something is being done to a herd',
    output: z.record(z.string(), z.string()).describe('One key: True, False or Error.'),
    faults: ['record.conflict'],
  }),
  pygmyLogs: defineCall({
    ...scripted,
    method: 'GET',
    path: '/v1/api/logs',
    summary: 'Refused, as by pygmy for everybody but a browser',
    output: z.array(z.unknown()),
    faults: ['access.denied'],
  }),
}
