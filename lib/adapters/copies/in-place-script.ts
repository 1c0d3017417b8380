import { findTools } from '../postgres/replication-look'
import { aside, downOnly, letStart, ownFiles } from './data-place-script'

/**
 * A data directory that rsync is at work in must not start, as one that is being rewound: PostgreSQL stops at a backup_label or a tablespace_map that it
 * cannot read. The mark is in both, so it goes wherever the volume goes. Needs $data.
 */
const marking = `
mark() {
  for f in tablespace_map backup_label; do
    printf ' \\nmatriarch: in place %s\\nrsync has not come to its end here. Rebuild this server.\\n' "$1" >"$data/$f.matriarch" && sync "$data/$f.matriarch" &&
      mv -T "$data/$f.matriarch" "$data/$f" || return 1
  done
  sync "$data"
}`

/** Prints the key of one that has not come to its end. Needs $data. */
export const inPlaceKey = `sed -n 's/^matriarch: in place //p' "$data/tablespace_map" 2>/dev/null`

/** $1 data directory of the upstream or ''. */
export const tryScript = `
command -v rsync >/dev/null 2>&1 || { echo "rsync is not installed: apt-get install rsync"; exit 0; }
[ -z "$1" ] || [ -r "$1/global/pg_control" ] || echo "$(id -un) may not read $1"`

/** Needs $data; $1 its key. */
const mustBeMarked = `
mustBeMarked() { [ "$(${inPlaceKey})" = "$1" ] || { echo "the data directory does not carry the mark $1" >&2; exit 4; }; }`

/**
 * $1 data directory, $2 key, $3 \`again\` or '', then pairs of oid and location. What may be refused comes before the first change. Nothing that comes after
 * the mark needs to have happened before it can be done again.
 */
export const beginScript = `${aside}${ownFiles}${downOnly}${marking}${mustBeMarked}
umask 077
data=$1 key=$2 again=$3
shift 3
fail() { echo "$1" >&2; exit 1; }
asideOf "$data"
mustBeDown
[ -z "$again" ] || mustBeMarked "$key"
major=$(cat "$data/PG_VERSION" 2>/dev/null) || fail "there is no data directory of PostgreSQL at $data"
command -v rsync >/dev/null 2>&1 || fail "rsync is not installed"
mkdir -p "$data/pg_tblspc" || exit 1
tab=$(printf '\\t') links= oids=' '
while [ $# -gt 1 ]; do
  oid=$1 to=$2; shift 2
  if [ -L "$data/pg_tblspc/$oid" ]; then to=$(readlink "$data/pg_tblspc/$oid")
  else for d in "$to/PG_\${major}_"*; do [ -e "$d" ] && fail "$to holds a tablespace of another server already"; done; fi
  mkdir -p "$to" || exit 1
  [ -w "$to" ] || fail "$(id -un) may not write to $to"
  links="$links$oid$tab$to
" oids="$oids$oid "
done
if [ -d "$kept" ]; then
  ownFiles "$data" | while IFS= read -r f; do [ -e "$kept/$f" ] || [ -L "$kept/$f" ] || rm -rf "$data/$f"; done
  ownFiles "$kept" | while IFS= read -r f; do rm -rf "$data/$f" && cp -a "$kept/$f" "$data/$f" && sync "$data/$f" || exit 1; done || exit 1
fi
[ "$(${inPlaceKey})" = "$key" ] || mark "$key" || exit 1
rm -rf "$kept"
for link in "$data"/pg_tblspc/*; do
  [ -L "$link" ] || continue
  case $oids in *" \${link##*/} "*) ;; *) rm -rf "$link"/PG_"$major"_* "$link" || exit 1 ;; esac
done
printf %s "$links" | while IFS=$tab read -r oid to; do ln -sfn "$to" "$data/pg_tblspc/$oid" || exit 1; done || exit 1
for w in pg_wal pg_xlog; do
  [ ! -d "$data/$w" ] || find "$data/$w/" -mindepth 1 -maxdepth 1 ! -name lost+found -exec rm -rf {} + || exit 1
done
sync "$data" "$data/pg_tblspc"`

/**
 * Runs rsync between our own input and output, and what it says goes to the error stream. $1 data directory, $2 key, $3 where to, then its arguments.
 * One that a dead worker left would write what was true in an older backup: it goes first.
 */
export const receiveScript = `${aside}${downOnly}${mustBeMarked}
LC_ALL=C; export LC_ALL
data=$1 key=$2 to=$3
shift 3
asideOf "$data"
mustBeDown
mustBeMarked "$key"
others() {
  for process in /proc/[0-9]*; do
    case "$({ tr '\\0' ' ' <"$process/cmdline"; } 2>/dev/null)" in rsync*" $to/ ") echo "\${process#/proc/}" ;; esac
  done
}
n=0
while left=$(others) && [ -n "$left" ]; do
  [ $n -lt 100 ] || { echo "rsync (process $(echo $left)) is still at work there" >&2; exit 5; }
  kill -KILL $left 2>/dev/null
  n=$((n + 1)); sleep 0.1 2>/dev/null || sleep 1
done
exec 3<&0 4>&1 </dev/null >&2
exec rsync "$@" "$to/"`

/**
 * What rsync takes for its remote shell: says what the other end must be told of this rsync, and ties the two ends to 3 and 4. It ends when the other one
 * does. No single quotes in it, since it stands in some.
 */
export const relayScript = `
for a; do case $a in -*e*.*) echo "relay e\${a##*e}" >&2; break ;; esac; done
exec 5<&0
cat <&5 >&4 & out=$!
cat <&3
kill $out 2>/dev/null`

/**
 * $1 data directory, $2 bin directory or '', $3 key, $4 control file in base64, $5 backup label. Everything is on the disk before the label is, and the
 * mark in tablespace_map goes last; so does what a rewind that was broken off had barred the directory with. The links are there already, so PostgreSQL needs
 * no map.
 */
export const finishScript = `${aside}${downOnly}${mustBeMarked}${letStart}
LC_ALL=C; export LC_ALL
umask 077
data=$1 bin=$2 key=$3 control=$4 label=$5
major=$(cat "$data/PG_VERSION") || exit 3
${findTools}
asideOf "$data"
mustBeDown
mustBeMarked "$key"
new=$data/global/pg_control.matriarch
printf %s "$control" | base64 -d >"$new" && sync "$new" && mv -T "$new" "$data/global/pg_control" || exit 1
if "$tools/pg_controldata" "$data" 2>&1 | grep -q '^WARNING'; then echo "the control file of the upstream was read while it was written: resume, and it is read again" >&2; exit 6; fi
if [ "\${major%%.*}" -ge 12 ]; then : >"$data/standby.signal"; sync "$data/standby.signal"
else echo "standby_mode = 'on'" >"$data/recovery.conf"; sync "$data/recovery.conf"; fi
for place in "$data" "$data"/pg_wal "$data"/pg_xlog "$data"/pg_tblspc/*; do [ ! -d "$place" ] || sync -f "$place/" || exit 1; done
printf '%s\\n' "$label" >"$data/backup_label.matriarch" && sync "$data/backup_label.matriarch" && mv -T "$data/backup_label.matriarch" "$data/backup_label" &&
  sync "$data" && rm -f "$data/tablespace_map" && sync "$data" && letStart`
