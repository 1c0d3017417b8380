import { quoteShell } from '@/lib/domain/values/shell-quote'
import { alive, launching, place } from '../hosts/host-work-script'
import { askFunctions, leaderFunction } from './dead-man-ask-script'
import { fences, writeScript } from './file'

/**
 * A timer lies where long work lies, under `dead-man-POOLER-KEY`. Beside what work has: `at` (when its time is up, hundredths of a second of the host's
 * uptime, which no wrong clock moves), `token`, `herd`, `members`, `aims` (member, database, host, port), `databases`, `text.N`, `digests` (files that
 * may be replaced, without the lines of other herds), `outcome` (what became of it, decided once, under `lock`), `stop` (one that fires is to try no
 * more), `done` (what it resumed).
 */
const clock = `
now() { read -r up rest </proc/uptime; up=\${up%.*}\${up#*.}; }`

/** The holder of the lock decides the outcome; the first decision stands. */
const locked = `
locked() { ( flock -w 10 9 || { echo "another one holds $dir/lock" >&2; exit 4; }; "$@" ) 9>>"$dir/lock"; }
decide() { echo "$*" >"$dir/outcome.new" && sync "$dir/outcome.new" && mv "$dir/outcome.new" "$dir/outcome"; }`

/** \`finish\`: one that is firing makes its last try now, and is waited for; $1 tenths of a second at most. */
const finishing = `
is_firing() { [ ! -e "$dir/done" ] && grep -qs '^fired' "$dir/outcome"; }
finish() {
  tenths=$1
  ! is_firing || : >"$dir/stop"
  while [ $tenths -gt 0 ] && is_firing && [ -n "$(groups)" ]; do sleep 0.1; tenths=$((tenths - 1)); done
}`

/** `digest`: of the file $1 without the lines `$foreign`, which are other herds'. `merged`: the file $1 with those lines as they are in $2. */
const foreignLines = `
digest() {
  awk -v list="$foreign" 'BEGIN { n = split(list, at, " "); for (i = 1; i <= n; i++) is[at[i]] }
    FNR in is { print ""; next } { print }' "$1" | sha256sum | cut -d ' ' -f 1
}
merged() {
  [ -n "$foreign" ] || { cat -- "$1"; return; }
  awk -v list="$foreign" 'BEGIN { n = split(list, at, " "); for (i = 1; i <= n; i++) is[at[i]] }
    NR == FNR { if (FNR in is) now[FNR] = $0; next } FNR in now { print now[FNR]; next } { print }' "$2" "$1"
}`

