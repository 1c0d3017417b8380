/** $1 bin directory or ''. One version a line, as directories name it, and `tools` where Debian's are. */
export const installedScript = `
LC_ALL=C; export LC_ALL
for d in "$1" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin; do
  [ -n "$d" ] && [ -x "$d/postgres" ] && [ -x "$d/initdb" ] && "$d/postgres" --version | sed -n 's/.*) \\([0-9][0-9]*\\).*/major=\\1/p'
done
command -v pg_createcluster >/dev/null && echo tools=yes
exit 0`

/**
 * $1 platform (debian or generic), $2 data directory, $3 bin directory or '', $4 major, $5 cluster name, $6 port. $mark holds a key, whether the directory
 * was there before, and the stage: making or whole. $etc and $log are Debian's.
 */
const place = `
LC_ALL=C; export LC_ALL
platform=$1 data=$2 bin=$3 major=$4 cluster=$5 port=$6
fail() { echo "$1" >&2; exit 1; }
marks=\${XDG_STATE_HOME:-$HOME/.local/state}/matriarch/made
mark=$marks/$(printf %s "$data" | sed 's/%/%25/g; s|/|%2F|g')
key= was= stage=
[ -f "$mark" ] && IFS=' ' read -r key was stage <"$mark"
etc= log=
[ "$platform" = debian ] && etc=/etc/postgresql/$major/$cluster log=/var/log/postgresql/postgresql-$major-$cluster.log
for d in "$bin" "/usr/lib/postgresql/$major/bin" "/usr/pgsql-$major/bin" /usr/local/pgsql/bin; do
  if [ -n "$d" ] && [ -x "$d/initdb" ]; then tools=$d; break; fi
done
stateOf() { if [ ! -e "$data" ]; then echo absent; elif [ -d "$data" ] && [ -z "$(ls -A "$data")" ]; then echo empty; else echo taken; fi; }
setMark() { mkdir -p "$marks" && printf '%s %s %s\\n' "$1" "$2" "$3" >"$mark.new" && sync "$mark.new" && mv "$mark.new" "$mark" && sync "$marks"; }
runs() { [ -r "$data/postmaster.pid" ] && read -r pid <"$data/postmaster.pid" && kill -s 0 "$pid" 2>/dev/null; }
clear() {
  if runs; then fail "a server runs in $data (process $pid)"; fi
  if [ "$was" = empty ]; then find "$data" -mindepth 1 -delete || exit 1; else rm -rf "$data" || exit 1; fi
  [ -z "$etc" ] || rm -rf "$etc" "$log" || exit 1
}`

/**
 * As `place`. The port is looked for where the kernel lists what listens, and among Debian's clusters, stopped ones too.
 * A mark where nothing lies any more says nothing: somebody removed by hand what it stood for.
 */
export const siteScript = `${place}
above() { d=$1; while [ ! -e "$d" ]; do d=$(dirname "$d"); done; printf %s "$d"; }
canMake() { [ -d "$1" ] && [ -w "$1" ] || echo "problem=$(id -un) may not write to $1"; }
state=$(stateOf); echo "directory=$state"
[ -n "$etc" ] && [ -e "$etc" ] && [ ! -e "$mark.adopting" ] && echo configured=yes
if [ "$state" = absent ]; then canMake "$(above "$(dirname "$data")")"; else canMake "$data"; fi
[ -z "$etc" ] || canMake "$(above "$(dirname "$etc")")"
hex=$(printf '%04X' "$port")
if cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v p=":$hex" '$4 == "0A" && substr($2, length($2) - 4) == p { f = 1 } END { exit !f }'; then
  echo "port=a program that listens on it"
fi
[ -n "$etc" ] && command -v pg_lsclusters >/dev/null &&
  pg_lsclusters -h 2>/dev/null | awk -v p="$port" -v m="$major" -v c="$cluster" '$3 == p && !($1 == m && $2 == c) { print "port=the cluster " $1 "/" $2 " (" $4 ")" }'
free=$(df -PB1 "$(above "$data")" 2>/dev/null | awk 'NR == 2 { print $4 }'); [ -n "$free" ] && echo "free=$free"
[ -n "$key" ] && { [ "$state" = taken ] || [ -e "$etc" ]; } && echo "made=$key $stage"
exit 0`

