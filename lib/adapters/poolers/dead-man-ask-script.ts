import { quoteShell } from '@/lib/domain/values/shell-quote'

/** Between the fields of a line: it stands in no name, address or password. */
export const fieldMark = '\x1f'

const mark = String.raw`us=$(printf '\037')`

/**
 * Logins that the pooler itself has, one a line: database, user, password. `$databases`: names that the job pauses, and where each lies on the server.
 * First those of its own [databases] lines, then the plain ones of its auth_file (a verifier cannot log in), then users of the SSH user's passfile.
 */
const ofIni = String.raw`
function value(text, key,   found) {
  if (!match(text, "(^|[ \t])" key "[ \t]*=[ \t]*(" q "([^" q "]|" q q ")*" q "|[^ \t" q "][^ \t]*)")) return ""
  found = substr(text, RSTART, RLENGTH)
  sub("^[ \t]*" key "[ \t]*=[ \t]*", "", found)
  if (substr(found, 1, 1) == q) { found = substr(found, 2, length(found) - 2); gsub(q q, q, found) }
  return found
}
NR == FNR { ours[$1] = $3; next }
/^[ \t]*\[/ { section = $0; gsub(/[^a-z]/, "", section); next }
/^[ \t]*[;#]/ { next }
section == "databases" && (at = index($0, "=")) {
  name = substr($0, 1, at - 1); gsub(/^[ \t]+|[ \t]+$/, "", name)
  if (name ~ /^".*"$/) { name = substr(name, 2, length(name) - 2); gsub(/""/, "\"", name) }
  rest = substr($0, at + 1)
  if (name in ours && value(rest, "user") != "" && value(rest, "password") != "") print ours[name] FS value(rest, "user") FS value(rest, "password")
}`

const ofAuthFile = String.raw`
function quoted(   got, at) {
  got = ""; rest = substr(rest, 2)
  while (at = index(rest, "\"")) {
    got = got substr(rest, 1, at - 1); rest = substr(rest, at + 1)
    if (substr(rest, 1, 1) != "\"") return got
    got = got "\""; rest = substr(rest, 2)
  }
  return got
}
{
  rest = $0; sub(/^[ \t]+/, "", rest)
  if (substr(rest, 1, 1) != "\"") next
  user = quoted(); sub(/^[ \t]+/, "", rest)
  if (substr(rest, 1, 1) != "\"") next
  password = quoted()
  if (password ~ /^SCRAM-SHA-256[$]/ || (password ~ /^md5/ && length(password) == 35)) next
  print base FS user FS password
}`

const ofPassfile = String.raw`/^[ \t]*#/ { next } NF >= 5 && $3 != "replication" && $4 != "*" { print base us $4 us }`

/** Answers one row: what it is, its timeline, its system. A new primary's control file may still tell the old timeline, the name of its WAL does not. */
const roleSql = `select case when pg_is_in_recovery() then 'standby' else 'writable' end,
 case when pg_is_in_recovery() then (select greatest(c.timeline_id, r.min_recovery_end_timeline) from pg_control_checkpoint() c, pg_control_recovery() r)
 else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int end, (select system_identifier from pg_control_system())`

/**
 * Functions that look. They need \`$dir\` with \`members\` (number, title, address, port, socket folder) and \`databases\` (name, quoted, name on the
 * server), and \`$config $socket $port $system\`. \`look\` asks every member at once, \`$patience\` seconds at most for a connection and twice that for the answer, and leaves \`seen.N\`: number, answer, timeline,
 * why. Who kept silent at the last look is waited for one second, and each fourth time as long as everybody, so that a slow one is heard. Passwords are in the environment of one psql alone.
 */
