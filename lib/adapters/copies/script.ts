import { findTools } from '../postgres/replication-look'
import { aside, barring, downOnly, isRewinding, letStart, ownFiles } from './data-place-script'
import { inPlaceKey } from './in-place-script'

/**
 * $found: where a copy of $1 lies. Its files: key, places (what TAB aside TAB path) and stage: unfinished, whole, out (the old leaves), in (the new comes),
 * swapped, removing (the old is being removed).
 */
export const finding = `${aside}
findCopy() {
  asideOf "$1"
  found= key= stage=none
  for c in "$beside" "$inside"; do [ -f "$c/key" ] && found=$c; done
  [ -n "$found" ] || return 0
  key=$(cat "$found/key"); stage=$(cat "$found/stage" 2>/dev/null) || stage=unfinished
}
setStage() { echo "$1" >"$found/stage.new" && sync "$found/stage.new" && mv "$found/stage.new" "$found/stage" && sync "$found"; }
tab=$(printf '\\t')`

/** One at a time moves what is found of $1: an earlier driver may be gone while its command still runs. The lock goes with the copy. */
const alone = `
moveAlone() {
  [ -n "$found" ] || return 0
  exec 9>>"$found/lock" && flock -w 100 9 || { echo "another command is at work in $found" >&2; exit 1; }
  findCopy "$1"
}`

/** $1 data directory, $2 bin directory or '', $3 `sizes`. */
export const lookScript = `${finding}${ownFiles}${barring}
sizes=$3
data=$1
${isRewinding} && echo rewinding=yes
${inPlaceKey} | sed 's/^/in-place=/'
ownFiles "$data" | sed 's/^/own=/'
place() {
  asideOf "$2"
  echo "place=$1$tab$2$tab$(stat -c %d "$real" 2>/dev/null)$tab$(df -PB1 "$([ -e "$real" ] && echo "$real" || echo "$parent")" 2>/dev/null | awk 'NR == 2 { free = $4; total = $2 } END { print free "\\t" total }')$tab$([ "$sizes" = sizes ] && du -sb --exclude=matriarch.copy "$real" 2>/dev/null | cut -f 1)$tab$problem"
}
place data "$data"
for w in pg_wal pg_xlog; do [ -L "$data/$w" ] && place wal "$(readlink "$data/$w")"; done
for t in "$data"/pg_tblspc/*; do [ -L "$t" ] && place tablespace "$(readlink "$t")"; done
findCopy "$data"
echo "stage=$stage"
[ -n "$found" ] || exit 0
echo "key=$key"
sum=0
while IFS=$tab read -r what c path; do
  echo "path=$c"
  [ "$sizes" = sizes ] && [ "$what" != wal ] && bytes=$(du -sb --exclude=pg_wal "$c/new" 2>/dev/null | cut -f 1) && sum=$((sum + \${bytes:-0}))
done <"$found/places"
[ "$sizes" = sizes ] && echo "bytes=$sum"
exit 0`

/** Passwords stay on the host: a value that may hold one is left out. $1 data directory. */
export const configurationScript = `${ownFiles}
cd "$1" || exit 1
ownFiles . | while IFS= read -r name; do
  for f in "$name" "$name"/*.conf; do
    case $f in *.conf) ;; *) continue ;; esac
    [ -f "$f" ] || continue
    printf '%s %s\\n' "$(sed -E '/^[[:space:]]*#/b; /password_encryption/b; s/([^[:space:]]*(passw|passphrase|secret)[^=]*=).*/\\1 (not shown)/I' "$f" | head -c 65536 | base64 -w 0)" "$f"
  done
done`

/** Before the work that makes it: nothing of ours may be there. $1 data directory. */
export const mayBeginScript = `${finding}
findCopy "$1"
[ -z "$found" ] || { echo "a copy of ours ($key) lies in $found already" >&2; exit 1; }
[ -n "$aside" ] || { echo "$problem" >&2; exit 1; }`

/**
 * $1 data directory, $2 bin directory or '', $3 major, $4 key, $5 connection string, $6 slot or '', $7 kilobytes a second or '', then pairs of oid and location.
 * What is recorded comes before what is made, so that whatever is left can be found.
 */
