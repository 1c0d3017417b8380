import { environments } from '@/db/schema'
import { limitPattern } from '@/lib/domain/health/judge'
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
    name: { kind: 'text', label: 'Name', required: true, maxLength: 40, help: 'Short and unique, ignoring case: dev, stage, prod-eu.' },
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
      help: 'Open: the plan is enough. Confirm: disruptive work also requires a typed phrase. Two-person: a second person must approve the plan as well, and a second administrator any change here that protects less.',
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
      help: 'When disruptive work may be submitted, one window per entry: Sat 22:00-04:00 Europe/Berlin. Outside them a DBA must say so, with a reason. Empty: any time.',
      pattern: {
        source:
          '^((Mon|Tue|Wed|Thu|Fri|Sat|Sun)(-(Mon|Tue|Wed|Thu|Fri|Sat|Sun))? )?([01]\\d|2[0-3]):[0-5]\\d-([01]\\d|2[0-4]):[0-5]\\d( [A-Za-z]+(/[A-Za-z0-9_+-]+)*)?$',
        message: 'Write a window such as Sat 22:00-04:00 Europe/Berlin: days, from-to, time zone.',
      },
    },
    parallelMax: {
      kind: 'integer',
      label: 'Maximum targets at once',
      ...policyBounds.parallel,
      help: 'Applies to every run that touches this environment. Empty: each run decides.',
    },
    stopAfterFailuresMax: {
      kind: 'integer',
      label: 'Maximum failures before stopping',
      min: 1,
      max: 500,
      help: 'A run that touches this environment starts no further target after this many failures. Empty: each run decides.',
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
    isSampled: {
      kind: 'flag',
      label: 'Keep samples',
      help: 'Load, connections, rates, lag and sizes over time, for charts. Costs each database one small query every 10 to 60 seconds.',
    },
    keepsStatements: {
      kind: 'flag',
      label: 'Keep top statements',
      help: 'Once an hour what pg_stat_statements counted for the statements that lead, where the extension is there. Costs each database one query that reads all of its statements.',
    },
    looksAtHealth: {
      kind: 'flag',
      label: 'Look at health',
      help: 'Each hour what is about to break: wraparound, slots, sequences, dead rows, backups. Costs each database a few small queries to its catalogues, the dearest once a day, and on a standby where that answers the same.',
    },
    healthLimits: {
      kind: 'tags',
      label: 'Limits of health',
      help: 'From where a finding is a warning, and from where it is critical, where that differs from what the Health page of an instance says: sequence 60 80, or bloat 70 for a warning alone, in the unit shown there; bytes as a number. unused-index off: it is not looked at. Holds from the next look on.',
      pattern: {
        source: limitPattern,
        message: 'Write a kind and its limits, such as sequence 60 80, or a kind and off: bloat off.',
      },
    },
    looksForDrift: {
      kind: 'flag',
      label: 'Look for drift',
      help: 'A few times a day the files, packages and units of clusters that were built here are compared with their declarations. Costs each of their servers one look over SSH.',
    },
    allowsDrills: {
      kind: 'flag',
      label: 'Allow drills',
      help: 'A drill kills, restarts and switches over what applications use, to measure what that costs. Off: drills are refused here.',
    },
    answersEvictions: {
      kind: 'flag',
      label: 'Answer evictions',
      help: 'When AWS takes a spot machine back, its primary is switched over to a standby on another machine, and its standby leaves the DNS names that others share, without anybody being asked: in the two minutes of the notice nobody could approve it. Of a herd that was launched from a blueprint a new standby is launched too, at the blueprint’s price: in the place of the machine that went, or before it goes if nobody else can take over and there is time; where there is not, the volume moves to a new machine. Off: people are told, and act themselves.',
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
    { title: 'Environment', fields: ['name', 'description', 'position'] },
    {
      title: 'Safeguards',
      fields: ['colour', 'protection', 'maintenanceWindows', 'parallelMax', 'stopAfterFailuresMax', 'allowsDrills', 'answersEvictions'],
    },
    {
      title: 'Health',
      fields: ['lagBytesMax', 'lagSecondsMax', 'isSampled', 'keepsStatements', 'looksAtHealth', 'healthLimits', 'looksForDrift'],
    },
  ],
  related: [
    { resource: 'herd', by: 'environmentId' },
    { resource: 'server', by: 'environmentId' },
    { resource: 'dns-zone', by: 'environmentId' },
  ],
  help: [
    'An environment is a part of the fleet with rules of its own: dev, stage, prod. Every server and every herd belongs to exactly one, and people hold roles in it.',
    'Its protection decides what disruptive work requires; its colour keeps you from mistaking one environment for another at night.',
    'Each environment has its own SSH key, made with it, and its hosts let in no other. It is replaced from this page: a new one is made, its line is appended on every host, and once every host accepts it the two are switched.',
    'An environment that still holds servers or herds cannot be deleted: move or delete those first.',
  ],
})
