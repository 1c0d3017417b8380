import { etcdPython } from '../hosts/etcd-python'
import { patroniConfigPython, pythonOf } from '../hosts/patroni-python'

/**
 * Asks the etcd of the Patroni that looks after a data directory, or has it do something. `$1` data directory, `$2` what: look, compact, defragment, disarm,
 * snapshot, snapshot-at; `$3` and `$4` what that takes. Prints `answer=` with JSON, or `problem=` where nothing was done.
 */
export const etcdScript = `
patronis=
for p in /proc/[0-9]*; do
  { read -r name <"$p/comm"; } 2>/dev/null || continue
  case $name in patroni* | python*) patronis="$patronis $(basename "$p")" ;; esac
done
${pythonOf}
python=$(python_of $patronis)
[ -n "$python" ] || { echo "problem=There is no Python on the host."; exit 0; }
exec "$python" -I -c '
import base64, glob, hashlib, json, os, socket, ssl, sys, time
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
def problem(text):
    print("problem=%s" % str(text)[:300].replace("\\n", " "))
    sys.exit(0)
def own_of(pids, directory):
    for pid in pids.split():
        found = of_process(pid)
        if found:
            own = part(found[1], found[2], "postgresql", "data_dir")
            if own and os.path.realpath(own) == os.path.realpath(directory):
                return found[1], found[2]
    for path in sorted(glob.glob("/etc/patroni/*.yml") + glob.glob("/etc/patroni/*.yaml") + glob.glob("/etc/patroni.yml")):
        conf = quiet(lambda: read_file(path), None)
        own = isinstance(conf, dict) and part(conf, {}, "postgresql", "data_dir")
        if own and os.path.realpath(own) == os.path.realpath(directory):
            return conf, {}
    problem("No Patroni looks after %s on this host, or its configuration may not be read." % directory)
def iso(until):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ssl.cert_time_to_seconds(until)))
def certificate(use, told):
    names = [value for pair in (told.get("subject") or ()) for key, value in pair if key == "commonName"]
    return {"use": use, "subject": names[0] if names else None, "until": iso(told["notAfter"])}
def of_file(use, path):
    return certificate(use, ssl._ssl._test_decode_cert(path))
def of_server(use, url, context):
    at = urlsplit(url)
    with socket.create_connection((at.hostname, at.port or 2379), 2) as plain_socket:
        with context.wrap_socket(plain_socket, server_hostname=at.hostname) as wrapped:
            return certificate(use, wrapped.getpeercert())
def certificates(etcd, conf, env, members):
    found = [quiet(lambda: of_server("etcd member " + (one["name"] or url), url, etcd.context), None)
        for one in members if one["isUp"] for url in one["urls"][:1] if url.startswith("https")]
    files = (("Patroni to etcd", "etcd3", "cert"), ("etcd authority", "etcd3", "cacert"), ("Patroni REST API", "restapi", "certfile"))
    for use, section, key in files:
        path = part(conf, env, section, key)
        if path:
            found.append(quiet(lambda: of_file(use, path), None))
    return [one for one in found if one]
def look(etcd, conf, env):
    listing = etcd.call("cluster/member/list", {})
    members, leader = [], None
    for one in listing.get("members") or []:
        urls, status, said = one.get("clientURLs") or [], None, "it has not started yet"
        for url in urls:
            try:
                status = etcd.call("maintenance/status", {}, url)
                break
            except Exception as error:
                said = str(error)
        leader = (status or {}).get("leader") or leader
        members.append({"id": one.get("ID"), "name": one.get("name") or "", "urls": urls, "isUp": status is not None, "isLearner": one.get("isLearner") is True,
            "version": (status or {}).get("version"), "databaseBytes": (status or {}).get("dbSize"), "usedBytes": (status or {}).get("dbSizeInUse"),
            "revision": ((status or {}).get("header") or {}).get("revision"), "because": None if status else said})
    for one in members:
        one["isLeader"] = one["id"] == leader
    alarms = quiet(lambda: etcd.call("maintenance/alarm", {"action": "GET"}).get("alarms") or [], [])
    return {"clusterId": (listing.get("header") or {}).get("cluster_id"), "endpoints": etcd.endpoints, "members": members,
        "hasQuorum": quiet(lambda: etcd.call("kv/range", {"key": coded(b"matriarch")}) is not None, False),
        "alarms": [{"memberId": one.get("memberID"), "alarm": one.get("alarm")} for one in alarms], "certificates": certificates(etcd, conf, env, members)}
def url_of(etcd, member):
    for one in etcd.call("cluster/member/list", {}).get("members") or []:
        if one.get("ID") == member and one.get("clientURLs"):
            return one["clientURLs"][0]
    problem("etcd has no member %s." % member)
def compact(etcd, revision, _):
    try:
        etcd.call("kv/compaction", {"revision": revision, "physical": True}, timeout=60)
    except RuntimeError as error:
        # Somebody else has compacted as far meanwhile.
        if " 400" not in str(error):
            raise
def defragment(etcd, member, _):
    etcd.call("maintenance/defragment", {}, url_of(etcd, member), timeout=90)
def disarm(etcd, member, alarm):
    etcd.call("maintenance/alarm", {"action": "DEACTIVATE", "memberID": member, "alarm": alarm}, timeout=10)
def checked(path):
    size, digest = os.path.getsize(path), hashlib.sha256()
    with open(path, "rb") as file:
        left = size - 32
        while left > 0:
            piece = file.read(min(left, 1 << 20))
            left -= len(piece)
            digest.update(piece)
        if size <= 32 or file.read(32) != digest.digest():
            return None
    return {"bytes": size, "sha256": digest.hexdigest()}
def snapshot(etcd, path, _):
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    part_path = path + ".part"
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=etcd.context))
    request = Request(etcd.endpoints[0] + "/v3/maintenance/snapshot", b"{}", dict(etcd.headers, **{"Content-Type": "application/json"}))
    with os.fdopen(os.open(part_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file, opener.open(request, timeout=60) as answer:
        for line in answer:
            told = json.loads(line)
            if "error" in told:
                raise RuntimeError(str(told["error"].get("message")))
            file.write(base64.b64decode((told.get("result") or {}).get("blob") or ""))
        file.flush()
        os.fsync(file.fileno())
    found = checked(part_path)
    if found is None:
        os.unlink(part_path)
        raise RuntimeError("the snapshot is not what etcd sent: its checksum differs")
    os.rename(part_path, path)
    return found
pids, directory, deed, first, second = (sys.argv[1:] + ["", ""])[:5]
if deed == "snapshot-at":
    print("answer=" + json.dumps(checked(first) if os.path.exists(first) else None))
    sys.exit(0)
conf, env = own_of(pids, directory)
if not any(name in conf for name in ("etcd3",)) and not any(name.startswith("PATRONI_ETCD3_") for name in env):
    problem("Its DCS is not an etcd with API v3.")
try:
    etcd = Etcd(conf, env)
    print("answer=" + json.dumps(look(etcd, conf, env) if deed == "look" else globals()[deed](etcd, first, second)))
except Exception as error:
    problem(error)
' "$patronis" "$@"`
