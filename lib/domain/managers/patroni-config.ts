/** A value of Patroni's dynamic configuration. */
export type ConfigValue = string | number | boolean | null | ConfigValue[] | { [key: string]: ConfigValue | undefined }
export type ConfigObject = { [key: string]: ConfigValue | undefined }

/** One line of an edit: `null` takes the setting out. */
export interface ConfigEdit {
  path: string[]
  value: ConfigValue
}

/** The configuration's key under which a pause of ours says which one it is; Patroni leaves keys alone that it does not know. */
export const pauseKey = 'matriarch_pause'

type Kind = { kind: 'whole'; least: number } | { kind: 'flag' } | { kind: 'json' }
const whole = (least: number): Kind => ({ kind: 'whole', least })
const flag: Kind = { kind: 'flag' }
const json: Kind = { kind: 'json' }

/** Seconds, bytes or counts, as Patroni's documentation has them. */
const known: Readonly<Record<string, Kind>> = {
  ttl: whole(20),
  loop_wait: whole(1),
  retry_timeout: whole(3),
  maximum_lag_on_failover: whole(0),
  maximum_lag_on_syncnode: whole(-1),
  max_timelines_history: whole(0),
  check_timeline: flag,
  primary_start_timeout: whole(0),
  primary_stop_timeout: whole(0),
  master_start_timeout: whole(0),
  master_stop_timeout: whole(0),
  synchronous_mode: json,
  synchronous_mode_strict: flag,
  synchronous_node_count: whole(1),
  failsafe_mode: flag,
  member_slots_ttl: json,
  slots: json,
  ignore_slots: json,
  'postgresql.use_pg_rewind': flag,
  'postgresql.use_slots': flag,
  'postgresql.pg_hba': json,
  'postgresql.pg_ident': json,
  'postgresql.recovery_conf': json,
}

const notHere: Readonly<Record<string, string>> = {
  pause: 'use Pause Patroni or Resume Patroni',
  standby_cluster: 'it makes a standby cluster of it, or ends one, and is not changed here: use `patronictl edit-config`',
  [pauseKey]: 'it belongs to a pause',
}
/** Patroni sets them itself from each member's own file. */
const ownOfMembers: ReadonlySet<string> = new Set(['listen_addresses', 'port', 'cluster_name', 'hot_standby'])

const parameters = 'postgresql.parameters.'

/** `NAME = VALUE`, one a line. The problems are sentences, each with the number of its line. */
export const parseEdits = (text: string): { edits: ConfigEdit[]; problems: string[] } => {
  const edits: ConfigEdit[] = []
  const problems: string[] = []
  const seen = new Set<string>()
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const at = line.indexOf('=')
    const [name, given] = at < 1 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()]
    const edit = at < 1 || given === '' ? 'write NAME = VALUE; null takes the setting out' : editOf(name, given)
    if (typeof edit === 'string') problems.push(`Line ${index + 1} (${name}): ${edit}.`)
    else if (seen.has(name)) problems.push(`Line ${index + 1} (${name}): it is there twice.`)
    else edits.push(edit)
    seen.add(name)
  }
  if (edits.length === 0 && problems.length === 0) problems.push('No setting is named: write NAME = VALUE.')
  return { edits, problems }
}

const editOf = (name: string, given: string): ConfigEdit | string => {
  if (Object.hasOwn(notHere, name)) return notHere[name]!
  if (name.startsWith(parameters)) {
    const parameter = name.slice(parameters.length)
    if (!/^[a-z_][a-z0-9_.]*$/i.test(parameter)) return 'that is no name of a PostgreSQL setting'
    if (ownOfMembers.has(parameter)) return 'Patroni sets it itself from the file of each member'
    const value = readValue(given)
    if (typeof value === 'object' && value !== null) return 'a PostgreSQL setting is a text, a number or true and false'
    return { path: ['postgresql', 'parameters', parameter], value }
  }
  const kind = Object.hasOwn(known, name) ? known[name] : undefined
  if (kind === undefined) return `Patroni has no such setting; those of PostgreSQL are written ${parameters}NAME`
  const value = readValue(given)
  const problem = value === null ? null : problemOf(kind, value)
  return problem ?? { path: name.split('.'), value }
}

