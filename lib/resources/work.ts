import { jobs, runs } from '@/db/schema'
import type { Choice } from '@/lib/kernel/field'
import { defineResource } from '@/lib/kernel/resource'

const outcomes: readonly Choice[] = [
  { value: 'waiting', label: 'Waiting', tone: 'neutral' },
  { value: 'running', label: 'Running', tone: 'info' },
  { value: 'attention', label: 'Needs attention', tone: 'bad' },
  { value: 'done', label: 'Done', tone: 'good' },
  { value: 'failed', label: 'Failed', tone: 'bad' },
  { value: 'cancelled', label: 'Cancelled', tone: 'neutral' },
]

export const run = defineResource({
  name: 'run',
  path: 'runs',
  table: runs,
  noun: ['run', 'runs'],
  title: (row) => row.title,
  scope: { array: 'environmentIds' },
  fields: {
    title: { kind: 'text', label: 'Run', automatic: true },
    operation: { kind: 'text', label: 'Operation', automatic: true },
    resource: { kind: 'text', label: 'On', automatic: true },
    state: {
      kind: 'choice',
      label: 'State',
      automatic: true,
      choices: [...outcomes, { value: 'cancelling', label: 'Cancelling', tone: 'warn' }],
    },
    actorName: { kind: 'text', label: 'By', automatic: true },
    personId: { kind: 'reference', label: 'Person', to: 'person', automatic: true },
    reason: { kind: 'longText', label: 'Reason', automatic: true },
    ticket: { kind: 'text', label: 'Ticket', automatic: true },
    jobs: { kind: 'integer', label: 'Jobs', automatic: true },
    jobsDone: { kind: 'integer', label: 'Done', automatic: true },
    jobsFailed: { kind: 'integer', label: 'Failed', automatic: true },
    jobsAttention: { kind: 'integer', label: 'Need attention', automatic: true },
    input: { kind: 'json', label: 'Input', automatic: true },
    policy: { kind: 'json', label: 'Policy', automatic: true },
    retryOf: { kind: 'reference', label: 'Retry of', to: 'run', automatic: true },
    cancelRequestedBy: { kind: 'text', label: 'Cancelled by', automatic: true },
    createdAt: { kind: 'moment', label: 'Submitted', automatic: true },
    startedAt: { kind: 'moment', label: 'Started', automatic: true },
    finishedAt: { kind: 'moment', label: 'Ended', automatic: true },
    deadlineAt: { kind: 'moment', label: 'Deadline', automatic: true },
  },
  list: {
    columns: ['title', 'state', 'actorName', 'jobs', 'jobsDone', 'jobsFailed', 'jobsAttention', 'createdAt', 'finishedAt'],
    filters: ['state', 'operation', 'actorName'],
    search: ['title'],
    order: '-createdAt',
  },
  form: [],
  related: [{ resource: 'job', by: 'runId' }],
  help: [
    'A run is what somebody submitted: an operation, its targets, its policy and the digest of the plan they read. Each target has its own job.',
    'Nothing is lost when a page is closed: a run goes on, and its page shows the same to everybody who may see one of its environments.',
  ],
})

export const job = defineResource({
  name: 'job',
  path: 'jobs',
  table: jobs,
  noun: ['job', 'jobs'],
  title: (row) => row.title,
  scope: 'environmentId',
  fields: {
    title: { kind: 'text', label: 'Job', automatic: true },
    runId: { kind: 'reference', label: 'Run', to: 'run', automatic: true },
    operation: { kind: 'text', label: 'Operation', automatic: true },
    resource: { kind: 'text', label: 'On', automatic: true },
    targetId: { kind: 'text', label: 'Target', automatic: true },
    environmentId: { kind: 'reference', label: 'Environment', to: 'environment', automatic: true },
    herdId: { kind: 'reference', label: 'Herd', to: 'herd', automatic: true },
    serverId: { kind: 'reference', label: 'Server', to: 'server', automatic: true },
    state: {
      kind: 'choice',
      label: 'State',
      automatic: true,
      choices: [...outcomes, { value: 'undone', label: 'Undone', tone: 'warn' }, { value: 'refused', label: 'Refused', tone: 'warn' }],
    },
    step: { kind: 'text', label: 'Step', automatic: true },
    because: { kind: 'text', label: 'Why', automatic: true },
    wave: { kind: 'integer', label: 'Wave', automatic: true },
    createdAt: { kind: 'moment', label: 'Submitted', automatic: true },
    startedAt: { kind: 'moment', label: 'Started', automatic: true },
    finishedAt: { kind: 'moment', label: 'Ended', automatic: true },
  },
  list: {
    columns: ['title', 'operation', 'state', 'step', 'because', 'environmentId', 'runId', 'createdAt', 'finishedAt'],
    filters: ['state', 'operation', 'environmentId'],
    search: ['title'],
    order: '-createdAt',
  },
  form: [],
  help: ['A job is the part of a run that acts on one target. It is its journal: the intent before each deed, the outcome after it.'],
})