/** $1 its folder, $2 the pooler's file, $3 its socket folder, $4 its port, $5 the herd's system or nothing, $6 numbers of lines that point to other herds. */
const timer = `
LC_ALL=C; export LC_ALL
dir=$1 config=$2 socket=$3 port=$4 system=$5 foreign=$6 patience=2
${clock}
${locked}
${askFunctions}
${leaderFunction}
${foreignLines}
say() { echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) $*"; }
once() { [ "$*" = "$said" ] || say "$*"; said=$*; }
title() { awk -F "$us" -v n="$1" '$1 == n { print $2 }' "$dir/members"; }
is_over() { [ ! -e "$dir/at" ] || [ -s "$dir/outcome" ]; }
claim() {
  is_over && return 1
  now; [ "$up" -ge "$(cat "$dir/at")" ] || return 1
  decide fired "$1"
}
is_ours() { grep -qx "$(digest "$config")" "$dir/digests"; }
put() {
  [ -e "$dir/text.$1" ] || return 0
  replaced=$(sha256sum <"$config" | cut -d ' ' -f 1)
  merged "$dir/text.$1" "$config" >"$dir/next"
  cmp -s "$dir/next" "$config" && return 0
  is_ours || { once "$config was changed by hand meanwhile, and is left alone"; return 0; }
  sh -c ${quoteShell([writeScript])} sh "$config" "$(cat "$dir/token")" "$replaced" write "$(cat "$dir/herd")" <"$dir/next" >"$dir/wrote" 2>&1
  case $? in
  0) say "wrote $config for $(title "$1")" ;;
  8) [ -n "$2" ] && once "another writer is at $config" || put "$1" again ;;
  9) once "a later writer has changed $config, and it is left alone" ;;
  *) once "$config could not be written: $(head -n 1 "$dir/wrote")" ;;
  esac
}
leads() {
  databases >"$dir/shown" 2>/dev/null && [ -s "$dir/shown" ] || return 1
  awk -F "$us" -v n="$1" 'NR == FNR { host[$1] = $2; port[$1] = $3; next } $1 == n && $2 in host && !($3 == host[$2] && $4 == port[$2]) { wrong = 1 } END { exit wrong }' "$dir/shown" "$dir/aims"
}
held() { awk -F "$us" 'NR == FNR { if ($4 == 1) held[$1] = 1; next } $1 in held' "$dir/shown" "$dir/databases"; }
runs() { console 'SHOW VERSION' >/dev/null 2>"$dir/why.console" || ! grep -Eq 'refused|No such file' "$dir/why.console"; }
lead() {
  put "$1"
  if ! runs; then say "PgBouncer does not run: it pauses nobody"; return 0; fi
  console RELOAD >/dev/null 2>&1
  tries=0
  until leads "$1"; do
    tries=$((tries + 1))
    [ $tries -lt 20 ] && ! { [ $tries -gt 4 ] && [ -e "$dir/stop" ]; } || { once "the pooler does not point to $(title "$1")"; return 1; }
    sleep 0.1
  done
  # A login that the PAUSE broke off would keep the pool from the next one for server_login_retry, 15 s; the last RELOAD takes the setting back.
  console "SET server_login_retry = '0.2'" >/dev/null 2>&1
  held | cut -d "$us" -f 2 | while IFS= read -r name; do console "RESUME $name" >/dev/null; done
  held | cut -d "$us" -f 1 >>"$dir/resumed"
  leads "$1" && [ -z "$(held)" ] || return 1
  console RELOAD >/dev/null 2>&1
}
let_go() {
  if ! runs; then say "PgBouncer does not run: it pauses nobody"; return 0; fi
  databases >"$dir/shown" 2>/dev/null && [ -s "$dir/shown" ] || return 1
  held | cut -d "$us" -f 2 | while IFS= read -r name; do console "RESUME $name" >/dev/null; done
  held | cut -d "$us" -f 1 >>"$dir/resumed"
  databases >"$dir/shown" 2>/dev/null && [ -s "$dir/shown" ] && [ -z "$(held)" ]
}
asks() { [ -s "$dir/members" ]; }
find_leader() { if asks; then look; leader=$(leader); else leader=nobody; fi; }
try() { if asks; then try_to_lead; else let_go; fi; }
try_to_lead() {
  case $leader in -*) once "\${leader#- }; asking on"; return 1 ;; esac
  [ "$led" = "$leader" ] || decide fired "$leader"
  led=$leader
  lead "$leader"
}
say "armed"
while ! is_over; do
  now
  left=$(($(cat "$dir/at") - up))
  if [ $left -gt 50 ]; then
    # Who hangs is known before the time is up, and holds nobody up then.
    if [ $looks -eq 0 ] && [ $left -gt 400 ] && [ $left -le 500 ]; then look; else sleep 0.5; fi
    continue
  fi
  if [ $left -gt 0 ]; then sleep "$(printf '0.%02d' $left)"; continue; fi
  find_leader
  case $leader in
  -*) once "its time is up: \${leader#- }; asking on"; sleep 0.5 ;;
  *) locked claim "$leader" || continue
    led=$leader
    if asks; then say "its time is up: $(title "$leader") takes writes"; else say "its time is up"; fi
    until try; do
      [ -e "$dir/at" ] || exit 0
      if [ -e "$dir/stop" ]; then say "told to stop"; break; fi
      sleep 0.5; find_leader
    done
    sort -u "$dir/resumed" >"$dir/done.new" 2>/dev/null
    if [ -s "$dir/done.new" ]; then say "resumed the clients of $(paste -sd , "$dir/done.new")$(! asks || echo ", now served by $(title "$led")")"; else say "no client was resumed"; fi
    mv "$dir/done.new" "$dir/done" ;;
  esac
done
rm -f "$dir"/text.* "$dir/next" "$dir"/seen.* "$dir"/why.* "$dir"/shown "$dir"/wrote
[ ! -s "$dir/outcome" ] || say "ended: $(cut -d ' ' -f 1 "$dir/outcome")"`

