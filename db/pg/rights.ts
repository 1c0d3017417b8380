/**
 * What the two logins of the console's own database may do with its tables; the tables' owner runs nothing but migrations. `db/pg/grant-rights.ts` grants
 * exactly this after every migration.
 */
export type Login = 'web' | 'worker'

/** The same database as another login; `postgresql://matriarch@/matriarch?host=…` is of this form as well. */
export const asLogin = (url: string, name: string): string => url.replace(/^(\w+:\/\/)[^@/]*@/, `$1${name}@`)

export interface Right {
  /** Of select, insert, update, delete. None may truncate, refer to, or own a table. */
  verbs: readonly ('select' | 'insert' | 'update' | 'delete')[]
  /** Columns that cannot be read. */
  hidden?: readonly string[]
  /** Columns that alone can be written; one of no consequence lets its holder lock rows. */
  updates?: readonly string[]
}

const right = (letters: string, more: Omit<Right, 'verbs'> = {}): Right => ({
  verbs: (['select', 'insert', 'update', 'delete'] as const).filter((verb) => letters.includes(verb[0]!)),
  ...more,
})

const reads = right('s')
const writes = right('siud')
/** What was written stays as it is. */
const adds = right('si')
/** What is long past is removed by a worker, who cannot make or read it. */
const sweeps = (...hidden: string[]): Right => right('sd', { hidden })
const none = right('')

/** A table that does not stand in `rights`: a test says so. */
export const unnamed: Right = writes

