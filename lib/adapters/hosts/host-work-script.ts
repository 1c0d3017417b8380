import { quoteShell } from '@/lib/domain/values/shell-quote'

/**
 * Each takes the key as `$1`. Work lies in $XDG_STATE_HOME/matriarch/long/KEY:
 * `process` (boot, process id, its start in clock ticks, start in seconds), `log` and `log.old`, `exit`.
 */
export const place = `
LC_ALL=C; export LC_ALL
key=$1
state=\${XDG_STATE_HOME:-$HOME/.local/state}/matriarch
dir=$state/long/$key`

/**
 * $alive: the process groups that are left of its session. A leader of another age is a stranger that got the number later, and after another boot all
 * are. While one process of a session lives, the kernel does not give its number away. A zombie counts as gone.
 */
export const alive = `
groups() {
  boot= pid= born= started=
  { read -r boot pid born started <"$dir/process"; } 2>/dev/null || return 0
  read -r now </proc/sys/kernel/random/boot_id
  [ "$now" = "$boot" ] || return 0
  if { read -r stat <"/proc/$pid/stat"; } 2>/dev/null; then
    set -- \${stat##*) }
    [ "\${20}" = "$born" ] || return 0
  fi
  cat /proc/[0-9]*/stat 2>/dev/null | sed -n 's/.*) //p' | awk -v s="$pid" '$4 == s && $1 !~ /[ZX]/ { print $3 }' | sort -u
}`

/**
 * The shell that the work begins with, in `$1`, the rest being the command. `ln` lets one of two through. It outlives a polite end, to write how the command
 * ended. The log keeps at least the last half MiB, and at most one.
 */
const runner = `
dir=$1; shift
read -r stat </proc/$$/stat
read -r boot </proc/sys/kernel/random/boot_id
claim=$dir/claim.$$
(set -- \${stat##*) }; echo "$boot $$ \${20} $(date +%s)") >"$claim" && sync "$claim" || exit 1
if ! ln "$claim" "$dir/process" 2>/dev/null; then rm -f "$claim"; echo taken; exit 0; fi
rm -f "$claim"
: >"$dir/log"
echo started
exec >/dev/null 2>&1
trap : TERM INT HUP
{
  trap : TERM INT HUP
  "$@" </dev/null
  echo $? >"$dir/exit.new"
} 2>&1 | {
  trap '' TERM INT HUP
  exec >>"$dir/log"
  size=0
  while IFS= read -r line || [ -n "$line" ]; do
    printf '%s\\n' "$line"
    size=$((size + \${#line} + 1))
    if [ $size -gt 524288 ]; then mv "$dir/log" "$dir/log.old"; exec >"$dir/log"; size=0; fi
  done
}
sync "$dir/exit.new"; mv "$dir/exit.new" "$dir/exit"`

/** setsid takes what \`"$@"\` says out of the connection's session; what it says before it lets go of our output is \`$answer\`: \`started\`, or \`taken\`. */
export const launching = `
command -v setsid >/dev/null 2>&1 || { echo "setsid is not there: install util-linux" >&2; exit 1; }
answer=$(setsid sh -c ${quoteShell([runner])} sh "$dir" "$@" </dev/null &)`

/** Then the command and its arguments. */
export const launchScript = `${place}
shift
umask 077
mkdir -p "$dir" || exit 1
${launching}
printf '%s\\n' "$answer"`

/** How often the host itself looks whether work has ended. */
export const waitStepMs = 50

/** $2: how many such steps to wait for the end of what runs. */
export const lookScript = `${place}
wait=$2
${alive}
if [ ! -e "$dir/process" ]; then echo state=absent; exit 0; fi
read -r boot pid born started <"$dir/process"
while [ "$wait" -gt 0 ] && [ ! -s "$dir/exit" ] && kill -s 0 "$pid" 2>/dev/null; do
  sleep ${waitStepMs / 1000} 2>/dev/null || { sleep 1; wait=$((wait - ${1000 / waitStepMs - 1})); }
  wait=$((wait - 1))
done
left=$(groups)
if [ -s "$dir/exit" ]; then echo state=ended; echo "exit=$(cat "$dir/exit")"
elif [ -n "$left" ]; then echo state=running
elif [ -s "$dir/exit" ]; then echo state=ended; echo "exit=$(cat "$dir/exit")"
else echo state=lost; fi
echo "started=$started"
echo tail
cat "$dir/log.old" "$dir/log" 2>/dev/null | tail -c 4096`

export const endScript = `${place}
${alive}
for attempt in TERM:30 KILL:300; do
  n=0
  while [ $n -lt "\${attempt#*:}" ]; do
    left=$(groups)
    [ -n "$left" ] || { echo gone; exit 0; }
    if [ $n = 0 ] || [ "\${attempt%:*}" = KILL ]; then
      for group in $left; do kill -s "\${attempt%:*}" -- "-$group" 2>/dev/null; done
    fi
    sleep 0.1 2>/dev/null || sleep 1
    n=$((n + 1))
  done
done
echo alive`

export const forgetScript = `${place}
${alive}
if [ -n "$(groups)" ]; then echo "it still runs: end it first" >&2; exit 1; fi
rm -rf "$dir"`
