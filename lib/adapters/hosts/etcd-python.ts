/**
 * In Python, as `patroniConfigPython` and after it: asking the etcd (API v3, its JSON gateway) that a Patroni's configuration names, with the login and the
 * certificates of that configuration. Needs `base64`, `json` and `ssl`, `HTTPError`, and the parts of `urllib.request`.
 */
export const etcdPython = String.raw`def listed(value):
    if isinstance(value, str):
        value = value.strip("[] ").split(",")
    return [one for one in (str(one).strip(" \x22\x27") for one in value or []) if one]
def asked(url, context, body=None, headers=None, timeout=2.5):
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, dict(headers or {}, **{"Content-Type": "application/json"}))
    try:
        with build_opener(ProxyHandler({}), HTTPSHandler(context=context)).open(request, timeout=timeout) as answer:
            return json.loads(answer.read(4000000))
    except HTTPError as error:
        if body is not None:
            raise
        return json.loads(error.read(1000000))
def coded(value):
    return base64.b64encode(value).decode()
def plain(value):
    return base64.b64decode(value or "").decode("utf-8", "replace")
def endpoints_of(conf, env):
    def own(key):
        return part(conf, env, "etcd3", key)
    given = listed(own("hosts")) or listed(own("host")) or listed(own("url")) or listed(own("proxy"))
    whole = [one if ":" in one.split("]")[-1] or "://" in one else one + ":2379" for one in given]
    return [one.rstrip("/") if "://" in one else "%s://%s" % (own("protocol") or "http", one) for one in whole]
class Etcd:
    def __init__(self, conf, env):
        def own(key):
            return part(conf, env, "etcd3", key)
        self.endpoints = endpoints_of(conf, env)
        self.context = ssl.create_default_context(cafile=own("cacert") or None)
        if not own("cacert"):
            self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE
        if own("cert"):
            self.context.load_cert_chain(own("cert"), own("key") or None)
        self.login, self.headers = (own("username"), own("password")), {}
        if self.login[0]:
            self.headers = {"Authorization": self.call("auth/authenticate", {"name": self.login[0], "password": self.login[1]})["token"]}
    def call(self, path, body, endpoint=None, timeout=2.5):
        said = "its configuration names no endpoint"
        for one in [endpoint] if endpoint else self.endpoints:
            try:
                return asked("%s/v3/%s" % (one, path), self.context, body, self.headers, timeout)
            except HTTPError as error:
                said = "%s answers %d" % (one, error.code)
            except Exception as error:
                said = "%s: %s" % (one, error)
        raise RuntimeError(said)
    def keys(self, prefix, **more):
        key = prefix.encode()
        body = dict(key=coded(key), range_end=coded(key[:-1] + bytes([key[-1] + 1])), **more)
        return [(plain(one["key"])[len(prefix):], plain(one.get("value"))) for one in self.call("kv/range", body).get("kvs") or []]
    def members(self):
        leader, told = None, {}
        listing = self.call("cluster/member/list", {}).get("members") or []
        for one in listing:
            for url in one.get("clientURLs") or []:
                try:
                    told[one.get("ID")] = status = self.call("maintenance/status", {}, url)
                    leader = status.get("leader") or leader
                    break
                except Exception:
                    pass
        def number(status):
            return int(status["dbSize"]) if str(status.get("dbSize", "")).isdigit() else None
        return [{"name": one.get("name") or "", "urls": one.get("clientURLs") or [], "isLeader": one.get("ID") == leader,
            "version": told.get(one.get("ID"), {}).get("version"), "databaseBytes": number(told.get(one.get("ID"), {}))} for one in listing]
    def alarms(self):
        return [str(one.get("alarm")) for one in self.call("maintenance/alarm", {"action": "GET"}).get("alarms") or []]`