export const copyScript = `${finding}${ownFiles}
umask 077
data=$1 bin=$2 major=$3 copy=$4 source=$5 slot=$6 rate=$7
shift 7
fail() { echo "$1" >&2; exit 1; }
[ -n "$major" ] || fail "the version of the copy is not known"
${findTools}
[ -x "$tools/pg_basebackup" ] || fail "pg_basebackup of PostgreSQL $major is not installed"
findCopy "$data"
[ -z "$found" ] || fail "a copy of ours ($key) lies in $found already"
[ -n "$aside" ] || fail "$problem"
found=$aside home=$real wal= links=
mkdir "$found" && echo "$copy" >"$found/key.new" || exit 1
printf 'data\\t%s\\t%s\\n' "$found" "$home" >"$found/places"
if [ -L "$home/pg_wal" ]; then
  asideOf "$home/pg_wal"; [ -n "$aside" ] || fail "$problem"
  wal=$aside; printf 'wal\\t%s\\t%s\\n' "$aside" "$real" >>"$found/places"
fi
count=$#
while [ $count -gt 0 ]; do
  oid=$1 from=$2 to=$2 what=tablespace; shift 2; count=$((count - 2))
  if [ -L "$home/pg_tblspc/$oid" ]; then to=$(readlink "$home/pg_tblspc/$oid")
  else for d in "$to/PG_\${major}_"*; do [ -e "$d" ] && fail "$to holds a tablespace of another server already"; done; fi
  [ -d "$to" ] || { what=made; mkdir -p "$to" || exit 1; }
  asideOf "$to"; [ -n "$aside" ] || fail "$problem"
  printf '%s\\t%s\\t%s\\n' "$what" "$aside" "$real" >>"$found/places"
  links="$links$oid$tab$to
"
  set -- "$@" "--tablespace-mapping=$(printf %s "$from" | sed 's/=/\\\\=/g')=$(printf %s "$aside/new" | sed 's/=/\\\\=/g')"
done
sync "$found/places" && mv "$found/key.new" "$found/key" && setStage unfinished || exit 1
while IFS=$tab read -r what c path; do
  [ "$what" = data ] || { mkdir "$c" && echo "$copy" >"$c/key"; } || exit 1
done <"$found/places"
new=$found/new
[ -n "$wal" ] && set -- "$@" "--waldir=$wal/new"
[ -n "$slot" ] && set -- "$@" "--slot=$slot"
[ -n "$rate" ] && set -- "$@" "--max-rate=$rate"
"$tools/pg_basebackup" -D "$new" -d "$source" -w -X stream -c fast -l "matriarch $copy" "$@" || exit
[ -n "$wal" ] && { ln -sfn "$(readlink "$home/pg_wal")" "$new/pg_wal" || exit 1; }
printf %s "$links" | while IFS=$tab read -r oid to; do ln -sfn "$to" "$new/pg_tblspc/$oid" || exit 1; done || exit 1
own=$home; [ -d "$kept" ] && own=$kept
if [ -f "$home/PG_VERSION" ] || [ -d "$kept" ]; then
  ownFiles "$new" | while IFS= read -r f; do rm -rf "$new/$f"; done
  ownFiles "$own" | while IFS= read -r f; do cp -a "$own/$f" "$new/$f" && sync "$new/$f" || exit 1; done || exit 1
fi
if [ "\${major%%.*}" -ge 12 ]; then : >"$new/standby.signal"; sync "$new/standby.signal"
else echo "standby_mode = 'on'" >"$new/recovery.conf"; sync "$new/recovery.conf"; fi
sync "$new" "$new/pg_tblspc" && setStage whole`

