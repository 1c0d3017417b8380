/** In sh: `python_of PID…` prints the Python that runs one of these Patronis, as long as root or the SSH user runs it; else the one in the path, or nothing. */
export const pythonOf = String.raw`python_of() {
  for p in "$@"; do
    owner=$(stat -c %u "/proc/$p" 2>/dev/null)
    [ "$owner" = 0 ] || [ "$owner" = "$(id -u)" ] || continue
    program=$(tr '\000' '\n' <"/proc/$p/cmdline" 2>/dev/null | head -n 1)
    case $program in /*/python*) [ -x "$program" ] && echo "$program" && return ;; esac
  done
  command -v python3
}`

/**
 * In Python, without a single quote or a dollar sign, so that it stands in sh's single quotes: reading the configuration of a Patroni by its process. Needs
 * `glob`, `json`, `os` and `ssl`. The host asks itself, so a name in a certificate proves nothing more. What is read there holds passwords; what is printed of it is for whoever uses this to choose.
 */
export const patroniConfigPython = String.raw`def document(text):
    try:
        import yaml
        return yaml.safe_load(text)
    except ImportError:
        pass
    try:
        return json.loads(text)
    except ValueError:
        pass
    found, section = {}, None
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        name, value = key.strip(), value.split(" #")[0].strip().strip("\x22\x27")
        if not colon or name.startswith("#"):
            continue
        if key == name:
            section = name
            found[name] = value or {}
        elif isinstance(found.get(section), dict):
            found[section].setdefault(name, value)
    return found
def read_file(path, root=""):
    paths = sorted(glob.glob(root + path + "/*.yml")) if os.path.isdir(root + path) else [root + path]
    merged = {}
    for one in paths:
        with open(one) as file:
            part = document(file.read())
            for key, value in (part if isinstance(part, dict) else {}).items():
                if isinstance(value, dict) and isinstance(merged.get(key), dict):
                    merged[key].update(value)
                else:
                    merged[key] = value
    return merged
def part(conf, env, section, key):
    inner = conf.get(section)
    return env.get("PATRONI_%s_%s" % (section.upper(), key.upper())) or (inner.get(key) if isinstance(inner, dict) else None)
def api_of(conf, env):
    address = part(conf, env, "restapi", "connect_address") or part(conf, env, "restapi", "listen")
    return ("https://" if part(conf, env, "restapi", "certfile") else "http://") + str(address).split(",")[0].strip() if address else None
def context_of(conf, env):
    def of(*places):
        return next((value for value in (part(conf, env, section, key) for section, key in places) if value), None)
    authority = of(("ctl", "cacert"), ("restapi", "cafile"))
    try:
        context = ssl.create_default_context(cafile=authority)
    except (OSError, ssl.SSLError):
        context, authority = ssl.create_default_context(), None
    context.check_hostname = False
    if not authority:
        context.verify_mode = ssl.CERT_NONE
    certificate, key = of(("ctl", "certfile"), ("restapi", "certfile")), of(("ctl", "keyfile"), ("restapi", "keyfile"))
    if certificate:
        try:
            context.load_cert_chain(certificate, key)
        except (OSError, ssl.SSLError):
            pass
    return context
def of_process(pid):
    env, conf, path, readable = {}, {}, None, True
    try:
        with open("/proc/%s/cmdline" % pid, "rb") as file:
            words = [one.decode("utf-8", "replace") for one in file.read().split(b"\0")]
        at = next(i for i, one in enumerate(words[:4]) if os.path.basename(one) in ("patroni", "patroni.py"))
        path = next((one for one in words[at + 1:] if one and not one.startswith("-")), None)
    except (OSError, StopIteration):
        return None
    try:
        with open("/proc/%s/environ" % pid, "rb") as file:
            env = dict(one.decode("utf-8", "replace").split("=", 1) for one in file.read().split(b"\0") if one.startswith(b"PATRONI_") and b"=" in one)
    except OSError:
        pass
    try:
        if path and not path.startswith("/"):
            path = os.path.join(os.readlink("/proc/%s/cwd" % pid), path)
        conf = read_file(path) if path else document(env.get("PATRONI_CONFIGURATION", "")) or {}
    except Exception:
        readable = False
    return path, conf if isinstance(conf, dict) else {}, env, readable`
