import { patroniConfigPython, pythonOf } from '../hosts/patroni-python'

/** `$1` program, `$2` data directory. Sets `pid`; empty: none runs. What belongs to a container is passed over. */
const findProcess = `
space=$(readlink /proc/self/ns/pid)
here() { [ "$(readlink "/proc/$1/ns/pid" 2>/dev/null || printf %s "$space")" = "$space" ]; }
named() {
  for p in /proc/[0-9]*; do
    { read -r name <"$p/comm"; } 2>/dev/null || continue
    case $name in $1) here "$(basename "$p")" && basename "$p" ;; esac
  done
}
${pythonOf}
find_process() {
  pid=
  case $1 in
  postgres)
    { read -r pid <"$2/postmaster.pid"; } 2>/dev/null
    { [ -n "$pid" ] && read -r name <"/proc/$pid/comm"; } 2>/dev/null && case $name in postgres* | postmaster*) return ;; esac
    pid= ;;
  etcd) pid=$(named etcd | head -n 1) ;;
  patroni)
    patronis=$(named 'patroni*'; named 'python*')
    python=$(python_of $patronis)
    [ -n "$python" ] && pid=$("$python" -I -c '
import glob, json, os, ssl, sys
${patroniConfigPython}
for pid in sys.argv[1].split():
    found = of_process(pid)
    own = part(found[1], found[2], "postgresql", "data_dir") if found else None
    if own and os.path.realpath(own) == os.path.realpath(sys.argv[2]):
        print(pid)
        break
' "$patronis" "$2") ;;
  esac
}
# The start of a process in ticks since boot; its name may hold spaces.
started_of() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@" 2>/dev/null; fi; }
`

/** Prints pid, start, unit of systemd, owner, whether it may be signalled, and its arguments, one a line; nothing where none runs. */
export const lookProcessScript = `${findProcess}
find_process "$1" "$2"
[ -n "$pid" ] || exit 0
unit=$(sed -n 's|.*/\\([^/]*\\.service\\)$|\\1|p' "/proc/$pid/cgroup" 2>/dev/null | head -n 1)
owner=$(stat -c %u "/proc/$pid" 2>/dev/null)
if kill -0 "$pid" 2>/dev/null || as_root kill -0 "$pid"; then may=yes; else may=no; fi
mine=no; [ "$owner" = "$(id -u)" ] && mine=yes
printf 'pid=%s\\nstarted=%s\\nunit=%s\\nmine=%s\\nmay=%s\\n' "$pid" "$(started_of "$pid")" "$unit" "$mine" "$may"
tr '\\000' '\\n' <"/proc/$pid/cmdline"`

/** `$1` pid, `$2` its start, `$3` signal. One that is gone, or whose pid is another one's by now, is left alone. */
export const killProcessScript = `${findProcess}
[ "$(started_of "$1")" = "$2" ] || exit 0
kill -s "$3" "$1" 2>/dev/null || as_root kill -s "$3" "$1" || [ "$(started_of "$1")" != "$2" ] || { echo "the SSH user may not signal it" >&2; exit 1; }`

/** `$1` program, `$2` data directory, then its arguments; a first one of `unit:NAME` is a unit of systemd. Whoever supervises it has a moment to be first. */
export const reviveProcessScript = `${findProcess}
program=$1 directory=$2; shift 2
for _ in 1 2 3 4 5 6; do
  find_process "$program" "$directory"
  [ -z "$pid" ] || exit 0
  sleep 0.5
done
case $1 in
unit:*) as_root systemctl start "\${1#unit:}" || systemctl --no-ask-password start "\${1#unit:}" ;;
*) cd / && setsid -f "$@" </dev/null >/dev/null 2>&1 ;;
esac || { echo "it could not be started" >&2; exit 1; }
for _ in 1 2 3 4 5 6 7 8 9 10; do
  find_process "$program" "$directory"
  [ -z "$pid" ] || exit 0
  sleep 0.5
done
echo "it was started, and does not run" >&2
exit 1`
