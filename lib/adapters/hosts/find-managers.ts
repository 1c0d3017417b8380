import { foundManager } from '@/lib/domain/managers/found'
import type { ManagersSeen } from '@/lib/domain/managers/manager'
import { patroniConfigPython, pythonOf } from './patroni-python'

/**
 * Prints `managers=whole` (or `hidden`, where processes of other users are) and a line `manager=` with one JSON object for each program that decides who is
 * primary: Patroni, repmgrd, pg_autoctl, Pacemaker. `$@`: the data directories to tell of. Patroni is Python, so its configuration is read by Python: only
 * the keys that are named here, never a password, and its REST API is asked by its own host. What belongs to a container is passed over.
 */
export const findManagersScript = String.raw`
managers() {
  { read -r name </proc/1/comm; } 2>/dev/null && echo managers=whole || echo managers=hidden
  patronis=
  space=$(readlink /proc/self/ns/pid)
  for p in /proc/[0-9]*; do
    { read -r name <"$p/comm"; } 2>/dev/null || continue
    case $name in patroni* | python* | repmgrd | pg_autoctl | pacemakerd) ;; *) continue ;; esac
    [ "$(readlink "$p/ns/pid" 2>/dev/null || printf %s "$space")" = "$space" ] || continue
    words=$(tr '\000' '\n' <"$p/cmdline" 2>/dev/null)
    case $name in
      patroni* | python*) printf '%s\n' "$words" | head -n 4 | grep -Eq '(^|/)patroni(\.py)?$' && patronis="$patronis $(basename "$p")" ;;
      repmgrd)
        file=$(printf '%s\n' "$words" | awk 'take { print; exit } $0 == "-f" || $0 == "--config-file" { take = 1 } sub(/^--config-file=/, "") || sub(/^-f/, "") && $0 != "" { print; exit }')
        [ -n "$file" ] || for f in /etc/repmgr.conf /etc/repmgr/*/repmgr.conf; do [ -e "$f" ] && file=$f && break; done
        manager repmgr "$file" "$(conf_value "$file" data_directory)" "$(conf_value "$file" node_name)" ;;
      pg_autoctl)
        case $words in "pg_autoctl: "*) continue ;; esac
        directory=$(printf '%s\n' "$words" | awk 'take { print; exit } $0 == "--pgdata" || $0 == "-D" { take = 1 } sub(/^--pgdata=/, "") { print; exit }')
        [ -n "$directory" ] || directory=$(tr '\000' '\n' <"$p/environ" 2>/dev/null | sed -n 's/^PGDATA=//p')
        manager pg_auto_failover "" "$directory" "" ;;
      pacemakerd)
        if resources=$(limit_to 3 crm_mon --one-shot --output-as=xml 2>/dev/null); then
          case $resources in *'resource_agent="ocf:'*:pgsql* | *'resource_agent="ocf::'*:pgsql*) manager pacemaker /var/lib/pacemaker/cib/cib.xml "" "" ;; esac
        else manager pacemaker "" "" ""; fi ;;
    esac
  done
  files=
  for f in /etc/patroni/*.yml /etc/patroni/*.yaml /etc/patroni.yml; do [ -e "$f" ] && files="$files $f"; done
  for directory in "$@"; do [ -e "$directory/patroni.dynamic.json" ] && files="$files "; done
  [ -n "$patronis$files" ] || return 0
  python=$(python_of $patronis)
  if [ -z "$python" ] || ! limit_to 8 "$python" -I -c "$read_patroni" "$patronis" "$@"; then
    for p in $patronis; do manager patroni "" "" ""; done
  fi 2>/dev/null
}
${pythonOf}
limit_to() { seconds=$1; shift; if command -v timeout >/dev/null 2>&1; then timeout "$seconds" "$@"; else "$@"; fi; }
conf_value() { [ -r "$1" ] && sed -n "s/^[[:space:]]*$2[[:space:]]*=[[:space:]]*'\{0,1\}\([^'#]*\).*/\1/p" "$1" | sed 's/[[:space:]]*$//' | tail -n 1; }
manager() {
  kind=$1 file=$2 directory=$3 member=$4 awk '
    function text(s) { gsub(/[[:cntrl:]]/, "", s); gsub(/\\/, "\\\\", s); gsub(/"/, "\\\"", s); return s == "" ? "null" : "\"" s "\"" }
    BEGIN {
      printf "manager={\"kind\":%s,\"state\":\"running\",\"configPath\":%s,\"isReadable\":%s,\"dataDirectory\":%s,\"member\":%s}\n",
        text(ENVIRON["kind"]), text(ENVIRON["file"]), ENVIRON["file"] == "" ? "false" : "true", text(ENVIRON["directory"]), text(ENVIRON["member"])
    }'
}
read_patroni='
import glob, json, os, ssl, sys
from urllib.error import HTTPError
from urllib.request import HTTPSHandler, ProxyHandler, build_opener
def short(value, most=300):
    return str(value)[:most] if value not in (None, "") else None
def whole(value):
    return value if isinstance(value, int) and not isinstance(value, bool) else None
${patroniConfigPython}
def opened(api, path, context):
    try:
        with build_opener(ProxyHandler({}), HTTPSHandler(context=context)).open(api + path, timeout=1.5) as answer:
            return json.loads(answer.read(1000000))
    except HTTPError as error:
        return json.loads(error.read(1000000))
def asked(api, path, kind, context):
    try:
        value = opened(api, path, context)
        return value if isinstance(value, kind) else kind()
    except Exception:
        return kind()
def member_of(one):
    lag, port = one.get("lag"), one.get("port")
    return {"name": short(one.get("name")), "role": short(one.get("role")), "state": short(one.get("state")), "host": short(one.get("host")),
        "port": whole(port), "timeline": whole(one.get("timeline")), "lagBytes": whole(lag), "hasPendingRestart": bool(one.get("pending_restart")),
        "tags": {str(k)[:60]: str(v)[:60] for k, v in list((one.get("tags") or {}).items())[:20]}}
def change_of(row):
    row = list(row) + [None] * 5
    return {"timeline": whole(row[0]), "lsn": short(row[1], 30), "reason": short(row[2]), "at": short(row[3], 60), "leader": short(row[4])}
given = sys.argv[2:]
real = {os.path.realpath(one): one for one in given}
told = set()
def tell(state, path, conf, env=None, readable=True):
    env = env or {}
    directory = part(conf, env, "postgresql", "data_dir")
    directory = real.get(os.path.realpath(directory), directory) if directory else None
    if state == "stopped" and (directory not in given or directory in told):
        return
    told.add(directory)
    api = api_of(conf, env)
    live = api if state == "running" else None
    context = context_of(conf, env) if live else None
    patroni = asked(live, "/patroni", dict, context) if live else {}
    cluster = asked(live, "/cluster", dict, context) if patroni else {}
    history = asked(live, "/history", list, context) if patroni else []
    about = patroni.get("patroni") if isinstance(patroni.get("patroni"), dict) else {}
    kinds = [k for k in ("etcd3", "etcd", "consul", "zookeeper", "exhibitor", "kubernetes", "raft")
        if k in conf or any(e.startswith("PATRONI_%s_" % k.upper()) for e in env)]
    print("manager=" + json.dumps({"kind": "patroni", "state": state, "dataDirectory": directory, "configPath": path, "isReadable": readable,
        "cluster": short(about.get("scope") or env.get("PATRONI_SCOPE") or conf.get("scope")), "member": short(env.get("PATRONI_NAME") or conf.get("name")),
        "dcs": kinds[0] if kinds else None, "api": short(api), "version": short(about.get("version"), 40),
        "isPaused": bool(patroni.get("pause")) if patroni else None,
        "members": [member_of(one) for one in (cluster.get("members") or [])[:100] if isinstance(one, dict)],
        "history": [change_of(row) for row in history[-20:] if isinstance(row, list)]}))
for pid in sys.argv[1].split():
    found = of_process(pid)
    if not found:
        continue
    path, conf, env, readable = found
    tell("running", path, conf, env, readable)
for path in sorted(glob.glob("/etc/patroni/*.yml") + glob.glob("/etc/patroni/*.yaml") + glob.glob("/etc/patroni.yml")):
    try:
        conf = read_file(path)
        if isinstance(conf, dict):
            tell("stopped", path, conf)
    except Exception:
        pass
for directory in given:
    if directory not in told and os.path.exists(os.path.join(directory, "patroni.dynamic.json")):
        print("manager=" + json.dumps({"kind": "patroni", "state": "trace", "dataDirectory": directory}))
'
managers "$@"`

/** What the script printed; null: it did not get that far. */
export const parseManagers = (output: string): ManagersSeen | null => {
  const lines = output.split('\n')
  const how = lines.find((line) => line.startsWith('managers='))
  if (how === undefined) return null
  const managers = lines.flatMap((line) => {
    if (!line.startsWith('manager=')) return []
    try {
      const found = foundManager(JSON.parse(line.slice('manager='.length)))
      return found === null ? [] : [found]
    } catch {
      return []
    }
  })
  return { isWhole: how === 'managers=whole', managers }
}
