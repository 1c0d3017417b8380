import { confSetting } from '@/lib/domain/replication/conf'
import { holdsPassword, parseConninfo } from '@/lib/domain/values/conninfo'
import type { DataDirectorySeen, Fork } from '@/lib/ports/replication'

/** Where a platform keeps PostgreSQL's tools: $bin or '', $major. Sets $tools to the first that has pg_controldata. */
export const findTools = `
for d in "$bin" "/usr/lib/postgresql/$major/bin" "/usr/pgsql-$major/bin" /usr/local/pgsql/bin /usr/local/bin /usr/bin; do
  if [ -n "$d" ] && [ -x "$d/pg_ctl" ]; then tools=$d; break; fi
done`

/** Whether recovery.conf makes a standby; without this it only recovers and then takes writes. Needs $data. */
export const saysStandbyMode = `grep -Eiq "^[[:space:]]*standby_mode[[:space:]]*=?[[:space:]]*'?(on|t|y|1)" "$data/recovery.conf"`

/**
 * From 12 on both settings may stand in postgresql.conf or what it includes. PostgreSQL is asked what they come to, but only where they might: that costs a
 * process. Needs $data, $major and $tools; prints nothing of what postgresql.auto.conf says, since that overrides the others.
 */
export const settingsElsewhere = `
elsewhere() {
  if [ "\${major%%.*}" -lt 12 ] || [ ! -x "$tools/postgres" ] || grep -Eiqs "^[[:space:]]*$1[[:space:]=]" "$data/postgresql.auto.conf"; then return 1; fi
  main=$(sed -n 's/.*"config_file=\\([^"]*\\)".*/\\1/p' "$data/postmaster.opts" 2>/dev/null)
  folder=$(dirname "\${main:-$data/postgresql.conf}")
  grep -Eihs "^[[:space:]]*($1|include(_dir|_if_exists)?)[[:space:]=]" "$folder"/*.conf "$folder"/conf.d/*.conf | grep -Eiqv "include_dir[[:space:]=]+'conf.d'" || return 1
  "$tools/postgres" -C "$1" -D "$data" \${main:+-c "config_file=$main"} 2>/dev/null
}`

/** $1 data directory, $2 bin directory or '', $3 `sizes` to measure it. */
export const dataDirectoryScript = `
LC_ALL=C; export LC_ALL
data=$1 bin=$2 sizes=$3
if [ ! -d "$data" ]; then echo data=absent; exit 0; fi
if [ -z "$(ls -A "$data")" ]; then echo data=empty; exit 0; fi
if [ ! -f "$data/PG_VERSION" ]; then echo data=foreign; exit 0; fi
echo data=cluster
read -r major <"$data/PG_VERSION"; echo "major=$major"
[ -e "$data/standby.signal" ] && echo standby=yes
if [ -r "$data/recovery.conf" ]; then
  ${saysStandbyMode} && echo standby=yes
  sed -n 's/^[[:space:]]*\\(primary_[a-z_]*.*\\)/conf=\\1/p' "$data/recovery.conf"
fi
[ -r "$data/postgresql.auto.conf" ] && sed -n 's/^[[:space:]]*\\(primary_[a-z_]*.*\\)/conf=\\1/p' "$data/postgresql.auto.conf"
for w in pg_wal pg_xlog; do [ -L "$data/$w" ] && echo "wal=$(readlink -f "$data/$w")"; done
for t in "$data"/pg_tblspc/*; do [ -L "$t" ] && echo "space=\${t##*/} $(readlink "$t")"; done
for s in "$data"/pg_replslot/*; do [ -e "$s/state" ] && echo "reads=\${s##*/}"; done
free=$(df -PB1 "$data" 2>/dev/null | awk 'NR == 2 { print $4 }'); [ -n "$free" ] && echo "free=$free"
[ "$sizes" = sizes ] && echo "bytes=$(du -sbL "$data" 2>/dev/null | cut -f 1)"
${findTools}
${settingsElsewhere}
value=$(elsewhere primary_conninfo) && echo "conninfo=$value"
value=$(elsewhere primary_slot_name) && echo "slot=$value"
[ -n "$tools" ] && "$tools/pg_controldata" "$data" 2>/dev/null | sed 's/^/control./'
exit 0`