/** As `place`, then $7 key, $8 -k or '', $9 encoding, $10 locale, $11 lines of postgresql.conf, $12 lines of pg_hba.conf. */
export const makeScript = `${place}
new=$7 checksums=$8 encoding=$9
shift 9
locale=$1 conf=$2 hba=$3
[ -n "$tools" ] || fail "the server programs of PostgreSQL $major are not installed"
mkdir -p "$marks" && exec 9>"$mark.lock" && flock -w 100 9 || fail "another creation is at work in $data"
key= was= stage=
[ -f "$mark" ] && IFS=' ' read -r key was stage <"$mark"
[ "$key" = "$new" ] && [ "$stage" = whole ] && exit 0
[ "$key" = "$new" ] && clear
now=$(stateOf)
[ "$now" != taken ] || fail "something lies in $data"
[ -z "$etc" ] || [ ! -e "$etc" ] || fail "there is a cluster $major/$cluster already"
setMark "$new" "$now" making || exit 1
if [ "$platform" = debian ]; then
  pg_createcluster "$major" "$cluster" -d "$data" -p "$port" -e "$encoding" --locale "$locale" -- $checksums --auth-local=peer --auth-host=scram-sha-256 9>&- >&2 || exit 1
else
  "$tools/initdb" -D "$data" -E "$encoding" --locale="$locale" $checksums --auth-local=peer --auth-host=scram-sha-256 9>&- >&2 || exit 1
  conf="port = $port
$conf"
fi
files=\${etc:-$data}
printf '\\n# Set when it was made.\\n%s\\n' "$conf" >>"$files/postgresql.conf" && printf '%s\\n' "$hba" >>"$files/pg_hba.conf" || exit 1
sync "$files/postgresql.conf" "$files/pg_hba.conf" "$data" && setMark "$new" "$now" whole`

/** As `place`, then $7 key. */
export const dropScript = `${place}
[ -n "$key" ] || exit 0
[ "$key" = "$7" ] || fail "what lies in $data is another creation's ($key)"
mkdir -p "$marks" && exec 9>"$mark.lock" && flock -w 100 9 || fail "the creation is still at work in $data"
clear
rm -f "$mark" "$mark.lock"`

/** As `place`. */
export const keepPassfileScript = `${place}
umask 077
file=\${PGPASSFILE:-$HOME/.pgpass} kept=$(dirname "$data")/.matriarch-passfile
[ -r "$file" ] || exit 0
cp "$file" "$kept.new" && sync "$kept.new" && mv "$kept.new" "$kept"`

/**
 * As `place`, then $7 encoding, $8 locale, $9 lines of postgresql.conf, $10 lines of pg_hba.conf. A spare cluster of the same kind lends its configuration, so
 * that initdb's own choices are the same as when the data were made.
 */
export const adoptScript = `${place}
encoding=$7 locale=$8 conf=$9
shift 9
[ "$platform" = debian ] || fail "data that lie in $data can only be given Debian's configuration"
[ "$(cat "$data/PG_VERSION" 2>/dev/null)" = "$major" ] || fail "no data of PostgreSQL $major lie in $data"
mkdir -p "$marks" && exec 9>"$mark.lock" && flock -w 100 9 || fail "another creation is at work in $data"
[ -e "$etc" ] && [ ! -e "$mark.adopting" ] && exit 0
if runs; then fail "a server runs in $data (process $pid)"; fi
spare=$data.matriarch-spare
: >"$mark.adopting" && sync "$marks" && rm -rf "$spare" "$etc" "$log" || exit 1
pg_createcluster "$major" "$cluster" -d "$spare" -p "$port" -e "$encoding" --locale "$locale" -- --auth-local=peer --auth-host=scram-sha-256 9>&- >&2 || exit 1
pg_conftool "$major" "$cluster" set data_directory "$data" >&2 || exit 1
printf '\\n# Set when it was taken over.\\n%s\\n' "$conf" >>"$etc/postgresql.conf" && printf '%s\\n' "$1" >>"$etc/pg_hba.conf" || exit 1
file=\${PGPASSFILE:-$HOME/.pgpass} kept=$(dirname "$data")/.matriarch-passfile
[ -e "$file" ] || [ ! -r "$kept" ] || { umask 077; cp "$kept" "$file.new" && sync "$file.new" && mv "$file.new" "$file"; } || exit 1
sync "$etc/postgresql.conf" "$etc/pg_hba.conf" && rm -rf "$spare" && rm -f "$mark.adopting"`

