import { z } from 'zod'
import { fieldSchema } from '@/lib/fields/schema'
import { server } from '@/lib/resources/server'
import { appointmentSchema, confirmationSchema, policySchema, scheduledMoveSchema, targetsSchema } from '@/lib/shapes/plan-schema'
import { defineCall } from '../call'

const tag = 'operations'
const json = z.record(z.string(), z.unknown())

const wanted = {
  operation: z.string().describe('A name from GET /api/v1/operations.'),
  targets: targetsSchema.optional().describe('Ids of the targets.'),
  filter: z.string().max(4000).optional().describe('Instead of targets: the query of a list, such as `environmentId=…&state=online`.'),
  input: json.default({}),
  policy: policySchema.partial().optional(),
}
const hasOneChoice = ({ targets, filter }: { targets?: string[]; filter?: string }) => (targets === undefined) !== (filter === undefined)
const oneChoice = { message: 'Give either targets or filter.', path: ['targets'] }

/** A plan that was read, and what its submission says besides. */
const submitted = {
  ...wanted,
  operation: wanted.operation.optional(),
  ...confirmationSchema.shape,
  planId: confirmationSchema.shape.planId.optional(),
}
const hasOnePlan = ({ planId, operation }: { planId?: string; operation?: string }) => (planId === undefined) !== (operation === undefined)
const onePlan = { message: 'Give either planId or operation with its targets.', path: ['planId'] }

const hasOneHost = ({ serverId, environmentId, address }: { serverId?: string; environmentId?: string; address?: unknown }) =>
  serverId === undefined ? environmentId !== undefined && address !== undefined : environmentId === undefined && address === undefined
const oneHost = { message: 'Give either serverId, or environmentId and address.', path: ['serverId'] }

const planAnswer = z.object({
  id: z.uuid(),
  page: z.string().describe('Where people read and approve it, below the address of the console.'),
  state: z.enum(['asked', 'making', 'ready', 'failed']),
  because: z.string().nullable(),
  digest: z
    .string()
    .nullable()
    .describe('To be sent back with the submission. A plan made again of the same things has the same digest: it is no one-time value.'),
  phrase: z.string().nullable().describe('To be typed, or sent back as it is.'),
  waitsFor: z.array(z.string()).describe('What a run of it would wait for if it were submitted now: who has the locks of its targets.'),
  plan: json.nullable(),
  approvedBy: z.string().nullable(),
  approvedAt: z.iso.datetime().nullable(),
  runId: z.uuid().nullable(),
  createdAt: z.iso.datetime(),
})
const planFaults = ['input.invalid', 'access.denied', 'record.missing', 'worker.absent', 'plan.failed', 'limit.reached'] as const

const jobState = z.enum(['waiting', 'running', 'attention', 'done', 'undone', 'failed', 'refused', 'cancelled'])
const waitsFor = z
  .string()
  .nullable()
  .describe(
    'What an open job waits for: a worker, a lock, other jobs of its run, or another worker in place of one that is gone. null: it goes on.',
  )