const nothing: DataDirectorySeen = {
  state: 'absent',
  major: null,
  controlState: null,
  systemIdentifier: null,
  timeline: null,
  checkpointLsn: null,
  minRecoveryLsn: null,
  hasChecksums: null,
  logsHints: null,
  isStandby: null,
  following: null,
  holdsPassword: false,
  slots: [],
  walDirectory: null,
  tablespaces: [],
  bytes: null,
  freeBytes: null,
}

const states: Record<string, DataDirectorySeen['state']> = { absent: 'absent', empty: 'empty', foreign: 'foreign', cluster: 'cluster' }

export const parseDataDirectory = (output: string): DataDirectorySeen => {
  const values = new Map<string, string[]>()
  const control = new Map<string, string>()
  for (const line of output.split('\n')) {
    const ofControl = /^control\.([^:]+):\s*(.*)$/.exec(line)
    const value = /^([a-z]+)=(.*)$/.exec(line)
    if (ofControl) control.set(ofControl[1]!, ofControl[2]!.trim())
    else if (value) values.set(value[1]!, [...(values.get(value[1]!) ?? []), value[2]!])
  }
  const one = (name: string) => values.get(name)?.at(-1) ?? null
  const state = states[one('data') ?? ''] ?? 'absent'
  if (state !== 'cluster') return { ...nothing, state }
  const conf = (values.get('conf') ?? []).join('\n')
  const conninfo = one('conninfo') ?? confSetting(conf, 'primary_conninfo')
  const slotName = one('slot') ?? confSetting(conf, 'primary_slot_name')
  const checksums = control.get('Data page checksum version')
  const hints = control.get('wal_log_hints setting')
  return {
    state,
    major: one('major'),
    controlState: control.get('Database cluster state') ?? null,
    systemIdentifier: control.get('Database system identifier') ?? null,
    timeline: numberOf(control.get("Latest checkpoint's TimeLineID")),
    checkpointLsn: control.get('Latest checkpoint location') ?? null,
    minRecoveryLsn: lsnOrNull(control.get('Minimum recovery ending location')),
    hasChecksums: checksums === undefined ? null : checksums !== '0',
    logsHints: hints === undefined ? null : hints === 'on',
    isStandby: one('standby') === 'yes',
    following: conninfo ? { conninfo: parseConninfo(conninfo), slotName: slotName || null } : null,
    holdsPassword: conninfo !== null && holdsPassword(conninfo),
    slots: (values.get('reads') ?? []).filter((name) => !name.endsWith('.tmp')).sort(),
    walDirectory: one('wal'),
    tablespaces: (values.get('space') ?? []).map((line) => ({
      oid: line.slice(0, line.indexOf(' ')),
      location: line.slice(line.indexOf(' ') + 1),
    })),
    bytes: numberOf(one('bytes')),
    freeBytes: numberOf(one('free')),
  }
}

/** The control file writes 0/0 where there is none. */
const lsnOrNull = (text: string | undefined): string | null => (text && /[1-9A-F]/i.test(text) ? text : null)

const numberOf = (text: string | null | undefined): number | null => (text && /^\d+$/.test(text) ? Number(text) : null)

/** Lines are `timeline TAB position TAB reason`; comments and blank lines occur. */
export const parseHistory = (text: string): Fork[] =>
  text.split('\n').flatMap((line) => {
    const parts = /^\s*(\d+)\s+([0-9A-F]+\/[0-9A-F]+)/i.exec(line)
    return parts ? [{ timeline: Number(parts[1]), forkLsn: parts[2]! }] : []
  })
