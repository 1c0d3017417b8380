import { type ClustersSeen, foundCluster, foundProxy } from '@/lib/domain/managers/found-cluster'
import { etcdPython } from './etcd-python'
import { patroniConfigPython, pythonOf } from './patroni-python'

/**
 * Prints a line `cluster=` with one JSON object for each Patroni that runs or is configured on the host, with what its REST API and its etcd (v3) say of the
 * cluster; `proxy=` for each listening part of an HAProxy; `unreadable=` for a configuration that may not be read; and `end=` last. The host asks with the
 * logins and certificates of Patroni's own configuration, and prints none of them. It writes nothing: of etcd it only reads.
 */
export const findClustersScript = `
patronis=
for p in /proc/[0-9]*; do
  { read -r name <"$p/comm"; } 2>/dev/null || continue
  case $name in patroni* | python*) tr '\\000' '\\n' <"$p/cmdline" 2>/dev/null | head -n 4 | grep -Eq '(^|/)patroni(\\.py)?$' && patronis="$patronis $(basename "$p")" ;; esac
done
${pythonOf}
python=$(python_of $patronis)
[ -n "$python" ] || { echo "problem=There is no Python on the host."; exit 0; }
exec "$python" -I -c '
import base64, glob, json, os, ssl, sys
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener
${patroniConfigPython}
${etcdPython}
def quiet(work, otherwise):
    try:
        return work()
    except Exception:
        return otherwise
def member_of(name, text, leader):
    one = json.loads(text)
    url = urlsplit(str(one.get("conn_url") or ""))
    return {"name": name, "role": one.get("role"), "state": one.get("state"), "host": url.hostname, "port": url.port, "version": one.get("version"),
        "isLeader": name == leader}
def from_dcs(conf, env, namespace, scope):
    etcd = Etcd(conf, env)
    base = "%s%s/" % (namespace, scope)
    own = dict(etcd.keys(base))
    leader = own.get("leader")
    marks = ("initialize", "config", "leader")
    seen = [name.split("/") for name, _ in etcd.keys(namespace, keys_only=True, limit=10000)]
    return {
        "systemIdentifier": own.get("initialize"),
        "members": [member_of(name[8:], text, leader) for name, text in own.items() if name.startswith("members/")],
        "neighbours": sorted({one[0] for one in seen if len(one) == 2 and one[1] in marks} - {scope}),
        "dcs": {"kind": "etcd3", "endpoints": etcd.endpoints, "members": quiet(etcd.members, []), "alarms": quiet(etcd.alarms, [])},
    }
kinds = ("etcd3", "etcd", "consul", "zookeeper", "exhibitor", "kubernetes", "raft")
told = set()
def tell(path, conf, env, running):
    scope = env.get("PATRONI_SCOPE") or conf.get("scope")
    if not scope or (path or "") in told:
        return
    told.add(path or "")
    namespace = ("/%s/" % str(env.get("PATRONI_NAMESPACE") or conf.get("namespace") or "service").strip("/")).replace("//", "/")
    address = str(part(conf, env, "postgresql", "connect_address") or part(conf, env, "postgresql", "listen") or "").split(",")[0]
    port = address.rsplit(":", 1)[-1]
    parameters = (conf.get("postgresql") or {}).get("parameters") if isinstance(conf.get("postgresql"), dict) else None
    sockets = [one for one in listed((parameters or {}).get("unix_socket_directories")) if one.startswith("/")]
    kind = next((k for k in kinds if k in conf or any(e.startswith("PATRONI_%s_" % k.upper()) for e in env)), None)
    found = {"scope": str(scope), "namespace": namespace, "configPath": path, "isRunning": running, "member": env.get("PATRONI_NAME") or conf.get("name"),
        "dataDirectory": part(conf, env, "postgresql", "data_dir"), "port": int(port) if port.isdigit() else None,
        "socketDirectory": sockets[0] if sockets and sockets[0] not in ("/var/run/postgresql", "/run/postgresql") else None,
        "dcs": {"kind": kind, "endpoints": endpoints_of(conf, env)} if kind else None, "members": []}
    if kind == "etcd3":
        try:
            found.update(from_dcs(conf, env, namespace, str(scope)))
        except Exception as error:
            found["dcsProblem"] = str(error)[:250]
    else:
        found["dcsProblem"] = "only etcd with API v3 is read, and this is %s" % (kind or "none that is known")
    api = api_of(conf, env) if running else None
    if api:
        context = context_of(conf, env)
        patroni = quiet(lambda: asked(api + "/patroni", context), {})
        found["version"] = (patroni.get("patroni") or {}).get("version")
        found["systemIdentifier"] = found.get("systemIdentifier") or patroni.get("database_system_identifier")
        if not found["members"]:
            found["members"] = quiet(lambda: asked(api + "/cluster", context)["members"], [])
    print("cluster=" + json.dumps(found))
for pid in sys.argv[1].split():
    found = of_process(pid)
    if found and found[3]:
        tell(found[0], found[1], found[2], True)
    elif found:
        told.add(found[0] or "")
        print("unreadable=%s" % (found[0] or "of process %s" % pid))
for path in sorted(glob.glob("/etc/patroni/*.yml") + glob.glob("/etc/patroni/*.yaml") + glob.glob("/etc/patroni.yml")):
    try:
        conf = {} if path in told else read_file(path)
    except Exception:
        print("unreadable=" + path)
        continue
    tell(path, conf, {}, False)
def proxies_of(path):
    part_of = None
    with open(path) as file:
        for line in file:
            words = line.split("#")[0].split()
            if not words:
                continue
            if words[0] in ("listen", "frontend", "backend", "defaults", "global", "userlist", "peers", "resolvers"):
                part_of = {"name": words[1] if len(words) > 1 else words[0], "configPath": path, "binds": [], "servers": []} if words[0] in ("listen", "frontend", "backend") else None
                if part_of:
                    yield part_of
            elif part_of and words[0] == "bind" and len(words) > 1:
                part_of["binds"].append(words[1])
            elif part_of and words[0] == "server" and len(words) > 2:
                part_of["servers"].append(words[2])
files = set()
for comm in glob.glob("/proc/[0-9]*/comm"):
    try:
        if open(comm).read().strip() != "haproxy":
            continue
        words = open(comm[:-4] + "cmdline", "rb").read().decode("utf-8", "replace").split("\\0")
        files.update(words[at + 1] for at, one in enumerate(words[:-1]) if one == "-f" and words[at + 1].startswith("/"))
    except OSError:
        pass
for path in sorted(files):
    try:
        for one in list(proxies_of(path)):
            print("proxy=" + json.dumps(one))
    except OSError:
        print("unreadable=" + path)
print("end=")
' "$patronis"`

/** What the script printed; null: it did not come to its end. */
export const parseClusters = (output: string): ClustersSeen | null => {
  const lines = output.split('\n')
  if (!lines.includes('end=')) return null
  const of = (key: string) => lines.flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []))
  const read = <T>(key: string, from: (found: unknown) => T | null): T[] =>
    of(key).flatMap((text) => {
      try {
        return from(JSON.parse(text)) ?? []
      } catch {
        return []
      }
    })
  return { clusters: read('cluster', foundCluster), proxies: read('proxy', foundProxy), unreadable: of('unreadable') }
}
