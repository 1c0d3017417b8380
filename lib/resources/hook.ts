import { hooks } from '@/db/schema'
import { hookSeconds, hookSecondsMax, scriptFilePattern } from '@/lib/domain/hooks/hook'
import { defineResource } from '@/lib/kernel/resource/resource'

export const hook = defineResource({
  name: 'hook',
  table: hooks,
  noun: ['hook', 'hooks'],
  menu: { group: 'Work', key: '%', icon: 'play' },
  title: (row) => row.name,
  scope: 'environmentId',
  fields: {
    name: { kind: 'text', label: 'Name', required: true, maxLength: 80, help: 'Unique: mute the alerts.' },
    environmentId: {
      kind: 'reference',
      label: 'Environment',
      to: 'environment',
      empty: 'every environment',
      help: 'Empty: every environment, including future ones.',
    },
    herdId: {
      kind: 'reference',
      label: 'Herd',
      to: 'herd',
      sameEnvironment: true,
      empty: 'every herd',
      help: 'Empty: every herd of the environment.',
    },
    moment: {
      kind: 'choice',
      label: 'Moment',
      required: true,
      choices: [
        { value: 'before-stop', label: 'Before the stop' },
        { value: 'after-return', label: 'After the return' },
        { value: 'move-clients', label: 'Move clients (DNS entries)' },
      ],
      help: 'Before a member stops for its resize; once it has caught up again; or, for members with DNS entries of /v1/api/dns, away before the stop and back after the return.',
    },
    file: {
      kind: 'text',
      label: 'File',
      required: true,
      maxLength: 100,
      pattern: {
        source: scriptFilePattern.source,
        message: 'Write the name of a file in HOOKS_DIRECTORY, without slashes: pre-resize.sh.',
      },
      help: 'Its name in the directory that the workers’ HOOKS_DIRECTORY names: pre-resize.sh.',
    },
    timeoutSeconds: {
      kind: 'integer',
      label: 'Deadline',
      unit: 's',
      min: 1,
      max: hookSecondsMax,
      help: `Then it is told to end, and killed 5 s later with all that it started. Empty: ${hookSeconds}.`,
    },
    onFailure: {
      kind: 'choice',
      label: 'If it fails',
      choices: [
        { value: 'stop', label: 'Stop the resize and undo it', tone: 'bad' },
        { value: 'go-on', label: 'Go on and say so', tone: 'warn' },
      ],
      help: 'An exit code other than 0, its deadline, or a file that cannot be run. Empty: stop the resize.',
    },
    staysAway: {
      kind: 'flag',
      label: 'Clients stay away while it is small',
      when: { field: 'moment', is: ['move-clients'] },
      help: 'After a resize to fewer vCPUs clients are not moved back before it grows again, as pygmy did.',
    },
    isPaused: { kind: 'flag', label: 'Paused', help: 'Resizes do without it.' },
    note: { kind: 'longText', label: 'Note', maxLength: 4000 },
    createdAt: { kind: 'moment', label: 'Added', automatic: true },
    changedAt: { kind: 'moment', label: 'Changed', automatic: true },
  },
  list: {
    columns: ['name', 'environmentId', 'herdId', 'moment', 'file', 'timeoutSeconds', 'onFailure', 'isPaused'],
    filters: ['environmentId', 'moment', 'onFailure', 'isPaused'],
    search: ['name'],
    order: 'name',
  },
  sections: [
    { title: 'Hook', fields: ['name', 'environmentId', 'herdId', 'note'] },
    { title: 'Script', fields: ['moment', 'file', 'timeoutSeconds', 'onFailure', 'staysAway', 'isPaused'] },
  ],
  help: [
    'A hook is a script of yours that a resize runs on the worker, as a step of its job: with a deadline, and with what it writes in the journal. Hooks of a moment run one after the other, in order of their names; those of a herd, of its environment and of every environment alike.',
    'Scripts get the arguments of pygmy’s. Before the stop and after the return: the id of the machine, or the identifier of the DB instance. To move clients, once for each DNS entry: SCALE_DOWN (away) or SCALE_UP (back), hosted zone, DNS name, the address that the name is to hold (the primary’s, or the member’s own), A or CNAME, and the member’s address. A script that moves clients returns once the old TTL is over. The address is the public one where the machine has one.',
    'Only files in the directory HOOKS_DIRECTORY of the workers are run, never through a shell: regular files that are executable, and that, like the directory, nobody but root or the worker’s user may change. A link may not lead out of it. Every worker needs the same files.',
    'The environment of a script has PATH, HOME, LANG and MATRIARCH_JOB, MATRIARCH_CALL, MATRIARCH_OPERATION, MATRIARCH_OUTCOME (under-way, done or undone), MATRIARCH_HERD, MATRIARCH_MEMBER, MATRIARCH_TYPE_FROM and MATRIARCH_TYPE_TO, and nothing of the worker’s own: a script finds its credentials by itself.',
    'Each is run at least once. If a worker dies while a script runs, nobody knows whether it ended, and it may even go on: the next worker runs it again under the same MATRIARCH_CALL, by which a script can tell. Write scripts that may run twice.',
    'If the resize fails after the hooks before the stop, those after the return run once the member is as it was, with MATRIARCH_OUTCOME=undone; and clients are moved back. A script that fails while it is undone is said in the journal, and a person is asked.',
  ],
})