export const workCalls = {
  operations: defineCall({
    method: 'GET',
    path: '/api/v1/operations',
    tag,
    caller: 'actor',
    summary: 'List the operations with the JSON schema of their input',
    output: z.object({ items: z.array(z.looseObject({ name: z.string(), on: z.string(), input: json })) }),
  }),
  makePlan: defineCall({
    method: 'POST',
    path: '/api/v1/plans',
    tag,
    caller: 'actor',
    summary: 'Make a plan: what an operation would do to its targets now',
    description: 'A worker checks every target and changes nothing. Responds when the plan is ready, within 30 s.',
    input: z.strictObject(wanted).refine(hasOneChoice, oneChoice),
    output: planAnswer,
    faults: planFaults,
  }),
  plan: defineCall({
    method: 'GET',
    path: '/api/v1/plans/{id}',
    tag,
    caller: 'actor',
    summary: 'Read a plan',
    output: planAnswer,
    faults: ['record.missing'],
  }),
  approvePlan: defineCall({
    method: 'POST',
    path: '/api/v1/plans/{id}/approve',
    tag,
    caller: 'actor',
    summary: 'Approve another person’s plan',
    description:
      'Only for a person who is signed in, never for an API token. A plan that waits for its time is approved for that time: moving it takes the approval back.',
    input: z.strictObject({
      digest: z.string(),
      at: z.iso.datetime({ offset: true }).optional().describe('When the plan is scheduled: the time it waits for.'),
    }),
    status: 204,
    faults: ['access.denied', 'plan.moved', 'plan.approval'],
  }),
  submitRun: defineCall({
    method: 'POST',
    path: '/api/v1/runs',
    tag,
    caller: 'actor',
    summary: 'Run a plan that was read',
    description:
      'Give the planId of a plan, or the same operation, targets, input and policy again, and the digest that was read. The worker checks every target again first: 409 `plan.moved` carries the new plan when something has changed, and nothing has run.',
    input: z.strictObject(submitted).refine(hasOnePlan, onePlan),
    output: z.object({ id: z.uuid(), notice: z.string().nullable().describe('Said when something unusual delays it.') }),
    status: 202,
    faults: [...planFaults, 'plan.moved', 'plan.phrase', 'plan.refused', 'plan.approval', 'run.closed'],
  }),
  scheduleRun: defineCall({
    method: 'POST',
    path: '/api/v1/scheduled-runs',
    tag: 'scheduled-runs',
    caller: 'actor',
    summary: 'Schedule a plan that was read',
    description:
      'Requires now everything that POST /api/v1/runs requires. At the scheduled time a worker makes the plan again in the name of the caller, and skips the run, with the reason, when a check refuses or warns of something new, or when a target has changed.',
    input: z
      .strictObject({
        ...submitted,
        at: appointmentSchema.shape.at,
        startWithinMinutes: appointmentSchema.shape.startWithinMinutes,
      })
      .refine(hasOnePlan, onePlan),
    output: z.object({ id: z.uuid(), at: z.string() }),
    status: 201,
    faults: [...planFaults, 'plan.moved', 'plan.phrase', 'plan.refused', 'plan.approval', 'plan.window'],
  }),
  moveScheduled: defineCall({
    method: 'POST',
    path: '/api/v1/scheduled-runs/{id}/move',
    tag: 'scheduled-runs',
    caller: 'actor',
    summary: 'Move a scheduled run to another time',
    description:
      'Requires the permission to run it; the new time is checked as the first one was. The plan that was read is kept and made again at the new time. `revision` is the one that was read; when somebody else has moved the run since, the response is 409 with the current time.',
    input: scheduledMoveSchema,
    output: z.object({ id: z.uuid(), at: z.string(), revision: z.int() }),
    faults: ['input.invalid', 'plan.window', 'plan.failed', 'run.closed', 'access.denied', 'record.missing', 'record.conflict'],
  }),
  cancelScheduled: defineCall({
    method: 'POST',
    path: '/api/v1/scheduled-runs/{id}/cancel',
    tag: 'scheduled-runs',
    caller: 'actor',
    summary: 'Cancel a scheduled run',
    status: 204,
    faults: ['run.closed', 'access.denied', 'record.missing'],
  }),
  run: defineCall({
    method: 'GET',
    path: '/api/v1/runs/{id}',
    tag,
    caller: 'actor',
    summary: 'Read a run with its jobs and their steps',
    output: z.looseObject({
      id: z.uuid(),
      operation: z.string(),
      title: z.string(),
      state: z.string(),
      jobs: z.array(z.looseObject({ id: z.uuid(), title: z.string(), state: jobState, because: z.string().nullable(), waitsFor })),
    }),
    faults: ['record.missing'],
  }),
  runEvents: defineCall({
    method: 'GET',
    path: '/api/v1/runs/{id}/events',
    tag,
    caller: 'actor',
    summary: 'Journal lines of a run as server-sent events',
    description:
      'Starts at the first line, or after Last-Event-ID (header or query parameter `after`). `line` carries one line of the journal, `run` the state of the run and what each open job waits for, whenever one of them changes, and `end` comes last, when the run has ended. `x-events` describes the data of each.',
    query: { after: { description: 'Event id after which to start.', schema: { type: 'integer', minimum: 0 } } },
    contentType: 'text/event-stream',
    events: {
      line: z.looseObject({ jobId: z.uuid(), seq: z.int(), at: z.iso.datetime(), kind: z.string() }),
      run: z.object({
        state: z.enum(['waiting', 'running', 'cancelling', 'attention', 'done', 'failed', 'cancelled']),
        jobs: z.array(z.object({ id: z.uuid(), title: z.string(), state: jobState, because: z.string().nullable(), waitsFor })),
      }),
      end: z.enum(['finished', 'refused', 'gone']),
    },
    faults: ['record.missing', 'input.invalid'],
  }),
  runResults: defineCall({
    method: 'GET',
    path: '/api/v1/runs/{id}/results',
    tag,
    caller: 'actor',
    summary: 'Read the rows that a run’s statement answered with',
    description:
      'For the role that the operation names for its results (Run SQL: dba); targets of other environments are counted in `hidden`. Rows are removed after `keptDays`: `rows` is then null and `without` is `removed`. An answer holds at most 64 MiB of rows; the results beyond have `without: no-room` and are asked for with `job`. With `format=csv` all targets are one table, whose first column names the instance; columns of the same name are joined, NULL is an empty field, and what has no rows any more is left out.',
    alsoContentType: 'text/csv',
    query: { format: 'json (default) or csv.', job: 'Id of one job.' },
    output: z.object({
      runId: z.uuid(),
      keptDays: z.int(),
      hidden: z.int(),
      jobs: z.array(
        z.object({
          jobId: z.uuid(),
          instance: z.string(),
          targetId: z.uuid(),
          columns: z.array(z.object({ name: z.string(), type: z.string().nullable().describe('As PostgreSQL names it.') })),
          rows: z.array(z.array(z.string().nullable())).nullable().describe('PostgreSQL’s own text; null: NULL.'),
          without: z.enum(['removed', 'no-room']).nullable(),
          kept: z.int().describe('Rows that are, or were, kept.'),
          rowCount: z.int(),
          isCut: z.boolean().describe('The limit of rows or bytes of the run left some out.'),
          command: z.string(),
        }),
      ),
    }),
    faults: ['record.missing', 'access.denied', 'input.invalid'],
  }),
  cancelRun: defineCall({
    method: 'POST',
    path: '/api/v1/runs/{id}/cancel',
    tag,
    caller: 'actor',
    summary: 'Cancel: stop each job at its next safe point, undo and release',
    status: 204,
    faults: ['run.closed', 'access.denied'],
  }),
  resumeRun: defineCall({
    method: 'POST',
    path: '/api/v1/runs/{id}/resume',
    tag,
    caller: 'actor',
    summary: 'Resume or abandon jobs that need attention',
    input: z.strictObject({
      decision: z
        .enum(['resume', 'abandon', 'go-on', 'give-up'])
        .transform((word) => (word === 'go-on' ? 'resume' : word === 'give-up' ? 'abandon' : word))
        .describe(
          'resume: check the open step again and continue. abandon: release what is held, free its herd for other jobs and close the job as failed. Until one of the two is said no other job starts on its herd. go-on and give-up are aliases.',
        ),
      jobId: z.uuid().optional().describe('One job; default: every job of the run that needs attention.'),
    }),
    output: z.object({ jobs: z.array(z.uuid()) }),
    faults: ['run.closed', 'access.denied'],
  }),
  retryRun: defineCall({
    method: 'POST',
    path: '/api/v1/runs/{id}/retry',
    tag,
    caller: 'actor',
    summary: 'Make a new plan for the failed targets only',
    output: planAnswer,
    faults: planFaults,
  }),
  checkServer: defineCall({
    method: 'POST',
    path: '/api/v1/servers/check',
    tag,
    caller: 'actor',
    summary: 'Check a server, or a host before it is registered, step by step',
    description:
      'Reachability, host key, login, machine, user, binaries, versions, clusters, disk, clock. By a worker; changes nothing on the host. With serverId it is a run. With environmentId and address it is for those who may register servers there, and no run: without hostKey the answer tells the key that the host shows, and nothing runs there; with it the environment’s SSH key is tried.',
    input: z
      .strictObject({
        serverId: z.uuid().optional(),
        environmentId: z.uuid().optional(),
        address: fieldSchema(server.fields.address).optional().describe('IP address or name of a host that is not registered.'),
        sshPort: fieldSchema(server.fields.sshPort),
        sshUser: fieldSchema(server.fields.sshUser),
        hostKey: fieldSchema(server.fields.hostKey),
        profile: fieldSchema(server.fields.profile),
      })
      .refine(hasOneHost, oneHost),
    output: z.object({
      runId: z.uuid().nullable().describe('null: the host is not registered, and there is no run.'),
      state: z.string(),
      because: z.string().nullable(),
      notes: z.array(z.string()),
      result: z.unknown(),
    }),
    faults: [...planFaults, 'plan.moved'],
  }),
}
