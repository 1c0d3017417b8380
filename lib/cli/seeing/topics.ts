const name = (kinds: string) => ['NAME', `name or id of ${kinds}`] as const
const of = ['--of KIND, --env ENVIRONMENT', 'where several kinds of things, or several environments, have the name'] as const
const window = [
  ['--from TIME', 'such as 2026-03-01T22:00Z'],
  ['--to TIME', 'until then; default: now'],
] as const
const now = ['--now', 'have a worker look first, and wait for it (15 s at most)'] as const
const output = (formats: string) => ['-o FORMAT', formats] as const

/** Of the commands that show what was seen; as `Topic` of help.ts. */
export const seeingTopics = {
  activity: {
    brief: 'show what the sessions of an instance or a herd do now, and who blocks whom',
    usage: 'matriarch activity NAME [--all | --blocked] [-o table|json]',
    inputs: [
      name('an instance or a herd'),
      ['--all', 'idle sessions too'],
      ['--blocked', 'only who waits for whom, as a tree'],
      of,
      output('table, or json with everything that was seen'),
    ],
    examples: ['matriarch activity shop', "matriarch activity 'shop on db1' --blocked"],
    more: 'Exit code 1 when no member could be asked. matriarch operations cancel-statements, terminate-sessions: their input is PID@START, as -o json has both.',
  },
  health: {
    brief: 'show what is about to break in an instance or a herd',
    usage: 'matriarch health NAME [--all] [--now] [-o table|json]',
    inputs: [
      name('an instance or a herd'),
      ['--all', 'checks that found nothing too'],
      now,
      of,
      output('table, or json with each question and its limits'),
    ],
    examples: ['matriarch health shop', 'matriarch health shop --all --now'],
  },
  log: {
    brief: 'read, search or follow the log of an instance, or those of a herd’s members as one',
    usage: 'matriarch log NAME [--search WORDS] [--level LEVEL] [-f] [-o text|json]',
    inputs: [
      name('an instance or a herd'),
      ['--search WORDS', 'messages with these words, in any case'],
      ['--level LEVEL', 'all, warnings (and worse) or errors'],
      ['--files FILES', 'end: the last 256 KB of the present file; all: older ones too, 256 MB at most'],
      ['-f', 'go on with what is written from now on, until Ctrl-C'],
      of,
      output('text, or json with the fields of each message'),
    ],
    examples: [
      'matriarch log shop --level errors -f',
      "matriarch log 'shop on db1' --level errors -f",
      "matriarch log 'shop on db1' --search deadlock --files all",
    ],
    more: 'A worker reads the file on the host. Of a herd each message begins with its member, and errors are counted by SQLSTATE code. Exit code 1 when it could not be read, of a herd when no member’s could.',
  },
  samples: {
    brief: 'show what an instance, a herd, a server or the environments looked like over time',
    usage: 'matriarch samples [NAME] [--from TIME] [--to TIME] [--metrics a,b] [-o table|json|csv]',
    inputs: [
      ['NAME', 'name or id of an instance, a herd or a server; without it each environment'],
      ...window,
      ['--metrics a,b', 'some of the figures; a wrong one is answered with their names'],
      ['--points N', 'into how many steps the time is divided, in json and csv'],
      of,
      output('table: of each figure the last, lowest, mean and highest; json or csv: the series'),
    ],
    examples: [
      'matriarch samples shop --from 2026-03-01T22:00Z --to 2026-03-02T06:00Z',
      "matriarch samples 'shop on db1' --metrics commits,lagBytes -o csv",
    ],
    more: 'Without --from the last hour.',
  },
  savings: {
    brief: 'show what machines cost, and what sizing rules saved',
    usage: 'matriarch savings [HERD] [--from MONTH --to MONTH] [-o table|json|csv]',
    inputs: [
      name('a herd; without it all of them'),
      ['--from MONTH', 'such as 2026-10; default: this month'],
      ['--to MONTH', 'the last one; default: this month'],
      ['--env ENVIRONMENT', 'where herds of several environments have the name'],
      output('table, json, or csv with a line for each machine, month and type'),
    ],
    examples: ['matriarch savings', 'matriarch savings shop --from 2026-01 -o csv'],
    more: 'Each hour at the price on demand that was valid then, against the type the machine had before rules made it smaller. Hours that nobody saw are unknown.',
  },
  settings: {
    brief: 'compare the settings of a herd, show those of an instance, or find instances by a setting',
    usage:
      'matriarch settings NAME [--all | --changes] [--now] [-o table|json]\nmatriarch settings --name SETTING [--compare not --value VALUE] [-o table|json|csv]',
    inputs: [
      name('an instance or a herd'),
      ['--all', 'of an instance those at their default too; of a herd those in which its members agree too'],
      ['--changes', 'what changed, and when'],
      now,
      of,
      ['--name SETTING', 'without NAME: over all instances; without either: whatever waits for a restart'],
      ['--compare HOW --value VALUE', 'is, not, more or less than the value, in any unit: 4GB'],
      ['--env, --source set|default, --pending yes', 'fewer instances'],
    ],
    examples: ['matriarch settings shop', 'matriarch settings --name max_wal_size --compare not --value 4GB --env prod -o csv'],
  },
  statements: {
    brief: 'show the statements that cost an instance most (pg_stat_statements)',
    usage: 'matriarch statements INSTANCE [--order totalMs] [--from MOMENT] [--to MOMENT] [--now] [-o table|json]',
    inputs: [
      ['INSTANCE', 'name or id'],
      ['--order FIGURE', 'totalMs, meanMs, calls, rows, blocksRead, ioMs, tempBlocks or walBytes'],
      ['--from MOMENT, --to MOMENT', 'moments that were kept, as -o json lists them; --from start: since the counters began'],
      now,
      ['--env ENVIRONMENT', 'where several environments have one of this name'],
      output('table, or json'),
    ],
    examples: ["matriarch statements 'shop on db1' --order calls"],
    more: 'Without --from about the hour before --to. Exit code 1 when the extension is not there.',
  },
  timeline: {
    brief: 'show what happened to an instance, a herd or a server',
    usage: 'matriarch timeline NAME [--kind a,b] [--person NAME] [--from TIME] [--to TIME] [--all] [-o table|json|csv]',
    inputs: [
      name('an instance, a herd or a server'),
      ['--kind a,b', 'some of role, outage, restart, timeline, run, failover, certificate, change, setting, acknowledgement, alarm'],
      ['--person NAME', 'what this person did'],
      ...window,
      ['--per N, --all', 'so many lines (100), or all there are'],
      of,
      output('table, json or csv (csv: all there are)'),
    ],
    examples: ['matriarch timeline shop --from 2026-03-01T22:00Z', 'matriarch timeline shop --kind failover,outage --all -o json'],
  },
} as const
