import { settingsElsewhere } from './replication-look'

/** A file is written beside, put on the disk and renamed, so that a crash leaves the old or the new one. Needs $data. */
const putFile = `
put() { cat >"$data/$1.new" && chmod 600 "$data/$1.new" && sync "$data/$1.new" && mv "$data/$1.new" "$data/$1" && sync "$data"; }`

/**
 * What makes a server a standby. Needs $data, $major, $tools, $lines (whom to follow, or ''), $standby (what recovery.conf needs beside). Every other line of
 * the files stays. A password is never read, so a connection string that holds one is never replaced.
 */
export const followFiles = `${putFile}
${settingsElsewhere}
mustHoldNoPassword() {
  if [ -n "$lines" ] && { grep -Eis "^[[:space:]]*primary_conninfo[[:space:]=]" "$data/postgresql.auto.conf" "$data/recovery.conf"; elsewhere primary_conninfo; } |
    grep -Eiq "(^|[^a-z])(ssl)?password[[:space:]]*=[[:space:]]*[^[:space:]]|://[^/@?]*:[^/@?]+@"; then
    echo "primary_conninfo holds a password, which would be lost; put it into a passfile of that host first" >&2
    exit 4
  fi
}
without() { [ ! -e "$data/$1" ] || grep -Eiv "^[[:space:]]*($2)([[:space:]=]|$)" "$data/$1" || [ $? -eq 1 ]; }
makeStandby() {
  if [ "\${major%%.*}" -ge 12 ]; then
    if [ -n "$lines" ]; then
      others=$(without postgresql.auto.conf 'primary_conninfo|primary_slot_name') || return 1
      printf '%s\\n' "$others" "$lines" | put postgresql.auto.conf || return 1
    fi
    [ -e "$data/standby.signal" ] || put standby.signal </dev/null
  else
    old='standby_mode|recovery_target_timeline'
    [ -z "$lines" ] || old="$old|primary_conninfo|primary_slot_name"
    others=$(without recovery.conf "$old") || return 1
    printf '%s\\n' "$others" "$standby" "$lines" | put recovery.conf
  fi
}`
