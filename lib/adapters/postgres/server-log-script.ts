/** Messages at most, and bytes of them that are printed at most: the answer stays below what is kept of a command. */
export const entriesMax = 500
const printedMax = 700_000
/** Of the present file; where more is wanted, of older ones too. */
const tailBytes = 262_144
const deepBytes = 268_435_456
const filesMax = 20

/**
 * $1 data directory, $2 Debian's configuration directory or '', $3 Debian's log or '', $4 bin directory or '', $5 major or '', $6 words, $7 all, warnings or
 * errors, $8 tail or deep. Where the server writes: what it says itself (current_logfiles), else where its standard error goes, else Debian's place; of a
 * server that is down the one that was written last, since a server that fails early has not opened its own yet. Prints `name=value` lines, an empty
 * line, then messages; before those of each file, newest file first, a line with the byte 1.
 */
export const serverLogScript = `
LC_ALL=C; export LC_ALL
data=$1 etc=$2 debian=$3 bin=$4 major=$5 how=$8
M_WORDS=$6 M_LEVEL=$7; export M_WORDS M_LEVEL
fail() { echo "$1" >&2; exit 1; }
pid=
[ -r "$data/postmaster.pid" ] && read -r pid <"$data/postmaster.pid"
case $pid in ''|*[!0-9]*) pid= ;; esac
[ -n "$pid" ] && ! kill -s 0 "$pid" 2>/dev/null && pid=
own= format=stderr other= stderr=
if [ -r "$data/current_logfiles" ]; then
  while read -r kind path; do
    case $path in /*) ;; *) path=$data/$path ;; esac
    [ -r "$path" ] || continue
    case $kind in
      stderr) own=$path format=stderr ;;
      jsonlog) [ -n "$own" ] || { own=$path format=jsonlog; } ;;
      *) other=$kind ;;
    esac
  done <"$data/current_logfiles"
fi
if [ -n "$pid" ]; then
  stderr=$(readlink "/proc/$pid/fd/2" 2>/dev/null)
  [ -f "$stderr" ] && [ -r "$stderr" ] || stderr=
fi
[ -z "$stderr" ] && [ -n "$debian" ] && [ -r "$debian" ] && stderr=$debian
file=$own
if [ -z "$file" ]; then file=$stderr format=stderr
elif [ -z "$pid" ] && [ -n "$stderr" ] && [ "$stderr" -nt "$file" ]; then file=$stderr format=stderr
fi
if [ -z "$file" ]; then
  [ -n "$other" ] && fail "the server writes its log as $other alone; add stderr or jsonlog to log_destination"
  fail "no log was found: neither $data/current_logfiles nor the standard error of the server\${debian:+ nor $debian} leads to a file that $(id -un) may read; where the server writes to the journal or to syslog, look there"
fi
prefix=
for d in "$bin" "/usr/lib/postgresql/$major/bin" "/usr/pgsql-$major/bin" /usr/local/pgsql/bin; do
  if [ -n "$d" ] && [ -x "$d/postgres" ]; then
    conf=$data
    [ -n "$etc" ] && [ -r "$etc/postgresql.conf" ] && conf=$etc
    prefix=$("$d/postgres" -C log_line_prefix -D "$conf" 2>/dev/null)
    break
  fi
done
printf 'file=%s\\nformat=%s\\nprefix=%s\\n' "$file" "$format" "$prefix"
stat -L -c 'size=%s
written=%Y' "$file"
pick='
function flush() {
  if (record != "" && (words == "" || index(tolower(record), words)) && (level == "" || record ~ level)) {
    if (n - first >= max) { printed -= length(kept[first]); delete kept[first++]; more = 1 }
    kept[n++] = record; printed += length(record)
    while (printed > bytes && n - first > 1) { printed -= length(kept[first]); delete kept[first++]; more = 1 }
  }
  record = ""
}
BEGIN {
  n = first = printed = 0
  words = tolower(ENVIRON["M_WORDS"])
  level = ENVIRON["M_LEVEL"] == "errors" ? "(ERROR|FATAL|PANIC)(:  |\\")" : ENVIRON["M_LEVEL"] == "warnings" ? "(WARNING|ERROR|FATAL|PANIC)(:  |\\")" : ""
}
/^\\t/ || /(DETAIL|HINT|QUERY|CONTEXT|STATEMENT|LOCATION|BACKTRACE):  / && !/(LOG|WARNING|ERROR|FATAL|PANIC|NOTICE|INFO|DEBUG[1-5]?):  / {
  if (record != "" && length(record) < 16000) record = record "\\n" substr($0, 1, 4000)
  next
}
{ flush(); record = substr($0, 1, 8000) }
END {
  flush()
  for (i = first; i < n; i++) print kept[i]
  print "\\001" n - first, more + 0, printed + 0
}'
left=${entriesMax} room=${printedMax} searched=0 hasMore=0
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
echo
take() {
  printf '\\001\\n'
  "$@" | awk -v max="$left" -v bytes="$room" "$pick" >"$out" || exit 1
  tail=$(tail -n 1 "$out" | tr -d '\\001')
  sed '$d' "$out"
  set -- $tail
  left=$((left - $1)) room=$((room - $3))
  [ "$2" = 0 ] || hasMore=1
}
if [ "$how" = tail ]; then
  size=$(stat -L -c %s "$file")
  [ "$size" -gt ${tailBytes} ] && hasMore=1 && searched=${tailBytes} || searched=$size
  take tail -c ${tailBytes} "$file"
else
  dir=$(dirname "$file") base=$(basename "$file")
  case $file in "$debian") glob="$base*" ;; *) glob="*.\${base##*.}" ;; esac
  files=$(find "$dir" -maxdepth 1 -type f -name "$glob" -printf '%T@ %s %p\\n' | sort -rn | head -n ${filesMax})
  while read -r _ bytes path; do
    [ -n "$path" ] && [ -r "$path" ] || continue
    if [ "$left" -le 0 ] || [ "$room" -le 0 ] || [ "$searched" -gt ${deepBytes} ]; then hasMore=1; break; fi
    searched=$((searched + bytes))
    take zcat -f -- "$path"
  done <<FILES
$files
FILES
fi
printf '\\002searched=%s more=%s\\n' "$searched" "$hasMore"
exit 0`