export const handOverScript = `${place}
rm -f "$mark" "$mark.lock"`

/** Lines of the passfile that hold a password of $role. \\ and : are not part of the names that are asked for. */
const passfile = `
umask 077
file=\${PGPASSFILE:-$HOME/.pgpass}
linesOf() { [ ! -r "$file" ] || awk -F: -v r="$1" '!/^#/ && NF >= 5 && ($4 == r || $4 == "*") && ($3 == "*" || $3 == "replication")' "$file"; }
add() { { [ ! -r "$file" ] || cat "$file"; printf '%s\\n' "$1"; } >"$file.new" && chmod 600 "$file.new" && sync "$file.new" && mv "$file.new" "$file"; }`

/**
 * $1 role, $2 socket directory, $3 port, $4 bin directory or '', $5 major. The password is made here, or taken from the passfile where there is one for every
 * host, and reaches the server through a pipe; nothing of it is logged there. pg_rewind needs four functions (11 and later).
 */
export const replicatorScript = `
LC_ALL=C; export LC_ALL
role=$1 socket=$2 port=$3 bin=$4 major=$5
${passfile}
for d in "$bin" "/usr/lib/postgresql/$major/bin" "/usr/pgsql-$major/bin" /usr/local/pgsql/bin; do
  if [ -n "$d" ] && [ -x "$d/psql" ]; then PATH=$d:$PATH; break; fi
done
ask() { psql -XAtq -w -v ON_ERROR_STOP=1 -v "role=$role" -h "$socket" -p "$port" -d postgres; }
known=$(echo "select count(*) from pg_roles where rolname = :'role'" | ask) || exit 1
[ "$known" = 0 ] || exit 0
password=$(linesOf "$role" | awk -F: '$1 == "*" && $2 == "*"' | head -n 1 | cut -d: -f5-)
if [ -z "$password" ]; then
  password=$(head -c 32 /dev/urandom | base64 | tr -d '=+/\\n')
  add "*:*:*:$role:$password" || exit 1
fi
case $password in *[!A-Za-z0-9._~-]*) echo "the password of $role in $file has characters that cannot be taken over: make the role by hand" >&2; exit 4 ;; esac
{
  echo "set log_statement = 'none'; set log_min_duration_statement = -1; set log_min_error_statement = 'panic'; set password_encryption = 'scram-sha-256';"
  echo 'begin;'
  echo "create role :\\"role\\" login replication password '$password';"
  if [ "\${major%%.*}" -ge 11 ]; then
    for f in 'pg_ls_dir(text, boolean, boolean)' 'pg_stat_file(text, boolean)' 'pg_read_binary_file(text)' 'pg_read_binary_file(text, bigint, bigint, boolean)'; do
      echo "grant execute on function pg_catalog.$f to :\\"role\\";"
    done
  fi
  echo 'commit;'
} | ask`

/** $1 role. */
export const readPasswordScript = `${passfile}
linesOf "$1"`

/** Lines on standard input. */
export const writePasswordScript = `${passfile}
while IFS= read -r line; do
  [ -r "$file" ] && grep -qxF -- "$line" "$file" || add "$line" || exit 1
done`