/** JSON where it is JSON; all else is a text. */
const readValue = (given: string): ConfigValue => {
  try {
    return JSON.parse(given) as ConfigValue
  } catch {
    return given
  }
}

const problemOf = (kind: Kind, value: ConfigValue): string | null => {
  if (kind.kind === 'flag') return typeof value === 'boolean' ? null : 'it is true or false'
  if (kind.kind === 'json') return null
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return 'it is a whole number'
  return value < kind.least ? `it is at least ${kind.least}` : null
}

const isTree = (value: ConfigValue | undefined): value is ConfigObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** null: it is not there. */
export const configAt = (config: ConfigObject, path: readonly string[]): ConfigValue => {
  let at: ConfigValue | undefined = config
  for (const key of path) at = isTree(at) && Object.hasOwn(at, key) ? at[key] : undefined
  return at ?? null
}

/** What PATCH /config is sent: a setting that is an object goes as it is to be, without what it has now. */
export const patchOf = (config: ConfigObject, edits: readonly ConfigEdit[]): ConfigObject => {
  const patch: ConfigObject = {}
  for (const { path, value } of edits) {
    let at = patch
    for (const key of path.slice(0, -1)) {
      const there = at[key]
      const next: ConfigObject = isTree(there) ? there : {}
      at[key] = next
      at = next
    }
    const now = configAt(config, path)
    const gone = isTree(now) && isTree(value) ? Object.fromEntries(Object.keys(now).map((key) => [key, null])) : {}
    at[path.at(-1)!] = isTree(value) ? { ...gone, ...value } : value
  }
  return patch
}

const defaults = { ttl: 30, loop_wait: 10, retry_timeout: 10 }

/** A leader that renews its key must have time for it, or it would be demoted for a hiccup of the DCS. null: it has. */
export const paceProblem = (config: ConfigObject, edits: readonly ConfigEdit[]): string | null => {
  const [ttl, wait, retry] = (['ttl', 'loop_wait', 'retry_timeout'] as const).map((name) => {
    const edit = edits.find(({ path }) => path.length === 1 && path[0] === name)
    const value = edit === undefined ? configAt(config, [name]) : edit.value
    return typeof value === 'number' ? value : defaults[name]
  }) as [number, number, number]
  return wait + 2 * retry <= ttl
    ? null
    : `loop_wait (${wait} s) and twice retry_timeout (${retry} s) are more than ttl (${ttl} s): the leader key would run out while the DCS is asked again.`
}

/** Take effect with a restart: those that Patroni passes on the command line, and others that people change. */
const atRestart: ReadonlySet<string> = new Set([
  ...['max_connections', 'max_locks_per_transaction', 'max_worker_processes', 'max_prepared_transactions', 'wal_level', 'wal_log_hints'],
  ...['track_commit_timestamp', 'max_wal_senders', 'max_replication_slots', 'shared_buffers', 'shared_preload_libraries', 'huge_pages'],
  ...[
    'wal_buffers',
    'autovacuum_max_workers',
    'archive_mode',
    'max_files_per_process',
    'superuser_reserved_connections',
    'logging_collector',
  ],
])
/** A standby with less than its primary stops replaying. */
const kept: ReadonlySet<string> = new Set([
  ...['max_connections', 'max_locks_per_transaction', 'max_worker_processes', 'max_prepared_transactions', 'max_wal_senders'],
])

/** Who is to be restarted for it, and in which order; null: nobody, as far as is known here. */
export const restartFor = (config: ConfigObject, edits: readonly ConfigEdit[]): string | null => {
  const changed = edits.filter(({ path }) => path[1] === 'parameters' && atRestart.has(path[2]!))
  if (changed.length === 0) return null
  const lowered = changed.filter(({ path, value }) => {
    const now = Number(configAt(config, path) ?? Number.NaN)
    return kept.has(path[2]!) && Number(value) < now
  })
  const names = (those: readonly ConfigEdit[]) => those.map(({ path }) => path[2]).join(', ')
  const order =
    lowered.length > 0
      ? `The leader first, since ${names(lowered)} is lowered: a standby with less than its primary stops replaying.`
      : 'The standbys first, then the leader, as Restart members in order, through Patroni, on the herd’s page does.'
  return `${names(changed)} takes effect with a restart of each member. ${order}`
}
