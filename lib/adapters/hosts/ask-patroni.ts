import { quoteShell } from '@/lib/domain/values/shell-quote'
import { Fault } from '@/lib/kernel/ground/errors'
import type { PatroniAnswer } from '@/lib/ports'
import { patroniConfigPython, pythonOf } from './patroni-python'

/**
 * Asks the Patroni that looks after a data directory, on its own host and as its own configuration says: login, TLS and certificates of it are used there
 * and are never printed. `$1` data directory, `$2` method, `$3` path, `$4` seconds to wait, on standard input the body, and after a NUL the text that /config
 * must give for it to be sent. Prints `status=` with the HTTP status, and the answer's text; `problem=` where nothing was sent.
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
try:
    if expected:
        with ask("/config", b"{\\"matriarch_none\\": null}", "PATCH") as answer:
            if answer.read(1000000).strip() != expected.strip():
                say(409, b"the configuration was changed by somebody else meanwhile")
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
 */
export const endPauseScript = `
directory=$1 key=$2 seconds=$3 seen= said=
now() { read -r up rest </proc/uptime; up=\${up%.*}; }
say() { [ "$*" = "$said" ] || echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) $*"; said=$*; }
ask() { sh -c ${quoteShell([askPatroniScript])} sh "$directory" "$@"; }
end() { printf '{"pause": null, "matriarch_pause": null}\\0%s' "$config" | ask PATCH /config 10 >/dev/null; }
now; at=$((up + seconds)); last=$((at + 86400))
say "the pause ends in $seconds s"
while now; [ $up -lt $last ]; do
  answer=$(ask GET /config 10 </dev/null)
  config=\${answer#status=200
}
  if [ "$config" = "$answer" ]; then say "no answer: $(printf '%s' "$answer" | head -n 1)"
  else case $config in
    *""$key""*) seen=1
      case $config in *'"pause": true'*) [ $up -lt $at ] || { say "its time is up"; end; continue; } ;; *) say "somebody ended it"; end; continue ;; esac ;;
    *) if [ -n "$seen" ] || [ $up -ge $at ]; then say "it is over"; exit 0; fi ;;
  esac; fi
  now; left=$((at - up))
  [ $left -gt 0 ] && [ $left -lt 5 ] && sleep $left || sleep 5
done
say "given up"
exit 1`
