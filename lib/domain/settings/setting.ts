/** A setting of one server whose value is not its default, as it is in force there, or that waits for a restart. */
export interface Setting {
  name: string
  /** As pg_settings has it: in the unit of its kind, without one. Secrets in it are masked. */
  value: string | null
  /** The value as bytes, milliseconds or the number itself, whatever its unit; null: no number. */
  number: number | null
  /** pg_settings.source: `configuration file`, `command line`, `override`, `environment variable` … */
  source: string
  /** Where it is written; null: in no file, or the console may not know. */
  file: string | null
  line: number | null
  isPendingRestart: boolean
  /** What its files say and a restart brings; null: the same, or not known. */
  pendingValue: string | null
}

/** What is the same for every server of a version with the same libraries. */
export interface SettingKind {
  name: string
  category: string
  description: string
  /** pg_settings.context: `postmaster` needs a restart, `sighup` a reload. */
  context: string
  type: 'bool' | 'enum' | 'integer' | 'real' | 'string'
  /** `kB`, `8kB`, `ms`, `min` …; null: none. */
  unit: string | null
  defaultValue: string | null
}

/** What one look at a server's settings saw. */
export interface SettingsLook {
  /** Digest of the kinds that the server has: servers with the same share a catalogue. */
  catalogue: string
  version: string
  /** ISO times: of the last reload, and of the start. */
  loadedAt: string
  startedAt: string
  settings: Setting[]
}

/** States of the session that looks, or values that every session sets for itself. */
export const ofSessions: ReadonlySet<string> = new Set([
  'application_name',
  'client_encoding',
  'in_hot_standby',
  'is_superuser',
  'role',
  'seed',
  'session_authorization',
  'transaction_deferrable',
  'transaction_isolation',
  'transaction_read_only',
])

/** Settings that tell members of one herd apart by their nature. */
const expected: ReadonlySet<string> = new Set([
  'cluster_name',
  'config_file',
  'data_directory',
  'event_source',
  'external_pid_file',
  'hba_file',
  'ident_file',
  'listen_addresses',
  'log_directory',
  'port',
  'primary_conninfo',
  'primary_slot_name',
  'promote_trigger_file',
  'ssl_ca_file',
  'ssl_cert_file',
  'ssl_key_file',
  'stats_temp_directory',
  'unix_socket_directories',
])

export const isExpectedToDiffer = (name: string): boolean => expected.has(name)