export const askFunctions = `
${mark}
console() {
  PGCONNECT_TIMEOUT=2 timeout -k 1 5 psql -XwAq -P footer=off -F "$us" -h "$socket" -p "$port" -U pgbouncer -d pgbouncer -c "$1"
}
databases() {
  console 'SHOW DATABASES' | awk -F "$us" -v OFS="$us" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } { print $at["name"], $at["host"], $at["port"], $at["paused"] }'
}
logins() {
  base=$(head -n 1 "$dir/databases" | cut -d "$us" -f 3)
  awk -F "$us" -v q="'" ${quoteShell([ofIni])} "$dir/databases" "$config"
  auth=$(console 'SHOW CONFIG' | awk -F "$us" '$1 == "auth_file" { print $2 }')
  [ -r "$auth" ] && base="$base" awk -F "$us" 'BEGIN { base = ENVIRON["base"] }'${quoteShell([ofAuthFile])} "$auth"
  [ -r "\${PGPASSFILE:-$HOME/.pgpass}" ] && base="$base" us="$us" awk -F : 'BEGIN { base = ENVIRON["base"]; us = ENVIRON["us"] }'${quoteShell([ofPassfile])} "\${PGPASSFILE:-$HOME/.pgpass}"
}
query() {
  PGCONNECT_TIMEOUT=$patience timeout -k 1 $waits psql -XwAtq -F "$us" "$@" -c ${quoteShell([roleSql])} 2>"$dir/why.$n"
}
hangs() { [ $ended -ge 124 ] || grep -q 'timeout expired' "$dir/why.$n"; }
ask() {
  if [ -n "$folder" ]; then
    row=$(query -h "$folder" -p "$theirs" -d postgres)
    ended=$?
    [ $ended -eq 0 ] && [ -n "$row" ] && return 0
    hangs && return 1
  fi
  [ -n "$own" ] || { echo "the pooler has no login for it" >"$dir/why.$n"; return 1; }
  while IFS=$us read -r base user password; do
    row=$(PGPASSWORD=$password query -h "$address" -p "$theirs" -U "$user" -d "$base")
    ended=$?
    [ $ended -eq 0 ] && [ -n "$row" ] && return 0
    hangs && return 1
    grep -Eq 'refused|No route|unreachable|could not translate' "$dir/why.$n" && return 1
  done <<LIST
$own
LIST
  return 1
}
answer() {
  waits=$((patience * 2))
  [ $((looks % 4)) -eq 1 ] || ! grep -qs "^$n\${us}silent" "$dir/seen.$n" || waits=1
  if ! ask; then
    [ -s "$dir/why.$n" ] || echo "no answer within $waits s" >"$dir/why.$n"
    echo "$n\${us}silent\${us}0\${us}$(tail -n 1 "$dir/why.$n" | tr -d '\\037')"
  elif [ -n "$system" ] && [ "\${row##*$us}" != "$system" ]; then echo "$n\${us}silent\${us}0\${us}it is of another system, \${row##*$us}"
  else echo "$n\${us}\${row%$us*}\${us}"; fi
}
looks=0
look() {
  looks=$((looks + 1))
  own=$(logins 2>/dev/null | awk '!seen[$0]++' | head -n 8)
  while IFS=$us read -r n title address theirs folder; do
    { answer >"$dir/seen.$n.new" </dev/null; mv "$dir/seen.$n.new" "$dir/seen.$n"; } &
  done <"$dir/members"
  wait
}`

/** Prints the number of the member to point the pooler at, or `-` and why there is none. */
export const leaderFunction = `
leader() {
  cat "$dir"/seen.* | awk -F "$us" '
    $2 == "silent" { next }
    $3 + 0 > high { high = $3 + 0 }
    $2 == "writable" { count[$3 + 0]++; who[$3 + 0] = $1; if ($3 + 0 > top) top = $3 + 0 }
    END {
      if (!top) print "- nobody takes writes"
      else if (top < high) print "- whoever takes writes is on timeline " top ", and another member is on " high
      else if (count[top] > 1) print "- " count[top] " members take writes on timeline " top
      else print who[top]
    }'
}`
