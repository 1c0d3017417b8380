import { exitCodeMeanings } from './exit-codes'
import { importTopics } from './pygmy/topic'
import { seeingTopics } from './seeing/topics'

/** One command, as `matriarch help` prints it. */
interface Topic {
  /** One line of the overview. */
  brief: string
  usage: string
  /** What it takes besides, each with what it means. */
  inputs: readonly (readonly [string, string])[]
  examples: readonly string[]
  more?: string
}

const run = ['RUN', 'id of a run, or its title where only one has it'] as const
const scheduled = ['SCHEDULED', 'id of a scheduled run, or its title where only one has it'] as const
const digest = [
  '--digest DIGEST',
  'of the plan that was read; matriarch plan prints it. The same plan of the same things has the same digest again',
] as const
const reason = ['--reason TEXT', 'kept with the run and in the audit log'] as const
const ticket = ['--ticket TEXT', 'kept with the run'] as const
const outside = ['--outside-window', 'run although no maintenance window is open; needs a reason'] as const
const phrase = ['--phrase TEXT', 'what the plan asks to be typed'] as const
const at = ['--at TIME', "schedule it: '2026-11-21 02:00 Europe/Berlin', or window for the next maintenance window"] as const
const within = ['--start-within MINUTES', 'with --at: skip it if no worker has started it so long after its time (15)'] as const
const choosing = [
  ['TARGET …', 'names or ids of what the operation acts on'],
  ['--env, --herd, --role, …', 'instead of names: the filters of a list'],
  ['--INPUT VALUE', 'inputs of the operation; matriarch operations OPERATION lists them'],
  ['--parallel N, --per-server N', 'how many targets at once, in all and on one server'],
  ['--stop-after N, --deadline SECONDS', 'start no more targets after so many failures, or after that time'],
  ['--no-standbys-first', 'do not begin with the standbys of a herd'],
] as const

const deciding =
  'Answers the jobs of a run that need attention, or one of them. Resume checks the open step first and continues from what it finds.\nAbandon releases what the job still holds, frees its herd for other jobs and closes it as failed, listing what is left to do by hand.\nUntil then the herd stays reserved: other jobs on it wait.'

