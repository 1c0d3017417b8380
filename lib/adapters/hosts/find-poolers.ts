import type { FoundPooler } from '@/lib/ports'

/**
 * Prints `pooler=` and one JSON object for each PgBouncer that runs on the host: where its file lies and what that says, defaults filled in. Nothing of a
 * password or a user leaves the host. A shell builtin reads each process's name, so that a host with a thousand processes starts no thousand programs.
 * One of a container is passed over: its file is not where it says, seen from here.
 */
export const findPoolersScript = String.raw`
poolers() {
  for p in /proc/[0-9]*; do
    { read -r name <"$p/comm"; } 2>/dev/null || continue
    [ "$name" = pgbouncer ] || continue
    [ "$(readlink "$p/ns/mnt" 2>/dev/null || readlink /proc/self/ns/mnt)" = "$(readlink /proc/self/ns/mnt)" ] || continue
    file=$(tr '\000' '\n' <"$p/cmdline" 2>/dev/null | tail -n 1)
    case $file in
      '' | -*) continue ;;
      /*) ;;
      *) file=$(readlink "$p/cwd" 2>/dev/null)/$file ;;
    esac
    { [ -r "$file" ] && cat "$file"; } 2>/dev/null | awk -v file="$file" -v readable="$([ -r "$file" ] && echo true || echo false)" '
      function trim(s) { gsub(/^[ \t]+|[ \t\r]+$/, "", s); return s }
      function bare(s) { s = trim(s); gsub(/^[\047"]|[\047"]$/, "", s); return s }
      function text(s) { gsub(/[[:cntrl:]]/, "", s); gsub(/\\/, "\\\\", s); gsub(/"/, "\\\"", s); return "\"" s "\"" }
      function part(s, key) {
        s = " " s
        if (!match(s, "[ \t]" key "[ \t]*=[ \t]*(\047[^\047]*\047|[^ \t]+)")) return ""
        s = substr(s, RSTART, RLENGTH)
        return bare(substr(s, index(s, "=") + 1))
      }
      BEGIN { set["listen_port"] = 6432; set["unix_socket_dir"] = "/tmp"; set["pool_mode"] = "session"; set["auth_type"] = "md5" }
      { line = trim($0) }
      line == "" || line ~ /^[;#]/ { next }
      line ~ /^\[/ { section = tolower(line); next }
      { at = index(line, "="); key = bare(substr(line, 1, at - 1)); value = substr(line, at + 1) }
      at == 0 { next }
      section == "[pgbouncer]" { set[tolower(key)] = bare(value) }
      section == "[databases]" {
        port = part(value, "port"); if (port !~ /^[0-9]+$/) port = 5432
        list = list (list == "" ? "" : ",") "{\"name\":" text(key) ",\"host\":" text(part(value, "host")) ",\"port\":" port "}"
      }
      END {
        if (set["listen_port"] !~ /^[0-9]+$/) set["listen_port"] = 6432
        printf "pooler={\"configPath\":%s,\"isReadable\":%s,\"port\":%s,\"socketDirectory\":%s,\"poolMode\":%s,\"authType\":%s,\"databases\":[%s]}\n",
          text(file), readable, set["listen_port"], text(set["unix_socket_dir"]), text(set["pool_mode"]), text(set["auth_type"]), list
      }'
  done
}
poolers`

const wordMax = 200
const databasesMax = 1000
const word = (value: unknown): string => (typeof value === 'string' ? value.slice(0, wordMax) : '')
const portOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535 ? value : null

/** What the script printed after `pooler=`; null: it is none. Observed, never trusted: what is no path or port is left out. */
export const parseFoundPooler = (json: string): FoundPooler | null => {
  let found: Record<string, unknown>
  try {
    found = JSON.parse(json) as Record<string, unknown>
  } catch {
    return null
  }
  const [configPath, port] = [word(found.configPath), portOf(found.port)]
  if (!configPath.startsWith('/') || port === null) return null
  const databases = Array.isArray(found.databases) ? (found.databases as Record<string, unknown>[]) : []
  return {
    configPath,
    port,
    isReadable: found.isReadable === true,
    // A leading @ is a socket without a file, which is reached in no other way.
    socketDirectory: word(found.socketDirectory).startsWith('/') ? word(found.socketDirectory) : null,
    poolMode: word(found.poolMode),
    authType: word(found.authType),
    databases: databases.slice(0, databasesMax).flatMap((one) => {
      const leadsTo = portOf(one.port)
      return leadsTo === null ? [] : [{ name: word(one.name), host: word(one.host) || null, port: leadsTo }]
    }),
  }
}