/** Lines of stdin: `member`, number, title, address, port, socket folder, text in base64 (empty: none); `aim`, number, database, host, port; `database`, name, quoted, name on the server. */
const unpack = `
us=$(printf '\\037')
unpack() {
  : >"$dir/members"; : >"$dir/aims"; : >"$dir/databases"
  while IFS=$us read -r kind a b c d e f; do
    case $kind in
    member) echo "$a$us$b$us$c$us$d$us$e" >>"$dir/members"
      [ -z "$f" ] || echo "$f" | base64 -d >"$dir/text.$a" || exit 1 ;;
    aim) echo "$a$us$b$us$c$us$d" >>"$dir/aims" ;;
    database) echo "$a$us$b$us$c" >>"$dir/databases" ;;
    esac
  done
}`

/** $1 its key as work, $2 the pooler's part of it, $3 the herd, $4 token, $5 milliseconds, then as the timer's from its second on. Says \`started\`; 9: the token is too low, 7: another one is at work, 6: it is over. */
export const armScript = `${place}
${alive}
${clock}
${locked}
${finishing}
${unpack}
${fences}
${foreignLines}
pooler=$2 herd=$3 token=$4 ms=$5; shift 5
umask 077
config=$1 foreign=$5
if [ -s "$dir/outcome" ]; then cut -d ' ' -f 1 "$dir/outcome"; exit 6; fi
fence=$(held "$(readlink -f -- "$config").fence" "$herd")
[ "$fence" -le "$token" ] || { echo "$fence"; exit 9; }
own=$dir
for dir in "$state/long/$pooler-"*; do
  [ -d "$dir" ] && [ "$dir" != "$own" ] && [ "$(cat "$dir/herd" 2>/dev/null)" = "$herd" ] || continue
  if [ ! -s "$dir/outcome" ] && [ "$(cat "$dir/token" 2>/dev/null || echo 0)" -gt "$token" ]; then cat "$dir/token"; exit 9; fi
  # One that asks nobody resumes clients that no other timer knows of.
  [ -s "$dir/members" ] || [ -s "$dir/outcome" ] || [ -z "$(groups)" ] || continue
  # What this one ends stays to be read; what was over before goes.
  was_over=; [ ! -s "$dir/outcome" ] || { is_firing && [ -n "$(groups)" ]; } || was_over=1
  overtake() { [ -s "$dir/outcome" ] || decide overtaken; }
  locked overtake || exit 1
  finish 80
  left=$(groups)
  if [ -n "$left" ] && is_firing; then exit 7; fi
  [ -n "$left" ] || [ -z "$was_over" ] || rm -rf "$dir"
done
dir=$own
if [ -e "$dir/process" ]; then
  [ -n "$(groups)" ] && { echo started; exit 0; }
  echo lost; exit 6
fi
mkdir -p "$dir" || exit 1
unpack
{ digest "$config"; for text in "$dir"/text.*; do [ ! -e "$text" ] || digest "$text"; done; } >"$dir/digests"
echo "$token" >"$dir/token"
echo "$herd" >"$dir/herd"
now; echo $((up + ms / 10)) >"$dir/at"
set -- sh -c ${quoteShell([timer])} sh "$dir" "$@"
${launching}
printf '%s\\n' "$answer"`

