/**
 * Of one place, $1: $real its directory, $beside and $inside where a copy of it may lie, $aside the one that can be used, or $problem. Renames must not leave
 * the file system, and a directory that a file system is mounted on cannot be renamed, so the entries are what moves.
 */
export const aside = `
LC_ALL=C; export LC_ALL
asideOf() {
  real=$(readlink -f "$1") || real=$1
  parent=\${real%/*}; parent=\${parent:-/}
  beside=$real.matriarch inside=$real/matriarch.copy aside= problem=
  if [ -w "$parent" ] && { [ ! -e "$real" ] || [ "$(stat -c '%d %m' "$real")" = "$(stat -c '%d %m' "$parent")" ]; }; then aside=$beside
  elif [ -d "$real" ] && [ -w "$real" ]; then aside=$inside
  elif [ -e "$real" ]; then problem="$(id -un) may write neither to $real nor to $parent"
  else problem="$parent is not there, or $(id -un) may not write to it"; fi
}
kept=\${XDG_STATE_HOME:-$HOME/.local/state}/matriarch/kept/$(readlink -f "$1" | sed 's/%/%25/g; s|/|%2F|g')`

/** What in a data directory is the host's own and not the cluster's, but for recovery.conf. */
export const ownNames = ['*.conf', 'conf.d', '*.conf.d', '*.crt', '*.key', '*.pem', '*.crl', '.pgpass'] as const

/** $1 directory. */
export const ownFiles = `
ownFiles() { (cd "$1" 2>/dev/null && for f in ${ownNames.join(' ')}; do
  [ "$f" != recovery.conf ] && { [ -e "$f" ] || [ -L "$f" ]; } && printf '%s\\n' "$f"; done); }`

/** Needs $real. By its working directory, since the number in postmaster.pid may be anybody's by now. */
export const downOnly = `
mustBeDown() {
  for p in $(find /proc/[0-9]* -maxdepth 1 -name cwd -lname "$real" 2>/dev/null); do
    [ "$(cat "\${p%/cwd}/comm" 2>/dev/null)" = postgres ] && { p=\${p%/cwd}; echo "a server runs there (process \${p#/proc/})" >&2; exit 1; }
  done
}`

/**
 * PostgreSQL starts in no directory that others have any right on, and nothing that works inside the directory changes that. x alone shows them no name.
 * Needs $data.
 */
export const letStart = `
letStart() { chmod o-rwx "$data/." && sync "$data"; }`

/**
 * A data directory that pg_rewind is at work in, or was broken off in, must not start: it would come up torn, and without the standby.signal that pg_rewind
 * removes also as a primary. Near its end pg_rewind removes standby.signal, backup_label and tablespace_map, and puts a backup_label of its own there: only
 * the mode of the directory outlasts that. The two files, which PostgreSQL cannot read, tell whoever looks why. The mode goes last, when the files say that
 * it is a standby. Needs $data.
 */
export const barring = `${letStart}
bar() {
  chmod o=x "$data/." || return 1
  for f in tablespace_map backup_label; do
    printf ' \\nmatriarch: pg_rewind has not come to its end here. Rebuild this server.\\n' >"$data/$f" && sync "$data/$f" || return 1
  done
  sync "$data"
}
isBarred() { grep -qs '^matriarch: ' "$data/tablespace_map" || [ -n "$(find -L "$data" -maxdepth 0 -perm /o=rwx 2>/dev/null)" ]; }
unbar() {
  for f in backup_label tablespace_map; do ! grep -qs '^matriarch: ' "$data/$f" || rm -f "$data/$f" || return 1; done
  sync "$data" && letStart
}`

/** Configuration lies aside, and nothing says that all came to its end. Needs $kept and \`barring\`. */
export const isRewinding = `[ -d "$kept" ] && { [ ! -e "$kept/.done" ] || isBarred; }`
