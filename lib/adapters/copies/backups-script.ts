import { findTools } from '../postgres/replication-look'
import { ownFiles } from './data-place-script'
import { finding } from './script'

/** $1 data directory. Only names of sections are read of pgBackRest's configuration: it holds secrets. */
export const backupsScript = `
LC_ALL=C; export LC_ALL
command -v pgbackrest >/dev/null 2>&1 || { echo "because=pgBackRest is not installed there"; exit 0; }
real=$(readlink -f "$1") || real=$1
main=/etc/pgbackrest/pgbackrest.conf; [ -e "$main" ] || main=/etc/pgbackrest.conf
stanza=
for f in "$main" /etc/pgbackrest/conf.d/*.conf; do
  [ -e "$f" ] || continue
  [ -r "$f" ] || { echo "because=$(id -un) may not read $f"; exit 0; }
  [ -n "$stanza" ] || stanza=$(awk -v a="$1" -v b="$real" '
    /^[ \\t]*\\[/ { gsub(/[][ \\t]/, ""); name = $0 }
    /^[ \\t]*pg1-path[ \\t]*=/ { sub(/^[^=]*=[ \\t]*/, ""); sub(/[ \\t\\/]*$/, ""); if ($0 == a || $0 == b) { print name; exit } }' "$f")
done
[ -n "$stanza" ] || { echo "because=pgBackRest has no stanza there whose pg1-path is $1"; exit 0; }
echo "stanza=$stanza"
said=$(pgbackrest --stanza="$stanza" --output=json --log-level-console=off --log-level-stderr=error info 2>&1) ||
  { echo "because=pgbackrest info: $(printf %s "$said" | tail -n 1)"; exit 0; }
echo info
printf '%s\\n' "$said"`

/** $1 data directory, $2 bin directory or '', $3 major, $4 stanza, $5 id of the archive. A line for each run: first and last byte position, decimal. */
export const archivedScript = `
LC_ALL=C; export LC_ALL
data=$1 bin=$2 major=$3
${findTools}
size=$("$tools/pg_controldata" "$data" 2>/dev/null | sed -n 's/^Bytes per WAL segment: *//p'); size=\${size:-16777216}
list=$(pgbackrest --stanza="$4" --log-level-console=off --log-level-stderr=error --recurse repo-ls "archive/$4/$5") || exit
printf '%s\\n' "$list" | sed -n 's|.*/[0-9A-F]\\{8\\}\\([0-9A-F]\\{16\\}\\)-[0-9a-f]\\{40\\}.*|\\1|p' | sort -u | awk -v size="$size" '
  function hex(s, i, n) { n = 0; for (i = 1; i <= length(s); i++) n = n * 16 + index("0123456789ABCDEF", substr(s, i, 1)) - 1; return n }
  { at = hex(substr($0, 1, 8)) * 4294967296 + hex(substr($0, 9, 8)) * size }
  NR == 1 { from = at } NR > 1 && at != to { printf "%.0f %.0f\\n", from, to; from = at }
  { to = at + size }
  END { if (NR > 0) printf "%.0f %.0f\\n", from, to }'`

/**
 * $1 data directory, $2 bin directory or '', $3 key, $4 stanza, $5 label, $6 lines of postgresql.auto.conf. As a copy of another server is made:
 * what is recorded comes before what is made.
 */
export const restoreScript = `${finding}${ownFiles}
umask 077
data=$1 copy=$3 stanza=$4 label=$5 lines=$6
fail() { echo "$1" >&2; exit 1; }
findCopy "$data"
[ -z "$found" ] || fail "a copy of ours ($key) lies in $found already"
[ -n "$aside" ] || fail "$problem"
found=$aside home=$real
mkdir "$found" && echo "$copy" >"$found/key.new" || exit 1
printf 'data\\t%s\\t%s\\n' "$found" "$home" >"$found/places"
sync "$found/places" && mv "$found/key.new" "$found/key" && setStage unfinished || exit 1
new=$found/new
mkdir "$new" || exit 1
pgbackrest --stanza="$stanza" --pg1-path="$new" --set="$label" --type=none --log-level-console=info --log-level-stderr=error restore || exit
[ -z "$(ls -A "$new/pg_tblspc")" ] || fail "the backup has tablespaces, which are not restored beside the old ones"
own=$home; [ -d "$kept" ] && own=$kept
if [ -f "$home/PG_VERSION" ] || [ -d "$kept" ]; then
  ownFiles "$new" | while IFS= read -r f; do rm -rf "$new/$f"; done
  ownFiles "$own" | while IFS= read -r f; do cp -a "$own/$f" "$new/$f" && sync "$new/$f" || exit 1; done || exit 1
fi
auto=$new/postgresql.auto.conf
{ [ ! -e "$auto" ] || grep -Ev '^[[:space:]]*(recovery_target|restore_command|primary_conninfo|primary_slot_name)' "$auto"; printf '%s\\n' "$lines"; } >"$auto.new"
sync "$auto.new" && mv "$auto.new" "$auto" || exit 1
rm -f "$new/recovery.signal"
: >"$new/standby.signal" && sync "$new/standby.signal" || exit 1
sync -f "$new" && setStage whole`
