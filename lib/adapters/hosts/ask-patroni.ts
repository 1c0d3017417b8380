import { quoteShell } from '@/lib/domain/values/shell-quote'
import { Fault } from '@/lib/kernel/ground/errors'
import type { PatroniAnswer } from '@/lib/ports'
import { patroniConfigPython, pythonOf } from './patroni-python'

/**
 * Asks the Patroni that looks after a data directory, on its own host and as its own configuration says: login, TLS and certificates of it are used there
 * and are never printed. `$1` data directory, `$2` method, `$3` path, `$4` seconds to wait, on standard input the body, and after a NUL the text that /config
 * must give for it to be sent. Prints `status=` with the HTTP status, and the answer's text; `problem=` where nothing was sent.
 * The method LEADER takes more than one question, and its answer is a `PatroniLeader`. /health tells what /patroni does, and does not wait for a server that is down.
 * GET /config tells what Patroni's last loop has read. A PATCH that takes away what is not there is answered with what the DCS holds now.
 */
export const askPatroniScript = `
patronis=
for p in /proc/[0-9]*; do
  { read -r name <"$p/comm"; } 2>/dev/null || continue
  case $name in patroni* | python*) patronis="$patronis $(basename "$p")" ;; esac
done
${pythonOf}
python=$(python_of $patronis)
[ -n "$python" ] || { echo "problem=There is no Python on the host."; exit 0; }
exec "$python" -I -c '
import base64, glob, json, os, ssl, sys
from urllib.error import HTTPError
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener
${patroniConfigPython}
pids, directory, method, path, seconds = sys.argv[1:6]
body, _, expected = sys.stdin.buffer.read().partition(b"\\0")
for pid in pids.split():
    found = of_process(pid)
    if not found:
        continue
    file, conf, env, readable = found
    own = part(conf, env, "postgresql", "data_dir")
    if own and os.path.realpath(own) == os.path.realpath(directory):
        break
else:
    print("problem=No Patroni looks after %s on this host, or its configuration may not be read." % directory)
    sys.exit(0)
api = api_of(conf, env)
if not api:
    print("problem=The configuration %s gives no address of the REST API." % file)
    sys.exit(0)
login = next((one for one in ((conf.get(name) or {}).get("authentication") for name in ("ctl", "restapi") if isinstance(conf.get(name), dict)) if isinstance(one, dict)), {})
user = env.get("PATRONI_RESTAPI_USERNAME") or login.get("username")
password = env.get("PATRONI_RESTAPI_PASSWORD") or login.get("password")
headers = {"Content-Type": "application/json"}
if user:
    headers["Authorization"] = "Basic " + base64.b64encode(("%s:%s" % (user, password)).encode()).decode()
def say(status, text):
    print("status=%d" % status)
    print(text.decode("utf-8", "replace"))
opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context_of(conf, env)))
def ask(path, body, method):
    return opener.open(Request(api + path, body or None, headers, method=method), timeout=float(seconds))
def server():
    try:
        with ask("/health", None, "GET") as answer:
            return json.loads(answer.read(1000000))
    except HTTPError as error:
        return json.loads(error.read(1000000))
try:
    if expected:
        with ask("/config", b"{\\"matriarch_none\\": null}", "PATCH") as answer:
            if answer.read(1000000).strip() != expected.strip():
                say(409, b"the configuration was changed by somebody else meanwhile")
                sys.exit(0)
    if method == "LEADER":
        own = server()
        with ask("/cluster", None, "GET") as answer:
            members = json.loads(answer.read(1000000)).get("members") or []
        leads = [one for one in members if one.get("role") in ("leader", "master", "primary", "standby_leader")]
        if leads:
            api = str(leads[0].get("api_url")).rsplit("/", 1)[0]
            seen = server()
            runs = seen.get("state") == "running" and seen.get("role") in ("master", "primary")
        holder = ("primary" if runs else "other") if leads else "none"
        say(200, json.dumps({"holder": holder, "leader": leads[0].get("name") if leads else None, "isPaused": own.get("pause") is True}).encode())
        sys.exit(0)
    with ask(path, body, method) as answer:
        say(answer.status, answer.read(1000000))
except HTTPError as error:
    say(error.code, error.read(2000))
except Exception as error:
    print("silent=%s" % str(error)[:300])
' "$patronis" "$@"`

/** What the script printed. Throws `shell.failed` where nothing was sent, and `shell.timeout` where Patroni kept silent: what it does then is not known. */
export const patroniAnswer = (output: string): PatroniAnswer => {
  const [first = '', ...rest] = output.split('\n')
  const status = /^status=(\d{3})$/.exec(first)?.[1]
  if (status !== undefined) return { status: Number(status), text: rest.join('\n').trim() }
  const silent = /^silent=(.*)$/.exec(first)?.[1]
  if (silent !== undefined) throw new Fault('shell.timeout', { because: `Patroni’s REST API did not answer: ${silent}.` })
  const problem = /^problem=(.*)$/.exec(first)?.[1]
  throw new Fault('shell.failed', {
    because: problem ?? 'Asking Patroni’s REST API came to no end.',
    ...(problem === undefined ? {} : { isOver: true }),
  })
}

/**
 * As long work: `$1` data directory, `$2` the key of the pause, `$3` seconds until it ends. The time is the host's uptime, which no wrong clock moves. A pause
 * that somebody ended, or that is another one, is left alone; of one that was ended by other means the key is taken away, so that the next is not taken for it.
 * While a member holds the leader key whose server is no primary the pause goes on: at its end that member would be promoted, whoever else takes writes. Its own
 * loop, which is woken, gives the key up, or the key runs out.
 */
export const endPauseScript = `
directory=$1 key=$2 seconds=$3 seen= said=
now() { read -r up rest </proc/uptime; up=\${up%.*}; }
say() { [ "$*" = "$said" ] || echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) $*"; said=$*; }
ask() { sh -c ${quoteShell([askPatroniScript])} sh "$directory" "$@"; }
end() { printf '{"pause": null, "matriarch_pause": null}\\0%s' "$config" | ask PATCH /config 10 >/dev/null; }
may_end() {
  case $(ask LEADER / 10 </dev/null) in *'"holder": "none"'* | *'"holder": "primary"'*) return 0 ;; esac
  say "the leader key is held, and not by a primary"
  printf '{"matriarch_none": null}' | ask PATCH /config 10 >/dev/null
  sleep 1
  return 1
}
now; at=$((up + seconds)); last=$((at + 86400))
say "the pause ends in $seconds s"
while now; [ $up -lt $last ]; do
  answer=$(ask GET /config 10 </dev/null)
  config=\${answer#status=200
}
  if [ "$config" = "$answer" ]; then say "no answer: $(printf '%s' "$answer" | head -n 1)"
  else case $config in
    *""$key""*) seen=1
      case $config in *'"pause": true'*) [ $up -lt $at ] || { ! may_end || { say "its time is up"; end; }; continue; } ;; *) say "somebody ended it"; end; continue ;; esac ;;
    *) if [ -n "$seen" ] || [ $up -ge $at ]; then say "it is over"; exit 0; fi ;;
  esac; fi
  now; left=$((at - up))
  [ $left -gt 0 ] && [ $left -lt 5 ] && sleep $left || sleep 5
done
say "given up"
exit 1`