/** Before entries move. Needs $1 data directory, $2 key. */
const moves = `${finding}${downOnly}${alone}${letStart}
data=$1
findCopy "$1"
moveAlone "$1"
mustBeOurs() { [ "$key" = "$2" ] || { echo "the copy in $found is another one's ($key)" >&2; exit 1; }; }
moveOne() { [ ! -e "$1/$3" ] && [ ! -L "$1/$3" ] || mv -T "$1/$3" "$2/$3" || exit 1; }
moveAll() {
  case $1 in made | tablespace) set -- "$1" "$2" "$3" "$2"/PG_* ;; *) set -- "$1" "$2" "$3" "$2"/* "$2"/.[!.]* "$2"/..?* ;; esac
  from=$2 to=$3; shift 3
  mkdir -p "$from" "$to" || exit 1
  for e in "$@"; do
    e=\${e##*/}
    case $e in PG_VERSION | matriarch.copy | lost+found) ;; *) moveOne "$from" "$to" "$e" ;; esac
  done
  sync "$from" "$to"
}
outOf() { moveOne "$real" "$1" PG_VERSION; while IFS=$tab read -r what c path; do moveAll "$what" "$path" "$c/$2"; done <"$found/places"; }
into() { while IFS=$tab read -r what c path; do moveAll "$what" "$c/$1" "$path"; done <"$found/places"; moveOne "$found/$1" "$real" PG_VERSION; sync "$real"; }`

/** $1 data directory, $2 key. */
export const swapScript = `${moves}
[ -n "$found" ] || { echo "there is no copy of ours" >&2; exit 1; }
mustBeOurs "$@"
case $stage in whole | out | in) mustBeDown ;; swapped | removing) exit 0 ;; *) echo "the copy is not whole" >&2; exit 1 ;; esac
umask 077; mkdir -p "$found/old" "$real" || exit 1
[ "$stage" != whole ] || { stage=out; setStage out || exit 1; }
[ "$stage" != out ] || { outOf "$found/old" old; setStage in || exit 1; }
[ -z "$(find -L "$real" -maxdepth 0 -perm /o=rwx)" ] || { : >"$found/barred" && sync "$found/barred" "$found" || exit 1; }
into new
letStart || exit 1
setStage swapped || exit 1
rm -rf "$kept"`

export const putBackScript = `${moves}
[ -n "$found" ] || exit 0
mustBeOurs "$@"
case $stage in
  out | in | swapped) mustBeDown ;;
  removing) echo "the old directory is being removed" >&2; exit 1 ;;
  *) exit 0 ;;
esac
[ "$stage" != swapped ] || { stage=in; setStage in || exit 1; }
[ "$stage" != in ] || { outOf "$found/new" new; setStage out || exit 1; }
into old
# What was barred from starting is so again.
[ ! -e "$found/barred" ] || { chmod o=x "$data/." && sync "$data" || exit 1; }
setStage whole`

/** $1 data directory, $2 key, $3 `keep`. The data's own goes last, since it knows of the others. */
export const removeScript = `${finding}${alone}
findCopy "$1"
[ "$key" = "$2" ] || exit 0
moveAlone "$1"
[ "$key" = "$2" ] || exit 0
case $stage in out | in) echo "the directories are half swapped: put them back first" >&2; exit 1 ;; esac
stamp=$(date +%Y%m%d%H%M%S)
keepOf() { case $1 in */matriarch.copy) echo "\${1%copy}old.$stamp" ;; *) echo "\${1%matriarch}old.$stamp" ;; esac; }
if [ "$3" = keep ] && [ "$stage" = swapped ]; then
  while IFS=$tab read -r what c path; do
    to=$(keepOf "$c")
    [ ! -d "$c/old" ] || mv -T "$c/old" "$to" || exit 1
    [ "$what" = data ] && { home=$to; continue; }
    [ "$what" = wal ] && [ -L "$home/pg_wal" ] && ln -sfn "$to" "$home/pg_wal"
    for t in "$home"/pg_tblspc/*; do [ -L "$t" ] && [ "$(readlink -f "$t")" = "$path" ] && ln -sfn "$to" "$t"; done
  done <"$found/places"
fi
case $stage in swapped | removing) setStage removing ;; *) setStage unfinished ;; esac || exit 1
while IFS=$tab read -r what c path; do
  [ "$what" = data ] && continue
  [ "$(cat "$c/key" 2>/dev/null)" != "$2" ] || rm -rf "$c" || exit 1
  rmdir "$c" 2>/dev/null
  [ "$what $stage" != "made unfinished" ] && [ "$what $stage" != "made whole" ] || rmdir "$path" 2>/dev/null
done <"$found/places"
rm -rf "$found/old" "$found/new" && rm -rf "$found"`
