import { writeConninfo } from '@/lib/domain/values/conninfo'
import { Fault } from '@/lib/kernel/ground/errors'
import type { HostWorkAct, InstanceAddress } from '@/lib/ports'
import type { CallOptions } from '@/lib/ports/postgres'
import type { RewindsAct, RewindsRead, TailSaved } from '@/lib/ports/rewinds'
import { findTools } from '../postgres/replication-look'
import type { Ssh } from '../ssh'

/** What pg_rewind calls on its source (11 and later); 10 lets only superusers read files, and up to 13 it refuses a source that is a standby. */
const rewindSql = `select case
  when pg_is_in_recovery() and current_setting('server_version_num')::int < 140000 then 'the upstream is a standby, which pg_rewind cannot read up to PostgreSQL 13'
  when current_setting('is_superuser') = 'on' then ''
  when current_setting('server_version_num')::int < 110000 then current_user || ' is no superuser, which pg_rewind needs up to PostgreSQL 10'
  else coalesce((select current_user || ' may not run ' || string_agg(f, ', ') from unnest(array['pg_ls_dir(text, boolean, boolean)', 'pg_stat_file(text, boolean)',
    'pg_read_binary_file(text)', 'pg_read_binary_file(text, bigint, bigint, boolean)']) f where not has_function_privilege('pg_catalog.' || f, 'execute')), '') end`

/** $1 bin directory or '', $2 major or '', $3 connection string, $4 statement. */
const askScript = `
LC_ALL=C; export LC_ALL
bin=$1 major=$2
${findTools}
psql=$(command -v psql) || psql=$tools/psql
PGCONNECT_TIMEOUT=5 exec "$psql" -XAtq -w -v ON_ERROR_STOP=1 -d "$3" -c "$4"`

/**
 * $1 data directory, $2 bin directory or '', $3 and $4 the fork: what stands before and after its slash. Sets $size (of a segment), $first (the 16
 * digits of its segment) and $path: the copy that holds all of that WAL, or, where none does, a name that is free; while a server runs none does. Segments made ahead of time hold nothing: their first page has
 * the address of what they were before, or none, instead of the one their name says; of a server that crashed its control file would not tell how far it
 * wrote. WAL is only ever written on, so a copy holds what there is when it knows every segment by name, its own files are all there, and the newest
 * segment of each timeline has the sum it had.
 */
const finding = `
LC_ALL=C; export LC_ALL
data=$1 bin=$2 high=$3 low=$4
major=$(cat "$data/PG_VERSION") || exit 3
${findTools}
control=$("$tools/pg_controldata" "$data")
size=$(printf '%s\\n' "$control" | sed -n 's/^Bytes per WAL segment: *//p'); size=\${size:-16777216}
first=$(printf '%08X%08X' "$((0x$high))" "$((0x$low / size))")
real=$(readlink -f "$data"); parent=\${real%/*}; parent=\${parent:-/}
system=$(printf '%s\\n' "$control" | sed -n 's/^Database system identifier: *//p')
past() { for f in "$data"/pg_wal/[0-9A-F]*; do n=\${f##*/}; case $n in *[!0-9A-F]*) ;; ????????????????????????) [ "\${n#????????}" \\< "$first" ] || printf '%s\\n' "$n" ;; esac; done; }
isWritten() {
  place=\${1#????????}
  [ "$(od -An -tx8 -j8 -N8 "$data/pg_wal/$1" | tr -d ' ' | tr a-f A-F)" = "$(printf '%s%08X' "\${place%????????}" "$((0x\${place#????????} * size))")" ]
}
sumOf() { sha256sum "$1" | cut -d ' ' -f 1; }
runs() {
  for p in $(find /proc/[0-9]* -maxdepth 1 -name cwd -lname "$real" 2>/dev/null); do
    [ "$(cat "\${p%/cwd}/comm" 2>/dev/null)" = postgres ] && return
  done
  return 1
}
holdsAll() {
  grep -qsF "\\"systemIdentifier\\": \\"$system\\"" "$1/manifest.json" || return 1
  listed=$(sed -n 's/^ *{ "name": "\\([^"]*\\)", "bytes": \\([0-9]*\\), "sha256": "\\([^"]*\\)" }.*/\\1 \\2 \\3/p' "$1/manifest.json")
  names=$(printf '%s\\n' "$listed" | cut -d ' ' -f 1) sizes=$(printf '%s\\n' "$listed" | cut -d ' ' -f 1,2)
  [ -n "$names" ] && [ "$(cd "$1" && printf '%s\\n' "$names" | xargs stat -c '%n %s' 2>/dev/null)" = "$sizes" ] || return 1
  for n in $(past | grep -vxF "$names"); do ! isWritten "$n" || return 1; done
  for n in $(past | grep -xF "$names" | sort -r | awk '!seen[substr($0, 1, 8)]++'); do
    printf '%s\\n' "$listed" | grep -q "^$n [0-9]* $(sumOf "$data/pg_wal/$n")$" || return 1
  done
}
path=$real.diverged-$high-$low count=1
while [ -e "$path" ] && { runs || ! holdsAll "$path"; }; do count=$((count + 1)); path=$real.diverged-$high-$low.$count; done`

const placeScript = `${finding}
echo "path=$path"
[ ! -e "$path" ] || echo saved=yes
past | cut -c 9- | grep -qx "$first" && echo start=yes
[ -w "$parent" ] || echo "problem=$(id -un) may not write to $parent"
echo "free=$(df -PB1 "$parent" 2>/dev/null | awk 'NR == 2 { print $4 }')"`

