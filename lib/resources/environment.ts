import { environments } from '@/db/schema'
import { policyBounds } from '@/lib/kernel/operation/plan'
import { defineResource } from '@/lib/kernel/resource/resource'

export const environment = defineResource({
  name: 'environment',
  table: environments,
  noun: ['environment', 'environments'],
  menu: { group: 'Fleet', key: 'e', icon: 'boxes' },
  title: (row) => row.name,
  scope: 'id',
  fields: {
    name: { kind: 'text', label: 'Name', required: true, maxLength: 40, help: 'Short and unique, whatever the case: dev, stage, prod-eu.' },
    colour: {
      kind: 'choice',
      label: 'Colour',
      required: true,
      help: 'Shown on every page and button that touches this environment. Keep red for production.',
      choices: [
        { value: 'slate', label: 'Slate' },
        { value: 'green', label: 'Green' },
        { value: 'blue', label: 'Blue' },
        { value: 'violet', label: 'Violet' },
        { value: 'amber', label: 'Amber' },
        { value: 'red', label: 'Red' },
      ],
    },
    protection: {
      kind: 'choice',
      label: 'Protection',
      required: true,
      help: 'Open asks nothing beyond the plan. Confirm asks for a typed phrase before disruptive work. Two-person also wants a second person to approve the plan.',
      choices: [
        { value: 'open', label: 'Open', tone: 'neutral' },
        { value: 'confirm', label: 'Confirm', tone: 'warn' },
        { value: 'two-person', label: 'Two-person', tone: 'bad' },
      ],
    },
    description: { kind: 'longText', label: 'Description', maxLength: 2000, help: 'What runs here and whom to call.' },
    maintenanceWindows: {
      kind: 'tags',
      label: 'Maintenance windows',
      help: 'When disruptive work may be submitted, one entry each: Sat 22:00-04:00 Europe/Berlin. Outside them a DBA has to say so, with a reason. None: any time.',
      pattern: {
        source:
          '^((Mon|Tue|Wed|Thu|Fri|Sat|Sun)(-(Mon|Tue|Wed|Thu|Fri|Sat|Sun))? )?([01]\\d|2[0-3]):[0-5]\\d-([01]\\d|2[0-4]):[0-5]\\d( [A-Za-z]+(/[A-Za-z0-9_+-]+)*)?$',
        message: 'Write a window such as Sat 22:00-04:00 Europe/Berlin: days, from-to, time zone.',
      },
    },
    parallelMax: {
      kind: 'integer',
      label: 'At once, at most',
      ...policyBounds.parallel,
      help: 'Runs that touch this environment work on no more targets at the same time. Empty: each run decides.',
    },
    stopAfterFailuresMax: {
      kind: 'integer',
      label: 'Stop after failures, at most',
      min: 1,
      max: 500,
      help: 'Runs that touch this environment start nothing more after this many failed. Empty: each run decides.',
    },
    lagBytesMax: {
      kind: 'bytes',
      label: 'Lagging from (WAL)',
      help: 'A standby further behind than this is lagging: on the front page, in lists and among candidates. Empty: 64 MB.',
    },
    lagSecondsMax: {
      kind: 'integer',
      label: 'Lagging from (seconds)',
      min: 1,
      max: 86_400,
      help: 'A standby further behind in time than this is lagging. Empty: 60.',
    },
    position: { kind: 'integer', label: 'Position', min: 0, max: 1000, help: 'Environments are shown in this order, then by name.' },
    createdAt: { kind: 'moment', label: 'Registered', automatic: true },
    changedAt: { kind: 'moment', label: 'Changed', automatic: true },
  },
  list: {
    columns: ['name', 'protection', 'description', 'maintenanceWindows'],
    filters: ['protection', 'colour'],
    search: ['name'],
    order: 'name',
  },
  sections: [
    { title: 'Territory', fields: ['name', 'description', 'position'] },
    { title: 'Care', fields: ['colour', 'protection', 'maintenanceWindows', 'parallelMax', 'stopAfterFailuresMax'] },
    { title: 'Health', fields: ['lagBytesMax', 'lagSecondsMax'] },
  ],
  related: [
    { resource: 'herd', by: 'environmentId' },
    { resource: 'server', by: 'environmentId' },
    { resource: 'dns-zone', by: 'environmentId' },
  ],
  help: [
    'An environment is a territory: dev, stage, prod. Every server and every herd belongs to exactly one, and people are given roles in it.',
    'Its protection decides how much care disruptive work asks for; its colour keeps you from mistaking one for another at night.',
    'An environment that still holds servers or herds cannot be deleted: move or delete those first.',
  ],
})
