import type { SettingKind } from './setting'

/** A parameter of one server as somebody needs it who is about to set it: its kind, what is in force, and what each file says. Secrets are masked. */
export interface Parameter extends Pick<SettingKind, 'name' | 'context' | 'type' | 'unit' | 'defaultValue'> {
  /** As pg_settings has them, in the unit of the kind; null: no bound. */
  min: string | null
  max: string | null
  /** Of an enum; null: any value of its type. */
  choices: string[] | null
  /** As others have it who log in now, in the unit of the kind. Where our own session sets it for itself, what the files or the default say. */
  value: string | null
  /** pg_settings.source, as others have it. */
  source: string
  file: string | null
  line: number | null
  isPendingRestart: boolean
  /** What ALTER SYSTEM has written, as it stands in postgresql.auto.conf; null: nothing. */
  altered: string | null
  /** What the last of the other files says; null: nothing. */
  filed: { value: string; file: string; line: number } | null
  /** What the server says of the entry that counts, waiting for a restart aside; null: it is right. */
  problem: string | null
  /** Whom another value was given, which counts for them alone: `role app`, `database shop`. */
  elsewhere: string[]
  /** Its value or an entry holds a secret, which was masked: neither can be put back. */
  holdsSecret: boolean
}

/** What one look at parameters saw. Names that the server does not know are left out. */
export interface ParametersSeen {
  /** `allow_alter_system` (17 and later). */
  mayAlter: boolean
  parameters: Parameter[]
}

/** `value` null: what ALTER SYSTEM has written is taken out. */
export interface ParameterEdit {
  name: string
  value: string | null
}

/** Quoted one by one by ALTER SYSTEM, as PostgreSQL's own list is (GUC_LIST_QUOTE); extensions cannot have such. */
const quotedLists: ReadonlySet<string> = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
])
export const isQuotedList = (name: string): boolean => quotedLists.has(name.toLowerCase())

/** The elements of a list, as PostgreSQL splits one: commas between them, double quotation marks around what holds a comma, a blank or capitals. */
export const listElements = (text: string): string[] =>
  [...text.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,"]*))\s*(?:,|$)/g)].flatMap(([, quoted, plain]) =>
    quoted !== undefined ? [quoted.replaceAll('""', '"')] : plain!.trim() === '' ? [] : [plain!.trim()],
  )

/** A standby with less than its primary does not start, or stops replaying. */
export const standbyLimits: readonly string[] = [
  'max_connections',
  'max_worker_processes',
  'max_wal_senders',
  'max_prepared_transactions',
  'max_locks_per_transaction',
]