const savedScript = `${finding}
[ -e "$path" ] || exit 0
echo "path=$path"
cat "$path/manifest.json"`

const saveScript = `${finding}
umask 077
! runs || { echo "a server runs there" >&2; exit 1; }
[ ! -e "$path" ] || exit 0
new=$path.new
rm -rf "$new" && mkdir "$new" || exit 1
count=0 total=0 list=
keep() {
  cp "$data/pg_wal/$1" "$new/$1" && sync "$new/$1" || exit 1
  bytes=$(stat -c %s "$new/$1"); hash=$(sumOf "$new/$1")
  list="$list\${list:+,}
    { \\"name\\": \\"$1\\", \\"bytes\\": $bytes, \\"sha256\\": \\"$hash\\" }"
  count=$((count + 1)) total=$((total + bytes))
}
for n in $(past); do ! isWritten "$n" || keep "$n"; done
[ $count -gt 0 ] || { rmdir "$new"; echo "no WAL past $high/$low is left in $data/pg_wal" >&2; exit 1; }
for f in "$data"/pg_wal/*.history; do [ ! -e "$f" ] || keep "\${f##*/}"; done
timeline=$(printf '%s\\n' "$control" | sed -n "s/^Latest checkpoint's TimeLineID: *//p")
checkpoint=$(printf '%s\\n' "$control" | sed -n 's/^Latest checkpoint location: *//p')
printf '{\\n  "systemIdentifier": "%s",\\n  "timeline": %s,\\n  "checkpointLsn": "%s",\\n  "forkLsn": "%s",\\n  "firstSegment": "%s",\\n  "dataDirectory": "%s",\\n  "files": %s,\\n  "bytes": %s,\\n  "contents": [%s\\n  ]\\n}\\n' \\
  "$system" "\${timeline:-null}" "$checkpoint" "$high/$low" "$first" "$(printf %s "$real" | sed 's/[\\\\"]/\\\\&/g')" "$count" "$total" "$list" >"$new/manifest.json" || exit 1
sync "$new/manifest.json" "$new" && mv -T "$new" "$path" && sync "$parent"`

const forkOf = (lsn: string): [string, string] => {
  const [high, low] = lsn.toUpperCase().split('/')
  if (!/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/i.test(lsn)) throw new RangeError(`“${lsn}” is no position in the WAL.`)
  return [high!, low!]
}

const shell = (script: string, ...values: string[]) => ['sh', '-c', script, 'sh', ...values]

/** What a rewind needs from its source, and what it would discard, kept aside; over SSH. */
export const makeRewinds = (ssh: Ssh, work: { act: HostWorkAct }): { read: RewindsRead; act: RewindsAct } => {
  const valuesOf = ({ dataDirectory, binDirectory }: InstanceAddress, forkLsn: string) => [
    dataDirectory,
    binDirectory ?? '',
    ...forkOf(forkLsn),
  ]
  const look = async (instance: InstanceAddress, script: string, forkLsn: string, options: CallOptions): Promise<string> => {
    const { exitCode, stdout, stderr } = await ssh.exec(instance.host, shell(script, ...valuesOf(instance, forkLsn)), options)
    if (exitCode === 0) return stdout
    const because = `Looking for diverged WAL on ${instance.host.hostname} failed: ${stderr.trim().split('\n').at(-1) || `exit code ${exitCode}`}`
    throw new Fault('shell.failed', { isOver: true, host: instance.host.hostname, exitCode, because })
  }
  return {
    read: {
      tryRewind: async (instance, { conninfo: { application_name: _own, ...conninfo } }, options) => {
        const source = writeConninfo({ ...conninfo, dbname: 'postgres' })
        const argv = shell(askScript, instance.binDirectory ?? '', instance.major ?? '', source, rewindSql)
        const { exitCode, stdout, stderr } = await ssh.exec(instance.host, argv, options)
        const lacks = stdout.trim()
        if (exitCode === 0) return lacks === '' ? { works: true } : { works: false, because: lacks }
        return { works: false, because: stderr.trim().split('\n')[0] || `psql ended with exit code ${exitCode}` }
      },
      tail: async (instance, forkLsn, options) => {
        const lines = (await look(instance, placeScript, forkLsn, options)).split('\n')
        const one = (name: string) => lines.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1) || null
        const free = one('free')
        return {
          path: one('path') ?? '',
          isSaved: one('saved') === 'yes',
          hasStart: one('start') === 'yes',
          because: one('problem'),
          freeBytes: free === null ? null : Number(free),
        }
      },
      savedTail: async (instance, forkLsn, options) => savedOf(await look(instance, savedScript, forkLsn, options)),
    },
    act: {
      saveTail: async (instance, forkLsn, key, options) =>
        work.act.launch(instance.host, key, shell(saveScript, ...valuesOf(instance, forkLsn)), options),
    },
  }
}

const savedOf = (output: string): TailSaved | null => {
  const [, path, text] = /^path=(.*)\n([\s\S]*)$/.exec(output) ?? []
  if (path === undefined || text === undefined) return null
  try {
    const { files, bytes } = JSON.parse(text) as { files: number; bytes: number }
    return { path, files, bytes, manifest: `${path}/manifest.json` }
  } catch {
    return null
  }
}