export const topics: Readonly<Record<string, Topic>> = {
  lists: {
    brief: 'list: instances, herds, servers, environments, runs, jobs, audit …; or show one',
    usage: 'matriarch RESOURCE [filters] [-o table|json|csv]\nmatriarch RESOURCE NAME|ID [-o table|json]',
    inputs: [
      [
        '--FIELD VALUE',
        'every field is a filter: !not, >more, ~part, isnull, or several separated by commas; --state down is everything not online',
      ],
      ['-q TEXT', "the search box: 'env:prod shop'"],
      ['--columns a,b --sort a,-b', 'which fields, in which order; - sorts downwards'],
      ['--page N --per N', 'which page, with how many rows (500 at most)'],
      ['-o FORMAT', 'table, json (the page as objects), csv (the whole list, names beside ids)'],
    ],
    examples: [
      'matriarch instances --env prod --state down -o csv',
      "matriarch instances --role standby --lag '>1GB' --sort -lagBytes",
      'matriarch herds dev-catalog',
    ],
    more: 'matriarch help RESOURCE lists its fields.',
  },
  ...seeingTopics,
  ...importTopics,
  operations: {
    brief: 'list the operations with their inputs',
    usage: 'matriarch operations [OPERATION] [-o table|json]',
    inputs: [['OPERATION', 'explain this one: every input with what it takes, and an example']],
    examples: ['matriarch operations', 'matriarch operations restart'],
  },
  plan: {
    brief: 'show what an operation would do now; changes nothing',
    usage: 'matriarch plan OPERATION TARGET … [input] [-o text|json]',
    inputs: choosing,
    examples: ['matriarch plan stop --env dev --herd shop --mode fast', "matriarch plan restart 'shop on db1' 'shop on db2'"],
    more: '-o json prints the whole plan with its digest. Exit code 4 when no target passes the checks.',
  },
  run: {
    brief: 'show the plan, ask, run it and follow the log',
    usage: 'matriarch run OPERATION TARGET … [input] [--yes --digest DIGEST]',
    inputs: [...choosing, ['--yes', 'do not ask; needs the digest'], digest, phrase, reason, ticket, outside, at, within],
    examples: [
      'matriarch run restart --herd shop --env dev',
      "matriarch run restart --herd shop --env prod --yes --digest DIGEST --phrase 'restart 3 in prod' --reason 'kernel update' --ticket OPS-1",
    ],
    more: 'If the plan is another one by now, nothing runs, the new plan is printed and the exit code is 5. A scheduled run is planned again at its time, and skipped, with\nthe reason, if that plan is worse than the one that was read. The log is followed to the end, with what each job waits for; Ctrl-C leaves the run running.',
  },
  build: {
    brief: 'build a cluster under Patroni from a file, or apply the file again',
    usage: 'matriarch build FILE --env ENVIRONMENT [--check | --plan] [--yes --digest DIGEST]',
    inputs: [
      ['FILE', 'the cluster file, YAML or JSON'],
      ['--env ENVIRONMENT', 'where its servers are registered'],
      ['--check', 'only read the file, and name what is wrong with it; needs no console'],
      ['--plan', 'declare it and show the plan: every file, package and command, for each server'],
      ['--yes', 'do not ask; needs the digest'],
      digest,
      phrase,
      reason,
      ticket,
      outside,
    ],
    examples: ['matriarch build shop.yaml --env dev', 'matriarch build shop.yaml --env prod --plan', 'matriarch build shop.yaml --check'],
    more: `The least that a cluster file says:
  cluster: shop
  network: 10.0.0.0/8          where clients connect from
  servers:                     registered servers, each with its parts
    db1: [postgres, etcd]
    db2: [postgres, etcd]
    edge: [etcd, pooler, proxy]
It may also say, with what holds otherwise:
  addresses: {}                where the servers reach one another, by name, if not at their registered addresses
  postgres: {major: "15", port: 5432, synchronous: on, profile: mixed, memoryMb: null, maxConnections: 200, parameters: {}}
                               synchronous off, on or strict; profile plain, transactions, mixed or reporting
  patroni: {restPort: 8008, ttl: 20, loopWait: 5, retryTimeout: 5, watchdog: off}
  etcd: {clientPort: 2379, peerPort: 2380}
  pooler: {port: 6432, poolMode: transaction, poolSize: 50, maxClients: 1000}
  proxy: {writePort: 15432, readPort: 15433}
  database: {name: app, users: [app]}
  certificateDays: 365
A file that was built is built again after a change: only what differs is written, and nothing where nothing does.`,
  },
  'run-sql': {
    brief: 'run a statement, and print the rows',
    usage: 'matriarch run-sql TARGET … --sql STATEMENT [-o table|csv|json]',
    inputs: [
      ['TARGET …', 'names or ids of instances'],
      ['--env, --herd, --role, …', 'instead of names: the filters of a list'],
      ['--sql STATEMENT', 'one statement; required'],
      ['--database NAME', 'where it runs (postgres)'],
      ['--rows-max N --bytes-max SIZE', 'the most of it that is kept, for each instance'],
      ['--statement-timeout-seconds N', 'when PostgreSQL ends it'],
      ['--write true', 'it may write; needs its own permission'],
      ['-o FORMAT', 'standard output holds nothing but the rows: as a table, as CSV, or as JSON with the types of the columns'],
      ['--yes', 'do not ask; needs the digest'],
      digest,
      phrase,
    ],
    examples: [
      "matriarch run-sql --role primary --sql 'select current_database(), now()'",
      "matriarch run-sql --herd shop --sql 'select * from pg_stat_activity' --yes --digest DIGEST -o csv > sessions.csv",
    ],
    more: 'As matriarch run run-sql: shows the plan, asks, runs the statement on every target, and prints one table with the rows of all of them. With -o the plan and the\nlog go to standard error. The exit code is that of the run; the rows of targets that answered are printed even if others failed.',
  },
  results: {
    brief: 'print the rows that an earlier run answered with',
    usage: 'matriarch results RUN [--job JOB] [-o table|csv|json]',
    inputs: [
      run,
      ['--job JOB', 'id of one job; default: all of them'],
      ['-o FORMAT', 'a NULL is NULL in the table, empty in CSV and null in JSON'],
    ],
    examples: ['matriarch results 3f1c0000-0000-4000-8000-000000000001 -o csv'],
    more: "The rows are removed after the console's RESULT_DAYS (30), and read by the role that the operation names for them (run-sql: dba).",
  },
  submit: {
    brief: 'run a plan that was read and approved',
    usage: 'matriarch submit PLAN --digest DIGEST',
    inputs: [['PLAN', 'id of the plan'], digest, phrase, reason, ticket, outside, at, within],
    examples: ['matriarch submit 3f1c0000-0000-4000-8000-000000000001 --digest DIGEST'],
    more: 'Exit code 5 when the plan is another one by now, 10 when an approval is missing.',
  },
  watch: {
    brief: 'follow a run',
    usage: 'matriarch watch RUN',
    inputs: [run],
    examples: ['matriarch watch 3f1c0000-0000-4000-8000-000000000001'],
    more: 'Prints the journal of a run from its first line and follows it, and says what a job waits for: a lock, its turn, a worker, another worker in place of one that\nis gone. Reconnects by itself. Exit code 3 when a job needs attention.',
  },
  cancel: {
    brief: 'cancel a run',
    usage: 'matriarch cancel RUN',
    inputs: [run],
    examples: ['matriarch cancel 3f1c0000-0000-4000-8000-000000000001'],
    more: 'Each job stops at its next safe point, undoes what can be undone and releases what it holds. Returns at once; matriarch watch follows it.',
  },
  retry: {
    brief: 'plan the failed targets of a run again',
    usage: 'matriarch retry RUN',
    inputs: [run],
    examples: ['matriarch retry 3f1c0000-0000-4000-8000-000000000001'],
    more: 'Makes a new plan and prints how to submit it. Exit code 4 when no target passes the checks.',
  },
  resume: {
    brief: 'resume jobs that need attention',
    usage: 'matriarch resume RUN [--job JOB]',
    inputs: [run, ['--job JOB', 'id of one job; default: every job of the run that needs attention']],
    examples: ['matriarch resume 3f1c0000-0000-4000-8000-000000000001'],
    more: `${deciding}\nresume RUN --go-on and resume RUN --give-up are the earlier spelling and still work.`,
  },
  abandon: {
    brief: 'give up jobs that need attention, and free their herds',
    usage: 'matriarch abandon RUN [--job JOB]',
    inputs: [run, ['--job JOB', 'id of one job; default: every job of the run that needs attention']],
    examples: ['matriarch abandon 3f1c0000-0000-4000-8000-000000000001'],
    more: deciding,
  },
  move: {
    brief: 'reschedule a scheduled run (run … --at TIME schedules one)',
    usage: 'matriarch move SCHEDULED --at TIME',
    inputs: [scheduled, at, outside, reason],
    examples: ["matriarch move 3f1c0000-0000-4000-8000-000000000001 --at '2026-11-21 02:00 Europe/Berlin'", 'matriarch move … --at window'],
    more: 'Its plan is made again at the new time, as before. Exit code 10 when it is no longer scheduled, or somebody else has just moved it.',
  },
  unschedule: {
    brief: 'cancel a scheduled run',
    usage: 'matriarch unschedule SCHEDULED',
    inputs: [scheduled],
    examples: ['matriarch unschedule 3f1c0000-0000-4000-8000-000000000001'],
  },
  'test-subscription': {
    brief: 'send a test message of a subscription',
    usage: 'matriarch test-subscription SUBSCRIPTION',
    inputs: [['SUBSCRIPTION', 'name or id']],
    examples: ['matriarch test-subscription on-call'],
    more: 'A worker really sends it, once, and what the destination answered is printed. Exit code 1 when it was not taken.',
  },
  host: {
    brief: 'decide on the token of a host with an agent, or forget it',
    usage: 'matriarch host accept|refuse|revoke|delete HOST',
    inputs: [
      ['accept', 'the new token of a host that enrolled again speaks for it, and the former no longer'],
      ['refuse', 'the new token does not; the former stays valid'],
      ['revoke', 'no token does, until the host enrols again and somebody accepts that'],
      ['delete', 'forget a host that was never one, with all that it reported'],
      ['HOST', 'name or id of a discovered host'],
    ],
    examples: ['matriarch host accept db1', 'matriarch host revoke db1'],
    more: 'matriarch discovered-hosts --columns hostname,nextTokenAt,tokenRevokedAt lists where a new token waits.',
  },
  key: {
    brief: 'show or replace the SSH key of an environment',
    usage: 'matriarch key show|new|switch|discard ENVIRONMENT [--force]',
    inputs: [
      ['new', 'a worker makes a key beside the current one'],
      ['switch', 'the new key is used from now on; refused while a host of the environment does not accept it'],
      ['discard', 'the new key is deleted'],
      ['ENVIRONMENT', 'name or id'],
      ['--force', 'with switch: leave hosts behind that do not accept it'],
    ],
    examples: ['matriarch key new prod', 'matriarch key show prod', 'matriarch key switch prod'],
    more: 'Between new and switch, append the line of the new key to authorized_keys on every host of the environment; workers try it every minute.',
  },
  'with-lock': {
    brief: 'lock the herd while your own command runs',
    usage: 'matriarch with-lock HERD -- COMMAND …',
    inputs: [
      ['HERD', 'name or id'],
      ['--env ENVIRONMENT', 'where several herds have the name'],
      ['--reason TEXT', 'shown to everybody who has to wait'],
      ['--wait SECONDS', 'wait for a lock that somebody else holds (0)'],
      ['--ttl SECONDS', 'until the lock expires when this process dies (60)'],
    ],
    examples: [
      "matriarch with-lock shop --env prod --reason 'reindex by hand' -- ./reindex.sh --all",
      'matriarch with-lock shop --wait 600 -- ssh db1 sudo apt-get -y upgrade',
    ],
    more: 'Jobs that need the herd wait and say for whom. The lock is released when the command ends. When the lock is lost, or the console cannot be reached for --ttl,\nthe command gets SIGTERM, and SIGKILL 10 s later. Killed with -9, this process leaves the command running without the lock.\nExit code 6 when somebody else holds the lock, 7 when the command failed, 1 when it could not be started or the lock was lost.',
  },
  verify: {
    brief: 'verify a certificate; needs no console',
    usage: 'matriarch verify FILE [--key KEY]',
    inputs: [
      ['FILE', 'the certificate, as it was downloaded'],
      ['--key KEY', 'id (SHA256:…) or PEM file of the key that must have signed it; the settings page shows both'],
    ],
    examples: ['matriarch verify certificate.json --key SHA256:…', 'matriarch verify certificate.json --key console.pem'],
    more: 'Every byte must be the one that was signed, the verdict must follow from the evidence, and the signing key must be the one given. Without --key only an alteration\nis detected, not a forgery: then it proves nothing. Exit code 0 when it is valid, signed by the key given, and proves that no logged commit is lost; 8 when it is\nvalid but does not prove it, or no key was given; 1 when it is not valid.',
  },
  spot: {
    brief: 'find the cheapest fitting machine, read manifests of pg-spot-operator, launch herds from them and end them',
    usage:
      'matriarch spot --check-price [requirements] [-o table|json|csv]\nmatriarch spot --check-manifest --manifest-path FILE [-o table|json]\nmatriarch spot --import --manifest-path FILE --env ENVIRONMENT [--account ACCOUNT] [--name NAME]\nmatriarch spot --launch --manifest-path FILE --env ENVIRONMENT [--account ACCOUNT] [--yes] [--connstr-only] [--connstr-output-path FILE]\nmatriarch spot --stop|--resume|--teardown|--connstr-only --instance-name NAME [--env ENVIRONMENT] [--yes]',
    inputs: [
      ['--cpu-min N --cpu-max N', 'vCPUs'],
      ['--ram-min N --ram-max N', 'GiB of memory'],
      ['--cpu-arch ARCH', 'arm or x86'],
      ['--storage-min N', 'GB; with --storage-type local on the machine’s own disks, else on a volume of --volume-type (gp3)'],
      ['--region A,B --zone A,B', 'where; * stands for any letters: eu-*. Public prices name no zones'],
      ['--instance-types A,B', 'only these; burstable ones as well'],
      ['--instance-family A,B', 'only families that begin so: r6,r7'],
      ['--allow-burstable', 'also types that run at full speed only for a while'],
      ['--selection-strategy NAME', 'what comes first (balanced); --list-strategies lists them'],
      ['--eviction-weight N', 'with balanced: how much evictions weigh against the price (2)'],
      ['--max-price USD --eviction-max PERCENT', 'limits; what is not known meets none'],
      ['--persistent-vms', 'on-demand machines instead of spot'],
      ['--limit N', 'rows (10)'],
      ['--unfit', 'why each other type does not fit'],
      ['--offline', 'ask nobody: the sample that comes with the console, of its date'],
      ['--list-regions, --list-strategies', 'instead of --check-price'],
      ['--manifest-path FILE, --manifest TEXT', 'YAML, flags or variables, of any release; - is standard input'],
      ['--check-manifest', 'say what becomes of each key, without a console'],
      ['--import', 'add the blueprint to the console'],
      [
        '--launch',
        'launch a herd; its blueprint is added where the console has none of that name. One that is launched already stays as it is',
      ],
      ['--stop, --resume, --teardown', 'of the herd that was launched; of a manifest only the name counts here'],
      ['--instance-name NAME', 'name or id of the blueprint, instead of a manifest'],
      ['--yes', 'agree to the plan of this moment instead of reading it first; what asks for a phrase takes --phrase too'],
      ['--connstr-only', 'print the connection string and nothing else on standard output; alone it changes nothing'],
      ['--connstr-output-path FILE', 'write the connection string into a file as well'],
      ['--console-network CIDR', 'and the other inputs of launch-herd; matriarch operations launch-herd explains them'],
    ],
    examples: [
      'matriarch spot --check-price --cpu-min 4 --ram-min 16 --region eu-* --storage-min 100',
      'matriarch spot --check-price --cpu-min 8 --selection-strategy cheapest -o json',
      'matriarch spot --import --manifest-path shop.yaml --env dev',
      'psql "$(matriarch spot --launch --manifest-path shop.yaml --env dev --console-network 198.51.100.7/32 --yes --connstr-only)"',
      "matriarch spot --teardown --instance-name shop --yes --phrase 'tear down 1 in dev'",
    ],
    more: 'Reads the public documents behind AWS’s own price pages, or those of the mirror that MATRIARCH_PRICE_FEEDS names; where none of them can be reached, the sample.\nThe connection string names every member, has no password, and stays right when the primary moves. Standbys are launched with: matriarch run launch-standby NAME\nExit code 4 when no type fits, and when a key of a manifest is unknown or makes no sense.',
  },
  login: {
    brief: 'save console and token',
    usage: 'matriarch login --url URL < token',
    inputs: [
      ['--url URL', 'where the console is'],
      ['--token TOKEN', 'instead of standard input; other users of this machine can see it'],
    ],
    examples: ['matriarch login --url https://console.example.org < token'],
    more: 'Checks the token and saves both in a file that only this user can read. Create a token in the console under People & access.',
  },
  me: {
    brief: 'show who you are',
    usage: 'matriarch me',
    inputs: [],
    examples: ['matriarch me'],
  },
}

