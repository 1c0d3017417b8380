import { Fault } from '@/lib/kernel/ground/errors'
import type { PatroniAnswer } from '@/lib/ports'
import { patroniConfigPython, pythonOf } from './patroni-python'

/**
 * Asks the Patroni that looks after a data directory, on its own host and as its own configuration says: login, TLS and certificates of it are used there
 * and are never printed. `$1` data directory, `$2` method, `$3` path, `$4` seconds to wait; the body on standard input. Prints `status=` with the HTTP
 * status, and the answer's text; `problem=` where nothing was sent.
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
body = sys.stdin.buffer.read()
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
    print(text.decode("utf-8", "replace")[:2000])
try:
    with build_opener(ProxyHandler({}), HTTPSHandler(context=context_of(conf, env))).open(Request(api + path, body, headers, method=method), timeout=float(seconds)) as answer:
        say(answer.status, answer.read(100000))
except HTTPError as error:
    say(error.code, error.read(100000))
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
