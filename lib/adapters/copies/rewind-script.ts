import { followFiles } from '../postgres/follow-files'
import { findTools } from '../postgres/replication-look'
import { aside, barring, downOnly, ownFiles } from './data-place-script'

/**
 * $1 data directory, $2 bin directory or '', $3 connection string of the source, $4 whom to follow, as lines, $5 what recovery.conf needs beside.
 * pg_rewind takes no lock, and one that a dead worker left may be at work. It stops at files it cannot write, such as a key of mode 0400: the host's own are
 * out of its way. One that failed without changing a file leaves no mark. What it wrote before the host went down may never have reached the disk, and it
 * would not notice. Files have the time of the last tick of the kernel's clock, up to 10 ms ago: one must pass before what is newer shows.
 */
export const rewindScript = `${aside}${ownFiles}${downOnly}${barring}
umask 077
data=$1 bin=$2 source=$3 lines=$4 standby=$5
major=$(cat "$data/PG_VERSION") || exit 3
${findTools}
${followFiles}
for process in /proc/[0-9]*; do
  case "$({ tr '\\0' ' ' <"$process/cmdline"; } 2>/dev/null)" in
    *"/pg_rewind -D $data "*) echo "pg_rewind (process \${process#/proc/}) is still at work there" >&2; exit 5 ;;
  esac
done
ending() { sync "$data" && unbar && rm -rf "$kept"; }
[ ! -e "$kept/.done" ] || { ending; exit; }
asideOf "$data"
mustBeDown
read -r boot </proc/sys/kernel/random/boot_id
if [ -d "$kept" ]; then
  [ "$(cat "$kept/.boot" 2>/dev/null)" = "$boot" ] ||
    { echo "its host went down while it was rewound, so what it holds cannot be relied on: rebuild it with a copy" >&2; exit 7; }
  hasBegun=yes
else
  control=$("$tools/pg_controldata" "$data" | sed -n 's/^Database cluster state: *//p')
  case $control in "shut down" | "shut down in recovery") ;; *) echo "it was not shut down cleanly: $control" >&2; exit 6 ;; esac
  [ ! -e "$data/backup_label" ] || { echo "it holds a backup_label, as a copy does that was never started: rebuild it with a copy" >&2; exit 6; }
  mustHoldNoPassword
  rm -rf "$kept.new"; mkdir -p "$kept.new" && echo "$boot" >"$kept.new/.boot" || exit 1
  ownFiles "$data" | while IFS= read -r f; do cp -a "$data/$f" "$kept.new/$f" && sync "$kept.new/$f" || exit 1; done || exit 1
  sync "$kept.new/.boot" "$kept.new" && mv -T "$kept.new" "$kept" || exit 1
  hasBegun=
fi
bar || exit 1
ownFiles "$data" | while IFS= read -r f; do rm -rf "$data/$f"; done
: >"$kept.since"; sleep 0.02 2>/dev/null || sleep 1
"$tools/pg_rewind" -D "$data" --source-server="$source"; code=$?
isTouched=yes
[ $code = 0 ] || [ -n "$hasBegun" ] || [ -n "$(find -L "$data" -cnewer "$kept.since" -print -quit 2>/dev/null)" ] || isTouched=
rm -f "$kept.since"
ownFiles "$kept" | while IFS= read -r f; do
  rm -rf "$data/$f.matriarch" && cp -a "$kept/$f" "$data/$f.matriarch" && sync "$data/$f.matriarch" || exit 1
  [ ! -d "$data/$f" ] || rm -rf "$data/$f"
  mv -T "$data/$f.matriarch" "$data/$f" || exit 1
done || exit 1
ownFiles "$data" | while IFS= read -r f; do [ -e "$kept/$f" ] || [ -L "$kept/$f" ] || rm -rf "$data/$f"; done
[ -z "$isTouched" ] || makeStandby || exit 1
[ $code != 0 ] || [ -z "$hasBegun" ] || sync -f "$data" || exit 1
[ $code != 0 ] && [ -n "$isTouched" ] || { : >"$kept/.done" && sync "$kept/.done" "$kept" && ending || exit 1; }
exit $code`