export const helpTopics: readonly string[] = Object.keys(topics)

const columns = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, words]) => `  ${name.padEnd(width)}  ${words}`).join('\n')
}

const general = (): string =>
  [
    'matriarch COMMAND …',
    columns(Object.entries(topics).map(([name, { brief }]) => [name === 'lists' ? 'RESOURCE [NAME]' : name, brief])),
    '',
    'matriarch help COMMAND explains one command, matriarch help RESOURCE the fields of a list; matriarch --version prints the version.',
    'MATRIARCH_URL and MATRIARCH_TOKEN override the saved login.',
    'Exit codes, the same for every command:',
    columns(exitCodeMeanings.map((words, code) => [String(code), words])),
  ].join('\n')

/** What `matriarch help TOPIC` prints; without a topic the overview. null: there is no such command. */
export const helpOf = (topic: string | undefined): string | null => {
  if (topic === undefined) return general()
  const found = Object.hasOwn(topics, topic) ? topics[topic] : undefined
  if (!found) return null
  const { usage, inputs, examples, more } = found
  return [
    usage,
    ...(inputs.length > 0 ? ['', columns(inputs)] : []),
    '',
    examples.length > 1 ? 'Examples:' : 'Example:',
    ...examples.map((example) => `  ${example}`),
    ...(more ? ['', more] : []),
  ].join('\n')
}