export const rights: Readonly<Record<string, Readonly<Record<Login, Right>>>> = {
  // The record of who did what: nobody takes a line back.
  audit: { web: adds, worker: adds },
  audit_checkpoints: { web: reads, worker: adds },
  audit_folds: { web: writes, worker: writes },
  audit_trails: { web: reads, worker: writes },
  changes: { web: adds, worker: adds },
  certificates: { web: reads, worker: adds },
  journal: { web: adds, worker: adds },

  // People and what lets them in are the web's.
  people: { web: writes, worker: right('s', { hidden: ['password_hash'] }) },
  grants: { web: writes, worker: reads },
  identities: { web: writes, worker: none },
  sessions: { web: writes, worker: right('sd') },
  tokens: { web: writes, worker: right('s', { hidden: ['hash'] }) },
  second_factors: { web: writes, worker: sweeps('secret') },
  recovery_codes: { web: writes, worker: none },
  half_logins: { web: writes, worker: sweeps('hash') },
  passkey_challenges: { web: writes, worker: sweeps('challenge') },
  login_attempts: { web: writes, worker: right('sd') },
  idempotency: { web: writes, worker: none },
  saved_views: { web: writes, worker: none },

  // What is sealed for the workers, the web closes and cannot read; which keys the console signs and seals with is the workers' to say.
  console_keys: { web: right('siud', { hidden: ['sealed_private_key'], updates: ['state'] }), worker: writes },
  settings: { web: reads, worker: writes },
  dns_zones: { web: right('siud', { hidden: ['sealed_key_secret', 'sealed_access_secret'] }), worker: right('su') },
  cloud_accounts: { web: right('siud', { hidden: ['sealed_access_secret'] }), worker: right('su') },
  // A signing secret that is replaced becomes the previous one, so the web reads it, sealed as it is.
  subscriptions: {
    web: right('siud', { hidden: ['sealed_slack_url', 'sealed_routing_key', 'sealed_previous_signing'] }),
    worker: right('su'),
  },

  // What protects an environment is changed by people alone; a worker locks its row while a key is replaced.
  environments: { web: writes, worker: right('su', { updates: ['changed_at'] }) },
  // A worker registers those of a cluster that is adopted or launched, and removes those of one that is torn down.
  servers: { web: right('siud', { hidden: ['sealed_endpoint_password'] }), worker: writes },
  herds: { web: writes, worker: writes },
  herd_facts: { web: writes, worker: writes },
  instances: { web: writes, worker: writes },
  poolers: { web: writes, worker: writes },
  // What is secret of a declared cluster is made, sealed and opened by workers alone.
  stacks: { web: writes, worker: right('su', { updates: ['built_at', 'built_file'] }) },
  stack_looks: { web: reads, worker: writes },
  stack_secrets: { web: right('s', { hidden: ['sealed'] }), worker: writes },
  authorities: { web: right('s', { hidden: ['sealed_key'] }), worker: writes },
  pooler_herds: { web: writes, worker: writes },
  dns_names: { web: writes, worker: right('su') },
  etcd_clusters: { web: writes, worker: writes },
  proxies: { web: writes, worker: writes },
  followed_leaders: { web: none, worker: writes },
  // What the cloud says comes from workers; what the console holds a machine to be, a person may say.
  machines: {
    web: right('su', {
      updates: [
        ...['server_id', 'tie', 'hand_server_id', 'is_ignored', 'recorded', 'recorded_at', 'recorded_by'],
        ...['drift_fields', 'differences', 'drifted_at', 'changed_at', 'revision'],
      ],
    }),
    worker: writes,
  },
  price_lists: { web: reads, worker: writes },
  machine_spans: { web: reads, worker: writes },
  type_prices: { web: reads, worker: adds },
  // An agent's notice comes to the web; what is done about it, a worker decides.
  evictions: { web: right('siu'), worker: writes },
  eviction_answers: { web: reads, worker: writes },
  discovery_rules: { web: writes, worker: reads },
  enrolment_keys: { web: writes, worker: sweeps('hash') },
  discovered_hosts: { web: writes, worker: right('s', { hidden: ['token_hash', 'next_token_hash'] }) },
  discovered_instances: { web: writes, worker: reads },
  discovered_poolers: { web: writes, worker: writes },
  acknowledgements: { web: writes, worker: right('sd') },

  plans: { web: right('siu'), worker: writes },
  runs: { web: right('siu'), worker: right('siu') },
  jobs: { web: right('siu'), worker: right('siu') },
  scheduled_runs: { web: right('siu'), worker: right('siu') },
  blueprints: { web: right('siud', { hidden: ['sealed_admin_password'] }), worker: right('su') },
  launch_keys: { web: none, worker: writes },
  sizing_rules: { web: writes, worker: right('su') },
  sizing_decisions: { web: adds, worker: right('siud') },
  calendars: { web: writes, worker: reads },
  hooks: { web: writes, worker: reads },
  // Of /v1/api.
  pygmy_counters: { web: writes, worker: none },
  pygmy_numbers: { web: writes, worker: none },
  pygmy_managements: { web: writes, worker: none },
  pygmy_names: { web: writes, worker: reads },
  pygmy_dates: { web: writes, worker: none },
  pygmy_calls: { web: right('sid'), worker: none },
  sizing_recommendations: { web: reads, worker: writes },
  sizing_limits: { web: writes, worker: reads },
  // By a trigger, with every step of a job.
  failovers: { web: right('siu'), worker: right('siu') },
  result_grids: { web: reads, worker: right('sid') },
  canary_strips: { web: reads, worker: writes },
  leases: { web: writes, worker: writes },
  workers: { web: reads, worker: writes },
  live_looks: { web: writes, worker: writes },
  host_checks: { web: adds, worker: right('sud') },

  incidents: { web: reads, worker: writes },
  deliveries: { web: adds, worker: writes },
  notices: { web: adds, worker: right('sud') },

  // By triggers, as the owner.
  fleet_events: { web: reads, worker: right('sd') },

  // Figures.
  samples_fresh: { web: reads, worker: adds },
  samples_hourly: { web: reads, worker: adds },
  samples_daily: { web: reads, worker: adds },
  setting_catalogues: { web: reads, worker: writes },
  setting_kinds: { web: reads, worker: writes },
  instance_settings: { web: reads, worker: writes },
  setting_looks: { web: reads, worker: writes },
  setting_changes: { web: reads, worker: right('sid') },
  patroni_configs: { web: reads, worker: writes },
  statement_keys: { web: reads, worker: writes },
  statement_samples: { web: reads, worker: writes },
  statement_looks: { web: reads, worker: writes },
  health_looks: { web: reads, worker: writes },
  health_findings: { web: reads, worker: writes },

  // Views.
  dr_pairs: { web: reads, worker: reads },
  herd_list: { web: reads, worker: reads },
}