/** Lines \`state\`, \`left\` (hundredths of a second), \`led\`, \`resumed\` (one each), then \`tail\` and all the rest. */
const report = `
report() {
  us=$(printf '\\037')
  if [ ! -e "$dir/process" ]; then echo state=absent; echo tail; return; fi
  read -r outcome leader <"$dir/outcome" 2>/dev/null || outcome= leader=
  left=$(groups)
  case $outcome in
  '') if [ -n "$left" ]; then echo state=armed; now; echo "left=$(($(cat "$dir/at") - up))"; else echo state=lost; fi ;;
  fired) if [ -e "$dir/done" ]; then echo state=fired; elif [ -n "$left" ]; then echo state=firing; else echo state=lost; fi
    echo "led=$(awk -F "$us" -v n="$leader" '$1 == n { print $2 }' "$dir/members")"
    [ ! -e "$dir/done" ] || sed 's/^/resumed=/' "$dir/done" ;;
  *) echo "state=$outcome" ;;
  esac
  echo tail
  cat "$dir/log.old" "$dir/log" 2>/dev/null | tail -c 4096
}`

const reporting = `${place}
${alive}
${clock}
${locked}
${report}`

export const deadManScript = `${reporting}
report`

/** $2 milliseconds from now, $3 token. */
export const extendScript = `${reporting}
ms=$2 token=$3
extend() {
  [ ! -s "$dir/outcome" ] && [ -n "$(groups)" ] || return 0
  [ "$token" -le "$(cat "$dir/token")" ] || { echo "$token" >"$dir/token.new" && mv "$dir/token.new" "$dir/token"; }
  now; echo $((up + ms / 10)) >"$dir/at.new" && mv "$dir/at.new" "$dir/at"
}
[ ! -e "$dir/process" ] || locked extend || exit 1
report`

/** $2: how many tenths of a second one that is firing is waited for. */
export const disarmScript = `${reporting}
${finishing}
tenths=$2
disarm() { [ -s "$dir/outcome" ] || decide disarmed; }
[ ! -e "$dir/process" ] || locked disarm || exit 1
finish "$tenths"
report`

const needed = 'setsid:util-linux flock:util-linux timeout:coreutils base64:coreutils sha256sum:coreutils awk:mawk psql:postgresql-client'

/** $1 the pooler's file, then as the timer's; stdin as for arming. Lines \`problem\`, or \`seen\` with what \`look\` found. */
export const tryScript = `
LC_ALL=C; export LC_ALL
umask 077
config=$1 socket=$2 port=$3 system=$4 patience=6
problem() { echo "problem=$*"; exit 0; }
for need in ${needed}; do
  command -v "\${need%:*}" >/dev/null 2>&1 || problem "\${need%:*} is not there: install \${need#*:} (or what your system calls it)"
done
grep -qsE '^[[:space:]]*KillUserProcesses[[:space:]]*=[[:space:]]*(yes|true|1|on)' /etc/systemd/logind.conf /etc/systemd/logind.conf.d/*.conf &&
  problem "KillUserProcesses of logind.conf ends it with the SSH session: name $(id -un) in KillExcludeUsers there"
state=\${XDG_STATE_HOME:-$HOME/.local/state}/matriarch
mkdir -p "$state/long" && dir=$(mktemp -d "$state/try.XXXXXX") || problem "$(id -un) cannot write to $state"
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' TERM INT HUP
${unpack}
${askFunctions}
unpack
[ ! -e "$dir/text.0" ] || [ -w "$(dirname -- "$(readlink -f -- "$config")")" ] || problem "the folder of $config cannot be written by $(id -un)"
databases >"$dir/shown" 2>"$dir/why" && [ -s "$dir/shown" ] || problem "its console does not answer psql: $(tail -n 1 "$dir/why")"
[ -s "$dir/members" ] || exit 0
look
sed 's/^/seen=/' "$dir"/seen.*`
